//! What goes in (section 1 of docs/surprise.md), by name.

use std::collections::BTreeMap;
use unseen::time::{Timestamp, DAY};

/// Day 0 of the worked examples: 2022-01-08, 19,000 days after the epoch.
const DAY_0: i64 = 19_000;

/// The time that many days after day 0.
pub(crate) fn day(days: f64) -> Timestamp {
    Timestamp(((DAY_0 as f64 + days) * DAY as f64) as i64)
}

/// A baseline row.
#[derive(Clone, Debug)]
pub(crate) struct StoredRow {
    pub(crate) role: String,
    pub(crate) call: String,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

/// Everything a run is given.
#[derive(Clone, Debug)]
pub(crate) struct RankInput {
    /// C.
    pub(crate) window_opens: Timestamp,
    /// F.
    pub(crate) forget: Option<Timestamp>,
    pub(crate) rows: Vec<StoredRow>,
    /// Role and call, known or not.
    pub(crate) observed: Vec<(String, String)>,
    /// Each role that has a family, and the family.
    pub(crate) families: BTreeMap<String, String>,
}

impl RankInput {
    /// A input whose window opens on day 99, and which forgets what was last seen on day 10.
    pub(crate) fn empty() -> Self {
        Self {
            window_opens: day(99.0),
            forget: Some(day(10.0)),
            rows: Vec::new(),
            observed: Vec::new(),
            families: BTreeMap::new(),
        }
    }

    /// Adds a baseline row last seen on day 98.
    pub(crate) fn known(mut self, role: &str, call: &str, first: f64) -> Self {
        self.rows.push(StoredRow {
            role: role.to_owned(),
            call: call.to_owned(),
            first: day(first),
            last: day(98.0),
        });
        self
    }

    /// Adds an observation.
    pub(crate) fn observed(mut self, role: &str, call: &str) -> Self {
        self.observed.push((role.to_owned(), call.to_owned()));
        self
    }

    /// The rows that are not forgotten.
    pub(crate) fn live(&self) -> impl Iterator<Item = &StoredRow> {
        let is_live = |row: &&StoredRow| self.forget.is_none_or(|forget| row.last > forget);
        self.rows.iter().filter(is_live)
    }
}
