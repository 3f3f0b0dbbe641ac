//! A whole conversation in memory: a command's name, its words and bodies in, pages and messages out.
//!
//! The real protocol and the real commands, with a clock and a zone of the test's. Frames are written and read by `tests/pipe`, rows by
//! the `csv` crate, so that a test never checks the program against itself. Knows no rules.

use crate::pipe;
use chrono_tz::Tz;
use unseen::command::{self, Surroundings};
use unseen::protocol::serve;
use unseen::time::Timestamp;

/// Who talks, and when and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk<'t> {
    /// The wall clock, epoch seconds.
    pub(crate) now: i64,
    /// The search head's zone.
    pub(crate) zone: Tz,
    /// `seen` or `unseen`.
    pub(crate) command: &'t str,
    /// The words behind it.
    pub(crate) args: &'t [&'t str],
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The body of every page, in order.
    pub(crate) pages: Vec<Vec<u8>>,
    /// Level and text of all that was told.
    pub(crate) messages: Vec<(String, String)>,
    /// Why the search failed, if it did.
    pub(crate) error: Option<String>,
}

/// A row: its cells under their names. Two rows are equal if they say the same, in whatever order their columns stand.
pub(crate) type Row = std::collections::BTreeMap<String, String>;

impl Talk<'_> {
    /// Sends each body in a request of its own and asks for pages until there are no more.
    pub(crate) fn over(&self, bodies: &[Vec<u8>]) -> Answer {
        let mut input = pipe::frame(&pipe::getinfo(self.command, self.args), b"");
        for (index, body) in bodies.iter().enumerate() {
            let last = index + 1 == bodies.len();
            input.extend(pipe::frame(&pipe::execute(last), body));
        }
        let lines = bodies.iter().flatten().filter(|&&byte| byte == b'\n');
        for _ in 0..lines.count() {
            input.extend(pipe::frame(&pipe::execute(true), b""));
        }
        let mut output = Vec::new();
        let surroundings = Surroundings {
            now: Timestamp::from_seconds(self.now),
            zone: self.zone,
        };
        serve(input.as_slice(), &mut output, |getinfo| {
            command::open(getinfo, surroundings)
        })
        .expect("a conversation in good order");
        Answer::read(&output)
    }
}

impl Answer {
    fn read(mut output: &[u8]) -> Self {
        let mut answer = Self::default();
        while let Some(reply) = pipe::read_reply(&mut output) {
            let told = reply.metadata["inspector"]["messages"].as_array();
            for message in told.into_iter().flatten() {
                let text = |nth: usize| message[nth].as_str().unwrap().to_owned();
                answer.messages.push((text(0), text(1)));
            }
            answer.error = answer.error.or(reply.error().map(str::to_owned));
            answer.pages.push(reply.body);
        }
        answer
    }

    /// All rows of all pages, sorted. Panics if the search failed.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<Row> {
        assert_eq!(self.error, None);
        let mut rows: Vec<Row> = self.pages.iter().flat_map(|page| rows(page)).collect();
        rows.sort();
        rows
    }

    /// Whether a message of this level holds this text.
    pub(crate) fn has_message(&self, level: &str, text: &str) -> bool {
        self.messages
            .iter()
            .any(|(of, message)| of == level && message.contains(text))
    }
}

/// The rows of a body. Cells that are not UTF-8 panic.
pub(crate) fn rows(body: &[u8]) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(body);
    reader.deserialize().map(Result::unwrap).collect()
}

/// A body of rows, all with these columns in this order; what a row lacks is empty.
pub(crate) fn body(columns: &[&str], rows: &[Row]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns).unwrap();
    for row in rows {
        let cells = columns
            .iter()
            .map(|name| row.get(*name).map_or("", String::as_str));
        writer.write_record(cells).unwrap();
    }
    writer.into_inner().unwrap()
}

/// A row of these cells.
pub(crate) fn row<const N: usize>(cells: [(&str, &str); N]) -> Row {
    cells
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
}
