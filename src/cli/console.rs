//! What goes to stderr: lines, of which a warning begins with `warning: ` and a note with `note: `, and how far reading has come.
//!
//! Nothing that is written there stops a run: a stderr that is closed is not written to.

use crate::input::Progress;
use std::io::Write;

/// Writes to stderr.
pub(super) struct Console<'w> {
    stderr: &'w mut dyn Write,
    is_watched: bool,
    has_progress: bool,
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
    pub(super) fn new(stderr: &'w mut dyn Write, is_watched: bool) -> Self {
        Self {
            stderr,
            is_watched,
            has_progress: false,
        }
    }

    pub(super) fn info(&mut self, text: &str) {
        let _ = writeln!(self.stderr, "{text}");
    }

    pub(super) fn warn(&mut self, text: &str) {
        let _ = writeln!(self.stderr, "warning: {text}");
    }

    pub(super) fn error(&mut self, text: &str) {
        let _ = writeln!(self.stderr, "error: {text}");
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
        if !self.is_watched {
            return;
        }
        let Progress {
            files, of_files, ..
        } = progress;
        let (read, of_all) = (mib(progress.bytes), mib(progress.of_bytes));
        let of_all = of_all.max(read);
        let _ = write!(
            self.stderr,
            "\rreading file {files} of {of_files}, {read} of {of_all} MiB\x1b[K"
        );
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

fn mib(bytes: u64) -> u64 {
    bytes >> 20
}
