//! The one table of what CloudTrail records are wrapped in by the services and tools that carry them, and how to see whether JSON is one of these.
//!
//! An envelope is a field, whatever the case of its letters, whose value is an object, a list, or a text with JSON in it. Envelopes may lie in
//! each other, [`DEEPEST`] of them at most. To read another tool's files, add its field to [`TABLE`].
//!
//! Sources: CloudTrail, CloudWatch Logs, EventBridge, SNS, SQS and Lambda in AWS's API references; Splunk's REST manual, "search/jobs/export";
//! the Elastic Common Schema, "event.original"; `tests/data/cases`.

use super::lexical::{end_of_value, skip_blank, Members};
use super::object::is_mark;
use crate::time::Timestamp;
use memchr::memchr;

/// So many envelopes may lie in each other: a queue's message, its body, a topic's message, and a log file in that.
pub(super) const DEEPEST: usize = 4;

/// The field, and who writes it. If an object has several, the first one in this order that has a record in it is read.
const TABLE: &[(&str, &str)] = &[
    ("Records", "CloudTrail log files; what Lambda is handed"),
    (
        "Events",
        "`aws cloudtrail lookup-events`, `aws logs filter-log-events`",
    ),
    ("CloudTrailEvent", "one of the events of `lookup-events`"),
    ("logEvents", "CloudWatch Logs subscriptions"),
    ("detail", "EventBridge"),
    ("result", "Splunk, search/jobs/export"),
    ("results", "Splunk, search/jobs/…/results"),
    ("_raw", "one of the results of Splunk"),
    (
        "event",
        "Elastic Common Schema; Splunk's HTTP event collector",
    ),
    ("original", "the `event` of the Elastic Common Schema"),
    ("Messages", "`aws sqs receive-message`"),
    ("Body", "one of the messages of SQS"),
    ("Sns", "SNS, as Lambda is handed it"),
    (
        "Message",
        "SNS; one of the events of CloudWatch Logs; Filebeat",
    ),
    ("@message", "CloudWatch Logs Insights"),
];

/// The columns of CSV files that hold the text of a record, as Splunk and CloudWatch Logs Insights export it.
pub const CSV_COLUMNS: [&str; 2] = ["_raw", "@message"];

/// Whether known envelopes have a field of this name.
pub(super) fn is_name(name: &[u8]) -> bool {
    let is_it = |(known, _): &(&str, &str)| known.as_bytes().eq_ignore_ascii_case(name);
    TABLE.iter().any(is_it)
}

/// The values of an object's envelopes, in the order of the table. The object is whole.
pub(super) fn values(object: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut members = Members::within(object, 1);
    while let Ok(Some((name, _))) = members.next_name() {
        let Ok(Some(value)) = members.next_value() else {
            break;
        };
        found.extend(place(name).map(|place| (place, &object[value])));
    }
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, value)| value).collect()
}

/// Where the name, in its quotes, stands in the table.
pub(super) fn place(quoted: &[u8]) -> Option<usize> {
    let name = &quoted[1..quoted.len() - 1];
    let is_it = |(known, _): &(&str, &str)| known.as_bytes().eq_ignore_ascii_case(name);
    TABLE.iter().position(is_it)
}

/// An envelope that is read as it comes, since it may be larger than memory.
pub(super) struct Entrance {
    /// Where its field stands in the table.
    pub(super) place: usize,
    /// Where its value begins, which is an object or a list.
    pub(super) value: usize,
}

/// Whether an object opens with a list of `Records`, as each log file does. That is the only field which decides before the object's other
/// names are known; no record begins with it.
///
/// Why: entered at once, a log file on one line is read in one pass; read as an object first, its first block would be read twice and only
/// then entered ([`first`]). What it is worth: docs/performance.md, "What each trick is worth". If a record could begin with such a list, it
/// would be lost.
pub(super) fn opens_with_records(object: &[u8]) -> Option<Entrance> {
    let name = skip_blank(object, 1);
    let is_records = |text: &[u8]| text.eq_ignore_ascii_case(b"\"Records\"");
    object.get(name..name + 9).filter(|text| is_records(text))?;
    let (name, value) = Members::within(object, name).next_name().ok()??;
    let place = place(name)?;
    (object.get(value) == Some(&b'[')).then_some(Entrance { place, value })
}

/// The first envelope of an object that is too large to be looked at as a whole, unless it has a mark of a record before.
pub(super) fn first(object: &[u8]) -> Option<Entrance> {
    let mut members = Members::within(object, 1);
    loop {
        let (name, value) = members.next_name().ok()??;
        let is_open = matches!(object.get(value), Some(b'{' | b'['));
        match place(name) {
            Some(place) if is_open => return Some(Entrance { place, value }),
            _ if is_mark(&name[1..name.len() - 1]) => return None,
            _ => members.next_value().ok()?,
        };
    }
}

/// Whether a text holds nothing but log files without a record, such as `{"Records":[]}`, or empty lists.
pub fn is_without_records(text: &[u8]) -> bool {
    let (mut at, mut values) = (skip_blank(text, 0), 0);
    while at < text.len() {
        let Ok(end) = end_of_value(text, at) else {
            return false;
        };
        if !is_empty_envelope(&text[at..end]) {
            return false;
        }
        values += 1;
        at = skip_blank(text, end);
    }
    values > 0
}

fn is_empty_envelope(value: &[u8]) -> bool {
    let is_empty_list =
        |value: &[u8]| value[0] == b'[' && value.get(skip_blank(value, 1)) == Some(&b']');
    match value[0] {
        b'{' => matches!(values(value)[..], [list] if is_empty_list(list)),
        _ => is_empty_list(value),
    }
}

/// Whether a file that begins so has JSON in it: at once, or behind the time of a log line.
pub fn begins_with_json(start: &[u8]) -> bool {
    json_within(start).is_some()
}

/// Where JSON begins in a text: at once, or behind the time that exported log lines have in front.
pub(super) fn json_within(text: &[u8]) -> Option<usize> {
    let start = skip_blank(text, 0);
    match text.get(start)? {
        b'{' | b'[' => Some(start),
        _ => behind_time(text, start),
    }
}

/// Where an object begins on a line that begins with a time: `2024-05-10T10:00:00.000Z {"eventVersion":…`.
pub(super) fn behind_time(text: &[u8], start: usize) -> Option<usize> {
    let line = &text[start..];
    let line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
    let brace = memchr(b'{', line)?;
    let word = line[..brace]
        .split(|byte| byte.is_ascii_whitespace())
        .next()?;
    Timestamp::from_iso8601(word).or_else(|| Timestamp::from_iso8601_date(word))?;
    Some(start + brace)
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{call, key, seen};
    use super::super::{Found, RecordReader};
    use super::*;

    #[test]
    fn names_are_known_in_any_case_and_once() {
        assert!(is_name(b"records") && is_name(b"LOGEVENTS") && !is_name(b"requestParameters"));
        for (nth, (name, _)) in TABLE.iter().enumerate() {
            assert_eq!(place(format!("\"{name}\"").as_bytes()), Some(nth));
            assert!(!is_mark(name.as_bytes()));
        }
    }

    #[test]
    fn the_values_of_envelopes_come_in_the_order_of_the_table() {
        let object = br#"{"message":"m","x":{"detail":0},"event":{"a":[1]}, "records":[]}"#;
        let expected: [&[u8]; 3] = [b"[]", br#"{"a":[1]}"#, br#""m""#];
        assert_eq!(values(object), expected);
    }

    #[test]
    fn a_log_file_is_known_by_its_first_bytes() {
        for (text, value) in [
            (r#"{"Records":[{"#, Some(11)),
            ("{\n  \"records\" :\n [", Some(17)),
            (r#"{"Records":"x""#, None),
            (r#"{"Records":"#, None),
            (r#"{"x":1,"Records":["#, None),
            (r#"{"Rec"#, None),
        ] {
            let entry = opens_with_records(text.as_bytes());
            assert_eq!(entry.map(|entry| entry.value), value, "{text}");
        }
    }

    #[test]
    fn a_large_object_is_entered_at_its_first_envelope_unless_it_may_be_a_record() {
        for (text, value) in [
            (r#"{"NextToken":"t","Events":[{"#, Some(26)),
            (r#"{"message":"x","result":{"#, Some(24)),
            (r#"{"eventName":"x","result":{"#, None),
            (r#"{"other":[{"detail":["#, None),
        ] {
            let entry = first(text.as_bytes());
            assert_eq!(entry.map(|entry| entry.value), value, "{text}");
        }
    }

    #[test]
    fn a_log_file_without_records_is_one() {
        for (text, expected) in [
            ("{\"Records\":[]}", true),
            (" {\"NextToken\":\"t\", \"events\" : [ ] }\n", true),
            ("{\"Records\":[]}\n{\"Records\":[]}", true),
            ("[]", true),
            ("{\"Records\":[{}]}", false),
            ("{\"Records\":[]}{\"x\":1}", false),
            ("{\"Records\":[]", false),
            ("{\"other\":[]}", false),
            ("{}", false),
            ("", false),
        ] {
            assert_eq!(is_without_records(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn json_may_stand_behind_a_time() {
        for (text, start) in [
            (" {", Some(1)),
            ("[1]", Some(0)),
            ("2024-05-10T10:00:00.000Z {}", Some(25)),
            ("2024-05-10T10:00:00.123000+00:00 the-stream {}", Some(44)),
            ("2024-05-10 10:00:00 {}", Some(20)),
            ("2024-05-10T10:00:00Z\n{}", None),
            ("ERROR {}", None),
            ("plain", None),
            ("", None),
        ] {
            assert_eq!(json_within(text.as_bytes()), start, "{text}");
        }
    }

    /// As the text of a JSON string.
    fn quoted(text: &str) -> String {
        serde_json::to_string(text).unwrap()
    }

    #[test]
    fn records_are_read_from_what_services_and_tools_wrap_them_in() {
        let (a, b) = (call("A"), call("B"));
        let (qa, qb) = (quoted(&a), quoted(&b));
        let logs = format!(
            r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"id":"0","message":{qa}}},{{"id":"1","message":{qb}}}]}}"#
        );
        let sns = |text: &str| format!(r#"{{"Type":"Notification","Message":{}}}"#, quoted(text));
        let file = format!(r#"{{"Records":[{a},{b}]}}"#);
        for (name, text) in [
            ("lookup-events", format!(r#"{{"Events":[{{"EventName":"A","CloudTrailEvent":{qa}}},{{"CloudTrailEvent":{qb}}}],"NextToken":"t"}}"#)),
            ("lookup-events, lines", format!("{{\"EventName\":\"A\",\"CloudTrailEvent\":{qa}}}\n{{\"CloudTrailEvent\":{qb}}}")),
            ("CloudWatch Logs", logs.clone()),
            ("filter-log-events", format!(r#"{{"events":[{{"timestamp":1,"message":{qa}}},{{"message":{qb}}}],"searchedLogStreams":[]}}"#)),
            ("log lines", format!("2024-05-10T10:00:00.000Z {a}\n2024-05-10T10:00:00.123000+00:00 stream {b}\n")),
            ("EventBridge", format!(r#"{{"version":"0","resources":[],"detail":{a}}}{{"detail":{b},"source":"aws.iam"}}"#)),
            ("Splunk, JSON", format!("{{\"preview\":false,\"result\":{{\"_raw\":{qa}}}}}\n{{\"result\":{{\"_raw\":{qb}}}}}")),
            ("Splunk, results", format!(r#"{{"fields":[],"results":[{{"_raw":{qa}}},{{"_raw":{qb}}}]}}"#)),
            ("SNS", sns(&file)),
            ("SQS", format!(r#"{{"Messages":[{{"Body":{}}}]}}"#, quoted(&file))),
            ("SQS of SNS", format!(r#"{{"Messages":[{{"Body":{}}}]}}"#, quoted(&sns(&file)))),
            ("Lambda, SQS", format!(r#"{{"Records":[{{"body":{}}},{{"body":{}}}]}}"#, quoted(&a), quoted(&sns(&b)))),
            ("Lambda, SNS", format!(r#"{{"Records":[{{"EventSource":"aws:sns","Sns":{}}}]}}"#, sns(&file))),
            ("Elastic", format!(r#"[{{"event":{{"original":{qa}}},"message":{qa}}},{{"message":{qb}}}]"#)),
            ("texts", format!("[{qa},{qb}]")),
            ("other case", file.replace("Records", "reCORDS")),
        ] {
            assert_eq!(seen(&text), ["A", "B"].map(key), "{name}");
            let pretty = text.replace(",\"", ",\n\"");
            assert_eq!(seen(&pretty), ["A", "B"].map(key), "{name}, indented");
        }
        assert_eq!(seen(format!("{logs}{logs}")), ["A", "B", "A", "B"].map(key));
    }

    #[test]
    fn nothing_is_looked_for_in_a_record_or_too_deep() {
        let inner = call("Inner");
        for mark in ["eventName", "eventVersion", "userIdentity"] {
            for (before, after) in [
                ("", format!(r#","{mark}":"x""#)),
                (&format!(r#""{mark}":"x","#), String::new()),
            ] {
                let text = format!(
                    r#"{{{before}"detail":{inner},"message":{}{after}}}"#,
                    quoted(&inner)
                );
                let seen = seen(&text);
                assert!(
                    seen.len() == 1 && !seen[0].contains("Inner"),
                    "{text}: {seen:?}"
                );
            }
        }
        let own = call("PutLogEvents").replace(
            r#"{"names""#,
            &format!(
                r#"{{"logEvents":[{{"message":{}}}],"names""#,
                quoted(&inner)
            ),
        );
        assert_eq!(seen(own), [key("PutLogEvents")]);
        let nested = |depth: usize| {
            format!(
                "{}{inner}{}",
                r#"{"detail":"#.repeat(depth),
                "}".repeat(depth)
            )
        };
        assert_eq!(seen(nested(DEEPEST)), [key("Inner")]);
        assert_eq!(seen(nested(DEEPEST + 1)), ["NoRecord"]);
    }

    #[test]
    fn the_first_envelope_with_a_record_in_it_is_read_and_the_others_are_not() {
        let (a, b) = (quoted(&call("A")), quoted(&call("B")));
        for (text, expected) in [
            (
                format!(r#"{{"message":{b},"event":{{"original":{a}}}}}"#),
                vec![key("A")],
            ),
            (
                format!(r#"{{"message":{b},"event":{{"original":"plain"}}}}"#),
                vec![key("B")],
            ),
            (
                format!(r#"{{"logEvents":[{{"message":{a}}},{{"message":"plain"}}]}}"#),
                vec![key("A"), "NoRecord".into()],
            ),
            (
                r#"{"message":"plain","event":{"kind":"x"}}"#.into(),
                vec!["NoRecord".into()],
            ),
            (
                r#"{"logEvents":[{"message":"CWL CONTROL MESSAGE"}]}"#.into(),
                vec!["NoRecord".into()],
            ),
        ] {
            assert_eq!(seen(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_fault_in_an_envelope_costs_what_is_in_it() {
        let (a, b) = (call("A"), quoted(&call("B")));
        let odd = quoted(&a.replace("Management", "\\ud83d\n"));
        let cut = quoted(&a[..100]);
        let lone = quoted(&a).replace("Management", "\\ud83d");
        for (text, faults) in [(odd, 0), (cut, 1), (lone, 1)] {
            let text = format!("{{\"detail-type\":\"x\"}}\n{{\"Events\":[{{\"CloudTrailEvent\":{text}}},{{\"CloudTrailEvent\":{b}}}]}}");
            let seen = seen(&text);
            assert_eq!(
                seen.iter()
                    .filter(|line| line.starts_with("line 2: "))
                    .count(),
                faults,
                "{seen:?}"
            );
            assert_eq!(seen.last(), Some(&key("B")));
        }
    }

    #[test]
    fn an_envelope_may_be_larger_than_memory() {
        let events: Vec<String> = (0..4_000)
            .map(|nth| {
                format!(
                    r#"{{"CloudTrailEvent":{}}}"#,
                    quoted(&call(&format!("C{nth}")))
                )
            })
            .collect();
        let text = format!(r#"{{"NextToken":"x","Events":[{}]}}"#, events.join(","));
        let (mut reader, mut held, mut from, mut calls) = (RecordReader::default(), 0, 0, 0);
        for to in (0..text.len()).step_by(100_000).chain([text.len()]) {
            from += reader.read(&text.as_bytes()[from..to], to == text.len(), &mut |found| {
                calls += u32::from(
                    matches!(found, Found::Record { record, .. } if record.call().is_ok()),
                );
            });
            held = held.max(to - from);
        }
        assert_eq!((calls, from), (4_000, text.len()));
        assert!(held < 2 << 20, "{held} bytes of {}", text.len());
    }
}
