//! The records of CloudTrail that were read, counted by what they are.

use crate::cloudtrail::NotACall;

/// The records of CloudTrail in the range that is wanted, counted by what they are; and those outside.
///
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// Successful calls by those whose calls are wanted, as far as they were taken.
    pub calls: u64,
    /// Calls by others.
    pub others: u64,
    /// Failed calls.
    pub failed: u64,
    /// No records of CloudTrail at all.
    pub foreign: u64,
    /// CloudTrail digest files.
    pub digests: u64,
    /// CloudTrail Insights events.
    pub insights: u64,
    /// Events in the Open Cybersecurity Schema Framework.
    pub ocsf: u64,
    /// Successful calls without a usable key or time, which were not taken.
    pub unusable: u64,
    /// Records outside the wanted times.
    pub outside: u64,
}

impl RecordCounts {
    /// The records of calls in the range.
    pub fn in_range(&self) -> u64 {
        self.calls + self.others + self.failed + self.unusable
    }

    /// Counts what is no successful call of those that are wanted.
    pub fn count(&mut self, not_a_call: NotACall) {
        match not_a_call {
            NotACall::NoRecord => self.foreign += 1,
            NotACall::Digest => self.digests += 1,
            NotACall::Insight => self.insights += 1,
            NotACall::Ocsf => self.ocsf += 1,
            NotACall::OtherCaller => self.others += 1,
            NotACall::Failed => self.failed += 1,
            NotACall::NoKey | NotACall::WrongType => self.unusable += 1,
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.others += other.others;
        self.failed += other.failed;
        self.foreign += other.foreign;
        self.digests += other.digests;
        self.insights += other.insights;
        self.ocsf += other.ocsf;
        self.unusable += other.unusable;
        self.outside += other.outside;
    }
}
