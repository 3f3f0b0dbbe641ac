//! Files and folders to what they hold: found, inflated, told apart by content, and read on as many threads as there are.
//!
//! | the first byte of the text | is read as |
//! | --- | --- |
//! | `{` or `[` | JSON: CloudTrail log files, one record, one a line, a list |
//! | any other | CSV rows, if the header has the key fields |
//!
//! Gzip is known by its first two bytes. JSON with one value a line is read in blocks, so that a file may be larger than
//! memory; a document or CSV is held whole, one a thread. What cannot be read as what it seems to be is told and passed over; a path
//! that cannot be opened stops the run. Knows no windows and no baseline.

use crate::cloudtrail::{self, ForeignForm, Found, NotACall, Origin};
use crate::lookup::{Clock, FactReader, FactRow, NotATimeIn};
use crate::observations::{DetailLevel, Observations, TimeRange, AS_OF_LATER, CONTEXT_FIELDS};
use crate::report::visible;
use crate::rows::{Column, Reader, Row};
use crate::time::Timestamp;
use flate2::bufread::MultiGzDecoder;
use memchr::memchr_iter;
use std::borrow::Cow;
use std::fmt;
use std::fs::{self, File};
use std::hash::RandomState;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{mpsc, Mutex};
use std::time::Duration;
use thiserror::Error;

/// So much is read before a file is told apart, and at a time where it has one value a line.
const BLOCK: usize = 1 << 20;
/// How often progress is shown.
const TICK: Duration = Duration::from_millis(250);
/// The key of a CloudTrail record.
pub(super) const CLOUDTRAIL_KEY: [&str; 2] = ["user", "command"];
/// The path that stands for standard input.
const STDIN: &str = "-";

/// Why the input cannot be used.
#[derive(Debug, Error)]
pub(super) enum InputError {
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("`-` is given twice; standard input can be read once")]
    StdinTwice,
    #[error("`{file}` holds CloudTrail records, whose key is `user,command`, and `--by` is `{by}`; leave it out, or give CSV rows")]
    OtherKey { file: String, by: String },
    #[error("`{file}`: {error}; nothing was learned")]
    NotATime { file: String, error: NotATimeIn },
}

/// How to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan<'p> {
    /// The key fields.
    pub by: &'p [String],
    /// The wall clock.
    pub now: Timestamp,
    /// What to keep of each key.
    pub keep: DetailLevel,
    /// Which calls to read; rows are taken whole.
    pub wanted: TimeRange,
    /// What to do about a row with a time that is not a number.
    pub bad_times: BadTimes,
    /// The most threads to read on.
    pub threads: usize,
}

/// What to do about a row with a time that is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadTimes {
    /// Stop: it must not be learned.
    Stop,
    /// Count it.
    Count,
}

/// One thing to read.
#[derive(Debug)]
enum Source {
    File(PathBuf),
    Stdin,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Whoever can put a file into a folder chooses its name.
            Self::File(path) => f.write_str(&visible(path.as_os_str().as_encoded_bytes())),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// How far reading has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Files begun.
    pub files: usize,
    /// Files in all.
    pub of_files: usize,
    /// Bytes read, as they lie on disk.
    pub bytes: u64,
    /// Bytes in all; standard input counts none.
    pub of_bytes: u64,
}

/// What was read, and what could not be.
#[derive(Debug)]
pub(super) struct Input {
    /// What was read.
    pub observations: Observations,
    /// Lines, values, rows and streams that are broken.
    pub faults: Told,
    /// Files that are no input.
    pub foreign: Told,
}

/// How often something happened, and the first few times it did, in the order of the files.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// How often.
    pub count: u64,
    /// File number and text of the first few.
    first: Vec<(usize, String)>,
}

impl Told {
    /// So many are told of.
    const FEW: usize = 3;

    fn add(&mut self, file: usize, text: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < Self::FEW {
            self.first.push((file, text()));
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.first.extend(other.first);
        // Stable: what one thread told of one file stays in order.
        self.first.sort_by_key(|(file, _)| *file);
        self.first.truncate(Self::FEW);
    }

    /// The first few in one line.
    pub(super) fn examples(&self) -> String {
        let texts: Vec<&str> = self.first.iter().map(|(_, text)| text.as_str()).collect();
        let more = if self.count > texts.len() as u64 {
            "; …"
        } else {
            ""
        };
        format!("{}{more}", texts.join("; "))
    }
}

/// Reads everything under `paths`; `show` is called while that lasts.
///
/// # Errors
/// [`InputError`], for the first file in order that has one.
pub(super) fn gather(
    paths: &[PathBuf],
    plan: Plan<'_>,
    stdin: &mut (dyn Read + Send),
    mut show: impl FnMut(Progress),
) -> Result<Input, InputError> {
    let sources = Sources::find(paths)?;
    let threads = plan.threads.clamp(1, sources.list.len().max(1));
    let hasher = RandomState::new();
    let shared = Shared {
        plan,
        sources: &sources,
        next: AtomicUsize::new(0),
        bytes: AtomicU64::new(0),
        stdin: Mutex::new(stdin),
    };
    let mut whole = Part::new(&shared, hasher.clone());
    let mut failed: Option<(usize, InputError)> = None;
    std::thread::scope(|scope| {
        let (done, parts) = mpsc::channel();
        for _ in 0..threads {
            let (done, shared) = (done.clone(), &shared);
            let part = Part::new(shared, hasher.clone());
            // The receiver outlives the scope, so sending cannot fail.
            scope.spawn(move || drop(done.send(part.read_all(shared))));
        }
        drop(done);
        loop {
            match parts.recv_timeout(TICK) {
                Ok((part, error)) => {
                    whole.merge(part);
                    failed = failed
                        .take()
                        .into_iter()
                        .chain(error)
                        .min_by_key(|(file, _)| *file);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => show(shared.progress()),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    match failed {
        Some((_, error)) => Err(error),
        None => Ok(whole.input),
    }
}

/// Everything there is to read, in order.
#[derive(Debug, Default)]
struct Sources {
    list: Vec<Source>,
    bytes: u64,
}

impl Sources {
    fn find(paths: &[PathBuf]) -> Result<Self, InputError> {
        let mut sources = Self::default();
        for path in paths {
            if path.as_os_str() == STDIN {
                if sources
                    .list
                    .iter()
                    .any(|source| matches!(source, Source::Stdin))
                {
                    return Err(InputError::StdinTwice);
                }
                sources.list.push(Source::Stdin);
            } else {
                sources
                    .add(path)
                    .map_err(|(path, source)| InputError::Unreadable { path, source })?;
            }
        }
        Ok(sources)
    }

    /// Adds a file, or all files of a folder in the order of their names. Hidden ones, links to folders, and what is neither
    /// file nor folder are passed over inside folders.
    fn add(&mut self, path: &Path) -> Result<(), (PathBuf, io::Error)> {
        let at = |error| (path.to_owned(), error);
        let metadata = fs::metadata(path).map_err(at)?;
        if !metadata.is_dir() {
            self.bytes += metadata.len();
            self.list.push(Source::File(path.to_owned()));
            return Ok(());
        }
        let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = entries.map_err(at)?;
        entries.sort_unstable_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            let kind = entry.file_type().map_err(at)?;
            let is_linked_file = || kind.is_symlink() && entry.path().is_file();
            if !is_hidden && (kind.is_dir() || kind.is_file() || is_linked_file()) {
                self.add(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// What all threads see.
struct Shared<'s, 'p> {
    plan: Plan<'p>,
    sources: &'s Sources,
    /// The next file that nobody has begun. Files are begun in order.
    next: AtomicUsize,
    bytes: AtomicU64,
    stdin: Mutex<&'s mut (dyn Read + Send)>,
}

impl Shared<'_, '_> {
    fn clock(&self) -> Clock {
        Clock {
            now: self.plan.now,
            as_of: AS_OF_LATER,
            earliest: Clock::FIRST_CALL,
        }
    }

    fn progress(&self) -> Progress {
        let of_files = self.sources.list.len();
        Progress {
            files: self.next.load(Ordering::Relaxed).min(of_files),
            of_files,
            bytes: self.bytes.load(Ordering::Relaxed),
            of_bytes: self.sources.bytes,
        }
    }
}

/// What one thread reads.
struct Part<'s, 'p> {
    clock: Clock,
    plan: Plan<'p>,
    sources: &'s Sources,
    input: Input,
}

impl<'s, 'p> Part<'s, 'p> {
    fn new(shared: &Shared<'s, 'p>, hasher: RandomState) -> Self {
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
                faults: Told::default(),
                foreign: Told::default(),
            },
        }
    }

    fn merge(&mut self, other: Self) {
        self.input.observations.merge(other.input.observations);
        self.input.faults.merge(other.input.faults);
        self.input.foreign.merge(other.input.foreign);
    }

    /// Reads files until there are none left. After an error nobody begins another file, so that the first one in order is found.
    fn read_all(mut self, shared: &Shared<'_, '_>) -> (Self, Option<(usize, InputError)>) {
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
        shared: &Shared<'_, '_>,
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
                path: self.path(file),
                source,
            },
            Stopped::Input(error) => error,
        })
    }

    fn path(&self, file: usize) -> PathBuf {
        PathBuf::from(self.sources.list[file].to_string())
    }

    fn read(
        &mut self,
        file: usize,
        raw: &mut dyn Read,
        bytes: &mut Vec<u8>,
        shared: &Shared<'_, '_>,
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
            self.input.faults.add(file, || {
                format!(
                    "`{}`: {error}, so its rest is missing",
                    self.sources.list[file]
                )
            });
        }
        Ok(())
    }

    fn foreign(&mut self, file: usize, what: &str) {
        self.input
            .foreign
            .add(file, || format!("`{}` {what}", self.sources.list[file]));
    }

    fn read_json(&mut self, file: usize, start: usize, text: &mut Text<'_>) -> Result<(), Stopped> {
        self.expect_key_of_records(file)?;
        text.bytes.drain(..start);
        let mut reader = cloudtrail::RecordReader::default();
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

    fn expect_key_of_records(&self, file: usize) -> Result<(), Stopped> {
        if self.plan.by == CLOUDTRAIL_KEY {
            return Ok(());
        }
        Err(Stopped::Input(InputError::OtherKey {
            file: self.sources.list[file].to_string(),
            by: self.plan.by.join(","),
        }))
    }

    fn take(&mut self, file: usize, found: Found<'_>) {
        let observations = &mut self.input.observations;
        match found {
            Found::Record { record, origin, .. } => match record.call() {
                Ok(_) if origin == Origin::Searched && self.plan.bad_times == BadTimes::Stop => {
                    observations.records.searched += 1;
                }
                Ok(call) => observations.take_call(&call, self.clock),
                Err(not_a_call) => observations.records.count(not_a_call),
            },
            Found::Fault(fault) => self
                .input
                .faults
                .add(file, || format!("`{}` {fault}", self.sources.list[file])),
        }
    }

    fn read_rows(&mut self, file: usize, text: &mut Text<'_>) -> Result<(), Stopped> {
        let foreign = format!(
            "is neither CloudTrail JSON nor CSV with the columns {}",
            self.plan.by.join(", ")
        );
        let could_be_a_header = text.is_at_end || memchr_iter(b'\n', text.bytes).next().is_some();
        if !could_be_a_header {
            self.foreign(file, &foreign);
            return Ok(());
        }
        let body = text
            .bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(text.bytes);
        let Ok(reader) = Reader::new(body) else {
            self.foreign(file, &foreign);
            return Ok(());
        };
        let header = reader.header();
        let has = |field: &str| header.column(field.as_bytes()).is_present();
        if !self.plan.by.iter().all(|field| has(field)) {
            if let Some(column) = cloudtrail::CSV_COLUMNS.into_iter().find(|name| has(name)) {
                return self.read_records_in(column, file, text);
            }
            let names = header.names();
            match ForeignForm::of_columns(names.iter().map(AsRef::as_ref)) {
                Some(form) => self.foreign(file, &form.to_string()),
                None => self.foreign(file, &foreign),
            }
            return Ok(());
        }
        text.read_all()?;
        let body = text
            .bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(text.bytes);
        let fault = |error| {
            format!(
                "`{}` {error}, so its rest is missing",
                self.sources.list[file]
            )
        };
        match self.take_rows(body) {
            Ok(()) => Ok(()),
            Err(RowsStopped::Broken(error)) => {
                let text = fault(error);
                self.input.faults.add(file, || text);
                Ok(())
            }
            Err(RowsStopped::NotATime(error)) => Err(Stopped::Input(InputError::NotATime {
                file: self.sources.list[file].to_string(),
                error,
            })),
        }
    }

    /// Rows that have the text of a record in one column.
    fn read_records_in(
        &mut self,
        column: &str,
        file: usize,
        text: &mut Text<'_>,
    ) -> Result<(), Stopped> {
        self.expect_key_of_records(file)?;
        text.read_all()?;
        let body = text
            .bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(text.bytes);
        if let Err(error) = self.take_records_in(column, file, body) {
            self.input.faults.add(file, || {
                format!(
                    "`{}` {error}, so its rest is missing",
                    self.sources.list[file]
                )
            });
        }
        Ok(())
    }

    fn take_records_in(
        &mut self,
        column: &str,
        file: usize,
        body: &[u8],
    ) -> Result<(), crate::rows::RowError> {
        let mut reader = Reader::new(body)?;
        let column = reader.header().column(column.as_bytes());
        while let Some(row) = reader.next_row()? {
            let text = row.cell(column);
            if !cloudtrail::begins_with_json(&text) {
                self.input.observations.records.count(NotACall::NoRecord);
                continue;
            }
            cloudtrail::read(&text, &mut |found| match found {
                Found::Fault(fault) => self.input.faults.add(file, || {
                    let (row, reason) = (row.number(), fault.reason);
                    format!("`{}` row {row}: {reason}", self.sources.list[file])
                }),
                found => self.take(file, found),
            });
        }
        Ok(())
    }

    fn take_rows(&mut self, body: &[u8]) -> Result<(), RowsStopped> {
        let observations = &mut self.input.observations;
        let mut rows = FactReader::new(body, self.plan.by, self.clock)?;
        let count = rows.header().column(b"count");
        let context = CONTEXT_FIELDS.map(|name| rows.header().column(name.as_bytes()));
        while let Some(row) = rows.next(&mut observations.tally)? {
            if let (Some(error), BadTimes::Stop) = (row.not_a_time(), self.plan.bad_times) {
                return Err(RowsStopped::NotATime(error));
            }
            let FactRow {
                row, keys, reading, ..
            } = row;
            let Ok(reading) = reading else { continue };
            let values = context.map(|column| values(&row, column));
            let values = values
                .each_ref()
                .map(|values| values.iter().map(AsRef::as_ref).collect::<Vec<&[u8]>>());
            observations.take_row(
                &reading,
                keys,
                times(&row, count),
                values.each_ref().map(Vec::as_slice),
            );
        }
        Ok(())
    }
}

/// Why a file was not read to its end.
enum Stopped {
    Io(io::Error),
    Input(InputError),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Why rows were not read to their end.
enum RowsStopped {
    Broken(crate::rows::RowError),
    NotATime(NotATimeIn),
}

impl From<crate::rows::RowError> for RowsStopped {
    fn from(error: crate::rows::RowError) -> Self {
        Self::Broken(error)
    }
}

fn values<'b>(row: &Row<'_, 'b>, column: Column) -> Vec<Cow<'b, [u8]>> {
    let mut values = Vec::new();
    row.values(column, &mut values);
    values
}

/// How many events a row stands for: its `count`, else one.
fn times(row: &Row<'_, '_>, count: Column) -> u64 {
    let count = Timestamp::parse(&row.cell(count)).ok().flatten();
    count.map_or(1, |count| count.seconds().max(0).unsigned_abs())
}

/// The text of a file, inflated if it is compressed, as far as it has been read.
struct Text<'t> {
    reader: Box<dyn Read + 't>,
    is_gzip: bool,
    /// What is read and not yet used.
    bytes: &'t mut Vec<u8>,
    is_at_end: bool,
    /// What is wrong with the compressed stream; the text ends there.
    broken: Option<io::Error>,
}

impl<'t> Text<'t> {
    fn open(raw: &'t mut dyn Read, bytes: &'t mut Vec<u8>) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(2);
        raw.take(2).read_to_end(&mut magic)?;
        let is_gzip = magic == [0x1f, 0x8b];
        let whole = io::Cursor::new(magic).chain(raw);
        let reader: Box<dyn Read + 't> = if is_gzip {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(
                1 << 17,
                whole,
            )))
        } else {
            Box::new(whole)
        };
        Ok(Self {
            reader,
            is_gzip,
            bytes,
            is_at_end: false,
            broken: None,
        })
    }

    fn read_more(&mut self, limit: usize) -> io::Result<()> {
        match (&mut self.reader)
            .take(limit as u64)
            .read_to_end(self.bytes)
        {
            Ok(read) => {
                self.is_at_end = read < limit;
                Ok(())
            }
            Err(error) if self.is_gzip && is_about_content(&error) => {
                self.is_at_end = true;
                self.broken = Some(error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn read_all(&mut self) -> io::Result<()> {
        while !self.is_at_end {
            self.read_more(usize::MAX >> 1)?;
        }
        Ok(())
    }
}

/// Whether inflating failed, not reading.
fn is_about_content(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

/// Counts the bytes that are read.
struct Counted<'r> {
    raw: &'r mut dyn Read,
    bytes: &'r AtomicU64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    const NOW: Timestamp = Timestamp(2_000_000_000_000_000);

    fn by() -> Vec<String> {
        CLOUDTRAIL_KEY.map(String::from).to_vec()
    }

    fn read_on(threads: usize, paths: &[PathBuf], stdin: &[u8]) -> Result<Input, InputError> {
        let by = by();
        let plan = Plan {
            by: &by,
            now: NOW,
            keep: DetailLevel::Context,
            wanted: TimeRange::default(),
            bad_times: BadTimes::Stop,
            threads,
        };
        gather(paths, plan, &mut { stdin }, |_| {})
    }

    fn read(text: &[u8]) -> Input {
        read_on(1, &["-".into()], text).unwrap()
    }

    /// Everything that can be told of an input.
    fn told(input: &Input) -> Vec<String> {
        let keys = input
            .observations
            .observed()
            .into_iter()
            .map(|(key, observed)| {
                let values = input.observations.values(key);
                let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
                format!("{} {observed:?}", values.join(" "))
            });
        let rest = [
            format!("{:?}", input.observations.records),
            format!("{} {}", input.faults.count, input.faults.examples()),
            format!("{} {}", input.foreign.count, input.foreign.examples()),
        ];
        keys.chain(rest).collect()
    }

    fn call(number: usize, padding: usize) -> String {
        format!(
            r#"{{"eventTime":"2024-01-01T00:{:02}:00Z","eventSource":"s3.amazonaws.com","eventName":"Call{}","padding":"{}","userIdentity":{{"type":"AssumedRole","arn":"a:assumed-role/R/{number}"}}}}"#,
            number % 60,
            number % 7,
            "x".repeat(padding),
        )
    }

    #[test]
    fn a_file_larger_than_a_block_is_read_as_one_and_its_lines_are_counted() {
        let lines: Vec<String> = (0..4_000)
            .map(|number| match number {
                3_000 => "{broken}".to_owned(),
                _ => call(number, 1_000),
            })
            .collect();
        let text = lines.join("\n");
        assert!(text.len() > 3 * BLOCK);
        let input = read(text.as_bytes());
        assert_eq!(input.observations.records.calls, 3_999);
        assert_eq!(input.faults.count, 1);
        assert!(input
            .faults
            .examples()
            .starts_with("`standard input` line 3001: "));
        let document = format!(
            "{{\"Records\":[\n{}]}}",
            text.replace("{broken}\n", "").replace('\n', ",\n")
        );
        let whole = read(document.as_bytes());
        assert_eq!(told(&whole)[..7], told(&input)[..7]);
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes_and_several_members_are_one_text() {
        let mut packed = Vec::new();
        for number in 0..3 {
            let mut encoder =
                flate2::write::GzEncoder::new(&mut packed, flate2::Compression::fast());
            writeln!(encoder, "{}", call(number, 10)).unwrap();
            encoder.finish().unwrap();
        }
        assert_eq!(read(&packed).observations.records.calls, 3);
        packed.truncate(packed.len() - 6);
        let cut = read(&packed);
        assert_eq!((cut.observations.records.calls, cut.faults.count), (3, 1));
        assert!(cut.faults.examples().contains("its rest is missing"));
    }

    #[test]
    fn a_mark_and_blanks_before_the_text_do_not_hide_what_it_is() {
        assert_eq!(
            read(format!("\u{feff}\r\n {}", call(1, 0)).as_bytes())
                .observations
                .records
                .calls,
            1
        );
        assert_eq!(
            read("\u{feff}user,command,_time\na,b,1\n".as_bytes())
                .observations
                .observed_rows,
            1
        );
        assert_eq!(read(b" \n").foreign.examples(), "`standard input` is empty");
    }

    #[test]
    fn the_first_error_in_the_order_of_files_is_told_on_any_number_of_threads() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..20 {
            let time = if number % 5 == 3 { "soon" } else { "1" };
            let text = format!("user,command,_time\na,b,{time}\n");
            std::fs::write(folder.path().join(format!("{number:02}.csv")), text).unwrap();
        }
        for threads in 1..6 {
            let error = read_on(threads, &[folder.path().to_owned()], b"")
                .unwrap_err()
                .to_string();
            assert!(error.contains("03.csv`: expected epoch seconds such as `1699833600.25`, but `_time` in row 1 is"), "{error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn neither_threads_nor_files_nor_order_make_a_difference(
            order in Just((0..60).collect::<Vec<usize>>()).prop_shuffle(),
            files in 1usize..12,
        ) {
            let folder = tempfile::tempdir().unwrap();
            for (file, numbers) in order.chunks(60_usize.div_ceil(files)).enumerate() {
                let lines: Vec<String> = numbers.iter().map(|&number| call(number, 0)).collect();
                std::fs::write(folder.path().join(format!("{file:02}")), lines.join("\n")).unwrap();
            }
            let paths = [folder.path().to_owned()];
            let lines: Vec<String> = (0..60).map(|number| call(number, 0)).collect();
            let expected = told(&read(lines.join("\n").as_bytes()));
            prop_assert_eq!(&told(&read_on(1, &paths, b"").unwrap()), &expected);
            prop_assert_eq!(&told(&read_on(4, &paths, b"").unwrap()), &expected);
        }

        #[test]
        fn any_bytes_are_read_without_panic(text in proptest::collection::vec(any::<u8>(), 0..60), marked in any::<bool>()) {
            let magic: &[u8] = if marked { b"\x1f\x8b" } else { b"" };
            let _ = read(&[magic, &text].concat());
        }
    }
}
