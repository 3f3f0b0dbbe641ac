//! The lookup: rows of a search or of a baseline to facts about keys, and back.
//!
//! | file | owns |
//! | --- | --- |
//! | `schema` | the columns: the one table of their names, and who needs and who writes them |
//! | `read` | what the cells of a row mean: observed times, stored times, the flag |
//! | `facts` | the loop over the rows of a body |
//! | `cell` | how a cell that cannot be used is named |
//! | `tally` | rows that were skipped or corrected, by reason |
//! | `clock` | which times can be true |
//! | `row_key` | `_key`, the name of a key's row |
//! | `write` | the rows of the next baseline |
//! | `ranking` | the columns that say how surprising a row is, and why |
//!
//! Decides nothing about novelty or learning. Sources: the field names are those of Splunk's ESCU lookup
//! `previously_seen_cloud_api_calls_per_user_role`; that a KV store returns numbers as doubles, hence `1.0`, and several matching rows
//! as a multivalue, is from Splunk's documentation.

mod cache;
mod cell;
mod clock;
mod facts;
mod ranking;
mod read;
mod row_key;
pub mod schema;
mod tally;
mod write;

pub use cell::{NotATimeIn, TimeCell};
pub use clock::{BrokenTime, Clock};
pub use facts::{FactReader, FactRow};
pub use ranking::{
    ranking_column_of, write_ranking_cells, write_ranking_names, RankingColumn, RANKING,
};
pub use read::{Columns, Reading, Skip, TimeColumn};
pub use row_key::row_key;
pub use tally::{CountedRows, Tally, UNKNOWN};
pub use write::BaselineWriter;
