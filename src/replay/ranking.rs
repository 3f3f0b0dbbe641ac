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
        let pairs = keys.map(|key| {
            let values = observations.values(history.in_observations(key));
            table.pair(&values.map(Cow::Borrowed).collect::<Vec<_>>())
        });
        Self {
            pairs: pairs.collect(),
            table,
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
        let keys = (0..).map(KeyId).zip(&self.pairs);
        let known = keys.filter_map(|(key, &pair)| {
            let first = baseline.stored(key, cutoffs)?.first()?;
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
