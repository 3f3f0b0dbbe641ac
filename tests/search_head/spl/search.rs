//! `search`: keeps the rows that satisfy every term.
//!
//! Terms are `field=value`, `field=*` and `NOT` before either, joined by nothing or `AND`; a lone `*` keeps all.
//! Values compare without case, and a multivalue field satisfies a term if one value does (Search Reference).
//! As the first command it reads raw events; the caller gives them.

use super::{
    words::{unquoted, words},
    SplError,
};
use crate::search_head::row::Row;

#[derive(Debug)]
pub(crate) struct Search {
    terms: Vec<Term>,
}

#[derive(Debug)]
struct Term {
    field: String,
    /// Lower case; `None` stands for `*`, any value.
    value: Option<String>,
    negated: bool,
}

impl Search {
    pub(crate) fn parse(rest: &str) -> Result<Search, SplError> {
        let mut terms = vec![];
        let mut negated = false;
        for word in words(rest) {
            match (word, word.split_once('=')) {
                ("NOT", _) => {
                    negated = true;
                    continue;
                }
                ("AND" | "*", _) if !negated => continue,
                (_, Some((field, value))) if is_a_field(field) => {
                    let value = match unquoted(value) {
                        "*" => None,
                        value if value.contains('*') => return Err(refused(word)),
                        value => Some(value.to_lowercase()),
                    };
                    let field = field.to_string();
                    terms.push(Term {
                        field,
                        value,
                        negated,
                    });
                }
                _ => return Err(refused(word)),
            }
            negated = false;
        }
        match negated {
            true => Err(refused("NOT")),
            false => Ok(Search { terms }),
        }
    }

    pub(crate) fn run(&self, mut rows: Vec<Row>) -> Vec<Row> {
        rows.retain(|row| self.terms.iter().all(|term| term.holds(row)));
        rows
    }
}

impl Term {
    fn holds(&self, row: &Row) -> bool {
        let values = row.values(&self.field);
        let found = match &self.value {
            None => !values.is_empty(),
            Some(wanted) => values.iter().any(|value| value.to_lowercase() == *wanted),
        };
        found != self.negated
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
    fn a_row_must_satisfy_every_term() {
        let row = Row::of(&[("type", "AssumedRole"), ("x.y", "a b")]);
        for (terms, kept) in [
            ("*", true),
            ("", true),
            ("type=assumedrole", true),
            ("type=AssumedRole AND x.y=\"a b\"", true),
            ("type=Root", false),
            ("NOT errorCode=*", true),
            ("NOT type=*", false),
            ("type=* NOT x.y=\"a b\"", false),
        ] {
            let search = Search::parse(terms).unwrap();
            assert_eq!(!search.run(vec![row.clone()]).is_empty(), kept, "{terms}");
        }
    }
}
