//! `detect`: the keys in the input that the baseline never saw before the activity window opened.
//!
//! Reads the baseline, never writes it. What is new is decided in `baseline`; here it is put together and shown.

use super::arguments::{self, Typed};
use super::baseline_file::{BaselineError, Stored};
use super::gathered::{Gathered, Keep, ObservedKey};
use super::input::BadTimes;
use super::keys;
use super::report::{self, Format};
use super::{result_of, CliError, Outcome, Wanted, World, ADVICE};
use crate::baseline::{Detector, Ticket, Verdicts};
use crate::keys::RowKeys;
use crate::lookup::{schema, Clock, Tally};
use crate::messages::{count, flood, row_problems, Messages, Purpose};
use crate::options::UnseenOptions;
use chrono::TimeZone;
use clap::ArgMatches;

const WANTED: Wanted = Wanted {
    keep: Keep::Context,
    bad_times: BadTimes::Count,
    no_time: "judged by its key alone",
};

pub(super) fn run<Z: TimeZone>(
    matches: &ArgMatches,
    world: &mut World<'_, Z>,
) -> Result<Outcome, CliError> {
    let typed = Typed::of(matches);
    let options = UnseenOptions::parse(&typed.tokens())?;
    schema::check_key_fields(&options.by)?;
    let path = arguments::typed_baseline(matches);
    let stored = Stored::read(&path, &options.by)?.ok_or(BaselineError::Missing { path })?;
    let gathered = world.gather(matches, &options.by, WANTED)?;

    let as_of = options.as_of.moment(gathered.newest(), world.now);
    let cutoffs = options.windows.cutoffs(as_of, &world.zone)?;
    let mut tally = Tally::new(options.by.len());
    let mut detector = Detector::new(cutoffs);
    let clock = Clock {
        now: world.now,
        as_of,
        earliest: Clock::FIRST_CALL,
    };
    stored.for_each(clock, false, &mut tally, |reading, keys| {
        detector.feed(keys, reading.fact);
    })?;
    let (verdicts, found) = judge(detector, &gathered, clock)?;

    let texts = Messages {
        windows: &options.windows,
        as_of,
        zone: &world.zone,
    };
    let warnings: Vec<String> = texts
        .why_nothing(&verdicts.stats, cutoffs.learning, &ADVICE)
        .into_iter()
        .chain(texts.staleness(&verdicts.stats, &ADVICE))
        .chain(flood(&verdicts, &ADVICE))
        .chain(row_problems(&tally, Purpose::Learn).map(|odd| format!("in the baseline: {odd}")))
        .collect();
    let summary = format!(
        "{} of {} judged as of {}; {} reported, first seen after {}",
        count(gathered.observations(), "observation"),
        count(verdicts.keys as u64, "key"),
        as_of.human(&world.zone),
        count(found.len() as u64, "key"),
        cutoffs.activity.human(&world.zone),
    );
    warnings
        .iter()
        .for_each(|warning| world.notes().warn(warning));
    world.notes().info(&summary);

    let format = Format::of(
        matches
            .get_one::<String>("format")
            .map_or("", String::as_str),
    );
    let is_found = !found.is_empty() && matches.get_flag("fail-if-found");
    let text = report::write(format, &options.by, found);
    result_of(
        world
            .stdout
            .write_all(&text)
            .and_then(|()| world.stdout.flush()),
    )?;
    Ok(if is_found {
        Outcome::Found
    } else {
        Outcome::Done
    })
}

/// The verdicts, and the observed keys that are new, in the order of their first time and then of their values.
fn judge(
    mut detector: Detector,
    gathered: &Gathered,
    clock: Clock,
) -> Result<(Verdicts, Vec<ObservedKey<'_>>), CliError> {
    // What was only joined to a baseline is there to make its key known, and is reported under no key of the input.
    gathered.feed_stored(clock.as_of, |keys, fact| {
        detector.feed(keys, fact);
    });
    let mut held: Vec<(Ticket, ObservedKey<'_>)> = Vec::new();
    let mut keys = RowKeys::default();
    for (key, observed) in gathered.observed() {
        keys::unpack_into(key, &mut keys);
        let ticket = detector.feed(&keys, observed.fact());
        held.extend(ticket.map(|ticket| (ticket, (key, observed))));
    }
    let verdicts = detector.finish()?;
    held.retain(|&(ticket, _)| verdicts.is_reported(ticket));
    let mut new: Vec<_> = held.into_iter().map(|(_, held)| held).collect();
    new.sort_by_key(|(_, observed)| observed.own.first());
    Ok((verdicts, new))
}
