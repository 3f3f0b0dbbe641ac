//! What was typed, as values: options, paths, times, and what else the verbs take.
//!
//! A date or a time is UTC. A mistake in an option of the table reads as it does in a search.

use super::arguments::{AS_OF, SORT};
use crate::baseline_file;
use crate::cloudtrail::Callers;
use crate::observations::TimeRange;
use crate::options::{table, AsOf, Given};
use crate::replay::Outage;
use crate::report::Order;
use crate::time::{Timestamp, DAY};
use chrono::Utc;
use clap::parser::ValueSource;
use clap::ArgMatches;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// The key fields and the options of the table that were typed; the time to count from is [`typed_as_of`].
pub(super) fn options(matches: &ArgMatches) -> Given {
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
pub(super) fn as_of(matches: &ArgMatches, now: Timestamp) -> Result<AsOf, BadTime> {
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
pub(super) fn paths(matches: &ArgMatches) -> Vec<PathBuf> {
    matches
        .get_many("paths")
        .into_iter()
        .flatten()
        .cloned()
        .collect()
}

/// The files that belong to the baseline that was typed, if there is one.
pub(super) fn own_files(matches: &ArgMatches) -> Vec<PathBuf> {
    match matches.try_get_one::<PathBuf>("baseline") {
        Ok(Some(path)) => baseline_file::own_files(path),
        _ => Vec::new(),
    }
}

/// The range that was typed.
pub(super) fn range(matches: &ArgMatches) -> Result<TimeRange, BadTime> {
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

/// When the app was down.
pub(super) fn outages(matches: &ArgMatches) -> Result<Vec<Outage>, BadTime> {
    let typed = matches.get_many::<String>("outage").into_iter().flatten();
    typed.map(|text| outage(text)).collect()
}

fn outage(text: &str) -> Result<Outage, BadTime> {
    let Some((from, to)) = text.split_once('/') else {
        return Err(BadTime::NoRange {
            got: text.escape_debug().take(60).collect(),
        });
    };
    let (from, to) = (moment("outage", from)?, moment("outage", to)?);
    match from < to {
        true => Ok(Outage { from, to }),
        false => Err(BadTime::ReversedOutage {
            from: from.human(&Utc).to_string(),
            to: to.human(&Utc).to_string(),
        }),
    }
}

/// A time that was typed and cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(super) enum BadTime {
    #[error("--{option}: `{got}` is not a date or time; use 2026-10-29, 2026-10-29T12:00:00Z or epoch seconds")]
    None { option: &'static str, got: String },
    #[error("--from ({from}) must be earlier than --to ({to})")]
    Reversed { from: String, to: String },
    #[error("--outage: expected two times with a slash between, such as 2024-05-01T02:00Z/2024-05-02, got `{got}`")]
    NoRange { got: String },
    #[error("--outage: it begins ({from}) and must end later ({to})")]
    ReversedOutage { from: String, to: String },
    #[error("--as-of ({got}) is more than a day ahead of the clock, which shows {now}")]
    Ahead { got: String, now: String },
}

/// The form of the result that was typed.
pub(super) fn format(matches: &ArgMatches) -> &str {
    let format = matches.get_one::<String>("format");
    format.map_or("", String::as_str)
}

/// The number of days for the first baseline of a replay.
pub(super) fn initial_days(matches: &ArgMatches) -> u16 {
    let days = matches.get_one("initial-days");
    days.copied().expect("it has a default")
}

/// Whose calls are wanted.
pub(super) fn callers(matches: &ArgMatches) -> Callers {
    let included = matches.get_many::<String>("include").into_iter().flatten();
    let callers = included.map(|name| match name.as_str() {
        "users" => Callers::USERS,
        _ => Callers::ROOT,
    });
    callers.fold(Callers::ROLES, Callers::union)
}

/// How long to wait for whoever else writes the baseline.
pub(super) fn lock_timeout(matches: &ArgMatches) -> Duration {
    let seconds = matches.get_one("lock-timeout");
    Duration::from_secs(seconds.copied().expect("it has a default"))
}

/// The name of the zone of a replay.
pub(super) fn zone(matches: &ArgMatches) -> &str {
    let zone = matches.get_one::<String>("time-zone");
    zone.expect("it has a default")
}

/// The order that was typed. Where a key is one field there is no role to rank, so that rows come by time.
pub(super) fn order(matches: &ArgMatches, by: &[String]) -> Result<Order, NoRoleToRank> {
    let typed = matches.get_one::<String>(SORT);
    let is_by_time = typed.is_some_and(|order| order == "time");
    match (is_by_time, by) {
        (true, _) => Ok(Order::Time),
        (false, [by]) if matches.value_source(SORT) == Some(ValueSource::CommandLine) => {
            Err(NoRoleToRank { by: by.clone() })
        }
        (false, [_]) => Ok(Order::Time),
        (false, _) => Ok(Order::Surprise),
    }
}

/// Ranking was asked for, and a key is one field.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`--sort surprise` needs two key fields or more, the first of which is the role; `--by` is `{by}`")]
pub(super) struct NoRoleToRank {
    by: String,
}

/// The folder of the app that a replay is to follow, if one was typed.
pub(super) fn app(matches: &ArgMatches) -> Option<&PathBuf> {
    matches.get_one("app")
}

/// Where the result is to go, if not to standard output.
pub(super) fn output(matches: &ArgMatches) -> Option<PathBuf> {
    let path: Option<&PathBuf> = matches.try_get_one("output").ok().flatten();
    path.filter(|path| path.as_os_str() != "-").cloned()
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

/// When to use colours.
pub(super) fn colour(matches: &ArgMatches) -> Colour {
    match matches.get_one::<String>("color").map(String::as_str) {
        Some("always") => Colour::Always,
        Some("never") => Colour::Never,
        _ => Colour::Auto,
    }
}

/// Where a replay is to write its report, if anywhere.
pub(super) fn report(matches: &ArgMatches) -> Option<PathBuf> {
    matches.get_one("report").cloned()
}

/// Where a replay is to write its baseline, if anywhere.
pub(super) fn baseline_out(matches: &ArgMatches) -> Option<PathBuf> {
    matches.get_one("baseline-out").cloned()
}

/// The baseline file that was typed.
pub(super) fn baseline(matches: &ArgMatches) -> PathBuf {
    matches
        .get_one("baseline")
        .cloned()
        .expect("clap asks for it")
}

#[cfg(test)]
mod tests {
    use super::super::arguments::command;
    use super::*;
    use crate::options::UnseenOptions;

    fn typed(words: &[&str]) -> Result<UnseenOptions, String> {
        let before = ["unseen", "detect", "--baseline", "b.csv", "logs"];
        let words = before.into_iter().chain(words.iter().copied());
        let matches = command()
            .try_get_matches_from(words)
            .map_err(|error| error.to_string())?;
        let given = options(matches.subcommand().unwrap().1);
        UnseenOptions::given(&given).map_err(|error| error.to_string())
    }

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    /// The time to count from, or what is wrong with it.
    fn as_of(text: &str) -> Result<AsOf, String> {
        let words = ["unseen", "detect", "--baseline", "b.csv", "logs"];
        let option = format!("--as-of={text}");
        let matches = command().try_get_matches_from(words.into_iter().chain([option.as_str()]));
        let (_, matches) = matches.unwrap().remove_subcommand().unwrap();
        super::as_of(&matches, NOW).map_err(|error| error.to_string())
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
