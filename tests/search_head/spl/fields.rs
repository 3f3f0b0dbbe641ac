//! `rename "<prefix>*" as *` and `convert timeformat="…" ctime(<field>)`: the same rows, dressed otherwise.

use super::{
    words::{unquoted, words},
    SplError,
};
use crate::search_head::{relative_time::ctime, row::Row};
use chrono_tz::Tz;

/// Takes a prefix off the names of all fields that have it.
#[derive(Debug)]
pub(crate) struct Rename {
    prefix: String,
}

impl Rename {
    pub(crate) fn parse(rest: &str) -> Result<Rename, SplError> {
        let words = words(rest);
        let [from, "as", to] = words[..] else {
            return Err(SplError::refused("rename", rest.trim()));
        };
        match unquoted(from).strip_suffix('*') {
            Some(prefix) if to == "*" && !prefix.contains('*') => {
                let prefix = prefix.to_string();
                Ok(Rename { prefix })
            }
            Some(_) => Err(SplError::refused("rename", to)),
            None => Err(SplError::refused("rename", from)),
        }
    }

    pub(crate) fn run(&self, rows: Vec<Row>) -> Vec<Row> {
        let name = |field: &str| {
            Some(
                field
                    .strip_prefix(&self.prefix)
                    .unwrap_or(field)
                    .to_string(),
            )
        };
        rows.into_iter().map(|row| row.renamed(name)).collect()
    }
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
