//! The words an analyst types behind `seen` and `unseen`: one table, its parser, and its renderings.
//!
//! [`table`] says what exists; `parse` turns tokens into settings and windows into cut-offs; [`render`] writes
//! `searchbnf.conf` and the README's table. The command line takes the same options through the same parser, so a name, a
//! default and an error are written once. Knows time modifiers; knows nothing of pipes, rows or baselines.

mod parse;
pub mod render;
pub mod table;

pub use parse::{AsOf, OptionError, SeenOptions, Token, UnseenOptions, Windows};
pub use table::SearchCommand;
