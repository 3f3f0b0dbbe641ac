//! The distinct values of one key field, numbered from 0 in the order of arrival. Knows nothing of keys.

use super::hash::Seed;
use super::index::Index;
use super::strings::Strings;
use std::hint::black_box;

/// A set of byte strings.
#[derive(Debug)]
pub(crate) struct Dictionary {
    seed: Seed,
    index: Index,
    strings: Strings,
}

impl Dictionary {
    pub(crate) fn new() -> Self {
        Self {
            seed: Seed::secret(),
            index: Index::default(),
            strings: Strings::default(),
        }
    }

    /// The number of a string, which is added if it is new.
    pub(crate) fn number(&mut self, string: &[u8]) -> u32 {
        self.intern(self.hash(string), string)
    }

    /// The hash under which a string is found.
    pub(super) fn hash(&self, string: &[u8]) -> u32 {
        self.seed.of_value(string) as u32
    }

    /// Prefetches what the look-up of a string with this hash will need.
    ///
    /// Why: among a million keys neither slots nor strings are in the cache, and asking for all of a batch before using any lets
    /// the waits for memory overlap. `black_box` keeps the compiler from dropping reads whose result nobody uses; nothing breaks
    /// without it but the speed. How it was measured: docs/performance.md, "What each trick is worth".
    pub(super) fn prefetch(&self, hash: u32) {
        let guess = self.index.guess(hash);
        black_box(guess.and_then(|id| self.strings.get(id).first().copied()));
    }

    /// The number of a string with this hash, which is added if it is new.
    pub(super) fn intern(&mut self, hash: u32, string: &[u8]) -> u32 {
        let strings = &self.strings;
        let id = self.index.find_or_add(hash, |id| strings.get(id) == string);
        if id as usize == self.strings.count() {
            self.strings.add(string);
        }
        id
    }

    /// The string with this number.
    pub(crate) fn get(&self, id: u32) -> &[u8] {
        self.strings.get(id)
    }

    /// The strings alone.
    pub(super) fn into_strings(self) -> Strings {
        self.strings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_spread_over_their_dictionary() {
        let dictionary = Dictionary::new();
        let names = (0..1_000).map(|n| n.to_string());
        let hashes: HashSet<u32> = names.map(|name| dictionary.hash(name.as_bytes())).collect();
        assert!(hashes.len() > 990, "{}", hashes.len());
    }
}
