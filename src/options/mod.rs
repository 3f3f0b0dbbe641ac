//! The words an analyst types behind `seen` and `unseen`: one table, its parser, and its renderings.
//!
//! [`table`] lists what exists; `parse` turns tokens into settings and windows into cut-offs; [`render`] writes
//! `searchbnf.conf` and the README's table. The command line takes the same options through the same parser, so a name, a
//! default and an error are written once. Knows time modifiers; knows nothing of pipes, rows or baselines.

mod parse;
pub mod render;
pub mod table;

pub use parse::{AsOf, Given, OptionError, SeenOptions, Token, UnseenOptions, Windows};
pub use table::SearchCommand;

#[cfg(test)]
mod tests {
    use super::table::ValueKind;
    use super::{SearchCommand, SeenOptions, Token, UnseenOptions};

    /// A value that is no option's default.
    fn other(value: ValueKind) -> &'static str {
        match value {
            ValueKind::Modifier => "-33d@d",
            ValueKind::Moment => "1700000000",
            ValueKind::Bool => "true",
        }
    }

    /// All that is kept of what was typed.
    fn settings(command: SearchCommand, typed: &str) -> String {
        let tokens: Vec<_> = typed.split(' ').map(Token::plain).collect();
        match command {
            SearchCommand::Seen => format!("{:?}", SeenOptions::parse(&tokens).unwrap()),
            SearchCommand::Unseen => format!("{:?}", UnseenOptions::parse(&tokens).unwrap()),
        }
    }

    /// What an option cannot do without.
    fn needed_by(option: &str) -> &'static str {
        match option {
            "families" => " explain=true",
            _ => "",
        }
    }

    #[test]
    fn every_option_of_the_table_is_read() {
        for command in SearchCommand::ALL {
            for option in command.options() {
                let without = format!("user command{}", needed_by(option.name));
                let typed = format!("{without} {}={}", option.name, other(option.value));
                assert_ne!(
                    settings(command, &typed),
                    settings(command, &without),
                    "`{}` takes `{}` and nothing parses it",
                    command.name(),
                    option.name
                );
            }
        }
    }
}
