//! A stand-in for a Splunk search head, to play the app's weeks where no Splunk is at hand.
//!
//! **What it is.** It reads the app's shipped `.conf` files, expands their macros, runs the SPL that their searches are
//! written in over CloudTrail records, keeps their collections, and runs their custom commands as real processes of the
//! real binary over the real protocol. Clock, events and faults are the test's.
//!
//! **What it is not.** It is not Splunk, and passing here proves nothing of Splunk itself. It knows only the SPL that is
//! shipped (`spl/`), no data model but a plain one (`change.rs`), a scheduler with the rules that matter here (`scheduler.rs`), names
//! across apps (`apps.rs`) and write access (`access.rs`), and no index but CloudTrail's and the scheduler's own log (`schedule.rs`), no
//! acceleration, cluster or search-time limits. Whatever is not known from Splunk's documents or recorded
//! sessions is marked `Inferred` where it is done. It shares no code with the product, so that neither can hide the
//! other's mistake.

pub(crate) mod access;
pub(crate) mod apps;
pub(crate) mod change;
mod collection;
pub(crate) mod conf;
mod cron;
pub(crate) mod custom_command;
mod job;
pub(crate) mod kvstore;
pub(crate) mod lookups;
pub(crate) mod macros;
mod pipeline;
pub(crate) mod relative_time;
pub(crate) mod row;
mod schedule;
pub(crate) mod scheduler;
pub(crate) mod spl;
mod wire;

use access::User;
use apps::{visible, App};
use change::{AddOn, Event};
use chrono_tz::Tz;
use conf::{Conf, ConfError};
use cron::UnknownSchedule;
use custom_command::{CommandFailed, Message};
use job::Job;
use kvstore::{KvStore, StoreError, Traffic};
use lookups::{LookupError, Lookups};
use macros::{MacroError, Macros};
use pipeline::Transcript;
use relative_time::{relative_time, UnknownModifier};
use row::Row;
use scheduler::{Faults, Scheduler};
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
    /// The saved searches that are enabled although they come disabled.
    pub(crate) enabled: BTreeSet<String>,
    /// Whether searches may read the index that splunkd's own logs are in.
    pub(crate) reads_internal: bool,
    /// What goes wrong, and when.
    pub(crate) faults: Faults,
    scheduler: Scheduler,
    /// The app whose metadata guard the collections.
    app: App,
    /// The custom commands and arguments that were accepted once.
    checked: BTreeSet<(String, String)>,
    dispatched: usize,
}

#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) rows: Vec<Row>,
    pub(crate) messages: Vec<Message>,
    /// What it asked of the KV store, by collection.
    pub(crate) traffic: BTreeMap<String, Traffic>,
    /// Bytes of rows that its custom commands were sent.
    pub(crate) sent: usize,
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
    #[error("saved search `{0}` is disabled")]
    Disabled(String),
    #[error("no permission to write the collection `{0}`")]
    NoPermission(String),
    #[error("the stand-in has no REST endpoint `{0}`")]
    NoEndpoint(String),
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
}

impl SearchHead {
    /// A search head in UTC that has the app installed, as shipped, and nothing else: no events, empty collections.
    pub(crate) fn installed() -> Result<SearchHead, Failed> {
        SearchHead::opened_in("unseen", vec![App::read("unseen", &shipped())?])
    }

    /// The same with these apps, for searches that run in one of them.
    pub(crate) fn opened_in(context: &str, mut apps: Vec<App>) -> Result<SearchHead, Failed> {
        let conf = |kind| visible(&apps, context, kind);
        let store = KvStore::from_conf(&conf("collections"))?;
        let lookups = Lookups::from_conf(&conf("transforms"), &store)?;
        Ok(SearchHead {
            zone: Tz::UTC,
            now: 0,
            events: vec![],
            add_on: AddOn::Absent,
            store,
            chunk_rows: 7,
            max_result_rows: 50_000,
            macros: Macros::from_conf(&conf("macros"))?,
            searches: conf("savedsearches"),
            commands: conf("commands"),
            lookups,
            enabled: BTreeSet::new(),
            reads_internal: true,
            faults: Faults::default(),
            scheduler: Scheduler::default(),
            app: apps.swap_remove(0),
            checked: BTreeSet::new(),
            dispatched: 0,
        })
    }

    /// An administrator runs a saved search by hand, over the range it is dispatched with.
    pub(crate) fn run(&mut self, search: &str) -> Result<Finished, Failed> {
        self.run_as(User::Admin, search)
    }

    /// Somebody runs a saved search by hand, with the rights that `dispatchAs` gives.
    pub(crate) fn run_as(&mut self, user: User, search: &str) -> Result<Finished, Failed> {
        if !self.is_enabled(search) {
            return Err(Failed::Disabled(search.to_string()));
        }
        let rights = match self.searches.get(search, "dispatchAs") {
            Some("user") => user,
            _ => User::System,
        };
        self.dispatch(search, self.now, self.sid_by_hand(), rights)
    }

    /// An administrator pastes a saved search into the search page and runs it over the same range.
    pub(crate) fn paste(&mut self, search: &str) -> Result<Finished, Failed> {
        self.dispatch(search, self.now, self.sid_by_hand(), User::Admin)
    }

    /// An administrator runs a search over the events with `earliest <= _time < latest` that have arrived by now.
    pub(crate) fn run_spl(
        &mut self,
        spl: &str,
        earliest: i64,
        latest: i64,
    ) -> Result<Finished, Failed> {
        self.run_spl_as(User::Admin, spl, earliest, latest)
    }

    pub(crate) fn run_spl_as(
        &mut self,
        user: User,
        spl: &str,
        earliest: i64,
        latest: i64,
    ) -> Result<Finished, Failed> {
        let job = Job {
            spl: self.macros.expand(spl)?.spl,
            sid: self.sid_by_hand(),
            user,
            earliest,
            latest,
            max_result_rows: self.max_result_rows,
        };
        self.run_job(&job)
    }

    /// Runs a saved search over the range that it has at `moment`.
    fn dispatch(
        &mut self,
        search: &str,
        moment: i64,
        sid: String,
        user: User,
    ) -> Result<Finished, Failed> {
        let spl = self.setting(search, "search")?;
        let job = Job {
            spl: self.macros.expand(spl)?.spl,
            sid,
            user,
            earliest: self.bound(search, "dispatch.earliest_time", moment)?,
            latest: self.bound(search, "dispatch.latest_time", moment)?,
            max_result_rows: self.max_result_rows,
        };
        self.run_job(&job)
    }

    fn sid_by_hand(&self) -> String {
        format!("{}.{}", self.now, self.dispatched)
    }

    fn is_enabled(&self, search: &str) -> bool {
        self.enabled.contains(search) || self.searches.get(search, "disabled") != Some("1")
    }

    fn run_job(&mut self, job: &Job) -> Result<Finished, Failed> {
        let commands = spl::parse(&job.spl)?;
        self.dispatched += 1;
        self.check(job, &commands)?;
        self.store.take_traffic();
        let mut transcript = Transcript::default();
        let rows = self.pipeline(job, commands, &mut transcript)?;
        Ok(Finished {
            rows,
            messages: transcript.messages,
            traffic: self.store.take_traffic(),
            sent: transcript.sent,
        })
    }

    /// Asks each custom command once whether it takes its arguments: a schedule would get the same answer every hour.
    fn check(&mut self, job: &Job, commands: &[Command]) -> Result<(), Failed> {
        for command in spl::every(commands) {
            if let Command::Custom { name, arguments } = command {
                let call = (name.clone(), arguments.clone());
                if !self.checked.contains(&call) {
                    let program = self.program(name)?;
                    self.custom(job, name, &program, arguments).check()?;
                    self.checked.insert(call);
                }
            }
        }
        Ok(())
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

    fn bound(&self, search: &str, key: &'static str, moment: i64) -> Result<i64, Failed> {
        let modifier = self.setting(search, key)?;
        Ok(relative_time(moment, modifier, self.zone)?)
    }
}

/// The app as it is shipped.
pub(crate) fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("splunk_app")
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
                "| makeresults | rest splunk_server=local /services/x",
                "`rest` must be the first command",
            ),
            (
                "| rest splunk_server=local /services/x",
                "the stand-in has no REST endpoint `/services/x`",
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
    fn a_search_reads_what_it_names_of_the_store_and_only_who_may_writes() {
        let mut head = SearchHead::installed().unwrap();
        let write = "| makeresults | eval user=\"a\", command=\"b\", _key=\"k\" \
                     | outputlookup append=true key_field=_key override_if_empty=false unseen_detections";
        let refused = head.run_spl_as(User::Analyst, write, 0, 1).unwrap_err();
        let expected = "no permission to write the collection `unseen_detections`";
        assert_eq!(refused.to_string(), expected);
        head.run_spl(write, 0, 1).unwrap();
        let read = "| inputlookup strict=true unseen_detections \
                    | lookup local=true unseen_decisions user, command OUTPUT status";
        let traffic = head.run_spl_as(User::Analyst, read, 0, 1).unwrap().traffic;
        assert_eq!(traffic["unseen_detections"].read, 1);
        assert_eq!(traffic["unseen_decisions"].probed, 1);
        assert_eq!(traffic["unseen_decisions"].joined, 0);
    }

    #[test]
    fn a_disabled_search_cannot_be_run_by_hand_until_it_is_enabled() {
        let mut head = SearchHead::installed().unwrap();
        let search = "Unseen - Proof";
        assert!(matches!(head.run(search), Err(Failed::Disabled(_))));
        assert!(head.paste(search).is_ok());
        head.enabled.insert(search.into());
        assert!(head.run(search).is_ok());
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
}
