//! Explanations: what was found out about each reported observation, by its ticket.

use super::pair_table::PairTable;
use crate::baseline::surprise::{Evidence, Novelty, Pair, RoleHistory, Terms};
use crate::baseline::Ticket;

/// How surprising each reported observation is, and why.
#[derive(Debug)]
pub struct Explanations {
    pairs: PairTable,
    /// In the order of pairs, those only that are new.
    evidence: Vec<Evidence>,
    /// The keys of the observations that may be reported, in the order of their tickets.
    held: Vec<(Ticket, Pair)>,
    windows: usize,
}

impl Explanations {
    pub(super) fn new(
        pairs: PairTable,
        evidence: Vec<Evidence>,
        held: Vec<(Ticket, Pair)>,
    ) -> Self {
        Self {
            pairs,
            evidence,
            held,
            windows: 1,
        }
    }

    /// The same, of keys that began in so many windows.
    pub(super) fn of_windows(self, windows: usize) -> Self {
        Self { windows, ..self }
    }

    /// In how many activity windows the keys began.
    pub fn windows(&self) -> usize {
        self.windows
    }

    pub(super) fn none(pairs: PairTable) -> Self {
        Self::new(pairs, Vec::new(), Vec::new())
    }

    /// The explanation of a reported observation: of its most surprising new key, the first of those if it has several. None if its
    /// keys were not looked at.
    pub fn of(&self, ticket: Ticket) -> Option<Explanation<'_>> {
        let new = self.keys_of(ticket).iter();
        let explained = new.filter_map(|&(_, pair)| self.of_pair(pair));
        explained.reduce(|most, next| match next.surprise() > most.surprise() {
            true => next,
            false => most,
        })
    }

    fn keys_of(&self, ticket: Ticket) -> &[(Ticket, Pair)] {
        let start = self.held.partition_point(|&(other, _)| other < ticket);
        let held = &self.held[start..];
        &held[..held.partition_point(|&(other, _)| other == ticket)]
    }

    fn of_pair(&self, pair: Pair) -> Option<Explanation<'_>> {
        let place = self
            .evidence
            .binary_search_by_key(&pair, |of| of.pair)
            .ok()?;
        let service = self.pairs.service_name(pair.call).unwrap_or_default();
        Some(Explanation::new(&self.evidence[place], service))
    }
}

/// How surprising a new key is, and why.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<'e> {
    evidence: &'e Evidence,
    /// The parts of its score.
    pub terms: Terms,
    service: &'e [u8],
}

impl<'e> Explanation<'e> {
    /// What was counted of a new pair, in words; `service` is the name of its call's service, or empty.
    pub(crate) fn new(evidence: &'e Evidence, service: &'e [u8]) -> Self {
        Self {
            terms: evidence.terms(),
            evidence,
            service,
        }
    }

    /// The score: 0 is new, but ordinary.
    pub fn surprise(&self) -> f64 {
        self.terms.score()
    }

    /// The sentence.
    pub fn reason(&self) -> String {
        self.evidence.reason(self.service)
    }

    /// What is new about it.
    pub fn novelty(&self) -> Novelty {
        self.evidence.novelty()
    }

    /// Its role, as the baseline knew it.
    pub fn role(&self) -> RoleHistory {
        self.evidence.role
    }

    /// How many other roles make the call.
    pub fn call_roles(&self) -> usize {
        self.evidence.makers
    }
}
