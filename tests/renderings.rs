//! The option table and its renderings: `searchbnf.conf` and the README's table are what `options::render` writes.
//!
//! `UPDATE=1 make test` writes them anew.

use std::fs;
use unseen::options::render;

const BEGIN: &str = "<!-- options: rendered from src/options/table.rs by UPDATE=1 make test -->\n";
const END: &str = "<!-- end of options -->\n";

/// The part of a text between the two markers.
fn between(text: &str) -> (&str, &str, &str) {
    let start = text
        .find(BEGIN)
        .expect("README.md marks where the options begin")
        + BEGIN.len();
    let end = start
        + text[start..]
            .find(END)
            .expect("README.md marks where the options end");
    (&text[..start], &text[start..end], &text[end..])
}

#[test]
fn the_search_assistants_text_is_rendered_from_the_option_table() {
    let path = "splunk_app/default/searchbnf.conf";
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, render::searchbnf()).unwrap();
    }
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        render::searchbnf(),
        "{path} is not what UPDATE=1 make test writes"
    );
}

#[test]
fn the_readmes_options_are_rendered_from_the_option_table() {
    let text = fs::read_to_string("README.md").unwrap();
    let (before, table, after) = between(&text);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(
            "README.md",
            format!("{before}{}{after}", render::markdown_table()),
        )
        .unwrap();
    } else {
        assert_eq!(
            table,
            render::markdown_table(),
            "the README's table is not what UPDATE=1 make test writes"
        );
    }
}
