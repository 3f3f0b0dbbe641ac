//! How surprising the pairs of an alert are, against the baseline of its run.
//!
//! Ranked as `unseen explain=true` would: what is stored and not forgotten is known, what is new in the window of the run is compared with it.

use super::history::History;
use crate::baseline::surprise::{rank, Evidence, Pair, PairSighting};
use crate::baseline::{Cutoffs, Explanation, PairTable, RunningBaseline};
use crate::keys::KeyId;
use crate::observations::Observations;
use std::borrow::Cow;

/// The keys of a history as pairs of a role and a call.
#[derive(Debug)]
pub(super) struct AlertRanking {
    table: PairTable,
    /// By key.
    pairs: Vec<Pair>,
    /// The keys in the order of their pairs, so that what is known of them need not be sorted for each run.
    by_pair: Vec<KeyId>,
}

impl AlertRanking {
    /// Of keys of two fields or more. `service_field` is the field whose values begin with a service, if there is one.
    pub(super) fn of(
        history: &History,
        observations: &Observations,
        service_field: Option<usize>,
    ) -> Self {
        let mut table = PairTable::new(service_field);
        let keys = (0..history.keys() as u32).map(KeyId);
        let pairs = keys.clone().map(|key| {
            let values = observations.values(history.in_observations(key));
            table.pair(&values.map(Cow::Borrowed).collect::<Vec<_>>())
        });
        let pairs: Vec<Pair> = pairs.collect();
        let mut by_pair: Vec<KeyId> = keys.collect();
        by_pair.sort_unstable_by_key(|key| pairs[key.index()]);
        Self {
            table,
            pairs,
            by_pair,
        }
    }

    /// Ranks keys that are new among all that are, and gives the evidence of each that can be ranked.
    pub(super) fn rank(
        &self,
        alerting: &[KeyId],
        new: &[KeyId],
        baseline: &RunningBaseline,
        cutoffs: &Cutoffs,
    ) -> Vec<Option<Evidence>> {
        let observed = new.iter().chain(alerting).map(|key| self.pair(*key));
        let known = self.known(baseline, cutoffs);
        let service_of = |call| self.table.service(call);
        let evidence = rank(
            cutoffs.activity,
            known,
            observed.collect(),
            service_of,
            |_| None,
        );
        let of_key = |key: &KeyId| {
            let place = evidence.binary_search_by_key(&self.pair(*key), |of| of.pair);
            place.ok().map(|place| evidence[place])
        };
        alerting.iter().map(of_key).collect()
    }

    fn known(&self, baseline: &RunningBaseline, cutoffs: &Cutoffs) -> Vec<PairSighting> {
        let known = self.by_pair.iter().filter_map(|&key| {
            let first = baseline.stored(key, cutoffs)?.first()?;
            let pair = self.pair(key);
            Some(PairSighting { pair, first })
        });
        known.collect()
    }

    fn pair(&self, key: KeyId) -> Pair {
        self.pairs[key.index()]
    }

    /// What the evidence says.
    pub(super) fn explain<'e>(&'e self, evidence: &'e Evidence) -> Explanation<'e> {
        let service = self.table.service_name(evidence.pair.call);
        Explanation::new(evidence, service.unwrap_or_default())
    }
}
