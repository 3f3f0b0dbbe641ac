//! The CSV dialect in which splunkd and a search command exchange rows: read, write, multivalue.
//!
//! Bytes in, bytes out: cells need not be UTF-8, may hold newlines, and are handed out without copying wherever the
//! chunk already holds their text. This module knows nothing of chunks, of baselines, or of what a column means.
//!
//! | direction | quoting | row ends | multivalue |
//! | --- | --- | --- | --- |
//! | splunkd writes | every cell but `[A-Za-z0-9]*` | LF | a twin `__mv_X` for each column `X`, after all plain columns |
//! | this module reads | any, quoted or not | LF or CRLF, the last one may be missing | twins anywhere, or none |
//! | this module writes | only where needed | LF | none needed: keys are single values |
//!
//! Source: sessions recorded from splunkd 6.3 (`tests/data/recordings`), on which every cell is read back by a test.

mod multivalue;
mod reader;
mod writer;

pub use multivalue::{decode, encode};
pub use reader::{Column, Header, Reader, Row, RowError};
pub use writer::Writer;

/// A text without the mark that some programs put before UTF-8.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
