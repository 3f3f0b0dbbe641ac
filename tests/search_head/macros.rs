//! Search macros: `` `name` `` and `` `name(argument, "argument")` `` become their definitions.
//!
//! A definition may call other macros. Quotes around a definition belong to it; quotes around an argument do not.
//! Inside double quotes nothing is expanded (macros.conf.spec; ESCU once shipped a search that was broken by exactly that).
//! Strict: an unknown macro, a wrong number of arguments and endless recursion are errors, and so are arguments that the
//! macro's `validation` does not hold for. Arguments are put in as text, into the validation too.
//! Not here: `iseval` macros, a validation that gives text, argument names in the call (`` `name(a=1)` ``).

use super::{
    conf::{Conf, Stanza},
    spl::{self, SplError},
};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// As deep as definitions may call one another; Splunk's own default is `max_macro_depth = 100`.
const DEEPEST: usize = 100;

#[derive(Debug, Default)]
pub(crate) struct Macros {
    /// By name, which ends with the number of arguments if there are any: `ctime(1)`.
    macros: BTreeMap<String, Macro>,
}

#[derive(Debug)]
struct Macro {
    arguments: Vec<String>,
    definition: String,
    /// A condition on the arguments, and what to tell if it does not hold.
    validation: Option<(String, String)>,
}

/// A search without backticks, and the macros that went into it.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    pub(crate) spl: String,
    pub(crate) used: BTreeSet<String>,
}

#[derive(Debug, Error)]
pub(crate) enum MacroError {
    #[error("macro `{0}` has no definition")]
    NoDefinition(String),
    #[error("macro `{name}` names {named} arguments in `args`")]
    ArgumentsDisagree { name: String, named: usize },
    #[error("macro `{0}` is an eval macro, which the stand-in does not know")]
    IsEval(String),
    #[error("there is no macro `{0}`")]
    Unknown(String),
    #[error("a backtick is not closed in `{0}`")]
    Open(String),
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Validation(#[from] SplError),
    #[error("macros call one another more than {DEEPEST} deep, last `{0}`")]
    TooDeep(String),
}

impl Macros {
    pub(crate) fn from_conf(conf: &Conf) -> Result<Macros, MacroError> {
        let mut macros = Macros::default();
        for (name, stanza) in &conf.stanzas {
            let definition = stanza
                .get("definition")
                .ok_or_else(|| MacroError::NoDefinition(name.clone()))?;
            if stanza.get("iseval").is_some_and(|iseval| iseval != "0") {
                return Err(MacroError::IsEval(name.clone()));
            }
            let known = Macro {
                arguments: list(stanza, "args"),
                definition: definition.clone(),
                validation: validation(stanza),
            };
            let stem = name.split('(').next().unwrap_or_default();
            if *name != numbered(stem, known.arguments.len()) {
                let (name, named) = (name.clone(), known.arguments.len());
                return Err(MacroError::ArgumentsDisagree { name, named });
            }
            macros.macros.insert(name.clone(), known);
        }
        Ok(macros)
    }

    /// Overrides a macro without arguments, as `local/macros.conf` would.
    pub(crate) fn define(&mut self, name: &str, definition: &str) {
        let known = Macro {
            arguments: vec![],
            definition: definition.to_string(),
            validation: None,
        };
        self.macros.insert(name.to_string(), known);
    }

    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.macros.keys().cloned().collect()
    }

    pub(crate) fn expand(&self, spl: &str) -> Result<Expanded, MacroError> {
        let mut expanded = Expanded::default();
        self.expand_into(spl, &mut expanded, 0)?;
        Ok(expanded)
    }

    fn expand_into(&self, spl: &str, into: &mut Expanded, depth: usize) -> Result<(), MacroError> {
        let mut rest = spl;
        while let Some(place) = first_backtick(rest) {
            let (call, after) = rest[place + 1..]
                .split_once('`')
                .ok_or_else(|| MacroError::Open(spl.to_string()))?;
            into.spl.push_str(&rest[..place]);
            let (name, definition) = self.definition(call)?;
            if depth == DEEPEST {
                return Err(MacroError::TooDeep(name));
            }
            into.used.insert(name);
            self.expand_into(&definition, into, depth + 1)?;
            rest = after;
        }
        into.spl.push_str(rest);
        Ok(())
    }

    /// The called macro's name, and its definition with the arguments put in.
    fn definition(&self, call: &str) -> Result<(String, String), MacroError> {
        let (stem, arguments) = match call
            .trim()
            .strip_suffix(')')
            .and_then(|c| c.split_once('('))
        {
            Some((stem, arguments)) => (stem.trim(), arguments_of(arguments)),
            None => (call.trim(), vec![]),
        };
        let name = numbered(stem, arguments.len());
        let Some(known) = self.macros.get(&name) else {
            return Err(MacroError::Unknown(name));
        };
        if let Some((condition, message)) = &known.validation {
            if !spl::holds(&known.with(&arguments, condition))? {
                return Err(MacroError::Invalid(message.clone()));
            }
        }
        Ok((name, known.with(&arguments, &known.definition)))
    }
}

impl Macro {
    /// The text with the arguments put in.
    fn with(&self, values: &[String], text: &str) -> String {
        let arguments = self.arguments.iter().zip(values);
        arguments.fold(text.to_string(), |text, (argument, value)| {
            text.replace(&format!("${argument}$"), value)
        })
    }
}

fn validation(stanza: &Stanza) -> Option<(String, String)> {
    let condition = stanza.get("validation")?;
    let message = stanza.get("errormsg").cloned().unwrap_or_default();
    Some((condition.clone(), message))
}

fn list(stanza: &Stanza, key: &str) -> Vec<String> {
    let listed = stanza.get(key).map(|list| list.split(','));
    let items = listed.into_iter().flatten();
    items.map(|item| item.trim().to_string()).collect()
}

/// Where the first backtick stands that is not inside double quotes.
fn first_backtick(spl: &str) -> Option<usize> {
    let (mut quoted, mut hidden) = (false, false);
    for (place, c) in spl.char_indices() {
        match c {
            _ if hidden => hidden = false,
            '\\' if quoted => hidden = true,
            '"' => quoted = !quoted,
            '`' if !quoted => return Some(place),
            _ => {}
        }
    }
    None
}

fn numbered(stem: &str, arguments: usize) -> String {
    match arguments {
        0 => stem.to_string(),
        n => format!("{stem}({n})"),
    }
}

/// Splits at commas outside double quotes, and takes the quotes off.
fn arguments_of(text: &str) -> Vec<String> {
    let mut quoted = false;
    text.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
    .map(|argument| argument.trim().trim_matches('"').to_string())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn macros(conf: &str) -> Macros {
        Macros::from_conf(&Conf::parse(conf).unwrap()).unwrap()
    }

    #[test]
    fn a_call_becomes_its_definition_with_the_arguments_put_in() {
        let macros = macros(concat!(
            "[window]\ndefinition = \"-24h@h\"\n",
            "[drop(1)]\nargs = object\ndefinition = rename \"$object$.*\" as *\n",
            "[pair(2)]\nargs = a, b\ndefinition = $a$/$b$ `window`\n",
        ));
        for (spl, expanded) in [
            ("x w=`window`", "x w=\"-24h@h\""),
            ("`drop(\"All_Changes\")`", "rename \"All_Changes.*\" as *"),
            ("`pair(1, \"a, b\")` | y", "1/a, b \"-24h@h\" | y"),
            ("x \"`window` \\\" `c`\" y", "x \"`window` \\\" `c`\" y"),
        ] {
            assert_eq!(macros.expand(spl).unwrap().spl, expanded);
        }
        let used = macros.expand("`pair(1,2)`").unwrap().used;
        assert_eq!(Vec::from_iter(used), ["pair(2)", "window"]);
    }

    #[test]
    fn what_cannot_be_expanded_is_named() {
        let macros = macros("[a]\ndefinition = `a`\n[b(1)]\nargs = x\ndefinition = $x$\n");
        for (spl, error) in [
            ("`c`", "there is no macro `c`"),
            ("`b`", "there is no macro `b`"),
            ("`b(1,2)`", "there is no macro `b(2)`"),
            ("x `b(1)", "a backtick is not closed in `x `b(1)`"),
            (
                "`a`",
                "macros call one another more than 100 deep, last `a`",
            ),
        ] {
            assert_eq!(macros.expand(spl).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn arguments_must_pass_the_validation_which_gets_them_as_text() {
        let macros = macros(concat!(
            "[mark(1)]\nargs = key\ndefinition = x $key$\n",
            "validation = len(\"$key$\") == 2 AND NOT match(\"$key$\", \"[^0-9]\")\n",
            "errormsg = two digits\n",
        ));
        assert_eq!(macros.expand("`mark(12)`").unwrap().spl, "x 12");
        assert_eq!(
            macros.expand("`mark(1a)`").unwrap_err().to_string(),
            "two digits"
        );
        assert!(macros.expand("`mark(\"1\\\")\")`").is_err());
    }

    #[test]
    fn a_stanza_must_name_as_many_arguments_as_its_name_says() {
        let conf = Conf::parse("[b(2)]\nargs = x\ndefinition = $x$\n").unwrap();
        let error = Macros::from_conf(&conf).unwrap_err();
        assert_eq!(
            error.to_string(),
            "macro `b(2)` names 1 arguments in `args`"
        );
    }
}
