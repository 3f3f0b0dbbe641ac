//! A stand-in for a Splunk search head, to tell the app's story where no Splunk is at hand.
//!
//! **What it is.** It reads the app's shipped `.conf` files, expands their macros, runs the SPL that their searches are
//! written in over CloudTrail records, keeps their collection, and runs their custom commands as real processes of the
//! real binary over the real protocol. Clock and events are the test's.
//!
//! **What it is not.** It is not Splunk, and passing here proves nothing of Splunk itself. It knows only the SPL that is
//! shipped (`spl/`), no data model but a plain one (`change.rs`), no scheduler but a clock (`cron.rs`), and no index but
//! CloudTrail's and the scheduler's own log (`schedule.rs`), no acceleration, permissions, cluster or search-time limits. Whatever is not known from Splunk's documents or recorded
//! sessions is marked `Inferred` where it is done. It shares no code with the product, so that neither can hide the
//! other's mistake.

pub(crate) mod change;
pub(crate) mod conf;
mod cron;
pub(crate) mod custom_command;
mod job;
pub(crate) mod kvstore;
pub(crate) mod lookups;
pub(crate) mod macros;
pub(crate) mod relative_time;
pub(crate) mod row;
mod schedule;
pub(crate) mod spl;
mod wire;

use change::{AddOn, Event};
use chrono_tz::Tz;
use conf::{Conf, ConfError};
use cron::UnknownSchedule;
use custom_command::{CommandFailed, CustomCommand, Message};
use job::Job;
use kvstore::{KvStore, StoreError};
use lookups::{LookupError, Lookups};
use macros::{MacroError, Macros};
use relative_time::{relative_time, Clock, UnknownModifier};
use row::Row;
use schedule::Logged;
use spl::{Command, SplError};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use thiserror::Error;

#[derive(Debug)]
pub(crate) struct SearchHead {
    /// Of the machine and of every user.
    pub(crate) zone: Tz,
    /// Epoch seconds.
    pub(crate) now: i64,
    pub(crate) events: Vec<Event>,
    pub(crate) add_on: AddOn,
    pub(crate) store: KvStore,
    /// So few by default that a command must carry what it knows from chunk to chunk.
    pub(crate) chunk_rows: usize,
    pub(crate) max_result_rows: usize,
    pub(crate) macros: Macros,
    pub(crate) searches: Conf,
    pub(crate) commands: Conf,
    pub(crate) lookups: Lookups,
    /// The saved searches that run when they are due: none as shipped.
    pub(crate) enabled: BTreeSet<String>,
    /// Whether searches may read the index that splunkd's own logs are in.
    pub(crate) reads_internal: bool,
    scheduler_log: Vec<Logged>,
    /// Until when an alert with these values is kept back, by saved search and values.
    suppressed: BTreeMap<(String, Vec<String>), i64>,
    /// The custom commands and arguments that were accepted once.
    checked: BTreeSet<(String, String)>,
    dispatched: usize,
}

#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) rows: Vec<Row>,
    pub(crate) messages: Vec<Message>,
}

/// One scheduled run of a saved search.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) search: String,
    pub(crate) at: i64,
    pub(crate) rows: Vec<Row>,
    pub(crate) alerts: Vec<Row>,
}

#[derive(Debug, Error)]
pub(crate) enum Failed {
    #[error(transparent)]
    Conf(#[from] ConfError),
    #[error(transparent)]
    Macro(#[from] MacroError),
    #[error(transparent)]
    Spl(#[from] SplError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Lookup(#[from] LookupError),
    #[error(transparent)]
    Time(#[from] UnknownModifier),
    #[error(transparent)]
    Schedule(#[from] UnknownSchedule),
    #[error(transparent)]
    Command(#[from] CommandFailed),
    #[error("there is no saved search `{0}`")]
    NoSearch(String),
    #[error("`{search}` does not set `{key}`")]
    NotSet { search: String, key: &'static str },
    #[error("there is no search command `{0}`")]
    NoCommand(String),
    #[error("`{0}` must set `chunked = true` and `filename`")]
    NotChunked(String),
    #[error("`{0}` is a suppression period that the stand-in does not know")]
    UnknownPeriod(String),
    #[error("`{0}` alerts on a condition that the stand-in does not know")]
    UnknownCondition(String),
    #[error("`{0}` must be the first command")]
    NotFirst(&'static str),
    #[error("the stand-in puts only one row's fields beside one row's, and no field twice")]
    NotBeside,
}

impl SearchHead {
    /// A search head in UTC that has the app installed, as shipped, and nothing else: no events, an empty collection.
    pub(crate) fn installed() -> Result<SearchHead, Failed> {
        let conf = |file: &str| Conf::read(&shipped().join("default").join(file));
        let store = KvStore::from_conf(&conf("collections.conf")?)?;
        let lookups = Lookups::from_conf(&conf("transforms.conf")?, &store)?;
        Ok(SearchHead {
            zone: Tz::UTC,
            now: 0,
            events: vec![],
            add_on: AddOn::Absent,
            store,
            chunk_rows: 7,
            max_result_rows: 50_000,
            macros: Macros::from_conf(&conf("macros.conf")?)?,
            searches: conf("savedsearches.conf")?,
            commands: conf("commands.conf")?,
            lookups,
            enabled: BTreeSet::new(),
            reads_internal: true,
            scheduler_log: vec![],
            suppressed: BTreeMap::new(),
            checked: BTreeSet::new(),
            dispatched: 0,
        })
    }

    /// Runs a saved search, now, over the range it is dispatched with.
    pub(crate) fn run(&mut self, search: &str) -> Result<Finished, Failed> {
        let earliest = self.bound(search, "dispatch.earliest_time")?;
        let latest = self.bound(search, "dispatch.latest_time")?;
        let spl = self.setting(search, "search")?.to_string();
        self.run_spl(&spl, earliest, latest)
    }

    /// Lets time pass: runs every enabled search whenever it is due.
    ///
    /// Searches due in the same minute run in the order of their names. A search that fails ends the story.
    pub(crate) fn live_until(&mut self, moment: i64) -> Result<Vec<Run>, Failed> {
        let mut runs = vec![];
        let names = self.enabled.clone();
        while self.now < moment {
            self.now += 60 - self.now.rem_euclid(60);
            for search in &names {
                if self.is_due(search)? {
                    let finished = self.run(search)?;
                    let alerts = self.alerts(search, &finished.rows)?;
                    self.scheduler_log.push(Logged {
                        search: search.clone(),
                        at: self.now,
                        results: finished.rows.len(),
                    });
                    runs.push(Run {
                        search: search.clone(),
                        at: self.now,
                        rows: finished.rows,
                        alerts,
                    });
                }
            }
        }
        Ok(runs)
    }

    fn is_due(&self, search: &str) -> Result<bool, Failed> {
        if self.setting(search, "enableSched")? != "1" {
            return Ok(false);
        }
        let schedule = self.setting(search, "cron_schedule")?;
        cron::is_due(schedule, self.now, self.zone).map_err(Failed::from)
    }

    /// The rows that the search alerts with, once its suppression has kept back some; none if it has no condition.
    ///
    /// Inferred: a row that is kept back does not lengthen the suppression.
    fn alerts(&mut self, search: &str, rows: &[Row]) -> Result<Vec<Row>, Failed> {
        let condition = ["counttype", "relation", "quantity"];
        match condition.map(|key| self.searches.get(search, key)) {
            [None, None, None] => return Ok(vec![]),
            [Some("number of events"), Some("greater than"), Some("0")] => {}
            _ => return Err(Failed::UnknownCondition(search.to_string())),
        }
        if self.searches.get(search, "alert.suppress") != Some("1") {
            return Ok(rows.to_vec());
        }
        let fields = self.setting(search, "alert.suppress.fields")?.to_string();
        let period = suppression_period(self.setting(search, "alert.suppress.period")?)?;
        let mut alerts = rows.to_vec();
        alerts.retain(|row| {
            let values = fields
                .split(',')
                .map(|field| row.text(field.trim()))
                .collect();
            let until = self
                .suppressed
                .entry((search.to_string(), values))
                .or_default();
            let alerts = *until <= self.now;
            if alerts {
                *until = self.now + period;
            }
            alerts
        });
        Ok(alerts)
    }

    /// Runs a search over the events with `earliest <= _time < latest` that have arrived by now.
    pub(crate) fn run_spl(
        &mut self,
        spl: &str,
        earliest: i64,
        latest: i64,
    ) -> Result<Finished, Failed> {
        let spl = self.macros.expand(spl)?.spl;
        let commands = spl::parse(&spl)?;
        self.dispatched += 1;
        let job = Job {
            spl,
            sid: format!("{}.{}", self.now, self.dispatched),
            earliest,
            latest,
            max_result_rows: self.max_result_rows,
        };
        for command in spl::every(&commands) {
            if let Command::Custom { name, arguments } = command {
                // A schedule asks once what it would be told again every hour.
                if !self.checked.contains(&(name.clone(), arguments.clone())) {
                    let program = self.program(name)?;
                    self.custom(&job, name, &program, arguments).check()?;
                    self.checked.insert((name.clone(), arguments.clone()));
                }
            }
        }
        self.pipeline(&job, commands)
    }

    fn pipeline(&mut self, job: &Job, commands: Vec<Command>) -> Result<Finished, Failed> {
        let (mut rows, mut messages) = (vec![], vec![]);
        let clock = Clock {
            now: self.now,
            zone: self.zone,
        };
        for (place, command) in commands.into_iter().enumerate() {
            let first = place == 0;
            rows = match command {
                Command::Tstats(tstats) if first => tstats.run(self.changes(job), clock)?,
                Command::Tstats(_) => return Err(Failed::NotFirst("tstats")),
                Command::MakeResults if first => {
                    vec![Row::of(&[("_time", &self.now.to_string())])]
                }
                Command::MakeResults => return Err(Failed::NotFirst("makeresults")),
                Command::Search(search) if first => {
                    let events = self.raw(search.names_index("_internal"));
                    search.find(events, (job.earliest, job.latest), clock)?
                }
                Command::Search(search) if search.is_bounded() => {
                    return Err(Failed::NotFirst("search earliest="))
                }
                Command::Search(search) => search.run(rows),
                Command::Rename(rename) => rename.run(rows),
                Command::Eval(eval) => eval.run(rows, clock)?,
                Command::Where(condition) => condition.run(rows, clock)?,
                Command::Table(table) => table.run(rows),
                Command::MvExpand(expand) => expand.run(rows)?,
                Command::AppendCols(inner) => {
                    let beside = self.pipeline(job, inner)?;
                    messages.extend(beside.messages);
                    vec![beside_one_another(rows, beside.rows)?]
                }
                Command::Stats(stats) => stats.run(&rows, clock)?,
                Command::Convert(convert) => convert.run(rows, self.zone),
                Command::Lookup(spl::Lookup { name, by, output }) => {
                    self.lookups.join(&name, &by, &output, rows, &self.store)?
                }
                Command::InputLookup(input) if !input.append && !first => {
                    return Err(Failed::NotFirst("inputlookup"))
                }
                Command::InputLookup(input) => {
                    let read = match self.lookups.read(&input.name, &self.store) {
                        Err(LookupError::Store(_)) if !input.strict => vec![],
                        read => read?,
                    };
                    rows.extend(match &input.wanted {
                        Some(wanted) => wanted.run(read),
                        None => read,
                    });
                    rows
                }
                Command::OutputLookup(output) => {
                    self.lookups.write(&output.name, &rows, &mut self.store)?;
                    rows
                }
                Command::Custom { name, arguments } => {
                    let program = self.program(&name)?;
                    let answer = self.custom(job, &name, &program, &arguments).run(&rows)?;
                    messages.extend(answer.messages);
                    answer.rows
                }
            };
        }
        Ok(Finished { rows, messages })
    }

    fn setting(&self, search: &str, key: &'static str) -> Result<&str, Failed> {
        if !self.searches.stanzas.contains_key(search) {
            return Err(Failed::NoSearch(search.to_string()));
        }
        let value = self.searches.get(search, key);
        value.ok_or_else(|| Failed::NotSet {
            search: search.to_string(),
            key,
        })
    }

    fn bound(&self, search: &str, key: &'static str) -> Result<i64, Failed> {
        let modifier = self.setting(search, key)?;
        Ok(relative_time(self.now, modifier, self.zone)?)
    }

    /// What of the data model lies in the job's range.
    fn changes(&self, job: &Job) -> Vec<Row> {
        let in_range = |event: &&Event| (job.earliest..job.latest).contains(&event.time);
        self.arrived().filter(in_range).map(Event::change).collect()
    }

    /// Raw events of all times. Inferred: nobody searches splunkd's own indexes by default.
    fn raw(&self, with_internal: bool) -> Vec<Row> {
        let calls = self.arrived().map(|event| event.raw(self.add_on));
        let log = self.scheduler_log.iter().map(Logged::raw);
        match with_internal {
            true if self.reads_internal => calls.chain(log).collect(),
            _ => calls.collect(),
        }
    }

    fn arrived(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.arrives <= self.now)
    }

    /// The program of a custom command: a file beside the crate's own binary, as if both lay in the app's `bin`.
    fn program(&self, command: &str) -> Result<PathBuf, Failed> {
        let Some(stanza) = self.commands.stanzas.get(command) else {
            return Err(Failed::NoCommand(command.to_string()));
        };
        match (
            stanza.get("chunked").map(String::as_str),
            stanza.get("filename"),
        ) {
            (Some("true"), Some(file)) => Ok(Path::new(env!("CARGO_BIN_EXE_unseen"))
                .with_file_name(file)
                .with_extension(std::env::consts::EXE_EXTENSION)),
            _ => Err(Failed::NotChunked(command.to_string())),
        }
    }

    fn custom<'a>(
        &self,
        job: &Job,
        name: &'a str,
        program: &'a Path,
        arguments: &str,
    ) -> CustomCommand<'a> {
        CustomCommand {
            name,
            program,
            zone: self.zone,
            searchinfo: job.searchinfo(name, arguments),
            chunk_rows: self.chunk_rows,
            max_result_rows: self.max_result_rows,
        }
    }
}

/// One row with the fields of both, as `appendcols` makes it of a summary and a subsearch's.
fn beside_one_another(rows: Vec<Row>, others: Vec<Row>) -> Result<Row, Failed> {
    let ([row], [other]) = (rows.as_slice(), others.as_slice()) else {
        return Err(Failed::NotBeside);
    };
    let mut both = row.clone();
    for (field, values) in other.fields() {
        match both.values(field).is_empty() {
            true => both.set(field, values.to_vec()),
            false => return Err(Failed::NotBeside),
        }
    }
    Ok(both)
}

/// The app as it is shipped.
pub(crate) fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("splunk_app")
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

    #[test]
    fn a_search_that_names_what_is_not_there_fails_before_it_writes() {
        let mut head = SearchHead::installed().unwrap();
        for (spl, error) in [
            ("| `nowhere`", "there is no macro `nowhere`"),
            ("| nowhere x", "there is no search command `nowhere`"),
            (
                "| inputlookup append=true strict=true nowhere",
                "there is no lookup `nowhere`",
            ),
            (
                "| search * | makeresults",
                "`makeresults` must be the first command",
            ),
            (
                "| makeresults | inputlookup previously_seen_cloud_api_calls_per_user_role",
                "`inputlookup` must be the first command",
            ),
            (
                "| search * | search earliest=-1h",
                "`search earliest=` must be the first command",
            ),
            (
                "| makeresults | appendcols [ makeresults ]",
                "the stand-in puts only one row's fields beside one row's, and no field twice",
            ),
            (
                "| search * | tstats count from datamodel=Change by All_Changes.user",
                "`tstats` must be the first command",
            ),
        ] {
            assert_eq!(head.run_spl(spl, 0, 1).unwrap_err().to_string(), error);
        }
        assert_eq!(
            head.run("nowhere").unwrap_err().to_string(),
            "there is no saved search `nowhere`"
        );
    }

    #[test]
    fn a_search_finds_what_lies_in_its_range_and_has_arrived() {
        let mut head = SearchHead::installed().unwrap();
        head.now = 50;
        head.events = [9, 10, 19, 20]
            .map(|time| Event::call("Deploy", "CreateUser", time))
            .to_vec();
        head.events
            .push(Event::call("Deploy", "CreateUser", 15).arriving(51));
        let rows = head.run_spl("search *", 10, 20).unwrap().rows;
        let times: Vec<String> = rows.iter().map(|row| row.text("_time")).collect();
        assert_eq!(times, ["10", "19"]);
    }

    #[test]
    fn only_a_search_that_names_the_index_and_may_read_it_finds_what_the_scheduler_did() {
        let mut head = SearchHead::installed().unwrap();
        head.enabled.insert("Unseen - Proof".into());
        head.live_until(7 * 86_400).unwrap();
        for (spl, may, found) in [
            ("search index=_internal sourcetype=scheduler", true, 1),
            ("search index=_internal sourcetype=scheduler", false, 0),
            ("search sourcetype=scheduler", true, 0),
        ] {
            head.reads_internal = may;
            let rows = head.run_spl(spl, 0, head.now).unwrap().rows;
            assert_eq!(rows.len(), found, "{spl} {may}");
        }
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
