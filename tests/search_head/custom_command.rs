//! Runs a custom search command as splunkd does: a process of its own, spoken to over the chunked protocol.
//!
//! One process per search does the work, after another that is only asked for `getinfo` and then hung up on, as splunkd
//! does while it parses. A command that says `error` has failed the search; one that breaks the protocol, writes to
//! stderr, gives the session key away, ends badly or keeps silent for too long panics, and so fails the test.
//! Inferred: that the last rows come with `finished: true` (seen so in recorded sessions of both types), how rows are cut
//! into chunks, and that an empty search sends a body of no bytes.
//! Not here: `streaming` and `stateful` commands, previews, generating commands, `maxwait`.

use super::{
    row::Row,
    wire::{read_frame, read_rows, write_frame, write_rows, Breach},
};
use chrono_tz::Tz;
use serde_json::{json, Map, Value};
use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};
use thiserror::Error;

/// Longer than any step takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// More pages than any test asks for.
const MOST_PAGES: usize = 10_000;

pub(crate) const SESSION_KEY: &str = "stand^in_session_key_that_no_reply_may_repeat";

/// How a command is run, and what it is told before the first row.
#[derive(Debug)]
pub(crate) struct CustomCommand<'a> {
    pub(crate) name: &'a str,
    pub(crate) program: &'a Path,
    pub(crate) zone: Tz,
    pub(crate) searchinfo: Value,
    pub(crate) chunk_rows: usize,
    pub(crate) max_result_rows: usize,
}

/// What the Job Inspector shows of a search.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) level: String,
    pub(crate) text: String,
}

#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<Row>,
    pub(crate) messages: Vec<Message>,
    /// Bytes of rows that the command was sent.
    pub(crate) sent: usize,
}

#[derive(Debug, Error)]
#[error("Error in '{command}' command: {error}")]
pub(crate) struct CommandFailed {
    command: String,
    error: String,
    messages: Vec<Message>,
}

/// The command said `error`: it is asked no more.
struct SaidError(String);

type Said<T> = Result<Result<T, SaidError>, Breach>;

impl CustomCommand<'_> {
    /// The launch for parsing: `getinfo`, and no more.
    pub(crate) fn check(&self) -> Result<(), CommandFailed> {
        let mut talk = Talk::new(self);
        let said = self.launch(|from, to| talk.setup(from, to));
        said.map(|_| ())
            .map_err(|error| self.failed(error, talk.answer))
    }

    pub(crate) fn run(&self, rows: &[Row]) -> Result<Answer, CommandFailed> {
        let mut talk = Talk::new(self);
        match self.launch(|from, to| talk.search(rows, from, to)) {
            Ok(()) => Ok(talk.answer),
            Err(error) => Err(self.failed(error, talk.answer)),
        }
    }

    fn failed(&self, SaidError(error): SaidError, answer: Answer) -> CommandFailed {
        CommandFailed {
            command: self.name.to_string(),
            error,
            messages: answer.messages,
        }
    }

    /// Starts the program, talks to it, hangs up, and sees it end.
    ///
    /// Its only environment is the search head's time zone.
    fn launch<T: Send>(
        &self,
        talk: impl FnOnce(&mut BufReader<ChildStdout>, &mut ChildStdin) -> Said<T> + Send,
    ) -> Result<T, SaidError> {
        let name = self.name;
        let mut child = Command::new(self.program)
            .env_clear()
            .env("TZ", self.zone.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", self.program.display()));
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        let mut stderr = child.stderr.take().expect("stderr is a pipe");
        // Nothing is ever sent: the channel closes when both threads are done.
        let (talking, done) = mpsc::channel::<()>();
        let listening = talking.clone();
        let (said, complaints) = thread::scope(|scope| {
            let talk = scope.spawn(move || {
                let said = talk(&mut stdout, &mut stdin);
                drop(stdin);
                let rest = rest_of(&mut stdout);
                drop(talking);
                said.and_then(|said| rest.map(|()| said))
            });
            let listen = scope.spawn(move || {
                let mut complaints = String::new();
                let heard = stderr.read_to_string(&mut complaints);
                drop(listening);
                heard.map(|_| complaints)
            });
            if done.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                child.kill().expect("a silent command can be killed");
                panic!("`{name}` kept silent for {PATIENCE:?}");
            }
            (talk.join(), listen.join())
        });
        // Both pipes are closed, so the process is at its end.
        let status = child.wait().expect("the command was started");
        let complaints = complaints
            .expect("stderr has a reader")
            .expect("stderr is text");
        assert!(
            complaints.is_empty(),
            "`{name}` wrote to stderr: {complaints}"
        );
        let said = said
            .expect("the command has somebody to talk to")
            .unwrap_or_else(|breach| panic!("`{name}` broke the protocol: {breach} ({status})"));
        assert!(
            ended_well(status, said.is_ok()),
            "`{name}` ended with {status}"
        );
        said
    }
}

/// A command ends with 0; one that has said `error` may end with any code, but not by a signal.
fn ended_well(status: ExitStatus, answered: bool) -> bool {
    match answered {
        true => status.success(),
        false => status.code().is_some(),
    }
}

fn rest_of(from: &mut impl Read) -> Result<(), Breach> {
    let mut rest = vec![];
    from.read_to_end(&mut rest)?;
    match rest.is_empty() {
        true => Ok(()),
        false => Err(breach(format!("{} bytes after the last reply", rest.len()))),
    }
}

fn breach(text: impl Into<String>) -> Breach {
    Breach::Behaviour(text.into())
}

/// One conversation, and what has come of it so far.
struct Talk<'a> {
    command: &'a CustomCommand<'a>,
    answer: Answer,
}

/// The columns the command asked for; `None` stands for all.
type Wanted = Option<Vec<String>>;

impl<'a> Talk<'a> {
    fn new(command: &'a CustomCommand<'a>) -> Self {
        let answer = Answer::default();
        Talk { command, answer }
    }

    fn setup(&mut self, from: &mut impl BufRead, to: &mut impl Write) -> Said<Wanted> {
        let getinfo = json!({
            "action": "getinfo",
            "preview": false,
            "streaming_command_will_restart": false,
            "searchinfo": self.command.searchinfo,
        });
        write_frame(to, &getinfo, b"")?;
        let known = [
            "type",
            "required_fields",
            "maxwait",
            "finished",
            "inspector",
            "error",
        ];
        let reply = match self.reply(from, &known)? {
            Ok((reply, rows)) if rows.is_empty() => reply,
            Ok(_) => return Err(breach("rows in the reply to getinfo")),
            Err(error) => return Ok(Err(error)),
        };
        let required = match reply.get("required_fields") {
            None => None,
            Some(fields) => Some(serde_json::from_value::<Vec<String>>(fields.clone())?),
        };
        match reply.get("type").and_then(Value::as_str) {
            Some("reporting") => Ok(Ok(required)),
            // The list only has fields extracted: rows come with all their fields.
            Some("events") => Ok(Ok(None)),
            other => Err(breach(format!(
                "the type `{other:?}`, which the stand-in does not run"
            ))),
        }
    }

    fn search(&mut self, rows: &[Row], from: &mut impl BufRead, to: &mut impl Write) -> Said<()> {
        let wanted = match self.setup(from, to)? {
            Ok(wanted) => wanted,
            Err(error) => return Ok(Err(error)),
        };
        let mut chunks: Vec<&[Row]> = rows.chunks(self.command.chunk_rows).collect();
        if chunks.is_empty() {
            chunks.push(&[]);
        }
        // Asking for more pages once the rows are through: the header alone.
        let header_only = write_rows(&[], wanted.as_deref());
        for turn in 0..chunks.len() + MOST_PAGES {
            let body = match chunks.get(turn) {
                Some([]) => vec![],
                Some(chunk) => write_rows(chunk, wanted.as_deref()),
                None => header_only.clone(),
            };
            self.answer.sent += body.len();
            let all = turn + 1 >= chunks.len();
            write_frame(to, &json!({"action": "execute", "finished": all}), &body)?;
            match self.reply(from, &["finished", "inspector", "error"])? {
                Err(error) => return Ok(Err(error)),
                Ok((reply, rows)) => {
                    self.answer.rows.extend(rows);
                    match reply.get("finished") {
                        Some(Value::Bool(true)) => return Ok(Ok(())),
                        Some(Value::Bool(false)) => {}
                        _ => return Err(breach("a reply without `finished`")),
                    }
                }
            }
        }
        Err(breach(format!("more than {MOST_PAGES} pages")))
    }

    /// Reads one reply, notes its messages, and stops at `error`.
    fn reply(
        &mut self,
        from: &mut impl BufRead,
        known: &[&str],
    ) -> Said<(Map<String, Value>, Vec<Row>)> {
        let frame = read_frame(from)?;
        let secret = SESSION_KEY.as_bytes();
        let metadata = frame.metadata.to_string();
        for told in [metadata.as_bytes(), &frame.body] {
            if told.windows(secret.len()).any(|bytes| bytes == secret) {
                return Err(breach("the session key in a reply"));
            }
        }
        let Value::Object(reply) = frame.metadata else {
            return Err(breach(format!("the metadata {metadata}")));
        };
        if let Some(unknown) = reply.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(breach(format!("`{unknown}` in a reply")));
        }
        if let Some(inspector) = reply.get("inspector") {
            self.note(inspector)?;
        }
        if let Some(error) = reply.get("error") {
            let error = error
                .as_str()
                .ok_or_else(|| breach("an error that is no text"))?;
            return Ok(Err(SaidError(error.to_string())));
        }
        let rows = read_rows(&frame.body)?;
        match rows.len() > self.command.max_result_rows {
            true => Err(breach(format!("{} rows in one reply", rows.len()))),
            false => Ok(Ok((reply, rows))),
        }
    }

    /// A text that was already shown is dropped, as Splunk does.
    fn note(&mut self, inspector: &Value) -> Result<(), Breach> {
        let messages: Vec<(String, String)> =
            serde_json::from_value(inspector["messages"].clone())?;
        for (level, text) in messages {
            if !["DEBUG", "INFO", "WARN", "ERROR", "FATAL"].contains(&level.as_str()) {
                return Err(breach(format!("the message level `{level}`")));
            }
            if !self
                .answer
                .messages
                .iter()
                .any(|message| message.text == text)
            {
                self.answer.messages.push(Message { level, text });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets a command of canned replies answer a search of five rows in chunks of two; gives what it was sent.
    fn answer(replies: &[(Value, &str)]) -> (Said<()>, Answer, String) {
        let mut from = vec![];
        for (metadata, body) in replies {
            write_frame(&mut from, metadata, body.as_bytes()).unwrap();
        }
        let command = CustomCommand {
            name: "canned",
            program: Path::new("canned"),
            zone: Tz::UTC,
            searchinfo: json!({}),
            chunk_rows: 2,
            max_result_rows: 2,
        };
        let rows: Vec<Row> = ["a", "b", "c", "d", "e"]
            .map(|user| Row::of(&[("user", user), ("x", "1")]))
            .to_vec();
        let mut talk = Talk::new(&command);
        let mut to = vec![];
        let said = talk.search(&rows, &mut from.as_slice(), &mut to);
        (said, talk.answer, String::from_utf8(to).unwrap())
    }

    fn reporting() -> Value {
        json!({"type": "reporting", "required_fields": ["user"]})
    }

    #[test]
    fn a_reporting_command_gets_only_what_it_requires_and_is_asked_until_it_has_finished() {
        let more = || json!({"finished": false});
        let (said, answer, sent) = answer(&[
            (reporting(), ""),
            (more(), ""),
            (more(), ""),
            (more(), "n\n1\n2\n"),
            (json!({"finished": true}), "n\n3\n"),
        ]);
        assert!(matches!(said, Ok(Ok(()))));
        assert_eq!(answer.rows.len(), 3);
        let (_, requests) = sent
            .split_once("\"streaming_command_will_restart\":false}")
            .unwrap();
        let header = "user,\"__mv_user\"\n";
        let request = |finished: bool, body: String| {
            let metadata = json!({"action": "execute", "finished": finished}).to_string();
            format!(
                "chunked 1.0,{},{}\n{metadata}{body}",
                metadata.len(),
                body.len()
            )
        };
        let expected = [
            request(false, format!("{header}a,\nb,\n")),
            request(false, format!("{header}c,\nd,\n")),
            request(true, format!("{header}e,\n")),
            request(true, header.to_string()),
        ];
        assert_eq!(requests, expected.concat());
    }

    #[test]
    fn an_events_command_gets_every_field() {
        let finished = json!({"finished": true});
        let (_, _, sent) = answer(&[
            (json!({"type": "events", "required_fields": ["user"]}), ""),
            (finished, ""),
        ]);
        assert!(sent.contains("user,x,\"__mv_user\",\"__mv_x\"\na,1,,\n"));
    }

    #[test]
    fn messages_are_kept_once_and_an_error_ends_the_conversation() {
        let messages = json!([["WARN", "careful"], ["INFO", "careful"], ["INFO", "hello"]]);
        let (said, answer, _) = answer(&[
            (reporting(), ""),
            (
                json!({"inspector": {"messages": messages}, "error": "no", "finished": true}),
                "",
            ),
        ]);
        assert!(matches!(said, Ok(Err(SaidError(error))) if error == "no"));
        let texts: Vec<&str> = answer.messages.iter().map(|m| m.text.as_str()).collect();
        assert_eq!(texts, ["careful", "hello"]);
    }

    #[test]
    fn what_splunkd_might_stumble_over_is_a_breach() {
        let finished = || json!({"finished": true});
        for replies in [
            vec![],
            vec![(json!({"type": "eventing"}), "")],
            vec![(json!({"type": "reporting", "maxinputs": 1}), "")],
            vec![(reporting(), "a\n1\n")],
            vec![(reporting(), ""), (json!({}), "")],
            vec![(reporting(), ""), (finished(), "n\n1\n2\n3\n")],
            vec![(reporting(), ""), (finished(), "n\n1,2\n")],
            vec![(reporting(), ""), (finished(), SESSION_KEY)],
            vec![
                (reporting(), ""),
                (
                    json!({"finished": true, "inspector": {"messages": [["warn", "x"]]}}),
                    "",
                ),
            ],
        ] {
            assert!(answer(&replies).0.is_err(), "{replies:?}");
        }
    }
}
