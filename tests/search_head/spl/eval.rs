//! `eval` and `where`: what an expression of fields, text, numbers, signs and functions gives for a row.
//!
//! Null goes through: what is joined, computed or compared with null is null, and a null condition is false, also under `NOT`. Setting a
//! field to null takes it away. Sums of text and its order are refused, and so is `.` beside a sum.

use super::{
    functions::Function,
    grammar::{Parser, Token},
    SplError,
};
use crate::search_head::{relative_time::Clock, row::Row};

#[derive(Debug)]
pub(crate) struct Eval {
    assignments: Vec<(String, Expression)>,
}

/// Keeps the rows for which the expression holds.
#[derive(Debug)]
pub(crate) struct Where {
    condition: Expression,
}

#[derive(Debug)]
pub(super) enum Expression {
    Field(String),
    Text(String),
    Joined(Vec<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    /// `=`, `!=`, `<`, `>`, `<=` or `>=`.
    Compared(&'static str, Box<Expression>, Box<Expression>),
    /// `+`, `-` or `*`.
    Computed(&'static str, Box<Expression>, Box<Expression>),
    Call(Function, Vec<Expression>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Truth(bool),
    /// One at least.
    Values(Vec<String>),
}

impl From<Vec<String>> for Value {
    fn from(values: Vec<String>) -> Value {
        match values.is_empty() {
            true => Value::Null,
            false => Value::Values(values),
        }
    }
}

impl Eval {
    pub(crate) fn parse(rest: &str) -> Result<Eval, SplError> {
        let mut parser = Parser::new(rest)?;
        let mut assignments = vec![];
        loop {
            let Some(Token::Name(field)) = parser.next() else {
                return Err(cut("`field = expression`"));
            };
            parser.expect("=")?;
            assignments.push((field, parser.expression()?));
            match parser.next() {
                None => return Ok(Eval { assignments }),
                Some(Token::Sign(",")) => {}
                Some(other) => return Err(refused(other.text())),
            }
        }
    }

    /// Assignments see what those before them have set.
    pub(crate) fn run(&self, mut rows: Vec<Row>, clock: Clock) -> Result<Vec<Row>, SplError> {
        for row in &mut rows {
            for (field, expression) in &self.assignments {
                match expression.value(row, clock)? {
                    Value::Null => row.set(field, vec![]),
                    Value::Values(values) => row.set(field, values),
                    Value::Truth(_) => return Err(refused("a truth value as a field")),
                }
            }
        }
        Ok(rows)
    }
}

impl Where {
    pub(crate) fn parse(rest: &str) -> Result<Where, SplError> {
        let condition = Expression::parse(rest)?;
        Ok(Where { condition })
    }

    pub(crate) fn run(&self, rows: Vec<Row>, clock: Clock) -> Result<Vec<Row>, SplError> {
        let mut kept = vec![];
        for row in rows {
            if self.condition.holds(&row, clock)? {
                kept.push(row);
            }
        }
        Ok(kept)
    }
}

impl Expression {
    /// The whole text is one expression.
    pub(super) fn parse(text: &str) -> Result<Expression, SplError> {
        let mut parser = Parser::new(text)?;
        let expression = parser.expression()?;
        match parser.next() {
            None => Ok(expression),
            Some(other) => Err(refused(other.text())),
        }
    }

    /// What it gives as a field's values.
    pub(super) fn values(&self, row: &Row, clock: Clock) -> Result<Vec<String>, SplError> {
        match self.value(row, clock)? {
            Value::Null => Ok(vec![]),
            Value::Values(values) => Ok(values),
            Value::Truth(_) => Err(refused("a truth value as a field")),
        }
    }

    pub(super) fn value(&self, row: &Row, clock: Clock) -> Result<Value, SplError> {
        Ok(match self {
            Expression::Field(name) => row.values(name).to_vec().into(),
            Expression::Text(text) => Value::Values(vec![text.clone()]),
            Expression::Joined(parts) => {
                let parts = parts.iter().map(|part| part.one(row, clock, "."));
                let parts: Option<Vec<String>> = parts.collect::<Result<_, _>>()?;
                parts.map_or(Value::Null, |parts| Value::Values(vec![parts.concat()]))
            }
            Expression::And(terms) => {
                let terms = terms.iter().map(|term| term.holds(row, clock));
                let terms: Vec<bool> = terms.collect::<Result<_, _>>()?;
                Value::Truth(terms.into_iter().all(|holds| holds))
            }
            Expression::Or(terms) => {
                let terms = terms.iter().map(|term| term.holds(row, clock));
                let terms: Vec<bool> = terms.collect::<Result<_, _>>()?;
                Value::Truth(terms.into_iter().any(|holds| holds))
            }
            Expression::Not(term) => match term.value(row, clock)? {
                Value::Null => Value::Null,
                _ => Value::Truth(!term.holds(row, clock)?),
            },
            Expression::Compared(sign @ ("=" | "!="), left, right) => {
                let both = left
                    .one(row, clock, sign)?
                    .zip(right.one(row, clock, sign)?);
                both.map_or(Value::Null, |(left, right)| {
                    Value::Truth(is_equal(&left, &right) == (*sign == "="))
                })
            }
            Expression::Compared(sign, left, right) => {
                let both = left
                    .number(row, clock, sign)?
                    .zip(right.number(row, clock, sign)?);
                both.map_or(Value::Null, |(left, right)| {
                    Value::Truth(match *sign {
                        "<" => left < right,
                        "<=" => left <= right,
                        ">" => left > right,
                        _ => left >= right,
                    })
                })
            }
            Expression::Computed(sign, left, right) => {
                let both = left
                    .number(row, clock, sign)?
                    .zip(right.number(row, clock, sign)?);
                let computed = both.map(|(left, right)| match *sign {
                    "+" => left + right,
                    "-" => left - right,
                    "*" => left * right,
                    _ => left / right,
                });
                // Inferred: a division by zero gives no value.
                let computed = computed.filter(|number| number.is_finite());
                Vec::from_iter(computed.map(|number| number.to_string())).into()
            }
            Expression::Call(function, arguments) => function.of(arguments, row, clock)?,
        })
    }

    pub(super) fn holds(&self, row: &Row, clock: Clock) -> Result<bool, SplError> {
        match self.value(row, clock)? {
            Value::Truth(holds) => Ok(holds),
            Value::Null => Ok(false),
            Value::Values(_) => Err(refused("a field as a truth value")),
        }
    }

    /// The single value as a number, if there is one.
    pub(super) fn number(
        &self,
        row: &Row,
        clock: Clock,
        what: &'static str,
    ) -> Result<Option<f64>, SplError> {
        let text = self.one(row, clock, what)?;
        let number = |text: String| {
            let no_number = |_| refused(&format!("`{what}` of text"));
            text.parse().map_err(no_number)
        };
        text.map(number).transpose()
    }

    /// The single value, if there is one.
    pub(super) fn one(
        &self,
        row: &Row,
        clock: Clock,
        what: &'static str,
    ) -> Result<Option<String>, SplError> {
        match self.value(row, clock)? {
            Value::Null => Ok(None),
            Value::Values(mut values) if values.len() == 1 => Ok(values.pop()),
            Value::Values(_) => Err(SplError::Multivalue(what)),
            Value::Truth(_) => Err(refused("a truth value as text")),
        }
    }
}

/// Whether a condition about no row in particular holds, as a macro's `validation`.
pub(crate) fn holds(condition: &str) -> Result<bool, SplError> {
    let clock = Clock {
        now: 0,
        zone: chrono_tz::Tz::UTC,
    };
    Expression::parse(condition)?.holds(&Row::default(), clock)
}

/// As numbers if both are numbers, else as text.
fn is_equal(left: &str, right: &str) -> bool {
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => left == right,
        _ => left == right,
    }
}

pub(super) fn refused(what: &str) -> SplError {
    SplError::refused("eval", what)
}

pub(super) fn cut(expected: &'static str) -> SplError {
    SplError::Cut {
        command: "eval",
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-07-10, 14:00 in Berlin.
    const CLOCK: Clock = Clock {
        now: 1_688_990_400,
        zone: chrono_tz::Europe::Berlin,
    };

    fn x_of(expression: &str, row: &Row) -> Result<String, SplError> {
        let eval = Eval::parse(&format!("x={expression}"))?;
        Ok(eval.run(vec![row.clone()], CLOCK)?.remove(0).text("x"))
    }

    #[test]
    fn expressions_have_the_value_that_the_search_reference_gives_them() {
        let mut row = Row::of(&[
            ("role", "Deploy"),
            ("a.b", "dotted"),
            ("arn", "x:role/Deploy/s"),
        ]);
        row.set("many", vec!["1".into(), "2".into(), "3".into()]);
        for (expression, value) in [
            ("\"text \\\"quoted\\\" \\d\"", "text \"quoted\" \\d"),
            ("role", "Deploy"),
            ("'a.b'", "dotted"),
            ("role.\":\".'a.b'", "Deploy:dotted"),
            ("role.absent", ""),
            ("null()", ""),
            ("coalesce(absent, null(), role, 'a.b')", "Deploy"),
            (
                "if(isnotnull(role) AND isnotnull('a.b'), role, \"no\")",
                "Deploy",
            ),
            (
                "if(isnotnull(role) AND isnotnull(absent), role, \"no\")",
                "no",
            ),
            ("if(match(arn, \":role/\"), 1, 2)", "1"),
            ("if(match(absent, \".\"), 1, 2)", "2"),
            (
                "replace(arn, \"^.*:role/([^/]+).*$\", \"<\\1>\")",
                "<Deploy>",
            ),
            ("replace(arn, \"nowhere\", \"\\1\")", "x:role/Deploy/s"),
            ("replace(arn, \"^x\", \"$1\")", "$1:role/Deploy/s"),
            ("mvindex(many, 1)", "2"),
            ("mvindex(many, 0, 1)", "1\n2"),
            ("mvindex(many, 1, 9)", ""),
            ("if(10 > 9, \"more\", \"less\")", "more"),
            ("if(9 > 9, \"more\", \"less\")", "less"),
            ("if(absent > 9, \"more\", \"less\")", "less"),
            ("mvindex(many, 9)", ""),
            ("1 + 2 * 3 - 0.5", "6.5"),
            ("absent + 1", ""),
            ("floor(1688990400.9) + 1", "1688990401"),
            ("now() - 60", "1688990340"),
            ("relative_time(now(), \"-1d@d\")", "1688853600"),
            ("relative_time(absent, \"-1d\")", ""),
            ("strftime(now(), \"%F %T %z\")", "2023-07-10 14:00:00 +0200"),
            ("mvappend(role, null(), many)", "Deploy\n1\n2\n3"),
            (
                "sha256(\"abc\")",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "if(role=\"Deploy\" AND 7 == 7.0, \"same\", \"other\")",
                "same",
            ),
            (
                "if(role=\"deploy\" OR absent=1, \"same\", \"other\")",
                "other",
            ),
            ("if(1 > 2 OR 1 < 2 AND 2 > 1, \"yes\", \"no\")", "yes"),
            ("if((1 < 2 OR 1 < 2) AND 2 < 1, \"yes\", \"no\")", "no"),
            ("if(role.\"s\"=\"Deploys\", \"yes\", \"no\")", "yes"),
            ("if(role!=\"Audit\" AND 2 >= 2 AND 1 <= 2, 1, 0)", "1"),
            ("if(NOT role=\"Audit\", 1, 0)", "1"),
            ("if(NOT absent=\"Audit\", 1, 0)", "0"),
            ("if(isnull(absent) AND NOT isnull(role), 1, 0)", "1"),
            ("max(9, 10) - min(9, 10)", "1"),
            ("tonumber(\"1.50\")", "1.5"),
            ("tonumber(role)", ""),
            ("len(role)", "6"),
            ("mvcount(many)", "3"),
            ("mvcount(absent)", ""),
            ("mvdedup(mvappend(many, \"2\", \"4\"))", "1\n2\n3\n4"),
            ("mvjoin(many, \"; \")", "1; 2; 3"),
            ("mvjoin(absent, \"; \")", ""),
        ] {
            assert_eq!(x_of(expression, &row).unwrap(), value, "{expression}");
        }
        assert!(matches!(
            x_of("many.role", &row),
            Err(SplError::Multivalue("."))
        ));
    }

    #[test]
    fn what_text_would_mean_in_a_sum_or_an_order_is_refused() {
        for expression in [
            "\"a\" + 1",
            "if(\"a\" < \"b\", 1, 2)",
            "1 = 1",
            "max(1, absent)",
        ] {
            assert!(x_of(expression, &Row::default()).is_err(), "{expression}");
        }
    }

    #[test]
    fn where_keeps_the_rows_that_the_condition_holds_for() {
        let row = |n: &str| Row::of(&[("n", n)]);
        let condition = Where::parse("n > 1 AND n < 10").unwrap();
        let kept = condition.run(vec![row("1"), row("9"), row("10"), Row::default()], CLOCK);
        assert_eq!(kept.unwrap(), [row("9")]);
    }

    #[test]
    fn assignments_see_those_before_them_and_null_takes_a_field_away() {
        let eval = Eval::parse("a=\"1\", b=a.a, a=null()").unwrap();
        assert_eq!(
            eval.run(vec![Row::default()], CLOCK).unwrap(),
            [Row::of(&[("b", "11")])]
        );
    }
}
