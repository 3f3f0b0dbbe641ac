//! The rows that may have to go out, as they came: text, ticket and header, and the pages that go out of them.
//!
//! Knows nothing of cells, but that some may be appended to a row. Rows of different headers never share a page, since a reply has one
//! header.

use super::ranking::Ranking;
use crate::baseline::Ticket;
use crate::protocol::More;
use crate::rows::Row;

/// Rows in the order in which they came.
pub(super) struct HeldRows {
    text: Vec<u8>,
    /// Where each row ends in `text`.
    ends: Vec<usize>,
    /// The ticket of each row.
    tickets: Vec<Ticket>,
    /// Each header, and the first row that came under it.
    headers: Vec<(usize, Vec<u8>)>,
    /// The rows that go out and have not yet, last one first.
    waiting: Vec<usize>,
    rows_a_page: usize,
}

impl HeldRows {
    pub(super) fn new(rows_a_page: usize) -> Self {
        Self {
            text: Vec::new(),
            ends: Vec::new(),
            tickets: Vec::new(),
            headers: Vec::new(),
            waiting: Vec::new(),
            rows_a_page,
        }
    }

    /// Holds a row until its ticket is called.
    pub(super) fn push(&mut self, ticket: Ticket, header: &[u8], row: &Row<'_, '_>) {
        if self.headers.last().is_none_or(|(_, last)| last != header) {
            self.headers.push((self.ends.len(), header.to_vec()));
        }
        self.text.extend_from_slice(row.raw());
        if !self.text.ends_with(b"\n") {
            self.text.push(b'\n');
        }
        self.ends.push(self.text.len());
        self.tickets.push(ticket);
    }

    /// Keeps the rows that go out.
    pub(super) fn keep(&mut self, goes_out: impl Fn(Ticket) -> bool) {
        let rows = self.tickets.iter().enumerate().rev();
        self.waiting = rows
            .filter(|(_, &ticket)| goes_out(ticket))
            .map(|(row, _)| row)
            .collect();
    }

    /// Appends rows that share a header, and the header before them, each with what the ranking has to add.
    pub(super) fn page(&mut self, ranking: Option<&Ranking>, out: &mut Vec<u8>) -> More {
        let Some(&first) = self.waiting.last() else {
            return More::Nothing;
        };
        let header = self.header_of(first);
        match ranking {
            None => out.extend_from_slice(&self.headers[header].1),
            Some(ranking) => ranking.append_names(&self.headers[header].1, out),
        }
        for _ in 0..self.rows_a_page {
            match self.waiting.last() {
                Some(&row) if self.header_of(row) == header => {
                    match ranking {
                        None => out.extend_from_slice(self.text_of(row)),
                        Some(ranking) => {
                            ranking.append_cells(self.text_of(row), self.tickets[row], out)
                        }
                    }
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

    fn text_of(&self, row: usize) -> &[u8] {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[row]]
    }

    fn header_of(&self, row: usize) -> usize {
        self.headers.partition_point(|&(first, _)| first <= row) - 1
    }
}
