//! The words of the command line: verbs and paths here, options and their help from the option table.
//!
//! An option is the table's with hyphens for underscores, and its value is read as in a search, so that a mistake reads the same. Two
//! things differ, because files are history: `latest` is the newest time that was read, and it is the default.

use crate::baseline_file::own_files;
use crate::cloudtrail::Callers;
use crate::observations::TimeRange;
use crate::options::{render, table, AsOf, Given, SearchCommand};
use crate::time::{Timestamp, DAY};
use chrono::Utc;
use chrono_tz::Tz;
use clap::{value_parser, Arg, ArgAction, ArgMatches, Command};
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

pub(super) const LEARN: &str = "learn";
pub(super) const DETECT: &str = "detect";
pub(super) const REPLAY: &str = "replay";

/// The option of the table whose value is read here, since files are named by dates.
const AS_OF: &str = "as_of";

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
        .after_help(
            "Without arguments, and with input from a pipe, it is the program behind the search commands `seen` and `unseen` of Splunk.\n\n\
             PATH is a CloudTrail log file, any JSON with CloudTrail records in it, a CSV file with observations (columns of --by, and \
             firstTime, lastTime or _time in epoch seconds), a folder of such files, or `-` for standard input; each plain or compressed with gzip.\n\n\
             Windows are Splunk time modifiers. They snap in UTC, and all times are written in UTC; `replay --time-zone` has its own.\n\n\
             Exit codes: 0 when all went well and everything was read; 1 for an error; 2 if `detect --fail-if-found` found something; 3 if it is \
             done but input was lost (--allow-incomplete makes that 0), or if `detect --fail-if-found` can find nothing because the baseline is \
             still learning. 1 comes before 2, and 2 before 3. Lost is what could not be read or parsed, and a successful call or a row without a usable key \
             or time; calls by others, failed calls, digests and what is out of range are not.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(learn())
        .subcommand(detect())
        .subcommand(replay())
}

fn learn() -> Command {
    Command::new(LEARN)
        .about("Learns which role makes which calls, into a baseline file")
        .long_about(
            "Learns which role makes which calls, and merges that into a baseline file: what was learned before stays, with the least first and \
             the greatest last time. Learning a file twice changes nothing, and the order of days does not matter. A new file is made if there is \
             none.\n\nThe file is CSV with the columns of the Splunk lookup, so `outputlookup` can load it. It is replaced at once or not at \
             all; another `unseen learn` on it waits, by a lock on FILE.lock, which stays.",
        )
        .arg(baseline("The baseline file; it is made if it does not exist"))
        .arg(flag(
            "allow-empty",
            "Lets a baseline that has rows become one that has none, because all of them are forgotten",
        ))
        .arg(
            Arg::new("lock-timeout")
                .long("lock-timeout")
                .value_name("seconds")
                .value_parser(value_parser!(u64))
                .default_value("60")
                .help("How long to wait for another `unseen learn` on the same baseline"),
        )
        .args(options(SearchCommand::Seen, &LEARN_OPTIONS))
        .arg(by())
        .arg(include())
        .args(range())
        .arg(allow_incomplete())
        .arg(paths())
}

fn detect() -> Command {
    Command::new(DETECT)
        .about("Finds calls that the baseline never saw before the activity window")
        .long_about(
            "Finds successful calls by roles that never made them before, as far as the baseline knows, one row a role and call. Says so and \
             reports nothing while the baseline is younger than the learning window. Reads the baseline, never writes it: detect first, then \
             learn the same files.\n\nfirstTime and lastTime are those of the call in the input. Of account, role, region, src (the address) and \
             object (the first resource) the ten least values are shown, and how many there are, 1000 standing for 1000 or more.\n\n\
             table is for reading: UTC, control characters escaped, the first value of several. csv has epoch seconds, several values of a cell one a \
             line, and a ' before a text that begins with = + - or @, so that no spreadsheet takes it for a formula. json has one object a line, \
             values as they are.",
        )
        .arg(baseline("The baseline file that `unseen learn` wrote"))
        .args(options(SearchCommand::Unseen, &DETECT_OPTIONS))
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("format")
                .value_parser(["table", "csv", "json"])
                .default_value("table")
                .help("How the result is written"),
        )
        .arg(flag(
            "fail-if-found",
            "Ends with exit code 2 if anything is reported, and with 3 if nothing can be, since the baseline is still learning",
        ))
        .arg(by())
        .arg(include())
        .args(range())
        .arg(allow_incomplete())
        .arg(paths())
}

fn replay() -> Command {
    Command::new(REPLAY)
        .about("Tells what would have alerted, day by day, had it been running")
        .long_about(
            "Walks the input in the order of time, learning and detecting as the app's schedules do, and tells what would have alerted on each \
             day. Nothing is written.\n\nAssumed: events arrive at once. The first baseline is learned from the first --initial-days days, then \
             every night at 00:41 from the last three days; the detection runs every hour at :17 over the activity window, and is silent while \
             the baseline is learning. A role and call that alerted does not alert again for seven days. A CSV row \
             counts at its first and at its last time, and what it says of a baseline is not used. The app forgets after -90d@d, this does only if \
             --forget-window says so.",
        )
        .args(options(SearchCommand::Unseen, &REPLAY_OPTIONS))
        .arg(
            Arg::new("initial-days")
                .long("initial-days")
                .value_name("days")
                .value_parser(value_parser!(u16).range(1..))
                .default_value("7")
                .help("How many days, from the first time in the input, the first baseline is learned from"),
        )
        .arg(
            Arg::new("time-zone")
                .long("time-zone")
                .value_name("name")
                .value_parser(|name: &str| name.parse::<Tz>().map_err(|_| "expected a name of the tz database, such as UTC or Europe/Berlin"))
                .default_value("UTC")
                .help("The zone in which schedules run, windows snap and times are written: that of the search head, such as Europe/Berlin"),
        )
        .arg(by())
        .arg(include())
        .args(range())
        .arg(allow_incomplete())
        .arg(paths())
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

/// The key fields and the options of the table that were typed; the time to count from is [`typed_as_of`].
pub(super) fn typed_options(matches: &ArgMatches) -> Given {
    let by = matches.get_one::<String>("by").map_or("", String::as_str);
    let fields = by.split(',').map(|field| field.trim().to_owned());
    let options = table::OPTIONS.iter().filter(|option| option.name != AS_OF);
    let values = options.filter_map(|option| {
        let value = matches.try_get_one::<String>(option.name).ok()??;
        Some((option.name, value.clone()))
    });
    Given {
        by: fields.filter(|field| !field.is_empty()).collect(),
        values: values.collect(),
    }
}

/// The time that windows count from, which is never more than a day ahead.
pub(super) fn typed_as_of(matches: &ArgMatches, now: Timestamp) -> Result<AsOf, BadTime> {
    let typed = matches.get_one::<String>(AS_OF).map(String::as_str);
    let moment = match typed {
        None | Some("latest") => return Ok(AsOf::Latest),
        Some("now") => return Ok(AsOf::Now),
        Some(text) => moment("as-of", text)?,
    };
    match moment > now.saturating_add(DAY) {
        true => Err(BadTime::Ahead {
            got: moment.human(&Utc).to_string(),
            now: now.human(&Utc).to_string(),
        }),
        false => Ok(AsOf::Moment(moment)),
    }
}

/// The paths that were typed.
pub(super) fn typed_paths(matches: &ArgMatches) -> Vec<PathBuf> {
    matches
        .get_many("paths")
        .into_iter()
        .flatten()
        .cloned()
        .collect()
}

/// The files that belong to the baseline that was typed, if there is one.
pub(super) fn typed_own_files(matches: &ArgMatches) -> Vec<PathBuf> {
    match matches.try_get_one::<PathBuf>("baseline") {
        Ok(Some(path)) => own_files(path),
        _ => Vec::new(),
    }
}

/// The range that was typed.
pub(super) fn typed_range(matches: &ArgMatches) -> Result<TimeRange, BadTime> {
    let typed = |option: &'static str| {
        let text = matches.get_one::<String>(option);
        text.map(|text| moment(option, text)).transpose()
    };
    let (from, to) = (typed("from")?, typed("to")?);
    if let (Some(from), Some(to)) = (from, to) {
        if from >= to {
            return Err(BadTime::Reversed {
                from: from.human(&Utc).to_string(),
                to: to.human(&Utc).to_string(),
            });
        }
    }
    Ok(TimeRange { from, to })
}

/// An ISO-8601 time, a date for its midnight in UTC, or epoch seconds.
fn moment(option: &'static str, text: &str) -> Result<Timestamp, BadTime> {
    let time = Timestamp::from_iso8601(text.as_bytes())
        .or_else(|| Timestamp::from_iso8601_date(text.as_bytes()))
        .or_else(|| Timestamp::parse(text.as_bytes()).ok().flatten());
    time.ok_or_else(|| BadTime::None {
        option,
        got: text.escape_debug().take(60).collect(),
    })
}

/// A time that was typed and cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(super) enum BadTime {
    #[error("--{option}: `{got}` is not a date or time; use 2026-10-29, 2026-10-29T12:00:00Z or epoch seconds")]
    None { option: &'static str, got: String },
    #[error("--from ({from}) must be earlier than --to ({to})")]
    Reversed { from: String, to: String },
    #[error("--as-of ({got}) is more than a day ahead of the clock, which shows {now}")]
    Ahead { got: String, now: String },
}

/// The form of the result that was typed.
pub(super) fn typed_format(matches: &ArgMatches) -> &str {
    let format = matches.get_one::<String>("format");
    format.map_or("", String::as_str)
}

/// The number of days for the first baseline of a replay.
pub(super) fn typed_initial_days(matches: &ArgMatches) -> u16 {
    let days = matches.get_one("initial-days");
    days.copied().expect("it has a default")
}

/// Whose calls are wanted.
pub(super) fn typed_callers(matches: &ArgMatches) -> Callers {
    let included = matches.get_many::<String>("include").into_iter().flatten();
    let callers = included.map(|name| match name.as_str() {
        "users" => Callers::USERS,
        _ => Callers::ROOT,
    });
    callers.fold(Callers::ROLES, Callers::union)
}

/// How long to wait for whoever else writes the baseline.
pub(super) fn typed_lock_timeout(matches: &ArgMatches) -> Duration {
    let seconds = matches.get_one("lock-timeout");
    Duration::from_secs(seconds.copied().expect("it has a default"))
}

/// The zone of a replay.
pub(super) fn typed_zone(matches: &ArgMatches) -> Tz {
    let zone = matches.get_one("time-zone");
    zone.copied().expect("it has a default")
}

/// The baseline file that was typed.
pub(super) fn typed_baseline(matches: &ArgMatches) -> PathBuf {
    matches
        .get_one("baseline")
        .cloned()
        .expect("clap asks for it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::UnseenOptions;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
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

    fn typed(words: &[&str]) -> Result<UnseenOptions, String> {
        let before = ["unseen", "detect", "--baseline", "b.csv", "logs"];
        let words = before.into_iter().chain(words.iter().copied());
        let matches = command()
            .try_get_matches_from(words)
            .map_err(|error| error.to_string())?;
        let given = typed_options(matches.subcommand().unwrap().1);
        UnseenOptions::given(&given).map_err(|error| error.to_string())
    }

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    /// The time to count from, or what is wrong with it.
    fn as_of(text: &str) -> Result<AsOf, String> {
        let words = ["unseen", "detect", "--baseline", "b.csv", "logs"];
        let option = format!("--as-of={text}");
        let matches = command().try_get_matches_from(words.into_iter().chain([option.as_str()]));
        let (_, matches) = matches.unwrap().remove_subcommand().unwrap();
        typed_as_of(&matches, NOW).map_err(|error| error.to_string())
    }

    #[test]
    fn the_time_to_count_from_is_a_word_a_date_a_time_or_epoch_seconds_and_never_far_ahead() {
        let moment = |seconds| Ok(AsOf::Moment(Timestamp::from_seconds(seconds)));
        for (text, expected) in [
            ("now", Ok(AsOf::Now)),
            ("latest", Ok(AsOf::Latest)),
            ("2023-07-10", moment(1_688_947_200)),
            ("2023-07-10T12:00:00Z", moment(1_688_990_400)),
            ("1688947200", moment(1_688_947_200)),
            ("1700086400", moment(1_700_086_400)),
        ] {
            assert_eq!(as_of(text), expected, "{text}");
        }
        for ahead in ["1700086401", "1700000000000", "2199-01-01"] {
            let error = as_of(ahead).unwrap_err();
            assert!(
                error.contains(
                    "is more than a day ahead of the clock, which shows 2023-11-14 22:13:20 UTC"
                ),
                "{error}"
            );
        }
        for (text, got) in [("tomorrow", "tomorrow"), ("", "")] {
            let expected = format!("--as-of: `{got}` is not a date or time; use 2026-10-29, 2026-10-29T12:00:00Z or epoch seconds");
            assert_eq!(as_of(text).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_value_may_begin_with_a_hyphen_and_stand_apart() {
        for words in [
            &["--forget-window", "-90d@d"][..],
            &["--forget-window=-90d@d"],
        ] {
            let options = typed(words).unwrap();
            assert_eq!(options.windows.forget.unwrap().to_string(), "-90d@d");
            assert_eq!(options.by, ["user", "command"]);
        }
    }

    #[test]
    fn a_field_may_hold_what_the_search_language_would_take_apart() {
        assert_eq!(
            typed(&["--by", "role name, a=b"]).unwrap().by,
            ["role name", "a=b"]
        );
    }

    #[test]
    fn a_range_ends_at_a_time_a_date_or_epoch_seconds() {
        for (text, seconds) in [
            ("2023-07-10T12:00:00Z", Some(1_688_990_400)),
            ("2023-07-10", Some(1_688_947_200)),
            ("1688947200", Some(1_688_947_200)),
            ("2023-07-10x", None),
        ] {
            let expected = seconds.map(Timestamp::from_seconds);
            assert_eq!(moment("from", text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_read_as_they_do_in_a_search() {
        assert_eq!(
            typed(&["--forget-window=-90d"])
                .unwrap()
                .windows
                .forget
                .unwrap()
                .to_string(),
            "-90d"
        );
        for (words, expected) in [
            (&["--forget-window=90"][..], "`forget_window` must be a time modifier with a unit, got `90`; did you mean `-90d@d`?"),
            (&["--forget-window=x"], "`forget_window` must be a time modifier such as `-24h@h` or `-90d@d`, got `x`"),
            (&["--by", "user,user"], "the field `user` is given twice; a key has each field once"),
            (&["--by", ","], "`unseen` needs the fields that make a key, for example `unseen by user command`"),
        ] {
            assert_eq!(typed(words).unwrap_err(), expected);
        }
        assert!(typed(&["--forget-windw=-90d@d"])
            .unwrap_err()
            .contains("'--forget-window'"));
    }
}
