//! How what was found is written: a table for eyes, CSV for spreadsheets, JSON for programs.
//!
//! Values come from logs, and so from whoever made the calls: each form makes them harmless in its own way. A table escapes what
//! cannot be seen, CSV defuses what a spreadsheet would take for a formula, JSON escapes by itself.

mod columns;
mod csv_form;
mod found_key;
mod json_form;
mod ranked_table;
mod roles;
mod styles;
mod table;
mod visible;

pub(crate) use columns::{cut, fitted_lines, wrapped};
pub(crate) use found_key::{AlertRun, FoundKey};
pub(crate) use styles::{styled, Styles};
pub(crate) use visible::visible;

use crate::lookup::RANKING;
use crate::observations::{CONTEXT_FIELDS, SAMPLED};
use found_key::{ALERT_RUN, TIMES};

/// A form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// ColumnWidths for a terminal.
    Table,
    /// CSV, times in epoch seconds.
    Csv,
    /// One JSON object a line.
    Json,
}

impl Format {
    /// The form with this name; the command line has checked it.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "csv" => Self::Csv,
            "json" => Self::Json,
            _ => Self::Table,
        }
    }
}

/// In which order rows come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The most surprising role first, and of its rows the most surprising one.
    Surprise,
    /// The row that was seen first.
    Time,
}

/// Writes keys of the fields `by`, which are in the order of their values. Only a table has styles.
pub(crate) fn write(
    (format, styles): (Format, &Styles),
    order: Order,
    by: &[String],
    mut rows: Vec<FoundKey<'_>>,
) -> Vec<u8> {
    match (order, format) {
        (Order::Surprise, Format::Table) => ranked_table::write(by, &roles::by_role(rows), styles),
        (Order::Surprise, _) => {
            let roles = roles::by_role(rows).into_iter();
            write_rows(
                format,
                by,
                &roles.flat_map(|role| role.rows).collect::<Vec<_>>(),
            )
        }
        (Order::Time, _) => {
            rows.sort_by_key(|row| row.observed.sighting.first());
            write_rows(format, by, &rows)
        }
    }
}

/// Writes the alerts of a replay, in the order in which they come, as CSV or JSON.
pub(crate) fn write_alerts(format: Format, by: &[String], rows: &[FoundKey<'_>]) -> Vec<u8> {
    match format {
        Format::Csv => csv_form::write(&ALERT_RUN, by, rows),
        Format::Json | Format::Table => json_form::write(rows),
    }
}

/// Whether the alerts of a replay have a column of this name that other results have not.
pub(crate) fn has_alert_column(name: &str) -> bool {
    ALERT_RUN.contains(&name)
}

fn write_rows(format: Format, by: &[String], rows: &[FoundKey<'_>]) -> Vec<u8> {
    match format {
        Format::Table => table::write(by, rows),
        Format::Csv => csv_form::write(&[], by, rows),
        Format::Json => json_form::write(rows),
    }
}

/// Those of the names that are no key field: such a field is not written twice.
fn fields_not_in<'n>(
    by: &'n [String],
    names: &'n [&'static str],
) -> impl Iterator<Item = &'static str> + 'n {
    names.iter().copied().filter(|name| !is_key_field(by, name))
}

/// How often a key was observed.
const COUNT: &str = "count";

/// Whether the result has a column of this name of its own, so that no key field can be called so.
pub(crate) fn has_column(name: &str) -> bool {
    let (sampled, _) = CONTEXT_FIELDS.split_at(SAMPLED);
    let counted = name.strip_suffix("_count");
    TIMES.contains(&name)
        || name == COUNT
        || counted.is_some_and(|name| sampled.contains(&name))
        || RANKING.iter().any(|column| column.name == name)
}

fn is_key_field(by: &[String], name: &str) -> bool {
    by.iter().any(|field| field == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{
        Cutoffs, Detector, Fact, Maturity, Sighting, StoredSighting, Ticket, WindowedExplainer,
    };
    use crate::keys::RowKeys;
    use crate::lookup::Reading;
    use crate::observations::{DetailLevel, Observations, ObservedKey, TimeRange};
    use crate::time::{Timestamp, DAY};
    use std::collections::BTreeSet;
    use std::hash::RandomState;

    /// What was read: each row is a role, a call, its times in seconds after the window opened, and what came with it, in the order of
    /// [`CONTEXT_FIELDS`] with blanks between the fields and commas between several values.
    fn read(rows: &[(&str, &str, [i64; 2], &str)]) -> Observations {
        let (range, hasher) = (TimeRange::default(), RandomState::new());
        let mut observations = Observations::new(2, DetailLevel::Context, range, hasher);
        for &(role, call, [first, last], context) in rows {
            let at = |seconds: i64| Some(Timestamp(OPENS.0 + seconds * 1_000_000));
            let reading = Reading {
                fact: Fact {
                    observed: Some(Sighting::new(at(first), at(last))),
                    stored: None,
                },
                bad_time: None,
                broken_time: None,
            };
            let cells: Vec<Vec<&[u8]>> = context
                .split(' ')
                .map(|cell| cell.split(',').map(str::as_bytes).collect())
                .collect();
            let cell = |nth: usize| cells.get(nth).map_or(&[][..], Vec::as_slice);
            let context: [&[&[u8]]; CONTEXT_FIELDS.len()] = std::array::from_fn(cell);
            observations.take_row(&reading, &RowKeys::one(&[role, call]), 7, context);
        }
        observations
    }

    const OPENS: Timestamp = Timestamp(99 * DAY);

    /// What is reported in a form, of a baseline in which two roles list buckets and one reads objects since day 20.
    fn written(format: Format, order: Order, rows: &[(&str, &str, [i64; 2], &str)]) -> String {
        let observations = read(rows);
        let cutoffs = Cutoffs {
            activity: OPENS,
            forget: None,
            learning: OPENS,
            earliest: Cutoffs::AFTER_EPOCH,
        };
        let (mut detector, mut explainer) = (
            Detector::new(cutoffs),
            WindowedExplainer::new(cutoffs, Some(1)),
        );
        let mut feed = |keys: RowKeys<'_>, fact: Fact| -> Option<Ticket> {
            let ticket = detector.feed(&keys, fact);
            explainer.feed(&keys, fact, ticket);
            ticket
        };
        let stored = StoredSighting {
            sighting: Sighting::new(Some(Timestamp(20 * DAY)), Some(OPENS)),
            maturity: Some(Maturity::Mature),
            verbatim: true,
        };
        for key in [
            ["1:role/A", "s3:List"],
            ["1:role/B", "s3:List"],
            ["1:role/B", "s3:Get"],
        ] {
            let fact = Fact {
                observed: None,
                stored: Some(stored),
            };
            feed(RowKeys::one(&key), fact);
        }
        let observed: Vec<(Option<Ticket>, ObservedKey<'_>)> = observations
            .observed()
            .into_iter()
            .map(|(key, observed)| {
                let ticket = feed(observations.row_keys(key), observed.fact());
                (ticket, (key, observed))
            })
            .collect();
        let explanations = explainer.finish(&detector.finish().unwrap(), |end| end);
        let by = ["user", "command"].map(String::from);
        let rows = observed.into_iter().map(|(ticket, observed)| {
            FoundKey::new(
                &by,
                &observations,
                observed,
                explanations.of(ticket.unwrap()),
            )
        });
        String::from_utf8(write(
            (format, &Styles::default()),
            order,
            &by,
            rows.collect(),
        ))
        .unwrap()
    }

    const ATTACK: [(&str, &str, [i64; 2], &str); 4] = [
        (
            "1:role/A",
            "s3:Get",
            [1, 1],
            "1 A eu-1 192.0.2.1 thing ann cli/1 ASIA1 e1 true AwsApiCall",
        ),
        (
            "1:role/B",
            "iam:CreateUser",
            [60, 3_600],
            "1 B eu-1 192.0.2.7 eve bob cli/2 ASIA2 e2 false AwsApiCall",
        ),
        (
            "1:role/B",
            "s3:Put",
            [90, 90],
            "1 B eu-1 192.0.2.7 bucket bob cli/2 ASIA2 e3 false AwsApiCall",
        ),
        ("1:role/C", "s3:List", [5, 86_405], "1 C eu-1 ::1,::2"),
    ];

    #[test]
    fn a_ranked_table_has_the_most_surprising_role_first_and_says_why() {
        let table = written(Format::Table, Order::Surprise, &ATTACK);
        assert_eq!(
            table.lines().collect::<Vec<_>>(),
            [
                "  surprise  first (UTC)          count  access  command         src        object",
                "",
                "1:role/B: surprise 10.6 in 2 new calls, 1970-04-10 00:01:00 to 01:00:00, from 192.0.2.7",
                "  session bob, access key ASIA2, agent cli/2",
                "       7.1  1970-04-10 00:01:00  7      write   iam:CreateUser  192.0.2.7  eve",
                "            the one role most like it does not make this call; the one other role does not make it; the role never used",
                "            iam before; before this window the role made no new call for 28 days",
                "       3.5  1970-04-10 00:01:30  7      write   s3:Put          192.0.2.7  bucket",
                "            the one role most like it does not make this call; the one other role does not make it; before this window",
                "            the role made no new call for 28 days",
                "",
                "1:role/A: surprise 0.0 in 1 new call, 1970-04-10 00:00:01, from 192.0.2.1",
                "  session ann, access key ASIA1, agent cli/1",
                "       0.0  1970-04-10 00:00:01  7      read    s3:Get          192.0.2.1  thing",
                "            the one role most like it makes this call; the one other role makes it; before this window the role made no",
                "            new call for 28 days",
                "",
                "1:role/C (new role): surprise 0.0 in 1 new call, 1970-04-10 00:00:05 to 1970-04-11 00:00:05, 2 addresses",
                "       0.0  1970-04-10 00:00:05  7      -       s3:List         ::1 (+1)   -",
                "            the role is new; 2 of the 2 other roles make it"
            ]
        );
    }

    #[test]
    fn a_sentence_that_several_rows_have_in_common_stands_under_the_last_of_them() {
        let table = written(
            Format::Table,
            Order::Surprise,
            &[
                ("1:role/B", "iam:CreateUser", [60, 60], ""),
                ("1:role/B", "iam:CreateRole", [61, 61], ""),
                ("1:role/B", "kms:Sign", [62, 62], ""),
            ],
        );
        let place = |text: &str| table.find(text).unwrap();
        let sentences: Vec<usize> = table
            .match_indices("the one role most like it")
            .map(|(place, _)| place)
            .collect();
        let [of_iam, of_kms] = sentences[..] else {
            panic!("two sentences: {table}")
        };
        assert!(place("iam:CreateUser") < place("iam:CreateRole"));
        assert!(place("iam:CreateRole") < of_iam && of_iam < place("kms:Sign"));
        assert!(place("kms:Sign") < of_kms);
    }

    #[test]
    fn no_line_of_a_ranked_table_is_wider_than_a_terminal() {
        let (long, wide) = ("x".repeat(300), "\u{4eba}".repeat(80));
        let role = format!("1:role/{long}");
        for (call, context) in [
            (
                "s3:Get",
                format!("1 A eu-1 {long} {long} {long} {wide} {long}"),
            ),
            (long.as_str(), String::new()),
            (
                wide.as_str(),
                format!("1 A eu-1 192.0.2.1 arn:{wide} a b c"),
            ),
        ] {
            let table = written(
                Format::Table,
                Order::Surprise,
                &[(&role, call, [1, 2], &context)],
            );
            for line in table.lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= 120, "{line}");
            }
        }
    }

    #[test]
    fn every_form_has_the_rows_in_the_same_order() {
        let expected = ["iam:CreateUser", "s3:Put", "s3:Get", "s3:List"];
        for format in [Format::Csv, Format::Json] {
            let text = written(format, Order::Surprise, &ATTACK);
            let places = expected.map(|call| text.find(call));
            assert!(places.is_sorted(), "{text}");
        }
        let by_time = written(Format::Table, Order::Time, &ATTACK);
        let places =
            ["s3:Get", "s3:List", "iam:CreateUser", "s3:Put"].map(|call| by_time.find(call));
        assert!(places.is_sorted(), "{by_time}");
    }

    /// One key as it was found, in a form, in the order of time.
    fn one(format: Format, key: [&str; 2], context: &str) -> String {
        written(format, Order::Time, &[(key[0], key[1], [1, 3], context)])
    }

    #[test]
    fn a_flat_table_is_aligned_and_shows_the_first_of_several() {
        assert_eq!(
            one(Format::Table, ["1:role/A", "s3:GetObject"], "1  eu-1 ::1 b,a,c"),
            "first (UTC)          last (UTC)           count  user      command       region  src  object\n\
             1970-04-10 00:00:01  1970-04-10 00:00:03  7      1:role/A  s3:GetObject  eu-1    ::1  a (+2)\n"
        );
    }

    #[test]
    fn a_table_shows_what_cannot_be_seen() {
        for order in [Order::Time, Order::Surprise] {
            let hidden = (
                "a\x1b[31m\n\u{202e}b",
                "s\x07:\u{e9}",
                [1, 1],
                "1  \x1b[2J ::1 o s\x1b[0m a\u{feff} k",
            );
            let table = written(Format::Table, order, &[hidden]);
            assert!(table.contains("a\\u{1b}[31m\\u{a}\\u{202e}b"), "{table}");
            assert!(table.contains("s\\u{7}:\u{e9}"), "{table}");
            let is_shown =
                |c: char| c == '\n' || !c.is_control() && !"\u{202e}\u{feff}".contains(c);
            assert!(table.chars().all(is_shown), "{table:?}");
        }
    }

    #[test]
    fn csv_has_epoch_seconds_and_no_formulas() {
        assert_eq!(
            one(
                Format::Csv,
                ["=cmd()", "s3:Get,Object"],
                "1  eu-1 ::1 @b,a +s =ua  e1 true AwsApiCall"
            ),
            "firstTime,lastTime,count,user,command,account,role,region,src,object,account_count,role_count,region_count,src_count,\
             object_count,session,user_agent,access_key,event_id,read_only,event_type,surprise,reason,surprise_peers,surprise_service,\
             surprise_rollout,surprise_weight,novelty,role_first_seen,role_calls,call_roles\n\
             8553601,8553603,7,'=cmd(),\"s3:Get,Object\",1,,eu-1,::1,\"'@b\na\",1,0,1,1,2,'+s,'=ua,,e1,true,AwsApiCall,0,\
             the role is new; none of the 2 other roles makes it,1.791759,0,0,1,role,,0,0\n"
        );
    }

    #[test]
    fn json_has_one_object_a_line_with_values_as_they_are() {
        let line = one(
            Format::Json,
            ["1:role/A", "c\n\"d\""],
            "1  eu-1 ::1 y,x s ua  e1 false AwsApiCall",
        );
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let expected = serde_json::json!({
            "firstTime": 8_553_601, "lastTime": 8_553_603, "count": 7, "user": "1:role/A", "command": "c\n\"d\"",
            "account": ["1"], "account_count": 1, "role": [], "role_count": 0, "region": ["eu-1"], "region_count": 1,
            "src": ["::1"], "src_count": 1, "object": ["x", "y"], "object_count": 2,
            "session": "s", "user_agent": "ua", "access_key": null, "event_id": "e1", "read_only": "false", "event_type": "AwsApiCall",
            "surprise": 3.531544, "surprise_peers": 3.178054, "surprise_service": 0, "surprise_rollout": 0, "surprise_weight": 3.21455,
            "reason": "the one role most like it does not make this call; the one other role does not make it; \
                       before this window the role made no new call for 28 days",
            "novelty": "call", "role_first_seen": 1_728_000, "role_calls": 1, "call_roles": 0,
        });
        assert_eq!(object, expected);
    }

    /// A column is named in four places: `csv_form`, `json_form`, [`has_column`] and the page.
    #[test]
    fn csv_and_json_have_the_same_columns_and_each_is_reserved_and_on_the_page() {
        let found = |format| {
            one(
                format,
                ["1:role/A", "s3:Get"],
                "1 A eu-1 ::1 o s ua k e1 true AwsApiCall",
            )
        };
        let csv = found(Format::Csv);
        let csv: BTreeSet<&str> = csv.lines().next().unwrap().split(',').collect();
        let json: serde_json::Value = serde_json::from_str(&found(Format::Json)).unwrap();
        let json: BTreeSet<&str> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let of_one: Vec<_> = csv.symmetric_difference(&json).collect();
        assert!(of_one.is_empty(), "columns of one form alone: {of_one:?}");
        let page = std::fs::read_to_string("docs/command-line.md").unwrap();
        for column in csv
            .into_iter()
            .filter(|name| !["user", "command"].contains(name))
        {
            let is_reserved = has_column(column) || CONTEXT_FIELDS.contains(&column);
            assert!(
                is_reserved,
                "`--by {column}` would write this column twice: see has_column"
            );
            let is_of_many = column.ends_with("_count") || column.starts_with("surprise_");
            let is_on_page = is_of_many || page.contains(&format!("`{column}`"));
            assert!(
                is_on_page,
                "docs/command-line.md does not say what `{column}` is"
            );
        }
    }

    #[test]
    fn what_was_not_ranked_has_no_ranking_and_a_key_field_is_not_written_twice() {
        let (by, observations) = (["src", "session"].map(String::from), read(&ATTACK[..1]));
        let rows = || {
            let observed = observations.observed().into_iter();
            observed
                .map(|observed| FoundKey::new(&by, &observations, observed, None))
                .collect()
        };
        let json = write((Format::Json, &Styles::default()), Order::Time, &by, rows());
        let object: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(
            (&object["src"], &object["session"]),
            (&"1:role/A".into(), &"s3:Get".into())
        );
        assert!(object["surprise"].is_null() && object.get("src_count").is_none());
        let reserved = [
            "firstTime",
            "count",
            "src_count",
            "surprise",
            "reason",
            "call_roles",
        ];
        assert!(reserved.into_iter().all(has_column));
        assert!(!by.iter().any(|field| has_column(field)));
        for format in [Format::Json, Format::Csv] {
            let text = String::from_utf8(write(
                (format, &Styles::default()),
                Order::Time,
                &by,
                rows(),
            ))
            .unwrap();
            assert_eq!(text.matches("session").count(), 1, "{text}");
        }
    }

    #[test]
    fn nothing_found_is_an_empty_table_and_a_bare_header() {
        let by = ["user", "command"].map(String::from);
        for order in [Order::Surprise, Order::Time] {
            let nothing = |format| write((format, &Styles::default()), order, &by, Vec::new());
            assert_eq!(nothing(Format::Table), b"");
            assert_eq!(nothing(Format::Json), b"");
            let csv = String::from_utf8(nothing(Format::Csv)).unwrap();
            let begins = csv.starts_with("firstTime,lastTime,count,user,command,account,");
            assert!(begins && csv.lines().count() == 1, "{csv}");
        }
    }
}
