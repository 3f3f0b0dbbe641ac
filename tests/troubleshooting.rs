//! Every message of the program stands on docs/troubleshooting.md, in the program's words.
//!
//! Messages are read from the sources: the texts of `#[error(…)]`, and all string literals of several words, but in the few files that
//! word something else. Neither tests nor what only a developer sees (`expect`, `panic!`) count. What differs from case to case is `{…}` there and `…` on the page;
//! everything between must agree, so that a message that is reworded fails here until the page is. A message that is put
//! together from several texts may stand on the page as a whole or in parts.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::fs;
use std::path::Path;

const PAGE: &str = "docs/troubleshooting.md";

/// Where literals of several words are no messages: help, column titles, sentences of a result, names of forms, what only tests use, names in Splunk.
/// The texts of `#[error(…)]` there are.
const NO_MESSAGES: &[&str] = &[
    "src/app_settings/search_names.rs",
    "src/baseline/surprise/",
    "src/cloudtrail/buffer.rs",
    "src/cloudtrail/envelopes.rs",
    "src/cloudtrail/test_support.rs",
    "src/cli/arguments.rs",
    "src/cli/help_texts.rs",
    "src/cli/shell.rs",
    "src/options/render.rs",
    "src/options/table.rs",
    "src/replay/text.rs",
    "src/report/",
];

/// The section of the page with what Splunk says, of which there are no sources.
const SPLUNKS_OWN: &str = "## What Splunk itself says";

#[test]
fn every_message_stands_on_the_page_about_messages() {
    let rows = rows_of(&page());
    let missing: Vec<String> = messages()
        .into_iter()
        .filter(|(_, message)| !rows.iter().any(|row| row.has(message)))
        .map(|(file, message)| format!("{file}: {}", message.text))
        .collect();
    assert!(
        missing.is_empty(),
        "{PAGE} lacks {} messages:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

#[test]
fn every_message_on_the_page_is_one_of_the_program() {
    let messages = messages();
    let page = page();
    let (ours, _) = page.split_once(SPLUNKS_OWN).expect(SPLUNKS_OWN);
    let stale: Vec<String> = rows_of(ours)
        .into_iter()
        .filter(|row| !messages.iter().any(|(_, message)| row.has(message)))
        .map(|row| row.text)
        .collect();
    assert!(
        stale.is_empty(),
        "{PAGE} has what no source says:\n{}",
        stale.join("\n")
    );
}

#[test]
fn a_reworded_message_is_missed_and_a_whole_one_has_its_parts() {
    let row = Template::new("skipped … rows: a key field is empty; `b.csv` …");
    for (message, has) in [
        ("{done} {rows}: a key field is empty", true),
        ("skipped {} rows", true),
        ("skipped {} row", true),
        ("skipped {} lines", false),
        ("a key's field is empty", false),
        (
            "a key field is empty; {file} was not read at all, since it lies elsewhere",
            false,
        ),
    ] {
        assert_eq!(row.has(&Template::of_source(message)), has, "{message}");
    }
    let short = Template::new("there are no baseline rows …");
    assert!(short.has(&Template::of_source("there are no baseline rows, {}")));
    let long =
        "there are no baseline rows, and so much else is wrong that this cannot be short for it";
    assert!(!short.has(&Template::of_source(long)));
}

/// A text with gaps: its fixed parts, in order.
struct Template {
    text: String,
    parts: Vec<String>,
}

impl Template {
    fn new(text: &str) -> Self {
        let text = text.replace(['`', '\\'], "");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let parts = text.split('…').map(|part| part.trim_matches(is_edge));
        let parts = parts.filter(|part| part.contains(char::is_alphabetic));
        Self {
            parts: parts.map(str::to_owned).collect(),
            text,
        }
    }

    /// `{…}` of a format string is a gap, `{{` a brace.
    fn of_source(text: &str) -> Self {
        let placeholder = regex::Regex::new(r"\{[^{}]*\}").unwrap();
        let text = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
        let text = placeholder.replace_all(&text, "…");
        Self::new(&text.replace('\u{1}', "{").replace('\u{2}', "}"))
    }

    /// Whether this row of the page has that message: all of it, or so much that no other can be meant.
    fn has(&self, message: &Self) -> bool {
        message.lies_in(&self.text)
            || (self.lies_in(&message.text) && 2 * self.length() >= message.length())
    }

    fn lies_in(&self, text: &str) -> bool {
        let mut rest = text;
        !self.parts.is_empty()
            && self
                .parts
                .iter()
                .all(|part| match rest.split_once(part.as_str()) {
                    Some((_, after)) => {
                        rest = after;
                        true
                    }
                    None => false,
                })
    }

    fn length(&self) -> usize {
        self.parts.iter().map(String::len).sum()
    }

    fn words(&self) -> usize {
        let words = self.parts.iter().flat_map(|part| part.split_whitespace());
        words.filter(|word| is_word(word)).count()
    }
}

/// Two letters side by side: `%b` of a time's form is none.
fn is_word(text: &str) -> bool {
    let mut letters = text.split(|c: char| !c.is_alphabetic());
    letters.any(|letters| letters.chars().count() > 1)
}

fn is_edge(c: char) -> bool {
    c.is_whitespace() || ",.:;()".contains(c)
}

fn page() -> String {
    fs::read_to_string(PAGE).unwrap()
}

/// What stands as code in the first column of the page's tables.
fn rows_of(page: &str) -> Vec<Template> {
    let code = regex::Regex::new("`` .+? ``|`[^`]+`").unwrap();
    page.lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .flat_map(|cell| code.find_iter(cell))
        .map(|code| Template::new(code.as_str()))
        .collect()
}

/// Each message of the sources, and its file. Single words are no messages.
fn messages() -> Vec<(String, Template)> {
    let mut found = Vec::new();
    for path in super::architecture::sources("src") {
        let file = path.display().to_string();
        let collect = Collect {
            every_literal: !NO_MESSAGES.iter().any(|name| file.starts_with(name)),
        };
        let texts = collect.texts(tokens(&path));
        let templates = texts.iter().map(|text| Template::of_source(text));
        found.extend(
            templates
                .filter(|template| template.words() > 1)
                .map(|template| (file.clone(), template)),
        );
    }
    found
}

fn tokens(path: &Path) -> TokenStream {
    fs::read_to_string(path).unwrap().parse().unwrap()
}

/// Which string literals of a file are messages.
struct Collect {
    /// All that a user can see, or those of `#[error(…)]` only.
    every_literal: bool,
}

impl Collect {
    fn texts(&self, tokens: TokenStream) -> Vec<String> {
        let mut found = Vec::new();
        let mut tokens = tokens.into_iter().peekable();
        let mut is_skipped = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    tokens.next_if(|next| next.to_string() == "!");
                    if let Some(TokenTree::Group(attribute)) = tokens.next() {
                        is_skipped |= is_for_tests(&attribute);
                        found.extend(error_texts(&attribute));
                    }
                }
                TokenTree::Ident(name) if is_for_developers(&name.to_string()) => {
                    tokens.next_if(|next| next.to_string() == "!");
                    tokens.next_if(|next| matches!(next, TokenTree::Group(_)));
                }
                TokenTree::Group(group) => {
                    let is_end = group.delimiter() == Delimiter::Brace;
                    if !is_skipped {
                        found.extend(self.texts(group.stream()));
                    }
                    is_skipped &= !is_end;
                }
                TokenTree::Literal(literal) if self.every_literal && !is_skipped => {
                    found.extend(text_of(&literal.to_string()));
                }
                _ => {}
            }
        }
        found
    }
}

/// What only a developer sees.
fn is_for_developers(name: &str) -> bool {
    [
        "expect",
        "panic",
        "unreachable",
        "assert",
        "assert_eq",
        "debug_assert",
    ]
    .contains(&name)
}

fn is_for_tests(attribute: &Group) -> bool {
    attribute.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// The text of `#[error("…", …)]`.
fn error_texts(attribute: &Group) -> Option<String> {
    let mut tokens = attribute.stream().into_iter();
    match (tokens.next()?, tokens.next()?) {
        (TokenTree::Ident(name), TokenTree::Group(list)) if name == "error" => {
            text_of(&list.stream().into_iter().next()?.to_string())
        }
        _ => None,
    }
}

/// A string literal's value; none if it is another literal.
fn text_of(literal: &str) -> Option<String> {
    let literal: syn::LitStr = syn::parse_str(literal).ok()?;
    Some(literal.value())
}
