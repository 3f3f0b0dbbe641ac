//! Cuts SPL text into pieces: at characters outside quotes and brackets, and into command arguments.

/// Splits where `cut` says so, but never inside `"…"`, `'…'`, `(…)`, `[…]`; a backslash hides the next character.
///
/// `None` if a quote or bracket is not closed.
pub(crate) fn split_outside(text: &str, cut: impl Fn(char) -> bool) -> Option<Vec<&str>> {
    let mut pieces = vec![];
    let (mut start, mut depth, mut quote, mut hidden) = (0, 0_usize, None, false);
    for (place, c) in text.char_indices() {
        match c {
            _ if hidden => hidden = false,
            '\\' if quote.is_some() => hidden = true,
            _ if quote == Some(c) => quote = None,
            _ if quote.is_some() => {}
            '"' | '\'' => quote = Some(c),
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.checked_sub(1)?,
            _ if depth == 0 && cut(c) => {
                pieces.push(&text[start..place]);
                start = place + c.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    (depth == 0 && quote.is_none()).then_some(pieces)
}

/// The words of a native command: separated by white space and commas, quotes still on.
pub(crate) fn words(text: &str) -> Vec<&str> {
    let mut words = split_outside(text, |c| c.is_whitespace() || c == ',').unwrap_or_default();
    words.retain(|word| !word.is_empty());
    words
}

/// A word without the double quotes around it.
pub(crate) fn unquoted(word: &str) -> &str {
    word.strip_prefix('"')
        .and_then(|word| word.strip_suffix('"'))
        .unwrap_or(word)
}

/// The arguments of a custom command as splunkd cuts them: `(args, raw_args)`.
///
/// Cut at white space outside double quotes; `raw_args` as typed, `args` with the quotes gone and `\"` and `\\`
/// resolved. Commas and single quotes are ordinary characters. Source: sessions recorded on Splunk 6.3 and 8.2.
pub(crate) fn arguments(text: &str) -> (Vec<String>, Vec<String>) {
    let mut pairs: Vec<(String, String)> = vec![];
    let (mut word, mut quoted) = (None, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c.is_whitespace() && !quoted {
            pairs.extend(word.take());
            continue;
        }
        let (plain, raw) = word.get_or_insert_with(Default::default);
        raw.push(c);
        match (c, characters.peek().copied()) {
            ('\\', Some(next @ ('"' | '\\'))) => {
                characters.next();
                raw.push(next);
                plain.push(next);
            }
            ('"', _) => quoted = !quoted,
            _ => plain.push(c),
        }
    }
    pairs.extend(word);
    pairs.into_iter().unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_cut_and_unquoted_as_recorded_sessions_show() {
        for (spl, args, raw) in [
            (
                r#"pattern="\w+" text="Hello World!""#,
                vec![r"pattern=\w+", "text=Hello World!"],
                vec![r#"pattern="\w+""#, r#"text="Hello World!""#],
            ),
            (
                r#"a=one b = "two" "c"="three""#,
                vec!["a=one", "b", "=", "two", "c=three"],
                vec!["a=one", "b", "=", "\"two\"", "\"c\"=\"three\""],
            ),
            (
                r#"r="A \"b\" C" 's'="q\\r""#,
                vec![r#"r=A "b" C"#, r"'s'=q\r"],
                vec![r#"r="A \"b\" C""#, r#"'s'="q\\r""#],
            ),
        ] {
            let (cut, as_typed) = arguments(spl);
            assert_eq!(
                (cut, as_typed),
                (
                    args.iter().map(|a| a.to_string()).collect(),
                    raw.iter().map(|a| a.to_string()).collect()
                )
            );
        }
    }

    #[test]
    fn words_end_at_white_space_and_commas_outside_quotes_and_brackets() {
        assert_eq!(
            words("a=1, b \"c, d\"\n mvindex(x, 0)"),
            ["a=1", "b", "\"c, d\"", "mvindex(x, 0)"]
        );
    }
}
