//! JSON text to records, as a stream: what stands around records is followed here by its brackets, and each object is read for itself.
//!
//! Texts of any size are read in parts of any size. Held are an object, the brackets that are open, and how many line ends there were. So one
//! object that cannot be read is no matter of the others, in whatever layout: records one a line, indented, in lists, in envelopes, end to end,
//! or all of these in one text. Commas between values count as white space.
//!
//! Does not know what a record means, which envelopes there are (`envelopes.rs`), or how to go on behind a fault (`recovery.rs`).

use super::buffer::{reason, Buffer, Next, LARGE, LONGEST};
use super::context::RecordDetail;
use super::envelopes::{self, Entrance};
use super::fields::TextField;
use super::found::{line_ends, Found, Malformed, TextLine};
use super::lexical::{end_of_string, end_of_value, skip_blank, Members, NoEnd};
use super::object::{self, Candidate};
use super::record::Record;
use super::recovery::{goes_on, Recovery};
use memchr::memchr;
use serde::de::IgnoredAny;
use std::ops::Range;

/// So many brackets may be open around a record.
const MOST_OPEN: usize = 128;

/// Takes what is found, in order.
pub(super) type Each<'e> = dyn FnMut(Found<'_>) + 'e;

/// Reads everything in a text that is at hand as a whole, in the detail that keys need.
///
/// ```
/// use unseen::cloudtrail::{read, Found};
/// let mut calls = Vec::new();
/// let text = br#"{"Records":[{"eventSource":"s3.amazonaws.com","eventName":"GetObject",
///     "userIdentity":{"type":"AssumedRole","accountId":"1","arn":"arn:aws:sts::1:assumed-role/Admin/me"}}]}"#;
/// read(text, &mut |found| {
///     if let Found::Record { record, .. } = found {
///         let call = record.call().unwrap();
///         calls.push((call.role.unwrap().to_owned(), call.event_name.to_owned()));
///     }
/// });
/// assert_eq!(calls, [("Admin".to_owned(), "GetObject".to_owned())]);
/// ```
pub fn read(text: &[u8], each: &mut Each<'_>) {
    RecordReader::default().read(text, true, each);
}

/// A text that is being read, between one part of it and the next.
#[derive(Debug, Default)]
pub struct RecordReader {
    /// The brackets that are open, outermost first.
    pub(super) open: Vec<Frame>,
    pub(super) detail: RecordDetail,
    /// How many envelopes lead to the text itself.
    outer: usize,
    /// How many records were found.
    found: u64,
    /// Line ends in what is done with.
    lines: u64,
    /// Bytes that are done with.
    pub(super) done: u64,
    /// The last of them was no line end.
    is_in_line: bool,
    /// Bytes that are read and not done with: the last object in what is open, which is given again.
    held: usize,
    pub(super) recovery: Recovery,
}

/// A bracket that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    List,
    /// An object whose envelope, by its place in the table, was entered when so many records had been found.
    Envelope(usize, u64),
}

impl RecordReader {
    /// A reader that reads records in this detail. The default is what keys need.
    pub fn new(detail: RecordDetail) -> Self {
        Self {
            detail,
            ..Self::default()
        }
    }

    /// Reads on in `bytes`, and returns how many of them are done with: what is left is to be given again, with more behind it. The last
    /// time `is_all` is true, and all are done with.
    pub fn read(&mut self, bytes: &[u8], is_all: bool, each: &mut Each<'_>) -> usize {
        let text = Buffer {
            bytes,
            is_all,
            lines: self.lines,
            begins_line: !self.is_in_line,
        };
        let done = ReadPass::new(self, text, each).run();
        self.lines += line_ends(&bytes[..done]);
        self.is_in_line = !text.begins_line(done);
        self.done += done as u64;
        done
    }
}

/// A part of a text that is being read.
pub(super) struct ReadPass<'r, 't, 'e> {
    pub(super) state: &'r mut RecordReader,
    pub(super) text: Buffer<'t>,
    pub(super) each: &'r mut Each<'e>,
    /// Where the last object began, if nothing was closed behind it.
    pub(super) last: Option<usize>,
    /// How many line ends are before a place, so that they are not counted again for each fault: a text may be hostile, and counting from
    /// its start each time is quadratic. What it is worth: docs/performance.md, "What each trick is worth". If it were wrong, faults would
    /// be reported on other lines.
    counted: (usize, u64),
    /// Where a line ends, so that the end of a long one is not looked for again.
    line_end: usize,
    /// From where the next record was looked for, and where it seems to begin, so that it is not looked for again for each fault.
    pub(super) next_record: Range<usize>,
}

/// What was found in something that may be an envelope.
#[derive(Clone, Copy, Default)]
struct Inside {
    records: u64,
    /// Values that are no records.
    others: u64,
    faults: u64,
}

impl Inside {
    /// Whether anything of it was handed on.
    fn is_reported(self) -> bool {
        self.records + self.faults > 0
    }
}

impl<'r, 't, 'e> ReadPass<'r, 't, 'e> {
    fn new(state: &'r mut RecordReader, text: Buffer<'t>, each: &'r mut Each<'e>) -> Self {
        Self {
            last: (state.held > 0).then_some(0),
            state,
            text,
            each,
            counted: (0, text.lines),
            line_end: 0,
            next_record: 0..0,
        }
    }

    /// How many bytes are done with.
    fn run(mut self) -> usize {
        let mut at = std::mem::take(&mut self.state.held);
        loop {
            match self.step(at) {
                Next::To(next) => at = next,
                Next::More(from) => return self.hold(from),
                Next::End => return self.text.bytes.len(),
            }
        }
    }

    /// Holds the last object, which has to be looked into if what is open around it is never closed. How many bytes are done with before it.
    fn hold(&mut self, from: usize) -> usize {
        let last = self.last.filter(|_| !self.state.open.is_empty());
        let done = last.unwrap_or(from).min(from);
        self.state.held = from - done;
        done
    }

    fn step(&mut self, at: usize) -> Next {
        if let Some(fault) = self.state.recovery.pending.take() {
            return self.search(fault, at);
        }
        let start = skip_blank(self.text.bytes, at);
        self.state.recovery.pass(&self.text.bytes[at..start]);
        let Some(byte) = self.text.bytes.get(start) else {
            return self.end();
        };
        match (byte, self.state.open.last()) {
            (b']' | b'}', _) => self.close(*byte, start),
            (b'"', Some(Frame::Envelope(..))) => self.field(start),
            (_, Some(Frame::Envelope(..))) => self.lost(start, "expected a name"),
            (b'{' | b'[', _) => self.value(start),
            (b'"', Some(Frame::List)) => self.string(start),
            (_, Some(Frame::List)) => self.bare(start),
            (_, None) => self.stray(start),
        }
    }

    /// A fault at a place, which costs no byte yet.
    pub(super) fn fault(&mut self, at: usize, reason: impl Into<String>) -> Malformed {
        let (place, lines) = self.counted;
        let lines = match at < place {
            true => lines - line_ends(&self.text.bytes[at..place]),
            false => lines + line_ends(&self.text.bytes[place..at]),
        };
        self.counted = (at, lines);
        Malformed {
            line: lines + 1,
            reason: reason.into(),
            bytes: 0,
        }
    }

    /// Where the line ends that goes on at `from`, if that is at hand. Asked for in the order of the text.
    pub(super) fn line_end(&mut self, from: usize) -> Option<usize> {
        let bytes = self.text.bytes;
        if self.line_end <= from {
            self.line_end = memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |end| from + end);
        }
        (self.line_end < bytes.len()).then_some(self.line_end)
    }

    /// An object or a list.
    fn value(&mut self, start: usize) -> Next {
        match self.text.bytes[start] {
            b'{' => self.object(start),
            _ if self.state.open.len() < MOST_OPEN => {
                self.state.open.push(Frame::List);
                Next::To(start + 1)
            }
            _ => self.lost(start, "too many brackets are open"),
        }
    }

    fn object(&mut self, start: usize) -> Next {
        let rest = self.text.reach(start, self.longest(start));
        if let Some(entry) = envelopes::opens_with_records(rest) {
            self.close_all_before(start);
            if self.may_enter() {
                return self.enter(&entry, start);
            }
        }
        match object::read(rest, self.state.detail) {
            Ok((candidate, length)) => {
                self.last = Some(start);
                self.take(candidate, start..start + length);
                Next::To(start + length)
            }
            Err(error) if error.is_eof() => self.unfinished(&error, start),
            Err(error) => self.recover(&error, start),
        }
    }

    /// An object whose end is not in the text at hand.
    fn unfinished(&mut self, error: &serde_json::Error, start: usize) -> Next {
        let longest = self.longest(start);
        let rest = self.text.reach(start, longest);
        let entry = match rest.len() {
            LARGE.. if self.may_enter() => envelopes::first(rest),
            _ => None,
        };
        if let Some(entry) = entry {
            return self.enter(&entry, start);
        }
        if let Some(more) = self.text.more(start, longest) {
            return more;
        }
        self.state.recovery.wasted += rest.len() as u64;
        self.recover(error, start)
    }

    fn may_enter(&self) -> bool {
        self.depth() < envelopes::DEEPEST && self.state.open.len() < MOST_OPEN
    }

    /// How many envelopes lead here.
    fn depth(&self) -> usize {
        let is_envelope = |frame: &&Frame| matches!(frame, Frame::Envelope(..));
        self.state.outer + self.state.open.iter().filter(is_envelope).count()
    }

    /// Goes into an envelope without looking at the rest of the object first.
    fn enter(&mut self, entry: &Entrance, start: usize) -> Next {
        let frame = Frame::Envelope(entry.place, self.state.found);
        self.state.open.push(frame);
        self.value(start + entry.value)
    }

    /// A log file that begins on a line of its own, before the one that was being read has ended: that one was cut.
    fn close_all_before(&mut self, start: usize) {
        if self.text.begins_line(start) && self.depth() > self.state.outer {
            let fault = self.fault(start, "a log file begins before the one before it ends");
            (self.each)(Found::Fault(fault));
            self.state.open.clear();
        }
    }

    /// A field behind the envelope that was entered.
    fn field(&mut self, start: usize) -> Next {
        let bytes = self.text.bytes;
        let named = Members::within(bytes, start).next_name();
        let named = named.map(|named| named.unwrap_or_default());
        let ends = named.and_then(|(_, value)| end_of_value(bytes, value));
        match (named, ends) {
            (Ok((name, value)), _) if self.goes_on_in(name, value) => self.value(value),
            (_, Err(NoEnd::Cut)) => match self.text.more(start, LONGEST) {
                Some(more) => more,
                None => self.lost(start, "a name without a value"),
            },
            (_, Ok(end)) => match self.more_behind(end, start) {
                Some(more) => more,
                None if goes_on(bytes, end) => Next::To(end),
                None => self.lost(start, "expected a comma or a bracket behind a value"),
            },
            (_, Err(NoEnd::Broken)) => self.lost(start, "expected a name and a value"),
        }
    }

    /// Whether one more envelope of an object is entered: if the first held no record, or has the same name.
    fn goes_on_in(&self, name: &[u8], value: usize) -> bool {
        let (Some(Frame::Envelope(entered, found)), Some(place)) =
            (self.state.open.last(), envelopes::place(name))
        else {
            return false;
        };
        let is_open = matches!(self.text.bytes.get(value), Some(b'{' | b'['));
        is_open && (place == *entered || self.state.found == *found)
    }

    fn close(&mut self, byte: u8, at: usize) -> Next {
        self.last = None;
        let is_closed = |frame: &Frame| (byte == b']') == (*frame == Frame::List);
        let reason = match self.state.open.iter().rposition(is_closed) {
            Some(nth) => {
                let are_all_closed = nth + 1 == self.state.open.len();
                self.state.open.truncate(nth);
                (!are_all_closed).then_some("a bracket that was opened before is not closed")
            }
            None => {
                (!self.state.recovery.is_adrift).then_some("a closing bracket that nothing opened")
            }
        };
        if let Some(reason) = reason {
            let fault = self.fault(at, reason);
            (self.each)(Found::Fault(fault));
        }
        Next::To(at + 1)
    }

    /// A text in a list.
    fn string(&mut self, start: usize) -> Next {
        let bytes = self.text.bytes;
        let end = end_of_string(bytes, start).unwrap_or(bytes.len());
        if let Some(more) = self.more_behind(end, start) {
            return more;
        }
        let text = serde_json::from_slice(&bytes[start..end]);
        let (Ok(TextField::Is(text)), true) = (text, goes_on(bytes, end)) else {
            return self.lost(start, "expected a text, and a comma or a bracket behind it");
        };
        let line = self.text.line(start);
        let inside = self.read_within(text.as_bytes(), line);
        if !inside.is_reported() {
            self.emit(&Record::default(), line);
        }
        Next::To(end)
    }

    /// A number or a word in a list.
    fn bare(&mut self, start: usize) -> Next {
        let bytes = self.text.bytes;
        let end = end_of_value(bytes, start).unwrap_or(bytes.len());
        if let Some(more) = self.more_behind(end, start) {
            return more;
        }
        if serde_json::from_slice::<IgnoredAny>(&bytes[start..end]).is_err() {
            return self.lost(start, "expected a value");
        }
        self.emit(&Record::default(), self.text.line(start));
        Next::To(end)
    }

    /// Asks for more text if a value seems to end with that at hand.
    fn more_behind(&self, end: usize, start: usize) -> Option<Next> {
        let is_whole = end < self.text.bytes.len();
        self.text.more(start, LONGEST).filter(|_| !is_whole)
    }

    /// Takes an object, or what is in it.
    pub(super) fn take(&mut self, candidate: Candidate<'_>, place: Range<usize>) {
        let line = self.text.line(place.start);
        let may_be_envelope = candidate.has_envelope && !candidate.record.is_recognised();
        let inside = match may_be_envelope {
            true => self.look_into_all(envelopes::values(&self.text.bytes[place]), line),
            false => Inside::default(),
        };
        if !inside.is_reported() {
            self.emit(&candidate.record, line);
        }
    }

    fn emit(&mut self, record: &Record<'_>, line: TextLine<'_>) {
        self.state.found += u64::from(record.is_recognised());
        let origin = self.state.recovery.origin();
        (self.each)(Found::Record {
            record,
            origin,
            line,
        });
    }

    /// Reads the first envelope that has a record in it.
    fn look_into_all(&mut self, values: Vec<&[u8]>, line: TextLine<'_>) -> Inside {
        let mut faults = 0;
        for value in values {
            let inside = self.look_into(value, line);
            faults += inside.faults;
            if inside.records > 0 {
                (0..inside.others).for_each(|_| self.emit(&Record::default(), line));
                return inside;
            }
        }
        Inside {
            faults,
            ..Inside::default()
        }
    }

    /// Reads what is in the value of an envelope: an object, a list, or the JSON that a text holds.
    fn look_into(&mut self, value: &[u8], line: TextLine<'_>) -> Inside {
        match value.first() {
            Some(b'{' | b'[') => self.read_within(value, line),
            Some(b'"') => match serde_json::from_slice(value) {
                Ok(TextField::Is(json)) => self.read_within(json.as_bytes(), line),
                Ok(_) => Inside::default(),
                Err(error) => self.unreadable(value, line, &error),
            },
            _ => Inside::default(),
        }
    }

    /// A text that may have JSON in it, and cannot be read.
    fn unreadable(
        &mut self,
        value: &[u8],
        line: TextLine<'_>,
        error: &serde_json::Error,
    ) -> Inside {
        (self.each)(Found::Fault(Malformed {
            line: line.number(),
            reason: format!("in a text: {}", reason(error)),
            bytes: value.len() as u64,
        }));
        Inside {
            faults: 1,
            ..Inside::default()
        }
    }

    fn read_within(&mut self, json: &[u8], line: TextLine<'_>) -> Inside {
        let mut inside = Inside::default();
        let start = envelopes::json_within(json).filter(|_| self.depth() < envelopes::DEEPEST);
        let Some(start) = start else { return inside };
        let mut reader = RecordReader {
            outer: self.depth() + 1,
            ..RecordReader::new(self.state.detail)
        };
        let outer = self.state.recovery.origin();
        reader.read(&json[start..], true, &mut |found| match found {
            Found::Fault(fault) => {
                inside.faults += 1;
                (self.each)(Found::Fault(fault.on(line)));
            }
            Found::Record { record, origin, .. } if record.is_recognised() => {
                inside.records += 1;
                let origin = origin.within(outer);
                (self.each)(Found::Record {
                    record,
                    origin,
                    line,
                });
            }
            Found::Record { .. } => inside.others += 1,
        });
        self.state.found += inside.records;
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{call, key, layouts, record, seen, shown};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn records_may_stand_alone_in_lists_in_envelopes_or_end_to_end() {
        let one = record(r#"{"type":"Root"}"#);
        let pretty = one.replace('{', "{\n  ").replace(',', ",\n  ");
        for (text, count) in [
            (one.clone(), 1),
            (pretty.clone(), 1),
            (format!("{pretty}\n{pretty}\n"), 2),
            (format!("{one}\n{pretty}\n{one}"), 3),
            (format!("{one}\n{one}\n\n{one}"), 3),
            (format!("{one}{one}"), 2),
            (format!("{one},{one}"), 2),
            (format!("[{one},{one}]"), 2),
            (format!("[{one} {one},]"), 2),
            (format!(r#"{{"Records":[{one},{one}],"more":1}}"#), 2),
            (format!(r#"{{"more":[{{}}],"Records":[{one},{one}]}}"#), 2),
            (
                format!(r#"{{"records":[{one}],"RECORDS":[{one}],"x":"y"}}"#),
                2,
            ),
            (format!("{{\"Records\":[{one}]}}\r\n{one}\r\n[[{one}]]"), 3),
            (format!("{{\"Records\":[{one}]}}{{\"Records\":[{one}]}}"), 2),
            ("{\"Records\":[]}".into(), 0),
            (" \n".into(), 0),
        ] {
            assert_eq!(seen(&text), vec!["OtherCaller"; count], "{text}");
        }
    }

    #[test]
    fn values_that_are_no_records_are_counted() {
        assert_eq!(
            seen("{}[5,null,\"x\",-1e3]{\"Records\":[{}]}"),
            ["NoRecord"; 6]
        );
    }

    #[test]
    fn a_cut_document_gives_the_records_before_the_cut() {
        let one = record(r#"{"type":"Root"}"#);
        let cut = seen(format!(r#"{{"Records":[{one},{one},{{"eventName":"#));
        assert_eq!(cut[..2], ["OtherCaller"; 2]);
        assert_eq!(
            cut[2..],
            ["line 1: an object without an end: EOF while parsing a value"]
        );
        let between = seen(format!("{{\"Records\":[{one}\n,{one}"));
        assert_eq!(
            between[2..],
            ["line 2: the text ends before its brackets are closed"]
        );
    }

    #[test]
    fn log_files_that_were_cut_do_not_hide_those_behind_them() {
        let names: Vec<String> = (0..10).map(|nth| format!("C{nth}")).collect();
        let files: Vec<String> = names
            .iter()
            .map(|name| format!(r#"{{"Records":[{}"#, call(name)))
            .collect();
        let mut found = seen(files.join("\n"));
        found.retain(|line| !line.starts_with("line"));
        assert_eq!(
            found,
            names.iter().map(|name| key(name)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn brackets_without_end_cost_little() {
        for bracket in ["[", "{\"a\":[", "{\"a\":", "]", "}", "{\"Records\":["] {
            let found = seen(bracket.repeat(50_000));
            assert!(!found.is_empty());
        }
    }

    /// What is found if the text comes in parts that end at these places.
    fn seen_in_parts(text: &[u8], mut ends: Vec<usize>) -> Vec<String> {
        ends.push(text.len());
        ends.sort_unstable();
        let mut reader = RecordReader::default();
        let (mut found, mut from) = (Vec::new(), 0);
        for (nth, end) in ends.iter().enumerate() {
            let is_all = nth + 1 == ends.len();
            from += reader.read(&text[from..*end], is_all, &mut |one| {
                found.push(shown(&one))
            });
        }
        assert_eq!(from, text.len());
        found
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic_and_to_an_end(bytes in prop::collection::vec(prop::sample::select(b"{}[]\"\n ,:a1\xff\\".to_vec()), 0..80)) {
            let mut count = 0;
            read(&bytes, &mut |_| count += 1);
            prop_assert!(count <= bytes.len() + 1);
        }

        #[test]
        fn parts_make_no_difference(
            layout in 0..6_usize,
            fault in prop::sample::select(vec!["", "\n", "\"", "\\", "{", "}", "[", "]", "x"]),
            at in 0..400_usize,
            ends in prop::collection::vec(0..2_000_usize, 0..6),
        ) {
            let mut broken = call("B");
            broken.insert_str(at, fault);
            let text = layouts(&[call("A"), broken, call("C"), call("D")]).swap_remove(layout);
            let ends = ends.into_iter().map(|end| end.min(text.len())).collect();
            prop_assert_eq!(seen_in_parts(text.as_bytes(), ends), seen(&text));
        }
    }
}
