//! What a search that ranks sends: observations, known ones joined to what is stored of them, then the whole baseline.
//!
//! The bodies are in splunkd's CSV dialect, as in `session.rs`. The baseline comes in no order; nothing in it is forgotten.

use super::keys::{call_name, role_name};
use super::session::{write_requests, write_row, AS_OF, DAY};
use super::world::{MadeCall, World};
use std::io::{self, Write};

const COLUMNS: [&str; 7] = [
    "user",
    "command",
    "firstTime",
    "lastTime",
    "firstTimeSeen",
    "lastTimeSeen",
    "enough_data",
];

/// How many different names `call_name` has.
const NAMES: u32 = 24 * 9 * 10;

/// How many known pairs are observed for each new one.
const KNOWN_A_NEW: u32 = 9;

/// Writes every execute request of the search, the last one `finished:true`.
pub(crate) fn write_search(world: &World, out: &mut impl Write) -> io::Result<()> {
    let stored = world.stored();
    let observed = world.observed();
    let known = &stored[..(world.new_pairs * KNOWN_A_NEW) as usize];
    let rows = observed.len() + known.len() + stored.len();
    write_requests(&COLUMNS, rows, out, |take| {
        let mut row = Vec::new();
        let new = observed.iter().map(|&pair| cells(pair, true, None));
        let known = known.iter().map(|made| of(made, true));
        let stored = stored.iter().map(|made| of(made, false));
        for cells in new.chain(known).chain(stored) {
            row.clear();
            write_row(&cells.each_ref().map(String::as_str), &[""; 7], &mut row);
            take(&row)?;
        }
        Ok(())
    })
}

fn of(made: &MadeCall, is_observed: bool) -> [String; 7] {
    cells((made.role, made.call), is_observed, Some(made.age))
}

/// A row: `age` is how long before the window it was first seen, if it was.
fn cells((role, call): (u32, u32), is_observed: bool, age: Option<u32>) -> [String; 7] {
    let observed = |before: u64| is_observed.then(|| (AS_OF - before).to_string());
    let stored = |time: u64| age.map(|_| time.to_string());
    let first_seen = AS_OF - DAY - u64::from(age.unwrap_or_default());
    [
        Some(role_name(u64::from(role))),
        Some(name_of(call)),
        observed(7_200),
        observed(3_600),
        stored(first_seen),
        stored(AS_OF - DAY / 2),
        age.map(|_| "1".to_owned()),
    ]
    .map(Option::unwrap_or_default)
}

/// Every number another name; those that come first are the most popular.
fn name_of(call: u32) -> String {
    match call / NAMES {
        0 => call_name(u64::from(call)),
        edition => format!("{}V{edition}", call_name(u64::from(call % NAMES))),
    }
}
