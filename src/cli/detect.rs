//! `detect`: the keys in the input that the baseline never saw before the activity window opened.
//!
//! Reads the baseline, never writes it. What is new is decided in `baseline`; here it is put together and shown.

use super::arguments::{self, Typed};
use super::baseline_file::{BaselineError, Stored};
use super::gathered::{Gathered, Keep, ObservedKey};
use super::input::BadTimes;
use super::keys;
use super::report::{self, Format};
use super::{result_of, CliError, Outcome, Wanted, World, REMEDIES};
use crate::baseline::{DetectCutoffs, Detector, Fact, Held, Keys, Verdicts};
use crate::lookup::{self, Clock, Tally};
use crate::options::UnseenOptions;
use crate::telling::{count, flood, oddities, Telling, TooManyKeys};
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
    lookup::check_key_fields(&options.by)?;
    let path = arguments::typed_baseline(matches);
    let stored = Stored::read(&path, &options.by)?.ok_or(BaselineError::Missing { path })?;
    let gathered = world.gather(matches, &options.by, WANTED)?;

    let as_of = options.as_of.moment(gathered.newest(), world.now);
    let cutoffs = options.windows.cutoffs(as_of, &world.zone)?;
    let mut tally = Tally::new(options.by.len());
    let mut detector = Detector::new(DetectCutoffs {
        window_opens: cutoffs.activity,
        forget: cutoffs.forget,
    });
    let clock = Clock {
        now: world.now,
        as_of,
    };
    stored.for_each(clock, false, &mut tally, |reading, keys| {
        detector.feed(&reading.fact(keys));
    })?;
    let (verdicts, found) = judge(detector, &gathered, clock)?;

    let telling = Telling {
        windows: &options.windows,
        as_of,
        zone: &world.zone,
    };
    let warnings: Vec<String> = telling
        .why_nothing(&verdicts.census, cutoffs.learning, &REMEDIES)
        .into_iter()
        .chain(telling.staleness(&verdicts.census, &REMEDIES))
        .chain(flood(&verdicts, &REMEDIES))
        .chain(oddities(&tally, TooManyKeys::LeftOut).map(|odd| format!("the baseline had {odd}")))
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
    // One entry a ticket; what was only joined to a baseline is there to make its key known, and is reported under none.
    let mut held: Vec<Option<ObservedKey<'_>>> = Vec::new();
    gathered.feed_said(clock.as_of, |fact| {
        if detector.feed(fact) == Held::Yes {
            held.push(None);
        }
    });
    let mut keys = Keys::default();
    for (key, observed) in gathered.observed() {
        keys::unpack_into(key, &mut keys);
        if detector.feed(&Fact {
            keys: &keys,
            own: Some(observed.own),
            said: None,
        }) == Held::Yes
        {
            held.push(Some((key, observed)));
        }
    }
    let verdicts = detector.finish()?;
    let is_new = |(ticket, held): (usize, Option<_>)| held.filter(|_| verdicts.is_new(ticket));
    let mut new: Vec<_> = held.into_iter().enumerate().filter_map(is_new).collect();
    new.sort_by_key(|(_, observed)| observed.own.first());
    Ok((verdicts, new))
}
