//! The pages for people: how wide they are, how they begin, and that their links lead somewhere.
//!
//! Not judged: whether a page is right. What it says of searches, messages, options and figures is tested where those are.

use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};

/// The most characters of a line.
const WIDTH: usize = 119;

/// Every page, with its lines.
fn pages() -> Vec<(PathBuf, Vec<String>)> {
    let folders = [".", "docs"];
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    let pages = paths.filter(|path| path.extension().is_some_and(|kind| kind == "md"));
    let mut pages: Vec<_> = pages
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text.lines().map(str::to_owned).collect())
        })
        .collect();
    pages.sort();
    assert!(pages.len() > 15);
    pages
}

/// Table rows, pictures, and what has no place where it could be broken: an address, and a sentence of the program quoted whole.
fn may_be_wide(line: &str) -> bool {
    let line = line.trim_start();
    let is_quoted = Regex::new(r"^\d+\. `[^`]+`$").unwrap();
    line.starts_with('|')
        || line.starts_with("![")
        || line.contains("https://")
        || is_quoted.is_match(line)
}

#[test]
fn lines_stay_narrow_enough_to_be_read_beside_code() {
    let wide: Vec<String> = pages()
        .iter()
        .flat_map(|(path, lines)| lines.iter().map(move |line| (path, line)))
        .filter(|(_, line)| line.chars().count() > WIDTH && !may_be_wide(line))
        .map(|(path, line)| format!("{}: {line}", path.display()))
        .collect();
    assert!(wide.is_empty(), "{}", wide.join("\n"));
}

/// The README is for everybody; each other page says in its first sentence for whom it is.
#[test]
fn a_page_begins_with_whom_it_is_for() {
    for (path, lines) in pages() {
        let first = &lines[2];
        let is_readme = path.ends_with("README.md");
        let is_addressed =
            first.starts_with("For ") && (first.contains(':') || first.contains('.'));
        assert!(is_readme || is_addressed, "{}: {first}", path.display());
    }
}

#[test]
fn links_to_files_and_headings_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#:\s]*)(?:#([^)\s]+))?\)").unwrap();
    let mut dead = Vec::new();
    for (path, lines) in pages() {
        for found in lines.iter().flat_map(|line| link.captures_iter(line)) {
            let target = match &found[1] {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let heading = found.get(2).map_or("", |heading| heading.as_str());
            if !target.exists()
                || !heading.is_empty() && !headings(&target).contains(&heading.to_owned())
            {
                dead.push(format!("{}: {}", path.display(), &found[0]));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

/// The headings of a page, as links name them.
fn headings(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let titles = text.lines().filter_map(|line| line.strip_prefix('#'));
    let name = |title: &str| -> String {
        let title = title.trim_start_matches('#').trim().to_lowercase();
        let kept = title
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    titles.map(name).collect()
}
