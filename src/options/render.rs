//! The option table as others want to read it: `searchbnf.conf` for Splunk's search assistant, a table for the README.
//!
//! A test compares the files in the repository with these renderings and rewrites them on request.

use super::table::{OptionSpec, SearchCommand, BY_HELP, OPTIONS};
use std::fmt::Write as _;

/// The app's `searchbnf.conf`, whole.
pub fn searchbnf() -> String {
    let mut conf = String::from(
        "# What Splunk's search assistant shows of the two commands. Rendered from the option table: change that, not this.\n",
    );
    for command in SearchCommand::ALL {
        let other = SearchCommand::ALL
            .into_iter()
            .find(|other| *other != command)
            .map_or("", SearchCommand::name);
        let options: String = command
            .options()
            .map(|option| format!(" ({})?", syntax(option)))
            .collect();
        let description: String = command
            .options()
            .map(|option| format!(" \\i\\ {}: {}\\\n", option.name, explain(option)))
            .collect();
        let name = command.name();
        let _ = write!(
            conf,
            "\n[{name}-command]\nsyntax = {name} (by)? <field-list>{options}\nshortdesc = {}\ndescription = {}\\\n \\p\\ {BY_HELP}\\\n{}\n",
            command.summary(),
            command.description(),
            description.trim_end_matches("\\\n"),
        );
        for (number, (example, comment)) in (1..).zip(command.examples()) {
            let _ = write!(
                conf,
                "example{number} = {example}\ncomment{number} = {comment}\n"
            );
        }
        let _ = write!(conf, "usage = public\nrelated = {other}, lookup, inputlookup, outputlookup\ntags = baseline first seen new rare cloud detection\n");
    }
    conf
}

/// The options as a table in Markdown.
pub fn markdown_table() -> String {
    let mut table = String::from(
        "| option | `seen` | `unseen` | default | meaning |\n| --- | --- | --- | --- | --- |\n",
    );
    let _ = writeln!(table, "| `[by] <field> ...` | yes | yes | – | {BY_HELP} |");
    for option in OPTIONS {
        let takes = |command| {
            if option.commands.contains(&command) {
                "yes"
            } else {
                "–"
            }
        };
        let default = option
            .default
            .map_or("–".to_owned(), |default| format!("`{default}`"));
        let _ = writeln!(
            table,
            "| `{}` | {} | {} | {default} | {} |",
            syntax(option).replace('|', "\\|"),
            takes(SearchCommand::Seen),
            takes(SearchCommand::Unseen),
            option.help,
        );
    }
    table
}

/// `name=<value>`.
fn syntax(option: &OptionSpec) -> String {
    format!("{}={}", option.name, option.value.placeholder())
}

/// An option's sentence, with its default.
pub fn explain(option: &OptionSpec) -> String {
    match option.default {
        Some(default) => format!("{} Default: {default}.", option.help),
        None => option.help.to_owned(),
    }
}
