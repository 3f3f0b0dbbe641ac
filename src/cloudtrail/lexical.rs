//! JSON by its strings, escapes and brackets alone: where a value ends, and which fields an object has.
//!
//! Nothing is checked that is not needed for that, so the answer is exact also for values that are no JSON inside: lone surrogates, bytes that
//! are not UTF-8, control characters in strings, `NaN`. Commas are optional. Knows neither records nor serde.
//!
//! Source: RFC 8259.

use memchr::memchr2;
use std::ops::Range;

/// Why no end was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoEnd {
    /// The text ends first.
    Cut,
    /// Brackets do not match, or a backslash stands outside a string: a quote is missing somewhere before.
    Broken,
}

/// Where what is not blank begins; blanks are white space and commas.
pub(super) fn skip_blank(text: &[u8], from: usize) -> usize {
    let blanks = text[from..].iter().take_while(|byte| is_blank(**byte));
    from + blanks.count()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',')
}

/// Where the value ends that begins at `start`.
pub(super) fn end_of_value(text: &[u8], start: usize) -> Result<usize, NoEnd> {
    match text.get(start) {
        Some(b'"') => end_of_string(text, start),
        Some(b'{' | b'[') => end_of_brackets(text, start),
        _ => Ok(end_of_bare(text, start)),
    }
}

/// Where the string ends whose opening quote stands at `start`.
pub(super) fn end_of_string(text: &[u8], start: usize) -> Result<usize, NoEnd> {
    let mut at = start + 1;
    loop {
        let rest = text.get(at..).ok_or(NoEnd::Cut)?;
        let found = at + memchr2(b'"', b'\\', rest).ok_or(NoEnd::Cut)?;
        match text[found] {
            b'"' => return Ok(found + 1),
            // What is escaped may be a quote.
            _ => at = found + 2,
        }
    }
}

/// Where the object or list ends that opens at `start`.
fn end_of_brackets(text: &[u8], start: usize) -> Result<usize, NoEnd> {
    let end = Brackets::default().close_in(&text[start..])?;
    end.map(|length| start + length).ok_or(NoEnd::Cut)
}

/// The brackets of an object or list that is followed to its end, in as many parts as it comes.
#[derive(Debug, Default)]
pub(super) struct Brackets {
    /// What closes those that are open, innermost last.
    closing: Vec<u8>,
    in_string: bool,
    is_escaped: bool,
}

impl Brackets {
    /// Where in the next part the last bracket is closed; none if it is not.
    pub(super) fn close_in(&mut self, part: &[u8]) -> Result<Option<usize>, NoEnd> {
        let mut at = 0;
        while at < part.len() {
            if self.in_string {
                at = self.pass_string(part, at);
                continue;
            }
            self.take(part[at])?;
            at += 1;
            if self.closing.is_empty() {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    fn take(&mut self, byte: u8) -> Result<(), NoEnd> {
        match byte {
            b'"' => self.in_string = true,
            b'{' => self.closing.push(b'}'),
            b'[' => self.closing.push(b']'),
            b'}' | b']' if self.closing.pop() != Some(byte) => return Err(NoEnd::Broken),
            b'\\' => return Err(NoEnd::Broken),
            _ => {}
        }
        Ok(())
    }

    /// Goes to the end of a string, or of the part.
    fn pass_string(&mut self, part: &[u8], at: usize) -> usize {
        if std::mem::take(&mut self.is_escaped) {
            return at + 1;
        }
        let Some(found) = memchr2(b'"', b'\\', &part[at..]) else {
            return part.len();
        };
        self.is_escaped = part[at + found] == b'\\';
        self.in_string = self.is_escaped;
        at + found + 1
    }
}

/// Where a number, a literal, or what stands in the place of one ends; it has one byte at least.
fn end_of_bare(text: &[u8], start: usize) -> usize {
    let is_part =
        |byte: &&u8| !is_blank(**byte) && !matches!(byte, b'"' | b':' | b'{' | b'}' | b'[' | b']');
    let length = text[start..].iter().take_while(is_part).count();
    (start + length.max(1)).min(text.len())
}

/// Goes through an object or a list, value by value.
pub(super) struct Members<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Members<'t> {
    /// The members from `at` on of an object or list, which may be cut.
    pub(super) fn within(text: &'t [u8], at: usize) -> Self {
        Self { text, at }
    }

    /// The text of the next name, quotes included, and where its value begins; none at the end of the object.
    pub(super) fn next_name(&mut self) -> Result<Option<(&'t [u8], usize)>, NoEnd> {
        let start = skip_blank(self.text, self.at);
        match self.text.get(start) {
            None => return Err(NoEnd::Cut),
            Some(b'}') => return Ok(None),
            Some(b'"') => {}
            Some(_) => return Err(NoEnd::Broken),
        }
        let end = end_of_string(self.text, start)?;
        let colon = skip_blank(self.text, end);
        match self.text.get(colon) {
            None => return Err(NoEnd::Cut),
            Some(b':') => self.at = skip_blank(self.text, colon + 1),
            Some(_) => return Err(NoEnd::Broken),
        }
        Ok(Some((&self.text[start..end], self.at)))
    }

    /// The next value; none at the end of the object or list.
    pub(super) fn next_value(&mut self) -> Result<Option<Range<usize>>, NoEnd> {
        let start = skip_blank(self.text, self.at);
        if matches!(self.text.get(start), Some(b'}' | b']')) {
            return Ok(None);
        }
        self.at = end_of_value(self.text, start)?;
        Ok(Some(start..self.at))
    }

    /// The text of a value that [`Members::next_value`] named.
    pub(super) fn text(&self, value: Range<usize>) -> &'t [u8] {
        &self.text[value]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn end(text: &[u8]) -> Result<usize, NoEnd> {
        end_of_value(text, 0)
    }

    #[test]
    fn what_is_no_json_inside_still_ends_where_it_ends() {
        for text in [
            &br#"{"a":"\ud83d"}"#[..],
            b"{\"a\":\"\xff\xfe\"}",
            b"{\"a\":\"line\nline\x00\"}",
            br#"{"a":NaN,"b":-Infinity}"#,
            br#"{"a":1,"a":2}"#,
            br#"{"a":"}]\"{[\\"}"#,
            br#"[{"a":[[],{}]} {"b" 1}]"#,
            br#""a\\""#,
            b"-1.5e3",
        ] {
            let behind = [text, b",{\"b\":\"\"}]"].concat();
            assert_eq!(end(&behind), Ok(text.len()), "{}", text.escape_ascii());
            assert_eq!(end(text), Ok(text.len()));
        }
    }

    #[test]
    fn a_value_that_is_cut_or_has_a_quote_too_few_has_no_end() {
        for (text, why) in [
            (&br#"{"a":1"#[..], NoEnd::Cut),
            (br#"{"a":"b"#, NoEnd::Cut),
            (br#"{"a":"b\"#, NoEnd::Cut),
            (br#"{"a":[1}"#, NoEnd::Broken),
            (br#"[1}"#, NoEnd::Broken),
            (br#"{"a":"cut,"b":"{\"c\"}"}"#, NoEnd::Broken),
        ] {
            assert_eq!(end(text), Err(why), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn brackets_are_followed_through_any_number_of_parts() {
        let text = br#"{"a":"}]\\","b\"":[{},"\\\"{"]}"#;
        for size in 1..text.len() {
            let mut brackets = Brackets::default();
            let ends = text
                .chunks(size)
                .map(|part| brackets.close_in(part).unwrap());
            let ends: Vec<_> = ends.collect();
            let last = text.chunks(size).next_back().unwrap().len();
            assert_eq!(ends.last(), Some(&Some(last)), "{size}");
            assert!(ends[..ends.len() - 1].iter().all(Option::is_none));
        }
    }

    #[test]
    fn members_are_named_in_order() {
        let text = br#"{ "a" : [1, {"x":2}] , "b\"":"c" "d":NaN}"#;
        let mut members = Members::within(text, 1);
        let mut seen = Vec::new();
        while let Some((name, _)) = members.next_name().unwrap() {
            let value = members.next_value().unwrap().unwrap();
            seen.push((name, members.text(value)));
        }
        let expected: [(&[u8], &[u8]); 3] = [
            (br#""a""#, br#"[1, {"x":2}]"#),
            (br#""b\"""#, br#""c""#),
            (br#""d""#, b"NaN"),
        ];
        assert_eq!(seen, expected);
    }

    proptest! {
        #[test]
        fn any_value_that_is_json_ends_where_serde_json_says(
            bytes in prop::collection::vec(prop::sample::select(b"{}[]\":, a1\\ntrue".to_vec()), 1..40),
        ) {
            let mut values = serde_json::Deserializer::from_slice(&bytes).into_iter::<serde_json::Value>();
            if matches!(values.next(), Some(Ok(_))) && !is_blank(bytes[0]) {
                prop_assert_eq!(end(&bytes), Ok(values.byte_offset()));
            }
            let _ = end(&bytes);
        }
    }
}
