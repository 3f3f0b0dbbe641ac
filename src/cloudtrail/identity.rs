//! `userIdentity`: who called, and by which role.
//!
//! A role is named by the issuer of its session, else by the caller's ARN, and never by the session.
//! Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element".

use super::fields::{skip, Fields, ObjectField, TextField};
use super::record::{NotACall, User};
use serde::de::MapAccess;

bitflags::bitflags! {
    /// Kinds of callers.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Callers: u8 {
        /// Assumed roles.
        const ROLES = 1;
        /// IAM users.
        const USERS = 2;
        /// Root users.
        const ROOT = 4;
    }
}

/// The `userIdentity` of a record.
#[derive(Debug, Default)]
pub(super) struct Identity<'a> {
    kind: TextField<'a>,
    arn: TextField<'a>,
    account: TextField<'a>,
    name: TextField<'a>,
    access_key: TextField<'a>,
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

/// Who called.
pub(super) struct Caller<'a> {
    /// As a key names it.
    pub(super) user: User<'a>,
    pub(super) account: Option<&'a str>,
    pub(super) role: Option<&'a str>,
    /// The name of the role's session. No key has it.
    pub(super) session: Option<&'a str>,
}

impl<'a> Identity<'a> {
    /// Of which kind the caller is; none of them, if it is another.
    pub(super) fn callers(&self) -> Result<Callers, NotACall> {
        Ok(match self.kind.text()? {
            Some("AssumedRole") => Callers::ROLES,
            Some("IAMUser") => Callers::USERS,
            Some("Root") => Callers::ROOT,
            _ => Callers::empty(),
        })
    }

    /// Who called, which is of that kind.
    pub(super) fn caller(&self, callers: Callers) -> Result<Caller<'_>, NotACall> {
        match callers {
            Callers::ROLES => self.role(),
            Callers::USERS => self.iam_user(),
            _ => self.root(),
        }
    }

    fn role(&self) -> Result<Caller<'_>, NotACall> {
        let issuer = self.issuer()?;
        let account = match issuer.account.text()? {
            Some(account) => Some(account),
            None => self.account.text()?,
        };
        let arn = self.arn.text()?;
        let assumed = arn.and_then(AssumedRole::of);
        let role = match issuer.name.text()? {
            Some(name) => Some(name),
            None => assumed.map(|assumed| assumed.role),
        };
        let user = match (account, role, arn) {
            (Some(account), Some(role), _) => User::Role { account, role },
            (_, _, Some(arn)) => User::Arn(assumed.map_or(arn, |assumed| assumed.without_session)),
            _ => return Err(NotACall::NoKey),
        };
        Ok(Caller {
            user,
            account,
            role,
            session: assumed.and_then(|assumed| assumed.session),
        })
    }

    /// The access key that signed the call.
    pub(super) fn access_key(&self) -> Option<&str> {
        self.access_key.shown()
    }

    /// A user by its name, which is the last part of its ARN.
    fn iam_user(&self) -> Result<Caller<'_>, NotACall> {
        let (account, arn) = (self.account.text()?, self.arn.text()?);
        let in_arn = || arn?.rsplit_once('/').map(|(_, name)| name);
        let user = match (account, self.name.text()?.or_else(in_arn), arn) {
            (Some(account), Some(name), _) => User::IamUser { account, name },
            (_, _, Some(arn)) => User::Arn(arn),
            _ => return Err(NotACall::NoKey),
        };
        Ok(Caller {
            user,
            account,
            role: None,
            session: None,
        })
    }

    fn root(&self) -> Result<Caller<'_>, NotACall> {
        let account = self.account.text()?.ok_or(NotACall::NoKey)?;
        Ok(Caller {
            user: User::Root { account },
            account: Some(account),
            role: None,
            session: None,
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

/// An ARN `…:assumed-role/<role>/<session>`, taken apart.
#[derive(Clone, Copy)]
struct AssumedRole<'a> {
    without_session: &'a str,
    role: &'a str,
    session: Option<&'a str>,
}

impl<'a> AssumedRole<'a> {
    fn of(arn: &'a str) -> Option<Self> {
        const KIND: &str = ":assumed-role/";
        let name_starts = arn.find(KIND)? + KIND.len();
        let (role, session) = match arn[name_starts..].split_once('/') {
            Some((role, session)) => (role, Some(session)),
            None => (&arn[name_starts..], None),
        };
        (!role.is_empty()).then_some(Self {
            without_session: &arn[..name_starts + role.len()],
            role,
            session: session.filter(|session| !session.is_empty()),
        })
    }
}

impl<'a> Fields<'a> for Identity<'a> {
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error> {
        match name {
            b"type" => self.kind = fields.next_value()?,
            b"arn" => self.arn = fields.next_value()?,
            b"accountId" => self.account = fields.next_value()?,
            b"userName" => self.name = fields.next_value()?,
            b"accessKeyId" => self.access_key = fields.next_value()?,
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
