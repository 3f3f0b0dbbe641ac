//! Merging what facts say of their keys, beside the reading of rows: a thread does it, as soon as there is work for one.
//!
//! Keys come in batches and are merged in the order in which they came, here or there; so the thread makes no difference
//! but to the time it takes. A search of few keys never starts one, and where none can be started the work is done here.

use super::entries::{Entries, Share};
use super::strings::Strings;
use super::table::Table;
use crate::time::Timestamp;
use std::borrow::Cow;
use std::hint::black_box;
use std::io;
use std::sync::mpsc::{channel, sync_channel, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

/// Keys, and what facts say of them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    shares: Vec<Share>,
    /// The values of all keys.
    values: Strings,
}

impl Batch {
    /// How many keys are handed over together: enough to be worth a message, few enough to stay in the cache.
    const FULL: usize = 1_024;

    /// Adds a key.
    pub(super) fn add(&mut self, key: &[Cow<'_, [u8]>], share: Share) {
        self.shares.push(share);
        key.iter().for_each(|value| self.values.add(value));
    }

    /// Whether it is time to hand it over.
    pub(super) fn is_full(&self) -> bool {
        self.shares.len() >= Self::FULL
    }

    fn clear(&mut self) {
        self.shares.clear();
        self.values.clear();
    }
}

/// All keys, and what is known of each.
#[derive(Debug)]
pub(super) struct Merged {
    width: usize,
    forget: Option<Timestamp>,
    /// The keys.
    pub(super) table: Table,
    /// What is known of them.
    pub(super) entries: Entries,
}

impl Merged {
    /// How many keys are looked up together: enough for their waits for memory to overlap, few enough to stay in the cache.
    const TOGETHER: usize = 32;

    fn nothing(width: usize, forget: Option<Timestamp>) -> Self {
        Self {
            width,
            forget,
            table: Table::new(width),
            entries: Entries::default(),
        }
    }

    fn merge(&mut self, batch: &Batch) {
        let mut values = batch.values.iter();
        let mut together = Vec::new();
        let (mut hashes, mut ids) = (Vec::new(), Vec::new());
        for shares in batch.shares.chunks(Self::TOGETHER) {
            hashes.clear();
            ids.clear();
            together.clear();
            together.extend(values.by_ref().take(shares.len() * self.width));
            self.table.intern(&together, &mut ids, &mut hashes);
            self.fetch(&hashes);
            let keys = hashes.iter().zip(ids.chunks_exact(self.width));
            for (&share, (&hash, ids)) in shares.iter().zip(keys) {
                let number = self.table.number(hash, ids);
                let forget = self.forget;
                self.entries
                    .update(number, |entry| entry.take(share, forget));
            }
        }
    }

    /// Touches what the look-ups will need.
    fn fetch(&self, hashes: &[u32]) {
        let guesses = hashes.iter().filter_map(|&hash| self.table.guess(hash));
        let near = guesses.map(|number| (self.table.first_id(number), self.entries.get(number)));
        near.for_each(|touched| _ = black_box(touched));
    }
}

/// Takes batches, and gives back what they come to.
#[derive(Debug)]
pub(super) struct Merger {
    width: usize,
    forget: Option<Timestamp>,
    place: Place,
}

/// Where batches are merged.
#[derive(Debug)]
enum Place {
    /// There was none so far.
    Nowhere,
    Here(Box<Merged>),
    Beside(Beside),
}

impl Merger {
    /// For keys of `width` fields, at least one.
    pub(super) fn new(width: usize, forget: Option<Timestamp>) -> Self {
        Self {
            width,
            forget,
            place: Place::Nowhere,
        }
    }

    /// Takes a batch and gives an empty one for it.
    pub(super) fn take(&mut self, mut batch: Batch) -> Batch {
        if let Place::Nowhere = self.place {
            self.place = match Beside::start(self.nothing()) {
                Ok(beside) => Place::Beside(beside),
                Err(_) => Place::Here(Box::new(self.nothing())),
            };
        }
        match &mut self.place {
            Place::Beside(beside) => return beside.exchange(batch),
            Place::Here(merged) => merged.merge(&batch),
            Place::Nowhere => {}
        }
        batch.clear();
        batch
    }

    /// What all batches come to, and this last one.
    pub(super) fn finish(self, last: &Batch) -> Merged {
        let nothing = self.nothing();
        let mut merged = match self.place {
            Place::Nowhere => nothing,
            Place::Here(merged) => *merged,
            Place::Beside(beside) => beside.finish(),
        };
        merged.merge(last);
        merged
    }

    fn nothing(&self) -> Merged {
        Merged::nothing(self.width, self.forget)
    }
}

/// The thread, and the way there and back.
#[derive(Debug)]
struct Beside {
    full: SyncSender<Batch>,
    empty: Receiver<Batch>,
    thread: JoinHandle<Merged>,
}

impl Beside {
    /// How many batches may wait: the reading of rows stops while there are more.
    const WAITING: usize = 4;

    fn start(mut merged: Merged) -> io::Result<Self> {
        let (full, batches) = sync_channel::<Batch>(Self::WAITING);
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

    fn exchange(&mut self, batch: Batch) -> Batch {
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
    use super::super::Sighting;
    use super::*;

    const KEYS: u32 = 3_000;

    /// Many batches, in which each key comes many times, every time later than before.
    fn merge_into(mut merger: Merger) -> Merged {
        let mut batch = Batch::default();
        for nth in 0..20_000u32 {
            let time = Some(Timestamp(i64::from(nth)));
            let share = Share {
                own: Some(Sighting::new(time, time)),
                said: None,
            };
            let name = (nth.wrapping_mul(0x9e37_79b9) % KEYS).to_string();
            let value = Cow::Borrowed(name.as_bytes());
            batch.add(&[value.clone(), value], share);
            if batch.is_full() {
                batch = merger.take(batch);
                assert!(batch.shares.is_empty(), "an empty one is given for it");
            }
        }
        merger.finish(&batch)
    }

    #[test]
    fn a_thread_makes_no_difference() {
        let there = merge_into(Merger::new(2, None));
        let here = merge_into(Merger {
            place: Place::Here(Box::new(Merged::nothing(2, None))),
            ..Merger::new(2, None)
        });
        let told = |merged: &Merged| {
            let entries = merged.entries.iter();
            let ends = entries.map(|entry| (entry.sighting.first(), entry.sighting.last()));
            let ids = (0..KEYS as usize).map(|number| merged.table.first_id(number));
            (ends.collect::<Vec<_>>(), ids.collect::<Vec<_>>())
        };
        assert_eq!(told(&there), told(&here));
        assert_eq!(told(&there).0.len(), KEYS as usize);
    }

    #[test]
    fn few_keys_make_no_full_batch_and_start_no_thread() {
        let share = Share {
            own: None,
            said: None,
        };
        let mut batch = Batch::default();
        for nth in 1..Batch::FULL {
            batch.add(&[Cow::Owned(nth.to_string().into_bytes())], share);
            assert!(!batch.is_full());
        }
        batch.add(&[Cow::Borrowed(b"")], share);
        assert!(batch.is_full());
        assert!(matches!(Merger::new(1, None).place, Place::Nowhere));
    }
}
