//! `search`: keeps the rows that satisfy the condition.
//!
//! A condition is made of `field=value` and `field=*`, of `NOT`, `OR` and round brackets, and of `AND`, which may be left out;
//! a lone `*` keeps all. `NOT` binds closest, then `OR`, then `AND`. Values compare without case, and a multivalue field
//! satisfies a comparison if one value does (Search Reference). As the first command it reads raw events; the caller
//! gives them, by the search's time bounds: `earliest=`, `latest=` (of `_time`, instead of the job's), `_index_earliest=` and
//! `_index_latest=` (of `_indextime`), which stand outside brackets.

use super::{
    words::{unquoted, words},
    SplError,
};
use crate::search_head::{
    relative_time::{relative_time, Clock, UnknownModifier},
    row::Row,
};
use std::{collections::BTreeMap, ops::Range};

#[derive(Debug)]
pub(crate) struct Search {
    condition: Condition,
    bounds: BTreeMap<&'static str, String>,
    with_case: bool,
}

/// The words that bound a search, and the field that each is about.
const BOUNDS: [(&str, &str); 4] = [
    ("earliest", "_time"),
    ("latest", "_time"),
    ("_index_earliest", "_indextime"),
    ("_index_latest", "_indextime"),
];

#[derive(Debug)]
enum Condition {
    Present(String),
    Equal(String, String),
    Not(Box<Condition>),
    Any(Vec<Condition>),
    All(Vec<Condition>),
}

impl Search {
    pub(crate) fn parse(rest: &str) -> Result<Search, SplError> {
        let (mut terms, mut bounds) = (vec![], BTreeMap::new());
        let mut before = "";
        for word in words(rest) {
            let bound = word.split_once('=').and_then(|(name, value)| {
                Some((BOUNDS.iter().find(|(n, _)| *n == name)?.0, value))
            });
            match bound {
                Some(_) if ["NOT", "OR"].contains(&before) => return Err(refused(word)),
                Some((name, value)) => {
                    bounds.insert(name, unquoted(value).to_string());
                }
                None => terms.push(word),
            }
            before = word;
        }
        Ok(Search {
            condition: Condition::of(&terms)?,
            bounds,
            with_case: false,
        })
    }

    /// A condition that tells upper from lower case, without time bounds.
    pub(crate) fn with_case(rest: &str) -> Result<Search, SplError> {
        let search = Search::parse(rest)?;
        match search.bounds.keys().next() {
            Some(bound) => Err(refused(bound)),
            None => Ok(Search {
                with_case: true,
                ..search
            }),
        }
    }

    pub(crate) fn is_bounded(&self) -> bool {
        !self.bounds.is_empty()
    }

    /// Whether the index is named, so that its events may be found although no search looks there by default.
    pub(crate) fn names_index(&self, index: &str) -> bool {
        let Condition::All(terms) = &self.condition else {
            return false;
        };
        terms.iter().any(|term| match term {
            Condition::Any(either) => match either.as_slice() {
                [Condition::Equal(field, value)] => field == "index" && value == index,
                _ => false,
            },
            _ => false,
        })
    }

    pub(crate) fn run(&self, mut rows: Vec<Row>) -> Vec<Row> {
        rows.retain(|row| self.condition.holds(row, self.with_case));
        rows
    }

    /// The range of `_time` to read: what the search does not bound, the job does.
    pub(crate) fn range(
        &self,
        job: Range<i64>,
        clock: Clock,
    ) -> Result<Range<i64>, UnknownModifier> {
        Ok(self.bound("earliest", job.start, clock)?..self.bound("latest", job.end, clock)?)
    }

    /// Of raw events of that range: those that satisfy the condition and have arrived within the bounds.
    pub(crate) fn find(&self, events: Vec<Row>, clock: Clock) -> Result<Vec<Row>, UnknownModifier> {
        let indexed = self.bound("_index_earliest", i64::MIN, clock)?
            ..self.bound("_index_latest", i64::MAX, clock)?;
        let mut rows = self.run(events);
        rows.retain(|row| indexed.contains(&row.text("_indextime").parse().unwrap_or_default()));
        Ok(rows)
    }

    fn bound(&self, name: &str, otherwise: i64, clock: Clock) -> Result<i64, UnknownModifier> {
        match self.bounds.get(name) {
            Some(modifier) => relative_time(clock.now, modifier, clock.zone),
            None => Ok(otherwise),
        }
    }
}

impl Condition {
    fn of(words: &[&str]) -> Result<Condition, SplError> {
        let mut rest = words;
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
    fn take(rest: &mut &[&str]) -> Result<Condition, SplError> {
        let Some((word, after)) = rest.split_first() else {
            let expected = "a comparison";
            return Err(SplError::Cut {
                command: "search",
                expected,
            });
        };
        *rest = after;
        if *word == "NOT" {
            return Ok(Condition::Not(Box::new(Condition::take(rest)?)));
        }
        if let Some(inside) = word
            .strip_prefix('(')
            .and_then(|word| word.strip_suffix(')'))
        {
            return Condition::of(&words(inside));
        }
        match word.split_once('=') {
            Some((field, _)) if BOUNDS.iter().any(|(bound, _)| *bound == field) => {
                Err(refused(word))
            }
            Some((field, value)) if is_a_field(field) => match unquoted(value) {
                "*" => Ok(Condition::Present(field.to_string())),
                value if value.contains('*') => Err(refused(word)),
                value => Ok(Condition::Equal(field.to_string(), value.to_string())),
            },
            _ => Err(refused(word)),
        }
    }

    fn holds(&self, row: &Row, with_case: bool) -> bool {
        match self {
            Condition::Present(field) => !row.values(field).is_empty(),
            Condition::Equal(field, wanted) => {
                let mut values = row.values(field).iter();
                values.any(|value| match with_case {
                    true => value == wanted,
                    false => value.to_lowercase() == wanted.to_lowercase(),
                })
            }
            Condition::Not(condition) => !condition.holds(row, with_case),
            Condition::Any(conditions) => conditions.iter().any(|c| c.holds(row, with_case)),
            Condition::All(conditions) => conditions.iter().all(|c| c.holds(row, with_case)),
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

    #[test]
    fn a_search_may_bound_the_time_of_events_and_of_their_arrival() {
        let clock = Clock {
            now: 10 * 3_600,
            zone: chrono_tz::Tz::UTC,
        };
        let event = |time: i64, arrived: i64| {
            Row::of(&[
                ("_time", &(time * 3_600).to_string()),
                ("_indextime", &(arrived * 3_600).to_string()),
            ])
        };
        let found = |spl: &str| {
            let search = Search::parse(spl)?;
            let range = search.range(6 * 3_600..99 * 3_600, clock)?;
            let events = [(5, 5), (6, 9), (8, 8)].into_iter();
            let events = events.filter(|(time, _)| range.contains(&(time * 3_600)));
            let events = events.map(|(time, arrived)| event(time, arrived));
            let rows = search.find(events.collect(), clock);
            let hour = |row: &Row| row.text("_time").parse::<i64>().unwrap() / 3_600;
            Ok::<Vec<i64>, SplError>(rows.unwrap().iter().map(hour).collect())
        };
        assert_eq!(found("*").unwrap(), [6, 8]);
        assert_eq!(found("* earliest=-5h latest=\"-2h\"").unwrap(), [5, 6]);
        assert_eq!(
            found("_index_earliest=-1h@h _index_latest=now").unwrap(),
            [6]
        );
        for spl in ["NOT earliest=-1h", "x=1 OR latest=now", "(latest=now)"] {
            assert!(found(spl).is_err(), "{spl}");
        }
    }

    #[test]
    fn only_a_condition_of_its_own_names_an_index() {
        for (spl, names) in [
            ("index=_internal x=1", true),
            ("x=1", false),
            ("index=_internal OR x=1", false),
            ("NOT index=_internal", false),
        ] {
            assert_eq!(
                Search::parse(spl).unwrap().names_index("_internal"),
                names,
                "{spl}"
            );
        }
    }
}
