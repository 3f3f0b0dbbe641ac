//! Writes rows: cells separated by commas, quoted where they must be, LF at the end.
//!
//! Knows nothing of headers: the caller writes one as the first row and keeps every row as wide. splunkd accepts minimal
//! quoting and LF (recorded, 8.2.1).

use memchr::{memchr, memchr3};

/// Appends rows to a byte buffer.
#[derive(Debug)]
pub struct Writer<'o> {
    out: &'o mut Vec<u8>,
    cells: usize,
    row_starts: usize,
}

impl<'o> Writer<'o> {
    /// Writes behind whatever `out` already holds.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        let row_starts = out.len();
        Self {
            out,
            cells: 0,
            row_starts,
        }
    }

    /// Writes one cell, quoted if its text could be taken for anything but one cell.
    pub fn cell(&mut self, text: &[u8]) {
        self.append(|out| {
            if needs_quotes(text) {
                quote(text, out);
            } else {
                out.extend_from_slice(text);
            }
        });
    }

    /// Begins a row with all cells of one that was written before, as it stands in its body: its line end is left out.
    pub fn cells_of(&mut self, row: &[u8]) {
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        self.append(|out| out.extend_from_slice(row));
    }

    /// Writes one cell through `write`, which must append neither comma, quote nor line end: a number, a digest.
    pub fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.cells > 0 {
            self.out.push(b',');
        }
        self.cells += 1;
        write(self.out);
    }

    /// Ends the row. A row of one empty cell is written `""`, since a blank line is no row.
    pub fn end_row(&mut self) {
        if self.out.len() == self.row_starts {
            self.out.extend_from_slice(b"\"\"");
        }
        self.out.push(b'\n');
        self.cells = 0;
        self.row_starts = self.out.len();
    }
}

fn needs_quotes(text: &[u8]) -> bool {
    memchr3(b',', b'"', b'\n', text).is_some() || memchr(b'\r', text).is_some()
}

fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::super::Reader;
    use super::*;
    use proptest::prelude::*;

    fn write(rows: &[Vec<Vec<u8>>]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        for row in rows {
            for cell in row {
                writer.cell(cell);
            }
            writer.end_row();
        }
        out
    }

    #[test]
    fn a_cell_is_quoted_only_where_it_must_be() {
        let row = ["plain text", "", "a,b", "say \"hi\"", "two\nlines", "=1+1"]
            .map(|cell| cell.as_bytes().to_vec());
        assert_eq!(
            write(&[row.to_vec()]),
            b"plain text,,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",=1+1\n"
        );
    }

    #[test]
    fn an_empty_first_cell_still_takes_its_place_and_a_lone_one_is_no_blank_line() {
        assert_eq!(
            write(&[vec![b"".to_vec(), b"x".to_vec()], vec![b"".to_vec()]]),
            b",x\n\"\"\n"
        );
    }

    #[test]
    fn a_row_that_was_written_before_gets_further_cells() {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        for row in ["a,\"b\nc\"\n", "a,\r\n", "\"\""] {
            writer.cells_of(row.as_bytes());
            writer.cell(b"x,y");
            writer.end_row();
        }
        assert_eq!(out, b"a,\"b\nc\",\"x,y\"\na,,\"x,y\"\n\"\",\"x,y\"\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            rows in (1usize..4).prop_flat_map(|width| {
                let cell = proptest::collection::vec(proptest::sample::select(b"a,\"\r\n\xff".to_vec()), 0..4);
                proptest::collection::vec(proptest::collection::vec(cell, width), 1..5)
            })
        ) {
            let body = write(&rows);
            let mut reader = Reader::new(&body).unwrap();
            let mut read = vec![reader.header().names().iter().map(|name| name.to_vec()).collect::<Vec<_>>()];
            while let Some(row) = reader.next_row().unwrap() {
                read.push(row.cells().map(|cell| cell.into_owned()).collect());
            }
            prop_assert_eq!(read, rows);
        }
    }
}
