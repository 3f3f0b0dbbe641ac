//! The records of CloudTrail that were read, counted by what they are.

use crate::cloudtrail::NotACall;

/// The records of CloudTrail, counted by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// Successful calls by assumed roles.
    pub calls: u64,
    /// Calls by others.
    pub others: u64,
    /// Failed calls by assumed roles.
    pub failed: u64,
    /// No records of CloudTrail at all.
    pub foreign: u64,
    /// CloudTrail digest files.
    pub digests: u64,
    /// CloudTrail Insights events.
    pub insights: u64,
    /// Events in the Open Cybersecurity Schema Framework.
    pub ocsf: u64,
    /// Calls whose role, service or name is missing.
    pub no_key: u64,
    /// Records with a needed field of the wrong JSON type.
    pub wrong_type: u64,
    /// Calls that were searched for behind a fault, and therefore not learned.
    pub searched: u64,
    /// Calls outside the wanted times.
    pub outside: u64,
    /// Calls whose `eventTime` is no time; they are among the calls.
    pub bad_time: u64,
    /// Calls more than a day ahead of the wall clock; they are among the calls.
    pub broken_clock: u64,
    /// Calls before 2006, when nobody could make one; they are among the calls.
    pub too_early: u64,
}

impl RecordCounts {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.calls
            + self.others
            + self.failed
            + self.foreign
            + self.digests
            + self.insights
            + self.ocsf
            + self.no_key
            + self.wrong_type
            + self.searched
            + self.outside
    }

    /// Counts a record that is no successful call by a role.
    pub fn count(&mut self, not_a_call: NotACall) {
        match not_a_call {
            NotACall::NoRecord => self.foreign += 1,
            NotACall::Digest => self.digests += 1,
            NotACall::Insight => self.insights += 1,
            NotACall::Ocsf => self.ocsf += 1,
            NotACall::OtherCaller => self.others += 1,
            NotACall::Failed => self.failed += 1,
            NotACall::NoKey => self.no_key += 1,
            NotACall::WrongType => self.wrong_type += 1,
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
        self.no_key += other.no_key;
        self.wrong_type += other.wrong_type;
        self.searched += other.searched;
        self.outside += other.outside;
        self.bad_time += other.bad_time;
        self.broken_clock += other.broken_clock;
        self.too_early += other.too_early;
    }
}
