//! Unseen finds cloud API calls by roles that never made them before.
//!
//! One engine, used by a search command inside Splunk and by a command line on CloudTrail files. The modules, lowest first:
//!
//! - [`time`]: timestamps, and Splunk's time modifiers such as `-24h@h`.
//! - [`keys`]: the keys that rows stand for, and the table that numbers them.
//! - [`rows`]: the CSV dialect of splunkd. Cells, not meanings.
//! - [`protocol`]: Splunk's chunked search command protocol. Frames and lockstep, not rows.
//! - [`baseline`]: the rules of learning and detecting. Facts in, verdicts out; no I/O, no clock, no text format.
//! - [`options`]: the options of the commands, in one table, and its renderings.
//! - [`lookup`]: columns to facts about keys and back: the one place that knows the lookup's column names.
//! - [`cloudtrail`]: CloudTrail records to calls.
//! - [`messages`]: the texts about rows and baseline that commands and command line share.
//! - [`command`]: the search commands `seen` and `unseen`, from Splunk's pipe to the rules and back.
//! - [`input`]: files and folders to observations.
//! - [`observations`]: what was read from files, key by key.
//! - [`report`]: how what was found is written: a table, CSV, JSON.
//! - [`baseline_file`]: the baseline as a file: read whole, replaced whole.
//! - [`app_settings`]: how the app is set up: schedules, ranges and windows.
//! - [`replay`]: what would have alerted, had the app been running.
//! - [`replay_page`]: the answers of a replay as a page for a browser.
//! - [`cli`]: the verbs `learn`, `detect` and `replay`, from files to the rules and back.
//!
//! Which module may use which is drawn in ARCHITECTURE.md, and `tests/architecture.rs` fails on any other use.

pub mod app_settings;
pub mod baseline;
pub mod baseline_file;
pub mod cli;
pub mod cloudtrail;
pub mod command;
pub mod input;
pub mod keys;
pub mod lookup;
pub mod messages;
pub mod observations;
pub mod options;
pub mod protocol;
pub mod replay;
pub mod replay_page;
pub mod report;
pub mod rows;
pub mod time;
