//! How reading goes on behind what cannot be read.
//!
//! 1. An object that is no JSON inside is passed over by its brackets, from its first byte on; its fields are read leniently, so that often
//!    nothing is lost. That is exact if no quote and no bracket is missing.
//! 2. If it has no end within a mebibyte, or before that of the text, the next record is searched for (`search.rs`). Such a place may be within
//!    a text that somebody wrote, so what is found there is marked as searched: that record, and all others up to the next value that begins
//!    on a line of its own, which none does in a JSON string.
//!
//! Linear in the text, which may be hostile. Bytes that an object without an end was looked through for are looked at again, so that may happen to
//! [`WASTE`] bytes, and to a few for each that was read. From then on, no more than [`SHORT`] bytes are looked at for an end.

use super::buffer::{reason, Next, LONGEST};
use super::envelopes;
use super::found::{Found, Malformed, Origin};
use super::lenient;
use super::lexical::{end_of_value, skip_blank, Brackets};
use super::reader::ReadPass;
use super::search::{search, SearchResult, REACH};
use memchr::{memchr, memmem};
use std::ops::Range;

/// So many bytes may be looked at in vain, and [`WASTE_PER_BYTE`] more for each that was read.
const WASTE: u64 = 64 << 20;
const WASTE_PER_BYTE: u64 = 4;

/// How far a text that is full of faults is looked at for the end of an object.
const SHORT: usize = 16 << 10;

/// How CloudTrail's records begin. In a text it would have backslashes.
const BEGINNING: &[u8] = b"{\"eventVersion\":";

/// How reading goes on.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// A fault behind which a record is being searched for.
    pub(super) pending: Option<PendingFault>,
    /// Brackets were lost, so that those which are still to come close nothing that is known.
    pub(super) is_adrift: bool,
    /// The place of what is read was searched for.
    is_searched: bool,
    /// Bytes that were looked at in vain.
    pub(super) wasted: u64,
}

/// A fault, and how far what it costs may reach.
#[derive(Debug)]
pub(super) struct PendingFault {
    malformed: Malformed,
    extent: Extent,
    /// It is in the remains of one that was reported.
    is_silent: bool,
}

/// How far what cannot be read goes on, if no record is found in it.
#[derive(Debug)]
enum Extent {
    /// To the end of the text.
    Text,
    /// To the end of the line.
    Line,
    /// To the end of an object that is too large to be held, whose brackets were followed up to a place in the whole text.
    Object(Brackets, u64),
}

impl PendingFault {
    /// A fault of whatever is open.
    fn of(malformed: Malformed) -> Self {
        Self {
            malformed,
            extent: Extent::Text,
            is_silent: false,
        }
    }
}

impl Recovery {
    /// Takes note of white space before a value.
    pub(super) fn pass(&mut self, blank: &[u8]) {
        self.is_searched = self.is_searched && memchr(b'\n', blank).is_none();
    }

    pub(super) fn origin(&self) -> Origin {
        match self.is_searched {
            true => Origin::Searched,
            false => Origin::InOrder,
        }
    }
}

impl ReadPass<'_, '_, '_> {
    /// Goes on behind an object that is no JSON.
    pub(super) fn recover(&mut self, error: &serde_json::Error, start: usize) -> Next {
        if let Some(more) = self.text.more(start, REACH) {
            return more;
        }
        let reason = reason(error);
        match self.end_of_object(start) {
            Some(end) => {
                let malformed = self.fault(self.text.place_of(error, start), reason);
                self.take_broken(malformed, start..end)
            }
            None if self.text.reach(start, self.longest(start)).len() == LONGEST => {
                self.pass_large(start)
            }
            // Where a quote or a bracket is missing, serde_json takes what follows for a part of the object, and stops far behind.
            None => {
                let malformed = self.fault(start, format!("an object without an end: {reason}"));
                self.search(PendingFault::of(malformed), start + 1)
            }
        }
    }

    /// Passes over an object that is too large to be a record, or to be held. If it is one that lacks a bracket, there are records in it.
    fn pass_large(&mut self, start: usize) -> Next {
        let mebibytes = LONGEST >> 20;
        let reason = format!("an object of more than {mebibytes} MiB, which is not read");
        let fault = PendingFault {
            malformed: self.fault(start, reason),
            extent: Extent::Object(Brackets::default(), self.state.done + start as u64),
            is_silent: false,
        };
        self.search(fault, start + 1)
    }

    /// How much of the text from `start` on may be looked at for the end of one value.
    pub(super) fn longest(&self, start: usize) -> usize {
        let read = self.state.done + start as u64;
        match self.state.recovery.wasted > WASTE + WASTE_PER_BYTE * read {
            true => SHORT,
            false => LONGEST,
        }
    }

    /// Step 1: where the object ends by its brackets. It is not looked for beyond the place where the next record seems to begin: one that
    /// was cut would else be followed for a mebibyte.
    fn end_of_object(&mut self, start: usize) -> Option<usize> {
        let bytes = self.text.bytes;
        let reach = self.text.reach(start, self.longest(start).min(REACH));
        let reach = &reach[..reach.len().min(self.next_record(start) - start)];
        let end = end_of_value(reach, 0).ok().map(|length| start + length);
        let end = end.filter(|end| goes_on(bytes, *end));
        if end.is_none() {
            self.state.recovery.wasted += reach.len() as u64;
        }
        end
    }

    /// Where the next record behind `from` seems to begin, or the end of the text at hand.
    fn next_record(&mut self, from: usize) -> usize {
        if !self.next_record.contains(&from) {
            let bytes = self.text.bytes;
            let next = memmem::find(&bytes[from + 1..], BEGINNING);
            self.next_record = from..next.map_or(bytes.len(), |at| from + 1 + at);
        }
        self.next_record.end
    }

    /// Reads an object with a fault inside leniently. If it is not even made of names and values, a bracket in a text may have ended it too
    /// late, and records in what seems to be in it are not passed over.
    fn take_broken(&mut self, malformed: Malformed, place: Range<usize>) -> Next {
        let object = &self.text.bytes[place.clone()];
        if let Some(candidate) = lenient::read(object, self.state.detail) {
            self.last = Some(place.start);
            self.take(candidate, place.clone());
            return Next::To(place.end);
        }
        if let SearchResult::At(_) = search(object, 1, true) {
            return self.search(PendingFault::of(malformed), place.start + 1);
        }
        let bytes = object.len() as u64;
        (self.each)(Found::Fault(Malformed { bytes, ..malformed }));
        Next::To(place.end)
    }

    /// Goes on behind a place at which something else was expected.
    pub(super) fn lost(&mut self, at: usize, reason: &str) -> Next {
        let fault = PendingFault::of(self.fault(at, reason));
        self.search(fault, at)
    }

    /// Text that belongs to no value: the time in front of an exported log line, or a fault that costs the rest of its line.
    pub(super) fn stray(&mut self, start: usize) -> Next {
        let bytes = self.text.bytes;
        if let (None, Some(more)) = (self.line_end(start), self.text.more(start, REACH)) {
            return more;
        }
        let object = match self.text.begins_line(start) {
            true => envelopes::behind_time(bytes, start),
            false => None,
        };
        match object {
            Some(object) => Next::To(object),
            None => {
                let fault = PendingFault {
                    malformed: self.fault(start, "expected a JSON object or list"),
                    extent: Extent::Line,
                    is_silent: self.state.recovery.is_searched,
                };
                self.search(fault, start)
            }
        }
    }

    /// Step 2: searches for a record from `from` on.
    pub(super) fn search(&mut self, mut fault: PendingFault, from: usize) -> Next {
        let bytes = self.text.bytes;
        let end = self.end_of_extent(&mut fault.extent, from);
        let to = end.unwrap_or(bytes.len());
        let is_all = end.is_some() || self.text.is_all;
        let (next, is_found) = match search(&bytes[..to], from, is_all) {
            SearchResult::At(start) => (start, true),
            SearchResult::Perhaps(start) => (start, false),
            SearchResult::Nowhere => (to, false),
        };
        fault.malformed.bytes += (next - from) as u64;
        if !is_found && !is_all {
            self.state.recovery.pending = Some(fault);
            return Next::More(next);
        }
        if is_found || end.is_none() {
            self.lose_brackets();
        }
        self.state.recovery.is_searched |= is_found;
        self.report(fault);
        Next::To(next)
    }

    /// Where ends what cannot be read, if that is at hand.
    fn end_of_extent(&mut self, extent: &mut Extent, from: usize) -> Option<usize> {
        match extent {
            Extent::Text => None,
            Extent::Line => self.line_end(from),
            Extent::Object(brackets, followed) => {
                let start = (*followed - self.state.done) as usize;
                let end = brackets.close_in(&self.text.bytes[start..]);
                self.state.recovery.wasted += (self.text.bytes.len() - start) as u64;
                *followed = self.state.done + self.text.bytes.len() as u64;
                match end {
                    Ok(end) => end.map(|length| start + length),
                    Err(_) => {
                        *extent = Extent::Text;
                        None
                    }
                }
            }
        }
    }

    /// No bracket is known to be open any longer.
    fn lose_brackets(&mut self) {
        self.state.open.clear();
        self.state.recovery.is_adrift = true;
    }

    fn report(&mut self, fault: PendingFault) {
        if !fault.is_silent {
            (self.each)(Found::Fault(fault.malformed));
        }
    }

    /// The end of the text, or of what is at hand.
    pub(super) fn end(&mut self) -> Next {
        let bytes = self.text.bytes;
        if !self.text.is_all {
            return Next::More(bytes.len());
        }
        if self.state.open.is_empty() {
            return Next::End;
        }
        let fault = self.fault(bytes.len(), "the text ends before its brackets are closed");
        // A last object that was cut within a list may have taken in those behind it, and their brackets.
        let last = self.last.map_or(bytes.len(), |last| last + 1);
        match search(bytes, last, true) {
            SearchResult::At(_) => self.search(PendingFault::of(fault), last),
            _ => {
                self.lose_brackets();
                self.report(PendingFault::of(fault));
                Next::End
            }
        }
    }
}

/// Whether something stands behind a value that may stand there.
pub(super) fn goes_on(text: &[u8], end: usize) -> bool {
    let next = skip_blank(text, end);
    let is_bracket = |byte: &u8| matches!(byte, b'{' | b'[' | b'}' | b']');
    next > end || text.get(next).is_none_or(is_bracket)
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{call, key, layouts, seen, shown};
    use super::super::RecordReader;
    use super::LONGEST;

    /// What is found in four records, of which the second is broken: without the faults.
    fn found(layout: &str) -> Vec<String> {
        let mut found = seen(layout);
        found.retain(|line| !line.starts_with("line "));
        found
    }

    fn with(broken: &str) -> Vec<String> {
        layouts(&[call("A"), broken.to_owned(), call("C"), call("D")])
    }

    #[test]
    fn a_fault_that_leaves_the_brackets_whole_costs_one_record_at_most() {
        let names = ["A", "B", "C", "D"].map(key);
        let twice = r#""userAgent":"x","userAgent":"#;
        for (from, to) in [
            ("[S3", "\\ud83d"),
            ("[S3", "line\nline"),
            ("[S3", "\u{0}"),
            (r#"[1,2]"#, "NaN"),
            (r#"[1,2]"#, "-Infinity"),
            (r#"[1,2]"#, "01"),
            (r#"[1,2]"#, r#""\q""#),
            (r#""userAgent":"#, twice),
            (r#""ARN""#, r#""arn":"x","ARN""#),
        ] {
            for text in with(&call("B").replace(from, to)) {
                assert_eq!(seen(&text), names, "{text}");
            }
        }
    }

    #[test]
    fn a_fault_in_a_name_of_the_key_costs_that_record_and_no_other() {
        for (from, to, what) in [
            ("\"B\"", "\"B\n\"", "WrongType"),
            ("\"B\"", r#""\udc00""#, "WrongType"),
            ("\"B\"", "NaN", "WrongType"),
            ("\"eventName\":", "\"eventName\"", "line "),
            ("\"eventName\":", "eventName:", "line "),
            ("\"eventName\":", "'eventName':", "line "),
        ] {
            for text in with(&call("B").replace(from, to)) {
                let seen = seen(&text);
                let others = [&seen[..1], &seen[2..]].concat();
                assert_eq!(others, ["A", "C", "D"].map(key), "{text}");
                assert!(seen[1].starts_with(what), "{seen:?}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_cost_nothing_where_nobody_reads_them() {
        for text in with(&call("B")) {
            let at = text.match_indices("S3Console").nth(1).unwrap().0;
            let mut bytes = text.into_bytes();
            bytes[at..at + 2].copy_from_slice(b"\xff\xfe");
            assert_eq!(seen(bytes), ["A", "B", "C", "D"].map(key));
        }
    }

    #[test]
    fn wherever_a_record_is_cut_those_behind_it_are_found() {
        let whole = call("B");
        for end in 1..whole.len() {
            for (nth, text) in with(&whole[..end]).into_iter().enumerate() {
                let mut found = found(&text);
                found.retain(|line| !line.ends_with(&key("B")) && !line.starts_with("No"));
                let plain: Vec<_> = found
                    .iter()
                    .map(|line| line.trim_start_matches("? "))
                    .collect();
                assert_eq!(plain, ["A", "C", "D"].map(key), "layout {nth}: {text}");
                assert!(!found[0].starts_with('?'));
                let begins_lines = matches!(nth, 1..=3);
                assert!(
                    !begins_lines || !found[2].starts_with('?'),
                    "layout {nth}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_searched_for_is_marked_up_to_the_next_line() {
        let cut = &call("B")[..60];
        let seen = |text: String| found(&text);
        assert_eq!(
            seen(format!("{cut}\n{}{}\n{}", call("C"), call("D"), call("E"))),
            ["? 1:role/R iam:C", "? 1:role/R iam:D", "1:role/R iam:E"]
        );
    }

    #[test]
    fn a_text_that_holds_a_record_is_not_one() {
        let inner = call("Inner").replace('"', "\\\"");
        for fault in ["", "\n", "\\ud800"] {
            let text = call("B").replace("Management", &format!("{inner}{fault}"));
            for text in with(&text) {
                assert_eq!(found(&text), ["A", "B", "C", "D"].map(key));
            }
        }
    }

    #[test]
    fn a_bracket_in_a_text_behind_a_cut_hides_nothing() {
        let cut = &call("B")[..60];
        let odd = call("C").replace("[S3Console/0.4, (x)]", "},");
        let text = [cut, &odd, &call("D"), &call("E")].join("\n");
        let found = found(&text);
        assert_eq!(
            found,
            ["? 1:role/R iam:C", "1:role/R iam:D", "1:role/R iam:E"]
        );
    }

    #[test]
    fn an_object_that_is_too_large_to_be_held_costs_itself() {
        let large = format!(
            r#"{{"a":"{}\"}}","b":[{{}}]}}"#,
            "x".repeat(LONGEST + LONGEST / 2)
        );
        let unclosed = large.trim_end_matches("}]}");
        let (a, c) = (call("A"), call("C"));
        for (large, c_is_found) in [
            (large.as_str(), "1:role/R iam:C"),
            (unclosed, "? 1:role/R iam:C"),
        ] {
            let text = format!("{a}\n{large}\n{c}\n");
            let (mut reader, mut found, mut from, mut held) =
                (RecordReader::default(), Vec::new(), 0, 0);
            for to in (0..text.len()).step_by(1 << 20).chain([text.len()]) {
                from += reader.read(&text.as_bytes()[from..to], to == text.len(), &mut |one| {
                    found.push(shown(&one))
                });
                held = held.max(to - from);
            }
            let fault = "line 2: an object of more than 8 MiB, which is not read";
            assert_eq!(found, [&key("A"), fault, c_is_found]);
            assert!(held <= LONGEST, "{held}");
        }
    }

    #[test]
    fn faults_by_the_thousand_are_passed_in_time_that_grows_with_the_text() {
        for unit in [
            format!("{{\"a\":\"{}\n", call("C")),
            format!("{{\"userIdentity\":{}", "{\"a\":[".repeat(20)),
            "{\"a\" 1},".to_owned(),
            "{\"a\":tru}\n".to_owned(),
            "x\n".to_owned(),
            "\"".to_owned(),
        ] {
            let text = unit.repeat(300_000 / unit.len());
            assert!(!seen(&text).is_empty());
        }
    }
}
