//! The scheduler: which searches run when, over which range, and what of their results reaches an alert action.
//!
//! A search that is due while splunkd is down, or that is skipped, is lost if it is scheduled in real time, and run later over the range
//! of its time if it is continuous, but not if that is more than 24 hours ago (`max_continuous_scheduled_search_lookback`).
//! With `alert.digest_mode = 1` one alert has the first 10,000 rows (`maxresults` of alert_actions.conf), else each of the
//! first 500 rows has one (`max_per_result_alerts`). Inferred: that `now()` in a late run is the time it starts; that a suppressed row does not lengthen the
//! suppression; that runs that fail are not run again.
//! Not here: `schedule_window`, priorities, limits on searches at once.

use super::{
    access::User,
    cron,
    custom_command::Message,
    relative_time::Clock,
    row::Row,
    schedule::{Ended, Logged},
    Failed, Finished, SearchHead,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// Rows that one alert hands to its actions, and rows that each get an alert of their own.
const DIGEST_ROWS: usize = 10_000;
const SINGLE_ALERTS: usize = 500;

/// How far back missed runs of a continuous schedule are caught up, in seconds.
const CATCH_UP: i64 = 24 * 3_600;

/// What goes wrong: by saved search and the time it is due, or for a while.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// splunkd is down.
    pub(crate) down: Vec<Range<i64>>,
    /// Too many searches run already.
    pub(crate) skipped: BTreeSet<(String, i64)>,
    /// The member dies once the search has ended, and before its alert.
    pub(crate) no_alert: BTreeSet<(String, i64)>,
    /// It runs once more after it has ended.
    pub(crate) twice: BTreeSet<(String, i64)>,
    /// Runs take so many seconds, if it is not one.
    pub(crate) run_time: Option<i64>,
    /// Two captains run it at the same moment: neither reads what the other writes.
    pub(crate) at_once: BTreeSet<(String, i64)>,
}

#[derive(Debug, Default)]
pub(crate) struct Scheduler {
    pub(super) log: Vec<Logged>,
    /// Times at which a continuous search should have run.
    missed: BTreeMap<String, Vec<i64>>,
    /// Until when an alert with these values is kept back, by saved search and values.
    suppressed: BTreeMap<(String, Vec<String>), i64>,
}

/// One scheduled run of a saved search.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) search: String,
    /// When it ran.
    pub(crate) at: i64,
    pub(crate) sid: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) messages: Vec<Message>,
    /// The rows that reached an alert action.
    pub(crate) alerts: Vec<Row>,
    /// Why it failed, if it did.
    pub(crate) failed: Option<String>,
}

impl SearchHead {
    /// Lets time pass: runs every enabled search whenever it is due.
    ///
    /// Searches due in the same minute run in the order of their names.
    pub(crate) fn live_until(&mut self, moment: i64) -> Result<Vec<Run>, Failed> {
        let mut runs = vec![];
        while self.now < moment {
            self.now += 60 - self.now.rem_euclid(60);
            for search in self.searches.stanzas.keys().cloned().collect::<Vec<_>>() {
                for time in self.run_times(&search)? {
                    runs.extend(self.scheduled_runs(&search, time)?);
                }
            }
        }
        Ok(runs)
    }

    /// The times for which the search is to run now; those it cannot run for are missed, if it is continuous.
    fn run_times(&mut self, search: &str) -> Result<Vec<i64>, Failed> {
        let is_due = self.is_enabled(search) && self.is_due(search)?;
        let down = self
            .faults
            .down
            .iter()
            .any(|range| range.contains(&self.now));
        let skipped = self
            .faults
            .skipped
            .contains(&(search.to_string(), self.now));
        let is_continuous = self.searches.get(search, "realtime_schedule") == Some("0");
        let missed = self.scheduler.missed.entry(search.to_string()).or_default();
        if is_due && (is_continuous || !down && !skipped) {
            missed.push(self.now);
        }
        if down || skipped {
            return Ok(vec![]);
        }
        let mut times = std::mem::take(missed);
        times.retain(|time| *time >= self.now - CATCH_UP);
        Ok(times)
    }

    fn is_due(&self, search: &str) -> Result<bool, Failed> {
        if self.setting(search, "enableSched")? != "1" {
            return Ok(false);
        }
        let schedule = self.setting(search, "cron_schedule")?;
        cron::is_due(schedule, self.now, self.zone).map_err(Failed::from)
    }

    fn scheduled_runs(&mut self, search: &str, time: i64) -> Result<Vec<Run>, Failed> {
        let run = (search.to_string(), time);
        let at_once = self.faults.at_once.contains(&run);
        let store = at_once.then(|| self.store.clone());
        let mut runs = vec![self.scheduled_run(search, time)?];
        if let Some(store) = store {
            self.store = store;
        }
        if at_once || self.faults.twice.contains(&run) {
            runs.push(self.scheduled_run(search, time)?);
        }
        Ok(runs)
    }

    fn scheduled_run(&mut self, search: &str, time: i64) -> Result<Run, Failed> {
        let sid = scheduled_sid(search, time, self.dispatched);
        let ended = self.dispatch(search, time, sid.clone(), User::System);
        let mut run = Run {
            search: search.to_string(),
            at: self.now,
            sid,
            rows: vec![],
            messages: vec![],
            alerts: vec![],
            failed: None,
        };
        match ended {
            Err(error) => run.failed = Some(error.to_string()),
            Ok(Finished { rows, messages, .. }) => {
                (run.rows, run.messages) = (rows, messages);
                if self.faults.no_alert.contains(&(search.to_string(), time)) {
                    return Ok(run);
                }
                run.alerts = self.alerts(search, &run.rows)?;
            }
        }
        self.log(&run);
        Ok(run)
    }

    fn log(&mut self, run: &Run) {
        let ended = match &run.failed {
            Some(error) => Ended::Error(error.clone()),
            None => Ended::Success {
                results: run.rows.len(),
                run_time: self.faults.run_time.unwrap_or(1),
                actions: match run.alerts.is_empty() {
                    true => String::new(),
                    false => self.actions(&run.search),
                },
            },
        };
        self.scheduler.log.push(Logged {
            search: run.search.clone(),
            sid: run.sid.clone(),
            at: run.at,
            ended,
        });
    }

    /// The actions that are switched on: `action.<name> = 1`.
    pub(super) fn actions(&self, search: &str) -> String {
        let settings = self.searches.stanzas[search].iter();
        let on = settings.filter(|(_, value)| *value == "1");
        let names = on.filter_map(|(key, _)| key.strip_prefix("action."));
        let names = names.filter(|name| !name.contains('.'));
        names.collect::<Vec<_>>().join(",")
    }

    /// The rows that reach an alert action, once the suppression has kept back some; none if the search has no condition.
    fn alerts(&mut self, search: &str, rows: &[Row]) -> Result<Vec<Row>, Failed> {
        let condition = ["counttype", "relation", "quantity"];
        match condition.map(|key| self.searches.get(search, key)) {
            [None, None, None] => return Ok(vec![]),
            [Some("number of events"), Some("greater than"), Some("0")] => {}
            _ => return Err(Failed::UnknownCondition(search.to_string())),
        }
        let most = match self.setting(search, "alert.digest_mode")? {
            "1" => DIGEST_ROWS,
            _ => SINGLE_ALERTS,
        };
        let mut alerts = rows.to_vec();
        if self.searches.get(search, "alert.suppress") == Some("1") {
            alerts = self.unsuppressed(search, alerts)?;
        }
        alerts.truncate(most);
        Ok(alerts)
    }

    fn unsuppressed(&mut self, search: &str, mut rows: Vec<Row>) -> Result<Vec<Row>, Failed> {
        let fields = self.setting(search, "alert.suppress.fields")?.to_string();
        let period = suppression_period(self.setting(search, "alert.suppress.period")?)?;
        let Clock { now, .. } = self.clock();
        rows.retain(|row| {
            let values = fields.split(',').map(|field| row.text(field.trim()));
            let values = (search.to_string(), values.collect());
            let until = self.scheduler.suppressed.entry(values).or_default();
            let alerts = *until <= now;
            if alerts {
                *until = now + period;
            }
            alerts
        });
        Ok(rows)
    }
}

/// As public logs show it: owner and app in the clear, the search as a hash.
fn scheduled_sid(search: &str, time: i64, number: usize) -> String {
    let hash = search.bytes().fold(0_u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(byte.into())
    });
    format!("scheduler__nobody__unseen__RMD5{hash:08x}_at_{time}_{number}")
}

/// Seconds of `7d`, `36h`, `60m` or `3600s`.
pub(crate) fn suppression_period(period: &str) -> Result<i64, Failed> {
    let unknown = || Failed::UnknownPeriod(period.to_string());
    let (amount, unit) = period.split_at(period.len().saturating_sub(1));
    let unit = match unit {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return Err(unknown()),
    };
    let amount: i64 = amount.parse().map_err(|_| unknown())?;
    Ok(amount * unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search_head::conf::Conf;

    const HOUR: i64 = 3_600;

    /// A head with one search of so many rows, due every full hour.
    fn head(settings: &str, rows: usize) -> SearchHead {
        let mut head = SearchHead::installed().unwrap();
        let append = "| append [ makeresults ] ".repeat(rows - 1);
        let conf = format!(
            "[s]\nsearch = | makeresults {append}| addinfo\ndispatch.earliest_time = -4h@h\n\
             dispatch.latest_time = now\nenableSched = 1\ncron_schedule = 0 * * * *\n{settings}\n"
        );
        head.searches = Conf::parse(&conf).unwrap();
        head
    }

    /// When it ran, and up to when it read, in hours.
    fn hours(runs: &[Run]) -> Vec<(i64, i64)> {
        let read = |run: &Run| run.rows[0].text("info_max_time").parse::<i64>().unwrap();
        runs.iter()
            .map(|run| (run.at / HOUR, read(run) / HOUR))
            .collect()
    }

    #[test]
    fn a_real_time_search_loses_what_it_misses_and_a_continuous_one_catches_up_a_day() {
        for (realtime, caught_up) in [(1, 32..33), (0, 8..33)] {
            let mut head = head(&format!("realtime_schedule = {realtime}"), 1);
            head.faults.down.push((2 * HOUR - 60)..(32 * HOUR));
            let runs = head.live_until(32 * HOUR).unwrap();
            let expected = caught_up.map(|hour| (32, hour));
            let expected: Vec<_> = [(1, 1)].into_iter().chain(expected).collect();
            assert_eq!(hours(&runs), expected, "{realtime}");
        }
    }

    #[test]
    fn a_skipped_run_is_lost_in_real_time_and_run_a_minute_later_if_continuous() {
        for (realtime, expected) in [(1, vec![(1, 1), (3, 3)]), (0, vec![(1, 1), (2, 2), (3, 3)])] {
            let mut head = head(&format!("realtime_schedule = {realtime}"), 1);
            head.faults.skipped.insert(("s".into(), 2 * HOUR));
            assert_eq!(hours(&head.live_until(3 * HOUR).unwrap()), expected);
        }
    }

    #[test]
    fn an_alert_has_ten_thousand_rows_and_single_rows_five_hundred_alerts() {
        let condition = "counttype = number of events\nrelation = greater than\nquantity = 0\n";
        for (digest, most) in [(1, 10_000), (0, 500)] {
            let mut head = head(&format!("{condition}alert.digest_mode = {digest}"), 1);
            let rows = vec![Row::of(&[("x", "1")]); 10_001];
            assert_eq!(head.alerts("s", &rows).unwrap().len(), most);
        }
    }

    #[test]
    fn a_run_may_happen_twice_or_lose_its_alert_and_the_log() {
        let condition = "counttype = number of events\nrelation = greater than\nquantity = 0\nalert.digest_mode = 1";
        let mut head = head(condition, 2);
        head.faults.twice.insert(("s".into(), HOUR));
        head.faults.no_alert.insert(("s".into(), 2 * HOUR));
        let runs = head.live_until(3 * HOUR).unwrap();
        let alerts: Vec<usize> = runs.iter().map(|run| run.alerts.len()).collect();
        assert_eq!(alerts, [2, 2, 0, 2]);
        assert_eq!(head.scheduler.log.len(), 3);
        assert!(runs[0].sid.starts_with("scheduler__nobody__unseen__"));
        assert_ne!(runs[0].sid, runs[1].sid);
    }

    #[test]
    fn a_suppression_period_is_a_number_of_days_hours_minutes_or_seconds() {
        for (period, seconds) in [
            ("7d", 604_800),
            ("36h", 129_600),
            ("60m", 3_600),
            ("30s", 30),
        ] {
            assert_eq!(suppression_period(period).unwrap(), seconds);
        }
        assert!(suppression_period("1w").is_err());
    }
}
