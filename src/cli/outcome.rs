//! How a run ends: its exit code, and what of the input was lost.
//!
//! Lost is text that could not be read, a record that could not be parsed, and a successful call or a row without a usable key or time.
//! Not lost are calls by others, failed calls, digests, and what is outside the range that was asked for.

use crate::input::Input;
use crate::messages::count;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All went well, and everything was read.
    Done,
    /// There was an error; `stderr` has it.
    Failed,
    /// Something was found, and that was to count as a failure.
    Found,
    /// It is done, but input was lost, or nothing could be found yet.
    Incomplete,
    /// It was interrupted, and is about what was read until then.
    Interrupted,
}

impl Outcome {
    /// The exit code that says so.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Found => 2,
            Self::Incomplete => 3,
            Self::Interrupted => INTERRUPTED,
        }
    }
}

/// What shells say of a program that an interrupt ended: 128 and the number of the signal.
const INTERRUPTED: u8 = 130;

/// What the exit code depends on, once everything is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ending {
    /// A file that was named is no input.
    pub(super) has_failed: bool,
    /// Only some of the input was read.
    pub(super) is_interrupted: bool,
    /// Something was found, and that is to be the exit code.
    pub(super) is_found: bool,
    /// Input was lost, or nothing could be found yet, and that is to be the exit code.
    pub(super) is_incomplete: bool,
}

impl Ending {
    /// An error comes before an interrupt, that before something found, and that before something lost.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self {
                has_failed: true, ..
            } => Outcome::Failed,
            Self {
                is_interrupted: true,
                ..
            } => Outcome::Interrupted,
            Self { is_found: true, .. } => Outcome::Found,
            Self {
                is_incomplete: true,
                ..
            } => Outcome::Incomplete,
            _ => Outcome::Done,
        }
    }
}

/// How much of the input was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Losses {
    /// Places that could not be read.
    places: u64,
    /// Files that could not be read.
    files: u64,
    /// Records that could not be used.
    records: u64,
    /// Rows that could not be used.
    rows: u64,
}

impl Losses {
    /// What was lost of an input.
    pub(super) fn of(input: &Input) -> Self {
        let observations = &input.observations;
        Self {
            places: input.faults.count,
            files: input.unread.count,
            records: input.problems.count(),
            rows: observations.tally.with_a_problem() + observations.doubtful_rows,
        }
    }

    /// Whether it is anything.
    pub(super) fn is_any(self) -> bool {
        self != Self::default()
    }

    /// All of it: `2 places, 1 record`.
    pub(super) fn shown(self) -> String {
        let all = [
            (self.places, "place"),
            (self.files, "file"),
            (self.records, "record"),
            (self.rows, "row"),
        ];
        let lost = all.iter().filter(|(number, _)| *number > 0);
        let lost: Vec<String> = lost.map(|(number, what)| count(*number, what)).collect();
        lost.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_beats_a_find_and_a_find_beats_a_loss() {
        for (has_failed, is_found, is_incomplete, code) in [
            (false, false, false, 0),
            (true, false, false, 1),
            (true, true, true, 1),
            (true, false, true, 1),
            (false, true, false, 2),
            (false, true, true, 2),
            (false, false, true, 3),
        ] {
            let ending = Ending {
                has_failed,
                is_found,
                is_incomplete,
                ..Ending::default()
            };
            assert_eq!(ending.outcome().exit_code(), code, "{ending:?}");
            let ending = Ending {
                is_interrupted: true,
                ..ending
            };
            let code = if has_failed { 1 } else { 130 };
            assert_eq!(ending.outcome().exit_code(), code, "{ending:?}");
        }
    }

    #[test]
    fn losses_are_shown_by_what_they_are() {
        assert!(!Losses::default().is_any());
        let losses = Losses {
            places: 2,
            rows: 1,
            ..Losses::default()
        };
        assert!(losses.is_any());
        assert_eq!(losses.shown(), "2 places, 1 row");
    }
}
