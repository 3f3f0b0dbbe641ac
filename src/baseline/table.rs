//! The table of keys: each distinct key once, numbered from 0 in the order of arrival.
//!
//! A key is interned field by field: a dictionary a field turns each value into a small number, and the table keeps tuples
//! of those. Names repeat from key to key (a role makes two hundred calls), so this is short to compare and little to
//! keep. Values are chosen by others, hence the seeded hash; the order of arrival, not the hash, decides what comes out.

use super::hash::Seed;
use super::index::Index;
use super::strings::Strings;
use std::hint::black_box;

/// A set of byte strings.
#[derive(Debug)]
struct Dictionary {
    seed: Seed,
    index: Index,
    strings: Strings,
}

impl Dictionary {
    fn new() -> Self {
        Self {
            seed: Seed::secret(),
            index: Index::default(),
            strings: Strings::default(),
        }
    }

    fn hash(&self, string: &[u8]) -> u32 {
        self.seed.of_value(string) as u32
    }

    /// Touches what the look-up of a string with this hash will need.
    fn fetch(&self, hash: u32) {
        let guess = self.index.guess(hash);
        black_box(guess.and_then(|id| self.strings.get(id).first().copied()));
    }

    /// The number of a string with this hash, which is added if it is new.
    fn intern(&mut self, hash: u32, string: &[u8]) -> u32 {
        let strings = &self.strings;
        let id = self.index.find_or_add(hash, |id| strings.get(id) == string);
        if id as usize == self.strings.count() {
            self.strings.add(string);
        }
        id
    }
}

/// A set of keys of one width, numbered in the order of arrival.
#[derive(Debug)]
pub(super) struct Table {
    dictionaries: Vec<Dictionary>,
    /// `width` ids a key.
    ids: Vec<u32>,
    index: Index,
    /// Odd, and different in each process, so that nobody can choose names whose ids collide.
    multiplier: u64,
}

impl Table {
    /// A table for keys of `width` fields.
    pub(super) fn new(width: usize) -> Self {
        Self {
            dictionaries: (0..width).map(|_| Dictionary::new()).collect(),
            ids: Vec::new(),
            index: Index::default(),
            multiplier: Seed::secret().of_value(b"") | 1,
        }
    }

    /// Appends the ids of keys, given as their values, to `ids`, and to `hashes` the hash under which the table finds each key.
    pub(super) fn intern(&mut self, values: &[&[u8]], ids: &mut Vec<u32>, hashes: &mut Vec<u32>) {
        let fields = (0..self.dictionaries.len()).cycle();
        let values = values.iter().zip(fields);
        let of_values = values
            .clone()
            .map(|(value, field)| self.dictionaries[field].hash(value));
        let of_values: Vec<u32> = of_values.collect();
        for (&hash, (_, field)) in of_values.iter().zip(values.clone()) {
            self.dictionaries[field].fetch(hash);
        }
        let first_new = ids.len();
        for (&hash, (value, field)) in of_values.iter().zip(values) {
            ids.push(self.dictionaries[field].intern(hash, value));
        }
        let keys = ids[first_new..].chunks_exact(self.dictionaries.len());
        hashes.extend(keys.map(|ids| self.hash(ids)));
    }

    fn hash(&self, ids: &[u32]) -> u32 {
        let hash = ids.iter().fold(0u64, |hash, &id| {
            (hash.rotate_left(29) ^ u64::from(id)).wrapping_mul(self.multiplier)
        });
        (hash >> 32) as u32
    }

    /// The number that a key with this hash most likely has. Asked for many keys before any is looked up, it lets the waits for
    /// memory overlap; the answer may be wrong, and the look-up does not depend on it.
    pub(super) fn guess(&self, hash: u32) -> Option<usize> {
        self.index.guess(hash).map(|number| number as usize)
    }

    /// The first id of a key.
    pub(super) fn first_id(&self, number: usize) -> Option<u32> {
        self.ids.get(number * self.dictionaries.len()).copied()
    }

    /// The number of the key with these ids, which is added if it is new.
    pub(super) fn number(&mut self, hash: u32, ids: &[u32]) -> usize {
        let width = self.dictionaries.len();
        let known = &self.ids;
        let is_key = |number: u32| {
            known[number as usize * width..]
                .iter()
                .zip(ids)
                .all(|(one, other)| one == other)
        };
        let number = self.index.find_or_add(hash, is_key) as usize;
        if number * width == self.ids.len() {
            self.ids.extend_from_slice(ids);
        }
        number
    }

    /// The keys alone, when nothing is looked up any more: the indexes are a third of the memory.
    pub(super) fn into_list(self) -> KeyList {
        let dictionaries = self.dictionaries.into_iter();
        KeyList {
            strings: dictionaries.map(|dictionary| dictionary.strings).collect(),
            ids: self.ids,
        }
    }
}

/// The keys of a table, in the order of arrival.
#[derive(Debug)]
pub(super) struct KeyList {
    strings: Vec<Strings>,
    ids: Vec<u32>,
}

impl KeyList {
    /// The values of a key, in the order of the fields.
    pub(super) fn key(&self, number: usize) -> impl Iterator<Item = Value<'_>> + Clone + '_ {
        let width = self.strings.len();
        let ids = &self.ids[number * width..][..width];
        let fields = ids.iter().zip(&self.strings);
        fields.map(|(&number, strings)| Value {
            number,
            text: strings.get(number),
        })
    }
}

/// One value of a key.
#[derive(Clone, Copy, Debug)]
pub struct Value<'t> {
    /// The same for equal values of one field, and small for those that came early.
    pub number: u32,
    /// The value itself.
    pub text: &'t [u8],
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn intern(table: &mut Table, key: &[&str], ids: &mut Vec<u32>) -> u32 {
        let values: Vec<&[u8]> = key.iter().map(|value| value.as_bytes()).collect();
        let mut hashes = Vec::new();
        table.intern(&values, ids, &mut hashes);
        hashes[0]
    }

    fn number(table: &mut Table, key: &[&str]) -> usize {
        let mut ids = Vec::new();
        let hash = intern(table, key, &mut ids);
        table.number(hash, &ids)
    }

    #[test]
    fn keys_are_numbered_as_they_arrive_and_compared_byte_for_byte_field_by_field() {
        let mut table = Table::new(2);
        let arrivals = [
            ["ab", "c"],
            ["a", "bc"],
            ["AB", "c"],
            ["ab", "c"],
            ["c", "ab"],
            ["a", "bc"],
        ];
        let numbers: Vec<usize> = arrivals
            .iter()
            .map(|values| number(&mut table, values))
            .collect();
        assert_eq!(numbers, [0, 1, 2, 0, 3, 1]);
        let list = table.into_list();
        let values: Vec<&[u8]> = list.key(3).map(|value| value.text).collect();
        assert_eq!(values, [b"c".as_slice(), b"ab"]);
    }

    #[test]
    fn what_is_fetched_ahead_of_a_look_up_is_what_the_look_up_needs() {
        let mut table = Table::new(2);
        let mut ids = Vec::new();
        let hash = intern(&mut table, &["a", "x"], &mut ids);
        assert_eq!((table.guess(hash), table.first_id(0)), (None, None));
        assert_eq!(table.number(hash, &ids), 0);
        assert_eq!((table.guess(hash), table.first_id(0)), (Some(0), Some(0)));
        for (next, values) in [(1, ["b", "x"]), (2, ["c", "x"])] {
            assert_eq!(number(&mut table, &values), next);
            assert_eq!(table.first_id(next), Some(next as u32));
        }
    }

    #[test]
    fn names_spread_over_their_dictionary() {
        let dictionary = Dictionary::new();
        let names = (0..1_000).map(|n| n.to_string());
        let hashes: HashSet<u32> = names.map(|name| dictionary.hash(name.as_bytes())).collect();
        assert!(hashes.len() > 990, "{}", hashes.len());
    }

    #[test]
    fn keys_that_share_their_values_hash_apart() {
        let mut table = Table::new(2);
        let names: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let mut hash = |n: usize| {
            let key = [names[n / 100].as_str(), &names[n % 100]];
            intern(&mut table, &key, &mut Vec::new())
        };
        let hashes: HashSet<u32> = (0..10_000).map(&mut hash).collect();
        assert!(hashes.len() > 9_900, "{}", hashes.len());
    }

    #[test]
    fn a_key_may_have_one_field_or_many() {
        for width in [1, 5] {
            let mut table = Table::new(width);
            let mut number_of = |n: usize| {
                let values: Vec<String> =
                    (1..=width).map(|field| (n * field).to_string()).collect();
                number(
                    &mut table,
                    &values.iter().map(String::as_str).collect::<Vec<_>>(),
                )
            };
            for n in 0..2_000 {
                assert_eq!(number_of(n), n);
            }
            for n in (0..2_000).rev() {
                assert_eq!(number_of(n), n);
            }
        }
    }
}
