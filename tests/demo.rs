//! What the demo promises: the simulated role that was attacked is on top with the reason, everything fits a terminal, nothing passes for real.
//!
//! Plays `tests/demo`, as `make demo` does, with the binary under test; the picture in the README is compared with what it shows.

use regex::Regex;
use std::fs;
use std::process::Command;
use std::sync::OnceLock;

/// What the demo shows, line by line. It is played once, since it leaves its files in one place.
fn demo() -> &'static [String] {
    static SHOWN: OnceLock<Vec<String>> = OnceLock::new();
    SHOWN.get_or_init(play)
}

fn play() -> Vec<String> {
    let output = Command::new("tests/demo")
        .arg(env!("CARGO_BIN_EXE_unseen"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    shown.lines().map(str::to_owned).collect()
}

#[test]
fn the_demo_shows_the_attacked_role_on_top_and_why_in_120_columns() {
    let shown = demo();
    for line in shown {
        assert!(line.chars().count() <= 120, "{line}");
    }
    let mut roles = shown.iter().filter(|line| line.contains(":role/"));
    let attacked = roles.next().unwrap();
    assert!(
        attacked.starts_with("111122223333:role/invoice-renderer: surprise 241.1 in 14 new calls"),
        "{attacked}"
    );
    let surprise = |line: &String| -> f64 {
        let text = line.split("surprise ").nth(1).unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    };
    assert!(roles.clone().count() >= 2);
    assert!(roles.all(|role| surprise(role) < surprise(attacked) / 2.0));
    let words = shown.join(" ");
    let words: Vec<&str> = words.split_whitespace().collect();
    let words = words.join(" ");
    for expected in [
        "write iam:CreateUser 203.0.113.77 cloudwatch-sync",
        "write cloudtrail:StopLogging 203.0.113.77 arn:aws:cl\u{2026}trail/main",
        "none of the 26 roles most like it makes this call; none of the 37 other roles makes it; the role never used iam before",
    ] {
        assert!(words.contains(expected), "no `{expected}` in {words}");
    }
}

/// Each paragraph of the demo's own words, and each command that it runs.
#[test]
fn the_demo_passes_nothing_for_real() {
    let shown = demo().join("\n");
    let own_words = shown.split("\n\n").filter(|paragraph| {
        let is_of_the_program = paragraph.starts_with("111122223333:role/");
        !is_of_the_program && !paragraph.starts_with("  unseen ")
    });
    for paragraph in own_words {
        assert!(paragraph.contains("simulated"), "{paragraph}");
    }
    let commands = shown.lines().filter(|line| line.starts_with("$ unseen "));
    assert!(commands.clone().count() >= 2);
    for command in commands {
        assert!(command.contains("data/simulated/"), "{command}");
    }
}

/// The commands at its end are those that a user types next: their words are known, and they name no file of the demo.
#[test]
fn the_demo_ends_with_three_commands_for_files_of_ones_own() {
    let shown = demo();
    let next: Vec<&String> = shown
        .iter()
        .filter(|line| line.starts_with("  unseen "))
        .collect();
    assert_eq!(next.len(), 3, "{next:?}");
    for (line, verb) in next.iter().zip(["learn", "detect", "replay"]) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[1], verb);
        assert!(words.last().unwrap().starts_with("AWSLogs/"), "{line}");
        let help = Command::new(env!("CARGO_BIN_EXE_unseen"))
            .args([verb, "--help"])
            .output()
            .unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let options = words.iter().filter(|word| word.starts_with("--"));
        options.for_each(|option| assert!(help.contains(*option), "{option}"));
    }
}

#[test]
fn the_picture_in_the_readme_shows_what_the_demo_does() {
    let picture = fs::read_to_string("docs/pictures/demo.svg").unwrap();
    let tag = Regex::new("<[^>]*>").unwrap();
    let texts = picture.lines().filter(|line| line.starts_with("<text"));
    let drawn: Vec<String> = texts
        .map(|line| tag.replace_all(line, "").replace("&amp;", "&"))
        .collect();
    assert!(drawn.iter().any(|line| line.contains("invoice-renderer")));
    let shown = demo();
    for line in drawn {
        assert!(shown.contains(&line), "run `make picture`: {line}");
    }
    let readme = fs::read_to_string("README.md").unwrap();
    assert!(readme.contains("(docs/pictures/demo.svg)"));
}
