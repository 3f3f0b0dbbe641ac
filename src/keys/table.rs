//! The table of keys: each distinct key once, numbered from 0 in the order of arrival.
//!
//! A key is interned field by field: a dictionary a field turns each value into a small number, and the table keeps tuples
//! of those. Names repeat from key to key (a role makes two hundred calls), so this is short to compare and little to
//! keep, and it numbers roles and calls on the way. Values are chosen by others, hence the seeded hash; the order of arrival,
//! not the hash, decides what comes out.

use super::dictionary::Dictionary;
use super::hash::Seed;
use super::index::Index;
use super::strings::Strings;

/// The number of a key in its [`KeyTable`]: 0, 1, 2, … in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl KeyId {
    /// Where a list that has one entry a key, in order, has this key's.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A set of keys of one width, numbered in the order of arrival.
///
/// ```
/// use unseen::keys::KeyTable;
///
/// let mut keys = KeyTable::new(2);
/// let get = keys.id(&["admin", "s3:GetObject"]);
/// let put = keys.id(&["admin", "s3:PutObject"]);
/// assert_eq!(keys.id(&["admin", "s3:GetObject"]), get);
/// assert_eq!((get.index(), put.index(), keys.count()), (0, 1, 2));
/// // Both have the role number 0; the calls are numbers 0 and 1.
/// assert_eq!((keys.field_ids(get), keys.field_ids(put)), (&[0, 0][..], &[0, 1][..]));
/// ```
#[derive(Debug)]
pub struct KeyTable {
    dictionaries: Vec<Dictionary>,
    /// `width` ids a key.
    ids: Vec<u32>,
    index: Index,
    /// Odd, and different in each process, so that nobody can choose names whose ids collide. Ids are small numbers: one
    /// multiplication each spreads them well enough, and takes less time than [`Seed`] (docs/performance.md, "What each trick is worth").
    /// If it spread them badly, look-ups would slow down, and find the same.
    multiplier: u64,
}

/// Keys whose values have been numbered, and that wait to be looked up.
#[derive(Debug, Default)]
pub(crate) struct InternedKeys {
    /// `width` ids a key.
    ids: Vec<u32>,
    /// The hash under which the table finds each key.
    hashes: Vec<u32>,
}

impl KeyTable {
    /// A table for keys of `width` fields, at least one.
    pub fn new(width: usize) -> Self {
        Self {
            dictionaries: (0..width).map(|_| Dictionary::new()).collect(),
            ids: Vec::new(),
            index: Index::default(),
            multiplier: Seed::secret().of_value(b"") | 1,
        }
    }

    /// How many distinct keys there are.
    pub fn count(&self) -> usize {
        self.ids.len() / self.width()
    }

    /// The id of the key with these values, one a field, which is added if it is new.
    pub fn id<V: AsRef<[u8]>>(&mut self, values: &[V]) -> KeyId {
        let fields = values.iter().zip(&mut self.dictionaries);
        let ids: Vec<u32> = fields
            .map(|(value, dictionary)| dictionary.number(value.as_ref()))
            .collect();
        self.find_or_add(self.hash(&ids), &ids)
    }

    /// The numbers of a key's values, one a field: equal values of one field have one number.
    pub fn field_ids(&self, key: KeyId) -> &[u32] {
        &self.ids[key.index() * self.width()..][..self.width()]
    }

    /// The values of a key, in the order of the fields.
    pub fn values(&self, key: KeyId) -> impl Iterator<Item = &[u8]> + Clone + '_ {
        let fields = self.field_ids(key).iter().zip(&self.dictionaries);
        fields.map(|(&id, dictionary)| dictionary.get(id))
    }

    /// The keys alone, when nothing is looked up any more: the indexes are a third of the memory.
    pub fn into_list(self) -> KeyList {
        let dictionaries = self.dictionaries.into_iter();
        KeyList {
            strings: dictionaries.map(Dictionary::into_strings).collect(),
            ids: self.ids,
        }
    }

    fn width(&self) -> usize {
        self.dictionaries.len()
    }

    fn hash(&self, ids: &[u32]) -> u32 {
        let hash = ids.iter().fold(0u64, |hash, &id| {
            (hash.rotate_left(29) ^ u64::from(id)).wrapping_mul(self.multiplier)
        });
        (hash >> 32) as u32
    }

    fn find_or_add(&mut self, hash: u32, ids: &[u32]) -> KeyId {
        let width = self.width();
        let known = &self.ids;
        let is_key = |id: u32| {
            let known = &known[id as usize * width..];
            known.iter().zip(ids).all(|(one, other)| one == other)
        };
        let id = self.index.find_or_add(hash, is_key);
        if id as usize * width == self.ids.len() {
            self.ids.extend_from_slice(ids);
        }
        KeyId(id)
    }
}

/// Many keys at once: first their values are numbered, then the keys are prefetched, then they are looked up.
impl KeyTable {
    /// Numbers the values of keys, which stand end to end, and puts the keys into `keys` in place of what it held.
    pub(crate) fn intern(&mut self, values: &[&[u8]], keys: &mut InternedKeys) {
        let fields = (0..self.width()).cycle();
        keys.ids.clear();
        for (value, field) in values.iter().zip(fields) {
            keys.ids.push(self.dictionaries[field].number(value));
        }
        keys.hashes.clear();
        let each = keys.ids.chunks_exact(self.width());
        keys.hashes.extend(each.map(|ids| self.hash(ids)));
    }

    /// The ids that interned keys most likely have, of those that the table most likely has; reading what lies there, and the
    /// values that this touches on the way, is the prefetch. A guess may be wrong, and no look-up depends on it.
    pub(crate) fn guesses<'k>(
        &'k self,
        keys: &'k InternedKeys,
    ) -> impl Iterator<Item = KeyId> + 'k {
        let guesses = keys
            .hashes
            .iter()
            .filter_map(|&hash| self.index.guess(hash));
        guesses.map(KeyId)
    }

    /// Reads the first of a key's numbers, if there is such a key: whoever does has its place in the table in the cache.
    pub(crate) fn touch(&self, key: KeyId) -> Option<u32> {
        self.ids.get(key.index() * self.width()).copied()
    }

    /// The id of the `nth` interned key, which is added if it is new.
    pub(crate) fn look_up(&mut self, keys: &InternedKeys, nth: usize) -> KeyId {
        let width = self.width();
        self.find_or_add(keys.hashes[nth], &keys.ids[nth * width..][..width])
    }
}

/// The keys of a table, in the order of arrival.
#[derive(Debug)]
pub struct KeyList {
    strings: Vec<Strings>,
    ids: Vec<u32>,
}

impl KeyList {
    /// The values of a key, in the order of the fields.
    pub fn key(&self, key: KeyId) -> impl Iterator<Item = Value<'_>> + Clone + '_ {
        let width = self.strings.len();
        let ids = &self.ids[key.index() * width..][..width];
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

    #[test]
    fn keys_are_numbered_as_they_arrive_and_compared_byte_for_byte_field_by_field() {
        let mut table = KeyTable::new(2);
        let arrivals = [
            ["ab", "c"],
            ["a", "bc"],
            ["AB", "c"],
            ["ab", "c"],
            ["c", "ab"],
            ["a", "bc"],
        ];
        let ids: Vec<u32> = arrivals.iter().map(|values| table.id(values).0).collect();
        assert_eq!(ids, [0, 1, 2, 0, 3, 1]);
        assert_eq!(table.count(), 4);
        let values: Vec<&[u8]> = table.values(KeyId(3)).collect();
        assert_eq!(values, [b"c".as_slice(), b"ab"]);
        let list = table.into_list();
        let listed: Vec<&[u8]> = list.key(KeyId(3)).map(|value| value.text).collect();
        assert_eq!(listed, [b"c".as_slice(), b"ab"]);
    }

    #[test]
    fn many_keys_at_once_get_the_ids_that_they_get_one_by_one() {
        let (mut together, mut alone) = (KeyTable::new(2), KeyTable::new(2));
        let mut keys = InternedKeys::default();
        for batch in [["a", "x", "b", "x"], ["b", "x", "a", "y"]] {
            together.intern(&batch.map(str::as_bytes), &mut keys);
            for (nth, values) in batch.chunks(2).enumerate() {
                assert_eq!(together.look_up(&keys, nth), alone.id(values));
            }
        }
    }

    #[test]
    fn what_is_prefetched_is_what_the_look_up_needs() {
        let mut table = KeyTable::new(2);
        let mut keys = InternedKeys::default();
        table.intern(&[b"a", b"x"], &mut keys);
        assert_eq!(
            (table.guesses(&keys).count(), table.touch(KeyId(0))),
            (0, None)
        );
        assert_eq!(table.look_up(&keys, 0), KeyId(0));
        assert_eq!(table.guesses(&keys).collect::<Vec<_>>(), [KeyId(0)]);
        assert_eq!(table.touch(KeyId(0)), Some(0));
        for (next, values) in [(1, ["b", "x"]), (2, ["c", "x"])] {
            assert_eq!(table.id(&values), KeyId(next));
            assert_eq!(table.touch(KeyId(next)), Some(next));
        }
    }

    #[test]
    fn keys_that_share_their_values_hash_apart() {
        let mut table = KeyTable::new(2);
        let names: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let mut hash = |n: usize| {
            let mut keys = InternedKeys::default();
            let values = [names[n / 100].as_bytes(), names[n % 100].as_bytes()];
            table.intern(&values, &mut keys);
            keys.hashes[0]
        };
        let hashes: HashSet<u32> = (0..10_000).map(&mut hash).collect();
        assert!(hashes.len() > 9_900, "{}", hashes.len());
    }

    #[test]
    fn a_key_may_have_one_field_or_many() {
        for width in [1, 5] {
            let mut table = KeyTable::new(width);
            let mut id_of = |n: usize| {
                let values = (1..=width).map(|field| (n * field).to_string());
                table.id(&values.collect::<Vec<_>>()).index()
            };
            for n in (0..2_000).chain((0..2_000).rev()) {
                assert_eq!(id_of(n), n);
            }
        }
    }
}
