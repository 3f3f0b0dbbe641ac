//! What goes to stderr: lines, of which a warning begins with `warning: ` and a note with `note: `, and how far reading has come. With
//! `--quiet` only warnings and errors do.
//!
//! Nothing that is written there stops a run: a stderr that is closed is not written to.

use crate::input::Progress;
use crate::replay::WalkProgress;
use crate::report::{styled, Styles};
use std::io::Write;
use std::time::{Duration, Instant};

/// Writes to stderr.
pub(super) struct Console<'w> {
    stderr: &'w mut dyn Write,
    manner: ConsoleManner,
    has_progress: bool,
    begun: Instant,
    /// When progress was shown last.
    shown: Option<Instant>,
}

/// How often progress is shown at most.
const TICK: Duration = Duration::from_millis(250);

/// How to write.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ConsoleManner {
    /// Whether a person watches, and wants to see progress.
    pub(super) is_watched: bool,
    /// Whether only warnings and errors are wanted.
    pub(super) is_quiet: bool,
    pub(super) styles: Styles,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ConsoleLine {
    /// What was done.
    Info(String),
    /// What is worth knowing, and no cause for concern.
    Note(String),
    /// What may be wrong.
    Warning(String),
}

impl<'w> Console<'w> {
    pub(super) fn new(stderr: &'w mut dyn Write, manner: ConsoleManner) -> Self {
        Self {
            stderr,
            manner,
            has_progress: false,
            begun: Instant::now(),
            shown: None,
        }
    }

    pub(super) fn info(&mut self, text: &str) {
        if !self.manner.is_quiet {
            let _ = writeln!(self.stderr, "{text}");
        }
    }

    pub(super) fn warn(&mut self, text: &str) {
        let word = styled(self.manner.styles.warning, "warning:");
        let _ = writeln!(self.stderr, "{word} {text}");
    }

    pub(super) fn error(&mut self, text: &str) {
        let word = styled(self.manner.styles.error, "error:");
        let _ = writeln!(self.stderr, "{word} {text}");
    }

    pub(super) fn write(&mut self, lines: &[ConsoleLine]) {
        for line in lines {
            match line {
                ConsoleLine::Info(text) => self.info(text),
                ConsoleLine::Note(text) => self.info(&format!("note: {text}")),
                ConsoleLine::Warning(text) => self.warn(text),
            }
        }
    }

    /// Rewrites one line while a person watches; nothing otherwise.
    pub(super) fn progress(&mut self, progress: Progress) {
        if self.manner.is_watched && !self.manner.is_quiet {
            self.rewrite(&reading(progress));
        }
    }

    /// The same for a replay, a few times a second at most.
    pub(super) fn walk_progress(&mut self, progress: WalkProgress) {
        let is_due = self.shown.is_none_or(|shown| shown.elapsed() >= TICK);
        if self.manner.is_watched && !self.manner.is_quiet && is_due {
            self.shown = Some(Instant::now());
            self.rewrite(&walking(progress, self.begun.elapsed()));
        }
    }

    fn rewrite(&mut self, line: &str) {
        let _ = write!(self.stderr, "\r{line}\x1b[K");
        let _ = self.stderr.flush();
        self.has_progress = true;
    }

    /// Takes the line of progress away.
    pub(super) fn end_progress(&mut self) {
        if std::mem::take(&mut self.has_progress) {
            let _ = write!(self.stderr, "\r\x1b[K");
        }
    }
}

/// How far reading has come, how fast it is, and how long the rest takes at that speed.
fn reading(progress: Progress) -> String {
    let Progress {
        files, of_files, ..
    } = progress;
    let (bytes, of_bytes) = (progress.bytes, progress.of_bytes.max(progress.bytes));
    let (read, of_all) = (mib(bytes), mib(of_bytes));
    let line = format!("reading file {files} of {of_files}, {read} of {of_all} MiB");
    let seconds = progress.since.as_secs_f64();
    // What the first second says is too little to go by.
    if seconds < 1.0 || bytes == 0 {
        return line;
    }
    let speed = bytes as f64 / seconds;
    let left = minutes((of_bytes - bytes) as f64 / speed);
    format!("{line}, {} MiB/s, {left} left", mib(speed as u64))
}

/// How much of a replay is done, and how long the rest takes at that speed.
fn walking(progress: WalkProgress, since: Duration) -> String {
    let WalkProgress { runs, of_runs } = progress;
    let line = format!("replaying run {runs} of {of_runs}");
    let seconds = since.as_secs_f64();
    if seconds < 1.0 || runs == 0 {
        return line;
    }
    let left = minutes((of_runs - runs) as f64 * seconds / runs as f64);
    format!("{line}, {left} left")
}

/// Seconds as minutes and seconds: `3:07`.
fn minutes(seconds: f64) -> String {
    let seconds = seconds as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn mib(bytes: u64) -> u64 {
    bytes >> 20
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_has_a_rate_and_the_time_left_once_there_is_something_to_go_by() {
        let progress = |mib: u64, millis| Progress {
            files: 2,
            of_files: 9,
            bytes: mib << 20,
            of_bytes: 1_000 << 20,
            since: Duration::from_millis(millis),
        };
        for (progress, expected) in [
            (progress(100, 999), "reading file 2 of 9, 100 of 1000 MiB"),
            (
                progress(100, 1_000),
                "reading file 2 of 9, 100 of 1000 MiB, 100 MiB/s, 0:09 left",
            ),
            (
                progress(50, 10_000),
                "reading file 2 of 9, 50 of 1000 MiB, 5 MiB/s, 3:10 left",
            ),
            (
                progress(1_200, 10_000),
                "reading file 2 of 9, 1200 of 1200 MiB, 120 MiB/s, 0:00 left",
            ),
        ] {
            assert_eq!(reading(progress), expected);
        }
        let progress = WalkProgress {
            runs: 100,
            of_runs: 1_000,
        };
        let walking = |seconds| walking(progress, Duration::from_secs(seconds));
        assert_eq!(walking(0), "replaying run 100 of 1000");
        assert_eq!(walking(10), "replaying run 100 of 1000, 1:30 left");
    }

    #[test]
    fn a_quiet_console_has_warnings_and_errors_only() {
        let manner = ConsoleManner {
            is_watched: true,
            is_quiet: true,
            styles: Styles::default(),
        };
        let mut written = Vec::new();
        let mut console = Console::new(&mut written, manner);
        console.info("read");
        console.write(&[
            ConsoleLine::Note("skipped".into()),
            ConsoleLine::Warning("lost".into()),
        ]);
        console.error("failed");
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "warning: lost\nerror: failed\n"
        );
    }
}
