//! How the command line writes: into a file, quietly, in colours, and what it has for shells and `man`.

use crate::desk::{ten_days, Desk};
use std::fs;
use std::process::Command;

const DETECT: &str = "detect --baseline b.csv --learning-window=-3d@d days";

fn learned() -> Desk {
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv --to 2025-03-10 days");
    desk
}

#[test]
fn a_result_goes_into_a_file_as_it_would_be_printed() {
    let desk = learned();
    desk.write("found.txt", "of yesterday");
    for verb in [
        DETECT,
        "replay --initial-days 3 --learning-window=-2d@d days",
    ] {
        let printed = desk.ok(verb);
        let told = desk.ok(&format!("{verb} -o found.txt"));
        assert_eq!(
            (told.out.as_str(), desk.read("found.txt")),
            ("", printed.out.clone())
        );
        assert_eq!(desk.ok(&format!("{verb} -o -")).out, printed.out);
    }
    let files = fs::read_dir(desk.0.path()).unwrap().count();
    assert_eq!(
        files, 4,
        "days, baseline, its lock and the result: nothing else is left behind"
    );
}

#[test]
fn a_file_that_cannot_be_written_or_that_is_read_is_refused_before_anything_is_read() {
    let desk = learned();
    let baseline = desk.read("b.csv");
    for (file, message) in [
        (
            "none/found.txt",
            "cannot write the result: there is no folder `none`",
        ),
        (".", "cannot write `.`: "),
        ("days", "`days` is read"),
        (
            "b.csv",
            "`b.csv` is read, so the result cannot be written there; give another file to -o",
        ),
        (
            "./days/../b.csv",
            "is read, so the result cannot be written there",
        ),
    ] {
        let told = desk.run(&format!("{DETECT} -o {file}"));
        assert_eq!(told.code, 1);
        told.says(message);
        assert!(
            !told.err.contains("records"),
            "nothing is read: {}",
            told.err
        );
    }
    assert_eq!(desk.read("b.csv"), baseline);
    let told = desk.run(&format!("{DETECT}/10.json -o days/10.json"));
    told.says("`days/10.json` is read");
}

#[test]
fn quiet_leaves_warnings_and_errors() {
    let desk = learned();
    let told = desk.ok(&format!("{DETECT} --quiet"));
    assert_eq!((told.err.as_str(), told.out.is_empty()), ("", false));
    desk.write("days/11.json", "{broken");
    let told = desk.run(&format!("{DETECT} -q"));
    assert!(
        told.err.lines().all(|line| line.starts_with("warning: ")),
        "{}",
        told.err
    );
    told.says("could not read 1 place");
}

/// What is between the escapes of colours, and how many of those there are.
fn without_escapes(text: &str) -> (String, usize) {
    let escapes = regex::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    let number = escapes.find_iter(text).count();
    (escapes.replace_all(text, "").into_owned(), number)
}

#[test]
fn colours_change_nothing_but_how_it_looks() {
    let desk = learned();
    let replay = "replay --initial-days 3 --learning-window=-2d@d --grid days";
    for verb in [DETECT, replay] {
        let plain = desk.ok(verb).out;
        assert_eq!(without_escapes(&plain).1, 0, "a pipe has no colours");
        let coloured = desk.ok(&format!("{verb} --color always")).out;
        let (text, escapes) = without_escapes(&coloured);
        assert_eq!(text, plain);
        assert!(escapes > 0);
        for format in ["csv", "json"] {
            let rows = desk
                .ok(&format!("{verb} --color always --format {format}"))
                .out;
            assert_eq!(without_escapes(&rows).1, 0, "{format}");
        }
    }
    let told = desk.run("detect --color always --baseline none.csv days");
    assert!(
        told.err.contains("\x1b[1m\x1b[31merror:\x1b[0m "),
        "{:?}",
        told.err
    );
}

/// On a terminal colours are on, unless the environment is against it. `script` gives the program a terminal.
#[test]
#[cfg(target_os = "linux")] // other systems have another `script`
fn a_terminal_has_colours_unless_the_environment_is_against_it() {
    let desk = learned();
    for (variable, value, has_colours) in [
        ("TERM", "xterm", true),
        ("TERM", "dumb", false),
        ("NO_COLOR", "1", false),
        ("NO_COLOR", "", true),
    ] {
        let verb = format!("{} {DETECT} 2>/dev/null", env!("CARGO_BIN_EXE_unseen"));
        let mut command = Command::new("script");
        command
            .args(["-qec", &verb, "/dev/null"])
            .current_dir(desk.0.path());
        command
            .env_remove("NO_COLOR")
            .env("TERM", "xterm")
            .env(variable, value);
        let output = command.output().expect("script is part of util-linux");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("DeleteBucket"), "{text}");
        assert_eq!(
            without_escapes(&text).1 > 0,
            has_colours,
            "{variable}={value}"
        );
    }
}

#[test]
fn bash_completes_verbs_and_options() {
    let desk = Desk::new();
    desk.write("unseen.bash", desk.ok("completions bash").out);
    let completed = |words: &str| {
        let words_so_far: Vec<&str> = words.split(' ').collect();
        let (last, before) = (words_so_far.len() - 1, words_so_far[words_so_far.len() - 2]);
        let current = words_so_far[last];
        let script = format!(
            "source unseen.bash; COMP_WORDS=({words}); COMP_CWORD={last}; _unseen unseen '{current}' '{before}'; echo \"${{COMPREPLY[@]}}\""
        );
        let mut bash = Command::new("bash");
        let output = bash
            .args(["-c", &script])
            .current_dir(desk.0.path())
            .output()
            .unwrap();
        assert!(
            output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(completed("unseen re").trim(), "replay");
    assert_eq!(completed("unseen replay --gr").trim(), "--grid");
    assert_eq!(completed("unseen detect --format j").trim(), "json");
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        assert!(
            desk.ok(&format!("completions {shell}"))
                .out
                .contains("replay"),
            "{shell}"
        );
    }
}

#[test]
fn the_manual_page_has_every_verb_with_its_options() {
    let desk = Desk::new();
    let page = desk.ok("man").out;
    assert!(page.contains(".TH unseen 1"));
    for words in [
        ".SH LEARN",
        ".SH DETECT",
        ".SH REPLAY",
        "initial\\-days",
        "fail\\-if\\-found",
    ] {
        assert!(page.contains(words), "{words}");
    }
}
