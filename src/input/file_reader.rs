//! One file to what it holds: told apart by its first bytes, then read as what it is.
//!
//! | the first byte of the text | is read as |
//! | --- | --- |
//! | `{` or `[` | JSON: CloudTrail records in any layout (`cloudtrail`) |
//! | any other | CSV rows, if the header has the key fields or a column with records (`csv_rows`) |
//!
//! JSON is read in blocks, so that a file may be larger than memory; CSV is held whole, one file a thread.

use super::faults::FaultLog;
use super::sources::{Source, Sources};
use super::text::{Counted, Text};
use super::workers::WorkQueue;
use super::{Input, InputError, Intent, Plan, BLOCK, CLOUDTRAIL_KEY};
use crate::cloudtrail::{self, ForeignForm, Found, Origin, Record, RecordReader};
use crate::lookup::Clock;
use crate::observations::Observations;
use std::fmt;
use std::fs::File;
use std::hash::RandomState;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// What one thread reads.
pub(super) struct FileReader<'s, 'p> {
    pub(super) clock: Clock,
    pub(super) plan: Plan<'p>,
    sources: &'s Sources,
    pub(super) input: Input,
}

impl<'s, 'p> FileReader<'s, 'p> {
    pub(super) fn new(shared: &WorkQueue<'s, 'p>, hasher: RandomState) -> Self {
        Self {
            clock: shared.clock(),
            plan: shared.plan,
            sources: shared.sources,
            input: Input {
                observations: Observations::new(
                    shared.plan.by.len(),
                    shared.plan.keep,
                    shared.plan.wanted,
                    hasher,
                ),
                faults: FaultLog::default(),
                foreign: FaultLog::default(),
            },
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.input.observations.merge(other.input.observations);
        self.input.faults.merge(other.input.faults);
        self.input.foreign.merge(other.input.foreign);
    }

    /// Reads files until there are none left. After an error nobody begins another file, so that the first one in order is found.
    pub(super) fn read_all(
        mut self,
        shared: &WorkQueue<'_, '_>,
    ) -> (Self, Option<(usize, InputError)>) {
        let mut bytes = Vec::with_capacity(2 * BLOCK);
        loop {
            let file = shared.next.fetch_add(1, Ordering::Relaxed);
            let Some(source) = self.sources.list.get(file) else {
                return (self, None);
            };
            if let Err(error) = self.read_one(file, source, &mut bytes, shared) {
                shared
                    .next
                    .fetch_max(self.sources.list.len(), Ordering::Relaxed);
                return (self, Some((file, error)));
            }
        }
    }

    fn read_one(
        &mut self,
        file: usize,
        source: &Source,
        bytes: &mut Vec<u8>,
        shared: &WorkQueue<'_, '_>,
    ) -> Result<(), InputError> {
        bytes.clear();
        let read = match source {
            Source::File(path) => File::open(path)
                .map_err(Stopped::Io)
                .and_then(|mut opened| self.read(file, &mut opened, bytes, shared)),
            Source::Stdin => {
                let mut stdin = shared
                    .stdin
                    .lock()
                    .expect("a thread that panics ends the process");
                self.read(file, &mut **stdin, bytes, shared)
            }
        };
        read.map_err(|stopped| match stopped {
            Stopped::Io(source) => InputError::Unreadable {
                path: PathBuf::from(self.name(file)),
                source,
            },
            Stopped::Input(error) => error,
        })
    }

    /// What a file is called where it is spoken of.
    pub(super) fn name(&self, file: usize) -> String {
        self.sources.list[file].to_string()
    }

    fn read(
        &mut self,
        file: usize,
        raw: &mut dyn Read,
        bytes: &mut Vec<u8>,
        shared: &WorkQueue<'_, '_>,
    ) -> Result<(), Stopped> {
        let mut counted = Counted {
            raw,
            bytes: &shared.bytes,
        };
        let mut text = Text::open(&mut counted, bytes)?;
        text.read_more(BLOCK)?;
        let start = text
            .bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(text.bytes);
        let mark = text.bytes.len() - start.len();
        if let Some(form) = ForeignForm::of_start(start, text.is_gzip) {
            self.foreign(file, &form.to_string());
        } else if start.trim_ascii_start().is_empty() {
            self.foreign(file, "is empty");
        } else if cloudtrail::begins_with_json(start) {
            self.read_json(file, mark, &mut text)?;
        } else {
            self.read_rows(file, &mut text)?;
        }
        if let Some(error) = text.broken {
            self.fault(file, 0, format_args!(": {error}, so its rest is missing"));
        }
        Ok(())
    }

    /// Counts something that could not be read, and the bytes that it cost; `what` follows the name of the file.
    pub(super) fn fault(&mut self, file: usize, bytes: u64, what: fmt::Arguments<'_>) {
        let source = &self.sources.list[file];
        let text = || format!("`{source}`{what}");
        self.input.faults.add(file, bytes, text);
    }

    pub(super) fn foreign(&mut self, file: usize, what: &str) {
        self.input
            .foreign
            .add(file, 0, || format!("`{}` {what}", self.sources.list[file]));
    }

    fn read_json(&mut self, file: usize, start: usize, text: &mut Text<'_>) -> Result<(), Stopped> {
        self.expect_key_of_records(file)?;
        text.bytes.drain(..start);
        let mut reader = RecordReader::default();
        loop {
            let is_all = text.is_at_end;
            let done = reader.read(text.bytes, is_all, &mut |found| self.take(file, found));
            text.bytes.drain(..done);
            if is_all {
                return Ok(());
            }
            // What is not done with may be one large value, which is not to be looked at again for each block.
            text.read_more(BLOCK.max(text.bytes.len()))?;
        }
    }

    pub(super) fn expect_key_of_records(&self, file: usize) -> Result<(), Stopped> {
        if self.plan.by == CLOUDTRAIL_KEY {
            return Ok(());
        }
        Err(Stopped::Input(InputError::OtherKey {
            file: self.name(file),
            by: self.plan.by.join(","),
        }))
    }

    pub(super) fn take(&mut self, file: usize, found: Found<'_>) {
        match found {
            Found::Record { record, origin, .. } => self.take_record(record, origin),
            Found::Fault(fault) => self.fault(file, fault.bytes, format_args!(" {fault}")),
        }
    }

    pub(super) fn take_record(&mut self, record: &Record<'_>, origin: Origin) {
        let observations = &mut self.input.observations;
        match record.call() {
            Ok(_) if origin == Origin::Searched && self.plan.intent == Intent::Learn => {
                observations.records.searched += 1;
            }
            Ok(call) => observations.take_call(&call, self.clock),
            Err(not_a_call) => observations.records.count(not_a_call),
        }
    }
}

/// Why a file was not read to its end.
pub(super) enum Stopped {
    Io(io::Error),
    Input(InputError),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
