//! CSV to what it holds: rows of observations, or rows that have the text of a record in one column.

use super::file_reader::{FileReader, Recognition, RecordPlace, Stopped};
use super::text::Text;
use super::{InputError, Intent};
use crate::cloudtrail::{self, ForeignForm, Found, NotACall, Origin, RecordReader};
use crate::lookup::{FactReader, FactRow};
use crate::observations::CONTEXT_FIELDS;
use crate::rows::{without_mark, Column, Header, Reader, Row, RowError};
use crate::time::Timestamp;
use memchr::memchr;
use std::borrow::Cow;

impl FileReader<'_, '_, '_> {
    /// Reads a file of rows, or says what it is instead.
    pub(super) fn read_rows(&mut self, file: usize, text: &mut Text<'_>) -> Result<(), Stopped> {
        match self.form_of_rows(text) {
            RowForm::Observations => self.read_observations(file, text),
            RowForm::Records(column) => self.read_records_in(column, file, text),
            RowForm::Known(what) => {
                self.unread(file, &what);
                Ok(())
            }
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
            form.map_or_else(foreign, |form| RowForm::Known(form.to_string()))
        }
    }

    fn read_observations(&mut self, file: usize, text: &mut Text<'_>) -> Result<(), Stopped> {
        text.read_all()?;
        let rows = FactReader::new(without_mark(text.bytes), self.plan.by, self.clock);
        let mut rows = rows.expect("the header was read before").of_file();
        let columns = OtherColumns::bind(rows.header());
        self.recognition = Recognition::Input;
        loop {
            match rows.next(&mut self.input.observations.tally) {
                Ok(None) => return Ok(()),
                Ok(Some(row)) => self.take_row(file, &row, &columns)?,
                Err(error) => {
                    let cost = rows.resume(&error);
                    self.broken_row(file, &error, cost);
                }
            }
        }
    }

    fn broken_row(&mut self, file: usize, error: &RowError, cost: usize) {
        self.fault(file, cost as u64, format_args!(" {error}"));
    }

    fn take_row(
        &mut self,
        file: usize,
        row: &FactRow<'_, '_>,
        columns: &OtherColumns,
    ) -> Result<(), Stopped> {
        let must_be_certain = self.plan.intent == Intent::Learn;
        if row.row.is_doubtful() && must_be_certain {
            self.input.observations.doubtful_rows += 1;
            return Ok(());
        }
        if let Some(error) = row.not_a_time().filter(|_| must_be_certain) {
            let file = self.name(file);
            return Err(Stopped::Input(InputError::NotATime { file, error }));
        }
        if let Ok(reading) = &row.reading {
            let values = columns.context.map(|column| values(&row.row, column));
            let values = values
                .each_ref()
                .map(|values| values.iter().map(AsRef::as_ref).collect::<Vec<&[u8]>>());
            self.input.observations.take_row(
                reading,
                row.keys,
                times(&row.row, columns.count),
                values.each_ref().map(Vec::as_slice),
            );
            self.queue.collect_if_much(&mut self.input.observations);
        }
        Ok(())
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
        let rows = Reader::new(without_mark(text.bytes));
        let mut rows = rows.expect("the header was read before");
        let column = rows.header().column(column.as_bytes());
        loop {
            match rows.next_row() {
                Ok(None) => return Ok(()),
                Ok(Some(row)) => {
                    self.take_records(file, &row, column);
                    self.queue.collect_if_much(&mut self.input.observations);
                }
                Err(error) => {
                    let cost = rows.resume(&error);
                    self.broken_row(file, &error, cost);
                }
            }
        }
    }

    /// The record, or the records, in one cell.
    fn take_records(&mut self, file: usize, row: &Row<'_, '_>, column: Column) {
        let text = row.cell(column);
        if !cloudtrail::begins_with_json(&text) {
            self.input.observations.records.count(NotACall::NoRecord);
            return;
        }
        let line = format!("row {}", row.number());
        let mut reader = RecordReader::new(self.record_detail());
        reader.read(&text, true, &mut |found| match found {
            Found::Fault(fault) => {
                self.fault(file, fault.bytes, format_args!(" {line}: {}", fault.reason));
            }
            Found::Record { record, origin, .. } => {
                let origin = match row.is_doubtful() {
                    true => Origin::Searched,
                    false => origin,
                };
                self.take_record(record, origin, RecordPlace { file, line: &line });
            }
        });
    }
}

/// The columns of observations beside key and times.
struct OtherColumns {
    count: Column,
    context: [Column; CONTEXT_FIELDS.len()],
}

impl OtherColumns {
    fn bind(header: &Header<'_>) -> Self {
        let column = |name: &str| header.column(name.as_bytes());
        Self {
            count: column("count"),
            context: CONTEXT_FIELDS.map(column),
        }
    }
}

/// What rows with a certain header are.
enum RowForm {
    /// They have the key fields.
    Observations,
    /// They have the text of a record in this column.
    Records(&'static str),
    /// They are another tool's; what that is.
    Known(String),
    /// None of these; what to say of the file.
    Foreign(String),
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
