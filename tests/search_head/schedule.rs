//! What splunkd writes of scheduled runs: `index=_internal sourcetype=scheduler`.
//!
//! Only the fields that the shipped searches read. Inferred: that `_time` is the
//! time of the run (splunkd writes the line when the run has ended), that `app` is the app that holds the search, and that the
//! line of a run that failed names the search in `savedsearch_id` and has no `status` (seen so in public reports).

use super::row::Row;

#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) search: String,
    pub(crate) sid: String,
    /// Epoch seconds.
    pub(crate) at: i64,
    pub(crate) ended: Ended,
}

#[derive(Debug)]
pub(crate) enum Ended {
    Success {
        results: usize,
        /// The alert actions that ran, as the log lists them.
        actions: String,
        /// In seconds.
        run_time: i64,
    },
    Error(String),
}

impl Logged {
    pub(crate) fn raw(&self) -> Row {
        let at = self.at.to_string();
        let mut row = Row::of(&[
            ("index", "_internal"),
            ("sourcetype", "scheduler"),
            ("_time", &at),
            ("_indextime", &at),
        ]);
        let fields = match &self.ended {
            Ended::Success {
                results,
                actions,
                run_time,
            } => vec![
                ("app", "unseen".to_string()),
                ("savedsearch_name", self.search.clone()),
                ("sid", self.sid.clone()),
                ("status", "success".to_string()),
                ("result_count", results.to_string()),
                ("alert_actions", actions.clone()),
                ("run_time", run_time.to_string()),
            ],
            Ended::Error(message) => vec![
                ("log_level", "ERROR".to_string()),
                ("savedsearch_id", format!("nobody;unseen;{}", self.search)),
                ("message", message.clone()),
            ],
        };
        for (field, value) in fields {
            row.set(field, vec![value]);
        }
        row
    }
}
