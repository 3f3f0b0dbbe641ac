//! The two search commands: where Splunk's pipe and the rules meet.
//!
//! [`open`] finds out which command was typed, reads its options and hands the protocol a command that is ready for rows. Knows
//! how an observation and a baseline come down the pipe; leaves what they mean to `lookup` and `baseline`.

mod ahead;
mod seen;
mod unseen;
mod which;

use crate::lookup::{self, NotATimeIn};
use crate::options::{SearchCommand, SeenOptions, Token, UnseenOptions};
use crate::protocol::{CommandError, CommandType, Getinfo, Level, Message, Opened};
use crate::rows::RowError;
use crate::telling::Remedies;
use crate::time::Timestamp;
use chrono::TimeZone;
use thiserror::Error;

/// The search that makes a first baseline.
pub const INITIAL_SEARCH: &str = "Previously Seen Cloud API Calls Per User Role - Initial";

/// What a user of Splunk can do about a baseline.
const REMEDIES: Remedies = Remedies {
    start: "run \"Previously Seen Cloud API Calls Per User Role - Initial\" once",
    restart: "run \"Previously Seen Cloud API Calls Per User Role - Initial\" again, and enable \
              \"Previously Seen Cloud API Calls Per User Role - Update\"",
    update: "\"Previously Seen Cloud API Calls Per User Role - Update\"",
    is_updated: "is \"Previously Seen Cloud API Calls Per User Role - Update\" enabled?",
    stray: "forget it",
    unknown: "the add-on does not map it for these events; the macro cloud_api_calls_by_role can read CloudTrail events \
              instead",
    renamed: "was the add-on upgraded, or the source of the calls switched? Then run Initial before the detection",
};

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
