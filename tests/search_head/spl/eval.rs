//! `eval`: expressions of fields, text, whole numbers, `.`, `AND` and the functions that the shipped searches call.
//!
//! Null goes through: text joined with null is null, and a null condition is false. Setting a field to null takes it
//! away. Functions that the Search Reference describes for one value refuse a multivalue field.
//! Inferred: patterns are PCRE there and Rust's `regex` here; the shipped ones mean the same in both.

use super::SplError;
use crate::search_head::row::Row;
use regex::Regex;

#[derive(Debug)]
pub(crate) struct Eval {
    assignments: Vec<(String, Expression)>,
}

#[derive(Debug)]
enum Expression {
    Field(String),
    Text(String),
    Joined(Vec<Expression>),
    And(Vec<Expression>),
    Exceeds(Box<Expression>, Box<Expression>),
    Call(Function, Vec<Expression>),
}

#[derive(Clone, Copy, Debug)]
enum Function {
    Coalesce,
    If,
    IsNotNull,
    Match,
    MvIndex,
    Null,
    Replace,
}

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
    pub(crate) fn run(&self, mut rows: Vec<Row>) -> Result<Vec<Row>, SplError> {
        for row in &mut rows {
            for (field, expression) in &self.assignments {
                match expression.value(row)? {
                    Value::Null => row.set(field, vec![]),
                    Value::Values(values) => row.set(field, values),
                    Value::Truth(_) => return Err(refused("a truth value as a field")),
                }
            }
        }
        Ok(rows)
    }
}

impl Expression {
    fn value(&self, row: &Row) -> Result<Value, SplError> {
        Ok(match self {
            Expression::Field(name) => row.values(name).to_vec().into(),
            Expression::Text(text) => Value::Values(vec![text.clone()]),
            Expression::Joined(parts) => {
                let parts = parts.iter().map(|part| part.one(row, "."));
                let parts: Option<Vec<String>> = parts.collect::<Result<_, _>>()?;
                parts.map_or(Value::Null, |parts| Value::Values(vec![parts.concat()]))
            }
            Expression::And(terms) => {
                let terms = terms.iter().map(|term| term.holds(row));
                let terms: Vec<bool> = terms.collect::<Result<_, _>>()?;
                Value::Truth(terms.into_iter().all(|holds| holds))
            }
            Expression::Exceeds(left, right) => {
                let (left, right) = (left.number(row)?, right.number(row)?);
                left.zip(right)
                    .map_or(Value::Null, |(left, right)| Value::Truth(left > right))
            }
            Expression::Call(function, arguments) => function.of(arguments, row)?,
        })
    }

    fn holds(&self, row: &Row) -> Result<bool, SplError> {
        match self.value(row)? {
            Value::Truth(holds) => Ok(holds),
            Value::Null => Ok(false),
            Value::Values(_) => Err(refused("a field as a truth value")),
        }
    }

    /// The single value as a number, if there is one.
    fn number(&self, row: &Row) -> Result<Option<f64>, SplError> {
        let text = self.one(row, ">")?;
        let number = |text: String| text.parse().map_err(|_| refused("`>` on text"));
        text.map(number).transpose()
    }

    /// The single value, if there is one.
    fn one(&self, row: &Row, what: &'static str) -> Result<Option<String>, SplError> {
        match self.value(row)? {
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
            ("if", 3) => Function::If,
            ("isnotnull", 1) => Function::IsNotNull,
            ("match", 2) => Function::Match,
            ("mvindex", 2 | 3) => Function::MvIndex,
            ("null", 0) => Function::Null,
            ("replace", 3) => Function::Replace,
            _ => return None,
        })
    }

    fn of(self, arguments: &[Expression], row: &Row) -> Result<Value, SplError> {
        match (self, arguments) {
            (Function::Null, _) => Ok(Value::Null),
            (Function::Coalesce, options) => {
                for option in options {
                    match option.value(row)? {
                        Value::Null => {}
                        value => return Ok(value),
                    }
                }
                Ok(Value::Null)
            }
            (Function::If, [condition, then, otherwise]) => match condition.holds(row)? {
                true => then.value(row),
                false => otherwise.value(row),
            },
            (Function::IsNotNull, [field]) => Ok(Value::Truth(field.value(row)? != Value::Null)),
            (Function::Match, [text, pattern]) => {
                let text = text.one(row, "match")?;
                let pattern = Regex::new(&pattern.one(row, "match")?.unwrap_or_default())?;
                Ok(text.map_or(Value::Null, |text| Value::Truth(pattern.is_match(&text))))
            }
            (Function::Replace, [text, pattern, replacement]) => {
                let text = text.one(row, "replace")?;
                let pattern = Regex::new(&pattern.one(row, "replace")?.unwrap_or_default())?;
                let replacement = replacement.one(row, "replace")?.unwrap_or_default();
                let replacement = rust_replacement(&replacement);
                let replaced = |text: String| pattern.replace_all(&text, replacement).into_owned();
                Ok(Vec::from_iter(text.map(replaced)).into())
            }
            (Function::MvIndex, [field, ends @ ..]) => {
                let place = |end: &Expression| match end.one(row, "mvindex")?.map(|n| n.parse()) {
                    Some(Ok(place)) => Ok::<usize, SplError>(place),
                    _ => Err(refused("an index that is no number")),
                };
                let first = place(&ends[0])?;
                let last = ends.get(1).map_or(Ok(first), place)?;
                let values = match field.value(row)? {
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

/// Binds loosest first: `AND`, then `>`, then `.`, then what stands alone.
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
        let mut terms = vec![self.compared()?];
        while self.take(&Token::Name("AND".into())) {
            terms.push(self.compared()?);
        }
        Ok(one_or(terms, Expression::And))
    }

    fn compared(&mut self) -> Result<Expression, SplError> {
        let left = self.joined()?;
        Ok(match self.take(&Token::Sign(">")) {
            true => Expression::Exceeds(Box::new(left), Box::new(self.joined()?)),
            false => left,
        })
    }

    fn joined(&mut self) -> Result<Expression, SplError> {
        let mut parts = vec![self.alone()?];
        while self.take(&Token::Sign(".")) {
            parts.push(self.alone()?);
        }
        Ok(one_or(parts, Expression::Joined))
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
                    Some(function) => Ok(Expression::Call(function, arguments)),
                    None => Err(refused(&name)),
                }
            }
            Some(Token::Name(name)) if name.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Expression::Text(name))
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
            _ if c.is_alphanumeric() || c == '_' => {
                let mut name = String::from(c);
                while let Some(c) = characters.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                tokens.push(Token::Name(name));
            }
            _ => match ["=", ",", "(", ")", ".", ">"]
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

    fn x_of(expression: &str, row: &Row) -> Result<String, SplError> {
        let eval = Eval::parse(&format!("x={expression}"))?;
        Ok(eval.run(vec![row.clone()])?.remove(0).text("x"))
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
        ] {
            assert_eq!(x_of(expression, &row).unwrap(), value, "{expression}");
        }
        assert!(matches!(
            x_of("many.role", &row),
            Err(SplError::Multivalue("."))
        ));
    }

    #[test]
    fn assignments_see_those_before_them_and_null_takes_a_field_away() {
        let eval = Eval::parse("a=\"1\", b=a.a, a=null()").unwrap();
        assert_eq!(
            eval.run(vec![Row::default()]).unwrap(),
            [Row::of(&[("b", "11")])]
        );
    }
}
