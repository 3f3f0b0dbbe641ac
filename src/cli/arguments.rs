//! The words of the command line: verbs and paths here, options and their help from the option table.
//!
//! An option is the table's with hyphens for underscores; `typed.rs` reads what was typed. Two things differ from a search, because files are
//! history: `latest` is the newest time that was read, and it is the default.

use super::help_texts;
use crate::options::{render, SearchCommand};
use clap::{value_parser, Arg, ArgAction, Command};
use clap_complete::Shell;
use std::path::PathBuf;

pub(super) const LEARN: &str = "learn";
pub(super) const DETECT: &str = "detect";
pub(super) const REPLAY: &str = "replay";
pub(super) const COMPLETIONS: &str = "completions";
pub(super) const MANUAL: &str = "man";

/// The option of the table whose value is read here, since files are named by dates.
pub(super) const AS_OF: &str = "as_of";

/// In which order `detect` writes.
pub(super) const SORT: &str = "sort";

/// The options of the table that a verb takes. A file is written whole and only if it is there is it carried on, so `changes` and
/// `start` belong to Splunk alone.
const LEARN_OPTIONS: [&str; 3] = ["forget_window", "learning_window", "as_of"];
const DETECT_OPTIONS: [&str; 4] = [
    "activity_window",
    "forget_window",
    "learning_window",
    "as_of",
];
const REPLAY_OPTIONS: [&str; 3] = ["activity_window", "forget_window", "learning_window"];

/// The whole command line.
pub(super) fn command() -> Command {
    Command::new("unseen")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Finds cloud API calls by roles that never made them before, in CloudTrail files.")
        .after_help(help_texts::PROGRAM)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(learn())
        .subcommand(detect())
        .subcommand(replay())
        .subcommand(completions())
        .subcommand(Command::new(MANUAL).about("Writes the manual page, for `man -l`"))
}

fn completions() -> Command {
    let shell = Arg::new("shell")
        .value_name("SHELL")
        .value_parser(value_parser!(Shell))
        .required(true)
        .help("The shell that is to complete");
    Command::new(COMPLETIONS)
        .about("Writes what a shell needs to complete commands and options")
        .long_about(help_texts::COMPLETIONS)
        .arg(shell)
}

fn learn() -> Command {
    Command::new(LEARN)
        .about("Learns which role makes which calls, into a baseline file")
        .long_about(help_texts::LEARN)
        .arg(baseline(
            "The baseline file; it is made if it does not exist",
        ))
        .arg(allow_empty())
        .arg(lock_timeout())
        .args(options(SearchCommand::Seen, &LEARN_OPTIONS))
        .args(of_all_verbs())
}

fn detect() -> Command {
    Command::new(DETECT)
        .about("Finds calls that the baseline never saw before the activity window")
        .long_about(help_texts::DETECT)
        .arg(baseline("The baseline file that `unseen learn` wrote"))
        .args(options(SearchCommand::Unseen, &DETECT_OPTIONS))
        .args([format(), output()])
        .arg(sort())
        .args([families(), fail_if_found()])
        .args(of_all_verbs())
}

fn replay() -> Command {
    Command::new(REPLAY)
        .about("Shows what would have alerted, day by day, had it been running")
        .long_about(help_texts::REPLAY)
        .args(options(SearchCommand::Unseen, &REPLAY_OPTIONS).map(replayed_window))
        .arg(app())
        .args([format(), output()])
        .arg(initial_days())
        .args(outages_and_grid())
        .arg(flag(
            "no-ranking",
            "Leaves out how surprising each alert is: faster on very large histories",
        ))
        .args([report(), baseline_out()])
        .arg(time_zone())
        .args(of_all_verbs())
}

fn lock_timeout() -> Arg {
    Arg::new("lock-timeout")
        .long("lock-timeout")
        .value_name("seconds")
        .value_parser(value_parser!(u64))
        .default_value("60")
        .help("How long to wait for another `unseen learn` on the same baseline")
}

fn sort() -> Arg {
    Arg::new(SORT)
        .long(SORT)
        .value_name("order")
        .value_parser(["surprise", "time"])
        .default_value("surprise")
        .help("What comes first: the role whose new calls are the most surprising together, or the call that was first seen")
}

fn format() -> Arg {
    Arg::new("format")
        .long("format")
        .value_name("format")
        .value_parser(["table", "csv", "json"])
        .default_value("table")
        .help("How the result is written")
}

fn families() -> Arg {
    flag(
        "families",
        "Compares a new role with the known roles whose names differ only in a generated part, so that of a stack that is deployed anew only what its predecessors never did is surprising",
    )
}

fn output() -> Arg {
    Arg::new("output")
        .long("output")
        .short('o')
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("Writes the result there in place of standard output; an old file stays until all of the new one is written")
}

fn quiet() -> Arg {
    flag(
        "quiet",
        "Says nothing beside the result but warnings and errors",
    )
    .short('q')
}

fn colour() -> Arg {
    Arg::new("color")
        .long("color")
        .value_name("when")
        .value_parser(["auto", "always", "never"])
        .default_value("auto")
        .help("When to use colours; auto is on a terminal, unless NO_COLOR is set or TERM is dumb")
}

fn initial_days() -> Arg {
    Arg::new("initial-days")
        .long("initial-days")
        .value_name("days")
        .value_parser(value_parser!(u16).range(1..))
        .default_value("7")
        .help("How many days, from the first time in the input, the first baseline is learned from")
}

/// How the app is set up.
fn app() -> Arg {
    Arg::new("app")
        .long("app")
        .value_name("FOLDER")
        .value_parser(value_parser!(PathBuf))
        .help("The folder of the app, such as $SPLUNK_HOME/etc/apps/unseen: schedules, ranges, windows and limits are read from its conf files, local over default. A window that is given here counts more. Default: the app as it comes")
}

fn report() -> Arg {
    Arg::new("report")
        .long("report")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("Writes all answers, with pictures, as one HTML file for a browser; it needs no network")
}

fn baseline_out() -> Arg {
    Arg::new("baseline-out")
        .long("baseline-out")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("Writes the baseline as it is at the end of the input, for *Unseen - Load* in Splunk or for `unseen detect`; it must not exist yet")
}

/// When the app was down, and which other windows to replay under.
fn outages_and_grid() -> [Arg; 3] {
    let outage = Arg::new("outage")
        .long("outage")
        .value_name("FROM/TO")
        .action(ArgAction::Append)
        .help("A time in which no search of the app ran, such as 2024-05-01T02:00Z/2024-05-02; may be given several times. Searches that are scheduled continuously are caught up for a day");
    let grid = flag("grid", "Replays the history under other windows too, 27 settings in all: activity -12h@h, -24h@h, -48h@h, learning -3d@d, -7d@d, -14d@d, forget -30d@d, -60d@d, -90d@d");
    let try_these = Arg::new("try")
        .long("try")
        .value_name("window=values")
        .action(ArgAction::Append)
        .help("Windows for the grid, such as activity_window=-12h@h,-24h@h; may be given for each of the three windows. One that is not given keeps its value");
    [outage, grid, try_these]
}

fn time_zone() -> Arg {
    Arg::new("time-zone")
        .long("time-zone")
        .value_name("name")
        .default_value("UTC")
        .help("The zone in which schedules run, windows snap and times are written: that of the search head, such as Europe/Berlin")
}

/// What every verb takes.
fn of_all_verbs() -> impl Iterator<Item = Arg> {
    let before = [by(), include()].into_iter();
    let behind = [allow_incomplete(), quiet(), colour(), paths()];
    before.chain(range()).chain(behind)
}

fn baseline(help: &'static str) -> Arg {
    Arg::new("baseline")
        .long("baseline")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .required(true)
        .help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
}

fn allow_empty() -> Arg {
    flag(
        "allow-empty",
        "Lets a baseline that has rows become one that has none, because all of them are forgotten",
    )
}

fn fail_if_found() -> Arg {
    flag(
            "fail-if-found",
            "Ends with exit code 2 if anything is reported, and with 3 if nothing can be, since the baseline is still learning",
        )
}

fn allow_incomplete() -> Arg {
    flag(
        "allow-incomplete",
        "Ends with exit code 0 in place of 3 if input was lost",
    )
}

fn by() -> Arg {
    Arg::new("by")
        .long("by")
        .value_name("fields")
        .default_value("user,command")
        .help("The fields that make a key, with commas between; of CloudTrail records user, command, account, role, region, src, user_agent, object, service, event_type and read_only, with `unknown` where a record has none")
}

/// Whose calls are wanted beside those of assumed roles.
fn include() -> Arg {
    Arg::new("include")
        .long("include")
        .value_name("callers")
        .value_delimiter(',')
        .value_parser(["users", "root"])
        .help("Whose calls count too: IAM users, as <account>:user/<name>, and the root user, as <account>:root. Learn and detect with the same")
}

/// The times of the calls that are wanted.
fn range() -> [Arg; 2] {
    let end = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("time").help(help)
    };
    [
        end("from", "Reads only what has a time of its own from here on: a date, a time such as 2023-07-10T12:00:00Z, or epoch seconds"),
        end("to", "Reads only what has a time of its own before this"),
    ]
}

fn paths() -> Arg {
    Arg::new("paths")
        .value_name("PATH")
        .value_parser(value_parser!(PathBuf))
        .action(ArgAction::Append)
        .num_args(1..)
        .required(true)
        .help("What to read: files, folders, or - for standard input")
}

/// A window of the replayed app, which has one where none is typed.
fn replayed_window(arg: Arg) -> Arg {
    let help = match arg.get_id().as_str() {
        "activity_window" => "How far back a first sighting still counts as new",
        "forget_window" => "How long a key stays known after it was last seen",
        _ => "How old the oldest sighting must be before anything alerts",
    };
    arg.help(format!("{help}. Default: the window of the app"))
}

/// Options of the table, with its help.
fn options(command: SearchCommand, names: &'static [&'static str]) -> impl Iterator<Item = Arg> {
    let taken = command
        .options()
        .filter(|option| names.contains(&option.name));
    taken.map(move |option| {
        let help = match option.name {
            AS_OF => format!(
                "The time that windows count from: a date, a time, epoch seconds, `now`, or `latest`, which is the newest time that a call was seen in the input{}. Default: latest.",
                if command == SearchCommand::Seen { " or the baseline" } else { "" }
            ),
            _ => render::explain(option),
        };
        let placeholder = option.value.placeholder().replace(['(', ')', '<', '>'], "");
        Arg::new(option.name)
            .long(option.name.replace('_', "-"))
            .value_name(placeholder)
            .allow_hyphen_values(true)
            .help(help.trim_end_matches('.').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::table;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    /// The code of this module that reads what was typed.
    fn readers() -> String {
        let files = std::fs::read_dir("src/cli").unwrap();
        let paths = files.map(|file| file.unwrap().path());
        let readers = paths.filter(|path| !path.ends_with("arguments.rs"));
        let text = |path| std::fs::read_to_string::<PathBuf>(path).unwrap();
        let code = |text: String| text.split("#[cfg(test)]").next().unwrap().to_owned();
        readers.map(text).map(code).collect()
    }

    /// An option that is offered and that nothing reads would do nothing, and say nothing.
    #[test]
    fn every_option_that_is_offered_is_read() {
        let (command, code) = (command(), readers());
        for verb in command.get_subcommands() {
            let ids = verb
                .get_arguments()
                .map(|argument| argument.get_id().as_str());
            let is_own = |id: &&str| table::OPTIONS.iter().all(|option| option.name != *id);
            for id in ids.filter(is_own) {
                let [literal, constant] =
                    [format!("(\"{id}\")"), format!("({})", id.to_uppercase())];
                let is_read = code.contains(&literal) || code.contains(&constant);
                assert!(
                    is_read,
                    "`{} --{id}`: no file of src/cli reads it",
                    verb.get_name()
                );
            }
        }
    }

    #[test]
    fn every_option_of_a_verb_is_in_the_table() {
        for (command, names) in [
            (SearchCommand::Seen, &LEARN_OPTIONS[..]),
            (SearchCommand::Unseen, &DETECT_OPTIONS),
            (SearchCommand::Unseen, &REPLAY_OPTIONS),
        ] {
            for name in names {
                assert!(
                    command.options().any(|option| option.name == *name),
                    "{name}"
                );
            }
        }
    }
}
