//! The two search commands: where Splunk's pipe and the rules meet.
//!
//! [`open`] finds out which command was typed, reads its options and hands the protocol a command that is ready for rows. Knows
//! how an observation and a baseline come down the pipe; leaves what they mean to `lookup` and `baseline`.

mod seen;
mod unseen;
mod which;

use crate::lookup::{self, NotATimeIn, Tally};
use crate::options::{SearchCommand, SeenOptions, Token, UnseenOptions};
use crate::protocol::{CommandError, CommandType, Getinfo, Level, Message, Opened};
use crate::rows::RowError;
use crate::time::Timestamp;
use chrono::TimeZone;
use thiserror::Error;

/// The search that makes a first baseline.
pub const INITIAL_SEARCH: &str = "Previously Seen Cloud API Calls Per User Role - Initial";
/// The search that keeps it up to date.
pub const UPDATE_SEARCH: &str = "Previously Seen Cloud API Calls Per User Role - Update";

/// The most rows in one reply where splunkd does not say: the default of `maxresultrows` in limits.conf.
const ROWS_A_PAGE: usize = 50_000;

/// The world as a command sees it: it has no other clock and no other calendar.
#[derive(Clone, Copy, Debug)]
pub struct World<Z> {
    /// The wall clock when the command started.
    pub now: Timestamp,
    /// The zone in which windows snap, the search head's: the protocol does not tell the user's.
    pub zone: Z,
}

/// Turns a getinfo request into a command.
///
/// # Errors
/// An [`OptionError`], a [`BadKeyField`] or [`which::UnknownCommand`], in one line.
pub fn open<Z: TimeZone + Copy + 'static>(
    getinfo: &Getinfo,
    world: World<Z>,
) -> Result<Opened, CommandError> {
    let info = &getinfo.searchinfo;
    let tokens = Token::from_lists(&info.args, &info.raw_args);
    let range = Range::of(&info.earliest_time, &info.latest_time);
    let page = info
        .maxresultrows
        .filter(|&rows| rows > 0)
        .unwrap_or(ROWS_A_PAGE);
    match which::command(info)? {
        SearchCommand::Seen => {
            let options = SeenOptions::parse(&tokens)?;
            lookup::check_key_fields(&options.by)?;
            let required_fields = lookup::required_fields(&options.by);
            let command = Box::new(seen::Seen::new(options, range, page, world)?);
            Ok(Opened {
                command_type: CommandType::Reporting,
                required_fields,
                command,
            })
        }
        SearchCommand::Unseen => {
            let options = UnseenOptions::parse(&tokens)?;
            lookup::check_key_fields(&options.by)?;
            let command = Box::new(unseen::Unseen::new(options, range, page, world)?);
            Ok(Opened {
                command_type: CommandType::Events,
                required_fields: Vec::new(),
                command,
            })
        }
    }
}

/// The time range of the search. An end that is not told, is no number, or is 0 (all time) is none.
#[derive(Clone, Copy, Debug)]
struct Range {
    earliest: Option<Timestamp>,
    latest: Option<Timestamp>,
}

impl Range {
    fn of(earliest: &str, latest: &str) -> Self {
        let end = |text: &str| {
            Timestamp::parse(text.as_bytes())
                .ok()
                .flatten()
                .filter(|time| time.0 > 0)
        };
        Self {
            earliest: end(earliest),
            latest: end(latest),
        }
    }
}

/// Why the rows of a request could not be used. Chunks count from 1, rows from 1 in each chunk.
#[derive(Debug, Error)]
enum BadRows {
    #[error("chunk {chunk}, {error}")]
    NoCsv { chunk: u64, error: RowError },
    #[error("chunk {chunk}, {error}; nothing was learned")]
    NoTime { chunk: u64, error: NotATimeIn },
}

fn info(text: String) -> Message {
    Message(Level::Info, text)
}

fn warn(text: String) -> Message {
    Message(Level::Warn, text)
}

/// `1 row`, `2 rows`.
fn count(number: u64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// The reasons for which rows were left out, or were not taken at their word.
fn oddities(tally: &Tally, too_many: &str) -> Option<Message> {
    let reasons = [
        (tally.no_key, "without a key (a key field is empty)"),
        (tally.no_time, "without a time"),
        (tally.too_many_keys, too_many),
        (
            tally.bad_time,
            "with a time that is not a number, which was ignored",
        ),
        (
            tally.broken_clock,
            "with a time more than a day ahead of the wall clock, which was not taken at its word",
        ),
    ];
    let told: Vec<String> = reasons
        .iter()
        .filter(|(rows, _)| *rows > 0)
        .map(|(rows, reason)| format!("{} {reason}", count(*rows, "row")))
        .collect();
    (!told.is_empty()).then(|| warn(told.join("; ")))
}

/// The observations whose key is only known as `unknown`.
fn unknowns(tally: &Tally, by: &[String], observations: u64) -> impl Iterator<Item = Message> {
    let told: Vec<Message> = by
        .iter()
        .zip(&tally.unknown)
        .filter(|(_, &rows)| rows > 0)
        .map(|(field, rows)| {
            warn(format!(
                "{rows} of {} have the {field} `unknown`: the add-on does not map it for these events; the macro \
                 cloud_api_calls_by_role can read CloudTrail events instead",
                count(observations, "observation")
            ))
        })
        .collect();
    told.into_iter()
}
