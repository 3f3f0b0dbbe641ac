//! The app as it is set up at a site: `local/` over `default/`, setting by setting.
//!
//! Out of reach are settings of users, of other apps and of the deployment that is not in the folder. Whether a search is enabled does not
//! matter: a replay shows what enabling it would do.

use super::conf::{BadLine, Conf};
use super::search_names::{DETECTION, RECONCILE, UPDATE};
use super::{AppSettings, ScheduledSearch};
use crate::time::{Modifier, NotAModifier, NotASchedule, Schedule, Timestamp, MINUTE};
use chrono::Utc;
use std::io;
use std::path::{Path, PathBuf};
use std::{fmt, fs};
use thiserror::Error;

const SEARCHES: &str = "savedsearches.conf";
const MACROS: &str = "macros.conf";

/// Why the settings of an app cannot be used.
#[derive(Debug, Error)]
pub enum AppError {
    /// A file is not there, or cannot be read.
    #[error("--app: cannot read `{}`: {source}; expected the folder of the app Unseen, with default/{SEARCHES} and default/{MACROS} in it", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of a conf file is none.
    #[error("--app: `{}`: {problem}", path.display())]
    BadLine {
        /// Which file.
        path: PathBuf,
        /// Which line.
        problem: String,
    },
    /// A setting is not there.
    #[error("--app: {0} is not set; is it the folder of the app Unseen?")]
    Missing(Place),
    /// A window or the start of a range is no time modifier.
    #[error("--app: {place}: {problem}")]
    NotAModifier {
        /// Which setting.
        place: Place,
        /// What came.
        problem: NotAModifier,
    },
    /// A schedule is none.
    #[error("--app: {place}: {problem}")]
    NotASchedule {
        /// Which setting.
        place: Place,
        /// What came.
        problem: NotASchedule,
    },
    /// A number is none.
    #[error("--app: {place}: expected a number, got `{got}`")]
    NotANumber {
        /// Which setting.
        place: Place,
        /// What came.
        got: String,
    },
    /// A range ends at another time than that of the run.
    #[error("--app: {place}: a replay can only follow a range that ends `now`, got `{got}`")]
    OtherEnd {
        /// Which setting.
        place: Place,
        /// What came.
        got: String,
    },
    /// A range does not begin at a whole minute.
    #[error("--app: {place}: a replay can only follow a range that begins at a whole minute, got `{got}`")]
    NotAMinute {
        /// Which setting.
        place: Place,
        /// What came.
        got: String,
    },
}

/// A setting: its file, stanza and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    file: &'static str,
    stanza: String,
    key: &'static str,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, stanza, key } = self;
        write!(f, "`{key}` of [{stanza}] in {file}")
    }
}

/// What was changed at a site and a replay does not follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFollowed {
    /// A filter macro is not `search *`.
    Filter {
        /// Its name.
        name: &'static str,
        /// Its definition.
        definition: String,
    },
    /// Calls are read from elsewhere than CloudTrail events.
    Source {
        /// The definition of `unseen_calls`.
        definition: String,
    },
    /// A search has another text.
    Search {
        /// Its name.
        name: &'static str,
    },
    /// Splunk keeps alerts of a search back.
    Throttled {
        /// Its name.
        name: &'static str,
    },
}

impl fmt::Display for NotFollowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter { name, definition } => write!(
                f,
                "the macro `{name}` is `{definition}` at this site; the replay does not filter, so it shows alerts that would not be there"
            ),
            Self::Source { definition } => write!(
                f,
                "the macro `unseen_calls` is {definition} at this site; the replay reads CloudTrail, which may name roles and calls otherwise"
            ),
            Self::Search { name } => write!(
                f,
                "the search `{name}` was changed at this site; the replay runs it as it came"
            ),
            Self::Throttled { name } => write!(
                f,
                "alerts of `{name}` are throttled at this site; the replay does not throttle, so it shows alerts that would not be there"
            ),
        }
    }
}

impl AppSettings {
    /// Reads the settings of an app from its folder, and what of them a replay does not follow.
    ///
    /// # Errors
    /// [`AppError`]: a file or a setting that is missing or cannot be understood.
    pub fn read(folder: &Path) -> Result<(Self, Vec<NotFollowed>), AppError> {
        let site = SiteConf {
            searches: conf(folder, SEARCHES)?,
            macros: conf(folder, MACROS)?,
        };
        Ok((site.settings()?, not_followed(folder, &site)?))
    }
}

/// The conf files of a site.
struct SiteConf {
    searches: Conf,
    macros: Conf,
}

/// A file of `default/`, and over it that of `local/`, if there is one.
fn conf(folder: &Path, file: &str) -> Result<Conf, AppError> {
    let mut conf = read(&folder.join("default").join(file))?;
    let local = folder.join("local").join(file);
    if local.exists() {
        conf.lay_over(read(&local)?);
    }
    Ok(conf)
}

fn read(path: &Path) -> Result<Conf, AppError> {
    let text = fs::read_to_string(path).map_err(|source| AppError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Conf::parse(&text).map_err(|problem: BadLine| AppError::BadLine {
        path: path.to_owned(),
        problem: problem.to_string(),
    })
}

impl SiteConf {
    fn settings(&self) -> Result<AppSettings, AppError> {
        let mut settings = AppSettings {
            detection: self.search(DETECTION)?,
            update: self.search(UPDATE)?,
            reconcile: self.search(RECONCILE)?,
            reconcile_window: self.window("unseen_reconcile_window")?,
            suppress_window: self.window("unseen_suppress_window")?,
            alerts_a_run: self.number("unseen_alerts_a_run")?,
            ranking_threshold: self.number("unseen_ranking_threshold")?,
            ..AppSettings::shipped()
        };
        settings.windows.activity =
            Some(self.window("cloud_api_calls_from_previously_unseen_user_roles_activity_window")?);
        settings.windows.forget =
            Some(self.window("previously_seen_cloud_api_calls_per_user_role_forget_window")?);
        settings.windows.learning =
            self.window("previously_seen_cloud_api_calls_per_user_role_learning_window")?;
        Ok(settings)
    }

    fn search(&self, name: &str) -> Result<ScheduledSearch, AppError> {
        let setting = |key| self.setting(name, key);
        let (place, latest) = setting("dispatch.latest_time")?;
        if latest != "now" {
            let got = latest.to_owned();
            return Err(AppError::OtherEnd { place, got });
        }
        let (place, schedule) = setting("cron_schedule")?;
        let schedule = Schedule::parse(schedule);
        Ok(ScheduledSearch {
            schedule: schedule.map_err(|problem| AppError::NotASchedule { place, problem })?,
            earliest: self.earliest(name)?,
            is_continuous: matches!(setting("realtime_schedule")?.1, "0" | "false"),
        })
    }

    fn setting(&self, name: &str, key: &'static str) -> Result<(Place, &str), AppError> {
        let place = Place {
            file: SEARCHES,
            stanza: name.to_owned(),
            key,
        };
        match self.searches.get(name, key) {
            Some(value) => Ok((place, value)),
            None => Err(AppError::Missing(place)),
        }
    }

    /// Where the range of a run begins. Runs are due at whole minutes, and what is kept of times knows no others.
    fn earliest(&self, name: &str) -> Result<Modifier, AppError> {
        let (place, text) = self.setting(name, "dispatch.earliest_time")?;
        let minute = Timestamp::from_seconds(1_700_000_040);
        match Modifier::parse(text) {
            Err(problem) => Err(AppError::NotAModifier { place, problem }),
            Ok(earliest) if earliest.apply(minute, &Utc).0 % MINUTE != 0 => {
                let got = text.to_owned();
                Err(AppError::NotAMinute { place, got })
            }
            Ok(earliest) => Ok(earliest),
        }
    }

    fn definition(&self, name: &str) -> Result<(Place, &str), AppError> {
        let place = Place {
            file: MACROS,
            stanza: name.to_owned(),
            key: "definition",
        };
        match self.macros.get(name, "definition") {
            Some(value) => Ok((place, value)),
            None => Err(AppError::Missing(place)),
        }
    }

    /// A window, which is written in double quotes.
    fn window(&self, name: &str) -> Result<Modifier, AppError> {
        let (place, text) = self.definition(name)?;
        let text = text.trim().trim_matches('"');
        Modifier::parse(text).map_err(|problem| AppError::NotAModifier { place, problem })
    }

    fn number<N: std::str::FromStr>(&self, name: &str) -> Result<N, AppError> {
        let (place, text) = self.definition(name)?;
        let number = text.trim().parse();
        number.map_err(|_| AppError::NotANumber {
            place,
            got: text.escape_debug().take(60).collect(),
        })
    }
}

/// What of a site a replay does not follow. What a search reads as it came is what `default/` says.
fn not_followed(folder: &Path, site: &SiteConf) -> Result<Vec<NotFollowed>, AppError> {
    let filters = [
        "cloud_api_calls_from_previously_unseen_user_roles_filter",
        "previously_seen_cloud_api_calls_per_user_role_filter",
    ];
    let mut not_followed = Vec::new();
    for name in filters {
        let definition = one_line(site.definition(name)?.1);
        if definition != "search *" {
            not_followed.push(NotFollowed::Filter { name, definition });
        }
    }
    let definition = one_line(site.definition("unseen_calls")?.1);
    if definition != "`unseen_calls_from_cloudtrail`" {
        not_followed.push(NotFollowed::Source { definition });
    }
    let shipped = read(&folder.join("default").join(SEARCHES))?;
    for name in [DETECTION, UPDATE, RECONCILE] {
        if shipped.get(name, "search") != site.searches.get(name, "search") {
            not_followed.push(NotFollowed::Search { name });
        }
        if matches!(
            site.searches.get(name, "alert.suppress"),
            Some("1" | "true")
        ) {
            not_followed.push(NotFollowed::Throttled { name });
        }
    }
    Ok(not_followed)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// The shipped app with files of its own in `local/`.
    fn site(files: &[(&str, &str)]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for sub in ["default", "local"] {
            fs::create_dir(folder.path().join(sub)).unwrap();
        }
        for file in [SEARCHES, MACROS] {
            let shipped = Path::new("splunk_app/default").join(file);
            fs::copy(shipped, folder.path().join("default").join(file)).unwrap();
        }
        for (file, text) in files {
            fs::write(folder.path().join("local").join(file), text).unwrap();
        }
        folder
    }

    fn read_with(files: &[(&str, &str)]) -> Result<(AppSettings, Vec<NotFollowed>), String> {
        AppSettings::read(site(files).path()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_shipped_app() {
        let (settings, not_followed) = AppSettings::read(Path::new("splunk_app")).unwrap();
        assert_eq!(settings, AppSettings::shipped());
        assert!(not_followed.is_empty(), "{not_followed:?}");
    }

    #[test]
    fn every_setting_is_read_from_local_over_default() {
        let window = |name: &str, value: &str| format!("[{name}]\ndefinition = {value}\n");
        let macros = [
            window(
                "cloud_api_calls_from_previously_unseen_user_roles_activity_window",
                "\"-48h@h\"",
            ),
            window(
                "previously_seen_cloud_api_calls_per_user_role_forget_window",
                "\"-60d@d\"",
            ),
            window(
                "previously_seen_cloud_api_calls_per_user_role_learning_window",
                "\"-14d@d\"",
            ),
            window("unseen_reconcile_window", "\"-50h@h\""),
            window("unseen_suppress_window", "\"-1d\""),
            window("unseen_alerts_a_run", "100"),
            window("unseen_ranking_threshold", "20"),
        ];
        let search = |name: &str, cron: &str, earliest: &str, realtime: &str| {
            format!("[{name}]\ncron_schedule = {cron}\ndispatch.earliest_time = {earliest}\nrealtime_schedule = {realtime}\n")
        };
        let searches = [
            search(DETECTION, "*/30 * * * *", "-2h@h", "0"),
            search(UPDATE, "5 */12 * * *", "-2d@d", "1"),
            search(RECONCILE, "0 6 * * *", "-1d@d", "true"),
        ];
        let local = [(MACROS, macros.concat()), (SEARCHES, searches.concat())];
        let local = local.each_ref().map(|(file, text)| (*file, text.as_str()));
        let modifier = |text| Modifier::parse(text).unwrap();
        let search = |schedule, earliest, is_continuous| ScheduledSearch {
            schedule: Schedule::parse(schedule).unwrap(),
            earliest: modifier(earliest),
            is_continuous,
        };
        let expected = AppSettings {
            windows: crate::options::Windows {
                activity: Some(modifier("-48h@h")),
                forget: Some(modifier("-60d@d")),
                learning: modifier("-14d@d"),
            },
            detection: search("*/30 * * * *", "-2h@h", true),
            update: search("5 */12 * * *", "-2d@d", false),
            reconcile: search("0 6 * * *", "-1d@d", false),
            reconcile_window: modifier("-50h@h"),
            suppress_window: modifier("-1d"),
            alerts_a_run: 100,
            ranking_threshold: 20.0,
        };
        assert_eq!(read_with(&local), Ok((expected, vec![])));
    }

    #[test]
    fn what_cannot_be_understood_or_followed_is_an_error_with_its_place() {
        let of_search = |text: &str| (SEARCHES, format!("[{RECONCILE}]\n{text}\n"));
        let of_macro =
            |name: &str, text: &str| (MACROS, format!("[{name}]\ndefinition = {text}\n"));
        for (file, expected) in [
            (of_search("cron_schedule = daily"), "`cron_schedule` of [Unseen - Reconcile] in savedsearches.conf: expected a cron schedule such as `17 * * * *`, got `daily`"),
            (of_search("dispatch.latest_time = -5m"), "`dispatch.latest_time` of [Unseen - Reconcile] in savedsearches.conf: a replay can only follow a range that ends `now`, got `-5m`"),
            (of_search("dispatch.earliest_time = rt-1h"), "`dispatch.earliest_time` of [Unseen - Reconcile] in savedsearches.conf: expected a time modifier"),
            (of_search("dispatch.earliest_time = -90s"), "a replay can only follow a range that begins at a whole minute, got `-90s`"),
            (of_macro("unseen_suppress_window", "7 days"), "`definition` of [unseen_suppress_window] in macros.conf: expected a time modifier"),
            (of_macro("unseen_alerts_a_run", "many"), "`definition` of [unseen_alerts_a_run] in macros.conf: expected a number, got `many`"),
            ((MACROS, "[x]\nhello".into()), "local/macros.conf`: line 2: expected `[stanza]`, `key = value` or a comment, got `hello`"),
        ] {
            let error = read_with(&[(file.0, &file.1)]).unwrap_err();
            assert!(error.starts_with("--app: ") && error.contains(expected), "{error}");
        }
        let error = AppSettings::read(Path::new("src")).unwrap_err().to_string();
        assert!(
            error.contains("cannot read `src/default/savedsearches.conf`: "),
            "{error}"
        );
        let empty = site(&[]);
        fs::write(empty.path().join("default").join(MACROS), "").unwrap();
        let error = AppSettings::read(empty.path()).unwrap_err().to_string();
        assert!(
            error.contains("in macros.conf is not set; is it the folder of the app Unseen?"),
            "{error}"
        );
    }

    #[test]
    fn what_a_replay_does_not_follow_is_named() {
        let filter = "[cloud_api_calls_from_previously_unseen_user_roles_filter]\ndefinition = where user!=\"x\"\n\
             [unseen_calls]\ndefinition = `unseen_calls_from_change`\n";
        let search =
            format!("[{UPDATE}]\nsearch = | makeresults\n[{DETECTION}]\nalert.suppress = 1\n");
        let (_, not_followed) = read_with(&[(MACROS, filter), (SEARCHES, &search)]).unwrap();
        assert_eq!(
            not_followed,
            [
                NotFollowed::Filter {
                    name: "cloud_api_calls_from_previously_unseen_user_roles_filter",
                    definition: "where user!=\"x\"".into(),
                },
                NotFollowed::Source {
                    definition: "`unseen_calls_from_change`".into(),
                },
                NotFollowed::Throttled { name: DETECTION },
                NotFollowed::Search { name: UPDATE },
            ]
        );
    }
}
