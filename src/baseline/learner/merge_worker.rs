//! Merging facts into the states of their keys, beside the reading of rows: a thread does it, as soon as there is work for one.
//!
//! Why: cells to split and keys to look up are about the same work, so two cores halve the time; it costs some CPU time for handing
//! over. Keys come in batches and are merged in the order in which they came, here or there; so the thread makes no difference but to
//! the time it takes (`a_thread_makes_no_difference`). If that order were lost, rows would come out in another one. A search of few
//! keys never starts a thread, and where none can be started the work is done here.
//! What the thread and the prefetch are worth: docs/performance.md, "What each trick is worth". What a fact does to a key
//! is in `key_state.rs`.

use super::key_state::KeyStates;
use crate::baseline::{Cutoffs, Fact};
use crate::keys::{InternedKeys, KeyTable, Strings};
use std::borrow::Cow;
use std::hint::black_box;
use std::io;
use std::sync::mpsc::{channel, sync_channel, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

/// Keys, and the fact about each.
#[derive(Debug, Default)]
pub(super) struct FactBatch {
    facts: Vec<Fact>,
    /// The values of all keys.
    values: Strings,
}

impl FactBatch {
    /// How many keys are handed over together: enough to be worth a message, few enough to stay in the cache.
    const FULL: usize = 1_024;

    /// Adds a key.
    pub(super) fn add(&mut self, key: &[Cow<'_, [u8]>], fact: Fact) {
        self.facts.push(fact);
        key.iter().for_each(|value| self.values.add(value));
    }

    /// Whether it is time to hand it over.
    pub(super) fn is_full(&self) -> bool {
        self.facts.len() >= Self::FULL
    }

    fn clear(&mut self) {
        self.facts.clear();
        self.values.clear();
    }
}

/// All keys, and what is known of each.
#[derive(Debug)]
pub(super) struct Merged {
    width: usize,
    cutoffs: Cutoffs,
    /// The keys.
    pub(super) keys: KeyTable,
    /// What is known of them.
    pub(super) states: KeyStates,
}

impl Merged {
    /// How many keys are looked up together: enough for their waits for memory to overlap, few enough to stay in the cache.
    const TOGETHER: usize = 32;

    fn nothing(width: usize, cutoffs: Cutoffs) -> Self {
        Self {
            width,
            cutoffs,
            keys: KeyTable::new(width),
            states: KeyStates::default(),
        }
    }

    fn merge(&mut self, batch: &FactBatch) {
        let mut values = batch.values.iter();
        let mut together = Vec::new();
        let mut interned = InternedKeys::default();
        for facts in batch.facts.chunks(Self::TOGETHER) {
            together.clear();
            together.extend(values.by_ref().take(facts.len() * self.width));
            self.keys.intern(&together, &mut interned);
            self.prefetch(&interned);
            for (nth, &fact) in facts.iter().enumerate() {
                let key = self.keys.look_up(&interned, nth);
                self.states.merge(key, fact, &self.cutoffs);
            }
        }
    }

    /// Reads what the look-ups will need, so that their waits for memory overlap: among a million keys neither slots nor states are in
    /// the processor's cache. `black_box` keeps the compiler from dropping reads whose result nobody uses. A guess may be wrong, and no
    /// look-up depends on it: without all this only the speed changes.
    fn prefetch(&self, interned: &InternedKeys) {
        let guesses = self.keys.guesses(interned);
        let near = guesses.map(|key| (self.keys.touch(key), self.states.get(key)));
        near.for_each(|touched| _ = black_box(touched));
    }
}

/// Takes batches, and gives back what they come to.
#[derive(Debug)]
pub(super) struct MergeWorker {
    width: usize,
    cutoffs: Cutoffs,
    place: MergePlace,
}

/// Where batches are merged.
#[derive(Debug)]
enum MergePlace {
    /// There was none so far.
    Nowhere,
    Here(Box<Merged>),
    Thread(MergeThread),
}

impl MergeWorker {
    /// For keys of `width` fields, at least one.
    pub(super) fn new(width: usize, cutoffs: Cutoffs) -> Self {
        Self {
            width,
            cutoffs,
            place: MergePlace::Nowhere,
        }
    }

    /// Takes a batch and gives an empty one for it.
    pub(super) fn take(&mut self, mut batch: FactBatch) -> FactBatch {
        if let MergePlace::Nowhere = self.place {
            self.place = match MergeThread::start(self.nothing()) {
                Ok(thread) => MergePlace::Thread(thread),
                Err(_) => MergePlace::Here(Box::new(self.nothing())),
            };
        }
        match &mut self.place {
            MergePlace::Thread(thread) => return thread.exchange(batch),
            MergePlace::Here(merged) => merged.merge(&batch),
            MergePlace::Nowhere => {}
        }
        batch.clear();
        batch
    }

    /// What all batches come to, and this last one.
    pub(super) fn finish(self, last: &FactBatch) -> Merged {
        let nothing = self.nothing();
        let mut merged = match self.place {
            MergePlace::Nowhere => nothing,
            MergePlace::Here(merged) => *merged,
            MergePlace::Thread(thread) => thread.finish(),
        };
        merged.merge(last);
        merged
    }

    fn nothing(&self) -> Merged {
        Merged::nothing(self.width, self.cutoffs)
    }
}

/// The thread, and the way there and back.
#[derive(Debug)]
struct MergeThread {
    full: SyncSender<FactBatch>,
    empty: Receiver<FactBatch>,
    thread: JoinHandle<Merged>,
}

impl MergeThread {
    /// How many batches may wait: the reading of rows stops while there are more.
    const WAITING: usize = 4;

    fn start(mut merged: Merged) -> io::Result<Self> {
        let (full, batches) = sync_channel::<FactBatch>(Self::WAITING);
        let (emptied, empty) = channel();
        let thread = thread::Builder::new().spawn(move || {
            for mut batch in batches {
                merged.merge(&batch);
                batch.clear();
                // Whoever reads rows may have ended, and need no more batches.
                let _ = emptied.send(batch);
            }
            merged
        })?;
        Ok(Self {
            full,
            empty,
            thread,
        })
    }

    fn exchange(&mut self, batch: FactBatch) -> FactBatch {
        let sent = self.full.send(batch);
        sent.expect("the thread takes batches until there are no more");
        self.empty.try_recv().unwrap_or_default()
    }

    fn finish(self) -> Merged {
        drop(self.full);
        let merged = self.thread.join();
        merged.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Sighting;
    use crate::keys::KeyId;
    use crate::time::Timestamp;

    const CUTOFFS: Cutoffs = Cutoffs {
        activity: Timestamp(0),
        forget: None,
        learning: Timestamp(0),
        earliest: Cutoffs::AFTER_EPOCH,
    };

    const KEYS: u32 = 3_000;

    /// Many batches, in which each key comes many times, every time later than before.
    fn merge_into(mut merger: MergeWorker) -> Merged {
        let mut batch = FactBatch::default();
        for nth in 0..20_000u32 {
            let time = Some(Timestamp(i64::from(nth)));
            let fact = Fact {
                observed: Some(Sighting::new(time, time)),
                stored: None,
            };
            let name = (nth.wrapping_mul(0x9e37_79b9) % KEYS).to_string();
            let value = Cow::Borrowed(name.as_bytes());
            batch.add(&[value.clone(), value], fact);
            if batch.is_full() {
                batch = merger.take(batch);
                assert!(batch.facts.is_empty(), "an empty one is given for it");
            }
        }
        merger.finish(&batch)
    }

    #[test]
    fn a_thread_makes_no_difference() {
        let there = merge_into(MergeWorker::new(2, CUTOFFS));
        let here = merge_into(MergeWorker {
            place: MergePlace::Here(Box::new(Merged::nothing(2, CUTOFFS))),
            ..MergeWorker::new(2, CUTOFFS)
        });
        let shown = |merged: &Merged| {
            let states = merged.states.iter();
            let ends = states.map(|state| (state.sighting.first(), state.sighting.last()));
            let ids = (0..KEYS).map(|key| merged.keys.touch(KeyId(key)));
            (ends.collect::<Vec<_>>(), ids.collect::<Vec<_>>())
        };
        assert_eq!(shown(&there), shown(&here));
        assert_eq!(shown(&there).0.len(), KEYS as usize);
    }

    #[test]
    fn few_keys_make_no_full_batch_and_start_no_thread() {
        let fact = Fact {
            observed: None,
            stored: None,
        };
        let mut batch = FactBatch::default();
        for nth in 1..FactBatch::FULL {
            batch.add(&[Cow::Owned(nth.to_string().into_bytes())], fact);
            assert!(!batch.is_full());
        }
        batch.add(&[Cow::Borrowed(b"")], fact);
        assert!(batch.is_full());
        assert!(matches!(
            MergeWorker::new(1, CUTOFFS).place,
            MergePlace::Nowhere
        ));
    }
}
