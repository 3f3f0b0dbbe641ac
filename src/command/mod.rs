//! The two search commands: from Splunk's pipe to the rules and back.
//!
//! [`open`] finds out which command was typed, reads its options and hands the protocol a command that is ready for rows. Knows
//! how an observation and a baseline come down the pipe; leaves what they mean to `lookup` and `baseline`.

mod held_rows;
mod page_worker;
mod ranking;
mod resolve;
mod seen;
mod unseen;

use crate::lookup::{schema, NotATimeIn};
use crate::messages::Advice;
use crate::options::{SearchCommand, SeenOptions, Token, UnseenOptions};
use crate::protocol::{CommandError, CommandType, Getinfo, Level, Message, Opened};
use crate::rows::RowError;
use crate::time::Timestamp;
use chrono::TimeZone;
use thiserror::Error;

/// What a user of Splunk can do about a baseline. It names no detection: the commands serve any.
const ADVICE: Advice = Advice {
    start: "run the Initial search, the one with `start=true`, once",
    restart: "run the Initial search again, and enable the Update search",
    update: "the Update search",
    is_updated: "is the Update search enabled?",
    stray: "remove its row",
    unknown: "the source of these events does not fill that field; read them from one that does",
    renamed: "were the names written differently before, or the source of the events switched? Then run the Initial search before this one",
};

/// The most rows in one reply where splunkd sends no number: the default of `maxresultrows` in limits.conf.
const ROWS_A_PAGE: usize = 50_000;

/// What a command knows of its surroundings: it has no other clock and no other calendar.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<Z> {
    /// The wall clock when the command started.
    pub now: Timestamp,
    /// The zone in which windows snap, the search head's: the protocol does not carry the user's.
    pub zone: Z,
}

/// Turns a getinfo request into a command.
///
/// # Errors
/// A mistake in the options, a key field of a reserved name or an unknown command, in one line.
pub fn open<Z: TimeZone + Copy + 'static>(
    getinfo: &Getinfo,
    surroundings: Surroundings<Z>,
) -> Result<Opened, CommandError> {
    let info = &getinfo.searchinfo;
    let tokens = Token::from_lists(&info.args, &info.raw_args);
    let latest = end_of_range(&info.latest_time);
    let page = info
        .maxresultrows
        .filter(|&rows| rows > 0)
        .unwrap_or(ROWS_A_PAGE);
    match resolve::command(info)? {
        SearchCommand::Seen => {
            let options = SeenOptions::parse(&tokens)?;
            schema::check_key_fields(&options.by)?;
            let required_fields = schema::required_fields(&options.by);
            let command = Box::new(seen::Seen::new(options, latest, page, surroundings)?);
            Ok(Opened {
                command_type: CommandType::Reporting,
                required_fields,
                command,
            })
        }
        SearchCommand::Unseen => {
            let options = UnseenOptions::parse(&tokens)?;
            schema::check_key_fields(&options.by)?;
            let command = Box::new(unseen::Unseen::new(options, latest, page, surroundings)?);
            Ok(Opened {
                command_type: CommandType::Events,
                required_fields: Vec::new(),
                command,
            })
        }
    }
}

/// The end of the search's time range. One that is not given, is no number, or is 0 (all time) is none.
fn end_of_range(latest: &str) -> Option<Timestamp> {
    let latest = Timestamp::parse(latest.as_bytes()).ok().flatten();
    latest.filter(|time| time.0 > 0)
}

/// Why the rows of a request could not be used. Chunks count from 1, rows from 1 in each chunk.
#[derive(Debug, Error)]
enum BadRows {
    #[error("chunk {chunk}, {error}")]
    NoCsv { chunk: u64, error: RowError },
    #[error("chunk {chunk}: {error}; nothing was learned")]
    NoTime { chunk: u64, error: NotATimeIn },
    #[error("chunk {chunk}: the rows have a column `{column}` already, which `explain=true` would add; rename or remove it before this command")]
    ColumnTaken { chunk: u64, column: &'static str },
}

fn info(text: String) -> Message {
    Message(Level::Info, text)
}

fn warn(text: String) -> Message {
    Message(Level::Warn, text)
}
