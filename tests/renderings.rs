//! The option table and its renderings: `searchbnf.conf` and the README's table are what `options::render` writes.
//!
//! `UPDATE=1 make test` writes them anew.

use crate::rendered::compare;
use std::fs;
use unseen::options::render;

const BEGIN: &str = "<!-- options: rendered from src/options/table.rs by UPDATE=1 make test -->\n";
const END: &str = "<!-- end of options -->\n";

/// The text with something else between the two markers.
fn with_options(text: &str, options: &str) -> String {
    let (before, rest) = text
        .split_once(BEGIN)
        .expect("README.md marks where the options begin");
    let (_, after) = rest
        .split_once(END)
        .expect("README.md marks where the options end");
    [before, BEGIN, options, END, after].concat()
}

#[test]
fn the_search_assistants_text_is_rendered_from_the_option_table() {
    let compared = compare("splunk_app/default/searchbnf.conf", &render::searchbnf());
    compared.unwrap_or_else(|difference| panic!("{difference}"));
}

#[test]
fn the_readmes_options_are_rendered_from_the_option_table() {
    let text = fs::read_to_string("README.md").unwrap();
    let compared = compare("README.md", &with_options(&text, &render::markdown_table()));
    compared.unwrap_or_else(|difference| panic!("{difference}"));
}
