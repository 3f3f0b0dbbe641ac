//! What was read, in words: how much, what was not of use, what was lost and where.
//!
//! Counts are of what was asked for; each loss comes with an example. Decides nothing: what counts as lost is in `outcome.rs`.

use super::console::ConsoleLine;
use super::outcome::Losses;
use super::{Wanted, ADVICE};
use crate::cloudtrail::Callers;
use crate::input::{FaultLog, Input, RecordProblem};
use crate::messages::{count, row_problems, unknown_values, Purpose};
use crate::observations::{Observations, RecordCounts, UnusableTime};
use chrono::Utc;

/// All lines, in the order in which they are written.
pub(super) fn lines(input: &Input, by: &[String], wanted: &Wanted) -> Vec<ConsoleLine> {
    let mut lines = Vec::new();
    lines.extend(not_opened(input));
    lines.extend(unread(input));
    lines.extend(records(&input.observations, wanted));
    lines.extend(problems(input, wanted));
    lines.extend(rows(&input.observations, by));
    lines.extend(losses(input));
    lines.extend(nothing(&input.observations, wanted));
    lines
}

/// What reading left out, since it was interrupted or since it is out of range.
fn not_opened(input: &Input) -> impl Iterator<Item = ConsoleLine> {
    let interrupted = input.interrupted.map(|(files, of_files)| {
        ConsoleLine::Warning(format!(
            "interrupted: {files} of {of_files} files were read to their end, and what follows is about those"
        ))
    });
    let folders = (input.out_of_range > 0).then(|| {
        let folders = count(input.out_of_range, "folder");
        ConsoleLine::Note(format!(
            "did not open {folders} of days that are out of range"
        ))
    });
    interrupted.into_iter().chain(folders)
}

/// What could not be read, or is no input.
fn unread(input: &Input) -> impl Iterator<Item = ConsoleLine> + '_ {
    let places = examples_of(&input.faults, "place", |places, examples| {
        let bytes = at_least(input.faults.bytes);
        format!("could not read {places} in the input{bytes}: {examples}")
    });
    let unread = examples_of(&input.unread, "file", |files, examples| {
        format!("could not read {files}: {examples}")
    });
    let foreign = examples_of(&input.foreign, "file", |files, examples| {
        format!("skipped {files} of other kinds: {examples}")
    });
    let loops = examples_of(&input.loops, "link", |links, examples| {
        format!("did not follow {links}: {examples}")
    });
    let warnings = places.into_iter().chain(unread).chain(foreign);
    let warnings = warnings.map(ConsoleLine::Warning);
    warnings.chain(loops.map(ConsoleLine::Note))
}

/// The text about what a log holds, if it holds anything.
fn examples_of(
    log: &FaultLog,
    what: &str,
    text: impl FnOnce(String, String) -> String,
) -> Option<String> {
    (log.count > 0).then(|| text(count(log.count, what), log.examples()))
}

fn at_least(bytes: u64) -> String {
    match bytes {
        0 => String::new(),
        bytes => format!(", at least {}", count(bytes, "byte")),
    }
}

/// The records that were read, by what they are.
fn records(observations: &Observations, wanted: &Wanted) -> Vec<ConsoleLine> {
    let records = &observations.records;
    let is_any = records.in_range() + records.outside > 0;
    let counts = || ConsoleLine::Info(counts(records, observations.range().is_bounded(), wanted));
    let counts = is_any.then(counts).into_iter();
    counts
        .chain(no_calls(records))
        .chain(foreign(records))
        .collect()
}

/// What CloudTrail writes beside records of calls.
fn no_calls(records: &RecordCounts) -> impl Iterator<Item = ConsoleLine> {
    let counts = [
        (records.digests, "CloudTrail digest file"),
        (records.insights, "CloudTrail Insights event"),
    ];
    let counts = counts.into_iter().filter(|(number, _)| *number > 0);
    counts.map(|(number, what)| ConsoleLine::Note(format!("skipped {}", count(number, what))))
}

/// What is not CloudTrail's.
fn foreign(records: &RecordCounts) -> impl Iterator<Item = ConsoleLine> {
    const OCSF: &str = "in OCSF, as Security Lake writes them; give CloudTrail's own files instead";
    let counts = [
        (records.foreign, "not of CloudTrail, without a userIdentity"),
        (records.ocsf, OCSF),
    ];
    let counts = counts.into_iter().filter(|(number, _)| *number > 0);
    counts.map(|(number, why)| ConsoleLine::Warning(skipped(number, why)))
}

fn counts(records: &RecordCounts, is_bounded: bool, wanted: &Wanted) -> String {
    let done = wanted.done;
    let before = if is_bounded { "in range:" } else { "read" };
    let outside = match records.outside {
        0 => String::new(),
        outside => format!("; skipped {outside} out of range"),
    };
    format!(
        "{before} {}: {} ({done}); {} failed and {} by {} (not {done}){outside}",
        count(records.in_range(), "record"),
        count(records.calls, calls_by(wanted.callers)),
        records.failed,
        records.others,
        others_than(wanted.callers),
    )
}

fn calls_by(callers: Callers) -> &'static str {
    match callers == Callers::ROLES {
        true => "successful role call",
        false => "successful call",
    }
}

/// Who else makes calls.
fn others_than(callers: Callers) -> &'static str {
    match (
        callers.contains(Callers::USERS),
        callers.contains(Callers::ROOT),
    ) {
        (false, false) => "IAM users, root or services",
        (true, false) => "root or services",
        (false, true) => "IAM users or services",
        (true, true) => "services",
    }
}

/// Records that could not be used, and where the first of each kind is.
fn problems<'i>(input: &'i Input, wanted: &'i Wanted) -> impl Iterator<Item = ConsoleLine> + 'i {
    RecordProblem::ALL.into_iter().filter_map(move |problem| {
        let log = input.problems.of(problem);
        let example = log.example()?;
        let is_bounded = input.observations.range().is_bounded();
        let text = match problem {
            RecordProblem::Time(why) => without_time(why, log.count, is_bounded, wanted),
            RecordProblem::NoKey => {
                skipped(log.count, "without a role, a service or a name of the call")
            }
            RecordProblem::WrongType => skipped(log.count, "with a field of the wrong JSON type"),
            RecordProblem::Searched => doubtful(log.count, "record", "a fault"),
        };
        Some(ConsoleLine::Warning(format!("{text}: {example}")))
    })
}

fn skipped(number: u64, why: &str) -> String {
    format!("skipped {} {why}", count(number, "record"))
}

/// What may stand in a text that somebody wrote in order that it is learned.
fn doubtful(number: u64, what: &str, behind: &str) -> String {
    let number = count(number, what);
    format!("skipped {number} behind {behind}: such a {what} may stand in a text that somebody wrote, so it is detected and not learned")
}

fn without_time(why: UnusableTime, number: u64, is_bounded: bool, wanted: &Wanted) -> String {
    let why = match why {
        UnusableTime::None => "that is no time",
        UnusableTime::Ahead => "more than a day ahead of the wall clock",
        UnusableTime::TooEarly => "before 2006-01-01",
    };
    let done = match is_bounded {
        true => "left out, since it may be out of range",
        false => wanted.without_time,
    };
    format!(
        "{} with an eventTime {why}, {done}",
        count(number, "record")
    )
}

/// Rows that were not used as they came, and calls that lack a field.
fn rows(observations: &Observations, by: &[String]) -> Vec<ConsoleLine> {
    let outside = observations.outside_rows;
    let out_of_range =
        (outside > 0).then(|| format!("skipped {} out of range", count(outside, "row")));
    let taken = observations.observed_rows + outside;
    let warnings = behind_quote(observations)
        .into_iter()
        .chain(row_problems(&observations.tally, Purpose::Learn))
        .chain(unknown_values(&observations.tally, by, taken, &ADVICE));
    let info = out_of_range.map(ConsoleLine::Info).into_iter();
    let notes = without_value(observations, by).map(ConsoleLine::Note);
    info.chain(notes)
        .chain(warnings.map(ConsoleLine::Warning))
        .collect()
}

fn behind_quote(observations: &Observations) -> Option<String> {
    let rows = observations.doubtful_rows;
    (rows > 0).then(|| doubtful(rows, "row", "a quote without an end"))
}

fn without_value<'o>(
    observations: &'o Observations,
    by: &'o [String],
) -> impl Iterator<Item = String> + 'o {
    let of_all = count(observations.records.calls, "call");
    let fields = by.iter().zip(&observations.without_value);
    let fields = fields.filter(|(_, &calls)| calls > 0);
    fields.map(move |(field, calls)| {
        format!("no {field} in {calls} of {of_all}: it is `unknown` in their keys")
    })
}

/// That input was lost, if so.
fn losses(input: &Input) -> Option<ConsoleLine> {
    let losses = Losses::of(input);
    let text = || {
        format!(
            "input was lost ({}), so this is not all that there was",
            losses.shown()
        )
    };
    losses.is_any().then(|| ConsoleLine::Warning(text()))
}

/// That there was nothing of what was asked for, if so.
fn nothing(observations: &Observations, wanted: &Wanted) -> Option<ConsoleLine> {
    let what = what_is_wanted(observations, wanted);
    let place = if observations.range().is_bounded() {
        " in this range"
    } else {
        ""
    };
    let done = wanted.done;
    let covers = covers(observations);
    let text = || format!("no {what} was found{place}, so nothing was {done}.{covers}");
    observations
        .is_empty()
        .then(|| ConsoleLine::Warning(text()))
}

fn what_is_wanted(observations: &Observations, wanted: &Wanted) -> &'static str {
    match observations.tally.rows {
        0 if wanted.callers != Callers::ROLES => "successful call by a role, a user or root",
        0 => "successful call by an assumed role",
        _ => "observation",
    }
}

/// From when to when the input goes, whatever was asked for.
fn covers(observations: &Observations) -> String {
    match observations.covered() {
        Some((first, last)) => format!(
            " The input covers {} to {}.",
            first.human(&Utc),
            last.human(&Utc)
        ),
        None => String::new(),
    }
}
