//! `search`: keeps the rows that satisfy the condition.
//!
//! A condition is made of `field=value` and `field=*`, of `NOT`, `OR` and round brackets, and of `AND`, which may be left out;
//! a lone `*` keeps all. `NOT` binds closest, then `OR`, then `AND`. Values compare without case, and a multivalue field
//! satisfies a comparison if one value does (Search Reference). As the first command it reads raw events; the caller
//! gives them.

use super::{
    words::{unquoted, words},
    SplError,
};
use crate::search_head::row::Row;

#[derive(Debug)]
pub(crate) struct Search {
    condition: Condition,
}

#[derive(Debug)]
enum Condition {
    Present(String),
    /// The value is in lower case.
    Equal(String, String),
    Not(Box<Condition>),
    Any(Vec<Condition>),
    All(Vec<Condition>),
}

impl Search {
    pub(crate) fn parse(rest: &str) -> Result<Search, SplError> {
        let condition = Condition::parse(rest)?;
        Ok(Search { condition })
    }

    pub(crate) fn run(&self, mut rows: Vec<Row>) -> Vec<Row> {
        rows.retain(|row| self.condition.holds(row));
        rows
    }
}

impl Condition {
    fn parse(text: &str) -> Result<Condition, SplError> {
        let words = words(text);
        let mut rest = words.as_slice();
        let mut terms = vec![];
        while let Some(word) = rest.first() {
            if ["AND", "*"].contains(word) {
                rest = &rest[1..];
                continue;
            }
            let mut either = vec![Condition::take(&mut rest)?];
            while rest.first() == Some(&"OR") {
                rest = &rest[1..];
                either.push(Condition::take(&mut rest)?);
            }
            terms.push(Condition::Any(either));
        }
        Ok(Condition::All(terms))
    }

    /// Takes one comparison or bracket, and the `NOT` before it.
    fn take(words: &mut &[&str]) -> Result<Condition, SplError> {
        let Some((word, rest)) = words.split_first() else {
            let expected = "a comparison";
            return Err(SplError::Cut {
                command: "search",
                expected,
            });
        };
        *words = rest;
        if *word == "NOT" {
            return Ok(Condition::Not(Box::new(Condition::take(words)?)));
        }
        if let Some(inside) = word
            .strip_prefix('(')
            .and_then(|word| word.strip_suffix(')'))
        {
            return Condition::parse(inside);
        }
        match word.split_once('=') {
            Some((field, value)) if is_a_field(field) => match unquoted(value) {
                "*" => Ok(Condition::Present(field.to_string())),
                value if value.contains('*') => Err(refused(word)),
                value => Ok(Condition::Equal(field.to_string(), value.to_lowercase())),
            },
            _ => Err(refused(word)),
        }
    }

    fn holds(&self, row: &Row) -> bool {
        match self {
            Condition::Present(field) => !row.values(field).is_empty(),
            Condition::Equal(field, wanted) => {
                let mut values = row.values(field).iter();
                values.any(|value| value.to_lowercase() == *wanted)
            }
            Condition::Not(condition) => !condition.holds(row),
            Condition::Any(conditions) => conditions.iter().any(|condition| condition.holds(row)),
            Condition::All(conditions) => conditions.iter().all(|condition| condition.holds(row)),
        }
    }
}

fn is_a_field(word: &str) -> bool {
    !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_alphanumeric() || "_.{}".contains(c))
}

fn refused(what: &str) -> SplError {
    SplError::refused("search", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_must_satisfy_the_condition() {
        let row = Row::of(&[("type", "AssumedRole"), ("x.y", "a b")]);
        for (condition, kept) in [
            ("*", true),
            ("", true),
            ("type=assumedrole", true),
            ("type=AssumedRole AND x.y=\"a b\"", true),
            ("type=Root", false),
            ("NOT errorCode=*", true),
            ("NOT type=*", false),
            ("type=* NOT x.y=\"a b\"", false),
            ("type=Root OR type=AssumedRole", true),
            ("NOT type=Root OR type=Root", true),
            ("type=Root OR x.y=* type=Root", false),
            ("type=Root OR (x.y=* NOT errorCode=*)", true),
            ("NOT (type=Root OR x.y=*)", false),
        ] {
            let search = Search::parse(condition).unwrap();
            assert_eq!(
                !search.run(vec![row.clone()]).is_empty(),
                kept,
                "{condition}"
            );
        }
    }
}
