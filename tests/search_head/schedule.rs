//! What the scheduler writes of its runs: `index=_internal sourcetype=scheduler`.
//!
//! Only runs that succeeded are here, and only the fields that the shipped searches read. Inferred: that `_time` is the
//! time of the run (splunkd writes the line when the run has ended), and that `app` is the app that holds the search.

use super::row::Row;

#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) search: String,
    /// Epoch seconds.
    pub(crate) at: i64,
    pub(crate) results: usize,
}

impl Logged {
    pub(crate) fn raw(&self) -> Row {
        let at = self.at.to_string();
        Row::of(&[
            ("index", "_internal"),
            ("sourcetype", "scheduler"),
            ("_time", &at),
            ("_indextime", &at),
            ("app", "unseen"),
            ("savedsearch_name", &self.search),
            ("status", "success"),
            ("result_count", &self.results.to_string()),
        ])
    }
}
