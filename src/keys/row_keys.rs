//! The keys one row stands for: for each key field its distinct values, taken crosswise, as `stats by` does it.
//!
//! Most rows stand for one key. A field without values makes the row stand for none. Knows nothing of rows.

use std::borrow::Cow;

/// A row that stands for more keys than this is not taken apart.
pub const MAX_KEYS: usize = 1_000;

/// The values of each key field on one row, in the order of the fields. Cleared and filled again for the next row.
#[derive(Debug)]
pub struct RowKeys<'a> {
    values: Vec<Cow<'a, [u8]>>,
    /// Where each field's values end in `values`.
    ends: Vec<usize>,
    /// The product of their numbers.
    count: usize,
}

impl Default for RowKeys<'_> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            ends: Vec::new(),
            count: 1,
        }
    }
}

impl<'a> RowKeys<'a> {
    /// The one key with these values, one a field. An empty value makes it none, as on any row.
    pub fn one<V: AsRef<[u8]> + ?Sized>(values: &[&'a V]) -> Self {
        let mut keys = Self::default();
        for value in values {
            keys.add_field(|field| field.push(Cow::Borrowed((*value).as_ref())));
        }
        keys
    }

    /// Forgets the fields of the row before.
    pub fn clear(&mut self) {
        self.values.clear();
        self.ends.clear();
        self.count = 1;
    }

    /// Adds the next field, whose values `fill` appends. Empty values do not count, and repeated ones count once.
    pub fn add_field(&mut self, fill: impl FnOnce(&mut Vec<Cow<'a, [u8]>>)) {
        let start = self.values.len();
        fill(&mut self.values);
        match &self.values[start..] {
            [value] => self.values.truncate(start + usize::from(!value.is_empty())),
            _ => self.make_distinct(start),
        }
        self.ends.push(self.values.len());
        self.count = self.count.saturating_mul(self.values.len() - start);
    }

    /// Sorts the values from `start` on, so that the keys of a row do not depend on the order of its values.
    fn make_distinct(&mut self, start: usize) {
        let mut added = self.values.split_off(start);
        added.sort_unstable();
        added.dedup();
        self.values
            .extend(added.into_iter().filter(|value| !value.is_empty()));
    }

    /// How many keys the row stands for: 0 if a field has no value.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether no field has a value: the row is about no key at all, not about one of which a part is missing.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values of each field, in order.
    pub fn fields(&self) -> impl Iterator<Item = &[Cow<'a, [u8]>]> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.values[start..end])
    }

    /// Calls `visit` with every key; a key is one value a field.
    pub fn for_each(&self, mut visit: impl FnMut(&[Cow<'a, [u8]>])) {
        match self.count {
            0 => {}
            1 => visit(&self.values),
            count => (0..count).for_each(|nth| visit(&self.nth(nth))),
        }
    }

    /// The `nth` key of the cross product, the last field changing fastest.
    fn nth(&self, mut nth: usize) -> Vec<Cow<'a, [u8]>> {
        let mut key: Vec<Cow<'a, [u8]>> = Vec::with_capacity(self.ends.len());
        for values in self.fields().collect::<Vec<_>>().into_iter().rev() {
            key.push(values[nth % values.len()].clone());
            nth /= values.len();
        }
        key.reverse();
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(fields: &[&[&'static str]]) -> RowKeys<'static> {
        let mut keys = RowKeys::default();
        for values in fields {
            keys.add_field(|into| {
                into.extend(values.iter().map(|value| Cow::Borrowed(value.as_bytes())))
            });
        }
        keys
    }

    fn listed(keys: &RowKeys<'_>) -> Vec<String> {
        let mut listed = Vec::new();
        keys.for_each(|key| {
            listed.push(
                key.iter()
                    .map(|value| String::from_utf8_lossy(value))
                    .collect::<Vec<_>>()
                    .join("/"),
            )
        });
        listed
    }

    #[test]
    fn several_multivalue_fields_stand_for_their_cross_product() {
        let cases: &[(&[&[&str]], &[&str])] = &[
            (&[&["a"], &["x"]], &["a/x"]),
            (&[&["b", "a"], &["x"]], &["a/x", "b/x"]),
            (&[&["a", "b"], &["x", "y"]], &["a/x", "a/y", "b/x", "b/y"]),
            (&[&["a", "", "a"], &["x"]], &["a/x"]),
            (&[&["a"], &[]], &[]),
            (&[&["a"], &[""]], &[]),
            (&[&["", ""], &["x"]], &[]),
        ];
        for (fields, expected) in cases {
            let keys = keys(fields);
            assert_eq!(listed(&keys), *expected, "{fields:?}");
            assert_eq!(keys.count(), expected.len(), "{fields:?}");
        }
    }

    #[test]
    fn a_row_that_was_cleared_stands_for_the_next_one_only() {
        let mut keys = keys(&[&["a", "b"], &["x"]]);
        keys.clear();
        keys.add_field(|into| into.push(Cow::Borrowed(b"c")));
        keys.add_field(|into| into.push(Cow::Borrowed(b"z")));
        assert_eq!(listed(&keys), ["c/z"]);
    }
}
