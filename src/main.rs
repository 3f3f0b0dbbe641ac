//! The program: without arguments it serves Splunk's pipe, with arguments it is a command line.
//!
//! splunkd starts a chunked command without arguments and speaks first; a person at a terminal gets help instead.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use unseen::cli;
use unseen::command::{self, Surroundings};
use unseen::protocol;
use unseen::time::Timestamp;

fn main() -> ExitCode {
    let now = wall_clock();
    match std::env::args_os().len() {
        0 | 1 if !io::stdin().is_terminal() => pipe(now),
        0 | 1 => command_line(now, ["unseen", "--help"].into_iter().map(OsString::from)),
        _ => command_line(now, std::env::args_os()),
    }
}

/// One run for a person, or for a script.
fn command_line(now: Timestamp, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let outcome = cli::run(
        arguments,
        cli::World {
            now,
            threads: std::thread::available_parallelism().map_or(1, |threads| threads.get()),
            zone_named,
            stdin: &mut io::stdin(),
            stdout: &mut io::stdout(),
            stderr: &mut io::stderr(),
            terminals: cli::Terminals {
                is_stdout: io::stdout().is_terminal(),
                is_stderr: io::stderr().is_terminal(),
                is_plain: is_plain(),
            },
            manner: cli::Manner::default(),
            interrupts,
        },
    );
    ExitCode::from(outcome.exit_code())
}

/// Whether the environment asks for no colours. Source: no-color.org.
fn is_plain() -> bool {
    let has_no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    has_no_color || std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}

/// Notes the first interrupt (Ctrl-C); a second one ends the process, as an interrupt does by itself.
fn interrupts() -> &'static AtomicBool {
    static INTERRUPTED: AtomicBool = AtomicBool::new(false);
    // It fails where it is set already, and where there are no signals.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(cli::Outcome::Interrupted.exit_code()));
        }
    });
    &INTERRUPTED
}

/// The zone with a name. Names are those of the system's tz database, which `TZ` names as well; carrying a copy of it would more than double the
/// program. `TZ` is set here, before any thread runs, and read by chrono when it first needs it.
fn zone_named(name: &str) -> Option<chrono::Local> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-/".contains(&byte);
    let is_file = |folder: &&str| Path::new(folder).join(name).is_file();
    let is_known =
        name.bytes().all(is_name) && !name.starts_with('/') && ZONE_FOLDERS.iter().any(is_file);
    (name == "UTC" || is_known).then(|| {
        std::env::set_var("TZ", name);
        chrono::Local
    })
}

/// Where chrono looks for the tz database.
const ZONE_FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo"];

/// One conversation with splunkd. What is wrong with a search goes back through the pipe; only a broken pipe has an exit code.
fn pipe(now: Timestamp) -> ExitCode {
    let mut reader = BufReader::with_capacity(1 << 16, io::stdin().lock());
    if !is_pipe() && reader.fill_buf().is_ok_and(<[u8]>::is_empty) {
        let _ = writeln!(io::stderr(), "{NOTHING_CAME}");
        return ExitCode::FAILURE;
    }
    let writer = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let surroundings = Surroundings {
        now,
        zone: chrono::Local,
    };
    match protocol::serve(reader, writer, |getinfo| {
        command::open(getinfo, surroundings)
    }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "unseen: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What somebody is told who starts it without arguments and without input, as with `</dev/null`.
const NOTHING_CAME: &str = "unseen: nothing came on standard input; `unseen` without arguments is for Splunk, which writes there: see `unseen --help`";

/// Whether standard input is a pipe, as splunkd's is: that may end before it begins, when a search is cancelled.
#[cfg(unix)]
fn is_pipe() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    let stdin = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    let kind = stdin.and_then(|stdin| Ok(stdin.metadata()?.file_type()));
    kind.map_or(true, |kind| kind.is_fifo() || kind.is_socket())
}

#[cfg(not(unix))]
fn is_pipe() -> bool {
    true
}

/// The wall clock; a clock before 1970 counts as 1970.
fn wall_clock() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX - 1))
}
