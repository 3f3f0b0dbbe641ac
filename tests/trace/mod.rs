//! `strace`, for tests that look at a process's system calls.
//!
//! Knows whether it can be used here, and sees to it that a test which cannot use it does not pass in silence.

use std::io::Write;
use std::process::Command;

/// Whether `strace` works here. If not, `notice` says aloud what was not run, and in CI it is a failure.
pub(crate) fn can_trace(notice: &str) -> bool {
    let tried = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    if tried.is_ok_and(|output| output.status.success()) {
        return true;
    }
    let notice = format!(
        "{notice}: strace is missing or may not trace; install it (apt-get install strace)"
    );
    assert!(std::env::var_os("CI").is_none(), "{notice}");
    say_aloud(&notice);
    false
}

/// Says something past the harness, which keeps back what a good test prints by `println!` and `eprintln!`.
pub(crate) fn say_aloud(notice: &str) {
    let _ = writeln!(std::io::stderr(), "\n*** {notice} ***");
}
