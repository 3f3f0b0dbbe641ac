//! Pages made ahead: while splunkd reads one, a thread makes the next.
//!
//! There is never more than one page in splunkd's hands and one in the thread's. Knows nothing of what is on them.

use crate::protocol::More;
use std::io;
use std::sync::mpsc::{channel, sync_channel, Receiver, Sender};
use std::thread;
use thiserror::Error;

/// The thread could not be started: the system has no room for it.
#[derive(Debug, Error)]
#[error("a thread to write the rows could not be started ({0}); nothing went out")]
pub(super) struct NoThread(io::Error);

/// The pages that a thread makes.
#[derive(Debug)]
pub(super) struct Ahead {
    pages: Receiver<(Vec<u8>, More)>,
    /// Buffers that were read, for pages to come.
    spent: Sender<Vec<u8>>,
}

impl Ahead {
    /// Starts. `page` appends the next page to a buffer.
    ///
    /// # Errors
    /// See [`NoThread`].
    pub(super) fn start(
        mut page: impl FnMut(&mut Vec<u8>) -> More + Send + 'static,
    ) -> Result<Self, NoThread> {
        // No room between the two: the thread waits with a page in its hands until that is asked for.
        let (made, pages) = sync_channel(0);
        let (spent, buffers) = channel::<Vec<u8>>();
        let make_all = move || loop {
            let mut buffer = buffers.try_recv().unwrap_or_default();
            buffer.clear();
            let more = page(&mut buffer);
            let nobody_asks = made.send((buffer, more)).is_err();
            if nobody_asks || more == More::Nothing {
                return;
            }
        };
        thread::Builder::new().spawn(make_all).map_err(NoThread)?;
        Ok(Self { pages, spent })
    }

    /// Puts the next page into `out` and takes its buffer. Must not be asked again after the last.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) -> More {
        let (page, more) = self
            .pages
            .recv()
            .expect("the thread ends with its last page");
        // A thread that has made its last page needs no buffer.
        let _ = self.spent.send(std::mem::replace(out, page));
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_in_the_order_in_which_they_are_made() {
        let mut made = 0u8;
        let count_to_five = move |out: &mut Vec<u8>| {
            made += 1;
            out.push(made);
            match made {
                5 => More::Nothing,
                _ => More::Follows,
            }
        };
        let mut ahead = Ahead::start(count_to_five).unwrap();
        let mut out = Vec::new();
        let mut came = Vec::new();
        while ahead.next(&mut out) == More::Follows {
            came.push(out.clone());
        }
        came.push(out);
        assert_eq!(came, [[1], [2], [3], [4], [5]]);
    }
}
