//! Reads the app's `.conf` files: stanzas, `key = value`, comments, and values continued with `\`.
//!
//! Stricter than Splunk, which lets the last of two equal keys win: twice the same stanza or key is
//! an error here, since in a shipped file it can only be a mistake. Does not know what any key means.
//! Source: `*.conf.spec`; that a continued value keeps its line breaks is inferred.

use std::{collections::BTreeMap, fs, io, path::Path};
use thiserror::Error;

pub(crate) type Stanza = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub(crate) struct Conf {
    pub(crate) stanzas: BTreeMap<String, Stanza>,
}

#[derive(Debug, Error)]
pub(crate) enum ConfError {
    #[error("cannot read `{path}`")]
    Unreadable { path: String, source: io::Error },
    #[error("line {line}: expected `[stanza]`, `key = value` or a comment, got `{text}`")]
    NotASetting { line: usize, text: String },
    #[error("line {line}: `{key}` stands before the first stanza")]
    NoStanza { line: usize, key: String },
    #[error("line {line}: stanza `{name}` is there twice")]
    StanzaTwice { line: usize, name: String },
    #[error("line {line}: `{key}` is there twice in one stanza")]
    KeyTwice { line: usize, key: String },
}

impl Conf {
    pub(crate) fn read(path: &Path) -> Result<Conf, ConfError> {
        let text = fs::read_to_string(path).map_err(|source| ConfError::Unreadable {
            path: path.display().to_string(),
            source,
        })?;
        Conf::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> Result<Conf, ConfError> {
        let mut conf = Conf::default();
        let mut stanza: Option<&mut Stanza> = None;
        let mut lines = (1..).zip(text.lines());
        while let Some((line, text)) = lines.next() {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if let Some(name) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
                let name = name.to_string();
                if conf.stanzas.contains_key(&name) {
                    return Err(ConfError::StanzaTwice { line, name });
                }
                stanza = Some(conf.stanzas.entry(name).or_default());
                continue;
            }
            let Some((key, first)) = text.split_once('=') else {
                let text = text.to_string();
                return Err(ConfError::NotASetting { line, text });
            };
            let key = key.trim().to_string();
            let mut value = first.trim().to_string();
            while value.ends_with('\\') {
                value.pop();
                let (_, more) = lines.next().unwrap_or_default();
                value = format!("{}\n{}", value.trim_end(), more.trim());
            }
            let Some(stanza) = stanza.as_deref_mut() else {
                return Err(ConfError::NoStanza { line, key });
            };
            if stanza.insert(key.clone(), value).is_some() {
                return Err(ConfError::KeyTwice { line, key });
            }
        }
        Ok(conf)
    }

    pub(crate) fn get(&self, stanza: &str, key: &str) -> Option<&str> {
        Some(self.stanzas.get(stanza)?.get(key)?.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_goes_on_after_a_backslash_and_keeps_its_quotes_and_equals_signs() {
        let conf = Conf::parse("# why\n[a b]\nsearch = x a=\"1\" \\\n| y\nempty =\n").unwrap();
        assert_eq!(conf.get("a b", "search"), Some("x a=\"1\"\n| y"));
        assert_eq!(conf.get("a b", "empty"), Some(""));
        assert_eq!(conf.get("a b", "absent"), None);
    }

    #[test]
    fn what_is_there_twice_or_nowhere_is_refused_with_its_line() {
        for (text, error) in [
            (
                "[a]\nk = 1\nk = 2",
                "line 3: `k` is there twice in one stanza",
            ),
            ("[a]\n[b]\n[a]", "line 3: stanza `a` is there twice"),
            ("k = 1", "line 1: `k` stands before the first stanza"),
            (
                "[a]\nhello",
                "line 2: expected `[stanza]`, `key = value` or a comment, got `hello`",
            ),
        ] {
            assert_eq!(Conf::parse(text).unwrap_err().to_string(), error);
        }
    }
}
