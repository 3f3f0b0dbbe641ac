//! `unseen`: detects. Rows in, the observations never seen before out, with every column they came with.
//!
//! Holds the rows that may have to go out as they came, byte for byte, and tells the user why nothing does. Which go out
//! is decided in `baseline`.

use super::{info, warn, BadRows, Range, World, REMEDIES};
use crate::baseline::{DetectCutoffs, DetectError, Detector, Held, Keys, Verdicts};
use crate::lookup::{Clock, Columns, Skip, Tally};
use crate::options::{Cutoffs, OptionError, UnseenOptions};
use crate::protocol::{Command, CommandError, Message, More};
use crate::rows::{Reader, Row};
use crate::telling::{count, flood, oddities, unknowns, Telling, TooManyKeys};
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
    range: Range,
    chunk: u64,
    tally: Tally,
    detector: Option<Detector>,
    held: HeldRows,
}

impl<Z: TimeZone + Copy> Unseen<Z> {
    pub(super) fn new(
        options: UnseenOptions,
        range: Range,
        rows_a_page: usize,
        world: World<Z>,
    ) -> Result<Self, OptionError> {
        let as_of = options.as_of.moment(range.latest, world.now);
        let cutoffs = options.windows.cutoffs(as_of, &world.zone)?;
        let detector = Detector::new(DetectCutoffs {
            window_opens: cutoffs.activity,
            forget: cutoffs.forget,
        });
        Ok(Self {
            cutoffs,
            clock: Clock {
                now: world.now,
                as_of,
            },
            zone: world.zone,
            range,
            chunk: 0,
            tally: Tally::new(options.by.len()),
            detector: Some(detector),
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
        let mut reader = Reader::new(body).map_err(no_csv)?;
        let header = reader.header().raw();
        let columns = Columns::bind(reader.header(), &self.options.by);
        let mut keys = Keys::default();
        while let Some(row) = reader.next_row().map_err(no_csv)? {
            let held = match columns.read(&row, self.clock, &mut keys) {
                Ok(reading) => {
                    self.tally.note(&reading, &keys);
                    detector.feed(&reading.fact(&keys))
                }
                Err(skip) => {
                    self.tally.skip(skip);
                    match skip {
                        Skip::TooManyKeys {
                            is_observation: true,
                        } => detector.feed_unjudged(),
                        _ => Held::No,
                    }
                }
            };
            if held == Held::Yes {
                self.held.push(header, &row);
            }
        }
        Ok(())
    }

    fn messages(&self, verdicts: &Verdicts) -> Vec<Message> {
        let census = &verdicts.census;
        let telling = Telling {
            windows: &self.options.windows,
            as_of: self.clock.as_of,
            zone: &self.zone,
        };
        let mut warnings = Vec::new();
        warnings.extend(telling.why_nothing(census, self.cutoffs.learning, &REMEDIES));
        warnings.extend(telling.staleness(census, &REMEDIES));
        warnings.extend(flood(verdicts, &REMEDIES));
        warnings.extend(unknowns(
            &self.tally,
            &self.options.by,
            census.observations,
            &REMEDIES,
        ));
        warnings.extend(oddities(&self.tally, TooManyKeys::Reported));
        warnings.extend(self.short_range());
        let summary = info(self.summary(verdicts));
        std::iter::once(summary)
            .chain(warnings.into_iter().map(warn))
            .collect()
    }

    fn summary(&self, verdicts: &Verdicts) -> String {
        format!(
            "unseen: {} of {} and {} came, as of {}; {} reported: never seen, or first seen after {}",
            count(verdicts.census.observations, "observation"),
            count(verdicts.keys as u64, "key"),
            count(verdicts.census.baseline_rows, "baseline row"),
            self.clock.as_of.human(&self.zone),
            verdicts.reported(),
            self.cutoffs.activity.human(&self.zone),
        )
    }

    fn short_range(&self) -> Option<String> {
        let earliest = self
            .range
            .earliest
            .filter(|&earliest| earliest > self.cutoffs.activity)?;
        Some(format!(
            "the search begins at {}, after the activity window opens at {}: events that arrive late may be missed",
            earliest.human(&self.zone),
            self.cutoffs.activity.human(&self.zone),
        ))
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
        self.held.keep(|ticket| verdicts.is_new(ticket));
        Ok(self.messages(&verdicts))
    }

    fn page(&mut self, out: &mut Vec<u8>) -> More {
        self.held.page(out)
    }
}

/// The rows that may have to go out, as they came, in the order of their tickets.
struct HeldRows {
    text: Vec<u8>,
    /// Where each row ends in `text`.
    ends: Vec<usize>,
    /// Each header, and the first ticket that came under it.
    headers: Vec<(usize, Vec<u8>)>,
    /// The tickets that go out and have not yet, last one first.
    waiting: Vec<usize>,
    rows_a_page: usize,
}

impl HeldRows {
    fn new(rows_a_page: usize) -> Self {
        Self {
            text: Vec::new(),
            ends: Vec::new(),
            headers: Vec::new(),
            waiting: Vec::new(),
            rows_a_page,
        }
    }

    fn push(&mut self, header: &[u8], row: &Row<'_, '_>) {
        if self.headers.last().is_none_or(|(_, last)| last != header) {
            self.headers.push((self.ends.len(), header.to_vec()));
        }
        self.text.extend_from_slice(row.raw());
        if !self.text.ends_with(b"\n") {
            self.text.push(b'\n');
        }
        self.ends.push(self.text.len());
    }

    fn keep(&mut self, goes_out: impl Fn(usize) -> bool) {
        self.waiting = (0..self.ends.len())
            .rev()
            .filter(|&ticket| goes_out(ticket))
            .collect();
    }

    /// Appends rows that share a header, and the header before them.
    fn page(&mut self, out: &mut Vec<u8>) -> More {
        let Some(&first) = self.waiting.last() else {
            return More::Nothing;
        };
        let header = self.header_of(first);
        out.extend_from_slice(&self.headers[header].1);
        for _ in 0..self.rows_a_page {
            match self.waiting.last() {
                Some(&ticket) if self.header_of(ticket) == header => {
                    let start = if ticket == 0 {
                        0
                    } else {
                        self.ends[ticket - 1]
                    };
                    out.extend_from_slice(&self.text[start..self.ends[ticket]]);
                    self.waiting.pop();
                }
                _ => break,
            }
        }
        match self.waiting.is_empty() {
            true => More::Nothing,
            false => More::Follows,
        }
    }

    fn header_of(&self, ticket: usize) -> usize {
        self.headers.partition_point(|&(first, _)| first <= ticket) - 1
    }
}
