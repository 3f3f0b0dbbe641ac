//! CSV to what it holds: rows of observations, or rows that have the text of a record in one column.

use super::file_reader::{FileReader, Stopped};
use super::text::Text;
use super::{BadTimes, InputError};
use crate::cloudtrail::{self, ForeignForm, Found, NotACall};
use crate::lookup::{FactReader, FactRow, NotATimeIn};
use crate::observations::CONTEXT_FIELDS;
use crate::rows::{Column, Reader, Row, RowError};
use crate::time::Timestamp;
use memchr::memchr;
use std::borrow::Cow;

impl FileReader<'_, '_> {
    /// Reads a file of rows, or says what it is instead.
    pub(super) fn read_rows(&mut self, file: usize, text: &mut Text<'_>) -> Result<(), Stopped> {
        match self.form_of_rows(text) {
            RowForm::Observations => self.read_observations(file, text),
            RowForm::Records(column) => self.read_records_in(column, file, text),
            RowForm::Foreign(what) => {
                self.foreign(file, &what);
                Ok(())
            }
        }
    }

    fn form_of_rows(&self, text: &Text<'_>) -> RowForm {
        let foreign = || {
            let by = self.plan.by.join(", ");
            RowForm::Foreign(format!(
                "is neither CloudTrail JSON nor CSV with the columns {by}"
            ))
        };
        let could_be_a_header = text.is_at_end || memchr(b'\n', text.bytes).is_some();
        let Ok(reader) = Reader::new(without_mark(text.bytes)) else {
            return foreign();
        };
        let header = reader.header();
        let has = |field: &str| header.column(field.as_bytes()).is_present();
        let record_column = || cloudtrail::CSV_COLUMNS.into_iter().find(|name| has(name));
        if !could_be_a_header {
            foreign()
        } else if self.plan.by.iter().all(|field| has(field)) {
            RowForm::Observations
        } else if let Some(column) = record_column() {
            RowForm::Records(column)
        } else {
            let names = header.names().iter().map(AsRef::as_ref);
            let form = ForeignForm::of_columns(names);
            form.map_or_else(foreign, |form| RowForm::Foreign(form.to_string()))
        }
    }

    fn read_observations(&mut self, file: usize, text: &mut Text<'_>) -> Result<(), Stopped> {
        text.read_all()?;
        match self.take_rows(without_mark(text.bytes)) {
            Ok(()) => {}
            Err(RowsStopped::Broken(error)) => self.broken_rows(file, &error),
            Err(RowsStopped::NotATime(error)) => {
                let file = self.name(file);
                return Err(Stopped::Input(InputError::NotATime { file, error }));
            }
        }
        Ok(())
    }

    fn broken_rows(&mut self, file: usize, error: &RowError) {
        self.fault(file, format_args!(" {error}, so its rest is missing"));
    }

    /// Rows that have the text of a record in one column.
    fn read_records_in(
        &mut self,
        column: &str,
        file: usize,
        text: &mut Text<'_>,
    ) -> Result<(), Stopped> {
        self.expect_key_of_records(file)?;
        text.read_all()?;
        if let Err(error) = self.take_records_in(column, file, without_mark(text.bytes)) {
            self.broken_rows(file, &error);
        }
        Ok(())
    }

    fn take_records_in(&mut self, column: &str, file: usize, body: &[u8]) -> Result<(), RowError> {
        let mut reader = Reader::new(body)?;
        let column = reader.header().column(column.as_bytes());
        while let Some(row) = reader.next_row()? {
            let text = row.cell(column);
            if !cloudtrail::begins_with_json(&text) {
                self.input.observations.records.count(NotACall::NoRecord);
                continue;
            }
            cloudtrail::read(&text, &mut |found| match found {
                Found::Fault(fault) => {
                    let (row, reason) = (row.number(), fault.reason);
                    self.fault(file, format_args!(" row {row}: {reason}"));
                }
                found => self.take(file, found),
            });
        }
        Ok(())
    }

    fn take_rows(&mut self, body: &[u8]) -> Result<(), RowsStopped> {
        let observations = &mut self.input.observations;
        let mut rows = FactReader::new(body, self.plan.by, self.clock)?;
        let count = rows.header().column(b"count");
        let context = CONTEXT_FIELDS.map(|name| rows.header().column(name.as_bytes()));
        while let Some(row) = rows.next(&mut observations.tally)? {
            if let (Some(error), BadTimes::Stop) = (row.not_a_time(), self.plan.bad_times) {
                return Err(RowsStopped::NotATime(error));
            }
            let FactRow {
                row, keys, reading, ..
            } = row;
            let Ok(reading) = reading else { continue };
            let values = context.map(|column| values(&row, column));
            let values = values
                .each_ref()
                .map(|values| values.iter().map(AsRef::as_ref).collect::<Vec<&[u8]>>());
            observations.take_row(
                &reading,
                keys,
                times(&row, count),
                values.each_ref().map(Vec::as_slice),
            );
        }
        Ok(())
    }
}

/// What rows with a certain header are.
enum RowForm {
    /// They have the key fields.
    Observations,
    /// They have the text of a record in this column.
    Records(&'static str),
    /// Neither; what to say of the file.
    Foreign(String),
}

/// Why rows were not read to their end.
enum RowsStopped {
    Broken(RowError),
    NotATime(NotATimeIn),
}

impl From<RowError> for RowsStopped {
    fn from(error: RowError) -> Self {
        Self::Broken(error)
    }
}

fn values<'b>(row: &Row<'_, 'b>, column: Column) -> Vec<Cow<'b, [u8]>> {
    let mut values = Vec::new();
    row.values(column, &mut values);
    values
}

/// How many events a row stands for: its `count`, else one.
fn times(row: &Row<'_, '_>, count: Column) -> u64 {
    let count = Timestamp::parse(&row.cell(count)).ok().flatten();
    count.map_or(1, |count| count.seconds().max(0).unsigned_abs())
}

/// A text without the mark that some programs put before UTF-8.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
