//! Those who can write events try to blind the detection, to flood it, or to reach whoever reads its output.
//!
//! `docs/threat-model.md` says who could try what, what happens, and which test shows it; most of those tests are here. Whole conversations
//! in memory, and the real binary where a terminal or a spreadsheet is the target. `HORDE=1000000 cargo test --release --test suite
//! -- --nocapture horde` measures what a million new roles take.

#![allow(clippy::print_stdout)] // a figure is printed for whoever measures

use crate::pipe;
use crate::talk::{body, row, Answer, Row, Talk};
use chrono_tz::Tz;
use std::io::{BufRead, Write};
use std::process::{Command, Stdio};

/// Wednesday, 15 November 2023, 12:00 UTC.
const NOW: i64 = 1_700_049_600;
const DAY: i64 = 86_400;

const COLUMNS: [&str; 7] = [
    "user",
    "command",
    "firstTime",
    "lastTime",
    "firstTimeSeen",
    "lastTimeSeen",
    "enough_data",
];

fn run(command: &str, rows: &[Row]) -> Answer {
    let mut args = vec!["user", "command", "forget_window=-90d@d"];
    args.extend((command == "seen").then_some("start=true"));
    let talk = Talk {
        now: NOW,
        zone: Tz::UTC,
        command,
        args: &args,
    };
    talk.over(&[body(&COLUMNS, rows)])
}

fn observed(user: &str, time: i64) -> Row {
    let time = time.to_string();
    row([
        ("user", user),
        ("command", "iam:CreateUser"),
        ("firstTime", &time),
        ("lastTime", &time),
    ])
}

fn stored(user: &str, first: i64, flag: &str) -> Row {
    let (first, last) = (first.to_string(), (NOW - DAY / 2).to_string());
    row([
        ("user", user),
        ("command", "iam:CreateUser"),
        ("firstTimeSeen", &first),
        ("lastTimeSeen", &last),
        ("enough_data", flag),
    ])
}

/// Two hundred roles, first seen a month ago.
fn mature_baseline() -> Vec<Row> {
    (0..200)
        .map(|role| stored(&format!("role{role}"), NOW - 30 * DAY, "1"))
        .collect()
}

fn users(answer: &Answer) -> Vec<String> {
    answer
        .rows()
        .into_iter()
        .map(|row| row["user"].clone())
        .collect()
}

#[test]
fn one_event_of_1970_cannot_make_a_young_baseline_alert_unnoticed() {
    let young = (0..200).map(|role| observed(&format!("role{role}"), NOW - DAY));
    let old = std::iter::once(observed("backdated", 1));
    let rows: Vec<Row> = young.chain(old).collect();
    let mut args = vec!["user", "command", "start=true"];
    let talk = |args: &[&str]| {
        Talk {
            now: NOW,
            zone: Tz::UTC,
            command: "seen",
            args,
        }
        .over(&[body(&COLUMNS, &rows)])
    };
    let without_forgetting = talk(&args);
    assert!(
        without_forgetting.has_message("WARN", "counts as mature because of 1 of 201 keys"),
        "{without_forgetting:?}"
    );
    // As shipped, it is forgotten before it counts.
    args.push("forget_window=-90d@d");
    let shipped = talk(&args);
    assert!(shipped.rows().iter().all(|row| row["enough_data"] == "0"));
    assert!(!users(&shipped).contains(&"backdated".into()));
}

#[test]
fn an_event_of_1970_does_not_make_its_key_known() {
    let mut rows = mature_baseline();
    rows.push(observed("backdated", 1));
    assert_eq!(users(&run("unseen", &rows)), ["backdated"]);
}

#[test]
fn an_event_of_2099_is_reported_and_never_learned() {
    let far = 4_070_908_800;
    let mut rows = mature_baseline();
    rows.push(observed("postdated", far));
    let judged = run("unseen", &rows);
    assert_eq!(users(&judged), ["postdated"]);
    assert!(judged.has_message("WARN", "more than a day ahead of the clock"));
    let learned = run("seen", &rows);
    assert!(!users(&learned).contains(&"postdated".into()));
    assert!(learned.has_message("WARN", "more than a day ahead of the clock"));
    // Nor does it put off the day on which a key is forgotten.
    rows.push(observed("role7", far));
    let seen = run("seen", &rows).rows();
    assert!(seen
        .iter()
        .all(|row| row["lastTimeSeen"] == (NOW - DAY / 2).to_string()));
}

#[test]
fn a_time_that_is_none_stops_the_learning_and_hides_nothing() {
    let mut rows = mature_baseline();
    let mut odd = observed("odd", NOW);
    odd.insert("firstTime".into(), "=now()".into());
    rows.push(odd);
    assert_eq!(users(&run("unseen", &rows)), ["odd"]);
    let error = run("seen", &rows).error.unwrap();
    assert!(
        error.contains("expected epoch seconds")
            && error.contains("`firstTime` in row 201 is `=now()`")
            && error.contains("nothing was learned"),
        "{error}"
    );
}

#[test]
fn nobody_hides_in_a_flood() {
    let mut rows = mature_baseline();
    rows.extend((0..5_000).map(|role| observed(&format!("noise{role}"), NOW)));
    rows.push(observed("needle", NOW));
    let answer = run("unseen", &rows);
    let reported = users(&answer);
    assert_eq!(reported.len(), 5_001);
    assert!(reported.contains(&"needle".into()));
    assert!(
        answer.has_message("WARN", "5001 of 5001 observed keys are new"),
        "{:?}",
        answer.messages
    );
}

#[test]
fn an_add_on_that_names_every_role_anew_is_warned_of_and_everything_is_reported() {
    let mut rows = mature_baseline();
    rows.extend((0..200).map(|role| observed(&format!("AROA{role:016}"), NOW)));
    let answer = run("unseen", &rows);
    assert_eq!(users(&answer).len(), 200);
    assert!(
        answer.has_message("WARN", "were the names written differently before"),
        "{:?}",
        answer.messages
    );
}

#[test]
fn a_flood_of_known_roles_drowns_nobody() {
    let mut rows = mature_baseline();
    for _ in 0..20 {
        rows.extend((0..200).map(|role| observed(&format!("role{role}"), NOW)));
    }
    rows.insert(3_000, observed("needle", NOW));
    assert_eq!(users(&run("unseen", &rows)), ["needle"]);
}

/// Names that mean something to a CSV reader, a terminal, a spreadsheet, a search, a lookup or a shell.
const NAMES: &[&str] = &[
    "a\nb",
    "a\r\nb",
    "\"",
    "\"\"",
    "a,b",
    ",",
    "'",
    "$;$",
    "$a$;$b$",
    "$$",
    "__mv_user",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "+1",
    "-1",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{202e}nimda",
    "a\u{0}b",
    "\u{feff}role",
    " role",
    "role ",
    "*",
    "role*",
    "NOT",
    "| delete",
    "`macro`",
    "$user$",
    "[ search * ]",
    "../../etc/passwd",
    "${HOME}",
    "%0a",
    "null",
    "NaN",
    "é",
    "e\u{301}",
    "\u{fffd}",
    "chunked 1.0,0,0\n",
];

#[test]
fn a_name_is_a_name_whatever_it_means_elsewhere() {
    // Each goes in as it is, comes out as it is, is its own key, and is known from then on.
    let rows: Vec<Row> = NAMES
        .iter()
        .map(|name| observed(name, NOW - 30 * DAY))
        .collect();
    let learned = run("seen", &rows).rows();
    assert_eq!(learned.len(), NAMES.len());
    let keys: std::collections::BTreeSet<&String> =
        learned.iter().map(|row| &row["_key"]).collect();
    assert_eq!(keys.len(), NAMES.len());
    let again: Vec<Row> = NAMES
        .iter()
        .map(|name| observed(name, NOW))
        .chain(learned)
        .collect();
    assert_eq!(users(&run("unseen", &again)), [""; 0]);
    let mut reported = users(&run("unseen", &[rows, mature_baseline()].concat()));
    reported.sort();
    let mut names = NAMES.to_vec();
    names.sort_unstable();
    assert_eq!(reported, names);
}

#[test]
fn a_name_of_a_megabyte_is_a_key_like_any_other_and_no_error_repeats_it() {
    let long = "x\n\"".repeat(350_000);
    let mut rows = mature_baseline();
    rows.push(observed(&long, NOW - 2 * DAY));
    assert!(users(&run("seen", &rows)).contains(&long));
    assert_eq!(users(&run("unseen", &rows)), std::slice::from_ref(&long));
    let mut bad = observed("a", NOW);
    bad.insert("lastTime".into(), long.clone());
    let error = run("seen", &[bad]).error.unwrap();
    assert!(
        error.len() < 500 && !error.contains('\n'),
        "{} bytes",
        error.len()
    );
    for command in ["seen", "unseen"] {
        for word in [
            long.clone(),
            format!("{long}=1"),
            format!("activity_window={long}"),
        ] {
            let talk = Talk {
                now: NOW,
                zone: Tz::UTC,
                command,
                args: &["user", &word],
            };
            let answer = talk.over(&[b"user\n".to_vec()]);
            if let Some(error) = answer.error {
                assert!(
                    error.len() < 1_000 && !error.contains('\n'),
                    "{} bytes",
                    error.len()
                );
            }
        }
    }
}

#[test]
fn a_row_that_stands_for_a_million_keys_is_counted_and_takes_no_memory_for_them() {
    let values = |name: &str| {
        (0..1_001)
            .map(|value| format!("${name}{value}$"))
            .collect::<Vec<_>>()
            .join(";")
    };
    let rows = format!(
        "user,command,_time,__mv_user,__mv_command\nx,y,{NOW},{},{}\n",
        values("user"),
        values("command")
    );
    let talk = |command| Talk {
        now: NOW,
        zone: Tz::UTC,
        command,
        args: if command == "seen" {
            &["user", "command", "start=t"]
        } else {
            &["user", "command"]
        },
    };
    let baseline = body(&COLUMNS, &mature_baseline());
    let learned = talk("seen").over(&[rows.clone().into_bytes(), baseline.clone()]);
    assert_eq!(learned.rows().len(), 200);
    assert!(
        learned.has_message("WARN", "skipped 1 row: more than 1000 keys in one row"),
        "{:?}",
        learned.messages
    );
    let judged = talk("unseen").over(&[rows.into_bytes(), baseline]);
    assert_eq!(judged.rows().len(), 1);
    assert!(judged.has_message("WARN", "more than 1000 keys"));
}

#[test]
fn joined_values_on_a_row_of_several_keys_make_none_of_them_known() {
    // A role named like a known one, smuggled into one row with it.
    let rows = format!(
        "user,command,_time,firstTimeSeen,lastTimeSeen,enough_data,__mv_user\n\"role1\nevil\",iam:CreateUser,{NOW},1600000000,{NOW},1,$role1$;$evil$\n"
    );
    let talk = Talk {
        now: NOW,
        zone: Tz::UTC,
        command: "unseen",
        args: &["user", "command"],
    };
    let answer = talk.over(&[rows.into_bytes(), body(&COLUMNS, &mature_baseline())]);
    assert_eq!(answer.rows().len(), 1);
}

/// A CloudTrail record of a successful call. Whatever whoever calls can choose is the session's name.
fn record(role: &str, session: &str, time: i64) -> String {
    let time = chrono::DateTime::from_timestamp(time, 0)
        .unwrap()
        .format("%Y-%m-%dT%H:%M:%SZ");
    serde_json::json!({
        "eventTime": time.to_string(), "eventSource": "iam.amazonaws.com", "eventName": "CreateUser",
        "userAgent": session, "eventID": session, "eventType": session, "requestParameters": {"userName": session},
        "userIdentity": {
            "type": "AssumedRole", "accessKeyId": session, "arn": format!("arn:aws:sts::1:assumed-role/{role}/{session}"),
            "sessionContext": {"sessionIssuer": {"userName": role, "accountId": "1"}},
        },
    })
    .to_string()
}

/// What the command line reports of these records, to a mature baseline that knows one role.
fn reported(records: &[String], format: &str) -> String {
    let desk = tempfile::tempdir().unwrap();
    let unseen = |arguments: &[&str], stdin: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_unseen"))
            .args(arguments)
            .current_dir(desk.path())
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(stdin.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            !stderr.contains('\u{1b}') && !stderr.contains('\u{202e}'),
            "{stderr:?}"
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let known = [NOW - 30 * DAY, NOW - DAY].map(|time| record("App", "s", time));
    unseen(&["learn", "--baseline", "b.csv", "-"], &known.join("\n"));
    unseen(
        &["detect", "--baseline", "b.csv", "--format", format, "-"],
        &records.join("\n"),
    )
}

#[test]
fn no_name_reaches_a_terminal_as_anything_but_text() {
    let records: Vec<String> = NAMES.iter().map(|name| record(name, name, NOW)).collect();
    let table = reported(&records, "table");
    let unseen = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    assert!(!table.contains(unseen), "{table:?}");
    let blank = table.lines().filter(|line| line.is_empty()).count();
    assert_eq!(blank, NAMES.len(), "one role a name:\n{table}");
    let rows = table
        .lines()
        .filter(|line| line.contains("2023-11-15 12:00:00  1 "));
    assert_eq!(rows.count(), NAMES.len(), "one row a name:\n{table}");
}

#[test]
fn no_name_reaches_a_spreadsheet_as_a_formula() {
    // In CloudTrail records an account stands before the name; rows may hold names alone.
    let records = NAMES.iter().map(|name| record(name, name, NOW)).collect();
    let rows = NAMES
        .iter()
        .map(|name| observed(name, NOW))
        .collect::<Vec<_>>();
    let rows = String::from_utf8(body(&COLUMNS[..4], &rows)).unwrap();
    for input in [records, vec![rows]] {
        no_formula_in(&reported(&input, "csv"));
    }
}

#[track_caller]
fn no_formula_in(text: &str) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = 0;
    for record in reader.records() {
        rows += 1;
        for cell in &record.unwrap() {
            let begins_one = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let is_number = cell.parse::<f64>().is_ok();
            assert!(!begins_one || is_number, "{cell:?}");
        }
    }
    assert_eq!(rows, NAMES.len());
}

#[test]
fn a_thousand_sessions_of_a_known_role_are_one_known_key() {
    let records: Vec<String> = (0..1_000)
        .map(|session| record("App", &format!("i-{session:08x}"), NOW))
        .collect();
    assert_eq!(reported(&records, "csv").lines().count(), 1);
}

/// The most memory that a process ever had, in kB.
#[cfg(target_os = "linux")]
fn peak(child: &std::process::Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Each new role costs the detection a bounded number of bytes: its row as it came, and some for the books.
#[cfg(target_os = "linux")]
#[test]
fn a_horde_of_new_roles_takes_a_bounded_number_of_bytes_each() {
    let horde: u64 = std::env::var("HORDE").map_or(50_000, |roles| roles.parse().unwrap());
    for command in ["seen", "unseen"] {
        let measure = |roles: u64| {
            let mut child = Command::new(env!("CARGO_BIN_EXE_unseen"))
                .env("TZ", "UTC")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = child.stdin.take().unwrap();
            let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
            let args: &[&str] = if command == "seen" {
                &["user", "command", "start=t"]
            } else {
                &["user", "command"]
            };
            stdin
                .write_all(&pipe::frame(&pipe::getinfo(command, args), b""))
                .unwrap();
            pipe::read_reply(&mut stdout).unwrap();
            for start in (0..roles).step_by(10_000) {
                let rows = (start..roles.min(start + 10_000)).map(|role| {
                    format!("123456789012:role/attacker-{role:07},iam:CreateUser,{NOW},,\n")
                });
                let rows = format!(
                    "user,command,_time,firstTimeSeen,enough_data\nold,call,,1,1\n{}",
                    rows.collect::<String>()
                );
                stdin
                    .write_all(&pipe::frame(&pipe::execute(false), rows.as_bytes()))
                    .unwrap();
                pipe::read_reply(&mut stdout).unwrap();
            }
            let peak = peak(&child);
            drop(stdin);
            assert_eq!(stdout.fill_buf().unwrap(), b"");
            assert!(child.wait().unwrap().success());
            peak
        };
        let (few, many) = (measure(10_000), measure(horde));
        let bytes = many.saturating_sub(few) * 1024 / (horde - 10_000);
        println!("{command}: {many} kB for {horde} new roles, {bytes} bytes each");
        // A row is some 70 bytes; a vector that grows holds up to three times its text for a moment.
        assert!(bytes < 400, "{command}: {bytes} bytes a role");
    }
}
