//! Seeded chance: every number is a hash of where it is asked for, so that no row depends on the rows before it.

/// A source of numbers for one thing, such as one key: the same thing always gets the same numbers.
#[derive(Clone)]
pub(crate) struct Dice(u64);

/// What all inputs grow from. Another seed makes another input of the same kind.
const SEED: u64 = 0x756e_7365_656e;

impl Dice {
    /// The dice of the `nth` thing of a kind.
    pub(crate) fn of(kind: &str, nth: u64) -> Self {
        let kind = kind.bytes().fold(SEED, |hash, byte| {
            mix(hash ^ u64::from(byte)).wrapping_add(1)
        });
        Self(mix(kind ^ mix(nth)))
    }

    /// Any number (splitmix64).
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`, which is above 0. The tiny bias of the remainder does not matter here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    /// `true` in `percent` of a hundred cases.
    pub(crate) fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// The numbers below `count` in random order (Fisher and Yates).
    pub(crate) fn shuffled(&mut self, count: u32) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..count).collect();
        for last in (1..numbers.len()).rev() {
            numbers.swap(last, self.below(last as u64 + 1) as usize);
        }
        numbers
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
