//! `lookup`, `inputlookup` and `outputlookup`, each in the one form that the shipped searches use.
//!
//! What they do is up to the store (`kvstore.rs`); this file only reads their arguments. The safe form of
//! `outputlookup` is the only one: without `append=true`, `key_field=_key` and `override_if_empty=false` it is refused.

use super::{words::words, SplError};

/// `lookup local=true <name> <field>… OUTPUT <field>…`
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) name: String,
    pub(crate) by: Vec<String>,
    pub(crate) output: Vec<String>,
}

/// `inputlookup append=true strict=true <name>`
#[derive(Debug)]
pub(crate) struct InputLookup {
    pub(crate) name: String,
}

/// `outputlookup append=true key_field=_key override_if_empty=false <name>`
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
        if let Some(word) = fields
            .iter()
            .find(|word| ["as", "AS", "OUTPUTNEW"].contains(word))
        {
            return Err(SplError::refused("lookup", word));
        }
        let Some(place) = fields.iter().position(|word| *word == "OUTPUT") else {
            return Err(SplError::Cut {
                command: "lookup",
                expected: "`OUTPUT`",
            });
        };
        let names = |fields: &[&str]| fields.iter().map(|field| field.to_string()).collect();
        Ok(Lookup {
            name: name.to_string(),
            by: names(&fields[..place]),
            output: names(&fields[place + 1..]),
        })
    }
}

impl InputLookup {
    pub(crate) fn parse(rest: &str) -> Result<InputLookup, SplError> {
        let name = named("inputlookup", rest, &["append=true", "strict=true"])?;
        Ok(InputLookup { name })
    }
}

impl OutputLookup {
    pub(crate) fn parse(rest: &str) -> Result<OutputLookup, SplError> {
        let options = ["append=true", "key_field=_key", "override_if_empty=false"];
        let name = named("outputlookup", rest, &options)?;
        Ok(OutputLookup { name })
    }
}

/// The one word that follows exactly these options, in any order.
fn named(command: &'static str, rest: &str, options: &[&str]) -> Result<String, SplError> {
    let words = words(rest);
    let (given, names) = words.split_at(words.iter().take_while(|word| word.contains('=')).count());
    if let Some(other) = given.iter().find(|given| !options.contains(given)) {
        return Err(SplError::refused(command, other));
    }
    match names {
        [] => Err(SplError::Cut {
            command,
            expected: "a lookup",
        }),
        [name] if options.iter().all(|option| given.contains(option)) => Ok(name.to_string()),
        [name] => Err(SplError::refused(command, name)),
        [_, other, ..] => Err(SplError::refused(command, other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookup_reads_its_key_fields_and_what_it_puts_out() {
        let lookup = Lookup::parse("local=true calls user, command OUTPUT first, last").unwrap();
        assert_eq!(lookup.name, "calls");
        assert_eq!(lookup.by, ["user", "command"]);
        assert_eq!(lookup.output, ["first", "last"]);
    }

    #[test]
    fn a_lookup_is_written_in_the_safe_form_only() {
        let spl = "append=true key_field=_key override_if_empty=false calls";
        assert_eq!(OutputLookup::parse(spl).unwrap().name, "calls");
        assert!(OutputLookup::parse("key_field=_key override_if_empty=false calls").is_err());
        assert!(InputLookup::parse("append=true calls").is_err());
    }
}
