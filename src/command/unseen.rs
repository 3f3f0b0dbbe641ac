//! `unseen`: detects. Rows in, the observations never seen before out, with every column they came with.
//!
//! Holds the rows that may have to go out as they came, byte for byte, and gives the reason where nothing does. Which go out
//! is decided in `baseline`.

use super::held_rows::HeldRows;
use super::ranking::Ranking;
use super::{info, warn, BadRows, Surroundings, ADVICE};
use crate::baseline::{BaselineStats, Cutoffs, DetectError, Detector, Explainer, Verdicts};
use crate::lookup::{ranking_column_of, schema, Clock, FactReader, FactRow, Skip, Tally};
use crate::messages::{
    count, fields_without_a_value, flood, row_problems, unknown_values, Messages, Purpose,
};
use crate::options::{OptionError, UnseenOptions};
use crate::protocol::{Command, CommandError, Message, More};
use crate::time::Timestamp;
use chrono::TimeZone;
use thiserror::Error;

/// Why nothing was judged.
#[derive(Debug, Error)]
#[error("{0}; nothing was judged. Add lastTimeSeen to the OUTPUT of the lookup")]
struct NothingJudged(DetectError);

/// The command at work.
pub(super) struct Unseen<Z> {
    options: UnseenOptions,
    cutoffs: Cutoffs,
    clock: Clock,
    zone: Z,
    chunk: u64,
    tally: Tally,
    detector: Option<Detector>,
    /// With `explain=true` only, as is the ranking that it ends in.
    explainer: Option<Explainer>,
    ranking: Option<Ranking>,
    held: HeldRows,
}

impl<Z: TimeZone + Copy> Unseen<Z> {
    pub(super) fn new(
        options: UnseenOptions,
        latest: Option<Timestamp>,
        rows_a_page: usize,
        surroundings: Surroundings<Z>,
    ) -> Result<Self, OptionError> {
        let as_of = options.as_of.moment(latest, surroundings.now);
        let cutoffs = options.windows.cutoffs(as_of, &surroundings.zone)?;
        let (width, service_field) = (options.by.len(), schema::service_field(&options.by));
        let families = options.families;
        let explainer = || Explainer::new(cutoffs, service_field).with_families(families);
        Ok(Self {
            cutoffs,
            clock: Clock {
                now: surroundings.now,
                as_of,
                earliest: Cutoffs::AFTER_EPOCH,
            },
            zone: surroundings.zone,
            chunk: 0,
            tally: Tally::new(width),
            detector: Some(Detector::new(cutoffs)),
            explainer: options.explain.then(explainer),
            ranking: None,
            held: HeldRows::new(rows_a_page),
            options,
        })
    }

    fn judge(&mut self, body: &[u8]) -> Result<(), BadRows> {
        let Some(detector) = &mut self.detector else {
            return Ok(());
        };
        let chunk = self.chunk;
        let no_csv = |error| BadRows::NoCsv { chunk, error };
        let mut rows = FactReader::new(body, &self.options.by, self.clock).map_err(no_csv)?;
        let header = rows.header().raw();
        let taken = ranking_column_of(rows.header()).filter(|_| self.explainer.is_some());
        while let Some(FactRow {
            row, keys, reading, ..
        }) = rows.next(&mut self.tally).map_err(no_csv)?
        {
            let ticket = match reading {
                Ok(reading) => {
                    let ticket = detector.feed(keys, reading.fact);
                    if let Some(explainer) = &mut self.explainer {
                        explainer.feed(keys, reading.fact, ticket);
                    }
                    ticket
                }
                Err(Skip::TooManyKeys {
                    is_observation: true,
                }) => Some(detector.feed_unjudged()),
                Err(Skip::WholeBaseline(stored)) => {
                    detector.feed_whole_baseline(stored);
                    None
                }
                Err(_) => None,
            };
            if let Some(ticket) = ticket {
                if let Some(column) = taken {
                    return Err(BadRows::ColumnTaken { chunk, column });
                }
                self.held.push(ticket, header, &row);
            }
        }
        Ok(())
    }

    fn messages(&self, verdicts: &Verdicts) -> Vec<Message> {
        let stats = &verdicts.stats;
        let texts = Messages {
            windows: &self.options.windows,
            as_of: self.clock.as_of,
            zone: &self.zone,
        };
        let mut warnings = Vec::new();
        let misnamed = fields_without_a_value(&self.tally, &self.options.by);
        let why_nothing = || texts.why_nothing(stats, self.cutoffs.learning, &ADVICE);
        warnings.extend(misnamed.or_else(why_nothing));
        warnings.extend(texts.staleness(stats, &ADVICE));
        warnings.extend(flood(verdicts, &ADVICE));
        warnings.extend(unknown_values(
            &self.tally,
            &self.options.by,
            stats.observations,
            &ADVICE,
        ));
        warnings.extend(row_problems(&self.tally, Purpose::Detect));
        warnings.extend(self.ranking.as_ref().and_then(Ranking::warning));
        let summary = info(self.summary(verdicts));
        std::iter::once(summary)
            .chain(warnings.into_iter().map(warn))
            .collect()
    }

    fn summary(&self, verdicts: &Verdicts) -> String {
        format!(
            "unseen: {} of {} and {} came, as of {}; {} reported: never seen, or first seen after {}",
            count(verdicts.stats.observations, "observation"),
            count(verdicts.keys as u64, "key"),
            baseline_rows(&verdicts.stats),
            self.clock.as_of.human(&self.zone),
            verdicts.count(),
            self.cutoffs.activity.human(&self.zone),
        )
    }
}

/// How many rows of the baseline came, and whether one about all of it did.
fn baseline_rows(stats: &BaselineStats) -> String {
    let rows = count(stats.baseline_rows, "baseline row");
    match stats.whole_baseline_rows {
        0 => rows,
        1 => format!("{rows}, and one row about the whole baseline,"),
        several => format!("{rows}, and {several} rows about the whole baseline,"),
    }
}

impl<Z: TimeZone + Copy> Command for Unseen<Z> {
    fn take(&mut self, body: &[u8]) -> Result<(), CommandError> {
        self.chunk += 1;
        Ok(self.judge(body)?)
    }

    fn finish(&mut self) -> Result<Vec<Message>, CommandError> {
        let Some(detector) = self.detector.take() else {
            return Ok(Vec::new());
        };
        let verdicts = detector.finish().map_err(NothingJudged)?;
        self.held.keep(|ticket| verdicts.is_reported(ticket));
        let explainer = self.explainer.take();
        self.ranking = explainer.map(|explainer| Ranking::new(explainer.finish(&verdicts)));
        Ok(self.messages(&verdicts))
    }

    fn page(&mut self, out: &mut Vec<u8>) -> More {
        self.held.page(self.ranking.as_ref(), out)
    }
}
