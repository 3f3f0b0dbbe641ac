//! JSON text to records: one record, one a line, lists, `{"Records":[…]}`, or any of these end to end.
//!
//! Does not know what a record means.

use super::fields::all_else_is;
use super::record::Record;
use memchr::memchr_iter;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use thiserror::Error;

/// Text that is not JSON, or no longer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}: {reason}")]
pub struct Malformed {
    /// The line on which reading stopped, from 1.
    pub line: u64,
    /// What was expected there.
    pub reason: String,
}

/// Reads JSON that stands end to end: records, `{"Records":[…]}`, lists of either, with any white space between.
///
/// Calls `each` with every record in order, and with what is [`Malformed`]; reading then goes on at the next line that
/// begins with `{` or `[`. Records before the fault in the same list were handed over and stay so.
pub fn read<'a>(text: &'a [u8], each: &mut impl FnMut(Result<Record<'a>, Malformed>)) {
    let mut rest = text;
    let mut lines_before = 0;
    while !rest.trim_ascii().is_empty() {
        let mut json = serde_json::Deserializer::from_slice(rest);
        let read = Records { each }.deserialize(&mut json);
        let is_value = read.is_ok();
        let Err(stopped) = read.and_then(|()| json.end()) else {
            return;
        };
        let stop = Stop::of(&stopped, rest);
        let opens = |at: usize| matches!(rest.get(at), Some(b'{' | b'['));
        let next = if is_value && opens(stop.at) {
            Some(stop.at)
        } else {
            each(Err(Malformed {
                line: lines_before + stop.line,
                reason: reason(&stopped),
            }));
            let from = stop.at.saturating_sub(1);
            memchr_iter(b'\n', &rest[from..])
                .map(|newline| from + newline + 1)
                .find(|&start| opens(start))
        };
        let Some(next) = next else { return };
        lines_before += memchr_iter(b'\n', &rest[..next]).count() as u64;
        rest = &rest[next..];
    }
}

/// Where serde_json stopped: the line, from 1, and the byte it was about to read or had just read.
struct Stop {
    line: u64,
    at: usize,
}

impl Stop {
    fn of(error: &serde_json::Error, text: &[u8]) -> Self {
        let line_starts = match error.line() {
            0 | 1 => 0,
            line => memchr_iter(b'\n', text)
                .nth(line - 2)
                .map_or(0, |newline| newline + 1),
        };
        Self {
            // Column 0 is behind the line end that cut a string short: the fault is on the line before.
            line: (error.line() - usize::from(error.column() == 0)) as u64,
            at: (line_starts + error.column())
                .saturating_sub(1)
                .min(text.len()),
        }
    }
}

/// serde_json's words, without its line and column, which count from the start of a value.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// The field names of a record.
#[derive(Deserialize)]
#[serde(field_identifier)]
enum FieldName {
    #[serde(rename = "Records")]
    Records,
    #[serde(rename = "eventTime")]
    Time,
    #[serde(rename = "eventSource")]
    Source,
    #[serde(rename = "eventName")]
    EventName,
    #[serde(rename = "errorCode")]
    Error,
    #[serde(rename = "awsRegion")]
    Region,
    #[serde(rename = "sourceIPAddress")]
    SourceIp,
    #[serde(rename = "userIdentity")]
    Identity,
    #[serde(rename = "resources")]
    Resources,
    #[serde(other)]
    Other,
}

/// Hands every record in a value to `each`, however deep it lies in lists. A value that holds none is an empty record.
struct Records<'e, F> {
    each: &'e mut F,
}

impl<'a, F: FnMut(Result<Record<'a>, Malformed>)> DeserializeSeed<'a> for Records<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'a, F: FnMut(Result<Record<'a>, Malformed>)> Visitor<'a> for Records<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CloudTrail record")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut record = Record::default();
        let mut is_envelope = false;
        while let Some(name) = fields.next_key()? {
            match name {
                FieldName::Records => {
                    is_envelope = true;
                    fields.next_value_seed(Records { each: self.each })?;
                }
                FieldName::Time => record.time = fields.next_value()?,
                FieldName::Source => record.source = fields.next_value()?,
                FieldName::EventName => record.name = fields.next_value()?,
                FieldName::Error => record.error = fields.next_value()?,
                FieldName::Region => record.region = fields.next_value()?,
                FieldName::SourceIp => record.source_ip = fields.next_value()?,
                FieldName::Identity => record.identity = fields.next_value()?,
                FieldName::Resources => record.object = fields.next_value()?,
                FieldName::Other => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        if !is_envelope {
            (self.each)(Ok(record));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut values: A) -> Result<(), A::Error> {
        while values
            .next_element_seed(Records { each: self.each })?
            .is_some()
        {}
        Ok(())
    }

    all_else_is! { self -> (self.each)(Ok(Record::default()));
    visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str }

    fn visit_unit<E>(self) -> Result<(), E> {
        (self.each)(Ok(Record::default()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The key and the time of every call, what every other record is, and every fault.
    fn told(text: &str) -> Vec<String> {
        let mut told = Vec::new();
        read(text.as_bytes(), &mut |record| {
            told.push(match record {
                Err(fault) => fault.to_string(),
                Ok(record) => match record.call() {
                    Err(not_a_call) => format!("{not_a_call:?}"),
                    Ok(call) => {
                        let mut key = Vec::new();
                        call.write_user(&mut key);
                        key.push(b' ');
                        call.write_command(&mut key);
                        String::from_utf8(key).unwrap()
                    }
                },
            })
        });
        told
    }

    /// A record of a call, with this identity.
    fn record(identity: &str) -> String {
        format!(
            r#"{{"eventSource":"s3.amazonaws.com","eventName":"GetObject","userIdentity":{identity}}}"#
        )
    }

    #[test]
    fn a_role_is_named_by_its_issuer_else_by_its_arn_and_never_by_its_session() {
        let arn = r#""arn":"arn:aws:sts::333:assumed-role/FromArn/session""#;
        let cases = [
            (
                format!(
                    r#"{{"type":"AssumedRole",{arn},"accountId":"222","sessionContext":{{"sessionIssuer":{{"accountId":"111","userName":"Issuer"}}}}}}"#
                ),
                "111:role/Issuer s3:GetObject",
            ),
            (
                format!(
                    r#"{{"type":"AssumedRole",{arn},"accountId":"222","sessionContext":{{"sessionIssuer":{{"userName":"Issuer"}}}}}}"#
                ),
                "222:role/Issuer s3:GetObject",
            ),
            (
                format!(
                    r#"{{"type":"AssumedRole",{arn},"accountId":"222","sessionContext":{{"sessionIssuer":{{"userName":""}}}}}}"#
                ),
                "222:role/FromArn s3:GetObject",
            ),
            (
                format!(
                    r#"{{"type":"AssumedRole",{arn},"accountId":"222","sessionContext":null}}"#
                ),
                "222:role/FromArn s3:GetObject",
            ),
            (
                format!(r#"{{"type":"AssumedRole",{arn}}}"#),
                "arn:aws:sts::333:assumed-role/FromArn s3:GetObject",
            ),
            (
                r#"{"type":"AssumedRole","arn":"arn:odd"}"#.into(),
                "arn:odd s3:GetObject",
            ),
            (
                r#"{"type":"AssumedRole","accountId":"222","arn":""}"#.into(),
                "NoKey",
            ),
        ];
        for (identity, expected) in cases {
            assert_eq!(told(&record(&identity)), [expected], "{identity}");
        }
    }

    #[test]
    fn only_successful_calls_by_assumed_roles_are_calls() {
        let role = r#"{"type":"AssumedRole","accountId":"1","arn":"a:assumed-role/R/s"}"#;
        let with = |field: &str| record(role).replacen('{', &format!("{{{field},"), 1);
        let cases = [
            (with(r#""errorCode":null"#), "1:role/R s3:GetObject"),
            (with(r#""errorCode":"AccessDenied""#), "Failed"),
            (with(r#""errorCode":"""#), "Failed"),
            (with(r#""errorCode":{"a":[1]}"#), "Failed"),
            (
                record(r#"{"type":"IAMUser","accountId":"1"}"#),
                "OtherCaller",
            ),
            (record("{}"), "OtherCaller"),
            (record("null"), "NoRecord"),
            ("{}".into(), "NoRecord"),
            ("[5]".into(), "NoRecord"),
            (record(r#""AssumedRole""#), "WrongType"),
            (record(r#"{"type":["AssumedRole"]}"#), "WrongType"),
            (record(role).replace(r#""GetObject""#, "17"), "WrongType"),
            (record(role).replace(r#""GetObject""#, "null"), "NoKey"),
            (
                record(r#"{"type":"AssumedRole","sessionContext":{"sessionIssuer":[]}}"#),
                "WrongType",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(told(&text), [expected], "{text}");
        }
    }

    #[test]
    fn the_object_is_the_first_resource_that_has_an_arn() {
        let object = |resources: &str| {
            let text = record(r#"{"type":"AssumedRole","arn":"r"}"#).replacen(
                '{',
                &format!(r#"{{"resources":{resources},"awsRegion":7,"#),
                1,
            );
            let mut object = None;
            read(text.as_bytes(), &mut |record| {
                object = record.unwrap().call().unwrap().object.map(str::to_owned);
            });
            object
        };
        assert_eq!(
            object(r#"[{"type":"T"},{"ARN":"a"},{"ARN":"b"}]"#).as_deref(),
            Some("a")
        );
        assert_eq!(
            object(r#"[{"accountId":"1","arn":"c"}]"#).as_deref(),
            Some("c")
        );
        for none in ["null", "[]", "{}", "\"x\"", "[null,1,{\"ARN\":2}]"] {
            assert_eq!(object(none), None, "{none}");
        }
    }

    #[test]
    fn records_may_stand_alone_in_lists_in_envelopes_or_end_to_end() {
        let one = record(r#"{"type":"Root"}"#);
        let pretty = one.replace('{', "{\n  ").replace(',', ",\n  ");
        for (text, count) in [
            (one.clone(), 1),
            (pretty.clone(), 1),
            (format!("{pretty}\n{pretty}\n"), 2),
            (format!("{one}\n{one}\n\n{one}"), 3),
            (format!("{one}{one}"), 2),
            (format!("[{one},{one}]"), 2),
            (format!(r#"{{"Records":[{one},{one}],"more":1}}"#), 2),
            (format!("{{\"Records\":[{one}]}}\r\n{one}\r\n[[{one}]]"), 3),
            ("{\"Records\":[]}".into(), 0),
            (" \n".into(), 0),
        ] {
            assert_eq!(told(&text), vec!["OtherCaller"; count], "{text}");
        }
    }

    #[test]
    fn a_malformed_line_is_told_and_the_others_are_read() {
        let one = record(r#"{"type":"Root"}"#);
        for broken in [
            "{\"eventName\":\"cut",
            "{\"eventName\":1,",
            "{\"eventName\"",
            "{\"a\":nul}",
            "{\"a\":1} x",
            "{'a':1}",
        ] {
            let text = format!("{one}\n{broken}\n{one}\n");
            let told = told(&text);
            assert_eq!(
                told.iter().filter(|told| *told == "OtherCaller").count(),
                2,
                "{told:?}"
            );
            let faults: Vec<_> = told
                .iter()
                .filter(|told| told.starts_with("line "))
                .collect();
            assert_eq!(faults.len(), 1, "{told:?}");
            assert!(
                faults[0].starts_with("line 2") || faults[0].starts_with("line 3"),
                "{faults:?}"
            );
        }
        assert_eq!(told("nonsense"), ["line 1: expected ident"]);
    }

    #[test]
    fn a_cut_document_gives_the_records_before_the_cut() {
        let one = record(r#"{"type":"Root"}"#);
        let told = told(&format!(r#"{{"Records":[{one},{one},{{"eventName":"#));
        assert_eq!(told[..2], ["OtherCaller"; 2]);
        assert_eq!(told[2..], ["line 1: EOF while parsing a value"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic_and_to_an_end(bytes in proptest::collection::vec(proptest::sample::select(b"{}[]\"\n ,:a1\xff".to_vec()), 0..80)) {
            let mut count = 0;
            read(&bytes, &mut |_| count += 1);
            prop_assert!(count <= bytes.len());
        }

        #[test]
        fn the_session_never_reaches_a_key(role in "[a-zA-Z]{1,8}", session in "[0-9@./]{1,12}", account in proptest::option::of("[0-9]{12}")) {
            let account = account.map_or("null".to_owned(), |account| format!("\"{account}\""));
            let keys = ["x", &session].map(|session| {
                told(&record(&format!(r#"{{"type":"AssumedRole","accountId":{account},"arn":"arn:aws:sts::1:assumed-role/{role}/{session}"}}"#)))
            });
            prop_assert_eq!(&keys[0], &keys[1]);
        }
    }
}
