//! One record of CloudTrail: the key of its call and what came with it, or why it is no successful call by an assumed role.
//!
//! A key is `<account>:role/<role name>` and `<service>:<eventName>`. The name of a session never reaches it, or every session
//! would be a role never seen before. This file does not know how records are stored.
//!
//! Source: AWS CloudTrail User Guide, "CloudTrail record contents".

use super::context::{CallContext, ContextFields};
use super::event_time::EventTime;
use super::fields::{skip, Fields, ObjectField, TextField};
use super::identity::{Caller, Callers, Identity};
use crate::time::Timestamp;
use serde::de::MapAccess;

/// One record, as far as the detection reads it.
#[derive(Debug, Default)]
pub struct Record<'a> {
    time: EventTime<'a>,
    source: TextField<'a>,
    name: TextField<'a>,
    error: TextField<'a>,
    identity: ObjectField<Identity<'a>>,
    pub(super) context: ContextFields<'a>,
    known_as: Option<NotACall>,
    /// It has a field that only records have, so that nothing in it is looked into.
    pub(super) is_marked: bool,
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
    /// What came with it.
    pub context: CallContext<'a>,
}

/// Who is behind a call, as a key names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User<'a> {
    /// Account and role name are known.
    Role {
        /// The account that the role belongs to.
        account: &'a str,
        /// Its name.
        role: &'a str,
    },
    /// An IAM user.
    IamUser {
        /// The account that the user belongs to.
        account: &'a str,
        /// Its name.
        name: &'a str,
    },
    /// The root user.
    Root {
        /// Its account.
        account: &'a str,
    },
    /// Account or name is not known; this is the caller's ARN, without a session.
    Arn(&'a str),
}

/// Why a record is no successful call by an assumed role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotACall {
    /// It has no `userIdentity`, as no foreign object has.
    NoRecord,
    /// It is a CloudTrail digest file, which lists log files and has no calls.
    Digest,
    /// It is a CloudTrail Insights event, which tells of unusual numbers of calls.
    Insight,
    /// It is an event in the Open Cybersecurity Schema Framework, as Security Lake stores them.
    Ocsf,
    /// Somebody else called: a user, a service, the account itself.
    OtherCaller,
    /// The call failed: there is an `errorCode`.
    Failed,
    /// The role, the service or the name of the call is missing.
    NoKey,
    /// One of them, or what holds it, is of the wrong JSON type.
    WrongType,
}

impl Record<'_> {
    /// The call that is recorded.
    ///
    /// # Errors
    /// [`NotACall`], if it is none of those that the detection is about.
    pub fn call(&self) -> Result<Call<'_>, NotACall> {
        self.call_by(Callers::ROLES)
    }

    /// The call that is recorded, if it is one by these callers.
    ///
    /// # Errors
    /// [`NotACall`], if it is not.
    pub fn call_by(&self, wanted: Callers) -> Result<Call<'_>, NotACall> {
        let identity = self.identity()?;
        let callers = identity.callers()?;
        if !wanted.intersects(callers) {
            return Err(NotACall::OtherCaller);
        }
        if !self.is_successful() {
            return Err(NotACall::Failed);
        }
        let Caller {
            user,
            account,
            role,
            session,
        } = identity.caller(callers)?;
        let source = self.source.text()?.ok_or(NotACall::NoKey)?;
        Ok(Call {
            user,
            service: source.strip_suffix(".amazonaws.com").unwrap_or(source),
            event_name: self.name.text()?.ok_or(NotACall::NoKey)?,
            time: self.time.time(),
            account,
            role,
            context: self.context.with(session, identity.access_key()),
        })
    }

    /// Whether `errorCode` is absent, null, empty or `success`, in any letter case: Splunk's add-on for AWS writes that where CloudTrail
    /// writes nothing, and its `search` folds case. Splunk cannot tell null from the text `null`.
    fn is_successful(&self) -> bool {
        match &self.error {
            TextField::Absent => true,
            TextField::Is(code) => ["", "success", "null"]
                .iter()
                .any(|none| none.eq_ignore_ascii_case(code)),
            TextField::Other => false,
        }
    }

    fn identity(&self) -> Result<&Identity<'_>, NotACall> {
        match (&self.identity, self.known_as) {
            (_, Some(known_as)) => Err(known_as),
            (ObjectField::Is(identity), _) => Ok(identity),
            (ObjectField::Absent, _) => Err(NotACall::NoRecord),
            (ObjectField::Other, _) => Err(NotACall::WrongType),
        }
    }

    /// Whether it is of CloudTrail: a record of a call, a digest or an Insights event, and not another object.
    pub fn is_of_cloudtrail(&self) -> bool {
        match self.identity() {
            Ok(_) => true,
            Err(reason) => !matches!(reason, NotACall::NoRecord | NotACall::Ocsf),
        }
    }

    /// Whether it is a record, or something else that is known.
    pub(super) fn is_recognised(&self) -> bool {
        self.is_marked || self.known_as.is_some()
    }

    /// When it was made; none if `eventTime` is missing or no time.
    pub fn time(&self) -> Option<Timestamp> {
        self.time.time()
    }

    /// The text of `eventTime`, if it has one that is no time.
    pub fn unreadable_time(&self) -> Option<&str> {
        match &self.time {
            EventTime::Unreadable(text) => Some(text),
            _ => None,
        }
    }
}

impl<'a> Fields<'a> for Record<'a> {
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error> {
        match name {
            b"eventTime" => self.time = fields.next_value()?,
            b"eventSource" => self.source = fields.next_value()?,
            b"eventName" => self.name = fields.next_value()?,
            b"errorCode" => self.error = fields.next_value()?,
            b"userIdentity" => self.identity = fields.next_value()?,
            _ => {
                self.known_as = known_by(name).or(self.known_as);
                skip(fields)?;
            }
        }
        Ok(())
    }
}

/// What an object is that has such a field, and is no record of a call.
fn known_by(name: &[u8]) -> Option<NotACall> {
    match name {
        b"insightDetails" => Some(NotACall::Insight),
        b"digestStartTime" | b"digestS3Object" => Some(NotACall::Digest),
        b"class_uid" => Some(NotACall::Ocsf),
        _ => None,
    }
}

impl Call<'_> {
    /// Appends the first half of the key: `123456789012:role/Admin`, or an ARN without its session.
    pub fn write_user(&self, out: &mut Vec<u8>) {
        match self.user {
            User::Role { account, role } => append(out, [account, ":role/", role]),
            User::IamUser { account, name } => append(out, [account, ":user/", name]),
            User::Root { account } => append(out, [account, ":root"]),
            User::Arn(arn) => append(out, [arn]),
        }
    }

    /// Appends the second half of the key: `s3:GetObject`.
    pub fn write_command(&self, out: &mut Vec<u8>) {
        append(out, [self.service, ":", self.event_name]);
    }
}

fn append<const PARTS: usize>(out: &mut Vec<u8>, parts: [&str; PARTS]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{record, seen};
    use super::super::{read, Callers, Found};
    use super::NotACall;
    use proptest::prelude::*;

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
            assert_eq!(seen(record(&identity)), [expected], "{identity}");
        }
    }

    #[test]
    fn only_successful_calls_by_assumed_roles_are_calls() {
        let role = r#"{"type":"AssumedRole","accountId":"1","arn":"a:assumed-role/R/s"}"#;
        let with = |field: &str| record(role).replacen('{', &format!("{{{field},"), 1);
        let cases = [
            (with(r#""errorCode":null"#), "1:role/R s3:GetObject"),
            (with(r#""errorCode":"AccessDenied""#), "Failed"),
            (with(r#""errorCode":"""#), "1:role/R s3:GetObject"),
            (with(r#""errorCode":"Success""#), "1:role/R s3:GetObject"),
            (with(r#""errorCode":"null""#), "1:role/R s3:GetObject"),
            (with(r#""errorCode":"Successful""#), "Failed"),
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
            assert_eq!(seen(&text), [expected], "{text}");
        }
    }

    #[test]
    fn users_and_the_root_user_are_callers_if_that_is_asked_for() {
        let user = r#"{"type":"IAMUser","accountId":"1","userName":"jo"}"#;
        let cases = [
            (user, Callers::USERS, Ok("1:user/jo")),
            (
                r#"{"type":"IAMUser","accountId":"1","arn":"arn:aws:iam::1:user/staff/jo"}"#,
                Callers::USERS,
                Ok("1:user/jo"),
            ),
            (
                r#"{"type":"Root","accountId":"1","userName":"alias"}"#,
                Callers::ROOT,
                Ok("1:root"),
            ),
            (r#"{"type":"Root"}"#, Callers::ROOT, Err(NotACall::NoKey)),
            (
                user,
                Callers::ROLES | Callers::ROOT,
                Err(NotACall::OtherCaller),
            ),
        ];
        for (identity, wanted, expected) in cases {
            let mut found = None;
            read(record(identity).as_bytes(), &mut |one| {
                let Found::Record { record, .. } = one else {
                    panic!("{one:?}")
                };
                found = Some(record.call_by(wanted).map(|call| {
                    let mut user = Vec::new();
                    call.write_user(&mut user);
                    String::from_utf8(user).unwrap()
                }));
            });
            assert_eq!(found.unwrap(), expected.map(str::to_owned), "{identity}");
        }
    }

    #[test]
    fn a_field_that_comes_twice_counts_as_it_comes_last() {
        for (identity, expected) in [
            (
                r#"{"type":"Root","type":"AssumedRole","arn":"x","arn":"a:assumed-role/R/s","accountId":"2","accountId":"1"}"#,
                "1:role/R s3:GetObject",
            ),
            (
                r#"{"type":"AssumedRole","sessionContext":{"sessionIssuer":{"userName":"A","userName":"B","accountId":"1"}}}"#,
                "1:role/B s3:GetObject",
            ),
            (
                r#"{"type":"AssumedRole","arn":"r","sessionContext":{},"sessionContext":{"sessionIssuer":{},"sessionIssuer":{"userName":"B","accountId":"1"}}}"#,
                "1:role/B s3:GetObject",
            ),
        ] {
            assert_eq!(seen(record(identity)), [expected], "{identity}");
        }
        let twice = record(
            r#"{"type":"Root"},"userIdentity":{"type":"AssumedRole","accountId":"1","arn":":assumed-role/R/s"}"#,
        );
        let renamed = twice.replace("\"eventName\":", "\"eventName\":1,\"eventName\":");
        assert_eq!(seen(renamed), ["1:role/R s3:GetObject"]);
    }

    #[test]
    fn what_is_no_record_of_a_call_is_known_by_name() {
        for (text, expected) in [
            (
                r#"{"awsAccountId":"1","digestS3Bucket":"b","digestS3Object":"o","logFiles":[]}"#,
                "Digest",
            ),
            (
                r#"{"eventVersion":"1.07","eventType":"AwsCloudTrailInsight","insightDetails":{"state":"Start"}}"#,
                "Insight",
            ),
            (
                r#"{"metadata":{"product":{}},"class_uid":6003,"api":{"operation":"x"}}"#,
                "Ocsf",
            ),
            (r#"{"some":"thing"}"#, "NoRecord"),
        ] {
            assert_eq!(seen(text), [expected]);
        }
    }

    proptest! {
        #[test]
        fn the_session_never_reaches_a_key(role in "[a-zA-Z]{1,8}", session in "[0-9@./]{1,12}", account in proptest::option::of("[0-9]{12}")) {
            let account = account.map_or("null".to_owned(), |account| format!("\"{account}\""));
            let keys = ["x", &session].map(|session| {
                seen(record(&format!(r#"{{"type":"AssumedRole","accountId":{account},"arn":"arn:aws:sts::1:assumed-role/{role}/{session}"}}"#)))
            });
            prop_assert_eq!(&keys[0], &keys[1]);
        }
    }
}
