//! Writes the rows of the next baseline, in the columns of the schema.

use super::row_key::RowKeyCache;
use super::schema;
use crate::baseline::{Maturity, Sighting};
use crate::keys::Value;
use crate::rows::Writer;
use crate::time::Timestamp;

/// Writes the lookup's rows: the key fields, both sightings, the flag, and the row's name.
pub struct BaselineWriter {
    columns: Vec<String>,
    row_keys: RowKeyCache,
}

impl BaselineWriter {
    /// A writer for keys made of the fields `by`.
    pub fn new(by: &[String]) -> Self {
        Self {
            columns: schema::stored_fields(by),
            row_keys: RowKeyCache::new(by.len()),
        }
    }

    /// Appends the header.
    pub fn header(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out);
        let names = self.columns.iter();
        names.for_each(|name| writer.cell(name.as_bytes()));
        writer.end_row();
    }

    /// Appends one row.
    pub fn row<'v>(
        &mut self,
        key: impl Iterator<Item = Value<'v>> + Clone,
        sighting: Sighting,
        maturity: Maturity,
        out: &mut Vec<u8>,
    ) {
        let row_key = self.row_keys.of(key.clone());
        let mut writer = Writer::new(out);
        key.for_each(|value| writer.cell(value.text));
        writer.append(|out| write_time(sighting.first(), out));
        writer.append(|out| write_time(sighting.last(), out));
        writer.append(|out| out.push(flag(maturity)));
        writer.append(|out| out.extend_from_slice(&row_key));
        writer.end_row();
    }
}

fn write_time(time: Option<Timestamp>, out: &mut Vec<u8>) {
    if let Some(time) = time {
        time.write_to(out);
    }
}

fn flag(maturity: Maturity) -> u8 {
    match maturity {
        Maturity::Mature => b'1',
        Maturity::Learning => b'0',
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Clock, FactReader, Tally};
    use super::*;
    use crate::baseline::StoredSighting;

    #[test]
    fn a_written_row_is_read_back() {
        let by = ["user".to_owned()];
        let mut writer = BaselineWriter::new(&by);
        let mut body = Vec::new();
        writer.header(&mut body);
        let sighting = Sighting::new(Some(Timestamp(1_500_000)), None);
        let value = Value {
            number: 0,
            text: b"a,b",
        };
        writer.row([value].into_iter(), sighting, Maturity::Mature, &mut body);
        let text = std::str::from_utf8(&body).unwrap();
        assert!(
            text.starts_with("user,firstTimeSeen,lastTimeSeen,enough_data,_key\n\"a,b\",1.5,,1,"),
            "{text}"
        );
        let clock = Clock {
            now: Timestamp(2_000_000),
            as_of: Timestamp(2_000_000),
            earliest: Timestamp(1),
        };
        let mut rows = FactReader::new(&body, &by, clock).unwrap();
        let row = rows.next(&mut Tally::new(1)).unwrap().unwrap();
        let expected = StoredSighting {
            sighting,
            maturity: Some(Maturity::Mature),
            verbatim: true,
        };
        assert_eq!(row.reading.unwrap().fact.stored, Some(expected));
    }
}
