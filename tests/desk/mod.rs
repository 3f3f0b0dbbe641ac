//! A folder for one test, the binary run in it, how it ended and what it wrote: for all tests of the command line.

use flate2::{write::GzEncoder, Compression};
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

pub(crate) fn sample(name: &str) -> String {
    format!(
        "{}/tests/data/cloudtrail/{name}",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// A folder for one test, in which the binary runs.
pub(crate) struct Desk(pub(crate) TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unseen"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .env("TZ", "UTC");
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Told {
        Told::of(self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_on(&self, arguments: &str, stdin: &[u8]) -> Told {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        Told::of(child.wait_with_output().unwrap())
    }

    /// Runs what must go well.
    pub(crate) fn ok(&self, arguments: &str) -> Told {
        let told = self.run(arguments);
        assert_eq!(told.code, 0, "unseen {arguments}: {told:?}");
        told
    }
}

/// How a run ended and what it wrote.
pub(crate) struct Told {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// As it would be read on a terminal, since it is shown where a test fails.
impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, out, err } = self;
        write!(f, "exit code {code}\n-- stdout:\n{out}\n-- stderr:\n{err}")
    }
}

impl Told {
    /// What a run wrote that a signal may have ended: the exit code is then the negative number of that.
    #[cfg(unix)]
    pub(crate) fn of_any(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let status = output.status;
        let code = status.code().or(status.signal().map(|signal| -signal));
        Self {
            code: code.unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.err.contains(text), "no `{text}` in:\n{}", self.err);
        self
    }
}

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A successful call by a role of account 1, in one line.
pub(crate) fn call(role: &str, name: &str, time: &str) -> String {
    format!(
        r#"{{"eventTime":"{time}","eventSource":"s3.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","userIdentity":{{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/{role}/{time}","sessionContext":{{"sessionIssuer":{{"userName":"{role}","accountId":"1"}}}}}}}}"#
    )
}

/// Ten days of calls; on the tenth a role makes one that it never made.
pub(crate) fn ten_days(desk: &Desk) {
    for day in 1..=10 {
        let mut lines = vec![call(
            "App",
            "GetObject",
            &format!("2025-03-{day:02}T08:00:00Z"),
        )];
        lines.push(call(
            "Ops",
            &format!("Call{}", day.min(3)),
            &format!("2025-03-{day:02}T09:30:00Z"),
        ));
        if day == 10 {
            lines.push(call("App", "DeleteBucket", "2025-03-10T10:05:00Z"));
        }
        desk.write(&format!("days/{day:02}.json"), lines.join("\n"));
    }
}
