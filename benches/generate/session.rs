//! What the shipped searches really send: the observations, each joined to what the baseline says of its key, then the baseline.
//!
//! The bodies are in splunkd's CSV dialect: cells quoted unless `[A-Za-z0-9]*`, a `__mv_` twin for each column after all plain
//! ones, 50,000 rows a chunk. The baseline comes in random order, as a KV store returns it; three rows in a hundred lie past the
//! forget window, two observations in a hundred are of keys that the baseline does not have.

use super::dice::Dice;
use super::keys::{account, key, Shape};
use std::io::{self, Write};

/// The time that every search is as of: 2025-06-01 12:00:00 UTC.
pub(crate) const AS_OF: u64 = 1_748_779_200;

/// How many rows splunkd sends in one chunk.
const ROWS_A_CHUNK: usize = 50_000;

pub(crate) const DAY: u64 = 86_400;

/// The columns `seen` asks for by its `required_fields`.
const LEARN: &[&str] = &[
    "user",
    "command",
    "firstTime",
    "lastTime",
    "_time",
    "firstTimeSeen",
    "lastTimeSeen",
    "enough_data",
];

/// The columns the detection has when it comes to `unseen`, which gets all of them.
const DETECT: &[&str] = &[
    "user",
    "command",
    "object",
    "firstTime",
    "lastTime",
    "count",
    "account",
    "firstTimeSeen",
    "lastTimeSeen",
    "enough_data",
    "_key",
];

/// Which of the two commands the rows are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Those `seen` asks for.
    Learn,
    /// All of them, for `unseen`.
    Detect,
}

/// How large a session is, and of what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    /// Who made the calls.
    pub(crate) shape: Shape,
    /// Which columns come.
    pub(crate) columns: Columns,
    /// How many observations come first.
    pub(crate) observations: u64,
    /// How many baseline rows come after them.
    pub(crate) baseline: u64,
}

/// When the baseline saw a key first and last.
struct StoredTimes {
    first: u64,
    last: u64,
}

impl Session {
    /// Writes every execute request of the session, the last one `finished:true`. What comes before and behind is the runner's.
    pub(crate) fn write_requests(&self, out: &mut impl Write) -> io::Result<()> {
        let rows = (self.observations + self.baseline) as usize;
        write_requests(self.names(), rows, out, |take| self.for_each_row(take))
    }

    /// One body with all rows, for the benchmarks of the parts.
    #[allow(dead_code)] // each bench target uses its own part
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        write_header(self.names(), &mut body);
        self.for_each_row(&mut |row| {
            body.extend_from_slice(row);
            Ok(())
        })
        .expect("memory takes every row");
        body
    }

    fn names(&self) -> &'static [&'static str] {
        match self.columns {
            Columns::Learn => LEARN,
            Columns::Detect => DETECT,
        }
    }

    fn for_each_row(&self, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let keys = u32::try_from(self.baseline).expect("fewer keys than 2^32");
        let new = self.observations / 50;
        let mut observed = Dice::of("observed", 0).shuffled(keys);
        observed.truncate((self.observations - new) as usize);
        observed.extend(keys..keys + new as u32);
        let mut row = Vec::new();
        for nth in Dice::of("arrival", 0).shuffled(observed.len() as u32) {
            row.clear();
            self.observation(u64::from(observed[nth as usize]), &mut row);
            take(&row)?;
        }
        for nth in Dice::of("store", 0).shuffled(keys) {
            row.clear();
            self.stored(u64::from(nth), &mut row);
            take(&row)?;
        }
        Ok(())
    }

    fn stored_times(&self, nth: u64) -> Option<StoredTimes> {
        if nth >= self.baseline {
            return None;
        }
        let mut dice = Dice::of("said", nth); // a name for the seed: another one would make other rows
        let (youngest, oldest) = match dice.below(100) {
            0..3 => (92 * DAY, 120 * DAY), // forgotten
            3..40 => (0, DAY / 2),         // seen by last night's run already
            _ => (DAY, 89 * DAY),
        };
        let last = AS_OF - youngest - dice.below(oldest - youngest);
        let first = last - DAY - dice.below(200 * DAY);
        Some(StoredTimes { first, last })
    }

    fn observation(&self, nth: u64, out: &mut Vec<u8>) {
        let (user, command) = key(self.shape, nth, self.baseline);
        let mut dice = Dice::of("observation", nth);
        let reach = match self.columns {
            Columns::Learn => 3 * DAY,
            Columns::Detect => DAY,
        };
        let first = AS_OF - reach + dice.below(reach - 3_600);
        let last = first + dice.below(AS_OF - first);
        let (first, last) = (seconds(first, &mut dice), seconds(last, &mut dice));
        let times = self.stored_times(nth);
        let cells = times.map(|times| stored_cells(&times, nth));
        let [first_seen, last_seen, flag] = cells.unwrap_or_default();
        match self.columns {
            Columns::Learn => {
                let cells = [
                    &user,
                    &command,
                    &first,
                    &last,
                    "",
                    &first_seen,
                    &last_seen,
                    &flag,
                ];
                write_row(&cells, &[""; 8], out);
            }
            Columns::Detect => {
                let (account, account_twin) = accounts(&mut dice);
                let (object, count) = (object(&mut dice), (1 + dice.below(900)).to_string());
                let cells = [
                    &user,
                    &command,
                    &object,
                    &first,
                    &last,
                    &count,
                    &account,
                    &first_seen,
                    &last_seen,
                    &flag,
                    "",
                ];
                let mut twins = [""; 11];
                twins[6] = &account_twin;
                write_row(&cells, &twins, out);
            }
        }
    }

    fn stored(&self, nth: u64, out: &mut Vec<u8>) {
        let (user, command) = key(self.shape, nth, self.baseline);
        let times = self.stored_times(nth);
        let times = times.expect("a stored key is one of the baseline");
        let [first_seen, last_seen, flag] = stored_cells(&times, nth);
        match self.columns {
            Columns::Learn => {
                let cells = [&user, &command, "", "", "", &first_seen, &last_seen, &flag];
                write_row(&cells, &[""; 8], out);
            }
            Columns::Detect => {
                let mut dice = Dice::of("row key", nth);
                let row_key: String = (0..4).map(|_| format!("{:016x}", dice.roll())).collect();
                let cells = [
                    &user,
                    &command,
                    "",
                    "",
                    "",
                    "",
                    "",
                    &first_seen,
                    &last_seen,
                    &flag,
                    &row_key,
                ];
                write_row(&cells, &[""; 11], out);
            }
        }
    }
}

/// Writes rows as execute requests, the last one `finished:true`; `for_each` hands over so many of them.
pub(crate) fn write_requests(
    names: &[&str],
    rows: usize,
    out: &mut impl Write,
    for_each: impl FnOnce(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()>,
) -> io::Result<()> {
    let mut body = Vec::new();
    let mut written = 0;
    for_each(&mut |row| {
        written += 1;
        if body.is_empty() {
            write_header(names, &mut body);
        }
        body.extend_from_slice(row);
        if written % ROWS_A_CHUNK == 0 || written == rows {
            write_request(written == rows, &body, out)?;
            body.clear();
        }
        Ok(())
    })
}

fn write_request(finished: bool, body: &[u8], out: &mut impl Write) -> io::Result<()> {
    let metadata = format!("{{\"action\":\"execute\",\"finished\":{finished}}}");
    let (length, rows) = (metadata.len(), body.len());
    write!(out, "chunked 1.0,{length},{rows}\n{metadata}")?;
    out.write_all(body)
}

/// The columns, and behind them their twins.
fn write_header(names: &[&str], out: &mut Vec<u8>) {
    let twins = names.iter().map(|name| format!("__mv_{name}"));
    let all = names.iter().map(|&name| name.to_owned()).chain(twins);
    for (nth, name) in all.enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        cell(&name, out);
    }
    out.push(b'\n');
}

/// What is stored of a key, alike in its joined columns and in its stored row.
fn stored_cells(times: &StoredTimes, nth: u64) -> [String; 3] {
    let mut dice = Dice::of("fractions", nth);
    [
        seconds(times.first, &mut dice),
        seconds(times.last, &mut dice),
        "1".into(),
    ]
}

/// Most times are whole seconds, as CloudTrail has them; one in eight has a fraction.
fn seconds(whole: u64, dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => format!("{whole}.{}", 1 + dice.below(998) / 10 * 10),
        _ => whole.to_string(),
    }
}

/// One account, or now and then two, with their twin.
fn accounts(dice: &mut Dice) -> (String, String) {
    let (one, other) = (account(dice.below(60)), account(dice.below(60)));
    match dice.happens(1) && one != other {
        true => (format!("{one}\n{other}"), format!("${one}$;${other}$")),
        false => (one.to_string(), String::new()),
    }
}

/// Two thirds of all records name no resource.
fn object(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => format!(
            "arn:aws:s3:::team-artifacts-{:08x}/releases/{}",
            dice.roll() as u32,
            dice.below(10_000)
        ),
        _ => "unknown".into(),
    }
}

pub(crate) fn write_row(cells: &[&str], twins: &[&str], out: &mut Vec<u8>) {
    for (nth, text) in cells.iter().chain(twins).enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        cell(text, out);
    }
    out.push(b'\n');
}

/// A cell in splunkd's dialect.
fn cell(text: &str, out: &mut Vec<u8>) {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}
