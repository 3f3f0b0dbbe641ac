//! The golden cases: the seed's three searches on inputs for which two independent engines agree on the rows.
//!
//! `tests/data/golden/README.md` says where they come from. Each case runs through the real process, in its own time zone, and in
//! every form in which the baseline can come: joined to the observations, appended to them, or both.

use crate::pipe::run;
use chrono::TimeZone;
use flate2::read::GzDecoder;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use unseen::time::{Modifier, Timestamp};

/// A row as in CSV: an empty cell is null.
type Row = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Case {
    case: u32,
    tz: String,
    now: String,
    events: Vec<Row>,
    baseline: Vec<Row>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    initial: Vec<Row>,
    update: Vec<Row>,
    detect: Vec<Row>,
}

fn cases() -> Vec<Case> {
    let file = File::open("tests/data/golden/seed-cases.jsonl.gz").unwrap();
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

const KEY: &[&str] = &["user", "command"];
const SAID: &[&str] = &["firstTimeSeen", "lastTimeSeen", "enough_data"];

impl Case {
    /// `tstats earliest(_time) latest(_time) where user_type=AssumedRole status=success by ...`
    fn observations(&self, by: &[&str]) -> Vec<Row> {
        let mut groups: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
        for event in &self.events {
            let key: Vec<&str> = by.iter().map(|field| event[*field].as_str()).collect();
            if event["user_type"] == "AssumedRole"
                && event["status"] == "success"
                && !key.contains(&"")
            {
                groups.entry(key).or_default().push(&event["_time"]);
            }
        }
        let row = |(key, mut times): (Vec<&str>, Vec<&str>)| {
            times.sort_by(|a, b| a.parse::<f64>().unwrap().total_cmp(&b.parse().unwrap()));
            let keys = by
                .iter()
                .zip(key)
                .map(|(field, value)| (field.to_string(), value.to_string()));
            let times = [
                ("firstTime", times[0]),
                ("lastTime", times[times.len() - 1]),
            ];
            keys.chain(times.map(|(field, time)| (field.to_string(), time.to_string())))
                .collect()
        };
        groups.into_iter().map(row).collect()
    }

    /// `lookup ... OUTPUT <fields>`: one value, or several in the multivalue twin.
    fn joined(&self, rows: Vec<Row>, fields: &[&str]) -> Vec<Row> {
        let join = |mut row: Row| {
            let rows = self
                .baseline
                .iter()
                .filter(|said| KEY.iter().all(|field| said[*field] == row[*field]));
            let matches: Vec<&Row> = rows.collect();
            for field in fields {
                let values: Vec<&str> = matches
                    .iter()
                    .map(|said| said[*field].as_str())
                    .filter(|value| !value.is_empty())
                    .collect();
                row.insert(field.to_string(), values.join("\n"));
                if values.len() > 1 {
                    let twin: Vec<String> =
                        values.iter().map(|value| format!("${value}$")).collect();
                    row.insert(format!("__mv_{field}"), twin.join(";"));
                }
            }
            row
        };
        rows.into_iter().map(join).collect()
    }

    /// `inputlookup append=true ...`
    fn appended(&self, mut rows: Vec<Row>) -> Vec<Row> {
        rows.extend(self.baseline.iter().cloned());
        rows
    }

    fn run(&self, command: &str, options: &[&str], rows: &[Row]) -> Vec<Row> {
        let as_of = format!("as_of={}", self.now);
        let args: Vec<&str> = ["by", "user", "command", &as_of]
            .into_iter()
            .chain(options.iter().copied())
            .collect();
        let run = run(&self.tz, command, &args, &bodies(rows));
        assert_eq!(run.last.error(), None, "case {}", self.case);
        run.pages.iter().flat_map(|page| read_rows(page)).collect()
    }

    fn window_opens(&self) -> Timestamp {
        let now = Timestamp::parse(self.now.as_bytes()).unwrap().unwrap();
        let zone: chrono_tz::Tz = self.tz.parse().unwrap();
        Modifier::parse("-24h@h").unwrap().apply(now, &zone)
    }

    /// The seed's rows with its first fix: whether the baseline is mature is read from the baseline itself. A plain reading, needed
    /// only where the seed stays silent because no row of the window matched a mature one.
    fn detected(&self) -> BTreeSet<Vec<String>> {
        let flags = |rows: &[Row]| rows.iter().any(|row| row["enough_data"].parse() == Ok(1.0));
        let observed = self.observations(&["user", "command", "object"]);
        let matched = |said: &&Row| {
            observed
                .iter()
                .any(|row| KEY.iter().all(|field| row[*field] == said[*field]))
        };
        if flags(
            &self
                .baseline
                .iter()
                .filter(matched)
                .cloned()
                .collect::<Vec<_>>(),
        ) || !flags(&self.baseline)
        {
            return detections(&self.expected.detect);
        }
        let is_new = |row: &&Row| {
            let firsts = self
                .baseline
                .iter()
                .filter(|said| KEY.iter().all(|field| said[*field] == row[*field]));
            let first = firsts
                .filter_map(|said| Timestamp::parse(said["firstTimeSeen"].as_bytes()).unwrap())
                .min();
            first.is_none_or(|first| first > self.window_opens())
        };
        detections(&observed.iter().filter(is_new).cloned().collect::<Vec<_>>())
    }
}

/// The rows in two requests, the first with every other row, so that state has to carry over and order cannot matter.
fn bodies(rows: &[Row]) -> Vec<Vec<u8>> {
    let half = |nth: usize| rows.iter().skip(nth).step_by(2).collect::<Vec<_>>();
    vec![write_rows(&half(1)), write_rows(&half(0))]
}

fn write_rows(rows: &[&Row]) -> Vec<u8> {
    let fields: BTreeSet<&String> = rows.iter().flat_map(|row| row.keys()).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    if !rows.is_empty() {
        writer
            .write_record(fields.iter().map(|field| field.as_bytes()))
            .unwrap();
    }
    for row in rows {
        writer
            .write_record(
                fields
                    .iter()
                    .map(|field| row.get(*field).map_or("", String::as_str)),
            )
            .unwrap();
    }
    writer.into_inner().unwrap()
}

fn read_rows(body: &[u8]) -> Vec<Row> {
    csv::Reader::from_reader(body)
        .deserialize()
        .map(|row| row.unwrap())
        .collect()
}

/// Rows as sets of values of these fields; times as microseconds, so that `1.50` and `1.5` are one.
fn values(rows: &[Row], fields: &[&str]) -> BTreeSet<Vec<String>> {
    let value = |field: &str, text: &str| match field.contains("Time") {
        true => Timestamp::parse(text.as_bytes())
            .unwrap()
            .map_or(String::new(), |time| time.0.to_string()),
        false => text.to_string(),
    };
    rows.iter()
        .map(|row| {
            fields
                .iter()
                .map(|field| value(field, &row[*field]))
                .collect()
        })
        .collect()
}

fn learned(rows: &[Row]) -> BTreeSet<Vec<String>> {
    values(rows, &[KEY, SAID].concat())
}

fn detections(rows: &[Row]) -> BTreeSet<Vec<String>> {
    values(rows, &["firstTime", "user", "object", "command"])
}

#[test]
fn initial_learns_the_rows_that_the_seed_learns() {
    for case in cases() {
        let rows = case.run("seen", &["start=true"], &case.observations(KEY));
        assert_eq!(
            rows.len(),
            case.expected.initial.len(),
            "case {}",
            case.case
        );
        assert_eq!(
            learned(&rows),
            learned(&case.expected.initial),
            "case {}",
            case.case
        );
    }
}

#[test]
fn update_learns_the_rows_that_the_seed_learns_whether_the_baseline_is_appended_or_joined_too() {
    for case in cases() {
        let observed = case.observations(KEY);
        for rows in [
            case.appended(observed.clone()),
            case.appended(case.joined(observed, SAID)),
        ] {
            let options = ["forget_window=-90d@d", "start=true"];
            let rows = case.run("seen", &options, &rows);
            assert_eq!(rows.len(), case.expected.update.len(), "case {}", case.case);
            assert_eq!(
                learned(&rows),
                learned(&case.expected.update),
                "case {}",
                case.case
            );
        }
    }
}

#[test]
fn detection_on_joined_values_alone_reports_exactly_the_seeds_rows() {
    for case in cases() {
        let rows = case.joined(
            case.observations(&["user", "command", "object"]),
            &["firstTimeSeen", "enough_data"],
        );
        let rows = case.run("unseen", &[], &rows);
        assert_eq!(
            detections(&rows),
            detections(&case.expected.detect),
            "case {}",
            case.case
        );
    }
}

#[test]
fn detection_on_the_appended_baseline_reports_the_seeds_rows_with_its_first_fix() {
    for case in cases() {
        let rows = case.appended(case.observations(&["user", "command", "object"]));
        assert_eq!(
            detections(&case.run("unseen", &[], &rows)),
            case.detected(),
            "case {}",
            case.case
        );
    }
}

#[test]
fn detection_on_the_shipped_recall_with_both_halves_reports_the_same() {
    for case in cases() {
        let rows =
            case.appended(case.joined(case.observations(&["user", "command", "object"]), SAID));
        assert_eq!(
            detections(&case.run("unseen", &[], &rows)),
            case.detected(),
            "case {}",
            case.case
        );
    }
}

#[test]
fn every_case_runs_in_a_zone_that_this_machine_knows() {
    for case in cases() {
        let zone: chrono_tz::Tz = case.tz.parse().unwrap();
        assert!(
            zone.offset_from_utc_datetime(&chrono::DateTime::UNIX_EPOCH.naive_utc())
                .to_string()
                .len()
                > 1
        );
        assert!(
            case.tz == "UTC"
                || std::path::Path::new("/usr/share/zoneinfo")
                    .join(&case.tz)
                    .exists(),
            "{}",
            case.tz
        );
    }
}
