//! One record of CloudTrail: the key of its call and what came with it, or why it is no successful call by an assumed role.
//!
//! A key is `<account>:role/<role name>` and `<service>:<eventName>`. The name of a session never reaches it, or every session
//! would be a role never seen before. This file does not know how records are stored.
//!
//! Source: AWS CloudTrail User Guide, "CloudTrail record contents".

use super::fields::{Object, Resource, Text};
use super::identity::{assumed_role, Identity};
use crate::time::Timestamp;

/// One record, as far as the detection reads it.
#[derive(Debug, Default)]
pub struct Record<'a> {
    pub(super) time: Text<'a>,
    pub(super) source: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) error: Text<'a>,
    pub(super) region: Text<'a>,
    pub(super) source_ip: Text<'a>,
    pub(super) identity: Object<Identity<'a>>,
    pub(super) object: Resource<'a>,
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
pub enum NotACall {
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

impl<'a> Record<'a> {
    /// The call that is recorded.
    ///
    /// # Errors
    /// [`NotACall`], if it is none of those that the detection is about.
    pub fn call(&self) -> Result<Call<'_>, NotACall> {
        let identity = match &self.identity {
            Object::Absent => return Err(NotACall::NoRecord),
            Object::Other => return Err(NotACall::WrongType),
            Object::Is(identity) => identity,
        };
        if identity.kind.text()? != Some("AssumedRole") {
            return Err(NotACall::OtherCaller);
        }
        if self.error != Text::Absent {
            return Err(NotACall::Failed);
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
            _ => return Err(NotACall::NoKey),
        };
        let source = self.source.text()?.ok_or(NotACall::NoKey)?;
        Ok(Call {
            user,
            service: source.strip_suffix(".amazonaws.com").unwrap_or(source),
            event_name: self.name.text()?.ok_or(NotACall::NoKey)?,
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
