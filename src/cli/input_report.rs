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
    lines.extend(unread(input));
    lines.extend(records(&input.observations, wanted));
    lines.extend(problems(input, wanted));
    lines.extend(rows(&input.observations, by));
    lines.extend(losses(input));
    lines.extend(nothing(&input.observations, wanted));
    lines
}

/// What could not be read, or is no input.
fn unread(input: &Input) -> Vec<ConsoleLine> {
    let mut lines = Vec::new();
    let shown = |log: &FaultLog, what: &str| (count(log.count, what), log.examples());
    if input.faults.count > 0 {
        let (places, examples) = shown(&input.faults, "place");
        let bytes = match input.faults.bytes {
            0 => String::new(),
            bytes => format!(", at least {}", count(bytes, "byte")),
        };
        let text = format!("could not read {places} in the input{bytes}: {examples}");
        lines.push(ConsoleLine::Warning(text));
    }
    if input.unread.count > 0 {
        let (files, examples) = shown(&input.unread, "file");
        lines.push(ConsoleLine::Warning(format!(
            "could not read {files}: {examples}"
        )));
    }
    if input.foreign.count > 0 {
        let (files, examples) = shown(&input.foreign, "file");
        lines.push(ConsoleLine::Warning(format!(
            "skipped {files} of other kinds: {examples}"
        )));
    }
    if input.loops.count > 0 {
        let (links, examples) = shown(&input.loops, "link");
        lines.push(ConsoleLine::Note(format!(
            "did not follow {links}: {examples}"
        )));
    }
    lines
}

/// The records that were read, by what they are.
fn records(observations: &Observations, wanted: &Wanted) -> Vec<ConsoleLine> {
    let records = &observations.records;
    let mut lines = Vec::new();
    if records.in_range() + records.outside > 0 {
        lines.push(ConsoleLine::Info(counts(
            records,
            observations.range().is_bounded(),
            wanted,
        )));
    }
    for (number, what) in [
        (records.digests, "CloudTrail digest file"),
        (records.insights, "CloudTrail Insights event"),
    ] {
        let text = || ConsoleLine::Note(format!("skipped {}", count(number, what)));
        lines.extend((number > 0).then(text));
    }
    for (number, why) in [
        (records.foreign, "not of CloudTrail, without a userIdentity"),
        (
            records.ocsf,
            "in OCSF, as Security Lake writes them; give CloudTrail's own files instead",
        ),
    ] {
        let text = || ConsoleLine::Warning(format!("skipped {} {why}", count(number, "record")));
        lines.extend((number > 0).then(text));
    }
    lines
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

/// Rows that were not used as they came.
fn rows(observations: &Observations, by: &[String]) -> Vec<ConsoleLine> {
    let mut lines = Vec::new();
    let outside = observations.outside_rows;
    if outside > 0 {
        let text = format!("skipped {} out of range", count(outside, "row"));
        lines.push(ConsoleLine::Info(text));
    }
    let behind_quote = observations.doubtful_rows;
    let behind_quote =
        (behind_quote > 0).then(|| doubtful(behind_quote, "row", "a quote without an end"));
    let odd = row_problems(&observations.tally, Purpose::Learn);
    let taken = observations.observed_rows + outside;
    let unknown = unknown_values(&observations.tally, by, taken, &ADVICE);
    let without_value = by.iter().zip(&observations.without_value);
    let without_value = without_value.filter(|(_, &calls)| calls > 0);
    lines.extend(without_value.map(|(field, &calls)| {
        let of_all = count(observations.records.calls, "call");
        ConsoleLine::Note(format!(
            "no {field} in {calls} of {of_all}: it is `unknown` in their keys"
        ))
    }));
    let warnings = behind_quote.into_iter().chain(odd).chain(unknown);
    lines.extend(warnings.map(ConsoleLine::Warning));
    lines
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
    if !observations.is_empty() {
        return None;
    }
    let what = match observations.tally.rows {
        0 if wanted.callers != Callers::ROLES => "successful call by a role, a user or root",
        0 => "successful call by an assumed role",
        _ => "observation",
    };
    let place = match observations.range().is_bounded() {
        true => " in this range",
        false => "",
    };
    let covers = observations
        .covered()
        .map_or(String::new(), |(first, last)| {
            format!(
                " The input covers {} to {}.",
                first.human(&Utc),
                last.human(&Utc)
            )
        });
    let done = wanted.done;
    Some(ConsoleLine::Warning(format!(
        "no {what} was found{place}, so nothing was {done}.{covers}"
    )))
}
