//! The distinct values of one key field, numbered from 0 in the order of arrival. Knows nothing of keys.

use super::hash::Seed;
use super::index::Index;
use super::strings::Strings;

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
        let strings = &self.strings;
        let is_it = |number: u32| strings.get(number) == string;
        let number = self.index.find_or_add(self.hash(string), is_it);
        if number as usize == self.strings.count() {
            self.strings.add(string);
        }
        number
    }

    fn hash(&self, string: &[u8]) -> u32 {
        self.seed.of_value(string) as u32
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
