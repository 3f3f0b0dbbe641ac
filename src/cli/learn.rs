//! `learn`: merges what was read into the baseline file.
//!
//! The input is read first and the file is locked after, so that the lock is held for a moment. `latest` is the newest time in the
//! input or in the file, so that days may be learned in any order. Nothing is written after an error.

use super::typed;
use super::{check_key_fields, CliError, Outcome, ReadInput, Wanted, World, ADVICE};
use crate::baseline::{Counts, Cutoffs, LearnError, Learned, Learner, Start};
use crate::baseline_file::{BaselineError, Locked, Stored};
use crate::cloudtrail::Callers;
use crate::input::Intent;
use crate::lookup::{BaselineWriter, Clock, Tally};
use crate::messages::{change_counts, count, row_problems, Messages, Purpose};
use crate::observations::{DetailLevel, Observations, AS_OF_LATER};
use crate::options::{AsOf, OptionError, SeenOptions, Windows};
use crate::time::Timestamp;
use chrono::Utc;
use clap::ArgMatches;
use std::path::Path;
use std::time::Duration;

const WANTED: Wanted = Wanted {
    keep: DetailLevel::Times,
    intent: Intent::Learn,
    done: "learned",
    callers: Callers::ROLES,
    without_time: "not learned",
};

pub(super) fn run(matches: &ArgMatches, world: &mut World<'_>) -> Result<Outcome, CliError> {
    let options = SeenOptions {
        as_of: typed::as_of(matches, world.now)?,
        ..SeenOptions::given(&typed::options(matches))?
    };
    check_key_fields(&options.by)?;
    let path = typed::baseline(matches);
    // A file that is no baseline, or cannot be written, is refused before hours are spent on reading.
    Stored::read(&path, &options.by)?;
    Locked::check(&path)?;
    let input = world.gather(matches, &options.by, WANTED)?;
    if let Some(unrecognised) = input.unrecognised {
        return Err(CliError::Unrecognised(unrecognised));
    }
    match input.observations.is_empty() {
        true => world
            .console()
            .info(&format!("`{}` is as it was", path.display())),
        false => learn_into_file(matches, &options, &input, world)?,
    }
    Ok(input.end(false, true, matches, world))
}

fn learn_into_file(
    matches: &ArgMatches,
    options: &SeenOptions,
    input: &ReadInput,
    world: &mut World<'_>,
) -> Result<(), CliError> {
    let path = typed::baseline(matches);
    let locked = lock(&path, typed::lock_timeout(matches), world)?;
    let stored = Stored::read(locked.path(), &options.by)?;
    let learning = Learning::new(options, &input.observations, stored.as_ref(), world)?;
    let (learned, tally) = learning.learn()?;
    if learning.would_empty(&learned) && !matches.get_flag("allow-empty") {
        return Err(CliError::WouldBeEmpty(path));
    }
    let text = written(&learned, &options.by);
    if learning.must_write(&learned, &text) {
        locked.replace(&text)?;
    }
    let before = format!("`{}`: ", path.display());
    learning.report(&learned, &tally, &before, world);
    Ok(())
}

pub(super) fn lock(
    path: &Path,
    limit: Duration,
    world: &mut World<'_>,
) -> Result<Locked, BaselineError> {
    Locked::wait(path, limit, |lock| {
        let lock = lock.display();
        let text = format!("waiting for another `unseen learn`, which holds `{lock}`");
        world.console().info(&text);
    })
}

/// One run, with its input read.
struct Learning<'l> {
    options: &'l SeenOptions,
    clock: Clock,
    cutoffs: Cutoffs,
    observations: &'l Observations,
    stored: Option<&'l Stored>,
}

impl<'l> Learning<'l> {
    fn new(
        options: &'l SeenOptions,
        observations: &'l Observations,
        stored: Option<&'l Stored>,
        world: &World<'_>,
    ) -> Result<Self, CliError> {
        let mut newest = observations.newest();
        if let (AsOf::Latest, Some(stored)) = (options.as_of, stored) {
            let clock = world.clock(AS_OF_LATER);
            newest = newest.max(newest_in(stored, options.by.len(), clock)?);
        }
        let as_of = options.as_of.moment(newest, world.now);
        Ok(Self {
            options,
            clock: world.clock(as_of),
            cutoffs: cutoffs(&options.windows, as_of)?,
            observations,
            stored,
        })
    }

    /// Whether there was a baseline with rows.
    fn has_rows(&self) -> bool {
        self.stored.is_some_and(|stored| !stored.has_no_rows())
    }

    /// Whether a baseline that has rows would become one that has none.
    fn would_empty(&self, learned: &Learned) -> bool {
        self.has_rows() && is_empty(learned)
    }

    /// Whether the file has to change. Where there is none, an empty one would only seem to be a baseline.
    fn must_write(&self, learned: &Learned, text: &[u8]) -> bool {
        match self.stored {
            Some(stored) => !stored.is(text),
            None => !is_empty(learned),
        }
    }

    fn learn(&self) -> Result<(Learned, Tally), CliError> {
        let mut learner = Learner::new(self.options.by.len(), self.cutoffs);
        let mut tally = Tally::new(self.options.by.len());
        if let Some(stored) = self.stored {
            stored.for_each(self.clock, &mut tally, |reading, keys| {
                learner.feed(keys, reading.fact)
            })?;
        }
        self.observations
            .feed_stored(self.clock.as_of, |keys, fact| learner.feed(keys, fact));
        for (key, observed) in self.observations.observed() {
            learner.feed(&self.observations.row_keys(key), observed.fact());
        }
        let start = match self.has_rows() {
            true => Start::Refused,
            false => Start::Allowed,
        };
        let learned = learner.finish(start);
        Ok((learned.map_err(|error| self.not_learned(error))?, tally))
    }

    /// A baseline whose rows are all unusable is none.
    fn not_learned(&self, error: LearnError) -> CliError {
        match (error, self.stored) {
            (LearnError::NoBaseline { .. }, Some(stored)) => {
                CliError::from(stored.no_baseline("none of its rows is about a key".into()))
            }
            _ => CliError::from(error),
        }
    }

    fn report(&self, learned: &Learned, tally: &Tally, before: &str, world: &mut World<'_>) {
        let texts = Messages {
            windows: &self.options.windows,
            as_of: self.clock.as_of,
            zone: &Utc,
        };
        let counts = learned.counts();
        let odd = row_problems(tally, Purpose::Learn).map(|odd| format!("in the baseline: {odd}"));
        let thin = texts.thin_maturity(learned.maturity(), learned.oldest(), &counts, &ADVICE);
        let mut console = world.console();
        let warnings = odd.into_iter().chain(thin);
        warnings.for_each(|warning| console.warn(&warning));
        let summary = self.summary(learned, counts, &texts);
        console.info(&format!("{before}{summary}"));
    }

    fn summary(&self, learned: &Learned, counts: Counts, texts: &Messages<'_, Utc>) -> String {
        format!(
            "{} learned as of {}: {} in the baseline, {}; {}",
            count(self.observations.count(), "observation"),
            self.clock.as_of.human(&Utc),
            count(counts.kept(), "key"),
            change_counts(&counts),
            texts.maturity(learned),
        )
    }
}

/// A first time before the first call makes no baseline mature.
pub(super) fn cutoffs(windows: &Windows, as_of: Timestamp) -> Result<Cutoffs, OptionError> {
    Ok(Cutoffs {
        earliest: Clock::FIRST_CALL,
        ..windows.cutoffs(as_of, &Utc)?
    })
}

fn is_empty(learned: &Learned) -> bool {
    learned.rows().next().is_none()
}

/// The newest last time in a baseline file; times that cannot be true do not count.
fn newest_in(
    stored: &Stored,
    width: usize,
    clock: Clock,
) -> Result<Option<Timestamp>, BaselineError> {
    let mut newest = None;
    stored.for_each(clock, &mut Tally::new(width), |reading, _| {
        let last = reading
            .fact
            .stored
            .and_then(|stored| stored.sighting.last());
        newest = newest.max(last.filter(|&last| last != AS_OF_LATER));
    })?;
    Ok(newest)
}

/// The text of a baseline file: rows in the order of their keys, so that it does not depend on the order of learning.
pub(super) fn written(learned: &Learned, by: &[String]) -> Vec<u8> {
    let mut rows: Vec<_> = learned.rows().collect();
    let key = |row| learned.key(row).map(|value| value.text);
    rows.sort_unstable_by(|&one, &other| key(one).cmp(key(other)));
    let mut text = Vec::new();
    let mut writer = BaselineWriter::new(by);
    writer.header(&mut text);
    for row in rows {
        writer.row(
            learned.key(row),
            row.sighting,
            learned.maturity(),
            &mut text,
        );
    }
    text
}
