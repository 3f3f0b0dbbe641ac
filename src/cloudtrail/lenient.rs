//! Reads a value that is whole by its brackets but no JSON inside: a fault costs the value it is in, and no other.
//!
//! serde_json gives up a record for a control character in a field that nobody reads. This deserializer passes over such a value, and
//! hands a value that is to be read and cannot be to its visitor as bytes. It is slower, and used for nothing but records with a fault.

use super::context::RecordDetail;
use super::fields::TextField;
use super::lexical::{Members, NoEnd};
use super::object::{Candidate, WithContext};
use serde::de::value::Error;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{forward_to_deserialize_any, Deserialize};
use std::borrow::Cow;

/// Reads the object that `text` is; none if it is not even made of names and values.
pub(super) fn read(text: &[u8], detail: RecordDetail) -> Option<Candidate<'_>> {
    let value = LooseValue(text);
    match detail {
        RecordDetail::Key => Candidate::deserialize(value).ok(),
        RecordDetail::Context => WithContext::deserialize(value).ok().map(|read| read.0),
    }
}

/// The text of one value.
#[derive(Clone, Copy)]
struct LooseValue<'t>(&'t [u8]);

impl<'de> Deserializer<'de> for LooseValue<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.first() {
            Some(b'{') => visitor.visit_map(Members::within(self.0, 1)),
            Some(b'[') => visitor.visit_seq(Members::within(self.0, 1)),
            _ => self.scalar(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map struct enum identifier
    }
}

impl<'t> LooseValue<'t> {
    fn scalar<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        if let b"true" | b"false" = self.0 {
            return visitor.visit_bool(self.0 == b"true");
        }
        match serde_json::from_slice::<TextField<'t>>(self.0) {
            Ok(TextField::Is(Cow::Borrowed(text))) => visitor.visit_borrowed_str(text),
            Ok(TextField::Is(Cow::Owned(text))) => visitor.visit_string(text),
            Ok(TextField::Absent) => visitor.visit_unit(),
            Ok(TextField::Other) | Err(_) => match serde_json::from_slice(self.0) {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => visitor.visit_bytes(self.0),
            },
        }
    }
}

impl<'t> MapAccess<'t> for Members<'t> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'t>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let name = self.next_name().map_err(broken)?;
        name.map(|(name, _)| seed.deserialize(LooseValue(name)))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'t>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let value = self.next_value().map_err(broken)?;
        let value = value.ok_or_else(|| Error::custom("a name without a value"))?;
        seed.deserialize(LooseValue(self.text(value)))
    }
}

impl<'t> SeqAccess<'t> for Members<'t> {
    type Error = Error;

    fn next_element_seed<V: DeserializeSeed<'t>>(
        &mut self,
        seed: V,
    ) -> Result<Option<V::Value>, Error> {
        let value = self.next_value().map_err(broken)?;
        value
            .map(|value| seed.deserialize(LooseValue(self.text(value))))
            .transpose()
    }
}

fn broken(_: NoEnd) -> Error {
    Error::custom("not made of names and values")
}

#[cfg(test)]
mod tests {
    use super::super::record::{NotACall, Record};
    use super::*;

    fn record(text: &[u8]) -> Option<Record<'_>> {
        read(text, RecordDetail::Key).map(|candidate| candidate.record)
    }

    const IDENTITY: &str = r#"{"type":"AssumedRole","accountId":"1","arn":"a:assumed-role/R/s"}"#;

    #[test]
    fn a_fault_in_a_field_that_nobody_reads_costs_nothing() {
        for (number, odd) in [
            &b"\"line\nline\""[..],
            b"NaN",
            br#""\ud83d""#,
            b"\"\xff\"",
            br#"{"x":[Inf,"\q"]}"#,
        ]
        .iter()
        .enumerate()
        {
            let text = [
                br#"{"odd":"#,
                *odd,
                br#","eventTime":1715335200,"eventName":"C","eventSource":"s","userIdentity":"#,
                IDENTITY
                    .replace('{', &format!("{{\"odd{number}\":\"\t\","))
                    .as_bytes(),
                b"}",
            ]
            .concat();
            let record = record(&text).unwrap();
            let call = record.call().unwrap();
            assert_eq!((call.event_name, call.role), ("C", Some("R")));
            assert_eq!(call.time.unwrap().seconds(), 1_715_335_200);
        }
    }

    #[test]
    fn a_fault_in_a_field_of_the_key_makes_no_key() {
        for odd in [&b"\"C\n\""[..], br#""\ud83d""#, b"\"\xff\"", b"NaN"] {
            let text = [
                br#"{"eventSource":"s","eventName":"#,
                odd,
                br#","userIdentity":"#,
                IDENTITY.as_bytes(),
                b"}",
            ]
            .concat();
            assert_eq!(
                record(&text).unwrap().call().unwrap_err(),
                NotACall::WrongType
            );
        }
    }

    #[test]
    fn what_is_not_made_of_names_and_values_is_not_read() {
        for text in [&b"{'a':1}"[..], br#"{"a" 1}"#, br#"{"a":}"#, br#"{1:1}"#] {
            assert!(record(text).is_none(), "{}", text.escape_ascii());
        }
    }
}
