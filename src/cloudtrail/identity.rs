//! `userIdentity`: who called, and by which role.
//!
//! A role is named by the issuer of its session, else by the caller's ARN, and never by the session.
//! Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element".

use super::fields::{skip, Fields, ObjectField, TextField};
use super::record::{NotACall, User};
use serde::de::MapAccess;

/// The `userIdentity` of a record.
#[derive(Debug, Default)]
pub(super) struct Identity<'a> {
    kind: TextField<'a>,
    arn: TextField<'a>,
    account: TextField<'a>,
    session: ObjectField<SessionContext<'a>>,
}

/// Its `sessionContext`.
#[derive(Debug, Default)]
struct SessionContext<'a> {
    issuer: ObjectField<SessionIssuer<'a>>,
}

/// The `sessionIssuer` in that: the role that the session was made from.
#[derive(Debug, Default)]
struct SessionIssuer<'a> {
    account: TextField<'a>,
    name: TextField<'a>,
}

/// An assumed role that called.
pub(super) struct Caller<'a> {
    /// As a key names it.
    pub(super) user: User<'a>,
    pub(super) account: Option<&'a str>,
    pub(super) role: Option<&'a str>,
}

impl<'a> Identity<'a> {
    /// Whether an assumed role called.
    pub(super) fn is_role(&self) -> Result<bool, NotACall> {
        Ok(self.kind.text()? == Some("AssumedRole"))
    }

    /// The role that called.
    pub(super) fn caller(&self) -> Result<Caller<'_>, NotACall> {
        let issuer = self.issuer()?;
        let account = match issuer.account.text()? {
            Some(account) => Some(account),
            None => self.account.text()?,
        };
        let arn = self.arn.text()?;
        let role = match issuer.name.text()? {
            Some(name) => Some(name),
            None => arn.and_then(|arn| Some(assumed_role(arn)?.1)),
        };
        let user = match (account, role, arn) {
            (Some(account), Some(role), _) => User::Role { account, role },
            (_, _, Some(arn)) => User::Arn(assumed_role(arn).map_or(arn, |(arn, _)| arn)),
            _ => return Err(NotACall::NoKey),
        };
        Ok(Caller {
            user,
            account,
            role,
        })
    }

    fn issuer(&self) -> Result<&SessionIssuer<'a>, NotACall> {
        const UNKNOWN: &SessionIssuer<'_> = &SessionIssuer {
            account: TextField::Absent,
            name: TextField::Absent,
        };
        match &self.session {
            ObjectField::Absent => Ok(UNKNOWN),
            ObjectField::Is(session) => match &session.issuer {
                ObjectField::Absent => Ok(UNKNOWN),
                ObjectField::Is(issuer) => Ok(issuer),
                ObjectField::Other => Err(NotACall::WrongType),
            },
            ObjectField::Other => Err(NotACall::WrongType),
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

impl<'a> Fields<'a> for Identity<'a> {
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error> {
        match name {
            b"type" => self.kind = fields.next_value()?,
            b"arn" => self.arn = fields.next_value()?,
            b"accountId" => self.account = fields.next_value()?,
            b"sessionContext" => self.session = fields.next_value()?,
            _ => skip(fields)?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for SessionContext<'a> {
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error> {
        match name {
            b"sessionIssuer" => self.issuer = fields.next_value()?,
            _ => skip(fields)?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for SessionIssuer<'a> {
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error> {
        match name {
            b"accountId" => self.account = fields.next_value()?,
            b"userName" => self.name = fields.next_value()?,
            _ => skip(fields)?,
        }
        Ok(())
    }
}
