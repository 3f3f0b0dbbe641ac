//! The one table of fields that a key of calls may be made of: the names that observations have in Splunk, and what of a call each is.

use super::context::RecordDetail;
use super::record::Call;

/// A field of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallField {
    /// `123456789012:role/Admin`.
    User,
    /// `s3:GetObject`.
    Command,
    /// The account of the caller.
    Account,
    /// The name of the role.
    Role,
    /// The region in which it was called.
    Region,
    /// The address it was called from, or the name of a service.
    Src,
    /// The program that called.
    UserAgent,
    /// The ARN of the first resource, as in Splunk; what only the request names is in no key.
    Object,
    /// `s3`.
    Service,
    /// `AwsApiCall`.
    EventType,
    /// `true` or `false`.
    ReadOnly,
}

const TABLE: [(&str, CallField); 11] = [
    ("user", CallField::User),
    ("command", CallField::Command),
    ("account", CallField::Account),
    ("role", CallField::Role),
    ("region", CallField::Region),
    ("src", CallField::Src),
    ("user_agent", CallField::UserAgent),
    ("object", CallField::Object),
    ("service", CallField::Service),
    ("event_type", CallField::EventType),
    ("read_only", CallField::ReadOnly),
];

impl CallField {
    /// The field of this name.
    ///
    /// ```
    /// use unseen::cloudtrail::CallField;
    /// assert_eq!(CallField::named("src"), Some(CallField::Src));
    /// assert_eq!(CallField::named("host"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        let mut table = TABLE.iter();
        table
            .find(|(known, _)| *known == name)
            .map(|(_, field)| *field)
    }

    /// What of a record it is read from.
    pub fn detail(self) -> RecordDetail {
        match self {
            Self::User | Self::Command | Self::Account | Self::Role | Self::Service => {
                RecordDetail::Key
            }
            _ => RecordDetail::Context,
        }
    }

    /// The names of all.
    pub fn names() -> [&'static str; TABLE.len()] {
        TABLE.map(|(name, _)| name)
    }
}

impl Call<'_> {
    /// Appends the value of a field, and returns whether it has one.
    pub fn write(&self, field: CallField, out: &mut Vec<u8>) -> bool {
        let context = &self.context;
        let value = match field {
            CallField::User => {
                self.write_user(out);
                return true;
            }
            CallField::Command => {
                self.write_command(out);
                return true;
            }
            CallField::Account => self.account,
            CallField::Role => self.role,
            CallField::Region => context.region,
            CallField::Src => context.source_ip,
            CallField::UserAgent => context.user_agent,
            CallField::Object => context.resource,
            CallField::Service => Some(self.service),
            CallField::EventType => context.event_type,
            CallField::ReadOnly => context.read_only,
        };
        out.extend_from_slice(value.unwrap_or_default().as_bytes());
        value.is_some()
    }
}
