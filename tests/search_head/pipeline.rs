//! Runs a search's commands one after the other: rows in, rows out.
//!
//! The first command must be one that brings rows. What a command means is in `spl/`; this file gives it what it works on: events, lookups, the
//! scheduler's log, settings over REST, and the programs of custom commands.

use super::{
    access::User,
    change::Event,
    custom_command::{CustomCommand, Message},
    job::Job,
    lookups::LookupError,
    relative_time::Clock,
    row::Row,
    schedule::Logged,
    spl::{Command, InputLookup, Lookup},
    Failed, SearchHead,
};
use std::{
    ops::Range,
    path::{Path, PathBuf},
};

/// What happens beside the rows while a search runs.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    pub(super) messages: Vec<Message>,
    pub(super) sent: usize,
}

impl SearchHead {
    /// Runs the commands one after the other; the first must be one that brings rows.
    pub(super) fn pipeline(
        &mut self,
        job: &Job,
        commands: Vec<Command>,
        transcript: &mut Transcript,
    ) -> Result<Vec<Row>, Failed> {
        let mut rows = vec![];
        for (place, command) in commands.into_iter().enumerate() {
            rows = match place {
                0 => self.generate(job, command, transcript)?,
                _ => self.process(job, command, rows, transcript)?,
            };
        }
        Ok(rows)
    }

    /// The first command, which brings rows; any other starts with none.
    fn generate(
        &mut self,
        job: &Job,
        command: Command,
        transcript: &mut Transcript,
    ) -> Result<Vec<Row>, Failed> {
        let clock = self.clock();
        Ok(match command {
            Command::Tstats(tstats) => tstats.run(self.changes(job), clock)?,
            Command::MakeResults => vec![Row::of(&[("_time", &self.now.to_string())])],
            Command::Search(search) => {
                let range = search.range(job.earliest..job.latest, clock)?;
                let events = self.raw(range, search.names_index("_internal"));
                search.find(events, clock)?
            }
            Command::InputLookup(input) => self.read(&input)?,
            Command::Rest(path) => self.rest(&path)?,
            other => self.process(job, other, vec![], transcript)?,
        })
    }

    fn process(
        &mut self,
        job: &Job,
        command: Command,
        mut rows: Vec<Row>,
        transcript: &mut Transcript,
    ) -> Result<Vec<Row>, Failed> {
        let clock = self.clock();
        Ok(match command {
            Command::Tstats(_) => return Err(Failed::NotFirst("tstats")),
            Command::MakeResults => return Err(Failed::NotFirst("makeresults")),
            Command::Rest(_) => return Err(Failed::NotFirst("rest")),
            Command::Search(search) if search.is_bounded() => {
                return Err(Failed::NotFirst("search earliest="))
            }
            Command::InputLookup(input) if !input.append => {
                return Err(Failed::NotFirst("inputlookup"))
            }
            Command::Search(search) => search.run(rows),
            Command::Rename(rename) => rename.run(rows),
            Command::Eval(eval) => eval.run(rows, clock)?,
            Command::Where(condition) => condition.run(rows, clock)?,
            Command::Table(table) => table.run(rows),
            Command::MvExpand(expand) => expand.run(rows)?,
            Command::Sort(sort) => sort.run(rows),
            Command::Beside(beside) => beside.run(rows),
            Command::Stats(stats) => stats.run(&rows, clock)?,
            Command::Convert(convert) => convert.run(rows, self.zone),
            Command::AddInfo => rows
                .into_iter()
                .map(|row| self.informed(job, row))
                .collect(),
            Command::Append(inner) => {
                rows.extend(self.pipeline(job, inner, transcript)?);
                rows
            }
            Command::Lookup(Lookup { name, by, output }) => {
                self.lookups.join(&name, &by, &output, rows, &self.store)?
            }
            Command::InputLookup(input) => {
                rows.extend(self.read(&input)?);
                rows
            }
            Command::OutputLookup(output) => {
                let message = self.write(job.user, &output.name, &rows)?;
                transcript.messages.extend(message);
                rows
            }
            Command::Custom { name, arguments } => {
                let program = self.program(&name)?;
                let answer = self.custom(job, &name, &program, &arguments).run(&rows)?;
                transcript.messages.extend(answer.messages);
                transcript.sent += answer.sent;
                answer.rows
            }
        })
    }

    pub(super) fn clock(&self) -> Clock {
        Clock {
            now: self.now,
            zone: self.zone,
        }
    }

    /// With what `addinfo` adds.
    fn informed(&self, job: &Job, mut row: Row) -> Row {
        for (field, value) in [
            ("info_min_time", job.earliest.to_string()),
            ("info_max_time", job.latest.to_string()),
            ("info_search_time", self.now.to_string()),
            ("info_sid", job.sid.clone()),
        ] {
            row.set(field, vec![value]);
        }
        row
    }

    fn read(&self, input: &InputLookup) -> Result<Vec<Row>, Failed> {
        let read = match self.lookups.read(&input.name, &self.store) {
            Err(LookupError::Store(_)) if !input.strict => vec![],
            read => read?,
        };
        Ok(match &input.wanted {
            Some(wanted) => wanted.run(read),
            None => read,
        })
    }

    /// Writes a lookup; reports what splunkd reports if the store leaves the write out.
    fn write(&mut self, user: User, name: &str, rows: &[Row]) -> Result<Option<Message>, Failed> {
        if let Some(collection) = self.lookups.collection(name) {
            if !user.may_write(&self.app, collection) {
                return Err(Failed::NoPermission(collection.to_string()));
            }
        }
        let stored = self.lookups.write(name, rows, &mut self.store)?;
        Ok((!stored).then(|| Message {
            level: "INFO".into(),
            text: "the KV store is in read-only mode".into(),
        }))
    }

    /// The saved searches as the REST endpoint shows them, as far as the shipped searches ask.
    fn rest(&self, path: &str) -> Result<Vec<Row>, Failed> {
        if path != "/servicesNS/-/unseen/saved/searches" {
            return Err(Failed::NoEndpoint(path.to_string()));
        }
        let searches = self.searches.stanzas.keys();
        Ok(searches.map(|search| self.shown_by_rest(search)).collect())
    }

    /// Settings have the names of savedsearches.conf, but the condition, the actions and `disabled`.
    fn shown_by_rest(&self, search: &str) -> Row {
        let mut row = Row::of(&[("title", search)]);
        for (key, value) in &self.searches.stanzas[search] {
            let shown = match key.as_str() {
                "counttype" => "alert_type",
                "relation" => "alert_comparator",
                "quantity" => "alert_threshold",
                key => key,
            };
            row.set(shown, vec![value.clone()]);
        }
        row.set("actions", vec![self.actions(search)]);
        let disabled = i32::from(!self.is_enabled(search));
        row.set("disabled", vec![disabled.to_string()]);
        row
    }

    /// What of the data model lies in the job's range.
    fn changes(&self, job: &Job) -> Vec<Row> {
        let in_range = |event: &&Event| (job.earliest..job.latest).contains(&event.time);
        self.arrived().filter(in_range).map(Event::change).collect()
    }

    /// Raw events of a range. Inferred: nobody searches splunkd's own indexes by default.
    fn raw(&self, range: Range<i64>, with_internal: bool) -> Vec<Row> {
        let calls = self.arrived().filter(|event| range.contains(&event.time));
        let calls = calls.map(|event| event.raw(self.add_on));
        let log = self.scheduler.log.iter();
        let log = log
            .filter(|logged| range.contains(&logged.at))
            .map(Logged::raw);
        match with_internal {
            true if self.reads_internal => calls.chain(log).collect(),
            _ => calls.collect(),
        }
    }

    fn arrived(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.arrives <= self.now)
    }

    /// The program of a custom command: a file beside the crate's own binary, as if both lay in the app's `bin`.
    pub(super) fn program(&self, command: &str) -> Result<PathBuf, Failed> {
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

    pub(super) fn custom<'a>(
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
