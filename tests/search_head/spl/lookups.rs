//! `lookup`, `inputlookup` and `outputlookup`, each in the few forms that the shipped searches and pages use.
//!
//! What they do is up to the store (`kvstore.rs`); this file only reads their arguments. The safe form of
//! `outputlookup` is the only one: without `append=true`, `key_field=_key` and `override_if_empty=false` it is refused.

use super::{search::Search, words::words, SplError};
use crate::search_head::lookups::is_file;

/// `lookup local=true <name> <field>… OUTPUT <field> [as <field>]…`
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) name: String,
    pub(crate) by: Vec<String>,
    /// The lookup's field, and the row's.
    pub(crate) output: Vec<(String, String)>,
}

/// `inputlookup [append=true] [strict=true] <name> [where <condition>]`
///
/// Inferred: the condition means what it means in `search`, except that text compares with case.
#[derive(Debug)]
pub(crate) struct InputLookup {
    pub(crate) append: bool,
    /// Whether the search fails if the lookup cannot be read; if not, there are no rows.
    pub(crate) strict: bool,
    pub(crate) name: String,
    pub(crate) wanted: Option<Search>,
}

/// `outputlookup append=true key_field=_key override_if_empty=false <name>`, or `outputlookup override_if_empty=false <file>`.
#[derive(Debug)]
pub(crate) struct OutputLookup {
    pub(crate) name: String,
}

impl Lookup {
    pub(crate) fn parse(rest: &str) -> Result<Lookup, SplError> {
        let words = words(rest);
        let ["local=true", name, fields @ ..] = &words[..] else {
            return Err(SplError::refused("lookup", words.first().unwrap_or(&"")));
        };
        if fields.contains(&"OUTPUTNEW") {
            return Err(SplError::refused("lookup", "OUTPUTNEW"));
        }
        let Some(place) = fields.iter().position(|word| *word == "OUTPUT") else {
            return Err(SplError::Cut {
                command: "lookup",
                expected: "`OUTPUT`",
            });
        };
        let by = &fields[..place];
        if let Some(word) = by.iter().find(|word| ["as", "AS"].contains(word)) {
            return Err(SplError::refused("lookup", word));
        }
        Ok(Lookup {
            name: name.to_string(),
            by: by.iter().map(|field| field.to_string()).collect(),
            output: outputs(&fields[place + 1..])?,
        })
    }
}

/// Reads `<field> [as <field>]…`.
fn outputs(mut words: &[&str]) -> Result<Vec<(String, String)>, SplError> {
    let mut outputs = vec![];
    while let [field, after @ ..] = words {
        let (shown, after) = match after {
            ["as", shown, after @ ..] => (shown, after),
            ["AS" | "as", ..] => return Err(SplError::refused("lookup", after[0])),
            after => (field, after),
        };
        outputs.push((field.to_string(), shown.to_string()));
        words = after;
    }
    Ok(outputs)
}

impl InputLookup {
    pub(crate) fn parse(rest: &str) -> Result<InputLookup, SplError> {
        let options = ["append=true", "strict=true"];
        let (given, names) = split(rest);
        if let Some(other) = given.iter().find(|given| !options.contains(given)) {
            return Err(SplError::refused("inputlookup", other));
        }
        let [append, strict] = options.map(|option| given.contains(&option));
        let (name, wanted) = match names.as_slice() {
            [] => return Err(no_lookup("inputlookup")),
            [name] => (name, None),
            [name, "where", condition @ ..] => {
                (name, Some(Search::with_case(&condition.join(" "))?))
            }
            [_, other, ..] => return Err(SplError::refused("inputlookup", other)),
        };
        let name = name.to_string();
        Ok(InputLookup {
            append,
            strict,
            name,
            wanted,
        })
    }
}

impl OutputLookup {
    pub(crate) fn parse(rest: &str) -> Result<OutputLookup, SplError> {
        let (given, names) = split(rest);
        let options: &[&str] = match names.first() {
            Some(name) if is_file(name) => &["override_if_empty=false"],
            _ => &["append=true", "key_field=_key", "override_if_empty=false"],
        };
        if let Some(other) = given.iter().find(|given| !options.contains(given)) {
            return Err(SplError::refused("outputlookup", other));
        }
        match names.as_slice() {
            [] => Err(no_lookup("outputlookup")),
            [name] if options.iter().all(|option| given.contains(option)) => {
                let name = name.to_string();
                Ok(OutputLookup { name })
            }
            [name] => Err(SplError::refused("outputlookup", name)),
            [_, other, ..] => Err(SplError::refused("outputlookup", other)),
        }
    }
}

/// The options, and the words that follow them.
fn split(rest: &str) -> (Vec<&str>, Vec<&str>) {
    let mut given = words(rest);
    let names = given.split_off(given.iter().take_while(|word| word.contains('=')).count());
    (given, names)
}

fn no_lookup(command: &'static str) -> SplError {
    let expected = "a lookup";
    SplError::Cut { command, expected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search_head::row::Row;

    #[test]
    fn lookup_reads_its_key_fields_and_what_it_puts_out() {
        let lookup = Lookup::parse("local=true calls user, command OUTPUT first, last as end");
        let lookup = lookup.unwrap();
        assert_eq!(lookup.name, "calls");
        assert_eq!(lookup.by, ["user", "command"]);
        let names = |field: &str, shown: &str| (field.to_string(), shown.to_string());
        assert_eq!(
            lookup.output,
            [names("first", "first"), names("last", "end")]
        );
    }

    #[test]
    fn a_lookup_is_written_in_the_safe_form_only() {
        let spl = "append=true key_field=_key override_if_empty=false calls";
        assert_eq!(OutputLookup::parse(spl).unwrap().name, "calls");
        assert!(OutputLookup::parse("key_field=_key override_if_empty=false calls").is_err());
        let file = OutputLookup::parse("override_if_empty=false calls.csv").unwrap();
        assert_eq!(file.name, "calls.csv");
        assert!(OutputLookup::parse("calls.csv").is_err());
    }

    #[test]
    fn a_lookup_is_read_whole_or_where_a_condition_holds_with_case() {
        let all = InputLookup::parse("append=true strict=true calls").unwrap();
        assert!(all.append && all.strict && all.wanted.is_none());
        let some = InputLookup::parse("calls where user=\"Deploy\" AND command=x").unwrap();
        assert!(!some.append && !some.strict);
        let row = |user| Row::of(&[("user", user), ("command", "x")]);
        let kept = some.wanted.unwrap().run(vec![row("Deploy"), row("deploy")]);
        assert_eq!(kept, [row("Deploy")]);
    }
}
