//! A disk of a test's own: mounts that nobody else sees and that are gone when the shell that made them ends.
//!
//! Knows whether such a disk can be had here, as root or, in a user namespace, as anybody; knows nothing of what is put on it. Some
//! containers allow neither, through no fault of this project, so that a test which cannot have one says so and is no failure, in CI
//! as elsewhere. Where mounting works, nothing else is an excuse.

use crate::trace::say_aloud;
use std::process::Command;

/// A shell that may mount: by these words to `unshare`.
pub(crate) struct Shell(&'static [&'static str]);

impl Shell {
    /// One that works here. If none does, `told` says aloud what was not run.
    pub(crate) fn new(told: &str) -> Option<Self> {
        const AS_ROOT: &[&str] = &[];
        const AS_ANYBODY: &[&str] = &["--user", "--map-root-user"];
        let found = [AS_ROOT, AS_ANYBODY].map(Self).into_iter().find(|shell| {
            let probe =
                "mount -t tmpfs -o size=64k none /tmp; mount -t tmpfs -o remount,ro none /tmp";
            let tried = shell.command(probe).output();
            tried.is_ok_and(|output| output.status.success())
        });
        if found.is_none() {
            say_aloud(&format!(
                "{told}: this machine lets nobody mount a disk of his own (unshare --mount)"
            ));
        }
        found
    }

    /// Runs a script, which stops at the first command that fails and in which `$0` is this program.
    pub(crate) fn command(&self, script: &str) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(self.0)
            .args(["--mount", "--propagation", "private"])
            .args(["sh", "-euc", script, env!("CARGO_BIN_EXE_unseen")]);
        command
    }
}
