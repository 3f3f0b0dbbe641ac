//! Ranking alone, without names: `cargo bench --bench surprise`. Time, and the most memory at once, beside the arguments.
//!
//! Calls are as popular as words are: the n-th is drawn in proportion to 1/n, so some are made by nearly every role. The worlds are
//! the sizes that docs/performance.md promises, and those in which the overlaps cost most.

#[path = "generate/dice.rs"]
#[allow(dead_code)]
mod dice;

use dice::Dice;
use divan::{AllocProfiler, Bencher};
use std::collections::BTreeSet;
use std::fmt;
use unseen::baseline::surprise::{rank, Pair, PairSighting};
use unseen::time::{Timestamp, DAY};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const OPENS: Timestamp = Timestamp(19_100 * DAY);

fn main() {
    divan::main();
}

/// How large a baseline is, and how much of the window is new.
#[derive(Clone, Copy)]
struct Size {
    roles: u32,
    calls: u32,
    calls_a_role: u32,
    new_pairs: u32,
    likeness: Likeness,
}

/// Whether roles make calls of their own choice, or all the same.
#[derive(Clone, Copy, Debug)]
enum Likeness {
    Words,
    Same,
}

const fn size(
    roles: u32,
    calls: u32,
    calls_a_role: u32,
    new_pairs: u32,
    likeness: Likeness,
) -> Size {
    Size {
        roles,
        calls,
        calls_a_role,
        new_pairs,
        likeness,
    }
}

const SIZES: &[Size] = &[
    size(5_000, 10_000, 200, 1_000, Likeness::Words),
    size(5_000, 10_000, 200, 5_000, Likeness::Words),
    size(10_000, 10_000, 100, 10_000, Likeness::Words),
    size(100_000, 20_000, 100, 1_000, Likeness::Words),
    size(100_000, 20_000, 100, 10_000, Likeness::Words),
    size(100_000, 20_000, 100, 1_000, Likeness::Same),
];

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.roles * self.calls_a_role;
        write!(
            f,
            "{} roles, {rows} rows, {} new, {:?}",
            self.roles, self.new_pairs, self.likeness
        )
    }
}

impl Size {
    /// The baseline, in no order.
    fn stored(&self) -> Vec<PairSighting> {
        let mut stored: Vec<_> = (0..self.roles)
            .flat_map(|role| self.of_role(role))
            .collect();
        stored.sort_unstable_by_key(|sighting| sighting.first);
        stored
    }

    fn of_role(&self, role: u32) -> Vec<PairSighting> {
        let mut dice = Dice::of("role", u64::from(role));
        let calls: BTreeSet<u32> = match self.likeness {
            Likeness::Same => (0..self.calls_a_role).collect(),
            Likeness::Words => self.words(&mut dice),
        };
        let sighting = |call| PairSighting {
            pair: Pair { role, call },
            first: Timestamp(OPENS.0 - dice.below(90 * DAY as u64) as i64),
        };
        calls.into_iter().map(sighting).collect()
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

    /// One new pair a role, as long as there are roles.
    fn observed(&self) -> Vec<Pair> {
        let mut dice = Dice::of("observed", 0);
        let stride = (self.roles / self.new_pairs).max(1);
        let pair = |nth| Pair {
            role: nth * stride % self.roles,
            call: self.calls / 2 + dice.below(u64::from(self.calls / 2)) as u32,
        };
        (0..self.new_pairs).map(pair).collect()
    }
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn ranking(bencher: Bencher<'_, '_>, size: &Size) {
    let (stored, observed) = (size.stored(), size.observed());
    bencher
        .with_inputs(|| (stored.clone(), observed.clone()))
        .bench_local_values(|(stored, observed)| {
            rank(OPENS, stored, observed, |call| Some(call % 200))
        });
}
