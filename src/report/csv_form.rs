//! The result as CSV, for spreadsheets: epoch seconds, several values of a cell one a line, no formulas.

use super::found_key::TIMES;
use super::{fields_not_in, FoundKey, COUNT};
use crate::lookup::RANKING;
use crate::observations::{CONTEXT_FIELDS, SAMPLED};
use csv::ByteRecord;

/// Writes a header, which begins with some columns of its own, and the rows.
pub(super) fn write(leading: &[&str], by: &[String], rows: &[FoundKey<'_>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = std::iter::once(header(leading, by));
    for record in header.chain(rows.iter().map(record)) {
        writer
            .write_byte_record(&record)
            .expect("every row is as wide as the header, and memory can be written to");
    }
    writer.into_inner().expect("memory can be written to")
}

fn header(leading: &[&str], by: &[String]) -> ByteRecord {
    let mut header = ByteRecord::new();
    let names = leading.iter().copied().chain(TIMES).chain([COUNT]);
    let names = names.chain(by.iter().map(String::as_str));
    let mut add = |name: &str| header.push_field(name.as_bytes());
    let (sampled, of_first_call) = CONTEXT_FIELDS.split_at(SAMPLED);
    names.for_each(&mut add);
    fields_not_in(by, sampled).for_each(&mut add);
    fields_not_in(by, sampled).for_each(|name| add(&format!("{name}_count")));
    fields_not_in(by, of_first_call).for_each(&mut add);
    RANKING.iter().for_each(|column| add(column.name));
    header
}

fn record(row: &FoundKey<'_>) -> ByteRecord {
    let mut record = ByteRecord::new();
    if let Some(run) = row.alert {
        record.push_field(run.time.to_string().as_bytes());
        record.push_field(run.search.as_bytes());
        record.push_field(run.has_returned.to_string().as_bytes());
    }
    for time in row.times() {
        let text = time.map(|time| time.to_string());
        record.push_field(text.unwrap_or_default().as_bytes());
    }
    record.push_field(row.observed.count.to_string().as_bytes());
    for (_, value) in row.key() {
        record.push_field(&defused(value));
    }
    for (_, sample) in row.samples() {
        let values: Vec<&[u8]> = sample.values().collect();
        record.push_field(&defused(&values.join(&b'\n')));
    }
    for (_, sample) in row.samples() {
        record.push_field(sample.number().to_string().as_bytes());
    }
    for (_, value) in row.first_call() {
        record.push_field(&defused(value));
    }
    for column in RANKING {
        let cell = row.explanation.as_ref().map(column.cell);
        record.push_field(cell.unwrap_or_default().as_bytes());
    }
    record
}

/// A text that no spreadsheet takes for a formula.
fn defused(text: &[u8]) -> Vec<u8> {
    let is_formula = matches!(
        text.first(),
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')
    );
    let quote: &[u8] = if is_formula { b"'" } else { b"" };
    [quote, text].concat()
}
