//! `detect`: the keys in the input that the baseline never saw before the activity window opened.
//!
//! Reads the baseline, never writes it. What is new is decided in `baseline`; here it is put together and shown.

use super::typed;
use super::user_names::UserNames;
use super::{check_key_fields, CliError, Outcome, Wanted, World, ADVICE};
use crate::baseline::{Cutoffs, Detector, Maturity, Ticket, Verdicts};
use crate::baseline_file::{BaselineError, Stored};
use crate::cloudtrail::Callers;
use crate::input::Intent;
use crate::lookup::{Clock, Tally};
use crate::messages::{count, flood, row_problems, Messages, Purpose};
use crate::observations::{DetailLevel, Observations, ObservedKey};
use crate::options::UnseenOptions;
use crate::report::{self, visible, Format};
use chrono::Utc;
use clap::ArgMatches;

const WANTED: Wanted = Wanted {
    keep: DetailLevel::Context,
    intent: Intent::Judge,
    done: "checked",
    callers: Callers::ROLES,
    without_time: "checked by its key alone",
};

pub(super) fn run(matches: &ArgMatches, world: &mut World<'_>) -> Result<Outcome, CliError> {
    let options = UnseenOptions {
        as_of: typed::as_of(matches, world.now)?,
        ..UnseenOptions::given(&typed::options(matches))?
    };
    check_key_fields(&options.by)?;
    let stored = read_baseline(matches, &options.by)?;
    let input = world.gather(matches, &options.by, WANTED)?;
    let detection = Detection::run(&options, &stored, &input.observations, world)?;
    detection.names.expect(matches)?;
    detection.report(world);
    world.print(&detection.written(typed::format(matches)))?;
    let is_a_test = matches.get_flag("fail-if-found");
    let is_found = is_a_test && !detection.found.is_empty();
    let could_find = !is_a_test || detection.verdicts.stats.maturity() == Maturity::Mature;
    Ok(input.end(is_found, could_find, matches, world))
}

/// The baseline, which must have rows: without any, nothing can be found.
fn read_baseline(matches: &ArgMatches, by: &[String]) -> Result<Stored, CliError> {
    let path = typed::baseline(matches);
    match Stored::read(&path, by)? {
        None => Err(BaselineError::Missing { path }.into()),
        Some(stored) if stored.has_no_rows() => Err(CliError::NoRows(path)),
        Some(stored) => Ok(stored),
    }
}

/// What was found, and what there is to say of it.
struct Detection<'d> {
    options: &'d UnseenOptions,
    observations: &'d Observations,
    clock: Clock,
    cutoffs: Cutoffs,
    /// What was wrong with rows of the baseline.
    tally: Tally,
    names: UserNames,
    verdicts: Verdicts,
    /// The observed keys that are new, in the order of their first time and then of their values.
    found: Vec<ObservedKey<'d>>,
}

impl<'d> Detection<'d> {
    fn run(
        options: &'d UnseenOptions,
        stored: &Stored,
        observations: &'d Observations,
        world: &World<'_>,
    ) -> Result<Self, CliError> {
        let as_of = options.as_of.moment(observations.newest(), world.now);
        let clock = world.clock(as_of);
        let cutoffs = options.windows.cutoffs(as_of, &Utc)?;
        let mut detector = Detector::new(cutoffs);
        let (tally, names) = feed_baseline(stored, clock, &options.by, &mut detector)?;
        let (verdicts, found) = judge(detector, observations, clock)?;
        Ok(Self {
            options,
            observations,
            clock,
            cutoffs,
            tally,
            names,
            verdicts,
            found,
        })
    }

    fn written(&self, format: &str) -> Vec<u8> {
        let by = &self.options.by;
        report::write(Format::of(format), by, self.observations, &self.found)
    }

    /// Warnings, and the summary. Where nothing was observed, that is reported already.
    fn report(&self, world: &mut World<'_>) {
        let mut console = world.console();
        for warning in self.warnings() {
            console.warn(&warning);
        }
        if self.observations.count() > 0 {
            console.info(&self.summary());
        }
    }

    fn warnings(&self) -> Vec<String> {
        if self.observations.count() == 0 {
            // Windows then count from the wall clock, which says nothing of an archive.
            let is_learning = self.verdicts.stats.maturity() == Maturity::Learning;
            return is_learning
                .then(|| "the baseline is still learning".to_owned())
                .into_iter()
                .collect();
        }
        let texts = Messages {
            windows: &self.options.windows,
            as_of: self.clock.as_of,
            zone: &Utc,
        };
        let stats = &self.verdicts.stats;
        let odd = row_problems(&self.tally, Purpose::Learn);
        let why_nothing = texts.why_nothing(stats, self.cutoffs.learning, &ADVICE);
        let warnings = why_nothing
            .into_iter()
            .chain(texts.staleness(stats, &ADVICE))
            .chain(flood(&self.verdicts, &ADVICE))
            .chain(self.other_names())
            .chain(odd.map(|odd| format!("in the baseline: {odd}")));
        warnings.collect()
    }

    /// That the baseline names roles in another way than CloudTrail files, if it does.
    fn other_names(&self) -> Option<String> {
        let is_of_cloudtrail = self.observations.records.calls > 0;
        let theirs = self.names.without_account().filter(|_| is_of_cloudtrail)?;
        let (key, _) = *self.found.first()?;
        let ours = self.observations.values(key).nth(self.names.place()?)?;
        Some(format!(
            "the baseline names users as `{}`, CloudTrail files as `{}`, so every call is new to it: run `unseen learn` on CloudTrail files first",
            visible(theirs),
            visible(ours),
        ))
    }

    fn summary(&self) -> String {
        let is_default = self.options.by == ["user", "command"];
        format!(
            "{} checked as of {}: {} of {} reported: not in the baseline, or first seen in it after {}",
            count(self.observations.count(), "observation"),
            self.clock.as_of.human(&Utc),
            self.found.len(),
            count(self.verdicts.keys as u64, if is_default { "role/call pair" } else { "key" }),
            self.cutoffs.activity.human(&Utc),
        )
    }
}

/// Feeds every row of the baseline, and tells what was wrong with some, and how users are called there.
fn feed_baseline(
    stored: &Stored,
    clock: Clock,
    by: &[String],
    detector: &mut Detector,
) -> Result<(Tally, UserNames), BaselineError> {
    let (mut tally, mut names) = (Tally::new(by.len()), UserNames::of(by));
    stored.for_each(clock, &mut tally, |reading, keys| {
        names.note(keys);
        detector.feed(keys, reading.fact);
    })?;
    Ok((tally, names))
}

/// The verdicts, and the observed keys that are new.
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
