//! CloudTrail records to facts about keys: which role made which call, when, and whether it succeeded.
//!
//! A key is `<account>:role/<role name>` and `<service>:<eventName>`. The name of a session never reaches it, or every session
//! would be a role never seen before. Only the fields that the detection asks about are read, borrowed from the text; all
//! others are skipped. Knows no files, no windows and no baseline.
//!
//! Sources: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element"; the app's macros
//! `cloud_api_calls_cloudtrail_events` and `cloud_api_calls_cloudtrail_fields`, which say the same in SPL; that resources also
//! come with a small `arn` is from the records in `tests/data/cloudtrail`.

use crate::time::Timestamp;
use memchr::memchr_iter;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use thiserror::Error;

/// One record, as far as the detection reads it.
#[derive(Debug, Default)]
pub struct Record<'a> {
    time: Text<'a>,
    source: Text<'a>,
    name: Text<'a>,
    error: Text<'a>,
    region: Text<'a>,
    source_ip: Text<'a>,
    identity: Object<Identity<'a>>,
    object: Resource<'a>,
}

/// A successful call by an assumed role.
#[derive(Debug)]
pub struct Call<'a> {
    /// Who called.
    pub user: User<'a>,
    /// The service without its domain: `s3`.
    pub service: &'a str,
    /// What was called: `GetObject`.
    pub event_name: &'a str,
    /// When; none if `eventTime` is missing or no time.
    pub time: Option<Timestamp>,
    /// The role's account.
    pub account: Option<&'a str>,
    /// The role's name.
    pub role: Option<&'a str>,
    /// The region in which it was called.
    pub region: Option<&'a str>,
    /// The address it was called from, or the name of the service that called for the role.
    pub source_ip: Option<&'a str>,
    /// The ARN of the first resource.
    pub object: Option<&'a str>,
}

/// The role behind a call, as a key names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User<'a> {
    /// Account and role name are known.
    Role {
        /// The account that the role belongs to.
        account: &'a str,
        /// Its name.
        role: &'a str,
    },
    /// They are not; this is the caller's ARN, without a session.
    Arn(&'a str),
}

/// Why a record is no successful call by an assumed role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// It has no `userIdentity`, as a digest file or a foreign object has none.
    NoRecord,
    /// Somebody else called: a user, a service, the account itself.
    OtherCaller,
    /// The call failed: there is an `errorCode`.
    Failed,
    /// The role, the service or the name of the call is missing.
    NoKey,
    /// One of them, or what holds it, is of the wrong JSON type.
    WrongType,
}

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

impl<'a> Record<'a> {
    /// The call that is recorded.
    ///
    /// # Errors
    /// [`Passed`], if it is none of those that the detection is about.
    pub fn call(&self) -> Result<Call<'_>, Passed> {
        let identity = match &self.identity {
            Object::Absent => return Err(Passed::NoRecord),
            Object::Other => return Err(Passed::WrongType),
            Object::Is(identity) => identity,
        };
        if identity.kind.text()? != Some("AssumedRole") {
            return Err(Passed::OtherCaller);
        }
        if self.error != Text::Absent {
            return Err(Passed::Failed);
        }
        let issuer = identity.issuer()?;
        let account = match issuer.account.text()? {
            Some(account) => Some(account),
            None => identity.account.text()?,
        };
        let arn = identity.arn.text()?;
        let role = match issuer.name.text()? {
            Some(name) => Some(name),
            None => arn.and_then(|arn| Some(assumed_role(arn)?.1)),
        };
        let user = match (account, role, arn) {
            (Some(account), Some(role), _) => User::Role { account, role },
            (_, _, Some(arn)) => User::Arn(assumed_role(arn).map_or(arn, |(arn, _)| arn)),
            _ => return Err(Passed::NoKey),
        };
        let source = self.source.text()?.ok_or(Passed::NoKey)?;
        Ok(Call {
            user,
            service: source.strip_suffix(".amazonaws.com").unwrap_or(source),
            event_name: self.name.text()?.ok_or(Passed::NoKey)?,
            time: self
                .time
                .shown()
                .and_then(|text| Timestamp::from_iso8601(text.as_bytes())),
            account,
            role,
            region: self.region.shown(),
            source_ip: self.source_ip.shown(),
            object: self.object.0.as_deref(),
        })
    }
}

impl Call<'_> {
    /// Appends the first half of the key: `123456789012:role/Admin`, or an ARN without its session.
    pub fn write_user(&self, out: &mut Vec<u8>) {
        match self.user {
            User::Role { account, role } => {
                for part in [account, ":role/", role] {
                    out.extend_from_slice(part.as_bytes());
                }
            }
            User::Arn(arn) => out.extend_from_slice(arn.as_bytes()),
        }
    }

    /// Appends the second half of the key: `s3:GetObject`.
    pub fn write_command(&self, out: &mut Vec<u8>) {
        for part in [self.service, ":", self.event_name] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// An ARN `…:assumed-role/<role>/<session>` without its session, and the role's name in it.
fn assumed_role(arn: &str) -> Option<(&str, &str)> {
    const KIND: &str = ":assumed-role/";
    let name_starts = arn.find(KIND)? + KIND.len();
    let name = arn[name_starts..].split('/').next()?;
    (!name.is_empty()).then_some((&arn[..name_starts + name.len()], name))
}

/// The `userIdentity` of a record.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Identity<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    arn: Text<'a>,
    #[serde(borrow, rename = "accountId")]
    account: Text<'a>,
    #[serde(borrow, rename = "sessionContext")]
    session: Object<Session<'a>>,
}

/// Its `sessionContext`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Session<'a> {
    #[serde(borrow, rename = "sessionIssuer")]
    issuer: Object<Issuer<'a>>,
}

/// The `sessionIssuer` in that: the role that the session was made from.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Issuer<'a> {
    #[serde(borrow, rename = "accountId")]
    account: Text<'a>,
    #[serde(borrow, rename = "userName")]
    name: Text<'a>,
}

impl<'a> Identity<'a> {
    fn issuer(&self) -> Result<&Issuer<'a>, Passed> {
        const UNKNOWN: &Issuer<'_> = &Issuer {
            account: Text::Absent,
            name: Text::Absent,
        };
        match &self.session {
            Object::Absent => Ok(UNKNOWN),
            Object::Is(session) => match &session.issuer {
                Object::Absent => Ok(UNKNOWN),
                Object::Is(issuer) => Ok(issuer),
                Object::Other => Err(Passed::WrongType),
            },
            Object::Other => Err(Passed::WrongType),
        }
    }
}

/// A field that should hold a string. `null` counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Text<'a> {
    #[default]
    Absent,
    Is(Cow<'a, str>),
    Other,
}

impl Text<'_> {
    /// The string; none if there is none or it is empty.
    fn text(&self) -> Result<Option<&str>, Passed> {
        match self {
            Self::Other => Err(Passed::WrongType),
            _ => Ok(self.shown()),
        }
    }

    /// The string of a field that no key depends on.
    fn shown(&self) -> Option<&str> {
        match self {
            Self::Is(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

/// A field that should hold an object. `null` counts as absent.
#[derive(Debug, Default)]
enum Object<T> {
    #[default]
    Absent,
    Is(T),
    Other,
}

/// The first ARN in `resources`, which stands under `ARN` or `arn`.
#[derive(Debug, Default)]
struct Resource<'a>(Option<Cow<'a, str>>);

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

/// The values of JSON types that a visitor has no use for.
macro_rules! all_else_is {
    ($self:ident -> $else:expr; $($visit:ident: $type:ty),*) => {
        $(fn $visit<E: serde::de::Error>($self, _: $type) -> Result<Self::Value, E> {
            Ok($else)
        })*
    };
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

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'a> Visitor<'a> for TextVisitor {
            type Value = Text<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Text<'a>, E> {
                Ok(Text::Is(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'a>, E> {
                Ok(Text::Is(Cow::Owned(text.to_owned())))
            }
            fn visit_unit<E>(self) -> Result<Text<'a>, E> {
                Ok(Text::Absent)
            }
            fn visit_seq<A: SeqAccess<'a>>(self, values: A) -> Result<Text<'a>, A::Error> {
                IgnoredAny.visit_seq(values).map(|_| Text::Other)
            }
            fn visit_map<A: MapAccess<'a>>(self, fields: A) -> Result<Text<'a>, A::Error> {
                IgnoredAny.visit_map(fields).map(|_| Text::Other)
            }
            all_else_is! { self -> Text::Other; visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64 }
        }
        json.deserialize_any(TextVisitor)
    }
}

impl<'a, T: Deserialize<'a>> Deserialize<'a> for Object<T> {
    fn deserialize<D: Deserializer<'a>>(json: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(std::marker::PhantomData<T>);
        impl<'a, T: Deserialize<'a>> Visitor<'a> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'a>>(self, fields: A) -> Result<Object<T>, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(fields)).map(Object::Is)
            }
            fn visit_seq<A: SeqAccess<'a>>(self, values: A) -> Result<Object<T>, A::Error> {
                IgnoredAny.visit_seq(values).map(|_| Object::Other)
            }
            fn visit_unit<E>(self) -> Result<Object<T>, E> {
                Ok(Object::Absent)
            }
            all_else_is! { self -> Object::Other;
            visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str }
        }
        json.deserialize_any(ObjectVisitor(std::marker::PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Resource<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Arn<'a> {
            #[serde(borrow, rename = "ARN", alias = "arn")]
            arn: Text<'a>,
        }
        struct ListVisitor;
        impl<'a> Visitor<'a> for ListVisitor {
            type Value = Resource<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'a>>(self, mut values: A) -> Result<Resource<'a>, A::Error> {
                let mut first = None;
                while let Some(value) = values.next_element::<Object<Arn<'a>>>()? {
                    match value {
                        Object::Is(Arn { arn: Text::Is(arn) })
                            if !arn.is_empty() && first.is_none() =>
                        {
                            first = Some(arn);
                        }
                        _ => {}
                    }
                }
                Ok(Resource(first))
            }
            fn visit_map<A: MapAccess<'a>>(self, fields: A) -> Result<Resource<'a>, A::Error> {
                IgnoredAny.visit_map(fields).map(|_| Resource(None))
            }
            fn visit_unit<E>(self) -> Result<Resource<'a>, E> {
                Ok(Resource(None))
            }
            all_else_is! { self -> Resource(None);
            visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str }
        }
        json.deserialize_any(ListVisitor)
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
                    Err(passed) => format!("{passed:?}"),
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
