//! `eval` and `where`: expressions of fields, text, numbers, `.`, `+`, `-`, `*`, `=`, `<`, `>`, `AND`, `OR` and the functions
//! that the shipped searches call.
//!
//! Null goes through: what is joined, computed or compared with null is null, and a null condition is false. Setting a
//! field to null takes it away. `+` of text, and `<` and `>` of it, are refused, and so is `.` beside a sum. Functions that the Search Reference describes for one value refuse a multivalue field.
//! Inferred: patterns are PCRE there and Rust's `regex` here; the shipped ones mean the same in both.

use super::SplError;
use crate::search_head::{
    relative_time::{ctime, relative_time, Clock},
    row::Row,
};
use regex::Regex;
use sha2::{Digest, Sha256};
use std::{cell::RefCell, collections::BTreeMap};

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
    /// `=`, `<` or `>`.
    Compared(&'static str, Box<Expression>, Box<Expression>),
    /// `+`, `-` or `*`.
    Computed(&'static str, Box<Expression>, Box<Expression>),
    Call(Function, Vec<Expression>),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    Coalesce,
    Floor,
    If,
    IsNotNull,
    Match,
    MvAppend,
    MvIndex,
    Now,
    Null,
    RelativeTime,
    Replace,
    Sha256,
    StrFTime,
}

/// The only format that is known to mean the same to Splunk and to `chrono`.
const TIME_FORMATS: [&str; 1] = ["%F %T %z"];

#[derive(Clone, Debug, PartialEq)]
enum Value {
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

    fn value(&self, row: &Row, clock: Clock) -> Result<Value, SplError> {
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
            Expression::Compared("=", left, right) => {
                let (left, right) = (left.one(row, clock, "=")?, right.one(row, clock, "=")?);
                let number = |text: &String| text.parse::<f64>().ok();
                left.zip(right).map_or(Value::Null, |(left, right)| {
                    Value::Truth(match number(&left).zip(number(&right)) {
                        Some((left, right)) => left == right,
                        None => left == right,
                    })
                })
            }
            Expression::Compared(sign, left, right) => {
                let both = left
                    .number(row, clock, sign)?
                    .zip(right.number(row, clock, sign)?);
                both.map_or(Value::Null, |(left, right)| {
                    Value::Truth(if *sign == "<" {
                        left < right
                    } else {
                        left > right
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
                    _ => left * right,
                });
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
    fn number(&self, row: &Row, clock: Clock, what: &'static str) -> Result<Option<f64>, SplError> {
        let text = self.one(row, clock, what)?;
        let number = |text: String| {
            let no_number = |_| refused(&format!("`{what}` of text"));
            text.parse().map_err(no_number)
        };
        text.map(number).transpose()
    }

    /// The single value, if there is one.
    fn one(&self, row: &Row, clock: Clock, what: &'static str) -> Result<Option<String>, SplError> {
        match self.value(row, clock)? {
            Value::Null => Ok(None),
            Value::Values(mut values) if values.len() == 1 => Ok(values.pop()),
            Value::Values(_) => Err(SplError::Multivalue(what)),
            Value::Truth(_) => Err(refused("a truth value as text")),
        }
    }
}

impl Function {
    fn named(name: &str, arguments: usize) -> Option<Function> {
        Some(match (name, arguments) {
            ("coalesce", 1..) => Function::Coalesce,
            ("floor", 1) => Function::Floor,
            ("if", 3) => Function::If,
            ("isnotnull", 1) => Function::IsNotNull,
            ("match", 2) => Function::Match,
            ("mvappend", 1..) => Function::MvAppend,
            ("mvindex", 2 | 3) => Function::MvIndex,
            ("now", 0) => Function::Now,
            ("null", 0) => Function::Null,
            ("relative_time", 2) => Function::RelativeTime,
            ("replace", 3) => Function::Replace,
            ("sha256", 1) => Function::Sha256,
            ("strftime", 2) => Function::StrFTime,
            _ => return None,
        })
    }

    fn of(self, arguments: &[Expression], row: &Row, clock: Clock) -> Result<Value, SplError> {
        match (self, arguments) {
            (Function::Null, _) => Ok(Value::Null),
            (Function::Now, _) => Ok(vec![clock.now.to_string()].into()),
            (Function::Floor, [number]) => {
                let number = number.number(row, clock, "floor")?;
                Ok(Vec::from_iter(number.map(|number| number.floor().to_string())).into())
            }
            (Function::RelativeTime, [time, modifier]) => {
                let time = time.number(row, clock, "relative_time")?;
                let modifier = modifier.one(row, clock, "relative_time")?;
                let moved = time.zip(modifier).map(|(time, modifier)| {
                    relative_time(time.floor() as i64, &modifier, clock.zone)
                });
                Ok(Vec::from_iter(moved.transpose()?.map(|moved| moved.to_string())).into())
            }
            (Function::StrFTime, [time, format]) => {
                let time = time.number(row, clock, "strftime")?;
                let format = format.one(row, clock, "strftime")?;
                let text = time
                    .zip(format)
                    .map(|(time, format)| ctime(time.floor() as i64, &format, clock.zone));
                Ok(Vec::from_iter(text).into())
            }
            (Function::Sha256, [text]) => {
                let text = text.one(row, clock, "sha256")?;
                let digest = text.map(|text| format!("{:x}", Sha256::digest(text)));
                Ok(Vec::from_iter(digest).into())
            }
            (Function::MvAppend, parts) => {
                let values = parts.iter().map(|part| part.values(row, clock));
                let values: Vec<Vec<String>> = values.collect::<Result<_, _>>()?;
                Ok(values.concat().into())
            }
            (Function::Coalesce, options) => {
                for option in options {
                    match option.value(row, clock)? {
                        Value::Null => {}
                        value => return Ok(value),
                    }
                }
                Ok(Value::Null)
            }
            (Function::If, [condition, then, otherwise]) => match condition.holds(row, clock)? {
                true => then.value(row, clock),
                false => otherwise.value(row, clock),
            },
            (Function::IsNotNull, [field]) => {
                Ok(Value::Truth(field.value(row, clock)? != Value::Null))
            }
            (Function::Match, [text, pattern]) => {
                let text = text.one(row, clock, "match")?;
                let pattern = compiled(pattern.one(row, clock, "match")?.unwrap_or_default())?;
                Ok(text.map_or(Value::Null, |text| Value::Truth(pattern.is_match(&text))))
            }
            (Function::Replace, [text, pattern, replacement]) => {
                let text = text.one(row, clock, "replace")?;
                let pattern = compiled(pattern.one(row, clock, "replace")?.unwrap_or_default())?;
                let replacement = replacement.one(row, clock, "replace")?.unwrap_or_default();
                let replacement = rust_replacement(&replacement);
                let replaced = |text: String| pattern.replace_all(&text, replacement).into_owned();
                Ok(Vec::from_iter(text.map(replaced)).into())
            }
            (Function::MvIndex, [field, ends @ ..]) => {
                let place =
                    |end: &Expression| match end.one(row, clock, "mvindex")?.map(|n| n.parse()) {
                        Some(Ok(place)) => Ok::<usize, SplError>(place),
                        _ => Err(refused("an index that is no number")),
                    };
                let first = place(&ends[0])?;
                let last = ends.get(1).map_or(Ok(first), place)?;
                let values = match field.value(row, clock)? {
                    Value::Null => return Ok(Value::Null),
                    Value::Values(values) => values,
                    Value::Truth(_) => return Err(refused("mvindex of a truth value")),
                };
                // The manual says that an index out of range is null, not whether one end is enough: here it is.
                Ok(values
                    .get(first..=last)
                    .map_or(Value::Null, |range| range.to_vec().into()))
            }
            _ => unreachable!("`Function::named` counts the arguments"),
        }
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

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Field(String),
    /// Text in quotes, or a number.
    Text(String),
    Sign(&'static str),
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Token::Name(text) | Token::Field(text) | Token::Text(text) => text,
            Token::Sign(sign) => sign,
        }
    }
}

/// Binds loosest first: `OR`, `AND`, comparison, `.`, `+` and `-`, `*`, then what stands alone.
struct Parser {
    /// In reverse, the next one last.
    tokens: Vec<Token>,
}

impl Parser {
    fn new(text: &str) -> Result<Parser, SplError> {
        let mut tokens = tokens(text)?;
        tokens.reverse();
        Ok(Parser { tokens })
    }

    fn next(&mut self) -> Option<Token> {
        self.tokens.pop()
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.tokens.last() == Some(token);
        if found {
            self.tokens.pop();
        }
        found
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), SplError> {
        match self.next() {
            Some(Token::Sign(found)) if found == sign => Ok(()),
            Some(other) => Err(refused(other.text())),
            None => Err(cut(sign)),
        }
    }

    fn expression(&mut self) -> Result<Expression, SplError> {
        let mut terms = vec![self.all()?];
        while self.take(&Token::Name("OR".into())) {
            terms.push(self.all()?);
        }
        Ok(one_or(terms, Expression::Or))
    }

    fn all(&mut self) -> Result<Expression, SplError> {
        let mut terms = vec![self.compared()?];
        while self.take(&Token::Name("AND".into())) {
            terms.push(self.compared()?);
        }
        Ok(one_or(terms, Expression::And))
    }

    fn compared(&mut self) -> Result<Expression, SplError> {
        let left = self.joined()?;
        for (written, sign) in [("==", "="), ("=", "="), ("<", "<"), (">", ">")] {
            if self.take(&Token::Sign(written)) {
                let right = self.joined()?;
                return Ok(Expression::Compared(sign, Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    fn joined(&mut self) -> Result<Expression, SplError> {
        let mut parts = vec![self.sum()?];
        while self.take(&Token::Sign(".")) {
            parts.push(self.sum()?);
        }
        let computed = |part: &Expression| matches!(part, Expression::Computed(..));
        match parts.len() > 1 && parts.iter().any(computed) {
            true => Err(refused("`.` beside a sum")),
            false => Ok(one_or(parts, Expression::Joined)),
        }
    }

    fn sum(&mut self) -> Result<Expression, SplError> {
        let mut left = self.product()?;
        while let Some(sign) = ["+", "-"]
            .into_iter()
            .find(|sign| self.take(&Token::Sign(sign)))
        {
            let right = self.product()?;
            left = Expression::Computed(sign, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Expression, SplError> {
        let mut left = self.alone()?;
        while self.take(&Token::Sign("*")) {
            left = Expression::Computed("*", Box::new(left), Box::new(self.alone()?));
        }
        Ok(left)
    }

    fn alone(&mut self) -> Result<Expression, SplError> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Expression::Text(text)),
            Some(Token::Field(name)) => Ok(Expression::Field(name)),
            Some(Token::Name(name)) if self.take(&Token::Sign("(")) => {
                let mut arguments = vec![];
                while !self.take(&Token::Sign(")")) {
                    if !arguments.is_empty() {
                        self.expect(",")?;
                    }
                    arguments.push(self.expression()?);
                }
                match Function::named(&name, arguments.len()) {
                    Some(Function::StrFTime) => match &arguments[1] {
                        Expression::Text(format) if TIME_FORMATS.contains(&format.as_str()) => {
                            Ok(Expression::Call(Function::StrFTime, arguments))
                        }
                        Expression::Text(format) => Err(refused(format)),
                        _ => Err(refused("a format that is computed")),
                    },
                    Some(function) => Ok(Expression::Call(function, arguments)),
                    None => Err(refused(&name)),
                }
            }
            Some(Token::Sign("(")) => {
                let inside = self.expression()?;
                self.expect(")")?;
                Ok(inside)
            }
            Some(Token::Name(name)) => Ok(Expression::Field(name)),
            Some(Token::Sign(sign)) => Err(refused(sign)),
            None => Err(cut("an expression")),
        }
    }
}

fn one_or(
    mut parts: Vec<Expression>,
    several: impl Fn(Vec<Expression>) -> Expression,
) -> Expression {
    match parts.len() {
        1 => parts.remove(0),
        _ => several(parts),
    }
}

/// Inside double quotes a backslash hides a quote or a backslash, and is itself in front of anything else.
fn tokens(text: &str) -> Result<Vec<Token>, SplError> {
    let mut tokens = vec![];
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            _ if c.is_whitespace() => {}
            '"' | '\'' => {
                let mut inside = String::new();
                loop {
                    match (characters.next(), characters.peek()) {
                        (None, _) => return Err(SplError::Open(text.to_string())),
                        (Some('\\'), Some(hidden @ ('"' | '\\'))) if c == '"' => {
                            inside.push(*hidden);
                            characters.next();
                        }
                        (Some(end), _) if end == c => break,
                        (Some(other), _) => inside.push(other),
                    }
                }
                tokens.push(match c {
                    '"' => Token::Text(inside),
                    _ => Token::Field(inside),
                });
            }
            _ if c.is_ascii_digit() => {
                let mut number = String::from(c);
                while let Some(c) = characters.next_if(|c| c.is_ascii_digit() || *c == '.') {
                    number.push(c);
                }
                match number.parse::<f64>() {
                    Ok(_) => tokens.push(Token::Text(number)),
                    Err(_) => return Err(refused(&number)),
                }
            }
            '=' if characters.next_if_eq(&'=').is_some() => tokens.push(Token::Sign("==")),
            _ if c.is_alphanumeric() || c == '_' => {
                let mut name = String::from(c);
                while let Some(c) = characters.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                tokens.push(Token::Name(name));
            }
            _ => match ["=", ",", "(", ")", ".", "<", ">", "+", "-", "*"]
                .iter()
                .find(|sign| sign.starts_with(c))
            {
                Some(sign) => tokens.push(Token::Sign(sign)),
                None => return Err(refused(&c.to_string())),
            },
        }
    }
    Ok(tokens)
}

fn refused(what: &str) -> SplError {
    SplError::refused("eval", what)
}

fn cut(expected: &'static str) -> SplError {
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
        for expression in ["\"a\" + 1", "if(\"a\" < \"b\", 1, 2)", "1 = 1"] {
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
