//! Which calls of which keys are wanted, where only some are: those within a window of time, each window with a label.
//!
//! With it, files are read once more for what came with a few calls, and of all others nothing is kept. A key then has one more
//! value, the label, so that two windows of one key are two.

use crate::baseline::Sighting;
use crate::time::Timestamp;
use std::collections::HashMap;

/// A window, the end of which is no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyWindow {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment behind it.
    pub to: Timestamp,
    /// What it is called.
    pub label: u32,
}

/// The windows of all keys that are wanted.
///
/// ```
/// use unseen::baseline::Sighting;
/// use unseen::observations::{KeyWindow, KeyWindows};
/// use unseen::time::Timestamp;
///
/// let mut windows = KeyWindows::default();
/// windows.add(&["admin", "iam:CreateUser"], KeyWindow { from: Timestamp(10), to: Timestamp(20), label: 7 });
/// let at = |time| Sighting::new(Some(Timestamp(time)), Some(Timestamp(time)));
/// let labels = |key: [&str; 2], time| windows.labels(&key, at(time)).collect::<Vec<_>>();
/// assert_eq!(labels(["admin", "iam:CreateUser"], 10), [7]);
/// assert!(labels(["admin", "iam:CreateUser"], 20).is_empty());
/// assert!(labels(["admin", "iam:DeleteUser"], 10).is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeyWindows {
    by_key: HashMap<Vec<u8>, Vec<KeyWindow>>,
}

impl KeyWindows {
    /// Adds a window of a key.
    pub fn add<V: AsRef<[u8]>>(&mut self, key: &[V], window: KeyWindow) {
        self.by_key.entry(joined(key)).or_default().push(window);
    }

    /// The labels of the windows of a key that a sighting begins or ends in.
    pub fn labels<V: AsRef<[u8]>>(
        &self,
        key: &[V],
        sighting: Sighting,
    ) -> impl Iterator<Item = u32> + '_ {
        let windows = self.by_key.get(&joined(key)).into_iter().flatten();
        let holds = move |window: &&KeyWindow| {
            let within = |at: Timestamp| window.from <= at && at < window.to;
            sighting.first().is_some_and(within) || sighting.last().is_some_and(within)
        };
        windows.filter(holds).map(|window| window.label)
    }
}

/// The values of a key as one text, each behind its length.
fn joined<V: AsRef<[u8]>>(key: &[V]) -> Vec<u8> {
    let mut joined = Vec::new();
    for value in key {
        let value = value.as_ref();
        joined.extend_from_slice(&(value.len() as u64).to_le_bytes());
        joined.extend_from_slice(value);
    }
    joined
}
