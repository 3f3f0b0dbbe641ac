//! Fields as they come: each may hold any JSON type, and only one or two are of use. What is of another is kept as that, and is no error.
//!
//! An object is read field by field into a type that has [`Fields`]; where a field comes twice, the last one counts. Text is borrowed
//! from what is read where that is possible. Does not know what a field means.

use super::record::NotACall;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// What reads the fields of an object, one at a time.
pub(super) trait Fields<'a>: Default {
    /// Takes the value of the field `name` from `fields`, or [`skip`]s it. Called again for a field that comes again.
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error>;

    /// Reads a whole object.
    fn object<A: MapAccess<'a>>(mut fields: A) -> Result<Self, A::Error> {
        let mut read = Self::default();
        while let Some(Name(name)) = fields.next_key()? {
            read.field(&name, &mut fields)?;
        }
        Ok(read)
    }
}

/// Passes over the value of a field that nobody reads.
pub(super) fn skip<'a, A: MapAccess<'a>>(fields: &mut A) -> Result<(), A::Error> {
    fields.next_value::<IgnoredAny>().map(drop)
}

/// The name of a field. Taken as bytes, since a name that is nobody's need not be UTF-8, and there are thirty to check in a record.
struct Name<'a>(Cow<'a, [u8]>);

struct NameVisitor;

impl<'a> Visitor<'a> for NameVisitor {
    type Value = Name<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_borrowed_bytes<E>(self, name: &'a [u8]) -> Result<Name<'a>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }
    fn visit_bytes<E>(self, name: &[u8]) -> Result<Name<'a>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
    fn visit_borrowed_str<E>(self, name: &'a str) -> Result<Name<'a>, E> {
        Ok(Name(Cow::Borrowed(name.as_bytes())))
    }
    fn visit_str<E>(self, name: &str) -> Result<Name<'a>, E> {
        Ok(Name(Cow::Owned(name.as_bytes().to_owned())))
    }
}

/// A type that can be made from any JSON value, since it has a value for those it has no use for.
pub(super) trait AnyType<'a>: Sized {
    /// What stands for a value of a type that is of no use.
    fn other() -> Self;

    /// What stands for `null`, which counts as absent.
    fn null() -> Self;

    fn text(_: Cow<'a, str>) -> Self {
        Self::other()
    }

    fn number(_: f64) -> Self {
        Self::other()
    }

    fn flag(_: bool) -> Self {
        Self::other()
    }

    fn list<A: SeqAccess<'a>>(values: A) -> Result<Self, A::Error> {
        IgnoredAny.visit_seq(values).map(|_| Self::other())
    }

    fn object<A: MapAccess<'a>>(fields: A) -> Result<Self, A::Error> {
        IgnoredAny.visit_map(fields).map(|_| Self::other())
    }
}

/// Leads serde's many kinds of values to the few of [`AnyType`].
struct AnyVisitor<T>(PhantomData<T>);

/// Reads a value of any type.
pub(super) fn read_any<'a, T: AnyType<'a>, D: Deserializer<'a>>(json: D) -> Result<T, D::Error> {
    json.deserialize_any(AnyVisitor(PhantomData))
}

impl<'a, T: AnyType<'a>> Visitor<'a> for AnyVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<T, E> {
        Ok(T::text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::text(Cow::Owned(text.to_owned())))
    }
    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number as f64))
    }
    fn visit_i64<E>(self, number: i64) -> Result<T, E> {
        Ok(T::number(number as f64))
    }
    fn visit_f64<E>(self, number: f64) -> Result<T, E> {
        Ok(T::number(number))
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::null())
    }
    fn visit_bool<E>(self, flag: bool) -> Result<T, E> {
        Ok(T::flag(flag))
    }
    /// What stands in the place of a value and is none.
    fn visit_bytes<E>(self, _: &[u8]) -> Result<T, E> {
        Ok(T::other())
    }
    fn visit_seq<A: SeqAccess<'a>>(self, values: A) -> Result<T, A::Error> {
        T::list(values)
    }
    fn visit_map<A: MapAccess<'a>>(self, fields: A) -> Result<T, A::Error> {
        T::object(fields)
    }
}

/// A field that should hold a string. `null` counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum TextField<'a> {
    #[default]
    Absent,
    Is(Cow<'a, str>),
    Other,
}

impl TextField<'_> {
    /// The string; none if there is none or it is empty.
    pub(super) fn text(&self) -> Result<Option<&str>, NotACall> {
        match self {
            Self::Other => Err(NotACall::WrongType),
            _ => Ok(self.shown()),
        }
    }

    /// The string of a field that no key depends on.
    pub(super) fn shown(&self) -> Option<&str> {
        match self {
            Self::Is(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

impl<'a> AnyType<'a> for TextField<'a> {
    fn other() -> Self {
        Self::Other
    }
    fn null() -> Self {
        Self::Absent
    }
    fn text(text: Cow<'a, str>) -> Self {
        Self::Is(text)
    }
}

/// A field that should hold `true` or `false`, or one of these as a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FlagField(pub(super) Option<bool>);

impl FlagField {
    /// `true` or `false`.
    pub(super) fn shown(self) -> Option<&'static str> {
        self.0.map(|flag| if flag { "true" } else { "false" })
    }
}

impl<'a> AnyType<'a> for FlagField {
    fn other() -> Self {
        Self(None)
    }
    fn null() -> Self {
        Self(None)
    }
    fn flag(flag: bool) -> Self {
        Self(Some(flag))
    }
    fn text(text: Cow<'a, str>) -> Self {
        Self(text.parse().ok())
    }
}

/// A field that should hold an object. `null` counts as absent.
#[derive(Debug, Default)]
pub(super) enum ObjectField<T> {
    #[default]
    Absent,
    Is(T),
    Other,
}

impl<'a, T: Fields<'a>> AnyType<'a> for ObjectField<T> {
    fn other() -> Self {
        Self::Other
    }
    fn null() -> Self {
        Self::Absent
    }
    fn object<A: MapAccess<'a>>(fields: A) -> Result<Self, A::Error> {
        T::object(fields).map(Self::Is)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_bytes(NameVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for TextField<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        read_any(json)
    }
}

impl<'de> Deserialize<'de> for FlagField {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        read_any(json)
    }
}

impl<'de, T: Fields<'de>> Deserialize<'de> for ObjectField<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        read_any(json)
    }
}
