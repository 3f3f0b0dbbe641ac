//! `userIdentity`: who called, and by which role.
//!
//! Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element".

use super::fields::{Object, Text};
use super::record::NotACall;
use serde::Deserialize;

/// The `userIdentity` of a record.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Identity<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) arn: Text<'a>,
    #[serde(borrow, rename = "accountId")]
    pub(super) account: Text<'a>,
    #[serde(borrow, rename = "sessionContext")]
    pub(super) session: Object<Session<'a>>,
}

/// Its `sessionContext`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Session<'a> {
    #[serde(borrow, rename = "sessionIssuer")]
    pub(super) issuer: Object<Issuer<'a>>,
}

/// The `sessionIssuer` in that: the role that the session was made from.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Issuer<'a> {
    #[serde(borrow, rename = "accountId")]
    pub(super) account: Text<'a>,
    #[serde(borrow, rename = "userName")]
    pub(super) name: Text<'a>,
}

impl<'a> Identity<'a> {
    pub(super) fn issuer(&self) -> Result<&Issuer<'a>, NotACall> {
        const UNKNOWN: &Issuer<'_> = &Issuer {
            account: Text::Absent,
            name: Text::Absent,
        };
        match &self.session {
            Object::Absent => Ok(UNKNOWN),
            Object::Is(session) => match &session.issuer {
                Object::Absent => Ok(UNKNOWN),
                Object::Is(issuer) => Ok(issuer),
                Object::Other => Err(NotACall::WrongType),
            },
            Object::Other => Err(NotACall::WrongType),
        }
    }
}

/// An ARN `…:assumed-role/<role>/<session>` without its session, and the role's name in it.
pub(super) fn assumed_role(arn: &str) -> Option<(&str, &str)> {
    const KIND: &str = ":assumed-role/";
    let name_starts = arn.find(KIND)? + KIND.len();
    let name = arn[name_starts..].split('/').next()?;
    (!name.is_empty()).then_some((&arn[..name_starts + name.len()], name))
}
