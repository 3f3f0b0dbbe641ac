//! Which door: without arguments Splunk's pipe, with arguments the command line.
//!
//! splunkd starts a chunked command without arguments and speaks first; a person at a terminal gets help instead.

use std::io::{self, BufReader, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use unseen::command::{self, World};
use unseen::protocol;
use unseen::time::Timestamp;

fn main() -> ExitCode {
    let now = wall_clock();
    if std::env::args_os().len() > 1 || io::stdin().is_terminal() {
        return ExitCode::FAILURE;
    }
    pipe(now)
}

/// One conversation with splunkd. What went wrong with a search is told through the pipe; only a broken pipe has an exit code.
fn pipe(now: Timestamp) -> ExitCode {
    let reader = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let writer = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let world = World {
        now,
        zone: chrono::Local,
    };
    match protocol::serve(reader, writer, |getinfo| command::open(getinfo, world)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "unseen: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The wall clock; a clock before 1970 counts as 1970.
fn wall_clock() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX - 1))
}
