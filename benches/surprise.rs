//! Ranking alone, without names: `cargo bench --bench surprise`. Time, and the most memory at once, beside the arguments.
//!
//! The worlds are the sizes that docs/performance.md promises, and those in which the overlaps cost most. What a whole search with
//! `explain=true` costs is measured by `make bench`.

#[path = "generate/dice.rs"]
#[allow(dead_code)]
mod dice;
#[path = "generate/world.rs"]
#[allow(dead_code)]
mod world;

use divan::{AllocProfiler, Bencher};
use std::fmt;
use unseen::baseline::surprise::{rank, Pair, PairSighting};
use unseen::time::{Timestamp, DAY, SECOND};
use world::{Likeness, World};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const OPENS: Timestamp = Timestamp(19_100 * DAY);

fn main() {
    divan::main();
}

/// A world, named by its size.
struct Size(World);

const fn size(
    roles: u32,
    calls: u32,
    calls_a_role: u32,
    new_pairs: u32,
    likeness: Likeness,
) -> Size {
    Size(World {
        roles,
        calls,
        calls_a_role,
        new_pairs,
        likeness,
    })
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
        let World {
            roles,
            new_pairs,
            likeness,
            ..
        } = self.0;
        let rows = self.0.rows();
        write!(
            f,
            "{roles} roles, {rows} rows, {new_pairs} new, {likeness:?}"
        )
    }
}

impl Size {
    fn stored(&self) -> Vec<PairSighting> {
        let sighting = |made: world::MadeCall| PairSighting {
            pair: Pair {
                role: made.role,
                call: made.call,
            },
            first: OPENS.saturating_add(-i64::from(made.age) * SECOND),
        };
        self.0.stored().into_iter().map(sighting).collect()
    }

    fn observed(&self) -> Vec<Pair> {
        let observed = self.0.observed().into_iter();
        observed.map(|(role, call)| Pair { role, call }).collect()
    }
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn ranking(bencher: Bencher<'_, '_>, size: &Size) {
    let (stored, observed) = (size.stored(), size.observed());
    bencher
        .with_inputs(|| (stored.clone(), observed.clone()))
        .bench_local_values(|(stored, observed)| {
            rank(OPENS, stored, observed, |call| Some(call % 200), |_| None)
        });
}
