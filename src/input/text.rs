//! The text of one file: inflated if it is compressed, as far as it has been read.
//!
//! Gzip is known by its first two bytes. Where a compressed stream breaks off, the text ends, and the reason is kept.

use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufReader, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The text of a file, inflated if it is compressed, as far as it has been read.
pub(super) struct Text<'t> {
    reader: Box<dyn Read + 't>,
    pub(super) is_gzip: bool,
    /// What is read and not yet used.
    pub(super) bytes: &'t mut Vec<u8>,
    pub(super) is_at_end: bool,
    /// What is wrong with the compressed stream; the text ends there.
    pub(super) broken: Option<io::Error>,
}

impl<'t> Text<'t> {
    pub(super) fn open(raw: &'t mut dyn Read, bytes: &'t mut Vec<u8>) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(2);
        raw.take(2).read_to_end(&mut magic)?;
        let is_gzip = magic == [0x1f, 0x8b];
        let whole = io::Cursor::new(magic).chain(raw);
        let reader: Box<dyn Read + 't> = if is_gzip {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(
                1 << 17,
                whole,
            )))
        } else {
            Box::new(whole)
        };
        Ok(Self {
            reader,
            is_gzip,
            bytes,
            is_at_end: false,
            broken: None,
        })
    }

    pub(super) fn read_more(&mut self, limit: usize) -> io::Result<()> {
        match (&mut self.reader)
            .take(limit as u64)
            .read_to_end(self.bytes)
        {
            Ok(read) => {
                self.is_at_end = read < limit;
                Ok(())
            }
            Err(error) if self.is_gzip && is_about_content(&error) => {
                self.is_at_end = true;
                self.broken = Some(error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn read_all(&mut self) -> io::Result<()> {
        while !self.is_at_end {
            self.read_more(usize::MAX >> 1)?;
        }
        Ok(())
    }
}

/// Whether inflating failed, not reading.
fn is_about_content(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

/// Counts the bytes that are read, and fails if reading is to end.
pub(super) struct Counted<'r> {
    pub(super) raw: &'r mut dyn Read,
    pub(super) bytes: &'r AtomicU64,
    pub(super) interrupted: &'r AtomicBool,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(io::Error::other("reading was interrupted"));
        }
        let read = self.raw.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
