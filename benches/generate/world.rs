//! Who makes which calls, since when, and which pairs are new: what ranking is measured on, by number.
//!
//! Calls are as popular as words are: the n-th is drawn in proportion to 1/n, so some are made by nearly every role.

use super::dice::Dice;
use std::collections::BTreeSet;

/// How large a baseline is, and how much of the window is new.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    /// How many roles are known.
    pub(crate) roles: u32,
    /// How many calls there are.
    pub(crate) calls: u32,
    /// How many of them each role makes.
    pub(crate) calls_a_role: u32,
    /// How many pairs are new in the window.
    pub(crate) new_pairs: u32,
    /// Which calls roles make.
    pub(crate) likeness: Likeness,
}

/// Whether roles make calls of their own choice, or all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// Of their own choice.
    Words,
    /// All the same.
    #[allow(dead_code)] // each bench target uses its own part
    Same,
}

/// A role that makes a call, by number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MadeCall {
    /// Which role.
    pub(crate) role: u32,
    /// Which call.
    pub(crate) call: u32,
    /// How many seconds before the window it first did.
    pub(crate) age: u32,
}

const OLDEST: u64 = 90 * 86_400;

impl World {
    /// How many rows the baseline has.
    #[allow(dead_code)] // each bench target uses its own part
    pub(crate) fn rows(&self) -> u32 {
        self.roles * self.calls_a_role
    }

    /// The baseline, in no order.
    pub(crate) fn stored(&self) -> Vec<MadeCall> {
        let mut stored: Vec<_> = (0..self.roles)
            .flat_map(|role| self.of_role(role))
            .collect();
        stored.sort_by_key(|made| made.age);
        stored
    }

    fn of_role(&self, role: u32) -> impl Iterator<Item = MadeCall> {
        let mut dice = Dice::of("role", u64::from(role));
        let calls: BTreeSet<u32> = match self.likeness {
            Likeness::Same => (0..self.calls_a_role).collect(),
            Likeness::Words => self.words(&mut dice),
        };
        calls.into_iter().map(move |call| MadeCall {
            role,
            call,
            age: dice.below(OLDEST) as u32,
        })
    }

    fn words(&self, dice: &mut Dice) -> BTreeSet<u32> {
        let mut calls = BTreeSet::new();
        while calls.len() < self.calls_a_role as usize {
            calls.insert(self.word(dice));
        }
        calls
    }

    /// A call, drawn in proportion to one over its number.
    fn word(&self, dice: &mut Dice) -> u32 {
        let chance = dice.below(1 << 52) as f64 / (1u64 << 52) as f64;
        f64::from(self.calls).powf(chance) as u32 - 1
    }

    /// Role and call of the observed pairs: one a role, as long as there are roles. A few of them are known.
    pub(crate) fn observed(&self) -> Vec<(u32, u32)> {
        let mut dice = Dice::of("observed", 0);
        let stride = (self.roles / self.new_pairs).max(1);
        let rare = u64::from(self.calls / 2);
        let pair = |nth| {
            let role = nth * stride % self.roles;
            (role, self.calls / 2 + dice.below(rare) as u32)
        };
        (0..self.new_pairs).map(pair).collect()
    }
}
