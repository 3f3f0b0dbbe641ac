//! Searches text for a record, wherever one begins: an object that is JSON as a whole and has all fields that a record of a call needs.
//!
//! Linear: an opening bracket is only tried if a `userIdentity` follows within reach, for a mebibyte at most, and through no more brackets in each
//! other than [`MOST_OPEN`], which is the most often that a byte can be tried.

use super::fields::{Fields, ObjectField};
use super::lexical::skip_blank;
use memchr::memmem;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::Deserializer;
use std::fmt;

/// No record is longer: CloudTrail's are 256 KiB at most, and CloudWatch Logs cuts there too.
pub(super) const REACH: usize = 1 << 20;

/// The brackets that may be open in a field of a record that is searched for; those in `tests/data/cloudtrail` have up to 10.
const MOST_OPEN: usize = 32;

/// What a record of a call has, in the order of the bits of [`Whole`].
const NEEDED: [&str; 4] = ["userIdentity", "eventTime", "eventSource", "eventName"];

/// What a search came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SearchResult {
    /// A record begins there.
    At(usize),
    /// A record may begin there, or behind, as far as the text goes.
    Perhaps(usize),
    Nowhere,
}

/// The first record that begins at or behind `from`. If the text is not all there is, one that is cut by its end is not passed over.
pub(super) fn search(text: &[u8], mut from: usize, is_all: bool) -> SearchResult {
    let mut identity = from;
    while let Some(start) = next(text, b"{", from) {
        from = start + 1;
        if identity <= start {
            match next(text, b"\"userIdentity\"", start) {
                Some(at) => identity = at,
                None if is_all => return SearchResult::Nowhere,
                None => return end_of(text, start),
            }
        }
        if identity - start > REACH {
            continue;
        }
        let reach = &text[start..text.len().min(start + REACH)];
        let is_cut = !is_all && reach.len() < REACH;
        match is_record(reach) {
            Ok(true) => return SearchResult::At(start),
            Err(error) if error.is_eof() && is_cut => return SearchResult::Perhaps(start),
            _ => {}
        }
    }
    SearchResult::Nowhere
}

/// Where the first of the records may begin that are cut by the end of the text, and lack their `userIdentity` yet.
fn end_of(text: &[u8], from: usize) -> SearchResult {
    let in_reach = from.max(text.len().saturating_sub(REACH));
    next(text, b"{", in_reach).map_or(SearchResult::Nowhere, SearchResult::Perhaps)
}

fn next(text: &[u8], what: &[u8], from: usize) -> Option<usize> {
    memmem::find(&text[from..], what).map(|at| from + at)
}

/// Whether the text begins with a record.
fn is_record(text: &[u8]) -> Result<bool, serde_json::Error> {
    let name = text.get(skip_blank(text, 1));
    if name.is_some_and(|byte| *byte != b'"') {
        return Ok(false);
    }
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<ObjectField<Whole>>();
    let value = values
        .next()
        .expect("a bracket begins a value, or an error");
    Ok(matches!(
        value?,
        ObjectField::Is(Whole {
            has: [true, true, true, true]
        })
    ))
}

/// An object that is JSON to its end, and which of [`NEEDED`] it has.
#[derive(Default)]
struct Whole {
    has: [bool; NEEDED.len()],
}

impl<'a> Fields<'a> for Whole {
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error> {
        if let Some(nth) = NEEDED.iter().position(|needed| needed.as_bytes() == name) {
            self.has[nth] = true;
        }
        fields.next_value_seed(Checked(MOST_OPEN))
    }
}

/// A value that is JSON to its end, and has no more brackets in each other than this. serde's `IgnoredAny` has no such limit.
struct Checked(usize);

impl<'de> DeserializeSeed<'de> for Checked {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

/// Values without brackets are as good as any.
macro_rules! any {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E>(self, _: $type) -> Result<(), E> {
            Ok(())
        })*
    };
}

impl<'de> Visitor<'de> for Checked {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while values.next_element_seed(Checked(inner))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while fields.next_key::<IgnoredAny>()?.is_some() {
            fields.next_value_seed(Checked(inner))?;
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    any! { visit_str: &str, visit_bool: bool, visit_u64: u64, visit_i64: i64, visit_f64: f64 }
}

impl Checked {
    fn inner<E: Error>(&self) -> Result<usize, E> {
        self.0
            .checked_sub(1)
            .ok_or_else(|| E::custom("too many brackets"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::call;
    use super::*;

    #[test]
    fn a_record_is_found_where_it_begins() {
        let record = call("C");
        let text = format!("{{\"x\":{{\"userIdentity\":1}},{{}} {{{record}");
        let start = text.len() - record.len();
        for from in [0, 5, start] {
            assert_eq!(search(text.as_bytes(), from, true), SearchResult::At(start));
        }
        assert_eq!(
            search(text.as_bytes(), start + 1, true),
            SearchResult::Nowhere
        );
    }

    #[test]
    fn what_lacks_a_field_or_is_no_json_is_none() {
        for field in NEEDED {
            let text = call("C").replace(field, "x");
            assert_eq!(
                search(text.as_bytes(), 0, true),
                SearchResult::Nowhere,
                "{field}"
            );
        }
        for odd in ["NaN", "\"\\ud800\"", "\"\t\"", "[1"] {
            let text = call("C").replace("\"Management\"", odd);
            assert_eq!(
                search(text.as_bytes(), 0, true),
                SearchResult::Nowhere,
                "{odd}"
            );
        }
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        let text = call("C").replace("\"Management\"", &deep);
        assert_eq!(search(text.as_bytes(), 0, true), SearchResult::Nowhere);
    }

    #[test]
    fn one_that_is_cut_by_what_is_at_hand_is_waited_for() {
        let text = format!("x}}{}", call("C"));
        for end in 3..text.len() {
            let cut = &text.as_bytes()[..end];
            assert_eq!(search(cut, 0, false), SearchResult::Perhaps(2), "{end}");
            assert_eq!(search(cut, 0, true), SearchResult::Nowhere, "{end}");
        }
    }
}
