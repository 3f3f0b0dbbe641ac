//! One conversation with splunkd, in lockstep: read a whole request, send one reply, until either side is done.
//!
//! Knows the order of the messages and nothing of rows. A stream that ends, between chunks or inside one, and a reply
//! that nobody reads are normal ends: splunkd starts a command several times while it plans a search and drops all but one.
//!
//! Sources: lockstep and paging from the Splunk SDK for Python (issues #150 and #301 of its repository) and from
//! recorded sessions; ending a preview at once, as Splunk's own machine learning toolkit does.

use super::chunk::{write_chunk, Chunk, ChunkError};
use super::message::{Getinfo, GetinfoReply, Inspector, Message, MetadataError, Reply, Request};
use serde::Serialize;
use std::io::{self, BufRead, Write};
use thiserror::Error;

/// Why a command failed: one line of text, shown to the person who runs the search.
pub type CommandError = Box<dyn std::error::Error + Send + Sync>;

/// How splunkd runs a command. Both kinds run on the search head and see the whole set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CommandType {
    /// May filter and reorder; what comes out stays events. Gets every column.
    Events,
    /// Makes a table of its own. Gets the required columns only.
    Reporting,
}

/// Whether more pages follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// Ask again.
    Follows,
    /// This was the last page.
    Nothing,
}

/// A search command at work: bodies in, then pages out.
pub trait Command {
    /// Takes the rows of one request.
    ///
    /// # Errors
    /// Ends the search; nothing that was taken goes out.
    fn take(&mut self, body: &[u8]) -> Result<(), CommandError>;

    /// Called once after the last rows; returns the messages for the user, each once.
    ///
    /// # Errors
    /// Ends the search before the first page.
    fn finish(&mut self) -> Result<Vec<Message>, CommandError>;

    /// Puts the next page into `out`, which is empty: a header and rows, or nothing.
    fn page(&mut self, out: &mut Vec<u8>) -> More;
}

/// A command that accepted its arguments, and what splunkd must know of it.
pub struct Opened {
    /// How it runs.
    pub command_type: CommandType,
    /// The columns it needs; none means all.
    pub required_fields: Vec<String>,
    /// The command itself.
    pub command: Box<dyn Command>,
}

/// Why a conversation broke off. splunkd was sent the same text, if it still read.
#[derive(Debug, Error)]
pub enum SessionError {
    /// What came is not a chunk.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// A chunk's metadata is not the request that was due.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// Rows came after the end of the input was announced.
    #[error(
        "expected a request for the next page, got one with rows, after the input had finished"
    )]
    RowsAfterTheEnd,
    /// A reply could not be written.
    #[error("the reply could not be written")]
    Write(#[source] io::Error),
}

/// Holds one conversation. `open` turns a getinfo request into a command, or into a reason why not.
///
/// A command that fails is a good conversation: the error goes to splunkd and the result is `Ok`.
///
/// # Errors
/// See [`SessionError`].
pub fn serve(
    reader: impl BufRead,
    writer: impl Write,
    open: impl FnOnce(&Getinfo) -> Result<Opened, CommandError>,
) -> Result<(), SessionError> {
    let mut pipe = Pipe {
        reader,
        writer,
        chunk: Chunk::default(),
    };
    match converse(&mut pipe, open) {
        Ok(()) | Err(End::Gone) => Ok(()),
        Err(End::Failed(error)) => pipe.fail(error.as_ref()).or_else(gone_is_fine),
        Err(End::Broken(error)) => {
            // Whoever sent the broken chunk may be gone too; the error that matters is the first one.
            let _ = pipe.fail(&error);
            Err(error)
        }
    }
}

/// How a conversation ends early.
enum End {
    /// Nobody is there any more.
    Gone,
    /// The command failed: splunkd gets the error and shows it.
    Failed(CommandError),
    /// The other side does not keep to the protocol.
    Broken(SessionError),
}

impl From<CommandError> for End {
    fn from(error: CommandError) -> Self {
        Self::Failed(error)
    }
}

impl From<ChunkError> for End {
    fn from(error: ChunkError) -> Self {
        match error {
            ChunkError::Cut { .. } => Self::Gone,
            other => Self::Broken(other.into()),
        }
    }
}

impl From<MetadataError> for End {
    fn from(error: MetadataError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Gone,
            _ => Self::Broken(SessionError::Write(error)),
        }
    }
}

fn gone_is_fine(end: End) -> Result<(), SessionError> {
    match end {
        End::Broken(error) => Err(error),
        End::Gone | End::Failed(_) => Ok(()),
    }
}

fn converse<R: BufRead, W: Write>(
    pipe: &mut Pipe<R, W>,
    open: impl FnOnce(&Getinfo) -> Result<Opened, CommandError>,
) -> Result<(), End> {
    let getinfo = match pipe.request()? {
        Request::Getinfo(getinfo) => getinfo,
        other => {
            return Err(MetadataError::OutOfTurn {
                expected: "getinfo",
                got: other.action(),
            }
            .into())
        }
    };
    let Opened {
        command_type,
        required_fields,
        mut command,
    } = open(&getinfo)?;
    pipe.reply(
        &GetinfoReply {
            command_type,
            required_fields: &required_fields,
        },
        b"",
    )?;

    if getinfo.preview {
        pipe.execute()?;
        return pipe.reply(
            &Reply {
                finished: true,
                ..Reply::default()
            },
            b"",
        );
    }
    while !pipe.execute()? {
        command.take(&pipe.chunk.body)?;
        pipe.reply(&Reply::default(), b"")?;
    }
    command.take(&pipe.chunk.body)?;
    let messages = command.finish()?;
    send_pages(pipe, command.as_mut(), messages)
}

/// Answers the last request, and every request for a further page, with a page. The messages go with the first.
fn send_pages<R: BufRead, W: Write>(
    pipe: &mut Pipe<R, W>,
    command: &mut dyn Command,
    mut messages: Vec<Message>,
) -> Result<(), End> {
    // The buffer of the rows that came takes the rows that go out: they are never there at once.
    let mut page = std::mem::take(&mut pipe.chunk.body);
    loop {
        page.clear();
        let finished = command.page(&mut page) == More::Nothing;
        let inspector = Inspector {
            messages: std::mem::take(&mut messages),
        };
        pipe.reply(
            &Reply {
                inspector,
                finished,
                error: None,
            },
            &page,
        )?;
        if finished {
            return Ok(());
        }
        pipe.execute()?;
        if has_rows(&pipe.chunk.body) {
            return Err(End::Broken(SessionError::RowsAfterTheEnd));
        }
    }
}

/// Whether a body holds more than a header line. A header that spans lines does not occur in a request for a page.
fn has_rows(body: &[u8]) -> bool {
    let header = body
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(body.len(), |end| end + 1);
    !body[header..].trim_ascii().is_empty()
}

/// The two ends of the pipe, and the request that was read last.
struct Pipe<R, W> {
    reader: R,
    writer: W,
    chunk: Chunk,
}

impl<R: BufRead, W: Write> Pipe<R, W> {
    fn request(&mut self) -> Result<Request, End> {
        if !self.chunk.read(&mut self.reader)? {
            return Err(End::Gone);
        }
        Ok(Request::parse(&self.chunk.metadata)?)
    }

    /// Reads an execute request; `true` if it is the last with rows.
    fn execute(&mut self) -> Result<bool, End> {
        match self.request()? {
            Request::Execute(execute) => Ok(execute.finished),
            other => Err(MetadataError::OutOfTurn {
                expected: "execute",
                got: other.action(),
            }
            .into()),
        }
    }

    fn reply(&mut self, metadata: &impl Serialize, body: &[u8]) -> Result<(), End> {
        let metadata =
            serde_json::to_vec(metadata).expect("a reply holds text, numbers and lists only");
        Ok(write_chunk(&mut self.writer, &metadata, body)?)
    }

    fn fail(&mut self, error: &(dyn std::error::Error + 'static)) -> Result<(), End> {
        self.reply(
            &Reply {
                finished: true,
                error: Some(one_line(error)),
                ..Reply::default()
            },
            b"",
        )
    }
}

/// An error and its causes in one line: splunkd shows no more.
fn one_line(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let text = causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ");
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends back every body it took, one a page.
    #[derive(Default)]
    struct Echo(std::collections::VecDeque<Vec<u8>>);

    impl Command for Echo {
        fn take(&mut self, body: &[u8]) -> Result<(), CommandError> {
            if body == b"bad" {
                return Err("that was\nbad".into());
            }
            self.0.push_back(body.to_vec());
            Ok(())
        }
        fn finish(&mut self) -> Result<Vec<Message>, CommandError> {
            Ok(vec![Message(super::super::Level::Info, "echoed".into())])
        }
        fn page(&mut self, out: &mut Vec<u8>) -> More {
            out.extend(self.0.pop_front().unwrap_or_default());
            if self.0.is_empty() {
                More::Nothing
            } else {
                More::Follows
            }
        }
    }

    fn echo(_: &Getinfo) -> Result<Opened, CommandError> {
        Ok(Opened {
            command_type: CommandType::Events,
            required_fields: vec![],
            command: Box::<Echo>::default(),
        })
    }

    fn chunk(metadata: &str, body: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_chunk(&mut bytes, metadata.as_bytes(), body.as_bytes()).unwrap();
        bytes
    }

    fn replies(mut bytes: &[u8]) -> Vec<(String, String)> {
        let mut replies = Vec::new();
        let mut chunk = Chunk::default();
        while chunk.read(&mut bytes).unwrap() {
            let text = |part: &[u8]| String::from_utf8(part.to_vec()).unwrap();
            replies.push((text(&chunk.metadata), text(&chunk.body)));
        }
        replies
    }

    fn talk(requests: &[(&str, &str)]) -> (Result<(), SessionError>, Vec<(String, String)>) {
        let input: Vec<u8> = requests
            .iter()
            .flat_map(|(metadata, body)| chunk(metadata, body))
            .collect();
        let mut output = Vec::new();
        let result = serve(input.as_slice(), &mut output, echo);
        (result, replies(&output))
    }

    const GETINFO: &str = r#"{"action":"getinfo"}"#;
    const MORE: &str = r#"{"action":"execute","finished":false}"#;
    const LAST: &str = r#"{"action":"execute","finished":true}"#;

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(metadata, body)| (metadata.to_string(), body.to_string()))
            .collect()
    }

    #[test]
    fn every_request_has_one_reply_and_pages_follow_one_by_one() {
        let (result, replies) = talk(&[
            (GETINFO, ""),
            (MORE, "a\n1\n"),
            (MORE, ""),
            (LAST, "a\n2\n"),
            (LAST, "a\n"),
            (LAST, ""),
        ]);
        result.unwrap();
        assert_eq!(
            replies,
            pairs(&[
                (r#"{"type":"events"}"#, ""),
                (r#"{"finished":false}"#, ""),
                (r#"{"finished":false}"#, ""),
                (
                    r#"{"inspector":{"messages":[["INFO","echoed"]]},"finished":false}"#,
                    "a\n1\n"
                ),
                (r#"{"finished":false}"#, ""),
                (r#"{"finished":true}"#, "a\n2\n"),
            ])
        );
    }

    #[test]
    fn a_launch_that_ends_after_getinfo_is_a_normal_end() {
        let (result, replies) = talk(&[(GETINFO, "")]);
        result.unwrap();
        assert_eq!(replies.len(), 1);
        assert!(talk(&[]).0.is_ok());
    }

    #[test]
    fn a_preview_is_finished_at_once_without_rows() {
        let (_, replies) = talk(&[
            (r#"{"action":"getinfo","preview":true}"#, ""),
            (MORE, "a\n1\n"),
        ]);
        assert_eq!(
            replies,
            pairs(&[(r#"{"type":"events"}"#, ""), (r#"{"finished":true}"#, "")])
        );
    }

    #[test]
    fn a_failing_command_tells_one_line_and_sends_no_rows() {
        let (result, replies) = talk(&[
            (GETINFO, ""),
            (MORE, "a\n1\n"),
            (MORE, "bad"),
            (LAST, "a\n2\n"),
        ]);
        result.unwrap();
        assert_eq!(
            replies[2..],
            pairs(&[(r#"{"finished":true,"error":"that was bad"}"#, "")])
        );
    }

    #[test]
    fn requests_out_of_turn_are_refused() {
        for requests in [vec![(LAST, "")], vec![(GETINFO, ""), (GETINFO, "")]] {
            let (result, replies) = talk(&requests);
            assert!(matches!(
                result,
                Err(SessionError::Metadata(MetadataError::OutOfTurn { .. }))
            ));
            assert!(replies
                .last()
                .unwrap()
                .0
                .contains("expected a request with the action"));
        }
    }

    #[test]
    fn rows_after_the_end_are_refused_not_lost() {
        let (result, _) = talk(&[
            (GETINFO, ""),
            (MORE, "a\n1\n"),
            (LAST, "a\n2\n"),
            (LAST, "a\n3\n"),
        ]);
        assert!(matches!(result, Err(SessionError::RowsAfterTheEnd)));
    }

    #[test]
    fn a_stream_cut_anywhere_ends_quietly() {
        let input = [
            chunk(GETINFO, ""),
            chunk(MORE, "a\n1\n"),
            chunk(LAST, "a\n2\n"),
        ]
        .concat();
        for cut in 0..input.len() {
            serve(&input[..cut], io::sink(), echo)
                .unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        }
    }

    #[test]
    fn a_reply_that_nobody_reads_is_a_normal_end() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        serve(chunk(GETINFO, "").as_slice(), Closed, echo).unwrap();
    }
}
