//! Records of successful calls that could not be used, by what is wrong with them, with an example of each.

use super::faults::FaultLog;
use crate::cloudtrail::NotACall;
use crate::observations::UnusableTime;

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordProblem {
    /// The role, the service or the name of the call is missing.
    NoKey,
    /// One of these, or what holds it, is of the wrong JSON type.
    WrongType,
    /// It was searched for behind a fault, and is not learned.
    Searched,
    /// Its time cannot be used.
    Time(UnusableTime),
}

impl RecordProblem {
    /// All of them, in the order in which they are reported.
    pub(crate) const ALL: [Self; 6] = [
        Self::NoKey,
        Self::WrongType,
        Self::Searched,
        Self::Time(UnusableTime::None),
        Self::Time(UnusableTime::Ahead),
        Self::Time(UnusableTime::TooEarly),
    ];

    /// The problem of what is no call; none if it is another call, or no record at all.
    pub(super) fn of(not_a_call: NotACall) -> Option<Self> {
        match not_a_call {
            NotACall::NoKey => Some(Self::NoKey),
            NotACall::WrongType => Some(Self::WrongType),
            _ => None,
        }
    }

    fn place(self) -> usize {
        let place = Self::ALL.iter().position(|one| *one == self);
        place.expect("all of them are listed")
    }
}

/// How often each occurred, and where it did first.
#[derive(Debug, Default)]
pub(crate) struct RecordProblems([FaultLog; RecordProblem::ALL.len()]);

impl RecordProblems {
    pub(super) fn add(
        &mut self,
        problem: RecordProblem,
        file: usize,
        text: impl FnOnce() -> String,
    ) {
        self.0[problem.place()].add(file, 0, text);
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (log, more) in self.0.iter_mut().zip(other.0) {
            log.merge(more);
        }
    }

    /// How often one of them occurred, and where.
    pub(crate) fn of(&self, problem: RecordProblem) -> &FaultLog {
        &self.0[problem.place()]
    }

    /// How many records had one.
    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|log| log.count).sum()
    }
}
