//! `tstats` over the Change data model, and `stats`: rows grouped by the values of some fields. `eventstats` puts what `stats` gives
//! beside every row, and `streamstats` what it gives of the rows so far; both without `by`.
//!
//! Rows without a value in a `by` field are left out, and multivalue `by` fields stand for each of their values.
//! Without `by` all rows are one group, which comes out even if there are none. Groups come out in the order of their keys. The stand-in has no summaries: `tstats` reads every event, so
//! `summariesonly=true` is refused.

use super::{
    eval::Expression,
    words::{unquoted, words},
    SplError,
};
use crate::search_head::{
    change,
    relative_time::Clock,
    row::{keys, Row},
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub(crate) struct Stats {
    aggregates: Aggregates,
    by: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Tstats {
    wanted: Vec<(String, String)>,
    stats: Stats,
}

/// What is computed, and the field it goes into.
type Aggregates = Vec<(Function, String)>;

/// What is computed, of which field.
#[derive(Debug)]
enum Function {
    Count,
    /// Of the rows for which it holds: `count(eval(…))`.
    CountOf(Expression),
    /// Of what an expression gives: `max(eval(…))`.
    MaxOf(Expression),
    Min(String),
    Max(String),
    Sum(String),
    /// `dc`, and `estdc`, which is an estimate there and exact here.
    DistinctCount(String),
    Values(String),
    /// All values as they come, up to `list_maxsize`.
    List(String),
    /// Of the first row that has the field.
    First(String),
    /// Of the row with the least `_time` that has the field, or with the greatest.
    Earliest(String),
    Latest(String),
}

/// Values that `list` keeps at most: `limits.conf.spec`.
const LIST_MAXSIZE: usize = 100;

impl Stats {
    pub(crate) fn parse(rest: &str) -> Result<Stats, SplError> {
        let words = words(rest);
        let function = |name: &str, field: &str| {
            let field = field.to_string();
            Some(match name {
                "min" => Function::Min(field),
                "max" => Function::Max(field),
                "sum" => Function::Sum(field),
                "dc" | "estdc" => Function::DistinctCount(field),
                "values" => Function::Values(field),
                "list" => Function::List(field),
                "first" => Function::First(field),
                "earliest" => Function::Earliest(field),
                "latest" => Function::Latest(field),
                _ => return None,
            })
        };
        let (aggregates, after) = aggregates("stats", &words, function)?;
        let by = match after {
            [] => vec![],
            after => by_fields("stats", after, is_a_name)?,
        };
        Ok(Stats { aggregates, by })
    }

    pub(crate) fn run(&self, rows: &[Row], clock: Clock) -> Result<Vec<Row>, SplError> {
        let mut groups: BTreeMap<Vec<String>, Vec<&Row>> = BTreeMap::new();
        if self.by.is_empty() {
            groups.insert(vec![], vec![]);
        }
        for row in rows {
            for key in keys(row, &self.by) {
                groups.entry(key).or_default().push(row);
            }
        }
        let one_row = |(key, members): (Vec<String>, Vec<&Row>)| {
            let mut row = Row::default();
            for (field, value) in self.by.iter().zip(key) {
                row.set(field, vec![value]);
            }
            for (function, name) in &self.aggregates {
                row.set(name, function.of(&members, clock)?);
            }
            Ok(row)
        };
        groups.into_iter().map(one_row).collect()
    }
}

impl Tstats {
    pub(crate) fn parse(rest: &str) -> Result<Tstats, SplError> {
        let refused = |what: &str| Err(SplError::refused("tstats", what));
        let words = words(rest);
        let options = words.iter().take_while(|word| word.contains('=')).count();
        for option in &words[..options] {
            match *option {
                "summariesonly=false"
                | "allow_old_summaries=true"
                | "allow_old_summaries=false" => {}
                "summariesonly=true" => return refused(option),
                _ => return refused(option.split('=').next().unwrap_or_default()),
            }
        }
        let function = |name: &str, field: &str| {
            Some(match (name, field) {
                ("earliest", "_time") => Function::Min("_time".into()),
                ("latest", "_time") => Function::Max("_time".into()),
                ("earliest", field) if change::is_field(field) => Function::Earliest(field.into()),
                _ => return None,
            })
        };
        let (aggregates, after) = aggregates("tstats", &words[options..], function)?;
        let after = match after {
            ["from", "datamodel=Change", after @ ..] => after,
            ["from", other, ..] => return refused(other),
            [other, ..] => return refused(other),
            [] => return Err(cut("tstats", "`from datamodel=Change`")),
        };
        let (terms, after) = match after {
            ["where", after @ ..] => {
                let end = after.iter().position(|word| *word == "by");
                after.split_at(end.unwrap_or(after.len()))
            }
            after => after.split_at(0),
        };
        let mut wanted = vec![];
        for term in terms {
            match term.split_once('=') {
                Some((field, value)) if change::is_field(field) && !value.contains('*') => {
                    wanted.push((field.to_string(), unquoted(value).to_lowercase()));
                }
                _ => return refused(term),
            }
        }
        let by = by_fields("tstats", after, change::is_field)?;
        let stats = Stats { aggregates, by };
        Ok(Tstats { wanted, stats })
    }

    /// Groups Change rows. Inferred: terms compare without case, as the index's own words do.
    pub(crate) fn run(&self, mut changes: Vec<Row>, clock: Clock) -> Result<Vec<Row>, SplError> {
        changes.retain(|row| {
            self.wanted.iter().all(|(field, wanted)| {
                let mut values = row.values(field).iter();
                values.any(|value| value.to_lowercase() == *wanted)
            })
        });
        self.stats.run(&changes, clock)
    }
}

impl Function {
    /// Of a group's rows; no value at all if no row has the field.
    fn of(&self, rows: &[&Row], clock: Clock) -> Result<Vec<String>, SplError> {
        let values = |field: &String| -> Vec<String> {
            let of_row = |row: &&Row| row.values(field).to_vec();
            rows.iter().flat_map(of_row).collect()
        };
        Ok(match self {
            Function::Count => vec![rows.len().to_string()],
            Function::CountOf(condition) => {
                let held = rows.iter().map(|row| condition.holds(row, clock));
                let held: Vec<bool> = held.collect::<Result<_, _>>()?;
                vec![held.iter().filter(|held| **held).count().to_string()]
            }
            Function::MaxOf(expression) => {
                let values = rows.iter().map(|row| expression.values(row, clock));
                let values: Vec<Vec<String>> = values.collect::<Result<_, _>>()?;
                sorted(values.concat()).pop().into_iter().collect()
            }
            Function::Min(field) => sorted(values(field)).into_iter().take(1).collect(),
            Function::Max(field) => sorted(values(field)).pop().into_iter().collect(),
            Function::Sum(field) => {
                let numbers: Vec<f64> = values(field).iter().flat_map(|v| v.parse()).collect();
                match numbers.is_empty() {
                    true => vec![],
                    false => vec![numbers.iter().sum::<f64>().to_string()],
                }
            }
            Function::DistinctCount(field) => {
                vec![BTreeSet::from_iter(values(field)).len().to_string()]
            }
            Function::Values(field) => BTreeSet::from_iter(values(field)).into_iter().collect(),
            Function::List(field) => values(field).into_iter().take(LIST_MAXSIZE).collect(),
            Function::First(field) => first_with(rows, field),
            Function::Earliest(field) => first_with(&by_time(rows), field),
            Function::Latest(field) => {
                let mut latest_first = by_time(rows);
                latest_first.reverse();
                first_with(&latest_first, field)
            }
        })
    }
}

fn by_time<'a>(rows: &[&'a Row]) -> Vec<&'a Row> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| row.text("_time").parse::<i64>().unwrap_or_default());
    rows
}

/// The field of the first row that has it.
fn first_with(rows: &[&Row], field: &str) -> Vec<String> {
    let mut values = rows.iter().map(|row| row.values(field).to_vec());
    let found = values.find(|values| !values.is_empty());
    found.unwrap_or_default()
}

/// `eventstats` or `streamstats`: every row stays, and has a sum beside its own fields.
#[derive(Debug)]
pub(crate) struct Beside {
    summed: String,
    name: String,
    /// Of the rows up to each row, not of all of them.
    running: bool,
}

impl Beside {
    pub(crate) fn eventstats(rest: &str) -> Result<Beside, SplError> {
        Beside::parse("eventstats", rest, false)
    }

    pub(crate) fn streamstats(rest: &str) -> Result<Beside, SplError> {
        Beside::parse("streamstats", rest, true)
    }

    fn parse(command: &'static str, rest: &str, running: bool) -> Result<Beside, SplError> {
        let words = words(rest);
        let [sum, "as", name] = words[..] else {
            return Err(SplError::refused(command, rest.trim()));
        };
        let summed = sum
            .strip_prefix("sum(")
            .and_then(|sum| sum.strip_suffix(')'));
        let summed = summed.ok_or_else(|| SplError::refused(command, sum))?;
        Ok(Beside {
            summed: summed.to_string(),
            name: name.to_string(),
            running,
        })
    }

    /// A row without a number adds nothing.
    pub(crate) fn run(&self, mut rows: Vec<Row>) -> Vec<Row> {
        let mut sum = 0.0;
        for row in &mut rows {
            sum += row.text(&self.summed).parse::<f64>().unwrap_or_default();
            row.set(&self.name, vec![sum.to_string()]);
        }
        if !self.running {
            for row in &mut rows {
                row.set(&self.name, vec![sum.to_string()]);
            }
        }
        rows
    }
}

/// As numbers if all of them are numbers, else as text.
fn sorted(mut values: Vec<String>) -> Vec<String> {
    let numbers: Result<Vec<f64>, _> = values.iter().map(|value| value.parse()).collect();
    match numbers {
        Ok(_) => values.sort_by(|a, b| {
            let number = |text: &str| text.parse::<f64>().unwrap_or_default();
            number(a).total_cmp(&number(b))
        }),
        Err(_) => values.sort(),
    }
    values
}

/// Reads `function(field) [as name] …` up to `from`, `by` or the end, and gives the words that follow.
fn aggregates<'a, 'b>(
    command: &'static str,
    mut words: &'a [&'b str],
    function: impl Fn(&str, &str) -> Option<Function>,
) -> Result<(Aggregates, &'a [&'b str]), SplError> {
    let mut aggregates = vec![];
    while let [word, after @ ..] = words {
        if ["from", "by"].contains(word) {
            break;
        }
        let known = match word.strip_suffix(')').and_then(|word| word.split_once('(')) {
            Some((name, field)) if is_a_name(field) => function(name, field),
            Some((name, eval)) if command == "stats" => match (name, inside_eval(eval)) {
                ("count", Some(inside)) => Some(Function::CountOf(Expression::parse(inside)?)),
                ("max", Some(inside)) => Some(Function::MaxOf(Expression::parse(inside)?)),
                _ => None,
            },
            None if *word == "count" => Some(Function::Count),
            _ => None,
        };
        let known = known.ok_or_else(|| SplError::refused(command, word))?;
        let (name, after) = match after {
            ["as", name, after @ ..] if is_a_name(name) => (name, after),
            after => (word, after),
        };
        aggregates.push((known, name.to_string()));
        words = after;
    }
    Ok((aggregates, words))
}

fn inside_eval(word: &str) -> Option<&str> {
    word.strip_prefix("eval(")?.strip_suffix(')')
}

fn by_fields(
    command: &'static str,
    words: &[&str],
    is_known: impl Fn(&str) -> bool,
) -> Result<Vec<String>, SplError> {
    match words {
        ["by", fields @ ..] if !fields.is_empty() => {
            match fields.iter().find(|field| !is_known(field)) {
                Some(unknown) => Err(SplError::refused(command, unknown)),
                None => Ok(fields.iter().map(|field| field.to_string()).collect()),
            }
        }
        [other, ..] if *other != "by" => Err(SplError::refused(command, other)),
        _ => Err(cut(command, "`by` and a field")),
    }
}

fn is_a_name(word: &str) -> bool {
    !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_alphanumeric() || "_.".contains(c))
}

fn cut(command: &'static str, expected: &'static str) -> SplError {
    SplError::Cut { command, expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: Clock = Clock {
        now: 0,
        zone: chrono_tz::Tz::UTC,
    };

    fn call(user: &str, command: &str, time: &str) -> Row {
        Row::of(&[("user", user), ("command", command), ("time", time)])
    }

    #[test]
    fn stats_groups_by_every_value_and_leaves_out_rows_without_a_key() {
        let mut two = call("Deploy", "RunInstances", "9");
        two.push("command", "StopInstances".into());
        let rows = [
            two,
            call("Deploy", "RunInstances", "10"),
            call("", "RunInstances", "1"),
        ];
        let stats = Stats::parse(
            "min(time) as first max(time) as last sum(time) as sum count dc(time) as n values(time) as times by user command",
        )
        .unwrap();
        let mut first = Row::of(&[
            ("user", "Deploy"),
            ("command", "RunInstances"),
            ("first", "9"),
            ("last", "10"),
            ("sum", "19"),
            ("count", "2"),
            ("n", "2"),
        ]);
        first.set("times", vec!["10".into(), "9".into()]);
        let groups = stats.run(&rows, CLOCK).unwrap();
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0], first);
        assert_eq!(groups[1].text("command"), "StopInstances");
    }

    #[test]
    fn stats_without_by_is_one_row_even_of_nothing_and_takes_expressions() {
        let stats = Stats::parse(
            "count as n count(eval(user==\"Deploy\")) as some max(eval(if(user==\"Deploy\", time, null()))) as last",
        )
        .unwrap();
        let none = stats.run(&[], CLOCK).unwrap();
        assert_eq!(none, [Row::of(&[("n", "0"), ("some", "0")])]);
        let rows = [
            call("Deploy", "x", "9"),
            call("Deploy", "x", "10"),
            call("Audit", "x", "99"),
        ];
        let three = stats.run(&rows, CLOCK).unwrap();
        assert_eq!(
            three,
            [Row::of(&[("n", "3"), ("some", "2"), ("last", "10")])]
        );
    }

    #[test]
    fn stats_lists_counts_and_takes_the_first_or_earliest_that_has_the_field() {
        let mut rows = vec![
            Row::of(&[("_time", "9"), ("x", "b")]),
            Row::of(&[("_time", "1")]),
            Row::of(&[("_time", "5"), ("x", "a")]),
            Row::of(&[("_time", "7"), ("x", "b")]),
        ];
        let stats = Stats::parse(
            "list(x) as list estdc(x) as n first(x) as first earliest(x) as earliest latest(x) as latest",
        )
        .unwrap();
        let row = stats.run(&rows, CLOCK).unwrap().remove(0);
        assert_eq!(row.values("list"), ["b", "a", "b"]);
        let texts = ["n", "first", "earliest", "latest"].map(|field| row.text(field));
        assert_eq!(texts, ["2", "b", "a", "b"]);
        rows = vec![rows[0].clone(); 101];
        let many = stats.run(&rows, CLOCK).unwrap().remove(0);
        assert_eq!(many.values("list").len(), LIST_MAXSIZE);
    }

    #[test]
    fn a_sum_stands_beside_every_row_of_all_rows_or_of_those_so_far() {
        let rows = vec![
            Row::of(&[("x", "1")]),
            Row::of(&[("x", "0")]),
            Row::of(&[("x", "2")]),
        ];
        let sums = |beside: Beside| -> Vec<String> {
            let rows = beside.run(rows.clone());
            rows.iter().map(|row| row.text("y")).collect()
        };
        assert_eq!(
            sums(Beside::eventstats("sum(x) as y").unwrap()),
            ["3", "3", "3"]
        );
        assert_eq!(
            sums(Beside::streamstats("sum(x) as y").unwrap()),
            ["1", "1", "3"]
        );
        assert!(Beside::streamstats("sum(x) as y by z").is_err());
    }

    #[test]
    fn least_and_greatest_are_numeric_only_if_every_value_is_a_number() {
        let values = |values: &[&str]| sorted(values.iter().map(|v| v.to_string()).collect());
        assert_eq!(values(&["10", "9", "9.5"]), ["9", "9.5", "10"]);
        assert_eq!(values(&["10", "9", "x"]), ["10", "9", "x"]);
    }

    #[test]
    fn tstats_filters_without_case_and_groups_by_fields_of_the_model() {
        let change = |user: &str, status: &str, time: &str| {
            Row::of(&[
                ("_time", time),
                ("All_Changes.user", user),
                ("All_Changes.status", status),
            ])
        };
        let tstats = Tstats::parse(
            "summariesonly=false earliest(_time) as first latest(_time) as last count \
             from datamodel=Change where All_Changes.status=SUCCESS by All_Changes.user",
        )
        .unwrap();
        let changes = vec![
            change("Deploy", "success", "7"),
            change("Deploy", "success", "5"),
            change("Deploy", "failure", "1"),
        ];
        let rows = tstats.run(changes, CLOCK).unwrap();
        let expected = [
            ("All_Changes.user", "Deploy"),
            ("first", "5"),
            ("last", "7"),
            ("count", "2"),
        ];
        assert_eq!(rows, [Row::of(&expected)]);
    }
}
