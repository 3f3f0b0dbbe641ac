//! Resolves which of the two commands was typed.
//!
//! One binary serves both, and splunkd gives the name in `searchinfo.command`. Splunk 6.3 does not; there the search itself,
//! which comes percent-encoded, has it.
//!
//! Source: getinfo frames recorded from splunkd 6.3 (without `command`) and 8.2.1 (with it).

use crate::options::SearchCommand;
use crate::protocol::SearchInfo;
use thiserror::Error;

/// The binary was asked to be a command that it is not.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(super) enum UnknownCommand {
    /// splunkd names another command.
    #[error("expected the command `seen` or `unseen`, got `{}`; check the stanza in commands.conf", name.escape_debug())]
    Named {
        /// The name.
        name: String,
    },
    /// splunkd names none, and the search does not show which.
    #[error("splunkd did not send the name of the command, and the search does not show which of `seen` and `unseen` is meant")]
    Unclear,
}

/// The command that a search runs.
pub(super) fn command(info: &SearchInfo) -> Result<SearchCommand, UnknownCommand> {
    if !info.command.is_empty() {
        return SearchCommand::named(&info.command).ok_or_else(|| UnknownCommand::Named {
            name: info.command.clone(),
        });
    }
    let search = percent_decoded(&info.search);
    let segments: Vec<(SearchCommand, &str)> =
        segments(&search).into_iter().filter_map(named).collect();
    let typed = info.raw_args.join(" ");
    let with_these_words = segments
        .iter()
        .filter(|(_, words)| words.split_whitespace().eq(typed.split_whitespace()));
    only(with_these_words)
        .or_else(|| only(segments.iter()))
        .ok_or(UnknownCommand::Unclear)
}

/// The one command that all of `segments` run, if there is one.
fn only<'s>(
    mut segments: impl Iterator<Item = &'s (SearchCommand, &'s str)>,
) -> Option<SearchCommand> {
    let (first, _) = segments.next()?;
    segments.all(|(other, _)| other == first).then_some(*first)
}

/// The command of a segment that runs one of ours, and the words behind it.
fn named(segment: &str) -> Option<(SearchCommand, &str)> {
    let segment = segment.trim();
    let (name, words) = segment
        .split_once(char::is_whitespace)
        .unwrap_or((segment, ""));
    Some((SearchCommand::named(name)?, words))
}

/// A search cut at the pipes that stand outside quotes. Brackets of a subsearch count as pipes: they hold commands too.
fn segments(search: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, character) in search.char_indices() {
        match character {
            '\\' if quoted && !escaped => {
                escaped = true;
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            '|' | '[' | ']' if !quoted => {
                segments.push(&search[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        escaped = false;
    }
    segments.push(&search[start..]);
    segments
}

/// Text with its `%XX` turned back; what is no such triple stays, and bytes that are not UTF-8 are replaced.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &rest[3..];
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn which(
        command_name: &str,
        search: &str,
        raw_args: &[&str],
    ) -> Result<SearchCommand, UnknownCommand> {
        command(&SearchInfo {
            command: command_name.into(),
            search: search.into(),
            raw_args: raw_args.iter().map(ToString::to_string).collect(),
            ..SearchInfo::default()
        })
    }

    #[test]
    fn splunkd_tells_the_name() {
        assert_eq!(which("seen", "", &[]), Ok(SearchCommand::Seen));
        assert_eq!(
            which("unseen", "%7C%20seen%20user", &[]),
            Ok(SearchCommand::Unseen)
        );
        assert_eq!(
            which("sen", "", &[]).unwrap_err().to_string(),
            "expected the command `seen` or `unseen`, got `sen`; check the stanza in commands.conf"
        );
    }

    #[test]
    fn where_it_does_not_the_percent_encoded_search_does() {
        let detect =
            "%7C%20tstats%20count%20%7C%20unseen%20by%20user%20%7C%20search%20x%3D%22%7C%20seen%20by%20user%22";
        assert_eq!(
            which("", detect, &["by", "user"]),
            Ok(SearchCommand::Unseen)
        );
        assert_eq!(
            which("", "%7C%20inputlookup%20a%20%7Cseen", &[]),
            Ok(SearchCommand::Seen)
        );
        assert_eq!(
            which("", "search%20index%3Dx", &[]),
            Err(UnknownCommand::Unclear)
        );
        assert_eq!(which("", "100%", &[]), Err(UnknownCommand::Unclear));
    }

    #[test]
    fn a_command_between_quotes_is_text_and_one_between_brackets_is_run() {
        for (search, expected) in [
            (
                r#"| eval a="\"| seen by x" | unseen by user"#,
                SearchCommand::Unseen,
            ),
            (
                r#"| eval a="\\" | seen by user | eval b="| unseen by x""#,
                SearchCommand::Seen,
            ),
            ("| append [seen by user] | table user", SearchCommand::Seen),
            (
                "| eval a=\"[ seen by x ]\" | unseen by user",
                SearchCommand::Unseen,
            ),
        ] {
            assert_eq!(which("", search, &["by", "user"]), Ok(expected), "{search}");
        }
    }

    #[test]
    fn of_two_commands_in_one_search_the_words_behind_them_tell() {
        let both = "| seen by user | append [ | unseen  by user command ]";
        assert_eq!(which("", both, &["by", "user"]), Ok(SearchCommand::Seen));
        assert_eq!(
            which("", both, &["by", "user", "command"]),
            Ok(SearchCommand::Unseen)
        );
        assert_eq!(
            which("", "| seen user | unseen user", &["user"]),
            Err(UnknownCommand::Unclear)
        );
    }
}
