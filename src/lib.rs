//! Unseen finds cloud API calls by roles that never made them before.
//!
//! One engine with two doors: a search command inside Splunk, and a command line on CloudTrail files. The rooms, lowest first:
//!
//! - [`time`]: timestamps, and Splunk's time modifiers such as `-24h@h`.
//! - [`rows`]: the CSV dialect of splunkd. Cells, not meanings.
//! - [`protocol`]: Splunk's chunked search command protocol. Frames and lockstep, not rows.
//! - [`baseline`]: the rules of learning and detecting. Facts in, verdicts out; no I/O, no clock, no text format.
//! - [`options`]: the words an analyst types, in one table, and its renderings.
//! - [`lookup`]: columns to facts about keys and back: the one place that knows the lookup's column names.
//! - [`cloudtrail`]: CloudTrail records to facts about keys.
//! - [`telling`]: what a run tells its user about rows and baseline, in the words that both doors share.
//! - [`command`]: the search commands `seen` and `unseen`, where pipe and rules meet.
//! - [`cli`]: the verbs `learn`, `detect` and `replay`, where files and rules meet.
//!
//! Arrows: `baseline` and `options` use `time`; `lookup` uses `rows`, `baseline` and `time`; `cloudtrail` uses `time`; `telling` uses
//! `options`, `lookup`, `baseline` and `time`; `command` uses all of these but `cloudtrail`, and `protocol`; `cli` all but `protocol` and
//! `command`; `time`, `rows` and `protocol` use nothing. `tests/architecture.rs` fails on any other.

pub mod baseline;
pub mod cli;
pub mod cloudtrail;
pub mod command;
pub mod lookup;
pub mod options;
pub mod protocol;
pub mod rows;
pub mod telling;
pub mod time;
