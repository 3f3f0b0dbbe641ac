//! `detect`: the keys in the input that the baseline never saw before the activity window opened.
//!
//! Reads the baseline, never writes it. What is new is decided in `baseline`; here it is put together and shown.

use super::arguments;
use super::{result_of, CliError, Outcome, Wanted, World, ADVICE};
use crate::baseline::{Detector, Ticket, Verdicts};
use crate::baseline_file::{BaselineError, Stored};
use crate::input::Intent;
use crate::lookup::{schema, Clock, Tally};
use crate::messages::{count, flood, row_problems, Messages, Purpose};
use crate::observations::{DetailLevel, Observations, ObservedKey};
use crate::options::UnseenOptions;
use crate::report::{self, Format};
use chrono::TimeZone;
use clap::ArgMatches;

const WANTED: Wanted = Wanted {
    keep: DetailLevel::Context,
    intent: Intent::Judge,
    no_time: "judged by its key alone",
};

pub(super) fn run<Z: TimeZone>(
    matches: &ArgMatches,
    world: &mut World<'_, Z>,
) -> Result<Outcome, CliError> {
    let options = UnseenOptions::given(&arguments::typed_options(matches))?;
    schema::check_key_fields(&options.by)?;
    let path = arguments::typed_baseline(matches);
    let stored = Stored::read(&path, &options.by)?.ok_or(BaselineError::Missing { path })?;
    let observations = world.gather(matches, &options.by, WANTED)?;

    let as_of = options.as_of.moment(observations.newest(), world.now);
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
    let (verdicts, found) = judge(detector, &observations, clock)?;

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
        count(observations.count(), "observation"),
        count(verdicts.keys as u64, "key"),
        as_of.human(&world.zone),
        count(found.len() as u64, "key"),
        cutoffs.activity.human(&world.zone),
    );
    warnings
        .iter()
        .for_each(|warning| world.console().warn(warning));
    world.console().info(&summary);

    let format = Format::of(
        matches
            .get_one::<String>("format")
            .map_or("", String::as_str),
    );
    let is_found = !found.is_empty() && matches.get_flag("fail-if-found");
    let text = report::write(format, &options.by, &observations, &found);
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
    observations: &Observations,
    clock: Clock,
) -> Result<(Verdicts, Vec<ObservedKey<'_>>), CliError> {
    // What was only joined to a baseline is there to make its key known, and is reported under no key of the input.
    observations.feed_stored(clock.as_of, |keys, fact| {
        detector.feed(keys, fact);
    });
    let mut held: Vec<(Ticket, ObservedKey<'_>)> = Vec::new();
    for (key, observed) in observations.observed() {
        let ticket = detector.feed(&observations.row_keys(key), observed.fact());
        held.extend(ticket.map(|ticket| (ticket, (key, observed))));
    }
    let verdicts = detector.finish()?;
    held.retain(|&(ticket, _)| verdicts.is_reported(ticket));
    let mut new: Vec<_> = held.into_iter().map(|(_, held)| held).collect();
    new.sort_by_key(|(_, observed)| observed.sighting.first());
    Ok((verdicts, new))
}
