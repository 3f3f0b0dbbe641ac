//! The result as JSON, for programs: one object a line, values as they are; bytes that are not UTF-8 are replaced.

use super::found_key::{ALERT_RUN, TIMES};
use super::{FoundKey, COUNT};
use crate::lookup::RANKING;
use crate::observations::ValueSample;
use crate::time::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// Writes the rows.
pub(super) fn write(rows: &[FoundKey<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut out, row).expect("memory can be written to");
        out.push(b'\n');
    }
    out
}

impl Serialize for FoundKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        if let Some(run) = self.alert {
            let [time, search, returned] = ALERT_RUN;
            object.serialize_entry(time, &seconds(run.time))?;
            object.serialize_entry(search, run.search)?;
            object.serialize_entry(returned, &run.has_returned)?;
        }
        for (name, time) in TIMES.into_iter().zip(self.times()) {
            object.serialize_entry(name, &time.map(seconds))?;
        }
        object.serialize_entry(COUNT, &self.observed.count)?;
        for (name, value) in self.key() {
            object.serialize_entry(name, &String::from_utf8_lossy(value))?;
        }
        for (name, sample) in self.samples() {
            object.serialize_entry(name, &texts(sample))?;
            object.serialize_entry(&format!("{name}_count"), &sample.number())?;
        }
        for (name, value) in self.first_call() {
            let text = (!value.is_empty()).then(|| String::from_utf8_lossy(value));
            object.serialize_entry(name, &text)?;
        }
        for column in RANKING {
            let cell = self.explanation.as_ref().map(column.cell);
            let cell = cell.filter(|cell| !cell.is_empty());
            match column.is_number {
                true => object.serialize_entry(column.name, &cell.map(number))?,
                false => object.serialize_entry(column.name, &cell)?,
            }
        }
        object.end()
    }
}

fn texts(sample: &ValueSample) -> Vec<std::borrow::Cow<'_, str>> {
    sample.values().map(String::from_utf8_lossy).collect()
}

/// Epoch seconds, exact to the microsecond: a number in JSON, which no double could hold.
fn seconds(time: Timestamp) -> Box<RawValue> {
    number(time.to_string())
}

/// A decimal number with the digits that it has as text.
fn number(decimal: String) -> Box<RawValue> {
    RawValue::from_string(decimal).expect("decimal digits are a number in JSON")
}
