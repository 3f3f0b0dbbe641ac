//! `rename "<prefix>*" as *`, `rename <field> as <field>, …`, `table`, `mvexpand`, `sort 0` and
//! `convert timeformat="…" ctime(<field>)`: the same rows, dressed or ordered otherwise.

use super::{
    words::{unquoted, words},
    SplError,
};
use crate::search_head::{relative_time::ctime, row::Row};
use chrono_tz::Tz;
use std::cmp::Ordering;

#[derive(Debug)]
pub(crate) enum Rename {
    /// Takes a prefix off the names of all fields that have it.
    Prefix(String),
    /// From a name to another.
    Fields(Vec<(String, String)>),
}

impl Rename {
    pub(crate) fn parse(rest: &str) -> Result<Rename, SplError> {
        let words = words(rest);
        if let [from, "as", "*"] = words[..] {
            return match unquoted(from).strip_suffix('*') {
                Some(prefix) if !prefix.contains('*') => Ok(Rename::Prefix(prefix.to_string())),
                _ => Err(SplError::refused("rename", from)),
            };
        }
        let one = |words: &[&str]| match words {
            [from, "as", to] => match [from, to].into_iter().find(|name| !is_a_name(name)) {
                None => Ok((from.to_string(), to.to_string())),
                Some(name) => Err(SplError::refused("rename", name)),
            },
            _ => Err(SplError::refused("rename", rest.trim())),
        };
        let fields = words.chunks(3).map(one).collect::<Result<_, _>>()?;
        Ok(Rename::Fields(fields))
    }

    pub(crate) fn run(&self, rows: Vec<Row>) -> Vec<Row> {
        let name = |field: &str| {
            let other = match self {
                Rename::Prefix(prefix) => field.strip_prefix(prefix.as_str()),
                Rename::Fields(fields) => fields
                    .iter()
                    .find(|(from, _)| from == field)
                    .map(|(_, to)| to.as_str()),
            };
            Some(other.unwrap_or(field).to_string())
        };
        rows.into_iter().map(|row| row.renamed(name)).collect()
    }
}

/// Keeps these fields, in this order.
#[derive(Debug)]
pub(crate) struct Table {
    fields: Vec<String>,
}

impl Table {
    pub(crate) fn parse(rest: &str) -> Result<Table, SplError> {
        let fields = words(rest);
        match fields.iter().find(|field| !is_a_name(field)) {
            Some(other) => Err(SplError::refused("table", other)),
            None => Ok(Table {
                fields: fields.iter().map(|field| field.to_string()).collect(),
            }),
        }
    }

    pub(crate) fn run(&self, rows: Vec<Row>) -> Vec<Row> {
        let of = |row: &Row| {
            let mut table = Row::default();
            for field in &self.fields {
                table.set(field, row.values(field).to_vec());
            }
            table
        };
        rows.iter().map(of).collect()
    }
}

/// Makes of each value of one field a row of its own.
#[derive(Debug)]
pub(crate) struct MvExpand {
    field: String,
}

impl MvExpand {
    pub(crate) fn parse(rest: &str) -> Result<MvExpand, SplError> {
        match words(rest)[..] {
            [field] if is_a_name(field) => Ok(MvExpand {
                field: field.to_string(),
            }),
            _ => Err(SplError::refused("mvexpand", rest.trim())),
        }
    }

    /// What becomes of a row without the field is not known for sure: there must be none.
    pub(crate) fn run(&self, rows: Vec<Row>) -> Result<Vec<Row>, SplError> {
        let mut expanded = vec![];
        for row in rows {
            let values = row.values(&self.field).to_vec();
            if values.is_empty() {
                return Err(SplError::refused("mvexpand", "a row without the field"));
            }
            for value in values {
                let mut one = row.clone();
                one.set(&self.field, vec![value]);
                expanded.push(one);
            }
        }
        Ok(expanded)
    }
}

/// `sort 0 -field +field …`: all rows in this order. Rows that are equal stay as they came.
#[derive(Debug)]
pub(crate) struct Sort {
    /// Whether greatest first, and the field.
    by: Vec<(bool, String)>,
}

impl Sort {
    pub(crate) fn parse(rest: &str) -> Result<Sort, SplError> {
        let words = words(rest);
        // Without the 0 Splunk keeps 10,000 rows.
        let ["0", fields @ ..] = words.as_slice() else {
            return Err(SplError::refused("sort", words.first().unwrap_or(&"")));
        };
        let signed = |word: &&str| match (word.strip_prefix('-'), word.strip_prefix('+')) {
            (Some(field), _) if is_a_name(field) => Ok((true, field.to_string())),
            (_, Some(field)) if is_a_name(field) => Ok((false, field.to_string())),
            _ => Err(SplError::refused("sort", word)),
        };
        let by = fields.iter().map(signed).collect::<Result<_, _>>()?;
        Ok(Sort { by })
    }

    pub(crate) fn run(&self, mut rows: Vec<Row>) -> Vec<Row> {
        rows.sort_by(|a, b| {
            let orders = self.by.iter().map(|(greatest_first, field)| {
                let order = in_order(&a.text(field), &b.text(field));
                if *greatest_first {
                    order.reverse()
                } else {
                    order
                }
            });
            orders.fold(Ordering::Equal, Ordering::then)
        });
        rows
    }
}

/// As numbers if both are numbers, else as text.
fn in_order(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        _ => a.cmp(b),
    }
}

fn is_a_name(word: &str) -> bool {
    word.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Writes epoch seconds as text. What is no number stays as it is.
#[derive(Debug)]
pub(crate) struct Convert {
    format: String,
    field: String,
}

impl Convert {
    pub(crate) fn parse(rest: &str) -> Result<Convert, SplError> {
        let words = words(rest);
        let (format, function) = match words[..] {
            [format, function] => match format.strip_prefix("timeformat=") {
                Some(format) => (unquoted(format), function),
                None => return Err(SplError::refused("convert", format)),
            },
            _ => return Err(SplError::refused("convert", rest.trim())),
        };
        match function
            .strip_prefix("ctime(")
            .and_then(|f| f.strip_suffix(')'))
        {
            Some(field) => Ok(Convert {
                format: format.to_string(),
                field: field.to_string(),
            }),
            None => Err(SplError::refused("convert", function)),
        }
    }

    /// Inferred: a fraction of a second is cut off, since the format has no place for it.
    pub(crate) fn run(&self, mut rows: Vec<Row>, zone: Tz) -> Vec<Row> {
        for row in &mut rows {
            let dressed = |value: &String| match value.parse::<f64>() {
                Ok(epoch) => ctime(epoch.floor() as i64, &self.format, zone),
                Err(_) => value.clone(),
            };
            let values = row.values(&self.field).iter().map(dressed).collect();
            row.set(&self.field, values);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rename_takes_a_prefix_off_and_leaves_other_fields_alone() {
        let rename = Rename::parse("\"All_Changes.*\" as *").unwrap();
        let row = Row::of(&[("All_Changes.user", "Deploy"), ("count", "1")]);
        assert_eq!(
            rename.run(vec![row]),
            [Row::of(&[("user", "Deploy"), ("count", "1")])]
        );
    }

    #[test]
    fn rename_gives_single_fields_other_names() {
        let rename = Rename::parse("a as b, c as d").unwrap();
        let row = Row::of(&[("a", "1"), ("c", "2"), ("e", "3")]);
        let expected = Row::of(&[("b", "1"), ("d", "2"), ("e", "3")]);
        assert_eq!(rename.run(vec![row]), [expected]);
    }

    #[test]
    fn table_keeps_its_fields_in_its_order() {
        let table = Table::parse("b a, absent").unwrap();
        let row = Row::of(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert_eq!(table.run(vec![row]), [Row::of(&[("b", "2"), ("a", "1")])]);
    }

    #[test]
    fn mvexpand_makes_a_row_of_each_value() {
        let expand = MvExpand::parse("a").unwrap();
        let mut row = Row::of(&[("a", "1"), ("b", "2")]);
        row.push("a", "3".into());
        let one = |a| Row::of(&[("a", a), ("b", "2")]);
        assert_eq!(expand.run(vec![row]).unwrap(), [one("1"), one("3")]);
        assert!(expand.run(vec![Row::default()]).is_err());
    }

    #[test]
    fn sort_orders_numbers_as_numbers_and_keeps_all_rows() {
        let row = |a: &str, b: &str| Row::of(&[("a", a), ("b", b)]);
        let sort = Sort::parse("0 -a +b").unwrap();
        let sorted = sort.run(vec![row("9", "y"), row("10", "y"), row("9", "x")]);
        assert_eq!(sorted, [row("10", "y"), row("9", "x"), row("9", "y")]);
        assert!(Sort::parse("-a").is_err());
    }

    #[test]
    fn ctime_shows_the_zones_clock_and_keeps_what_is_no_number() {
        let convert = Convert::parse("timeformat=\"%Y-%m-%dT%H:%M:%S\" ctime(t)").unwrap();
        let rows = vec![Row::of(&[("t", "1688990400.5")]), Row::of(&[("t", "soon")])];
        assert_eq!(
            convert.run(rows, chrono_tz::Europe::Berlin),
            [
                Row::of(&[("t", "2023-07-10T14:00:00")]),
                Row::of(&[("t", "soon")])
            ]
        );
    }
}
