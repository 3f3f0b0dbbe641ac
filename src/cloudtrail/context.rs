//! What came with a call beside its usual key: from where, by which program, in which event. A report shows it, and a key may be made of some.
//!
//! Read only where it is asked for ([`RecordDetail`]), because these fields are a tenth of the work of reading a record. Whatever is of
//! another JSON type than expected counts as absent.
//!
//! Source: AWS CloudTrail User Guide, "CloudTrail record contents".

use super::fields::{FlagField, ObjectField, TextField};
use super::target::{FirstResource, NamedByRequest};
use serde::de::MapAccess;

/// How much of a record is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordDetail {
    /// What makes the usual key, and when.
    #[default]
    Key,
    /// What came with the call, too.
    Context,
}

/// What came with a call. Without [`RecordDetail::Context`] only the session and the access key are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallContext<'a> {
    /// The region in which it was called.
    pub region: Option<&'a str>,
    /// The address it was called from, or the name of the service that called for the role.
    pub source_ip: Option<&'a str>,
    /// The ARN of the first resource.
    pub resource: Option<&'a str>,
    /// The first thing that the request names.
    pub named: Option<&'a str>,
    /// The name of the role's session, which whoever assumed the role chose.
    pub session: Option<&'a str>,
    /// The program that called, as it describes itself.
    pub user_agent: Option<&'a str>,
    /// The access key that signed the call.
    pub access_key: Option<&'a str>,
    /// The id of the event, by which it is found again.
    pub event_id: Option<&'a str>,
    /// Whether it only reads: `true` or `false`.
    pub read_only: Option<&'static str>,
    /// What kind of event it is: `AwsApiCall`, `AwsConsoleAction`.
    pub event_type: Option<&'a str>,
}

impl<'a> CallContext<'a> {
    /// What the call was made on: the ARN of the first resource, else what the request names.
    pub fn object(&self) -> Option<&'a str> {
        self.resource.or(self.named)
    }
}

/// The fields of a record that a context is made of.
#[derive(Debug, Default)]
pub(super) struct ContextFields<'a> {
    region: TextField<'a>,
    source_ip: TextField<'a>,
    user_agent: TextField<'a>,
    event_id: TextField<'a>,
    event_type: TextField<'a>,
    read_only: FlagField,
    resource: FirstResource<'a>,
    request: ObjectField<NamedByRequest<'a>>,
}

impl<'a> ContextFields<'a> {
    /// Takes a field, if it is one of these.
    pub(super) fn take<A: MapAccess<'a>>(
        &mut self,
        name: &[u8],
        fields: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            b"awsRegion" => self.region = fields.next_value()?,
            b"sourceIPAddress" => self.source_ip = fields.next_value()?,
            b"userAgent" => self.user_agent = fields.next_value()?,
            b"eventID" => self.event_id = fields.next_value()?,
            b"eventType" => self.event_type = fields.next_value()?,
            b"readOnly" => self.read_only = fields.next_value()?,
            b"resources" => self.resource = fields.next_value()?,
            b"requestParameters" => self.request = fields.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The context, with what the identity of the caller says.
    pub(super) fn with<'c>(
        &'c self,
        session: Option<&'c str>,
        access_key: Option<&'c str>,
    ) -> CallContext<'c> {
        CallContext {
            region: self.region.shown(),
            source_ip: self.source_ip.shown(),
            resource: self.resource.arn(),
            named: self.named_by_request(),
            session,
            user_agent: self.user_agent.shown(),
            access_key,
            event_id: self.event_id.shown(),
            read_only: self.read_only.shown(),
            event_type: self.event_type.shown(),
        }
    }

    fn named_by_request(&self) -> Option<&str> {
        match &self.request {
            ObjectField::Is(request) => request.name(),
            ObjectField::Absent | ObjectField::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Found, RecordReader};
    use super::*;

    /// The context of a call, as its debug form, with these fields and those of the identity.
    fn context(detail: RecordDetail, fields: &str) -> String {
        let text = format!(
            r#"{{"eventSource":"s","eventName":"C",{fields}"userIdentity":{{"type":"AssumedRole","accessKeyId":"ASIA1","arn":"a:assumed-role/R/me@x/y"}}}}"#
        );
        let mut found = String::new();
        RecordReader::new(detail).read(text.as_bytes(), true, &mut |one| {
            if let Found::Record { record, .. } = one {
                found = format!("{:?}", record.call().unwrap().context);
            }
        });
        found
    }

    const FIELDS: &str = r#""awsRegion":"eu","sourceIPAddress":"::1","userAgent":"[\"cli\"]","eventID":"e","eventType":"AwsApiCall","readOnly":false,"resources":[{"ARN":"arn"}],"#;

    const OF_IDENTITY: CallContext<'_> = CallContext {
        region: None,
        source_ip: None,
        resource: None,
        named: None,
        session: Some("me@x/y"),
        user_agent: None,
        access_key: Some("ASIA1"),
        event_id: None,
        read_only: None,
        event_type: None,
    };

    #[test]
    fn what_came_with_a_call_is_read_where_it_is_asked_for() {
        let expected = CallContext {
            region: Some("eu"),
            source_ip: Some("::1"),
            resource: Some("arn"),
            user_agent: Some("[\"cli\"]"),
            event_id: Some("e"),
            read_only: Some("false"),
            event_type: Some("AwsApiCall"),
            ..OF_IDENTITY
        };
        let read = context(RecordDetail::Context, FIELDS);
        assert_eq!(read, format!("{expected:?}"));
        let key_only = context(RecordDetail::Key, FIELDS);
        assert_eq!(key_only, format!("{OF_IDENTITY:?}"));
    }

    #[test]
    fn what_is_of_another_type_counts_as_absent() {
        for fields in [
            "",
            r#""awsRegion":1,"sourceIPAddress":[],"userAgent":{},"eventID":true,"eventType":null,"readOnly":"maybe","resources":"x","requestParameters":[1],"#,
            r#""awsRegion":"","userAgent":"","eventID":"","readOnly":7,"requestParameters":"userName","#,
        ] {
            let read = context(RecordDetail::Context, fields);
            assert_eq!(read, format!("{OF_IDENTITY:?}"), "{fields}");
        }
    }

    #[test]
    fn whether_a_call_only_reads_may_be_a_text_and_stand_in_a_record_with_a_fault() {
        for flag in ["true", "\"true\""] {
            let fields = format!(r#""odd":"{}","readOnly":{flag},"#, '\t');
            let read = context(RecordDetail::Context, &fields);
            assert!(read.contains(r#"read_only: Some("true")"#), "{read}");
        }
    }
}
