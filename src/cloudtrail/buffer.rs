//! The part of a text that is at hand, and what is known of the rest.

use super::found::TextLine;
use memchr::memchr_iter;

/// No record is as long, and no value that is looked at as a whole may be.
pub(super) const LONGEST: usize = 8 << 20;

/// An object that is larger is entered, if it may be an envelope, before it is at hand as a whole.
pub(super) const LARGE: usize = 1 << 20;

/// The part of a text that is at hand.
#[derive(Clone, Copy)]
pub(super) struct Buffer<'t> {
    pub(super) bytes: &'t [u8],
    /// Nothing follows.
    pub(super) is_all: bool,
    /// Line ends before it.
    pub(super) lines: u64,
    /// A line begins with it.
    pub(super) begins_line: bool,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Go on there.
    To(usize),
    /// Come again with more text, from there on.
    More(usize),
    /// All is read.
    End,
}

impl<'t> Buffer<'t> {
    pub(super) fn line(self, at: usize) -> TextLine<'t> {
        TextLine::of(self.lines, &self.bytes[..at])
    }

    /// Whether a line begins there.
    pub(super) fn begins_line(self, at: usize) -> bool {
        match at.checked_sub(1) {
            Some(before) => self.bytes[before] == b'\n',
            None => self.begins_line,
        }
    }

    /// What is at hand from `start` on, up to so many bytes.
    pub(super) fn reach(self, start: usize, longest: usize) -> &'t [u8] {
        &self.bytes[start..self.bytes.len().min(start + longest)]
    }

    /// Asks for more text, if there is any, and what begins at `from` can still become whole.
    pub(super) fn more(self, from: usize, longest: usize) -> Option<Next> {
        let may_end = !self.is_all && self.bytes.len() - from < longest;
        may_end.then_some(Next::More(from))
    }

    /// Where serde_json met a fault in the value that begins at `start`: the byte it was about to read or had just read.
    pub(super) fn place_of(self, error: &serde_json::Error, start: usize) -> usize {
        let value = &self.bytes[start..];
        let line_start = match error.line() {
            0 | 1 => 0,
            line => memchr_iter(b'\n', value)
                .nth(line - 2)
                .map_or(0, |end| end + 1),
        };
        let column = line_start + error.column();
        start + column.saturating_sub(1).min(value.len())
    }
}

/// What serde_json has to say, without its line and column, which count from the start of the value.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.split(" at line ").next();
    reason.unwrap_or_default().to_owned()
}
