//! The sentence that says why a new pair has its score: one clause for each thing that was counted.
//!
//! Clauses 1 and 2 explain the `peers` of [`Terms`](super::Terms), 3 its `service`, 4 its `rollout` and 5 its `weight`. The clauses of a new
//! role with known siblings are those of docs/families.md, section 3.

use super::evidence::{Evidence, Siblings};

impl Evidence {
    /// The sentence. `service` is the call's, and is not used if the role used it before or the call has none.
    pub fn reason(&self, service: &[u8]) -> String {
        let clauses = [
            self.is_new_role().then(|| "the role is new".to_owned()),
            self.siblings.as_ref().map(Siblings::what_they_do),
            self.what_like_roles_do(),
            Some(self.what_other_roles_do()),
            self.new_service.then(|| self.never_used(service)),
            self.rollout(),
            self.what_was_done_before(),
        ];
        let clauses: Vec<String> = clauses.into_iter().flatten().collect();
        clauses.join("; ")
    }

    fn is_new_role(&self) -> bool {
        self.role.calls == 0
    }

    /// Who is compared with the others, and whose rate of new calls counts.
    fn subject(&self) -> &'static str {
        match self.siblings {
            Some(_) => "its family",
            None => "the role",
        }
    }

    /// Nothing of a new role, unless it has a family that does not make the call.
    fn what_like_roles_do(&self) -> Option<String> {
        let it = match self.siblings {
            Some(siblings) if siblings.makers == 0 => "its family",
            None if !self.is_new_role() => "it",
            _ => return None,
        };
        Some(match (self.like.roles, self.like.makers) {
            (0, _) => format!("no other role shares a call with {it}"),
            (1, 0) => format!("the one role most like {it} does not make this call"),
            (1, _) => format!("the one role most like {it} makes this call"),
            (roles, makers) => {
                let (number, make) = number_and_verb(makers);
                format!("{number} of the {roles} roles most like {it} {make} this call")
            }
        })
    }

    fn what_other_roles_do(&self) -> String {
        match (self.others, self.makers) {
            (0, _) => "there is no other role".to_owned(),
            (1, 0) => "the one other role does not make it".to_owned(),
            (1, _) => "the one other role makes it".to_owned(),
            (others, makers) => {
                let (number, make) = number_and_verb(makers);
                format!("{number} of the {others} other roles {make} it")
            }
        }
    }

    fn never_used(&self, service: &[u8]) -> String {
        let (subject, service) = (self.subject(), String::from_utf8_lossy(service));
        format!("{subject} never used {service} before")
    }

    fn rollout(&self) -> Option<String> {
        let adopters = self.adopters;
        (adopters > 1).then(|| format!("{adopters} roles began making this call in this window"))
    }

    fn what_was_done_before(&self) -> Option<String> {
        let (subject, history) = (self.subject(), self.history());
        if history.calls == 0 {
            return None;
        }
        if history.first_seen.is_none() {
            return Some(format!("it is not known when {subject} was first seen"));
        }
        if history.days_counted == 0.0 {
            let known = days(history.days_known);
            return Some(format!(
                "{subject} was first seen {known} before this window"
            ));
        }
        let made = match history.new_calls {
            0 => "no new call for".to_owned(),
            1 => "1 new call in".to_owned(),
            calls => format!("{calls} new calls in"),
        };
        let counted = days(history.days_counted.round_ties_even() as i64);
        Some(format!(
            "before this window {subject} made {made} {counted}"
        ))
    }
}

impl Siblings {
    fn what_they_do(&self) -> String {
        match (self.roles, self.makers) {
            (1, 0) => "the one known role of its family does not make this call".to_owned(),
            (1, _) => "the one known role of its family makes this call".to_owned(),
            (roles, makers) => {
                let (number, make) = number_and_verb(makers);
                format!("{number} of the {roles} known roles of its family {make} this call")
            }
        }
    }
}

/// `none … makes`, `1 … makes`, `2 … make`.
fn number_and_verb(roles: usize) -> (String, &'static str) {
    match roles {
        0 => ("none".to_owned(), "makes"),
        1 => ("1".to_owned(), "makes"),
        roles => (roles.to_string(), "make"),
    }
}

fn days(days: i64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Pair, RoleHistory, Votes};
    use super::*;
    use crate::time::Timestamp;

    fn evidence() -> Evidence {
        Evidence {
            pair: Pair { role: 0, call: 0 },
            role: RoleHistory {
                calls: 3,
                first_seen: Some(Timestamp(0)),
                days_counted: 28.0,
                ..RoleHistory::default()
            },
            like: Votes::default(),
            others: 9,
            makers: 0,
            adopters: 1,
            new_service: false,
            siblings: None,
        }
    }

    fn clause(evidence: Evidence, nth: usize) -> String {
        let reason = evidence.reason(b"iam");
        reason.split("; ").nth(nth).unwrap_or_default().to_owned()
    }

    #[test]
    fn the_first_clause_says_what_the_roles_most_like_it_do() {
        for (roles, makers, expected) in [
            (0, 0, "no other role shares a call with it"),
            (1, 0, "the one role most like it does not make this call"),
            (1, 1, "the one role most like it makes this call"),
            (2, 0, "none of the 2 roles most like it makes this call"),
            (25, 1, "1 of the 25 roles most like it makes this call"),
            (25, 25, "25 of the 25 roles most like it make this call"),
        ] {
            let mut evidence = evidence();
            (evidence.like.roles, evidence.like.makers) = (roles, makers);
            assert_eq!(clause(evidence, 0), expected);
            evidence.role = RoleHistory::default();
            assert_eq!(clause(evidence, 0), "the role is new");
        }
    }

    #[test]
    fn the_second_clause_says_what_all_other_roles_do() {
        for (others, makers, expected) in [
            (0, 0, "there is no other role"),
            (1, 0, "the one other role does not make it"),
            (1, 1, "the one other role makes it"),
            (2, 0, "none of the 2 other roles makes it"),
            (38, 1, "1 of the 38 other roles makes it"),
            (38, 2, "2 of the 38 other roles make it"),
        ] {
            let mut evidence = evidence();
            (evidence.others, evidence.makers) = (others, makers);
            assert_eq!(clause(evidence, 1), expected);
        }
    }

    #[test]
    fn a_new_service_and_a_rollout_have_a_clause_only_where_they_count() {
        let mut evidence = evidence();
        assert_eq!(evidence.reason(b"iam").split("; ").count(), 3);
        evidence.new_service = true;
        evidence.adopters = 2;
        assert_eq!(clause(evidence, 2), "the role never used iam before");
        let rollout = "2 roles began making this call in this window";
        assert_eq!(clause(evidence, 3), rollout);
    }

    #[test]
    fn the_last_clause_says_what_the_role_itself_did() {
        let made = "before this window the role made ";
        let first_seen = "the role was first seen ";
        for (days_counted, new_calls, days_known, expected) in [
            (28.0, 0, 40, format!("{made}no new call for 28 days")),
            (28.0, 1, 40, format!("{made}1 new call in 28 days")),
            (1.5, 2, 8, format!("{made}2 new calls in 2 days")),
            (2.5, 0, 9, format!("{made}no new call for 2 days")),
            (0.75, 0, 7, format!("{made}no new call for 1 day")),
            (0.5, 3, 7, format!("{made}3 new calls in less than a day")),
            (0.0, 0, 7, format!("{first_seen}7 days before this window")),
            (0.0, 0, 1, format!("{first_seen}1 day before this window")),
            (
                0.0,
                0,
                0,
                format!("{first_seen}less than a day before this window"),
            ),
        ] {
            let mut evidence = evidence();
            evidence.role.days_counted = days_counted;
            evidence.role.new_calls = new_calls;
            evidence.role.days_known = days_known;
            assert_eq!(clause(evidence, 2), expected);
            evidence.role.calls = 0;
            assert_eq!(clause(evidence, 2), "", "a new role has no history");
        }
    }

    #[test]
    fn of_a_role_without_a_time_that_can_be_true_no_time_is_named() {
        let mut evidence = evidence();
        evidence.role = RoleHistory {
            calls: 3,
            ..RoleHistory::default()
        };
        let unknown = "it is not known when the role was first seen";
        assert_eq!(clause(evidence, 2), unknown);
    }
}
