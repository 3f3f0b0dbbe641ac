//! Everything that was observed, in the order of time: what each search of the past would have found.

use crate::baseline::Sighting;
use crate::keys::KeyId;
use crate::observations::{Detail, Observations, Resolution, Use};
use crate::time::Timestamp;

/// A use of a key, or a whole stretch of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyUse {
    pub(super) used: Use,
    pub(super) key: KeyId,
}

/// All uses of all keys.
#[derive(Debug)]
pub(super) struct History {
    /// The keys of the observations in order of their values; a [`KeyId`] here is a place in this list, so that what comes out does not
    /// depend on the order of the input.
    keys: Vec<KeyId>,
    /// Stretches of use, as learning takes them: once, when they begin. What a stretch is learned to have been used last lies ahead then,
    /// which makes no difference, since no gap in a stretch is long enough to be forgotten in.
    stretches: Vec<KeyUse>,
    /// Uses, as detecting takes them. Behind the beginning of a stretch its key is known, and they are not all there.
    uses: Vec<KeyUse>,
}

impl History {
    /// What was observed, as far as its uses were kept.
    pub(super) fn of(observations: &Observations, resolution: &Resolution) -> Self {
        let mut history = Self {
            keys: Vec::new(),
            stretches: Vec::new(),
            uses: Vec::new(),
        };
        for (place, (key, observed)) in (0..).zip(observations.observed()) {
            history.keys.push(key);
            if let Detail::Uses(uses) = &observed.detail {
                history.add(KeyId(place), uses.stretches(resolution));
            }
        }
        history.stretches.sort_unstable();
        history.uses.sort_unstable();
        history
    }

    fn add(&mut self, key: KeyId, stretches: Vec<Vec<Use>>) {
        for stretch in stretches {
            let last = stretch.iter().map(|one| one.last).max();
            let whole = last.map(|last| Use {
                first: stretch[0].first,
                last,
            });
            self.stretches
                .extend(whole.map(|used| KeyUse { used, key }));
            let uses = stretch.into_iter().map(|used| KeyUse { used, key });
            self.uses.extend(uses);
        }
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }

    /// What a key is called in the observations.
    pub(super) fn in_observations(&self, key: KeyId) -> KeyId {
        self.keys[key.index()]
    }

    /// The first and the last time; none if nothing was seen.
    pub(super) fn bounds(&self) -> Option<(Timestamp, Timestamp)> {
        let first = self.stretches.first()?.used.first;
        let last = self.stretches.iter().map(|of| of.used.last).max()?;
        Some((first, last))
    }

    /// The uses in a range that includes its beginning and not its end.
    pub(super) fn uses(&self, from: Timestamp, to: Timestamp) -> &[KeyUse] {
        within(&self.uses, from, to)
    }

    /// What is learned from a range: the stretches that begin in it.
    pub(super) fn begun(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (KeyId, Sighting)> + Clone + '_ {
        within(&self.stretches, from, to).iter().map(|of| {
            let Use { first, last } = of.used;
            (of.key, Sighting::new(Some(first), Some(last)))
        })
    }
}

/// What begins in a range, of what is in the order of its first times.
fn within(uses: &[KeyUse], from: Timestamp, to: Timestamp) -> &[KeyUse] {
    let place = |moment| uses.partition_point(|of| of.used.first < moment);
    let (start, end) = (place(from), place(to));
    &uses[start..end.max(start)]
}
