//! Reads expressions: text into tokens, tokens into an `Expression`. Computes nothing.

use super::{
    eval::{cut, refused, Expression},
    functions::Function,
    SplError,
};

/// The only format that is known to mean the same to Splunk and to `chrono`.
const TIME_FORMATS: [&str; 1] = ["%F %T %z"];

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Field(String),
    /// Text in quotes, or a number.
    Text(String),
    Sign(&'static str),
}

impl Token {
    pub(super) fn text(&self) -> &str {
        match self {
            Token::Name(text) | Token::Field(text) | Token::Text(text) => text,
            Token::Sign(sign) => sign,
        }
    }
}

/// Binds loosest first: `OR`, `AND`, `NOT`, comparison, `.`, `+` and `-`, `*`, then what stands alone.
pub(super) struct Parser {
    /// In reverse, the next one last.
    tokens: Vec<Token>,
}

impl Parser {
    pub(super) fn new(text: &str) -> Result<Parser, SplError> {
        let mut tokens = tokens(text)?;
        tokens.reverse();
        Ok(Parser { tokens })
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        self.tokens.pop()
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.tokens.last() == Some(token);
        if found {
            self.tokens.pop();
        }
        found
    }

    pub(super) fn expect(&mut self, sign: &'static str) -> Result<(), SplError> {
        match self.next() {
            Some(Token::Sign(found)) if found == sign => Ok(()),
            Some(other) => Err(refused(other.text())),
            None => Err(cut(sign)),
        }
    }

    pub(super) fn expression(&mut self) -> Result<Expression, SplError> {
        let mut terms = vec![self.all()?];
        while self.take(&Token::Name("OR".into())) {
            terms.push(self.all()?);
        }
        Ok(one_or(terms, Expression::Or))
    }

    fn all(&mut self) -> Result<Expression, SplError> {
        let mut terms = vec![self.denied()?];
        while self.take(&Token::Name("AND".into())) {
            terms.push(self.denied()?);
        }
        Ok(one_or(terms, Expression::And))
    }

    fn denied(&mut self) -> Result<Expression, SplError> {
        match self.take(&Token::Name("NOT".into())) {
            true => Ok(Expression::Not(Box::new(self.denied()?))),
            false => self.compared(),
        }
    }

    fn compared(&mut self) -> Result<Expression, SplError> {
        let left = self.joined()?;
        for (written, sign) in [
            ("==", "="),
            ("=", "="),
            ("!=", "!="),
            ("<", "<"),
            (">", ">"),
            ("<=", "<="),
            (">=", ">="),
        ] {
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
        while let Some(sign) = ["*", "/"]
            .into_iter()
            .find(|sign| self.take(&Token::Sign(sign)))
        {
            left = Expression::Computed(sign, Box::new(left), Box::new(self.alone()?));
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
            '=' | '!' | '<' | '>' if characters.next_if_eq(&'=').is_some() => {
                let signs = ["==", "!=", "<=", ">="];
                let sign = signs.into_iter().find(|sign| sign.starts_with(c));
                tokens.extend(sign.map(Token::Sign));
            }
            _ if c.is_alphanumeric() || c == '_' => {
                let mut name = String::from(c);
                while let Some(c) = characters.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                tokens.push(Token::Name(name));
            }
            _ => match ["=", ",", "(", ")", ".", "<", ">", "+", "-", "*", "/"]
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
