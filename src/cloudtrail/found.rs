//! What a text holds, as the reader hands it on: records, what could not be read, and where that was.

use super::record::Record;
use memchr::memchr_iter;
use std::fmt;
use thiserror::Error;

/// One thing that was found, in the order of the text.
#[derive(Debug)]
pub enum Found<'a> {
    /// A record, or a JSON value that is none.
    Record {
        /// What it holds.
        record: &'a Record<'a>,
        /// How far its place can be trusted.
        origin: Origin,
        /// Where it begins.
        line: TextLine<'a>,
    },
    /// Text that could not be read.
    Fault(Malformed),
}

/// How far the place of a record can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It stands where a record stands.
    InOrder,
    /// It was searched for behind text that has no end, and stands perhaps inside that text, where somebody may have put it. It is to be
    /// detected, and not to be learned.
    Searched,
}

/// Text that could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}: {reason}")]
pub struct Malformed {
    /// The line on which reading stopped, from 1.
    pub line: u64,
    /// What was expected there.
    pub reason: String,
    /// How many bytes were passed over before reading went on.
    pub bytes: u64,
}

impl Origin {
    /// The origin of what stands within something of that origin.
    pub(super) fn within(self, outer: Self) -> Self {
        match outer {
            Self::InOrder => self,
            Self::Searched => Self::Searched,
        }
    }
}

impl Malformed {
    /// The same fault, in a text that stands on that line.
    pub(super) fn on(self, line: TextLine<'_>) -> Self {
        let line = line.number();
        Self { line, ..self }
    }
}

/// The line of something, counted when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct TextLine<'a> {
    /// Line ends before the text.
    before: u64,
    /// What stands before it.
    text: &'a [u8],
}

impl<'a> TextLine<'a> {
    pub(super) fn of(before: u64, text: &'a [u8]) -> Self {
        Self { before, text }
    }

    /// The line, from 1.
    pub fn number(self) -> u64 {
        1 + self.before + line_ends(self.text)
    }
}

/// `line 7`.
impl fmt::Display for TextLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.number())
    }
}

/// How many line ends a text has.
pub(super) fn line_ends(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}
