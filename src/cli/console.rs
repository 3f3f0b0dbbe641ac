//! What a run tells on stderr: what was read, what was not, how far it is.
//!
//! A warning is a line that begins with `warning: `. Nobody is told twice, and nothing that is told stops a run: a stderr that is
//! closed is not written to.

use super::ADVICE;
use crate::input::{Input, Progress};
use crate::messages::{count, row_problems, unknown_values, Purpose};
use crate::observations::{Observations, RecordCounts};
use std::io::Write;

/// Writes to stderr.
pub(super) struct Console<'w> {
    stderr: &'w mut dyn Write,
    is_watched: bool,
    has_progress: bool,
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

    /// Rewrites one line while a person watches; nothing otherwise.
    pub(super) fn progress(&mut self, progress: Progress) {
        const MIB: u64 = 1 << 20;
        if self.is_watched {
            let Progress {
                files,
                of_files,
                bytes,
                of_bytes,
            } = progress;
            let _ = write!(
                self.stderr,
                "\rreading file {files} of {of_files}, {} of {} MiB\x1b[K",
                bytes / MIB,
                of_bytes.max(bytes) / MIB,
            );
            let _ = self.stderr.flush();
            self.has_progress = true;
        }
    }

    /// Takes the line of progress away.
    pub(super) fn end_progress(&mut self) {
        if std::mem::take(&mut self.has_progress) {
            let _ = write!(self.stderr, "\r\x1b[K");
        }
    }

    /// What could not be read.
    pub(super) fn faults(&mut self, input: &Input) {
        let (faults, foreign) = (&input.faults, &input.foreign);
        if faults.count > 0 {
            let what = count(faults.count, "fault");
            self.warn(&format!("{what} in the input: {}", faults.examples()));
        }
        if foreign.count > 0 {
            let what = count(foreign.count, "file");
            self.warn(&format!("{what} passed over: {}", foreign.examples()));
        }
    }

    /// What was read, and what of it was left out or not taken at its word; `no_time` is what becomes of a call without a good time.
    pub(super) fn read(&mut self, observations: &Observations, by: &[String], no_time: &str) {
        if observations.records.all() > 0 {
            self.records(&observations.records, no_time);
        }
        if observations.doubtful_rows > 0 {
            self.warn(&format!(
                "skipped {} behind a quote without an end: such a row may stand in a text that somebody wrote, so it is detected and not learned",
                count(observations.doubtful_rows, "row"),
            ));
        }
        let odd = row_problems(&observations.tally, Purpose::Learn);
        let unknown = unknown_values(&observations.tally, by, observations.observed_rows, &ADVICE);
        odd.into_iter()
            .chain(unknown)
            .for_each(|text| self.warn(&text));
    }

    fn records(&mut self, records: &RecordCounts, no_time: &str) {
        self.info(&format!(
            "read {}: {} by assumed roles, {} that failed, {} by others",
            count(records.all(), "record"),
            count(records.calls, "successful call"),
            records.failed,
            records.others,
        ));
        if records.outside > 0 {
            self.info(&format!(
                "passed over: {} outside the times asked for",
                count(records.outside, "call")
            ));
        }
        for (number, what) in [
            (records.digests, "CloudTrail digest file"),
            (records.insights, "CloudTrail Insights event"),
        ] {
            if number > 0 {
                self.info(&format!("skipped {}", count(number, what)));
            }
        }
        let left_out = [
            (records.foreign, "without a userIdentity"),
            (
                records.ocsf,
                "in OCSF, as Security Lake writes them: give CloudTrail's own files instead",
            ),
            (
                records.no_key,
                "without a role, a service or a name of the call",
            ),
            (records.wrong_type, "with a field of the wrong JSON type"),
        ];
        let told: Vec<String> = left_out
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", count(*number, "record")))
            .collect();
        if !told.is_empty() {
            self.warn(&format!("left out: {}", told.join("; ")));
        }
        if records.searched > 0 {
            self.warn(&format!(
                "skipped {} found behind a fault: such a record may stand in a text that somebody wrote, so it is detected and not learned",
                count(records.searched, "call"),
            ));
        }
        let odd_times = [
            (records.bad_time, "an eventTime that is no time"),
            (
                records.broken_clock,
                "an eventTime more than a day ahead of the wall clock",
            ),
            (records.too_early, "an eventTime before 2006-01-01"),
        ];
        for (number, what) in odd_times.iter().filter(|(number, _)| *number > 0) {
            self.warn(&format!(
                "{} with {what}, {no_time}",
                count(*number, "call"),
            ));
        }
    }
}
