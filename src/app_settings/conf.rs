//! Splunk's conf files as text: stanzas with settings.
//!
//! `[stanza]`, `key = value`, and lines that begin with `#`, which are comments. A backslash at the end of a line continues the value on the
//! next; every other backslash is part of it. Settings in front of all stanzas, and those of `[default]`, count for every stanza. A
//! stanza may come twice; of a key that comes twice the last counts. Source: Splunk's admin manual, "About configuration files". No crate for
//! INI files is used: those that continue lines also take other backslashes as escapes, which would change `"\1"` in a macro.

use std::collections::BTreeMap;
use thiserror::Error;

/// The stanza whose settings count for all others.
const DEFAULT: &str = "default";

/// The stanzas of one file, or of several laid over one another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conf {
    stanzas: BTreeMap<String, BTreeMap<String, String>>,
}

/// A line that is neither a stanza nor a setting nor a comment.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}: expected `[stanza]`, `key = value` or a comment, got `{got}`")]
pub(super) struct BadLine {
    line: usize,
    got: String,
}

impl Conf {
    /// Reads a file.
    pub(super) fn parse(text: &str) -> Result<Self, BadLine> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut conf = Self::default();
        let mut stanza = DEFAULT.to_owned();
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[') {
                let end = name.rfind(']').ok_or_else(|| bad_line(number, line))?;
                name[..end].clone_into(&mut stanza);
                conf.stanzas.entry(stanza.clone()).or_default();
                continue;
            }
            let (key, value) = line.split_once('=').ok_or_else(|| bad_line(number, line))?;
            let value = continued(value.trim_start(), lines.by_ref().map(|(_, line)| line));
            conf.set(&stanza, key.trim_end(), value);
        }
        Ok(conf)
    }

    fn set(&mut self, stanza: &str, key: &str, value: String) {
        let settings = self.stanzas.entry(stanza.to_owned()).or_default();
        settings.insert(key.to_owned(), value);
    }

    /// Lays another file over this one, setting by setting.
    pub(super) fn lay_over(&mut self, other: Self) {
        for (stanza, settings) in other.stanzas {
            self.stanzas.entry(stanza).or_default().extend(settings);
        }
    }

    /// The value of a setting, if it has one.
    pub(super) fn get(&self, stanza: &str, key: &str) -> Option<&str> {
        let of = |stanza| self.stanzas.get(stanza)?.get(key);
        self.stanzas.get(stanza)?;
        of(stanza).or_else(|| of(DEFAULT)).map(String::as_str)
    }
}

/// A value with the lines that continue it.
fn continued<'l>(first: &'l str, mut next: impl Iterator<Item = &'l str>) -> String {
    let mut value = String::new();
    let mut line = first;
    while let Some(before) = line.strip_suffix('\\') {
        value.push_str(before);
        value.push('\n');
        line = next.next().unwrap_or_default().trim_end();
    }
    value.push_str(line);
    value
}

fn bad_line(number: usize, line: &str) -> BadLine {
    BadLine {
        line: number + 1,
        got: line.escape_debug().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn get(text: &str, stanza: &str, key: &str) -> Option<String> {
        Conf::parse(text)
            .unwrap()
            .get(stanza, key)
            .map(str::to_owned)
    }

    #[test]
    fn a_setting_is_read_with_everything_behind_its_first_equals_sign() {
        for (text, expected) in [
            ("[s]\nk = v", Some("v")),
            ("[s]\nk=a = b", Some("a = b")),
            ("[s]\r\nk = v\r\n", Some("v")),
            ("\u{feff}[s]\nk = v", Some("v")),
            ("[s]\n# k = x\n\nk = #v", Some("#v")),
            ("[s]\nk = \"\\1\" \\\n| two\\\n", Some("\"\\1\" \n| two\n")),
            ("[s]\nk =", Some("")),
            ("[s]\nk = a\n[t]\n[s]\nk = b", Some("b")),
            ("k = v\n[s]", Some("v")),
            ("[default]\nk = v\n[s]\nk = own", Some("own")),
            ("[a]b]\nk = v\n[s]", None),
            ("k = v", None),
        ] {
            assert_eq!(get(text, "s", "k").as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_line_that_is_nothing_is_refused_with_its_number() {
        for (text, line, got) in [("[s]\nhello", 2, "hello"), ("\n[s", 2, "[s")] {
            let got = got.to_owned();
            assert_eq!(Conf::parse(text), Err(BadLine { line, got }));
        }
    }

    #[test]
    fn a_file_is_laid_over_another_setting_by_setting() {
        let mut conf = Conf::parse("[s]\na = 1\nb = 2").unwrap();
        conf.lay_over(Conf::parse("[s]\nb = 3\n[t]\nc = 4").unwrap());
        let values =
            [("s", "a"), ("s", "b"), ("t", "c")].map(|(stanza, key)| conf.get(stanza, key));
        assert_eq!(values, [Some("1"), Some("3"), Some("4")]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            stanzas in prop::collection::btree_map(
                "[a-z :]{0,8}[a-z]",
                prop::collection::btree_map("[a-z._]{1,8}", "([ -\\[\\]-~]{0,12}\n){0,2}[!-\\[\\]-~]{0,12}", 1..4),
                0..4,
            )
        ) {
            let mut text = String::new();
            for (stanza, settings) in &stanzas {
                text.push_str(&format!("[{stanza}]\n"));
                for (key, value) in settings {
                    text.push_str(&format!("{key} = {}\n", value.replace('\n', "\\\n")));
                }
            }
            let read = Conf::parse(&text).unwrap();
            for (stanza, settings) in &stanzas {
                for (key, value) in settings {
                    let read = read.get(stanza, key).unwrap();
                    prop_assert_eq!(read.trim_start(), value.trim_start());
                }
            }
        }
    }
}
