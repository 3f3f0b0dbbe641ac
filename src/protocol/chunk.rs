//! One chunk of the search command protocol: the frame, and nothing above it.
//!
//! `chunked 1.0,<metadata bytes>,<body bytes>\n`, then the metadata (JSON), then the body (CSV). Lengths count bytes, not
//! characters. This module knows neither JSON nor CSV. It is lenient about blanks in the header and about line ends
//! between chunks, as Splunk's own readers are, and strict in what it writes.
//!
//! Source: Splunk SDK for Python, `searchcommands/internals.py`; sessions recorded from splunkd 6.3 in
//! `tests/data/recordings`, which also hold the stray line ends.

use std::io::{self, BufRead, Read, Write};
use thiserror::Error;

/// No header line is longer than this: two numbers of twenty digits and some blanks.
const LONGEST_HEADER: u64 = 128;

/// Why no chunk could be read.
#[derive(Debug, Error)]
pub enum ChunkError {
    /// The bytes where a chunk should begin are not a chunk header.
    #[error("expected a header `chunked 1.0,<metadata bytes>,<body bytes>`, got {got}")]
    BadHeader {
        /// What came: its text as far as that could be a header, since other text may be metadata, and hold a session key.
        got: String,
    },
    /// The stream ended inside a chunk: the other side is gone.
    #[error("the chunk ended after {got} of {expected} bytes")]
    Cut {
        /// Bytes that the header promised.
        expected: u64,
        /// Bytes that came.
        got: u64,
    },
    /// The stream could not be read.
    #[error("the chunk could not be read")]
    Io(#[from] io::Error),
}

/// The two parts of a chunk, in buffers that are used again for the next one.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The metadata, JSON. May be empty.
    pub metadata: Vec<u8>,
    /// The body, CSV. May be empty.
    pub body: Vec<u8>,
}

impl Chunk {
    /// Reads the next chunk into `self`; `false` if the stream ends before one begins.
    ///
    /// Memory grows with the bytes that come, never with the lengths that a header claims.
    ///
    /// # Errors
    /// See [`ChunkError`].
    pub fn read(&mut self, reader: &mut impl BufRead) -> Result<bool, ChunkError> {
        let Some((metadata, body)) = read_header(reader)? else {
            return Ok(false);
        };
        fill(reader, &mut self.metadata, metadata)?;
        fill(reader, &mut self.body, body)?;
        Ok(true)
    }
}

/// Reads the two lengths, or nothing at the end of the stream.
fn read_header(reader: &mut impl BufRead) -> Result<Option<(u64, u64)>, ChunkError> {
    let mut line = Vec::new();
    loop {
        line.clear();
        reader
            .by_ref()
            .take(LONGEST_HEADER)
            .read_until(b'\n', &mut line)?;
        match line.as_slice() {
            [] => return Ok(None),
            b"\n" | b"\r\n" => {}
            _ => break,
        }
    }
    match lengths(&line) {
        Some(lengths) => Ok(Some(lengths)),
        None if is_cut_header(&line) => Err(ChunkError::Cut {
            expected: line.len() as u64 + 1,
            got: line.len() as u64,
        }),
        None => Err(ChunkError::BadHeader {
            got: described(&line),
        }),
    }
}

fn lengths(line: &[u8]) -> Option<(u64, u64)> {
    let line = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let mut parts = line.split(',');
    let (name, metadata, body) = (parts.next()?, parts.next()?, parts.next()?);
    let is_chunked = name
        .strip_prefix("chunked")
        .is_some_and(|version| version.starts_with([' ', '\t']) && version.trim() == "1.0");
    (is_chunked && parts.next().is_none()).then_some((length(metadata)?, length(body)?))
}

/// A decimal number and nothing else: no sign, which `str::parse` would allow.
fn length(text: &str) -> Option<u64> {
    let digits = text.trim();
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

/// Whether a line without an end could have become a header, had the stream gone on.
fn is_cut_header(line: &[u8]) -> bool {
    const START: &[u8] = b"chunked 1.0,";
    let shared = line.len().min(START.len());
    !line.ends_with(b"\n")
        && line[..shared] == START[..shared]
        && line[shared..]
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b','))
}

/// A line that is no header, shown without a byte that could be anything else than a header's.
fn described(line: &[u8]) -> String {
    const LONGEST: usize = 60;
    const NAME: &[u8] = b"chunked";
    let is_of_header =
        |byte: &&u8| matches!(byte, b'0'..=b'9' | b',' | b'.' | b'+' | b'-' | b' ' | b'\t');
    let length = match line.strip_prefix(NAME) {
        Some(rest) => NAME.len() + rest.iter().take_while(is_of_header).count(),
        None => 0,
    };
    match String::from_utf8_lossy(&line[..length.min(LONGEST)]).trim_end() {
        "" => "other bytes".to_owned(),
        text if length == line.trim_ascii_end().len() => format!("`{text}`"),
        text => format!("`{text}` and other bytes"),
    }
}

/// Reads exactly `length` bytes into `buffer`, which grows as they come.
fn fill(reader: &mut impl BufRead, buffer: &mut Vec<u8>, length: u64) -> Result<(), ChunkError> {
    buffer.clear();
    let got = reader.by_ref().take(length).read_to_end(buffer)? as u64;
    if got < length {
        return Err(ChunkError::Cut {
            expected: length,
            got,
        });
    }
    Ok(())
}

/// Writes one chunk and flushes it.
///
/// # Errors
/// Those of `writer`; a broken pipe means that nobody reads any more.
pub fn write_chunk(writer: &mut impl Write, metadata: &[u8], body: &[u8]) -> io::Result<()> {
    writeln!(writer, "chunked 1.0,{},{}", metadata.len(), body.len())?;
    writer.write_all(metadata)?;
    writer.write_all(body)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Metadata and body.
    type Parts = (Vec<u8>, Vec<u8>);

    fn read(bytes: &[u8]) -> Result<Option<Parts>, ChunkError> {
        let mut chunk = Chunk::default();
        let came = chunk.read(&mut &bytes[..])?;
        Ok(came.then_some((chunk.metadata, chunk.body)))
    }

    #[test]
    fn lengths_count_bytes_not_characters() {
        let (metadata, body) = read("chunked 1.0,4,3\n{é}aé".as_bytes()).unwrap().unwrap();
        assert_eq!((metadata, body), ("{é}".into(), "aé".into()));
    }

    #[test]
    fn blanks_in_a_header_and_line_ends_before_it_are_forgiven() {
        for header in [
            "chunked 1.0,2,0\n",
            "chunked  1.0 , 2 , 0 \n",
            "\n\r\nchunked 1.0,2,0\n",
            "chunked 1.0,2,0\r\n",
        ] {
            assert_eq!(
                read(format!("{header}{{}}").as_bytes()).unwrap().unwrap().0,
                b"{}",
                "{header:?}"
            );
        }
    }

    #[test]
    fn anything_else_is_no_header() {
        for line in [
            "chunked 2.0,2,0\n",
            "chunked1.0,2,0\n",
            "chunked 1.0,-2,0\n",
            "chunked 1.0,+2,0\n",
            "chunked 1.0,,0\n",
            "chunked 1.0,2\n",
            "chunked 1.0,2,0,0\n",
            "chunked 1.0,99999999999999999999,0\n",
            "hello\n",
        ] {
            assert!(
                matches!(read(line.as_bytes()), Err(ChunkError::BadHeader { .. })),
                "{line:?}"
            );
        }
    }

    #[test]
    fn what_came_instead_of_a_header_is_shown_only_as_far_as_it_looks_like_one() {
        for (line, shown) in [
            ("chunked 2.0,2,0\n", "`chunked 2.0,2,0`"),
            ("chunked 1.0,-2,0\r\n", "`chunked 1.0,-2,0`"),
            (
                "chunked 1.0,7,0{\"session_key\":\"SECRET\"}\n",
                "`chunked 1.0,7,0` and other bytes",
            ),
            ("\"session_key\":\"SECRET\"}\n", "other bytes"),
            ("chunkedSECRET\n", "`chunked` and other bytes"),
        ] {
            let error = read(line.as_bytes()).unwrap_err().to_string();
            assert!(error.ends_with(&format!("got {shown}")), "{error}");
        }
    }

    #[test]
    fn the_end_of_the_stream_before_a_chunk_is_an_end_and_inside_one_a_cut() {
        let whole = b"chunked 1.0,2,3\n{}abc";
        assert!(matches!(read(b""), Ok(None)));
        for cut in 1..whole.len() {
            assert!(
                matches!(read(&whole[..cut]), Err(ChunkError::Cut { .. })),
                "cut at {cut}"
            );
        }
        assert!(matches!(read(whole), Ok(Some(_))));
    }

    #[test]
    fn a_header_that_claims_more_than_comes_allocates_only_what_comes() {
        let mut chunk = Chunk::default();
        let claim = b"chunked 1.0,4000000000,4000000000\n{}";
        assert!(matches!(
            chunk.read(&mut &claim[..]),
            Err(ChunkError::Cut {
                expected: 4_000_000_000,
                got: 2
            })
        ));
        assert!(chunk.metadata.capacity() < 1 << 20);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(metadata in any::<Vec<u8>>(), body in any::<Vec<u8>>()) {
            let mut bytes = Vec::new();
            write_chunk(&mut bytes, &metadata, &body).unwrap();
            prop_assert_eq!(read(&bytes).unwrap(), Some((metadata, body)));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in any::<Vec<u8>>()) {
            let _ = read(&bytes);
        }
    }
}
