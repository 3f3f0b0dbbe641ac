//! One JSON object: a record as far as it is one, and whether it is something that records may be in.
//!
//! Does not know how to go on behind an object that cannot be read.

use super::context::RecordDetail;
use super::envelopes;
use super::fields::{read_any, Fields, ObjectField};
use super::record::Record;
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer};

/// An object that may be a record.
#[derive(Default)]
pub(super) struct Candidate<'a> {
    pub(super) record: Record<'a>,
    /// It has a field that known envelopes keep records in.
    pub(super) has_envelope: bool,
}

/// Whether only records have a field of this name, among all objects that records are found in.
pub(super) fn is_mark(name: &[u8]) -> bool {
    matches!(name, b"eventVersion" | b"eventName" | b"userIdentity")
}

/// A candidate whose context is read.
#[derive(Default)]
pub(super) struct WithContext<'a>(pub(super) Candidate<'a>);

/// Reads the object that the text begins with, and tells where it ends.
pub(super) fn read(
    text: &[u8],
    detail: RecordDetail,
) -> Result<(Candidate<'_>, usize), serde_json::Error> {
    match detail {
        RecordDetail::Key => read_as::<Candidate<'_>>(text),
        RecordDetail::Context => {
            read_as::<WithContext<'_>>(text).map(|(WithContext(read), length)| (read, length))
        }
    }
}

fn read_as<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<(T, usize), serde_json::Error> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter();
    let value = values
        .next()
        .expect("a text that begins with a bracket has a value or an error")?;
    Ok((value, values.byte_offset()))
}

impl<'a> Fields<'a> for Candidate<'a> {
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error> {
        self.record.is_marked = self.record.is_marked || is_mark(name);
        // Most records begin with a mark, so that the table is hardly ever asked: docs/performance.md, "What each trick is worth". If a
        // mark were one of the table's names, records in an envelope would be lost; a test of `envelopes.rs` says that none is.
        self.has_envelope = self.has_envelope || !self.record.is_marked && envelopes::is_name(name);
        self.record.field(name, fields)
    }
}

impl<'a> Fields<'a> for WithContext<'a> {
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error> {
        let Self(candidate) = self;
        match candidate.record.context.take(name, fields)? {
            true => Ok(()),
            false => candidate.field(name, fields),
        }
    }
}

/// An object of these fields; nothing, if it is of another type.
fn read_object<'a, T: Fields<'a>, D: Deserializer<'a>>(json: D) -> Result<T, D::Error> {
    match read_any(json)? {
        ObjectField::Is(read) => Ok(read),
        ObjectField::Absent | ObjectField::Other => Ok(T::default()),
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Candidate<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        read_object(json)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for WithContext<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        read_object(json)
    }
}
