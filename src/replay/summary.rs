//! The answers of a replay as plain values, ready to be shown in any form.
//!
//! Dates and times are those of the zone in which the schedules ran. Names are as they were read: whoever shows them escapes them.

/// All answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The zone, as it was named: `UTC`, `Europe/Berlin`.
    pub zone: String,
    /// The first and the last time in the input: `2024-05-01 00:00:17 UTC`.
    pub input: [String; 2],
    /// The windows with which all but the grid was replayed.
    pub setting: Setting,
    /// When the first detection found the baseline mature; none if it never was.
    pub mature_from: Option<String>,
    /// Each day on which a detection ran, in order, also those without an alert.
    pub days: Vec<DaySummary>,
    /// The roles that alerted, the one with the most alerts first.
    pub roles: Vec<RoleSummary>,
    /// The calls that alerted, the one with the most alerts first.
    pub calls: Vec<CallSummary>,
    /// Every role in the input, in order of its name, and when it became mature.
    pub role_maturity: Vec<RoleMaturity>,
    /// Each alert, in the order of time.
    pub alerts: Vec<AlertSummary>,
    /// What suppression removed.
    pub suppressed: Suppressed,
    /// What the forget window forgot.
    pub forgotten: Forgotten,
    /// What each threshold of the ranking search would have cost; empty without ranking.
    pub thresholds: Vec<ThresholdSummary>,
    /// The same history under other windows; empty unless it was asked for.
    pub grid: Vec<GridSummary>,
    /// What to expect next week; none if less than a week was judged.
    pub next_week: Option<NextWeek>,
    /// Definitions of the filter macro that leave out what is noisy and never surprising, the most effective first.
    pub filters: Vec<FilterLine>,
}

/// Windows, as modifiers: `-24h@h`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setting {
    /// The activity window.
    pub activity: String,
    /// The learning window.
    pub learning: String,
    /// The forget window; none: nothing is forgotten.
    pub forget: Option<String>,
}

/// One day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaySummary {
    /// `2024-05-01`.
    pub date: String,
    /// How many alerts there were.
    pub alerts: u64,
    /// How many of them were of roles that were new.
    pub of_new_roles: u64,
    /// How many pairs the baseline held at the end of the day, those that were forgotten left out.
    pub pairs: u64,
    /// Whether the baseline was mature at the end of the day.
    pub is_mature: bool,
}

/// A role that alerted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleSummary {
    /// Its name.
    pub role: String,
    /// How many alerts there were.
    pub alerts: u64,
    /// How many on each day of [`Summary::days`].
    pub by_day: Vec<u64>,
    /// The sum of their surprise, if they were ranked.
    pub surprise: Option<f64>,
    /// The surprise of the most surprising one, if they were ranked.
    pub most_surprising: Option<f64>,
}

/// A call that alerted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallSummary {
    /// Its name.
    pub call: String,
    /// How many alerts there were.
    pub alerts: u64,
    /// For how many roles.
    pub roles: u64,
    /// The surprise of the most surprising one, if they were ranked.
    pub most_surprising: Option<f64>,
}

/// When a role became mature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleMaturity {
    /// Its name.
    pub role: String,
    /// When it was first seen: `2024-05-01 00:00:17 UTC`.
    pub first_seen: String,
    /// When it had been known for as long as the learning window; none if the input ends before.
    pub mature_from: Option<String>,
}

/// One alert.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertSummary {
    /// The run that alerted, in epoch seconds.
    pub time: i64,
    /// The same to be read: `2024-05-09 10:17:00 UTC`.
    pub at: String,
    /// Its day: a place in [`Summary::days`].
    pub day: usize,
    /// Which search alerted: `detection` or `reconcile`.
    pub search: &'static str,
    /// The values of the key, in the order of the key fields: role and call first.
    pub key: Vec<String>,
    /// When the call was first made, as far as the run saw it: `2024-05-09 10:02:31 UTC`.
    pub first_time: String,
    /// How surprising it is; none if it was not ranked.
    pub surprise: Option<f64>,
    /// Why; empty if it was not ranked.
    pub reason: String,
    /// `role`, `call` or `pair`; empty if it was not ranked.
    pub novelty: &'static str,
    /// Whether the pair had been known before, was forgotten, and came back.
    pub has_returned: bool,
    /// What came with it, by name, such as `src`; empty if it was not looked for.
    pub context: Vec<(&'static str, String)>,
}

/// What suppression removed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suppressed {
    /// Reports of a run that did not alert, since the pair had alerted before.
    pub reports: u64,
    /// Of how many alerts those were repeats.
    pub alerts: u64,
}

/// What the forget window forgot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forgotten {
    /// How many pairs were forgotten, each time they were.
    pub pairs: u64,
    /// How many of those came back.
    pub returned: u64,
    /// How many of those alerted again.
    pub alerted: u64,
}

/// What a threshold of the ranking search would have cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThresholdSummary {
    /// The sum of surprise.
    pub threshold: f64,
    /// On how many days a known role reached it, all roles together.
    pub role_days: u64,
    /// The same for each judged day.
    pub role_days_a_day: f64,
    /// On how many days a role was new, whatever its sum.
    pub new_role_days: u64,
}

/// The history under other windows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GridSummary {
    /// The windows.
    pub setting: Setting,
    /// How many alerts there were.
    pub alerts: u64,
    /// On how many days there was any.
    pub days: u64,
    /// How many there were on the day with the most.
    pub most_a_day: u64,
    /// How many pairs came back after they were forgotten, and alerted again.
    pub returned: u64,
    /// When the first detection found the baseline mature; none if it never was.
    pub mature_from: Option<String>,
}

/// What to expect in the next seven days, as far as the history goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NextWeek {
    /// The fewest alerts in seven days in a row.
    pub least: u64,
    /// The most.
    pub most: u64,
    /// How many days the range was taken from.
    pub from_days: u64,
}

/// A definition of the filter macro.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterLine {
    /// To be pasted as the definition of `cloud_api_calls_from_previously_unseen_user_roles_filter`.
    pub definition: String,
    /// How many alerts it would have left out.
    pub alerts: u64,
}
