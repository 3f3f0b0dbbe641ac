//! Files that the tests can write: compared with what is rendered for them, or rewritten where `UPDATE` is set.
//!
//! Knows nothing of what the files hold.

use similar::TextDiff;
use std::fs;
use std::path::Path;

/// Compares a file with what is rendered for it; where `UPDATE` is set, writes that instead.
///
/// # Errors
/// The lines that differ.
pub(crate) fn compare(path: impl AsRef<Path>, rendered: &str) -> Result<(), String> {
    let path = path.as_ref();
    let stored = fs::read_to_string(path).unwrap();
    if stored == rendered {
        return Ok(());
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, rendered).unwrap();
        return Ok(());
    }
    Err(difference(path, &stored, rendered))
}

/// The lines that differ, with two lines around them, as in `diff -u`.
fn difference(path: &Path, stored: &str, rendered: &str) -> String {
    TextDiff::from_lines(stored, rendered)
        .unified_diff()
        .context_radius(2)
        .header(
            &path.display().to_string(),
            "what UPDATE=1 make test writes",
        )
        .to_string()
}

#[test]
fn a_difference_is_shown_without_the_lines_that_are_alike() {
    let stored = "a\nb\nc\nd\ne\nf\n";
    assert_eq!(
        difference(Path::new("x.conf"), stored, &stored.replace('f', "g")),
        "--- x.conf\n+++ what UPDATE=1 make test writes\n@@ -4,3 +4,3 @@\n d\n e\n-f\n+g\n"
    );
}
