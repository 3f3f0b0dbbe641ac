//! Everything that was observed, in the order of time: what each search of the past would have found.

use crate::baseline::Sighting;
use crate::keys::KeyId;
use crate::observations::{Detail, Minute, Observations};
use crate::time::Timestamp;

/// A key within one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KeyMinute {
    minute: Minute,
    key: KeyId,
}

/// All minutes of all keys.
pub(super) struct History {
    /// The keys of the observations in order of their values; a [`KeyId`] here is a place in this list, so that what comes out does not
    /// depend on the order of the input.
    keys: Vec<KeyId>,
    seen: Vec<KeyMinute>,
}

impl History {
    /// What was observed, as far as its minutes were kept.
    pub(super) fn of(observations: &Observations) -> Self {
        let mut history = Self {
            keys: Vec::new(),
            seen: Vec::new(),
        };
        for (place, (key, observed)) in (0..).zip(observations.observed()) {
            history.keys.push(key);
            if let Detail::Minutes(minutes) = &observed.detail {
                let key = KeyId(place);
                history
                    .seen
                    .extend(minutes.iter().map(|&minute| KeyMinute { minute, key }));
            }
        }
        history
            .seen
            .sort_unstable_by_key(|seen| (seen.minute.first, seen.key));
        history
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
        let first = self.seen.first()?.minute.first;
        let last = self.seen.iter().map(|seen| seen.minute.last).max()?;
        Some((first, last))
    }

    /// What was seen from one time on and before another.
    pub(super) fn between(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (KeyId, Sighting)> + '_ {
        let (start, end) = (self.place(from), self.place(to));
        self.seen[start..end.max(start)].iter().map(|seen| {
            let Minute { first, last } = seen.minute;
            (seen.key, Sighting::new(Some(first), Some(last)))
        })
    }

    /// The first time that something was seen, from a moment on.
    pub(super) fn next_from(&self, moment: Timestamp) -> Option<Timestamp> {
        let seen = self.seen.get(self.place(moment))?;
        Some(seen.minute.first)
    }

    fn place(&self, moment: Timestamp) -> usize {
        self.seen.partition_point(|seen| seen.minute.first < moment)
    }
}
