//! How text on a terminal stands out: bold, dim or coloured, or not at all where it goes elsewhere.

use anstyle::{AnsiColor, Style};

/// The styles of what is written; all of them change nothing unless colours are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Styles {
    /// What a reader looks for first: titles, roles.
    pub(crate) title: Style,
    /// What explains the rest.
    pub(crate) quiet: Style,
    /// The word in front of a warning.
    pub(crate) warning: Style,
    /// The word in front of an error.
    pub(crate) error: Style,
}

impl Styles {
    /// Styles for a terminal.
    pub(crate) fn coloured() -> Self {
        Self {
            title: Style::new().bold(),
            quiet: Style::new().dimmed(),
            warning: AnsiColor::Yellow.on_default().bold(),
            error: AnsiColor::Red.on_default().bold(),
        }
    }
}

/// A text in a style.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_changed_by_a_style_only_if_colours_are_wanted() {
        assert_eq!(styled(Styles::default().title, "Admin"), "Admin");
        assert_eq!(
            styled(Styles::coloured().title, "Admin"),
            "\x1b[1mAdmin\x1b[0m"
        );
    }
}
