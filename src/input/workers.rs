//! Threads that read: each takes the next file that nobody has begun, until there are none left.
//!
//! What they observe is collected in one map: a thread merges what it has into it whenever it has many keys, and at the end. So keys are held
//! once and not once a thread, and neither the number of threads nor their order makes a difference.

use super::file_reader::FileReader;
use super::sources::{Source, Sources};
use super::{Input, InputError, Plan};
use crate::lookup::Clock;
use crate::observations::{Observations, AS_OF_LATER};
use std::hash::RandomState;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::time::{Duration, Instant};

/// How often progress is shown.
const TICK: Duration = Duration::from_millis(250);

/// How far reading has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// Files begun.
    pub files: usize,
    /// Files in all.
    pub of_files: usize,
    /// Bytes read, as they lie on disk.
    pub bytes: u64,
    /// Bytes in all; standard input counts none.
    pub of_bytes: u64,
    /// For how long it has been reading.
    pub since: Duration,
}

/// Reads everything under `paths`; `show` is called while that lasts.
///
/// # Errors
/// [`InputError`], for the first file in order that has one.
pub(crate) fn gather(
    paths: &[PathBuf],
    plan: Plan<'_>,
    stdin: &mut (dyn Read + Send),
    show: impl FnMut(Progress),
) -> Result<Input, InputError> {
    let sources = Sources::find(paths, plan.own_files, plan.wanted)?;
    let threads = plan.threads.clamp(1, sources.list.len().max(1));
    let queue = WorkQueue::new(plan, &sources, stdin, threads);
    let (mut input, failed) = read_on_threads(&queue, threads, show);
    if let Some((_, error)) = failed {
        return Err(error);
    }
    input.interrupted = queue.interrupted();
    input.observations.merge(queue.into_collected());
    input.unread.merge(sources.dangling);
    input.loops.merge(sources.loops);
    input.out_of_range = sources.out_of_range;
    Ok(input)
}

/// All that was read but the observations, and the first file in order that has an error.
fn read_on_threads(
    queue: &WorkQueue<'_, '_>,
    threads: usize,
    mut show: impl FnMut(Progress),
) -> (Input, Option<(usize, InputError)>) {
    let mut whole = Input::nothing(queue.no_observations());
    let mut failed: Option<(usize, InputError)> = None;
    std::thread::scope(|scope| {
        let (done, parts) = mpsc::channel();
        for _ in 0..threads {
            let done = done.clone();
            // The receiver outlives the scope, so sending cannot fail.
            scope.spawn(move || drop(done.send(FileReader::new(queue).read_all())));
        }
        drop(done);
        loop {
            match parts.recv_timeout(TICK) {
                Ok((part, error)) => {
                    whole.merge(part);
                    let both = failed.take().into_iter().chain(error);
                    failed = both.min_by_key(|(file, _)| *file);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => show(queue.progress()),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    (whole, failed)
}

/// The files that are still to be read, and what all threads share.
pub(super) struct WorkQueue<'s, 'p> {
    pub(super) plan: Plan<'p>,
    pub(super) sources: &'s Sources,
    /// The next file that nobody has begun. Files are begun in order.
    next: AtomicUsize,
    /// How many files were read to their end.
    ended: AtomicU64,
    pub(super) bytes: AtomicU64,
    begun: Instant,
    pub(super) stdin: Mutex<&'s mut (dyn Read + Send)>,
    hasher: RandomState,
    /// What the threads have observed.
    collected: Mutex<Observations>,
    /// So many keys may a thread hold by itself.
    own_keys: usize,
}

impl<'s, 'p> WorkQueue<'s, 'p> {
    /// So many keys a thread holds before it hands them over: few beside all keys of a large input, and enough for most calls to be merged
    /// with those before them without a lock.
    const OWN_KEYS: usize = 1 << 13;

    fn new(
        plan: Plan<'p>,
        sources: &'s Sources,
        stdin: &'s mut (dyn Read + Send),
        threads: usize,
    ) -> Self {
        let hasher = RandomState::new();
        Self {
            plan,
            sources,
            next: AtomicUsize::new(0),
            ended: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            begun: Instant::now(),
            stdin: Mutex::new(stdin),
            collected: Mutex::new(no_observations(plan, hasher.clone())),
            hasher,
            // One thread alone hands all over at the end, which costs nothing.
            own_keys: if threads == 1 {
                usize::MAX
            } else {
                Self::OWN_KEYS
            },
        }
    }

    pub(super) fn clock(&self) -> Clock {
        Clock {
            now: self.plan.now,
            as_of: AS_OF_LATER,
            earliest: Clock::FIRST_CALL,
        }
    }

    /// The next file, by its number, that nobody has begun; none if reading is to end.
    pub(super) fn next_file(&self) -> Option<(usize, &'s Source)> {
        if self.is_interrupted() {
            return None;
        }
        let file = self.next.fetch_add(1, Ordering::Relaxed);
        Some((file, self.sources.list.get(file)?))
    }

    /// Counts a file that was read to its end.
    pub(super) fn end_file(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether somebody wants reading to end.
    pub(super) fn is_interrupted(&self) -> bool {
        self.plan.interrupted.load(Ordering::Relaxed)
    }

    /// How many files were read to their end, of how many, if that was interrupted.
    fn interrupted(&self) -> Option<(u64, u64)> {
        let all = self.sources.list.len() as u64;
        let ended = self.ended.load(Ordering::Relaxed);
        (ended < all && self.is_interrupted()).then_some((ended, all))
    }

    /// Sees to it that nobody begins another file.
    pub(super) fn stop(&self) {
        self.next
            .fetch_max(self.sources.list.len(), Ordering::Relaxed);
    }

    /// Takes what a thread has observed, if that is much, and leaves it nothing.
    pub(super) fn collect_if_much(&self, observations: &mut Observations) {
        if observations.keys() > self.own_keys {
            self.collect(observations);
        }
    }

    /// Takes what a thread has observed, and leaves it nothing.
    pub(super) fn collect(&self, observations: &mut Observations) {
        let observed = std::mem::replace(observations, self.no_observations());
        let mut collected = self
            .collected
            .lock()
            .expect("a thread that panics ends the process");
        collected.merge(observed);
    }

    pub(super) fn no_observations(&self) -> Observations {
        no_observations(self.plan, self.hasher.clone())
    }

    fn into_collected(self) -> Observations {
        self.collected
            .into_inner()
            .expect("a thread that panics ends the process")
    }

    fn progress(&self) -> Progress {
        let of_files = self.sources.list.len();
        Progress {
            files: self.next.load(Ordering::Relaxed).min(of_files),
            of_files,
            bytes: self.bytes.load(Ordering::Relaxed),
            of_bytes: self.sources.bytes,
            since: self.begun.elapsed(),
        }
    }
}

fn no_observations(plan: Plan<'_>, hasher: RandomState) -> Observations {
    let observations = Observations::new(plan.by.len(), plan.keep, plan.wanted, hasher);
    match plan.only {
        None => observations,
        Some(windows) => observations.only(Arc::clone(windows)),
    }
}
