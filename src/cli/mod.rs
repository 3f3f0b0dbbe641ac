//! The command line: the same learning and detecting on files, without Splunk.
//!
//! One file a verb: `learn`, `detect`, `replay`. They share how files are read (`input`), what is kept of them (`observations`) and
//! the baseline file (`baseline_file`); the rules are those of `baseline`, the options those of `options`, the words those of
//! `texts`. Everything it knows of the world comes in a [`World`].
//!
//! Exit codes: 0 when all went well, 1 for an error, 2 if `detect --fail-if-found` found something.

mod arguments;
mod console;
mod detect;
mod learn;
mod replay;

use crate::baseline::{DetectError, LearnError};
use crate::baseline_file::BaselineError;
use crate::input::{self, InputError, Intent, Plan, Progress};
use crate::lookup::schema::BadKeyField;
use crate::messages::Advice;
use crate::observations::{DetailLevel, Observations};
use crate::options::OptionError;
use crate::time::Timestamp;
use chrono::TimeZone;
use clap::ArgMatches;
use console::Console;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use thiserror::Error;

/// What a user of the command line can do about a baseline.
const ADVICE: Advice = Advice {
    start: "run `unseen learn` first",
    restart: "run `unseen learn` on newer files",
    update: "`unseen learn`",
    is_updated: "does `unseen learn` run every day?",
    stray: "take its row out of the file before the next `unseen learn`",
    unknown: "whoever wrote these rows did not know it; read the CloudTrail files instead",
    renamed: "is it the baseline of other accounts, or does it name roles otherwise? Then run `unseen learn` on older files first",
};

/// The world as the command line sees it.
pub struct World<'w, Z> {
    /// The wall clock at the start.
    pub now: Timestamp,
    /// The zone in which windows snap.
    pub zone: Z,
    /// The most threads to read on.
    pub threads: usize,
    /// What the path `-` reads.
    pub stdin: &'w mut (dyn Read + Send),
    /// Where results go.
    pub stdout: &'w mut dyn Write,
    /// Where everything else goes.
    pub stderr: &'w mut dyn Write,
    /// Whether a person watches `stderr`, and wants to see progress.
    pub is_watched: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All went well.
    Done,
    /// All went well, something was found, and that was to count as a failure.
    Found,
    /// There was an error; `stderr` has it.
    Failed,
}

impl Outcome {
    /// The exit code that says so.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Found => 2,
        }
    }
}

/// Why a run stopped.
#[derive(Debug, Error)]
enum CliError {
    #[error(transparent)]
    Option(#[from] OptionError),
    #[error(transparent)]
    KeyField(#[from] BadKeyField),
    #[error(transparent)]
    Range(#[from] arguments::NotAMoment),
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    #[error("there is nothing to read in {0}: neither CloudTrail records nor CSV rows")]
    NoInput(String),
    #[error("{0}; nothing was learned")]
    NotLearned(#[from] LearnError),
    #[error("{0}; nothing was judged")]
    NotJudged(#[from] DetectError),
    #[error("cannot write the result: {0}")]
    Output(#[source] io::Error),
}

/// What a verb wants of its input.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    keep: DetailLevel,
    intent: Intent,
    /// What becomes of a call whose time is no time, or comes from a broken clock.
    no_time: &'static str,
}

/// Runs the command line; `arguments` begin with the name of the program.
pub fn run<Z: TimeZone>(
    arguments: impl Iterator<Item = OsString>,
    mut world: World<'_, Z>,
) -> Outcome {
    let matches = match arguments::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(told) if told.use_stderr() => {
            let _ = write!(world.stderr, "{told}");
            return Outcome::Failed;
        }
        Err(told) => return written(write!(world.stdout, "{told}"), &mut world),
    };
    let done = match matches.subcommand() {
        Some((arguments::LEARN, matches)) => learn::run(matches, &mut world),
        Some((arguments::DETECT, matches)) => detect::run(matches, &mut world),
        Some((arguments::REPLAY, matches)) => replay::run(matches, &mut world),
        _ => unreachable!("clap asks for one of these"),
    };
    match done {
        Ok(outcome) => outcome,
        Err(error) => {
            let _ = writeln!(world.stderr, "error: {error}");
            Outcome::Failed
        }
    }
}

/// The end of a run whose result is this attempt to write.
fn written<Z>(result: io::Result<()>, world: &mut World<'_, Z>) -> Outcome {
    match result_of(result.and_then(|()| world.stdout.flush())) {
        Ok(()) => Outcome::Done,
        Err(error) => {
            let _ = writeln!(world.stderr, "error: {error}");
            Outcome::Failed
        }
    }
}

/// A reader that goes away before the end, as `head` does, is no error.
fn result_of(written: io::Result<()>) -> Result<(), CliError> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Output(error)),
        _ => Ok(()),
    }
}

impl<Z> World<'_, Z> {
    fn console(&mut self) -> Console<'_> {
        Console::new(self.stderr, self.is_watched)
    }

    /// Reads what the paths on the command line name, and tells what was read.
    fn gather(
        &mut self,
        matches: &ArgMatches,
        by: &[String],
        wanted: Wanted,
    ) -> Result<Observations, CliError> {
        let plan = Plan {
            by,
            now: self.now,
            keep: wanted.keep,
            wanted: arguments::typed_range(matches)?,
            intent: wanted.intent,
            threads: self.threads,
        };
        let paths = &arguments::typed_paths(matches);
        let mut console = Console::new(self.stderr, self.is_watched);
        let input = input::gather(paths, plan, self.stdin, |progress: Progress| {
            console.progress(progress)
        });
        console.end_progress();
        let input = input?;
        console.faults(&input);
        if input.observations.records.all() == 0 && input.observations.is_empty() {
            let paths: Vec<String> = paths
                .iter()
                .map(|path| format!("`{}`", path.display()))
                .collect();
            return Err(CliError::NoInput(paths.join(", ")));
        }
        console.read(&input.observations, by, wanted.no_time);
        Ok(input.observations)
    }
}
