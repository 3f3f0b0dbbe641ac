//! What `explain=true` adds to `unseen`: the explainer while rows come, then the columns behind those that a row came with.
//!
//! Knows what is wrong with a header that has such a column already; what is in the columns is decided in `baseline` and named in `lookup`.

use crate::baseline::{Explanations, PartOfBaseline, Ticket};
use crate::lookup::{write_ranking_cells, write_ranking_names};
use crate::rows::Writer;

/// The columns of the reported rows; empty, if only a part of the baseline came.
pub(super) struct Ranking(Result<Explanations, PartOfBaseline>);

impl Ranking {
    pub(super) fn new(explanations: Result<Explanations, PartOfBaseline>) -> Self {
        Self(explanations)
    }

    /// Why nothing is ranked, if so, and what to do.
    pub(super) fn warning(&self) -> Option<String> {
        let part = self.0.as_ref().err()?;
        Some(format!(
            "the baseline came in part, so nothing is ranked: {part}; append the whole lookup to the observations, as \
             `inputlookup append=true` does, and raise `max_rows_per_query` in limits.conf if it has more rows"
        ))
    }

    /// Appends a header, and behind it the names of the columns.
    pub(super) fn append_names(&self, header: &[u8], out: &mut Vec<u8>) {
        let mut writer = Writer::new(out);
        writer.cells_of(header);
        write_ranking_names(&mut writer);
        writer.end_row();
    }

    /// Appends a reported row, and behind it the cells of the columns.
    pub(super) fn append_cells(&self, row: &[u8], ticket: Ticket, out: &mut Vec<u8>) {
        let explanation = self.0.as_ref().ok().and_then(|of| of.of(ticket));
        let mut writer = Writer::new(out);
        writer.cells_of(row);
        write_ranking_cells(explanation, &mut writer);
        writer.end_row();
    }
}
