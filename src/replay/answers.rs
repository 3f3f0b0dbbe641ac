//! What follows from a replay: alerts by day, role and call, what to tune, and what to expect.

use super::days::Days;
use super::run_times::Search;
use super::{
    Alert, AlertSummary, CallSummary, DaySummary, FilterLine, GridSummary, NextWeek, Replay,
    ReplaySettings, ReplayedSetting, RoleMaturity, RoleSummary, Setting, Summary, ThresholdSummary,
};
use crate::keys::KeyId;
use crate::observations::Observations;
use crate::options::Windows;
use crate::time::Timestamp;
use chrono::TimeZone;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The sums of surprise for which it is told what they would have cost.
const THRESHOLDS: [f64; 4] = [10.0, 15.0, 20.0, 30.0];

/// All answers, in a zone and under the name of that zone.
pub(crate) fn summary(
    replay: &Replay,
    observations: &Observations,
    settings: &ReplaySettings<'_>,
    (zone, zone_name): (&impl TimeZone, &str),
) -> Summary {
    let answers = Answers {
        days: Days::of(replay, zone),
        replay,
        observations,
        settings,
        zone,
    };
    let roles = answers.roles();
    let calls = answers.calls();
    Summary {
        zone: zone_name.to_owned(),
        input: [replay.from, replay.to].map(|at| answers.human(at)),
        setting: setting(&replay.main.windows),
        mature_from: replay.main.mature.map(|mature| answers.human(mature.at)),
        days: answers.day_summaries(),
        filters: filters(&roles, &calls, replay.main.alerts.len() as u64, settings.by),
        roles,
        calls,
        role_maturity: answers.role_maturity(),
        alerts: answers.alerts(),
        suppressed: replay.main.suppressed.clone(),
        forgotten: replay.main.forgotten.clone(),
        thresholds: answers.thresholds(),
        grid: replay.grid.iter().map(|one| answers.grid(one)).collect(),
        next_week: answers.next_week(),
    }
}

/// What answers are taken from.
struct Answers<'a, Z> {
    replay: &'a Replay,
    observations: &'a Observations,
    settings: &'a ReplaySettings<'a>,
    zone: &'a Z,
    days: Days,
}

impl<Z: TimeZone> Answers<'_, Z> {
    fn human(&self, at: Timestamp) -> String {
        at.human(self.zone).to_string()
    }

    fn key(&self, key: KeyId) -> Vec<String> {
        let values = self.observations.values(key);
        values
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .collect()
    }

    /// The role and the call of an alert.
    fn role_and_call(&self, alert: &Alert) -> (String, String) {
        let mut key = self.key(alert.key);
        let role = key.remove(0);
        (role, key.join(" "))
    }

    fn surprise(&self, alert: &Alert) -> Option<f64> {
        Some(self.replay.explanation(alert)?.surprise())
    }

    fn is_of_new_role(&self, alert: &Alert) -> bool {
        let explanation = self.replay.explanation(alert);
        explanation.is_some_and(|of| of.novelty() == crate::baseline::surprise::Novelty::Role)
    }

    fn day_summaries(&self) -> Vec<DaySummary> {
        let mut days: Vec<DaySummary> = self
            .days
            .dates(self.zone)
            .map(|date| DaySummary {
                date,
                ..DaySummary::default()
            })
            .collect();
        for alert in &self.replay.main.alerts {
            let day = &mut days[self.days.of_time(alert.at)];
            day.alerts += 1;
            day.of_new_roles += u64::from(self.is_of_new_role(alert));
        }
        for (nth, day) in days.iter_mut().enumerate() {
            let sizes = &self.replay.main.sizes;
            let before = sizes.partition_point(|size| size.at < self.days.end(nth));
            if let Some(size) = before.checked_sub(1).map(|last| sizes[last]) {
                (day.pairs, day.is_mature) = (size.pairs, size.is_mature);
            }
        }
        days
    }

    fn roles(&self) -> Vec<RoleSummary> {
        let mut roles: BTreeMap<String, RoleSummary> = BTreeMap::new();
        for alert in &self.replay.main.alerts {
            let (name, _) = self.role_and_call(alert);
            let role = roles.entry(name.clone()).or_insert_with(|| RoleSummary {
                role: name,
                by_day: vec![0; self.days.number()],
                ..RoleSummary::default()
            });
            role.alerts += 1;
            role.by_day[self.days.of_time(alert.at)] += 1;
            if let Some(surprise) = self.surprise(alert) {
                *role.surprise.get_or_insert(0.0) += surprise;
                raise(&mut role.most_surprising, surprise);
            }
        }
        let mut roles: Vec<RoleSummary> = roles.into_values().collect();
        roles.sort_by_key(|role| Reverse(role.alerts));
        roles
    }

    fn calls(&self) -> Vec<CallSummary> {
        let mut calls: BTreeMap<String, (CallSummary, BTreeSet<String>)> = BTreeMap::new();
        for alert in &self.replay.main.alerts {
            let (role, name) = self.role_and_call(alert);
            let (call, roles) = calls.entry(name.clone()).or_default();
            call.call = name;
            call.alerts += 1;
            roles.insert(role);
            if let Some(surprise) = self.surprise(alert) {
                raise(&mut call.most_surprising, surprise);
            }
        }
        let calls = calls.into_values();
        let mut calls: Vec<CallSummary> = calls
            .map(|(call, roles)| CallSummary {
                roles: roles.len() as u64,
                ..call
            })
            .collect();
        calls.sort_by_key(|call| Reverse(call.alerts));
        calls
    }

    fn role_maturity(&self) -> Vec<RoleMaturity> {
        let mut firsts: BTreeMap<String, Timestamp> = BTreeMap::new();
        for (key, observed) in self.observations.observed() {
            let role = self.key(key).swap_remove(0);
            if let Some(first) = observed.sighting.first() {
                let known = firsts.entry(role).or_insert(first);
                *known = first.min(*known);
            }
        }
        let firsts = firsts.into_iter();
        firsts
            .map(|(role, first)| RoleMaturity {
                role,
                first_seen: self.human(first),
                mature_from: self.known_for_long(first).map(|at| self.human(at)),
            })
            .collect()
    }

    /// The first detection whose learning window opens at or behind a time.
    fn known_for_long(&self, first: Timestamp) -> Option<Timestamp> {
        let learning = &self.replay.main.windows.learning;
        let is_short = |at: Timestamp| learning.apply(at, self.zone) < first;
        let runs = self.replay.runs.iter();
        let detections: Vec<Timestamp> = runs
            .filter(|run| run.search == Search::Detection)
            .map(|run| run.at)
            .collect();
        let place = detections.partition_point(|&at| is_short(at));
        detections.get(place).copied()
    }

    fn alerts(&self) -> Vec<AlertSummary> {
        let alerts = self.replay.main.alerts.iter();
        alerts.map(|alert| self.alert(alert)).collect()
    }

    fn alert(&self, alert: &Alert) -> AlertSummary {
        let explanation = self.replay.explanation(alert);
        AlertSummary {
            time: alert.at.seconds(),
            at: self.human(alert.at),
            day: self.days.of_time(alert.at),
            search: alert.search.name(),
            key: self.key(alert.key),
            first_time: self.human(alert.first),
            surprise: explanation.as_ref().map(|of| of.surprise()),
            reason: explanation
                .as_ref()
                .map_or_else(String::new, |of| of.reason()),
            novelty: explanation.map_or("", |of| of.novelty().name()),
            has_returned: alert.has_returned,
            context: Vec::new(),
        }
    }

    /// As the search *Unseen - Threshold* counts: by the day of the first use, new roles by themselves.
    fn thresholds(&self) -> Vec<ThresholdSummary> {
        let mut role_days: BTreeMap<(String, String), (f64, bool)> = BTreeMap::new();
        for alert in &self.replay.main.alerts {
            let Some(surprise) = self.surprise(alert) else {
                continue;
            };
            let (role, _) = self.role_and_call(alert);
            let day = alert.first.date(self.zone).to_string();
            let (sum, is_new) = role_days.entry((role, day)).or_default();
            *sum += surprise;
            *is_new |= self.is_of_new_role(alert);
        }
        if self.replay.ranking.is_none() || self.replay.main.mature.is_none() {
            return Vec::new();
        }
        let mut thresholds = THRESHOLDS.to_vec();
        thresholds.push(self.settings.app.ranking_threshold);
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        let judged = self.judged_days().len().max(1) as f64;
        let new = role_days.values().filter(|(_, is_new)| *is_new).count();
        let reached = |threshold: f64| {
            let known = role_days.values().filter(|(_, is_new)| !is_new);
            known.filter(|(sum, _)| *sum >= threshold).count() as u64
        };
        let summary = |threshold| ThresholdSummary {
            threshold,
            role_days: reached(threshold),
            role_days_a_day: reached(threshold) as f64 / judged,
            new_role_days: new as u64,
        };
        thresholds.into_iter().map(summary).collect()
    }

    /// The days from the one on which the baseline became mature.
    fn judged_days(&self) -> std::ops::Range<usize> {
        let mature = self.replay.main.mature.map(|mature| mature.at);
        let begins = mature.map_or(self.days.number(), |at| self.days.of_time(at));
        begins..self.days.number()
    }

    fn grid(&self, one: &ReplayedSetting) -> GridSummary {
        let by_day = self.by_day(one.alerts.iter().copied());
        GridSummary {
            setting: setting(&one.windows),
            alerts: one.alerts.len() as u64,
            days: by_day.iter().filter(|&&alerts| alerts > 0).count() as u64,
            most_a_day: by_day.into_iter().max().unwrap_or(0),
            returned: one.returned,
            mature_from: one.mature.map(|at| self.human(at)),
        }
    }

    /// How many alerts there are on each day.
    fn by_day(&self, alerts: impl Iterator<Item = Timestamp>) -> Vec<u64> {
        let mut by_day = vec![0; self.days.number()];
        alerts.for_each(|at| by_day[self.days.of_time(at)] += 1);
        by_day
    }

    /// The range of seven days in a row, among the last four weeks of whole days on which the baseline was mature.
    fn next_week(&self) -> Option<NextWeek> {
        const WEEK: usize = 7;
        let by_day = self.by_day(self.replay.main.alerts.iter().map(|alert| alert.at));
        let judged = self.judged_days();
        let whole = by_day.get(judged.start + 1..judged.end.checked_sub(1)?)?;
        let recent = &whole[whole.len().saturating_sub(4 * WEEK)..];
        let weeks = recent.windows(WEEK).map(|week| week.iter().sum::<u64>());
        Some(NextWeek {
            least: weeks.clone().min()?,
            most: weeks.max()?,
            from_days: recent.len() as u64,
        })
    }
}

fn setting(windows: &Windows) -> Setting {
    let text = |window: &crate::time::Modifier| window.to_string();
    Setting {
        activity: windows.activity.as_ref().map_or_else(String::new, text),
        learning: text(&windows.learning),
        forget: windows.forget.as_ref().map(text),
    }
}

fn raise(most: &mut Option<f64>, surprise: f64) {
    *most = Some(most.map_or(surprise, |most| most.max(surprise)));
}

/// How many filters are proposed at most, what share of the alerts one leaves out at least, and from which surprise on nothing is left out.
const FILTERS: usize = 5;
const WORTH_A_FILTER: u64 = 20;
const SURPRISING: f64 = 5.0;

/// A name that alerted: its field, how often, and the surprise of the most surprising alert.
type Noisy<'n> = (&'n str, &'n str, u64, Option<f64>);

/// Filters for the roles and calls with the most alerts of which none was surprising, if keys are those of the app.
fn filters(
    roles: &[RoleSummary],
    calls: &[CallSummary],
    alerts: u64,
    by: &[String],
) -> Vec<FilterLine> {
    let [user, command] = by else {
        return Vec::new();
    };
    let role = roles
        .iter()
        .map(|of| -> Noisy<'_> { (user, &of.role, of.alerts, of.most_surprising) });
    let call = calls
        .iter()
        .map(|of| -> Noisy<'_> { (command, &of.call, of.alerts, of.most_surprising) });
    let is_noise = |(_, _, number, most): &Noisy<'_>| {
        *number > 1
            && number * WORTH_A_FILTER >= alerts
            && most.is_none_or(|most| most < SURPRISING)
    };
    let noisy = role.chain(call).filter(is_noise);
    let mut filters: Vec<FilterLine> = noisy
        .filter_map(|(field, name, alerts, _)| {
            let definition = format!("where {field}!={}", quoted(name)?);
            Some(FilterLine { definition, alerts })
        })
        .collect();
    filters.sort_by_key(|filter| Reverse(filter.alerts));
    filters.truncate(FILTERS);
    filters
}

/// A name as a string of the search language. None if it holds what a macro would expand, or what cannot be seen.
fn quoted(name: &str) -> Option<String> {
    let is_harmless = |c: char| !c.is_control() && !"`$".contains(c);
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    name.chars()
        .all(is_harmless)
        .then(|| format!("\"{escaped}\""))
}
