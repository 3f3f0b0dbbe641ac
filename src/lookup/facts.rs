//! The loop over the rows of a body: each row with its keys and what it holds about them, or with the reason to skip it.
//!
//! Every command and verb reads rows through this. What to do about a row is the caller's; that it is counted is done here.

use super::{Clock, Columns, NotATimeIn, Reading, Skip, Tally, TimeCell};
use crate::keys::RowKeys;
use crate::rows::{Header, Reader, Row, RowError};

/// Reads the facts of one body.
///
/// ```
/// use unseen::lookup::{Clock, FactReader, Tally};
/// use unseen::time::Timestamp;
///
/// let now = Timestamp::from_seconds(1_700_000_000);
/// let by = ["user".to_owned(), "command".to_owned()];
/// let body = b"user,command,firstTime\nadmin,s3:GetObject,1699999999\n,s3:PutObject,1699999999\n";
/// let mut rows = FactReader::new(body, &by, Clock { now, as_of: now, earliest: Timestamp(1) }).unwrap();
/// let mut tally = Tally::new(by.len());
/// let row = rows.next(&mut tally).unwrap().unwrap();
/// assert!(row.reading.is_ok() && row.keys.count() == 1);
/// let row = rows.next(&mut tally).unwrap().unwrap();
/// assert!(row.reading.is_err() && tally.no_key == 1);
/// ```
pub struct FactReader<'b> {
    reader: Reader<'b>,
    by: Vec<String>,
    columns: Columns,
    clock: Clock,
    keys: RowKeys<'b>,
}

/// One row.
pub struct FactRow<'r, 'b> {
    /// Its cells.
    pub row: Row<'r, 'b>,
    /// The keys that it stands for; of no use if the row is skipped.
    pub keys: &'r RowKeys<'b>,
    /// What it holds about them, or why it is skipped.
    pub reading: Result<Reading, Skip>,
    by: &'r [String],
}

impl FactRow<'_, '_> {
    /// The error that names the first time in the row that is not a number, if there is one.
    pub fn not_a_time(&self) -> Option<NotATimeIn> {
        let column = self.reading.ok()?.bad_time?;
        Some(NotATimeIn(TimeCell::new(
            column, &self.row, self.by, self.keys,
        )))
    }
}

impl<'b> FactReader<'b> {
    /// Reads the header of a body, for keys made of the fields `by`.
    ///
    /// # Errors
    /// A header that is no CSV.
    pub fn new(body: &'b [u8], by: &[String], clock: Clock) -> Result<Self, RowError> {
        let reader = Reader::new(body)?;
        Ok(Self {
            columns: Columns::bind(reader.header(), by),
            reader,
            by: by.to_vec(),
            clock,
            keys: RowKeys::default(),
        })
    }

    /// Reads also the forms that spreadsheets and people make of a cell: dates and times in ISO-8601, and `true`.
    #[must_use]
    pub fn of_file(self) -> Self {
        Self {
            columns: self.columns.of_file(),
            ..self
        }
    }

    /// The header of the body.
    pub fn header(&self) -> &Header<'b> {
        self.reader.header()
    }

    /// Goes on behind a row that could not be read, and returns the length of the line that it costs.
    pub fn resume(&mut self, error: &RowError) -> usize {
        self.reader.resume(error)
    }

    /// The next row, or none at the end; what is odd about it is counted in `tally`.
    ///
    /// # Errors
    /// A row that is no CSV, or not as wide as the header.
    #[inline]
    pub fn next(&mut self, tally: &mut Tally) -> Result<Option<FactRow<'_, 'b>>, RowError> {
        let Some(row) = self.reader.next_row()? else {
            return Ok(None);
        };
        let reading = self.columns.read(&row, self.clock, &mut self.keys);
        let keys = &self.keys;
        tally.count(&reading, keys, |column| {
            TimeCell::new(column, &row, &self.by, keys)
        });
        Ok(Some(FactRow {
            row,
            keys,
            reading,
            by: &self.by,
        }))
    }
}

/// What is counted of a body whose keys are made of `user` and `command`.
#[cfg(test)]
pub(super) fn tally_of(body: &str) -> Tally {
    use crate::time::Timestamp;
    let by = ["user".to_owned(), "command".to_owned()];
    let now = Timestamp::from_seconds(1_700_000_000);
    let clock = Clock {
        now,
        as_of: now,
        earliest: Timestamp(1),
    };
    let mut tally = Tally::new(by.len());
    let mut rows = FactReader::new(body.as_bytes(), &by, clock).expect("a header");
    while rows.next(&mut tally).expect("rows").is_some() {}
    tally
}
