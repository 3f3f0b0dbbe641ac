//! How a baseline names users: whether it is one of CloudTrail files, and of whose calls.
//!
//! In CloudTrail files each name begins with an account and a colon. A baseline from elsewhere, or one that was learned without users
//! and root, knows nothing of what is observed, so that everything would be reported.

use super::{typed, CliError};
use crate::cloudtrail::Callers;
use crate::keys::RowKeys;
use clap::ArgMatches;

/// What the names in a baseline show.
#[derive(Debug)]
pub(super) struct UserNames {
    /// Where the user stands in a key.
    place: Option<usize>,
    has_accounts: bool,
    without_account: Option<Vec<u8>>,
    callers: Callers,
}

impl UserNames {
    /// Of keys made of the fields `by`.
    pub(super) fn of(by: &[String]) -> Self {
        Self {
            place: by.iter().position(|field| field == "user"),
            has_accounts: false,
            without_account: None,
            callers: Callers::empty(),
        }
    }

    /// Where the user stands in a key.
    pub(super) fn place(&self) -> Option<usize> {
        self.place
    }

    /// Takes note of the user in a key of the baseline.
    pub(super) fn note(&mut self, keys: &RowKeys<'_>) {
        let user = self
            .place
            .and_then(|place| keys.fields().nth(place)?.first());
        let Some(user) = user else { return };
        match user.iter().position(|&byte| byte == b':') {
            Some(colon) => {
                self.has_accounts = true;
                self.callers |= callers(&user[colon..]);
            }
            None if self.without_account.is_none() => {
                self.without_account = Some(user.to_vec());
            }
            None => {}
        }
    }

    /// One of the names, if none has an account.
    pub(super) fn without_account(&self) -> Option<&[u8]> {
        let name = self.without_account.as_deref();
        name.filter(|_| !self.has_accounts)
    }

    /// Expects keys of users or root, if their calls are to be judged: else all of them would be new.
    pub(super) fn expect(&self, matches: &ArgMatches) -> Result<(), CliError> {
        let included = typed::callers(matches) - Callers::ROLES;
        if self.place.is_none() || included.is_empty() || self.callers.intersects(included) {
            return Ok(());
        }
        let names = [(Callers::USERS, "users"), (Callers::ROOT, "root")];
        let names = names
            .iter()
            .filter(|(callers, _)| included.contains(*callers));
        Err(CliError::NotIncluded {
            path: typed::baseline(matches),
            included: names.map(|(_, name)| *name).collect::<Vec<_>>().join(","),
        })
    }
}

/// Of which kind a caller is, by what follows the account.
fn callers(behind_account: &[u8]) -> Callers {
    match behind_account {
        b":root" => Callers::ROOT,
        [b':', b'u', b's', b'e', b'r', b'/', ..] => Callers::USERS,
        _ => Callers::ROLES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_calls_a_baseline_is_about_is_seen_by_its_names() {
        for (name, expected) in [
            ("1:role/Admin", Callers::ROLES),
            ("1:user/jo", Callers::USERS),
            ("1:root", Callers::ROOT),
            ("Admin", Callers::empty()),
        ] {
            let mut names = UserNames::of(&["command".into(), "user".into()]);
            names.note(&RowKeys::one(&["s3:GetObject", name]));
            assert_eq!(names.callers, expected, "{name}");
            let has_account = names.without_account().is_none();
            assert_eq!(has_account, name.contains(':'), "{name}");
        }
    }
}
