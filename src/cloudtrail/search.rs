//! Searches text for a record, wherever one begins: an object that is JSON as a whole and has all fields that a record of a call needs.
//!
//! Linear: an opening bracket is only tried if a `userIdentity` follows within reach, for a mebibyte at most, and without recursion beyond
//! serde_json's limit of 128 open brackets, which is the most often that a byte can be tried.

use super::fields::{read_any, AnyType, Fields, ObjectField};
use super::lexical::skip_blank;
use memchr::memmem;
use serde::de::{MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer};

/// No record is longer: CloudTrail's are 256 KiB at most, and CloudWatch Logs cuts there too.
pub(super) const REACH: usize = 1 << 20;

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
        fields.next_value::<Checked>().map(drop)
    }
}

/// A value that is JSON to its end. Unlike serde's `IgnoredAny`, it ends at serde_json's limit of open brackets.
struct Checked;

impl<'a> AnyType<'a> for Checked {
    fn other() -> Self {
        Self
    }
    fn null() -> Self {
        Self
    }
    fn list<A: SeqAccess<'a>>(mut values: A) -> Result<Self, A::Error> {
        while values.next_element::<Self>()?.is_some() {}
        Ok(Self)
    }
    fn object<A: MapAccess<'a>>(fields: A) -> Result<Self, A::Error> {
        Whole::object(fields).map(|_| Self)
    }
}

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        read_any(json)
    }
}

#[cfg(test)]
mod tests {
    use super::super::seen::call;
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
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
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
