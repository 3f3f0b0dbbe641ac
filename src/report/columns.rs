//! Cells in columns, and texts in lines, for a terminal: a wide character takes two places, what is too long is cut or wrapped.
//!
//! Knows no rows and no fields.

use std::ops::Range;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for the part of a text that was cut out.
const ELLIPSIS: &str = "\u{2026}";

/// What stands between two columns.
const GAP: &str = "  ";

/// A column is never cut narrower than this.
const NARROWEST: usize = 12;

/// The widths of columns that stand two blanks apart.
#[derive(Clone, Debug)]
pub(crate) struct ColumnWidths(Vec<usize>);

impl ColumnWidths {
    /// ColumnWidths in which all these lines have room.
    pub(crate) fn of(lines: &[Vec<String>]) -> Self {
        let columns = lines.first().map_or(0, Vec::len);
        let widest = |column: usize| lines.iter().map(|line| line[column].width()).max();
        Self((0..columns).map(|nth| widest(nth).unwrap_or(0)).collect())
    }

    /// The same, not wider than `most` altogether, as far as cutting allows. The first of these groups of columns is cut first, and the
    /// widest column of a group.
    pub(super) fn fitted(mut self, most: usize, groups: &[Range<usize>]) -> Self {
        for group in groups {
            while self.width() > most {
                let widest = self.0[group.clone()].iter_mut().max();
                match widest.filter(|widest| **widest > NARROWEST) {
                    Some(widest) => *widest -= 1,
                    None => break,
                }
            }
        }
        self
    }

    fn width(&self) -> usize {
        self.0.iter().sum::<usize>() + GAP.len() * self.0.len().saturating_sub(1)
    }

    /// One line of cells, without a line end.
    pub(crate) fn line(&self, cells: &[String]) -> String {
        let cells = cells.iter().zip(&self.0).map(|(cell, &width)| {
            let cell = cut(cell, width);
            let padding = " ".repeat(width - cell.width());
            cell + &padding
        });
        let line = cells.collect::<Vec<_>>().join(GAP);
        line.trim_end().to_owned()
    }
}

/// Lines of cells in columns, not wider than `most` as far as cutting allows; the widest column is cut first.
pub(crate) fn fitted_lines(lines: &[Vec<String>], most: usize) -> Vec<String> {
    let columns = ColumnWidths::of(lines);
    let all = 0..columns.0.len();
    let columns = columns.fitted(most, &[all]);
    lines.iter().map(|line| columns.line(line)).collect()
}

/// A text of at most so many places, with an ellipsis in its middle if it was longer: both ends of an ARN matter.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(ELLIPSIS.width());
    let head = beginning(text.chars(), room.div_ceil(2));
    let tail = beginning(text.chars().rev(), room / 2);
    let tail: String = tail.chars().rev().collect();
    format!("{head}{ELLIPSIS}{tail}")
}

/// As many of the characters as have room in so many places.
fn beginning(characters: impl Iterator<Item = char>, width: usize) -> String {
    let mut used = 0;
    let has_room = |character: &char| {
        used += character.width().unwrap_or(0);
        used <= width
    };
    characters.take_while(has_room).collect()
}

/// A text in lines of at most so many places, parted at blanks; a word that is longer than a line is cut.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = cut(word, width);
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    #[test]
    fn a_wide_character_takes_two_places() {
        let lines = [line(&["a\u{4eba}", "x"]), line(&["abc", "y"])];
        let columns = ColumnWidths::of(&lines);
        assert_eq!(columns.line(&lines[0]), "a\u{4eba}  x");
        assert_eq!(columns.line(&lines[1]), "abc  y");
    }

    #[test]
    fn a_long_text_is_cut_in_its_middle() {
        for (width, expected) in [
            (11, "arn:a\u{2026}iller"),
            (12, "arn:aw\u{2026}iller"),
            (25, "arn:aws:iam:\u{2026}:role/biller"),
            (26, "arn:aws:iam::1:role/biller"),
        ] {
            assert_eq!(cut("arn:aws:iam::1:role/biller", width), expected);
        }
        assert_eq!(
            cut("\u{4eba}\u{4eba}\u{4eba}", 5),
            "\u{4eba}\u{2026}\u{4eba}"
        );
    }

    #[test]
    fn the_first_group_is_cut_first_and_of_it_the_widest_column() {
        let wide = [16, 30, 40, 20].map(|width| "x".repeat(width));
        let columns = ColumnWidths::of(&[wide.to_vec()]);
        for (most, expected) in [
            (112, [16, 30, 40, 20]),
            (102, [16, 30, 30, 20]),
            (92, [16, 25, 25, 20]),
            (60, [16, 12, 12, 14]),
            (20, [16, 12, 12, 12]),
        ] {
            let fitted = columns.clone().fitted(most, &[1..3, 3..4]);
            assert_eq!(fitted.0, expected, "{most}");
        }
    }

    #[test]
    fn a_text_is_wrapped_at_blanks() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(
            wrapped("a incomprehensible b", 9),
            ["a", "inco\u{2026}ible", "b"]
        );
        assert!(wrapped("", 9).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_cut_and_what_is_wrapped_has_room(text in "[a-z\u{4eba} ]{0,60}", width in 2usize..30) {
            prop_assert!(cut(&text, width).width() <= width);
            let lines = wrapped(&text, width);
            prop_assert!(lines.iter().all(|line| line.width() <= width));
        }
    }
}
