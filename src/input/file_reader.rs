//! One file to what it holds: recognised by its first bytes, then read as what it is.
//!
//! | the first byte of the text | is read as |
//! | --- | --- |
//! | `{` or `[` | JSON: CloudTrail records in any layout (`cloudtrail`) |
//! | any other | CSV rows, if the header has the key fields or a column with records (`csv_rows`) |
//!
//! JSON is read in blocks, so that a file may be larger than memory; CSV is held whole, one file a thread.

use super::sources::{Source, SourcePlace, Sources};
use super::text::{Counted, Text};
use super::workers::WorkQueue;
use super::{FaultLog, Input, InputError, Intent, Plan, RecordProblem, BLOCK};
use crate::cloudtrail::{
    self, CallField, ForeignForm, Found, Origin, Record, RecordDetail, RecordReader,
};
use crate::lookup::Clock;
use crate::observations::DetailLevel;
use crate::report::visible;
use crate::rows::without_mark;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};

/// What one thread reads.
pub(super) struct FileReader<'q, 's, 'p> {
    pub(super) clock: Clock,
    pub(super) plan: Plan<'p>,
    /// The fields of the key, once there are records.
    fields: Vec<CallField>,
    pub(super) queue: &'q WorkQueue<'s, 'p>,
    sources: &'s Sources,
    pub(super) input: Input,
    /// What the file at hand was found to be so far.
    pub(super) recognition: Recognition,
}

/// What a file was found to be so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recognition {
    /// Nothing that is known.
    Nothing,
    /// It has something in it that is input.
    Input,
    /// It is no input, and that is reported.
    Refused,
}

impl<'q, 's, 'p> FileReader<'q, 's, 'p> {
    pub(super) fn new(queue: &'q WorkQueue<'s, 'p>) -> Self {
        Self {
            clock: queue.clock(),
            plan: queue.plan,
            queue,
            fields: Vec::new(),
            sources: queue.sources,
            input: Input::nothing(queue.no_observations()),
            recognition: Recognition::Nothing,
        }
    }

    /// Reads files until there are none left, and gives all but the observations, which the queue has then. After an error nobody begins
    /// another file, so that the first one in order is found.
    pub(super) fn read_all(mut self) -> (Input, Option<(usize, InputError)>) {
        let mut bytes = Vec::with_capacity(2 * BLOCK);
        let mut failed = None;
        while let Some((file, source)) = self.queue.next_file() {
            match self.read_one(file, source, &mut bytes) {
                Ok(()) => self.queue.end_file(),
                Err(_) if self.queue.is_interrupted() => break,
                Err(error) => {
                    self.queue.stop();
                    failed = Some((file, error));
                    break;
                }
            }
        }
        self.queue.collect(&mut self.input.observations);
        (self.input, failed)
    }

    fn read_one(
        &mut self,
        file: usize,
        source: &Source,
        bytes: &mut Vec<u8>,
    ) -> Result<(), InputError> {
        bytes.clear();
        self.recognition = Recognition::Nothing;
        let read = match &source.place {
            SourcePlace::File(path) => File::open(path)
                .map_err(Stopped::Io)
                .and_then(|mut opened| self.read(file, &mut opened, bytes)),
            SourcePlace::Stdin => {
                let mut stdin = self
                    .queue
                    .stdin
                    .lock()
                    .expect("a thread that panics ends the process");
                self.read(file, &mut **stdin, bytes)
            }
        };
        read.map_err(|stopped| match stopped {
            Stopped::Io(source) => InputError::Unreadable {
                path: self.name(file),
                source,
            },
            Stopped::Input(error) => error,
        })?;
        self.end_file(file);
        Ok(())
    }

    /// Counts the file at hand. One that was named and is no input is an error in the end.
    fn end_file(&mut self, file: usize) {
        let is_named = self.sources.list[file].is_named;
        match self.recognition {
            Recognition::Input => self.input.recognised += 1,
            Recognition::Nothing if is_named => {
                self.unrecognised(file, "has no CloudTrail record in it");
            }
            _ => {}
        }
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
    ) -> Result<(), Stopped> {
        let mut counted = Counted {
            raw,
            bytes: &self.queue.bytes,
            interrupted: self.plan.interrupted,
        };
        let mut text = Text::open(&mut counted, bytes)?;
        text.read_more(BLOCK)?;
        let start = without_mark(text.bytes);
        let mark = text.bytes.len() - start.len();
        if let Some(form) = ForeignForm::of_start(start, text.is_gzip) {
            self.unread(file, &form.to_string());
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

    /// Counts a file in a form that is known and not read; `what` follows its name.
    pub(super) fn unread(&mut self, file: usize, what: &str) {
        match self.sources.list[file].is_named {
            true => self.unrecognised(file, what),
            false => add(&mut self.input.unread, self.sources, file, what),
        }
    }

    /// Counts a file that is no input.
    pub(super) fn foreign(&mut self, file: usize, what: &str) {
        match self.sources.list[file].is_named {
            true => self.unrecognised(file, what),
            false => add(&mut self.input.foreign, self.sources, file, what),
        }
    }

    fn unrecognised(&mut self, file: usize, what: &str) {
        self.recognition = Recognition::Refused;
        add(&mut self.input.unrecognised, self.sources, file, what);
    }

    fn read_json(&mut self, file: usize, start: usize, text: &mut Text<'_>) -> Result<(), Stopped> {
        self.expect_key_of_records(file)?;
        text.bytes.drain(..start);
        if text.is_at_end && cloudtrail::is_without_records(text.bytes) {
            self.recognition = Recognition::Input;
            return Ok(());
        }
        let mut reader = RecordReader::new(self.record_detail());
        loop {
            let is_all = text.is_at_end;
            let done = reader.read(text.bytes, is_all, &mut |found| self.take(file, found));
            text.bytes.drain(..done);
            self.queue.collect_if_much(&mut self.input.observations);
            if is_all {
                return Ok(());
            }
            // What is not done with may be one large value, which is not to be looked at again for each block.
            text.read_more(BLOCK.max(text.bytes.len()))?;
        }
    }

    /// What of a record is needed: by the key, or by a report.
    pub(super) fn record_detail(&self) -> RecordDetail {
        let by_key = self.fields.iter().map(|field| field.detail()).max();
        match self.plan.keep {
            DetailLevel::Context => RecordDetail::Context,
            DetailLevel::Times | DetailLevel::Uses(_) => by_key.unwrap_or_default(),
        }
    }

    /// Finds the fields of the key among those that calls have.
    pub(super) fn expect_key_of_records(&mut self, file: usize) -> Result<(), Stopped> {
        self.fields.clear();
        for name in self.plan.by {
            let Some(field) = CallField::named(name) else {
                return Err(Stopped::Input(InputError::NoSuchField {
                    file: self.name(file),
                    field: name.clone(),
                    known: CallField::names().join(", "),
                }));
            };
            self.fields.push(field);
        }
        Ok(())
    }

    fn take(&mut self, file: usize, found: Found<'_>) {
        match found {
            Found::Record {
                record,
                origin,
                line,
            } => self.take_record(record, origin, RecordPlace { file, line: &line }),
            Found::Fault(fault) => self.fault(file, fault.bytes, format_args!(" {fault}")),
        }
    }

    pub(super) fn take_record(
        &mut self,
        record: &Record<'_>,
        origin: Origin,
        place: RecordPlace<'_>,
    ) {
        let observations = &mut self.input.observations;
        let is_searched = origin == Origin::Searched && self.plan.intent == Intent::Learn;
        let problem = match record.call_by(self.plan.callers) {
            Ok(_) if is_searched => Some(RecordProblem::Searched),
            Ok(call) => {
                let taken = observations.take_call(&call, &self.fields, self.clock);
                taken.err().map(RecordProblem::Time)
            }
            Err(not_a_call) => {
                let time = record.time();
                let is_in_range = observations.take_not_a_call(not_a_call, time, self.clock);
                RecordProblem::of(not_a_call).filter(|_| is_in_range)
            }
        };
        if record.is_of_cloudtrail() {
            self.recognition = Recognition::Input;
        }
        if let Some(problem) = problem {
            self.problem(problem, record, place);
        }
    }

    fn problem(&mut self, problem: RecordProblem, record: &Record<'_>, place: RecordPlace<'_>) {
        let source = &self.sources.list[place.file];
        self.input.problems.add(problem, place.file, || {
            let time = record
                .unreadable_time()
                .map(|text| visible(text.as_bytes()));
            let time = time.filter(|_| matches!(problem, RecordProblem::Time(_)));
            let time = time.map(|time| format!(": `{time}`")).unwrap_or_default();
            format!("`{source}` {}{time}", place.line)
        });
    }
}

/// Where a record is: its file, and its line or its row.
#[derive(Clone, Copy)]
pub(super) struct RecordPlace<'a> {
    pub(super) file: usize,
    pub(super) line: &'a dyn fmt::Display,
}

fn add(log: &mut FaultLog, sources: &Sources, file: usize, what: &str) {
    log.add(file, 0, || format!("`{}` {what}", sources.list[file]));
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
