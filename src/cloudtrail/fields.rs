//! Fields as they come: each may hold any JSON type, and only one type is of use. What is of another is remembered as that, and is no error.
//!
//! Only what a record needs is kept, borrowed from the text where that is possible. That resources also come with a small `arn` is from
//! the records in `tests/data/cloudtrail`.

use super::record::NotACall;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// The values of JSON types that a visitor has no use for.
macro_rules! all_else_is {
    ($self:ident -> $else:expr; $($visit:ident: $type:ty),*) => {
        $(fn $visit<E: serde::de::Error>($self, _: $type) -> Result<Self::Value, E> {
            Ok($else)
        })*
    };
}

pub(super) use all_else_is;

/// A field that should hold a string. `null` counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Text<'a> {
    #[default]
    Absent,
    Is(Cow<'a, str>),
    Other,
}

impl Text<'_> {
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

/// A field that should hold an object. `null` counts as absent.
#[derive(Debug, Default)]
pub(super) enum Object<T> {
    #[default]
    Absent,
    Is(T),
    Other,
}

/// The first ARN in `resources`, which stands under `ARN` or `arn`.
#[derive(Debug, Default)]
pub(super) struct Resource<'a>(pub(super) Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'a> Visitor<'a> for TextVisitor {
            type Value = Text<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Text<'a>, E> {
                Ok(Text::Is(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'a>, E> {
                Ok(Text::Is(Cow::Owned(text.to_owned())))
            }
            fn visit_unit<E>(self) -> Result<Text<'a>, E> {
                Ok(Text::Absent)
            }
            fn visit_seq<A: SeqAccess<'a>>(self, values: A) -> Result<Text<'a>, A::Error> {
                IgnoredAny.visit_seq(values).map(|_| Text::Other)
            }
            fn visit_map<A: MapAccess<'a>>(self, fields: A) -> Result<Text<'a>, A::Error> {
                IgnoredAny.visit_map(fields).map(|_| Text::Other)
            }
            all_else_is! { self -> Text::Other; visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64 }
        }
        json.deserialize_any(TextVisitor)
    }
}

impl<'a, T: Deserialize<'a>> Deserialize<'a> for Object<T> {
    fn deserialize<D: Deserializer<'a>>(json: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(std::marker::PhantomData<T>);
        impl<'a, T: Deserialize<'a>> Visitor<'a> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'a>>(self, fields: A) -> Result<Object<T>, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(fields)).map(Object::Is)
            }
            fn visit_seq<A: SeqAccess<'a>>(self, values: A) -> Result<Object<T>, A::Error> {
                IgnoredAny.visit_seq(values).map(|_| Object::Other)
            }
            fn visit_unit<E>(self) -> Result<Object<T>, E> {
                Ok(Object::Absent)
            }
            all_else_is! { self -> Object::Other;
            visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str }
        }
        json.deserialize_any(ObjectVisitor(std::marker::PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Resource<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Arn<'a> {
            #[serde(borrow, rename = "ARN", alias = "arn")]
            arn: Text<'a>,
        }
        struct ListVisitor;
        impl<'a> Visitor<'a> for ListVisitor {
            type Value = Resource<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'a>>(self, mut values: A) -> Result<Resource<'a>, A::Error> {
                let mut first = None;
                while let Some(value) = values.next_element::<Object<Arn<'a>>>()? {
                    match value {
                        Object::Is(Arn { arn: Text::Is(arn) })
                            if !arn.is_empty() && first.is_none() =>
                        {
                            first = Some(arn);
                        }
                        _ => {}
                    }
                }
                Ok(Resource(first))
            }
            fn visit_map<A: MapAccess<'a>>(self, fields: A) -> Result<Resource<'a>, A::Error> {
                IgnoredAny.visit_map(fields).map(|_| Resource(None))
            }
            fn visit_unit<E>(self) -> Result<Resource<'a>, E> {
                Ok(Resource(None))
            }
            all_else_is! { self -> Resource(None);
            visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str }
        }
        json.deserialize_any(ListVisitor)
    }
}
