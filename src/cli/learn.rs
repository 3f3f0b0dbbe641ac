//! `learn`: merges what was read into the baseline file.
//!
//! The input is read first and the file is locked after, so that the lock is held for a moment. `latest` is the newest time in the
//! input or in the file, so that days may be learned in any order. Nothing is written unless everything went well.

use super::arguments;
use super::{CliError, Outcome, Wanted, World, ADVICE};
use crate::baseline::{Counts, Cutoffs, LearnError, Learned, Learner, Start};
use crate::baseline_file::{BaselineError, Locked, Stored};
use crate::input::Intent;
use crate::lookup::{schema, BaselineWriter, Clock, Tally};
use crate::messages::{change_counts, count, row_problems, Messages, Purpose};
use crate::observations::{DetailLevel, Observations, AS_OF_LATER};
use crate::options::{AsOf, SeenOptions};
use crate::time::Timestamp;
use chrono::TimeZone;
use clap::ArgMatches;

const WANTED: Wanted = Wanted {
    keep: DetailLevel::Times,
    intent: Intent::Learn,
    no_time: "not learned",
};

pub(super) fn run<Z: TimeZone>(
    matches: &ArgMatches,
    world: &mut World<'_, Z>,
) -> Result<Outcome, CliError> {
    let options = SeenOptions::given(&arguments::typed_options(matches))?;
    schema::check_key_fields(&options.by)?;
    let path = arguments::typed_baseline(matches);
    // A file that is no baseline is refused before hours are spent on reading.
    Stored::read(&path, &options.by)?;
    let observations = world.gather(matches, &options.by, WANTED)?;
    if observations.is_empty() {
        world.console().info(&format!(
            "there is nothing to learn; `{}` is as it was",
            path.display()
        ));
        return Ok(Outcome::Done);
    }
    let locked = Locked::wait(&path, |lock| {
        world.console().info(&format!(
            "waiting for another `unseen learn`, which holds `{}`",
            lock.display()
        ));
    })?;
    let stored = Stored::read(locked.path(), &options.by)?;
    let learning = Learning::new(&options, &observations, stored.as_ref(), world)?;
    let (learned, tally) = learning.learn()?;
    let text = written(&learned, &options.by);
    if !learning.stored.is_some_and(|stored| stored.is(&text)) {
        locked.replace(&text)?;
    }
    let texts = Messages {
        windows: &options.windows,
        as_of: learning.clock.as_of,
        zone: &world.zone,
    };
    let counts = learned.counts();
    let odd = row_problems(&tally, Purpose::Learn).map(|odd| format!("in the baseline: {odd}"));
    let thin = texts.thin_maturity(learned.maturity(), learned.oldest(), &counts, &ADVICE);
    let summary = format!(
        "`{}`: {}",
        path.display(),
        learning.summary(&learned, counts, &texts)
    );
    for warning in odd.into_iter().chain(thin) {
        world.console().warn(&warning);
    }
    world.console().info(&summary);
    Ok(Outcome::Done)
}

/// One run, with its input read.
struct Learning<'l> {
    width: usize,
    clock: Clock,
    cutoffs: Cutoffs,
    observations: &'l Observations,
    stored: Option<&'l Stored>,
}

impl<'l> Learning<'l> {
    fn new<Z: TimeZone>(
        options: &SeenOptions,
        observations: &'l Observations,
        stored: Option<&'l Stored>,
        world: &World<'_, Z>,
    ) -> Result<Self, CliError> {
        let mut newest = observations.newest();
        if let (AsOf::Latest, Some(stored)) = (options.as_of, stored) {
            newest = newest.max(newest_in(stored, options.by.len(), world.now)?);
        }
        let as_of = options.as_of.moment(newest, world.now);
        let cutoffs = options.windows.cutoffs(as_of, &world.zone)?;
        Ok(Self {
            width: options.by.len(),
            clock: Clock {
                now: world.now,
                as_of,
                earliest: Clock::FIRST_CALL,
            },
            cutoffs: Cutoffs {
                earliest: Clock::FIRST_CALL,
                ..cutoffs
            },
            observations,
            stored,
        })
    }

    fn learn(&self) -> Result<(Learned, Tally), CliError> {
        let mut learner = Learner::new(self.width, self.cutoffs);
        let mut tally = Tally::new(self.width);
        let mut start = Start::Allowed;
        if let Some(stored) = self.stored {
            if !stored.has_no_rows() {
                start = Start::Refused;
            }
            stored.for_each(self.clock, true, &mut tally, |reading, keys| {
                learner.feed(keys, reading.fact)
            })?;
        }
        self.observations
            .feed_stored(self.clock.as_of, |keys, fact| learner.feed(keys, fact));
        for (key, observed) in self.observations.observed() {
            learner.feed(&self.observations.row_keys(key), observed.fact());
        }
        let learned = learner
            .finish(start)
            .map_err(|error| match (error, self.stored) {
                (LearnError::NoBaseline { .. }, Some(stored)) => {
                    CliError::from(stored.no_baseline("none of its rows is about a key".into()))
                }
                _ => CliError::from(error),
            })?;
        Ok((learned, tally))
    }

    fn summary<Z: TimeZone>(
        &self,
        learned: &Learned,
        counts: Counts,
        texts: &Messages<'_, Z>,
    ) -> String {
        format!(
            "{} learned as of {}: {} in the baseline, {}; {}",
            count(self.observations.count(), "observation"),
            self.clock.as_of.human(texts.zone),
            count(counts.kept(), "key"),
            change_counts(&counts),
            texts.maturity(learned),
        )
    }
}

/// The newest last time in a baseline file; times that cannot be true do not count.
fn newest_in(
    stored: &Stored,
    width: usize,
    now: Timestamp,
) -> Result<Option<Timestamp>, BaselineError> {
    let clock = Clock {
        now,
        as_of: AS_OF_LATER,
        earliest: Clock::FIRST_CALL,
    };
    let mut newest = None;
    stored.for_each(clock, true, &mut Tally::new(width), |reading, _| {
        let last = reading
            .fact
            .stored
            .and_then(|stored| stored.sighting.last());
        newest = newest.max(last.filter(|&last| last != AS_OF_LATER));
    })?;
    Ok(newest)
}

/// The text of a baseline file: rows in the order of their keys, so that it does not depend on the order of learning.
fn written(learned: &Learned, by: &[String]) -> Vec<u8> {
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
