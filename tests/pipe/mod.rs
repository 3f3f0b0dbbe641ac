//! splunkd's end of the pipe, as small as can be: starts the real binary, sends chunks, reads replies.
//!
//! Written apart from `src/protocol`, so that a test never checks the program against itself. Knows frames and nothing of
//! rows; does not stand in for a search head (`tests/search_head` does).

use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// One frame as bytes.
pub(crate) fn frame(metadata: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("chunked 1.0,{},{}\n{metadata}", metadata.len(), body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A getinfo request for `command` with `args`, as splunkd 8.2 words it.
pub(crate) fn getinfo(command: &str, args: &[&str]) -> String {
    let searchinfo = json!({
        "args": args, "raw_args": args, "command": command, "maxresultrows": 50000, "sid": "1700000000.1",
        "dispatch_dir": "/opt/splunk/var/run/splunk/dispatch/1700000000.1", "app": "unseen", "owner": "admin",
        "username": "admin", "session_key": SESSION_KEY, "splunkd_uri": "https://127.0.0.1:8089",
        "splunk_version": "8.2.1", "search": "", "earliest_time": "0", "latest_time": "0",
    });
    json!({"action": "getinfo", "preview": false, "streaming_command_will_restart": false, "searchinfo": searchinfo}).to_string()
}

/// What no output may ever hold.
pub(crate) const SESSION_KEY: &str = "zsecret^session_key";

/// An execute request.
pub(crate) fn execute(finished: bool) -> String {
    format!("{{\"action\":\"execute\",\"finished\":{finished}}}")
}

/// One reply.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The metadata.
    pub(crate) metadata: Value,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Whether the command is done.
    pub(crate) fn finished(&self) -> bool {
        self.metadata["finished"] == json!(true)
    }

    /// The error, if the command failed.
    pub(crate) fn error(&self) -> Option<&str> {
        self.metadata["error"].as_str()
    }
}

/// Reads the next reply; none at the end of the stream.
pub(crate) fn read_reply(from: &mut impl BufRead) -> Option<Reply> {
    let mut header = String::new();
    if from.read_line(&mut header).expect("a header line") == 0 {
        return None;
    }
    let lengths: Vec<usize> = header
        .trim_end()
        .strip_prefix("chunked 1.0,")
        .unwrap_or_else(|| panic!("no chunk header: {header:?}"))
        .split(',')
        .map(|length| length.parse().expect("a length"))
        .collect();
    let mut part = |length: usize| {
        let mut bytes = vec![0; length];
        from.read_exact(&mut bytes)
            .expect("as many bytes as the header says");
        bytes
    };
    let (metadata, body) = (part(lengths[0]), part(lengths[1]));
    Some(Reply {
        metadata: serde_json::from_slice(&metadata).expect("metadata in JSON"),
        body,
    })
}

/// A running command.
pub(crate) struct Session {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Session {
    /// Starts the binary in the time zone `tz`.
    pub(crate) fn start(tz: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_unseen"))
            .env("TZ", tz)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("a piped stdout"));
        Self {
            child,
            stdin,
            stdout,
        }
    }

    /// Sends a request and reads its reply.
    pub(crate) fn ask(&mut self, metadata: &str, body: &[u8]) -> Reply {
        let stdin = self.stdin.as_mut().expect("an open stdin");
        stdin
            .write_all(&frame(metadata, body))
            .expect("the command reads its stdin");
        stdin.flush().expect("the command reads its stdin");
        read_reply(&mut self.stdout).expect("a reply")
    }

    /// Closes stdin and waits: the command must end well, and say nothing on stderr.
    pub(crate) fn end(mut self) {
        drop(self.stdin.take());
        let mut rest = Vec::new();
        self.stdout
            .read_to_end(&mut rest)
            .expect("a readable stdout");
        assert!(
            rest.is_empty(),
            "more output than requests: {}",
            String::from_utf8_lossy(&rest)
        );
        let output = self.child.wait_with_output().expect("the command ends");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(output.status.success(), "{}", output.status);
    }
}

/// What a whole run gave: the pages, end to end, and the reply that ended it.
pub(crate) struct Run {
    /// The body of every page.
    pub(crate) pages: Vec<Vec<u8>>,
    /// The last reply.
    pub(crate) last: Reply,
}

/// Runs a command over bodies, each in a request of its own, and asks for pages until there are no more.
pub(crate) fn run(tz: &str, command: &str, args: &[&str], bodies: &[Vec<u8>]) -> Run {
    let mut session = Session::start(tz);
    let opened = session.ask(&getinfo(command, args), b"");
    assert_eq!(opened.error(), None);
    let (last, others) = bodies.split_last().expect("at least one body");
    for body in others {
        let reply = session.ask(&execute(false), body);
        if reply.finished() {
            session.end();
            return Run {
                pages: vec![],
                last: reply,
            };
        }
        assert!(reply.body.is_empty());
    }
    let mut reply = session.ask(&execute(true), last);
    let mut pages = Vec::new();
    loop {
        pages.push(std::mem::take(&mut reply.body));
        if reply.finished() {
            session.end();
            return Run { pages, last: reply };
        }
        reply = session.ask(&execute(true), b"");
    }
}
