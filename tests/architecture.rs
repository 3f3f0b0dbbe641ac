//! The architecture as it is drawn: which module may use which, and a header on every file.
//!
//! Reads the sources as text: an arrow is any mention of `crate::<module>` (in `main.rs`, `unseen::<module>`). Arrows between the files of
//! one module are its own affair.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module, and those it may use. `lib.rs` names them all and uses none.
const ARROWS: &[(&str, &[&str])] = &[
    ("time", &[]),
    ("keys", &[]),
    ("rows", &[]),
    ("protocol", &[]),
    ("baseline", &["keys", "time"]),
    ("options", &["baseline", "time"]),
    ("app_settings", &["options", "time"]),
    ("lookup", &["rows", "baseline", "keys", "time"]),
    ("cloudtrail", &["time"]),
    (
        "messages",
        &["options", "lookup", "baseline", "keys", "time"],
    ),
    (
        "command",
        &[
            "options", "protocol", "messages", "lookup", "rows", "baseline", "time",
        ],
    ),
    (
        "observations",
        &["cloudtrail", "lookup", "baseline", "keys", "time"],
    ),
    (
        "input",
        &[
            "cloudtrail",
            "observations",
            "report",
            "lookup",
            "rows",
            "time",
        ],
    ),
    ("report", &["observations", "lookup", "baseline", "time"]),
    ("baseline_file", &["lookup", "keys", "rows"]),
    (
        "replay",
        &[
            "app_settings",
            "observations",
            "report",
            "messages",
            "options",
            "baseline",
            "keys",
            "time",
        ],
    ),
    (
        "replay_page",
        &["app_settings", "messages", "replay", "report"],
    ),
    (
        "cli",
        &[
            "app_settings",
            "cloudtrail",
            "replay",
            "replay_page",
            "report",
            "input",
            "observations",
            "baseline_file",
            "options",
            "messages",
            "lookup",
            "baseline",
            "keys",
            "time",
        ],
    ),
    ("main", &["cli", "command", "protocol", "time"]),
];

/// All Rust files below `folder`.
pub(crate) fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.extension() {
                None if path.is_dir() => folders.push(path),
                Some(extension) if extension == "rs" => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// `src/rows/reader.rs` is in the module `rows`, `src/lookup.rs` in the module `lookup`.
pub(crate) fn module_of(path: &Path) -> String {
    let first = path
        .strip_prefix("src")
        .unwrap()
        .components()
        .next()
        .unwrap();
    Path::new(&first)
        .file_stem()
        .unwrap()
        .to_string_lossy()
        .into_owned()
}

/// The modules that a file mentions, comments and its own tests left out.
fn mentions(path: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    let code = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let prefix = if module_of(path) == "main" {
        "unseen::"
    } else {
        "crate::"
    };
    code.split(prefix)
        .skip(1)
        .flat_map(|after| match after.strip_prefix('{') {
            Some(list) => list
                .split('}')
                .next()
                .unwrap()
                .split(',')
                .map(str::trim)
                .collect(),
            None => vec![after],
        })
        .map(|name| {
            name.split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap()
                .to_owned()
        })
        .filter(|name| !name.is_empty() && name != "self")
        .collect()
}

#[test]
fn arrows_run_as_they_are_drawn() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for path in sources("src")
        .iter()
        .filter(|path| module_of(path) != "lib")
    {
        let module = module_of(path);
        let allowed = arrows
            .get(module.as_str())
            .unwrap_or_else(|| panic!("{}: a module that is not drawn", path.display()));
        let others = mentions(path)
            .into_iter()
            .filter(|other| *other != module && !allowed.contains(&other.as_str()));
        wrong.extend(others.map(|other| format!("{} uses `{other}`", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_arrow_that_is_drawn_is_used() {
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for path in sources("src") {
        used.extend(
            mentions(&path)
                .into_iter()
                .map(|other| (module_of(&path), other)),
        );
    }
    for (module, others) in ARROWS {
        for other in *others {
            assert!(
                used.contains(&((*module).into(), (*other).into())),
                "`{module}` may use `{other}` and does not"
            );
        }
    }
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let folders = ["src", "tests", "benches", "fuzz"];
    let silent: Vec<_> = folders
        .iter()
        .flat_map(|folder| sources(folder))
        .filter(|path| !path.components().any(|part| part.as_os_str() == "target"))
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "no `//!` header: {silent:?}");
}

/// A reader who looks a type up by its name must find one.
#[test]
fn no_two_types_have_one_name() {
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in sources("src") {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for name in code.lines().filter_map(type_name) {
            places.entry(name).or_default().push(path.clone());
        }
    }
    places.retain(|_, paths| paths.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}

/// The name of a type that a line at the left margin defines.
fn type_name(line: &str) -> Option<String> {
    let line = line.strip_prefix("pub").unwrap_or(line);
    let line = line
        .trim_start_matches("(super)")
        .trim_start_matches("(crate)");
    let kinds = ["struct ", "enum ", "trait ", "type "];
    let is_inside = line.starts_with("  ");
    let line = line.trim_start();
    let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    let name = rest.split(|c: char| !c.is_alphanumeric()).next()?;
    (!is_inside).then(|| name.to_owned())
}

/// The modules that are about this app, or about CloudTrail.
const KNOWS_THE_APP: [&str; 5] = ["app_settings", "cli", "cloudtrail", "main", "lib"];

/// Other detections stand on the same commands, so what a message advises must hold for any. Examples of use may name one.
#[test]
fn no_message_of_the_engine_names_a_detection() {
    let named: Vec<_> = sources("src")
        .into_iter()
        .filter(|path| !KNOWS_THE_APP.contains(&module_of(path).as_str()))
        .filter(|path| !path.ends_with("options/table.rs"))
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap().to_lowercase();
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            ["per user role", "per_user_role", "api calls"]
                .iter()
                .any(|name| code.clone().any(|line| line.contains(name)))
        })
        .collect();
    assert!(named.is_empty(), "{named:?}");
}

#[test]
fn the_notes_for_newcomers_stay_short() {
    let lines = fs::read_to_string("ARCHITECTURE.md")
        .unwrap()
        .lines()
        .count();
    assert!(lines < 100, "ARCHITECTURE.md has {lines} lines");
}
