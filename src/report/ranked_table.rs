//! The result as a table by role, for a terminal: the most surprising role first, its new calls under it, and under each why.
//!
//! Nothing is wider than [`WIDTH`]: sentences are wrapped, long names cut in their middle. The other forms have everything.

use super::columns::{wrapped, ColumnWidths};
use super::roles::{Distinct, RoleFindings};
use super::table::{day_and_time, first_of, time_or_none};
use super::{is_key_field, styled, visible, FoundKey, Styles};
use crate::time::Timestamp;

/// The width of a terminal.
const WIDTH: usize = 120;

/// How far the rows of a role are moved in, and the sentences under them.
const ROW: usize = 2;
const SENTENCE: usize = 12;

/// The columns in front of the call, which are never cut.
const OURS: [&str; 4] = ["surprise", "first (UTC)", "count", "access"];

/// The sampled fields that are shown behind the call. What a call was made on is cut first, an address last.
const SHOWN: [&str; 2] = ["src", "object"];

/// Writes the roles, or nothing if there are none.
pub(super) fn write(by: &[String], roles: &[RoleFindings<'_>], styles: &Styles) -> Vec<u8> {
    if roles.is_empty() {
        return Vec::new();
    }
    let rows = roles.iter().flat_map(|role| &role.rows);
    let header = header(by);
    let lines: Vec<Vec<String>> = std::iter::once(header.clone())
        .chain(rows.map(|row| cells(by, row)))
        .collect();
    let columns = fitted(ColumnWidths::of(&lines), by);
    let mut text = vec![styled(styles.quiet, &indented(ROW, &columns.line(&header)))];
    for role in roles {
        text.push(String::new());
        text.extend(summary(role, styles));
        text.extend(rows_with_reasons(by, role, &columns, styles));
    }
    (text.join("\n") + "\n").into_bytes()
}

fn fitted(columns: ColumnWidths, by: &[String]) -> ColumnWidths {
    let calls = OURS.len()..OURS.len() + by.len() - 1;
    let context = calls.end..calls.end + shown(by).count();
    let last = context.end.saturating_sub(1).max(context.start);
    columns.fitted(WIDTH - ROW, &[last..context.end, calls, context])
}

fn shown(by: &[String]) -> impl Iterator<Item = &'static str> + '_ {
    SHOWN.into_iter().filter(|name| !is_key_field(by, name))
}

fn header(by: &[String]) -> Vec<String> {
    let calls = by.iter().skip(1).map(|field| visible(field.as_bytes()));
    let ours = OURS.into_iter().map(str::to_owned);
    ours.chain(calls)
        .chain(shown(by).map(str::to_owned))
        .collect()
}

fn cells(by: &[String], row: &FoundKey<'_>) -> Vec<String> {
    let ours = [
        format!("{:>8.1}", row.surprise()),
        time_or_none(row.times()[0]),
        row.observed.count.to_string(),
        access(row).to_owned(),
    ];
    let calls = row.key.iter().skip(1).map(|value| visible(value));
    let context = shown(by).map(|name| row.sample(name).map_or("-".to_owned(), first_of));
    ours.into_iter().chain(calls).chain(context).collect()
}

fn access(row: &FoundKey<'_>) -> &'static str {
    match row.of_first_call("read_only") {
        Some(b"true") => "read",
        Some(b"false") => "write",
        _ => "-",
    }
}

/// The rows of a role, and under those that have it in common the sentence that says why.
fn rows_with_reasons(
    by: &[String],
    role: &RoleFindings<'_>,
    columns: &ColumnWidths,
    styles: &Styles,
) -> Vec<String> {
    let rows: Vec<(&FoundKey<'_>, String)> =
        role.rows.iter().map(|row| (row, reason(row))).collect();
    let mut lines = Vec::new();
    for alike in rows.chunk_by(|(_, one), (_, other)| one == other) {
        let rows = alike.iter().map(|(row, _)| columns.line(&cells(by, row)));
        lines.extend(rows.map(|line| indented(ROW, &line)));
        let sentence = wrapped(&alike[0].1, WIDTH - SENTENCE);
        let sentence = sentence.iter().map(|line| indented(SENTENCE, line));
        lines.extend(sentence.map(|line| styled(styles.quiet, &line)));
    }
    lines
}

fn reason(row: &FoundKey<'_>) -> String {
    let reason = row.explanation.as_ref().map(|of| of.reason());
    visible(reason.unwrap_or_default().as_bytes())
}

/// What its new calls have in common: how surprising they are together, when, from where; and by whom, as far as that is known.
fn summary(role: &RoleFindings<'_>, styles: &Styles) -> Vec<String> {
    let first = wrapped(&what_and_when(role), WIDTH - ROW).into_iter();
    let second = wrapped(&by_whom(role), WIDTH - ROW).into_iter();
    let first = first.enumerate();
    let first = first.map(|(nth, line)| indented(if nth == 0 { 0 } else { ROW }, &line));
    let first = first.map(|line| styled(styles.title, &line));
    first
        .chain(second.map(|line| indented(ROW, &line)))
        .collect()
}

fn what_and_when(role: &RoleFindings<'_>) -> String {
    let head = format!(
        "{}{}: surprise {:.1} in {} new call{}",
        visible(role.name()),
        if role.is_new() { " (new role)" } else { "" },
        role.surprise(),
        role.rows.len(),
        if role.rows.len() == 1 { "" } else { "s" },
    );
    let address = named("from", "addresses", role.samples("src"));
    joined([Some(head), role.times().map(period), address])
}

fn by_whom(role: &RoleFindings<'_>) -> String {
    joined([
        named("session", "sessions", role.of_first_calls("session")),
        named(
            "access key",
            "access keys",
            role.of_first_calls("access_key"),
        ),
        named("agent", "agents", role.of_first_calls("user_agent")),
    ])
}

fn joined(parts: [Option<String>; 3]) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

/// `session x` for one value, `2 sessions` for several.
fn named(one: &str, several: &str, values: Distinct<'_>) -> Option<String> {
    match values {
        Distinct::None => None,
        Distinct::One(value) => Some(format!("{one} {}", visible(value))),
        Distinct::Several(number) => Some(format!("{number} {several}")),
    }
}

/// `2023-07-10 11:42:18 to 11:49:00`; the day is written twice only if there are two.
fn period((first, last): (Timestamp, Timestamp)) -> String {
    let [from, to] = [first, last].map(day_and_time);
    match from == to {
        true => from,
        false => match to.strip_prefix(&from[..DAY_WIDTH]) {
            Some(time) => format!("{from} to{time}"),
            None => format!("{from} to {to}"),
        },
    }
}

/// How many letters `2023-07-10` has.
const DAY_WIDTH: usize = 10;

fn indented(places: usize, line: &str) -> String {
    format!("{}{line}", " ".repeat(places))
}
