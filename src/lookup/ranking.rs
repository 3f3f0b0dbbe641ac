//! The columns of a ranking: what they are called, and what of an explanation each holds.
//!
//! Every value is a single one. Source: docs/surprise.md.

use crate::baseline::surprise::six_decimals;
use crate::baseline::Explanation;
use crate::rows::{Header, Writer};

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct RankingColumn {
    /// Its name.
    pub name: &'static str,
    /// Whether its cells, if not empty, are decimal numbers.
    pub is_number: bool,
    /// What it holds.
    pub cell: fn(&Explanation<'_>) -> String,
}

const fn number(name: &'static str, cell: fn(&Explanation<'_>) -> String) -> RankingColumn {
    RankingColumn {
        name,
        is_number: true,
        cell,
    }
}

const fn text(name: &'static str, cell: fn(&Explanation<'_>) -> String) -> RankingColumn {
    RankingColumn {
        name,
        is_number: false,
        cell,
    }
}

/// All of them, in the order in which they are written.
pub const RANKING: [RankingColumn; 10] = [
    number("surprise", |of| six_decimals(of.surprise())),
    text("reason", |of| of.reason()),
    number("surprise_peers", |of| six_decimals(of.terms.peers)),
    number("surprise_service", |of| six_decimals(of.terms.service)),
    number("surprise_rollout", |of| six_decimals(of.terms.rollout)),
    number("surprise_weight", |of| six_decimals(of.terms.weight)),
    text("novelty", |of| of.novelty().name().to_owned()),
    number("role_first_seen", |of| {
        of.role()
            .first_seen
            .map_or_else(String::new, |first| first.to_string())
    }),
    number("role_calls", |of| of.role().calls.to_string()),
    number("call_roles", |of| of.call_roles().to_string()),
];

/// The first of these columns that a header has already, alone or as a multivalue.
pub fn ranking_column_of(header: &Header<'_>) -> Option<&'static str> {
    let is_there = |name: &&str| header.column(name.as_bytes()).is_present();
    RANKING.iter().map(|column| column.name).find(is_there)
}

/// Writes the names of the columns behind what a row of names has already.
pub fn write_ranking_names(writer: &mut Writer<'_>) {
    for column in &RANKING {
        writer.cell(column.name.as_bytes());
    }
}

/// Writes the cells of an explanation, or empty ones if there is none, behind what a row has already.
pub fn write_ranking_cells(explanation: Option<Explanation<'_>>, writer: &mut Writer<'_>) {
    for column in &RANKING {
        let cell = explanation.as_ref().map(column.cell).unwrap_or_default();
        writer.cell(cell.as_bytes());
    }
}
