//! Threads that read: each takes the next file that nobody has begun, until there are none left.
//!
//! What each has read is merged at the end, so neither the number of threads nor their order makes a difference.

use super::file_reader::FileReader;
use super::sources::Sources;
use super::{Input, InputError, Plan};
use crate::lookup::Clock;
use crate::observations::AS_OF_LATER;
use std::hash::RandomState;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{mpsc, Mutex};
use std::time::Duration;

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
}

/// Reads everything under `paths`; `show` is called while that lasts.
///
/// # Errors
/// [`InputError`], for the first file in order that has one.
pub(crate) fn gather(
    paths: &[PathBuf],
    plan: Plan<'_>,
    stdin: &mut (dyn Read + Send),
    mut show: impl FnMut(Progress),
) -> Result<Input, InputError> {
    let mut sources = Sources::find(paths, plan.own_files)?;
    let (dangling, loops) = (
        std::mem::take(&mut sources.dangling),
        std::mem::take(&mut sources.loops),
    );
    let threads = plan.threads.clamp(1, sources.list.len().max(1));
    let hasher = RandomState::new();
    let shared = WorkQueue {
        plan,
        sources: &sources,
        next: AtomicUsize::new(0),
        bytes: AtomicU64::new(0),
        stdin: Mutex::new(stdin),
    };
    let mut whole = FileReader::new(&shared, hasher.clone());
    let mut failed: Option<(usize, InputError)> = None;
    std::thread::scope(|scope| {
        let (done, parts) = mpsc::channel();
        for _ in 0..threads {
            let (done, shared) = (done.clone(), &shared);
            let part = FileReader::new(shared, hasher.clone());
            // The receiver outlives the scope, so sending cannot fail.
            scope.spawn(move || drop(done.send(part.read_all(shared))));
        }
        drop(done);
        loop {
            match parts.recv_timeout(TICK) {
                Ok((part, error)) => {
                    whole.merge(part);
                    failed = failed
                        .take()
                        .into_iter()
                        .chain(error)
                        .min_by_key(|(file, _)| *file);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => show(shared.progress()),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    match failed {
        Some((_, error)) => Err(error),
        None => {
            whole.input.unread.merge(dangling);
            whole.input.loops.merge(loops);
            Ok(whole.input)
        }
    }
}

/// The files that are still to be read, and what all threads share.
pub(super) struct WorkQueue<'s, 'p> {
    pub(super) plan: Plan<'p>,
    pub(super) sources: &'s Sources,
    /// The next file that nobody has begun. Files are begun in order.
    pub(super) next: AtomicUsize,
    pub(super) bytes: AtomicU64,
    pub(super) stdin: Mutex<&'s mut (dyn Read + Send)>,
}

impl WorkQueue<'_, '_> {
    pub(super) fn clock(&self) -> Clock {
        Clock {
            now: self.plan.now,
            as_of: AS_OF_LATER,
            earliest: Clock::FIRST_CALL,
        }
    }

    fn progress(&self) -> Progress {
        let of_files = self.sources.list.len();
        Progress {
            files: self.next.load(Ordering::Relaxed).min(of_files),
            of_files,
            bytes: self.bytes.load(Ordering::Relaxed),
            of_bytes: self.sources.bytes,
        }
    }
}
