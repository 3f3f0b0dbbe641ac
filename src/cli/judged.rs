//! What `detect` finds: the observed keys that the baseline does not know, and how surprising each is.
//!
//! Feeds `baseline`'s detector and explainer the same facts; decides nothing itself.

use crate::baseline::{
    Cutoffs, DetectError, Detector, Explanation, Explanations, Fact, Ticket, Verdicts,
    WindowedExplainer,
};
use crate::keys::RowKeys;
use crate::lookup::schema;
use crate::observations::{Observations, ObservedKey};
use crate::time::Timestamp;

/// What is fed the facts of a run.
pub(super) struct Facts {
    detector: Detector,
    /// None if a key is one field: there is no role, and nothing to rank by.
    explainer: Option<WindowedExplainer>,
}

/// What is new, and how surprising.
pub(super) struct Judged<'o> {
    pub(super) verdicts: Verdicts,
    /// In the order of the keys' values.
    pub(super) found: Vec<(Ticket, ObservedKey<'o>)>,
    explanations: Option<Explanations>,
}

impl Facts {
    /// For keys of the fields `by`. With families a new role is compared with the known roles of its family.
    pub(super) fn new(cutoffs: Cutoffs, by: &[String], families: bool) -> Self {
        let explainer = || {
            let explainer = WindowedExplainer::new(cutoffs, schema::service_field(by));
            explainer.with_families(families)
        };
        Self {
            detector: Detector::new(cutoffs),
            explainer: (by.len() > 1).then(explainer),
        }
    }

    /// Takes what is stored of keys. What was only joined to a baseline is there to make its key known, and is reported under no key of
    /// the input.
    pub(super) fn feed_stored(&mut self, keys: &RowKeys<'_>, fact: Fact) {
        self.detector.feed(keys, fact);
        if let Some(explainer) = &mut self.explainer {
            explainer.feed(keys, fact, None);
        }
    }

    fn feed_observed(&mut self, keys: &RowKeys<'_>, fact: Fact) -> Option<Ticket> {
        let ticket = self.detector.feed(keys, fact);
        if let Some(explainer) = &mut self.explainer {
            explainer.feed(keys, fact, ticket);
        }
        ticket
    }

    /// Judges what was observed; `window_opens` tells when the activity window that ends at a moment opens.
    pub(super) fn judge(
        mut self,
        observations: &Observations,
        as_of: Timestamp,
        window_opens: impl Fn(Timestamp) -> Timestamp,
    ) -> Result<Judged<'_>, DetectError> {
        observations.feed_stored(as_of, |keys, fact| self.feed_stored(keys, fact));
        let mut found = Vec::new();
        for (key, observed) in observations.observed() {
            let ticket = self.feed_observed(&observations.row_keys(key), observed.fact());
            found.extend(ticket.map(|ticket| (ticket, (key, observed))));
        }
        let verdicts = self.detector.finish()?;
        found.retain(|&(ticket, _)| verdicts.is_reported(ticket));
        let explainer = self.explainer;
        Ok(Judged {
            explanations: explainer.map(|of| of.finish(&verdicts, window_opens)),
            verdicts,
            found,
        })
    }
}

impl Judged<'_> {
    /// How surprising a key is that was found, and why.
    pub(super) fn explanation(&self, ticket: Ticket) -> Option<Explanation<'_>> {
        self.explanations.as_ref()?.of(ticket)
    }

    /// In how many activity windows the keys that were found began.
    pub(super) fn windows(&self) -> usize {
        self.explanations.as_ref().map_or(0, Explanations::windows)
    }
}
