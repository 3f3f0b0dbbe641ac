//! The command line: the same learning and detecting on files, without Splunk.
//!
//! One file a verb: `learn`, `detect`, `replay`. They share how files are read (`input`), what is kept of them (`observations`) and
//! the baseline file (`baseline_file`); the rules are those of `baseline`, the options those of `options`, the words those of
//! `messages`. Everything it knows of the world comes in a [`World`].
//!
//! Times on the command line and in what it writes are UTC; only `replay` takes a zone, for its schedule.
//! Exit codes: `outcome.rs`.

mod arguments;
mod console;
mod detect;
mod help_texts;
mod input_report;
mod judged;
mod learn;
mod manner;
mod outcome;
mod replay;
mod replay_alerts;
mod replay_grid;
mod result_file;
mod shell;
mod typed;
mod user_names;

pub use manner::Manner;
pub use outcome::Outcome;

use crate::app_settings::AppError;
use crate::baseline::{DetectError, LearnError};
use crate::baseline_file::BaselineError;
use crate::cloudtrail::Callers;
use crate::input::{self, Input, InputError, Intent, Plan};
use crate::lookup::schema::{self, BadKeyField};
use crate::lookup::Clock;
use crate::messages::Advice;
use crate::observations::{DetailLevel, KeyWindows, Observations};
use crate::options::OptionError;
use crate::report::{has_column, visible};
use crate::time::Timestamp;
use clap::ArgMatches;
use console::Console;
use outcome::{Ending, Losses};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
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
pub struct World<'w> {
    /// The wall clock at the start.
    pub now: Timestamp,
    /// The most threads to read on.
    pub threads: usize,
    /// The zone with a name, from the system's tz database; none if it has no such zone.
    pub zone_named: fn(&str) -> Option<chrono::Local>,
    /// What the path `-` reads.
    pub stdin: &'w mut (dyn Read + Send),
    /// Where results go.
    pub stdout: &'w mut dyn Write,
    /// Where everything else goes.
    pub stderr: &'w mut dyn Write,
    /// Where a person watches.
    pub terminals: Terminals,
    /// How to write; the options that are typed decide.
    pub manner: Manner,
    /// From the call on, an interrupt (Ctrl-C) is noted here; before, it ends the process.
    pub interrupts: fn() -> &'static AtomicBool,
}

/// What is a terminal, and whether colours are welcome there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminals {
    /// Results go to a terminal.
    pub is_stdout: bool,
    /// Everything else does.
    pub is_stderr: bool,
    /// The environment asks for no colours: `NO_COLOR` is set, or `TERM` is `dumb`.
    pub is_plain: bool,
}

/// Why a run stopped.
#[derive(Debug, Error)]
enum CliError {
    #[error(transparent)]
    Option(#[from] OptionError),
    #[error(transparent)]
    KeyField(#[from] BadKeyField),
    #[error("`{0}` cannot be a key field: it is a column of the result")]
    ResultColumn(String),
    #[error(transparent)]
    Time(#[from] typed::BadTime),
    #[error("--time-zone: this system knows no zone `{}`; use a name such as UTC or Europe/Berlin", name.escape_debug())]
    NoSuchZone { name: String },
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    Grid(#[from] replay_grid::GridError),
    #[error(transparent)]
    Order(#[from] typed::NoRoleToRank),
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    #[error("there is nothing to read in {0}: neither CloudTrail records nor CSV rows")]
    NoInput(String),
    #[error("{0}; nothing was learned")]
    Unrecognised(String),
    #[error("the baseline `{}` has no rows, so nothing can be found; run `unseen learn` first", .0.display())]
    NoRows(PathBuf),
    #[error("the baseline `{}` has no keys of IAM users or of root; run `unseen learn --include {included}` first", path.display())]
    NotIncluded { path: PathBuf, included: String },
    #[error("all that the baseline `{}` holds would be forgotten, so it was left as it is; give `--allow-empty` to empty it", .0.display())]
    WouldBeEmpty(PathBuf),
    #[error("{0}; nothing was learned")]
    NotLearned(#[from] LearnError),
    #[error("{0}; nothing was judged")]
    NotJudged(#[from] DetectError),
    #[error("the input changed while it was read: the calls of an alert are no longer there; run it again")]
    InputChanged,
    #[error("standard input can be read once, and {what} needs the calls of the alerts a second time; give files, or take the table")]
    ReadTwice { what: &'static str },
    #[error("`{}` exists already; name another file for --baseline-out, or remove it", .0.display())]
    Exists(PathBuf),
    #[error("interrupted before there was anything to show; nothing was written")]
    Interrupted,
    #[error("`{}` is read, so the result cannot be written there; give another file to -o", .0.display())]
    OverInput(PathBuf),
    #[error("cannot write the result: {0}")]
    Output(#[source] io::Error),
    #[error("cannot write `{}`: {source}; give another file", path.display())]
    ResultFile { path: PathBuf, source: io::Error },
    #[error("cannot write the result: there is no folder `{}`", .0.display())]
    NoResultFolder(PathBuf),
}

/// For what is not to be interrupted.
static NEVER: AtomicBool = AtomicBool::new(false);

/// What a verb wants of its input, and how it speaks of that.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    keep: DetailLevel,
    intent: Intent,
    callers: Callers,
    /// What is done with a call: `learned`.
    done: &'static str,
    /// What becomes of a call whose time cannot be used.
    without_time: &'static str,
}

/// What was read, and what is to be said of it at the end.
struct ReadInput {
    observations: Observations,
    losses: Losses,
    /// Only some of the files were read.
    is_interrupted: bool,
    /// Files that were named and are no input.
    unrecognised: Option<String>,
}

/// Runs the command line; `arguments` begin with the name of the program.
pub fn run(arguments: impl Iterator<Item = OsString>, mut world: World<'_>) -> Outcome {
    let done = match arguments::command().try_get_matches_from(arguments) {
        Ok(matches) => run_verb(&matches, &mut world),
        Err(error) if error.use_stderr() => {
            let _ = write!(world.stderr, "{error}");
            return Outcome::Failed;
        }
        Err(help) => world
            .print(help.to_string().as_bytes())
            .map(|()| Outcome::Done),
    };
    done.unwrap_or_else(|error| {
        world.console().error(&error.to_string());
        match error {
            CliError::Interrupted => Outcome::Interrupted,
            _ => Outcome::Failed,
        }
    })
}

fn run_verb(matches: &ArgMatches, world: &mut World<'_>) -> Result<Outcome, CliError> {
    let (verb, matches) = matches.subcommand().expect("clap asks for one");
    match verb {
        arguments::COMPLETIONS => return shell::completions(matches, world),
        arguments::MANUAL => return shell::manual(world),
        _ => world.manner = Manner::of(matches, world.terminals)?,
    }
    match verb {
        arguments::LEARN => learn::run(matches, world),
        arguments::DETECT => detect::run(matches, world),
        _ => replay::run(matches, world),
    }
}

impl World<'_> {
    fn console(&mut self) -> Console<'_> {
        Console::new(self.stderr, self.manner.console)
    }

    /// Writes the result. A reader that goes away before the end, as `head` does, is no error.
    fn print(&mut self, text: &[u8]) -> Result<(), CliError> {
        if let Some(output) = &self.manner.output {
            return output.write(text);
        }
        let written = self.stdout.write_all(text);
        match written.and_then(|()| self.stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Output(error)),
            _ => Ok(()),
        }
    }

    /// What times are measured by.
    fn clock(&self, as_of: Timestamp) -> Clock {
        Clock {
            now: self.now,
            as_of,
            earliest: Clock::FIRST_CALL,
        }
    }

    /// Reads what the paths on the command line name, and reports what was read.
    fn gather(
        &mut self,
        matches: &ArgMatches,
        by: &[String],
        wanted: Wanted,
    ) -> Result<ReadInput, CliError> {
        let wanted = Wanted {
            callers: typed::callers(matches),
            ..wanted
        };
        let paths = typed::paths(matches);
        let interrupts = match wanted.intent {
            Intent::Judge => (self.interrupts)(),
            Intent::Learn => &NEVER,
        };
        let input = self.read(&paths, matches, by, &wanted, (None, interrupts))?;
        interrupts.store(false, Ordering::Relaxed);
        let lines = input_report::lines(&input, by, &wanted);
        self.console().write(&lines);
        ReadInput::of(input, &paths)
    }

    /// Reads the same files once more for nothing but these calls, of which the first reading has reported what there is to report.
    fn gather_only(
        &mut self,
        matches: &ArgMatches,
        by: &[String],
        wanted: Wanted,
        windows: KeyWindows,
    ) -> Result<Observations, CliError> {
        let wanted = Wanted {
            callers: typed::callers(matches),
            ..wanted
        };
        let (paths, windows) = (typed::paths(matches), Arc::new(windows));
        let interrupts = (self.interrupts)();
        let input = self.read(&paths, matches, by, &wanted, (Some(&windows), interrupts))?;
        match input.interrupted {
            Some(_) => Err(CliError::Interrupted),
            None => Ok(input.observations),
        }
    }

    fn read(
        &mut self,
        paths: &[PathBuf],
        matches: &ArgMatches,
        by: &[String],
        wanted: &Wanted,
        (only, interrupted): (Option<&Arc<KeyWindows>>, &AtomicBool),
    ) -> Result<Input, CliError> {
        let plan = Plan {
            by,
            callers: wanted.callers,
            now: self.now,
            keep: wanted.keep,
            wanted: typed::range(matches)?,
            only,
            intent: wanted.intent,
            threads: self.threads,
            own_files: &typed::own_files(matches),
            interrupted,
        };
        let mut console = Console::new(self.stderr, self.manner.console);
        let show = |progress| console.progress(progress);
        let input = input::gather(paths, plan, self.stdin, show);
        console.end_progress();
        Ok(input?)
    }
}

impl ReadInput {
    fn of(input: Input, paths: &[PathBuf]) -> Result<Self, CliError> {
        let unrecognised = &input.unrecognised;
        if input.recognised == 0 && input.interrupted.is_some() {
            return Err(CliError::Interrupted);
        }
        if input.recognised == 0 && unrecognised.count == 0 {
            let paths: Vec<String> = paths
                .iter()
                .map(|path| format!("`{}`", shown(path)))
                .collect();
            return Err(CliError::NoInput(paths.join(", ")));
        }
        Ok(Self {
            losses: Losses::of(&input),
            is_interrupted: input.interrupted.is_some(),
            unrecognised: (unrecognised.count > 0).then(|| unrecognised.examples()),
            observations: input.observations,
        })
    }

    /// How a run ends that found something or not, and could find something or not. Reports files that are no input.
    fn end(
        &self,
        is_found: bool,
        could_find: bool,
        matches: &ArgMatches,
        world: &mut World<'_>,
    ) -> Outcome {
        if let Some(unrecognised) = &self.unrecognised {
            world.console().error(unrecognised);
        }
        let is_allowed = matches.get_flag("allow-incomplete");
        Ending {
            has_failed: self.unrecognised.is_some(),
            is_interrupted: self.is_interrupted,
            is_found,
            is_incomplete: !is_allowed && (self.losses.is_any() || !could_find),
        }
        .outcome()
    }
}

/// Checks that the result does not get two columns of one name.
fn check_key_fields(by: &[String]) -> Result<(), CliError> {
    schema::check_key_fields(by)?;
    match by.iter().find(|field| has_column(field)) {
        Some(field) => Err(CliError::ResultColumn(field.clone())),
        None => Ok(()),
    }
}

fn shown(path: &Path) -> String {
    visible(path.as_os_str().as_encoded_bytes())
}
