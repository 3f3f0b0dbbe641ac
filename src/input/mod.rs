//! Files and folders to observations: found, inflated, recognised by content, and read on as many threads as there are.
//!
//! | file | owns |
//! | --- | --- |
//! | `sources` | what there is to read, in order |
//! | `day_folders` | the days in the paths of a bucket |
//! | `workers` | the threads, and how far they are |
//! | `file_reader` | one file: which form it has |
//! | `text` | one file: inflating and reading in blocks |
//! | `csv_rows` | one file: rows |
//! | `faults`, `problems` | what could not be read; what could not be used |
//!
//! What cannot be read as what it seems to be is counted with an example and skipped; a path that cannot be opened stops the run.
//! Knows no windows and no baseline.

mod csv_rows;
mod day_folders;
mod faults;
mod file_reader;
mod problems;
mod sources;
mod text;
mod workers;

pub(crate) use faults::FaultLog;
pub(crate) use problems::{RecordProblem, RecordProblems};
pub(crate) use workers::{gather, Progress};

use crate::cloudtrail::Callers;
use crate::lookup::NotATimeIn;
use crate::observations::{DetailLevel, KeyWindows, Observations, TimeRange};
use crate::time::Timestamp;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::Arc;
use thiserror::Error;

/// So much is read before the form of a file is recognised, and at a time.
const BLOCK: usize = 1 << 20;

/// Why the input cannot be used.
#[derive(Debug, Error)]
pub(crate) enum InputError {
    #[error("cannot read `{path}`: {source}")]
    Unreadable { path: String, source: io::Error },
    #[error("`-` is given twice; standard input can be read once")]
    StdinTwice,
    #[error("`{file}` holds CloudTrail records, which have no field `{field}`; the fields for `--by` are {known}")]
    NoSuchField {
        file: String,
        field: String,
        known: String,
    },
    #[error("`{file}`: {error}; nothing was learned")]
    NotATime { file: String, error: NotATimeIn },
}

/// How to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan<'p> {
    /// The key fields.
    pub by: &'p [String],
    /// Whose calls are wanted.
    pub callers: Callers,
    /// The wall clock.
    pub now: Timestamp,
    /// What to keep of each key.
    pub keep: DetailLevel,
    /// Which times are wanted.
    pub wanted: TimeRange,
    /// The only calls that are wanted, if not all are.
    pub only: Option<&'p Arc<KeyWindows>>,
    /// What it is read for.
    pub intent: Intent,
    /// The most threads to read on.
    pub threads: usize,
    /// Files of this program, which are no input where they lie in a folder.
    pub own_files: &'p [PathBuf],
    /// Whether somebody wants reading to end.
    pub interrupted: &'p AtomicBool,
}

/// What the input is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// To be learned, and so to be certain: a time in a row that is none stops the run, and what stands perhaps in a text that somebody
    /// wrote is skipped.
    Learn,
    /// To be judged: all of it counts.
    Judge,
}

/// What was read, and what could not be.
#[derive(Debug)]
pub(crate) struct Input {
    /// What was read.
    pub observations: Observations,
    /// Files with anything in them that is input.
    pub recognised: u64,
    /// Lines, values, rows and streams that are broken.
    pub faults: FaultLog,
    /// Records that could not be used.
    pub problems: RecordProblems,
    /// Files in a form that is known and not read, and links to nowhere.
    pub unread: FaultLog,
    /// Other files in folders that are no input.
    pub foreign: FaultLog,
    /// Files that were named and have nothing in them that is input.
    pub unrecognised: FaultLog,
    /// Links to folders that were not followed, since they lead back to where they are.
    pub loops: FaultLog,
    /// Folders that were not opened, since their days are out of range.
    pub out_of_range: u64,
    /// How many files were read to their end, of how many, if reading was interrupted.
    pub interrupted: Option<(u64, u64)>,
}

impl Input {
    fn nothing(observations: Observations) -> Self {
        Self {
            observations,
            recognised: 0,
            faults: FaultLog::default(),
            problems: RecordProblems::default(),
            unread: FaultLog::default(),
            foreign: FaultLog::default(),
            unrecognised: FaultLog::default(),
            loops: FaultLog::default(),
            out_of_range: 0,
            interrupted: None,
        }
    }

    fn merge(&mut self, other: Self) {
        self.observations.merge(other.observations);
        self.recognised += other.recognised;
        self.problems.merge(other.problems);
        for (log, more) in [
            (&mut self.faults, other.faults),
            (&mut self.unread, other.unread),
            (&mut self.foreign, other.foreign),
            (&mut self.unrecognised, other.unrecognised),
            (&mut self.loops, other.loops),
        ] {
            log.merge(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    const NOW: Timestamp = Timestamp(2_000_000_000_000_000);

    fn by() -> Vec<String> {
        ["user", "command"].map(String::from).to_vec()
    }

    fn read_on(threads: usize, paths: &[PathBuf], stdin: &[u8]) -> Result<Input, InputError> {
        let by = by();
        let plan = Plan {
            by: &by,
            callers: Callers::ROLES,
            now: NOW,
            keep: DetailLevel::Context,
            wanted: TimeRange::default(),
            only: None,
            intent: Intent::Learn,
            threads,
            own_files: &[],
            interrupted: &AtomicBool::new(false),
        };
        gather(paths, plan, &mut { stdin }, |_| {})
    }

    fn read(text: &[u8]) -> Input {
        read_on(1, &["-".into()], text).unwrap()
    }

    /// Everything that can be reported of an input, one text each.
    fn reported(input: &Input) -> Vec<String> {
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
            format!(
                "{} {}",
                input.unrecognised.count,
                input.unrecognised.examples()
            ),
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
        assert_eq!(reported(&whole)[..7], reported(&input)[..7]);
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
        assert_eq!(
            read(b" \n").unrecognised.examples(),
            "`standard input` is empty"
        );
    }

    #[test]
    fn the_first_error_in_the_order_of_files_is_reported_on_any_number_of_threads() {
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
            let expected = reported(&read(lines.join("\n").as_bytes()));
            prop_assert_eq!(&reported(&read_on(1, &paths, b"").unwrap()), &expected);
            prop_assert_eq!(&reported(&read_on(4, &paths, b"").unwrap()), &expected);
        }

        #[test]
        fn any_bytes_are_read_without_panic(text in proptest::collection::vec(any::<u8>(), 0..60), marked in any::<bool>()) {
            let magic: &[u8] = if marked { b"\x1f\x8b" } else { b"" };
            let _ = read(&[magic, &text].concat());
        }
    }
}
