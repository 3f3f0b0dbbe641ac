//! What was counted of a new pair. Its score, its sentence and its novelty follow from this alone.

use super::alike::Votes;
use super::role_history::RoleHistory;
use super::Pair;

/// What was counted of a new pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The role and the call.
    pub pair: Pair,
    /// The role, as the baseline knew it.
    pub role: RoleHistory,
    /// What the roles most like it do.
    pub like: Votes,
    /// How many other roles are known (n).
    pub others: usize,
    /// How many of those make the call (m).
    pub makers: usize,
    /// For how many roles the call is new in this window, this one included (a).
    pub adopters: usize,
    /// The role never used the service of the call, though it used others. Of a new role with siblings: its family never did.
    pub new_service: bool,
    /// The known roles of its family, if the role is new and there are any.
    pub siblings: Option<Siblings>,
}

/// The known roles of a new role's family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Siblings {
    /// How many there are (g), at least one.
    pub roles: usize,
    /// How many of them make the call (k).
    pub makers: usize,
    /// All of them, as if they were one role.
    pub history: RoleHistory,
}

/// What is new about a pair: the first of these that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    /// The role is new.
    Role,
    /// No other known role makes the call.
    Call,
    /// The role and the call are known, but not together.
    Pair,
}

impl Evidence {
    /// Whose rate of new calls counts: the role's own, or that of its family.
    pub(super) fn history(&self) -> &RoleHistory {
        match &self.siblings {
            Some(siblings) => &siblings.history,
            None => &self.role,
        }
    }

    /// Whether a known role of a new role's family makes the call.
    pub(super) fn is_family_call(&self) -> bool {
        self.siblings.is_some_and(|siblings| siblings.makers > 0)
    }

    /// What is new about the pair.
    pub fn novelty(&self) -> Novelty {
        match (self.role.calls, self.makers) {
            (0, _) => Novelty::Role,
            (_, 0) => Novelty::Call,
            _ => Novelty::Pair,
        }
    }
}

impl Novelty {
    /// How it is written: `role`, `call` or `pair`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Call => "call",
            Self::Pair => "pair",
        }
    }
}
