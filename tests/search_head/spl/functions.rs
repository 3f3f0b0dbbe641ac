//! The functions that the shipped searches call in `eval`, `where` and `stats(eval(…))`.
//!
//! Functions that the Search Reference describes for one value refuse a multivalue field; `max` and `min` refuse null, of
//! which it says nothing.
//! Inferred: patterns are PCRE there and Rust's `regex` here; the shipped ones mean the same in both.

use super::{
    eval::{refused, Expression, Value},
    SplError,
};
use crate::search_head::{
    relative_time::{ctime, relative_time, Clock},
    row::Row,
};
use regex::Regex;
use sha2::{Digest, Sha256};
use std::{cell::RefCell, collections::BTreeMap};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Function {
    Coalesce,
    Floor,
    If,
    IsNotNull,
    IsNull,
    Len,
    Match,
    Max,
    Min,
    MvAppend,
    MvCount,
    MvDedup,
    MvIndex,
    MvJoin,
    Now,
    Null,
    RelativeTime,
    Replace,
    Sha256,
    StrFTime,
    ToNumber,
}

/// Name, least and greatest number of arguments.
const FUNCTIONS: [(&str, usize, usize, Function); 21] = [
    ("coalesce", 1, usize::MAX, Function::Coalesce),
    ("floor", 1, 1, Function::Floor),
    ("if", 3, 3, Function::If),
    ("isnotnull", 1, 1, Function::IsNotNull),
    ("isnull", 1, 1, Function::IsNull),
    ("len", 1, 1, Function::Len),
    ("match", 2, 2, Function::Match),
    ("max", 2, 2, Function::Max),
    ("min", 2, 2, Function::Min),
    ("mvappend", 1, usize::MAX, Function::MvAppend),
    ("mvcount", 1, 1, Function::MvCount),
    ("mvdedup", 1, 1, Function::MvDedup),
    ("mvindex", 2, 3, Function::MvIndex),
    ("mvjoin", 2, 2, Function::MvJoin),
    ("now", 0, 0, Function::Now),
    ("null", 0, 0, Function::Null),
    ("relative_time", 2, 2, Function::RelativeTime),
    ("replace", 3, 3, Function::Replace),
    ("sha256", 1, 1, Function::Sha256),
    ("strftime", 2, 2, Function::StrFTime),
    ("tonumber", 1, 1, Function::ToNumber),
];

impl Function {
    pub(super) fn named(name: &str, arguments: usize) -> Option<Function> {
        let mut known = FUNCTIONS.iter();
        let fits = |(known, least, most, _): &&(&str, usize, usize, Function)| {
            *known == name && (*least..=*most).contains(&arguments)
        };
        known.find(fits).map(|(_, _, _, function)| *function)
    }

    pub(super) fn of(
        self,
        arguments: &[Expression],
        row: &Row,
        clock: Clock,
    ) -> Result<Value, SplError> {
        let call = Call {
            name: self.name(),
            arguments,
            row,
            clock,
        };
        match self {
            Function::Null => Ok(Value::Null),
            Function::Now => Ok(one(clock.now)),
            Function::Floor => Ok(call.number(0)?.map(f64::floor).into()),
            Function::Max => Ok(one(call.given(0)?.max(call.given(1)?))),
            Function::Min => Ok(one(call.given(0)?.min(call.given(1)?))),
            Function::ToNumber => Ok(call
                .text(0)?
                .and_then(|text| text.parse::<f64>().ok())
                .into()),
            Function::Len => Ok(call.text(0)?.map(|text| text.chars().count()).into()),
            Function::Sha256 => Ok(call
                .text(0)?
                .map(|text| format!("{:x}", Sha256::digest(text)))
                .into()),
            Function::RelativeTime => call.relative_time(),
            Function::StrFTime => call.strftime(),
            Function::Match => call.matches(),
            Function::Replace => call.replace(),
            Function::Coalesce => call.coalesce(),
            Function::If => match arguments[0].holds(row, clock)? {
                true => arguments[1].value(row, clock),
                false => arguments[2].value(row, clock),
            },
            Function::IsNull => Ok(Value::Truth(call.value(0)? == Value::Null)),
            Function::IsNotNull => Ok(Value::Truth(call.value(0)? != Value::Null)),
            Function::MvAppend => call.mvappend(),
            Function::MvCount => Ok(call.some(0)?.map(|values| values.len()).into()),
            Function::MvDedup => call.mvdedup(),
            Function::MvIndex => call.mvindex(),
            Function::MvJoin => call.mvjoin(),
        }
    }

    fn name(self) -> &'static str {
        let mut known = FUNCTIONS.iter();
        let named = known.find(|(_, _, _, function)| *function == self);
        named.expect("every function has a name").0
    }
}

fn one(value: impl ToString) -> Value {
    Value::Values(vec![value.to_string()])
}

impl<T: ToString> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, one)
    }
}

/// One call of a function for one row.
struct Call<'a> {
    name: &'static str,
    arguments: &'a [Expression],
    row: &'a Row,
    clock: Clock,
}

impl Call<'_> {
    fn value(&self, place: usize) -> Result<Value, SplError> {
        self.arguments[place].value(self.row, self.clock)
    }

    fn text(&self, place: usize) -> Result<Option<String>, SplError> {
        self.arguments[place].one(self.row, self.clock, self.name)
    }

    fn number(&self, place: usize) -> Result<Option<f64>, SplError> {
        self.arguments[place].number(self.row, self.clock, self.name)
    }

    /// A number that must be there.
    fn given(&self, place: usize) -> Result<f64, SplError> {
        let number = self.number(place)?;
        number.ok_or_else(|| refused(&format!("`{}` of null", self.name)))
    }

    /// The values, if there are any.
    fn some(&self, place: usize) -> Result<Option<Vec<String>>, SplError> {
        let values = self.arguments[place].values(self.row, self.clock)?;
        Ok(Some(values).filter(|values| !values.is_empty()))
    }

    fn pattern(&self, place: usize) -> Result<Regex, SplError> {
        compiled(self.text(place)?.unwrap_or_default())
    }

    fn relative_time(&self) -> Result<Value, SplError> {
        let both = self.number(0)?.zip(self.text(1)?);
        let moved = both
            .map(|(time, modifier)| relative_time(time.floor() as i64, &modifier, self.clock.zone));
        Ok(moved.transpose()?.into())
    }

    fn strftime(&self) -> Result<Value, SplError> {
        let both = self.number(0)?.zip(self.text(1)?);
        let shown =
            |(time, format): (f64, String)| ctime(time.floor() as i64, &format, self.clock.zone);
        Ok(both.map(shown).into())
    }

    fn matches(&self) -> Result<Value, SplError> {
        let pattern = self.pattern(1)?;
        let text = self.text(0)?;
        Ok(text.map_or(Value::Null, |text| Value::Truth(pattern.is_match(&text))))
    }

    fn replace(&self) -> Result<Value, SplError> {
        let pattern = self.pattern(1)?;
        let replacement = rust_replacement(&self.text(2)?.unwrap_or_default());
        let replaced = |text: String| pattern.replace_all(&text, replacement).into_owned();
        Ok(self.text(0)?.map(replaced).into())
    }

    fn coalesce(&self) -> Result<Value, SplError> {
        for place in 0..self.arguments.len() {
            match self.value(place)? {
                Value::Null => {}
                value => return Ok(value),
            }
        }
        Ok(Value::Null)
    }

    fn mvappend(&self) -> Result<Value, SplError> {
        let parts = self.arguments.iter();
        let values = parts.map(|part| part.values(self.row, self.clock));
        let values: Vec<Vec<String>> = values.collect::<Result<_, _>>()?;
        Ok(values.concat().into())
    }

    /// The first of equal values stays.
    fn mvdedup(&self) -> Result<Value, SplError> {
        let mut kept: Vec<String> = vec![];
        for value in self.some(0)?.unwrap_or_default() {
            if !kept.contains(&value) {
                kept.push(value);
            }
        }
        Ok(kept.into())
    }

    fn mvjoin(&self) -> Result<Value, SplError> {
        let separator = self.text(1)?.unwrap_or_default();
        Ok(self.some(0)?.map(|values| values.join(&separator)).into())
    }

    /// The manual says that an index out of range is null, not whether one end is enough: here it is.
    fn mvindex(&self) -> Result<Value, SplError> {
        let place = |place: usize| match self.text(place)?.map(|number| number.parse()) {
            Some(Ok(number)) => Ok::<usize, SplError>(number),
            _ => Err(refused("an index that is no number")),
        };
        let first = place(1)?;
        let last = match self.arguments.len() {
            2 => first,
            _ => place(2)?,
        };
        let values = self.some(0)?.unwrap_or_default();
        let range = values.get(first..=last);
        Ok(range.map_or(Value::Null, |range| range.to_vec().into()))
    }
}

/// A pattern is compiled for its first row only: compiling takes longer than all else that a search does.
fn compiled(pattern: String) -> Result<Regex, SplError> {
    thread_local! {
        static COMPILED: RefCell<BTreeMap<String, Regex>> = const { RefCell::new(BTreeMap::new()) };
    }
    COMPILED.with_borrow_mut(|known| match known.get(&pattern) {
        Some(regex) => Ok(regex.clone()),
        None => {
            let regex = Regex::new(&pattern)?;
            known.insert(pattern, regex.clone());
            Ok(regex)
        }
    })
}

/// SPL writes the first group `\1`, Rust `${1}`.
fn rust_replacement(spl: &str) -> String {
    let mut rust = String::new();
    let mut characters = spl.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                rust.push_str(&format!("${{{digit}}}"));
                characters.next();
            }
            ('$', _) => rust.push_str("$$"),
            _ => rust.push(c),
        }
    }
    rust
}
