//! The result by role: which role comes first, and what its new calls have in common.

use super::FoundKey;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// The new calls of one role, the most surprising first.
pub(super) struct RoleFindings<'r> {
    pub(super) rows: Vec<FoundKey<'r>>,
}

/// How many different values the rows of a role have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distinct<'r> {
    None,
    One(&'r [u8]),
    /// So many, or more where not all of them were kept.
    Several(usize),
}

/// Groups rows by their role, the first field of the key: the one with the greatest sum first, then by name. Rows are in order of their keys.
pub(super) fn by_role(rows: Vec<FoundKey<'_>>) -> Vec<RoleFindings<'_>> {
    let mut roles: Vec<RoleFindings<'_>> = Vec::new();
    for row in rows {
        match roles.last_mut() {
            Some(role) if role.name() == row.key[0] => role.rows.push(row),
            _ => roles.push(RoleFindings { rows: vec![row] }),
        }
    }
    roles.iter_mut().for_each(RoleFindings::sort);
    roles.sort_by(|one, other| other.surprise().total_cmp(&one.surprise()));
    roles
}

impl<'r> RoleFindings<'r> {
    /// Rows of the same surprise stay in the order of time, then of their keys.
    fn sort(&mut self) {
        self.rows.sort_by_key(|row| row.observed.sighting.first());
        self.rows
            .sort_by(|one, other| other.surprise().total_cmp(&one.surprise()));
    }

    pub(super) fn name(&self) -> &'r [u8] {
        self.rows[0].key[0]
    }

    /// The sum over its new calls.
    pub(super) fn surprise(&self) -> f64 {
        self.rows.iter().map(FoundKey::surprise).sum()
    }

    /// Whether it was new when its first new call was made.
    pub(super) fn is_new(&self) -> bool {
        self.rows.iter().any(FoundKey::is_of_new_role)
    }

    /// The first and the last time at which one of its new calls was made, if any time is known.
    pub(super) fn times(&self) -> Option<(Timestamp, Timestamp)> {
        let times = || self.rows.iter().flat_map(FoundKey::times).flatten();
        Some((times().min()?, times().max()?))
    }

    /// The values of a sampled field.
    pub(super) fn samples(&self, name: &str) -> Distinct<'r> {
        let samples = self.rows.iter().filter_map(|row| row.sample(name));
        let known = samples.clone().flat_map(|sample| sample.values());
        let most = samples.map(|sample| sample.number()).max();
        match Distinct::of(known) {
            Distinct::Several(number) => Distinct::Several(number.max(most.unwrap_or(0))),
            distinct => distinct,
        }
    }

    /// The values that a field had in the first call of each row.
    pub(super) fn of_first_calls(&self, name: &str) -> Distinct<'r> {
        Distinct::of(self.rows.iter().filter_map(|row| row.of_first_call(name)))
    }
}

impl<'r> Distinct<'r> {
    fn of(values: impl Iterator<Item = &'r [u8]>) -> Self {
        let values: BTreeSet<&[u8]> = values.collect();
        match (values.first(), values.len()) {
            (None, _) => Self::None,
            (Some(value), 1) => Self::One(value),
            (Some(_), number) => Self::Several(number),
        }
    }
}
