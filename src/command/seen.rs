//! `seen`: learns. Rows in, the next baseline out, or an error and no row at all.
//!
//! Decides when rows go out and which messages go with them; what is learned is decided in `baseline`.

use super::page_worker::PageWorker;
use super::{info, warn, BadRows, Surroundings, ADVICE};
use crate::baseline::{Change, Counts, Cutoffs, LearnError, Learned, LearnedRow, Learner, Start};
use crate::lookup::{BaselineWriter, Clock, FactReader, Tally};
use crate::messages::{
    change_counts, count, fields_without_a_value, nothing_observed, row_problems, unknown_values,
    Messages, Purpose,
};
use crate::options::{OptionError, SeenOptions};
use crate::protocol::{Command, CommandError, Message, More};
use crate::time::Timestamp;
use chrono::TimeZone;
use thiserror::Error;

/// Why nothing was learned.
#[derive(Debug, Error)]
enum NothingLearned {
    #[error("{0}; nothing was learned. Does the lookup answer? If there is no baseline yet, run the Initial search, the one with `start=true`")]
    NoBaseline(LearnError),
    #[error("{0} Nothing was learned")]
    NoSuchField(String),
    #[error("{0}; nothing was learned. Add lastTimeSeen to the OUTPUT of the lookup")]
    JoinedWithoutLast(LearnError),
}

impl From<LearnError> for NothingLearned {
    fn from(error: LearnError) -> Self {
        match error {
            LearnError::NoBaseline { .. } => Self::NoBaseline(error),
            LearnError::JoinedWithoutLast { .. } => Self::JoinedWithoutLast(error),
        }
    }
}

/// The command at work.
pub(super) struct Seen<Z> {
    options: SeenOptions,
    clock: Clock,
    zone: Z,
    rows_a_page: usize,
    chunk: u64,
    tally: Tally,
    stage: Stage,
}

/// Rows come in, then they go out.
enum Stage {
    Learning(Box<Learner>),
    Writing(PageWorker),
    Done,
}

impl<Z: TimeZone + Copy> Seen<Z> {
    pub(super) fn new(
        options: SeenOptions,
        latest: Option<Timestamp>,
        rows_a_page: usize,
        surroundings: Surroundings<Z>,
    ) -> Result<Self, OptionError> {
        let as_of = options.as_of.moment(latest, surroundings.now);
        let cutoffs = options.windows.cutoffs(as_of, &surroundings.zone)?;
        let width = options.by.len();
        let learner = Learner::new(width, cutoffs);
        Ok(Self {
            options,
            clock: Clock {
                now: surroundings.now,
                as_of,
                earliest: Cutoffs::AFTER_EPOCH,
            },
            zone: surroundings.zone,
            rows_a_page,
            chunk: 0,
            tally: Tally::new(width),
            stage: Stage::Learning(Box::new(learner)),
        })
    }

    fn learn(&mut self, body: &[u8]) -> Result<(), BadRows> {
        let Stage::Learning(learner) = &mut self.stage else {
            return Ok(());
        };
        let chunk = self.chunk;
        let no_csv = |error| BadRows::NoCsv { chunk, error };
        let mut rows = FactReader::new(body, &self.options.by, self.clock).map_err(no_csv)?;
        while let Some(row) = rows.next(&mut self.tally).map_err(no_csv)? {
            if let Some(error) = row.not_a_time() {
                return Err(BadRows::NoTime { chunk, error });
            }
            if let Ok(reading) = row.reading {
                learner.feed(row.keys, reading.fact);
            }
        }
        Ok(())
    }

    /// What appends the next page to a buffer: a header, and the rows that go out.
    fn pages(&self, learned: Learned) -> impl FnMut(&mut Vec<u8>) -> More + Send + 'static {
        let (changes, rows_a_page) = (self.options.changes, self.rows_a_page);
        let goes_out = move |row: &LearnedRow| !changes || row.change != Change::Unchanged;
        let mut writer = BaselineWriter::new(&self.options.by);
        let mut next = 0;
        move |out| {
            writer.header(out);
            let mut rows = learned.rows_from(next).filter(goes_out);
            for row in rows.by_ref().take(rows_a_page) {
                writer.row(learned.key(row), row.sighting, learned.maturity(), out);
            }
            match rows.next() {
                Some(row) => {
                    next = row.position();
                    More::Follows
                }
                None => More::Nothing,
            }
        }
    }

    fn messages(&self, learned: &Learned) -> Vec<Message> {
        let counts = learned.counts();
        let mut messages = vec![info(self.summary(learned, counts))];
        let thin =
            self.texts()
                .thin_maturity(learned.maturity(), learned.oldest(), &counts, &ADVICE);
        let nothing = nothing_observed(learned.observations).map(String::from);
        let problems = row_problems(&self.tally, Purpose::Learn);
        let unknown = unknown_values(&self.tally, &self.options.by, learned.observations, &ADVICE);
        let warnings = nothing
            .into_iter()
            .chain(thin)
            .chain(problems)
            .chain(unknown);
        messages.extend(warnings.map(warn));
        messages
    }

    fn summary(&self, learned: &Learned, counts: Counts) -> String {
        let out = match self.options.changes {
            true => counts.new + counts.changed,
            false => counts.kept(),
        };
        format!(
            "seen: {} and {} came, as of {}; {} out: {}; {}",
            count(learned.observations, "observation"),
            count(learned.baseline_rows, "baseline row"),
            self.clock.as_of.human(&self.zone),
            count(out, "row"),
            change_counts(&counts),
            self.texts().maturity(learned),
        )
    }

    fn texts(&self) -> Messages<'_, Z> {
        Messages {
            windows: &self.options.windows,
            as_of: self.clock.as_of,
            zone: &self.zone,
        }
    }
}

impl<Z: TimeZone + Copy> Command for Seen<Z> {
    fn take(&mut self, body: &[u8]) -> Result<(), CommandError> {
        self.chunk += 1;
        Ok(self.learn(body)?)
    }

    fn finish(&mut self) -> Result<Vec<Message>, CommandError> {
        let Stage::Learning(learner) = std::mem::replace(&mut self.stage, Stage::Done) else {
            return Ok(Vec::new());
        };
        let start = if self.options.start {
            Start::Allowed
        } else {
            Start::Refused
        };
        if let Some(misnamed) = fields_without_a_value(&self.tally, &self.options.by) {
            return Err(NothingLearned::NoSuchField(misnamed).into());
        }
        let learned = learner.finish(start).map_err(NothingLearned::from)?;
        let messages = self.messages(&learned);
        self.stage = Stage::Writing(PageWorker::new(self.pages(learned)));
        Ok(messages)
    }

    fn page(&mut self, out: &mut Vec<u8>) -> More {
        let Stage::Writing(pages) = &mut self.stage else {
            return More::Nothing;
        };
        let more = pages.next(out);
        if more == More::Nothing {
            self.stage = Stage::Done;
        }
        more
    }
}
