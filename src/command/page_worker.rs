//! Pages made ahead: while splunkd reads one, a thread makes the next.
//!
//! There is never more than one page with splunkd and one with the thread. Where no thread can be started, each page is made
//! when it is asked for. Knows nothing of what is on them.
//!
//! Why: without the thread, splunkd waits while a page is made and the page waits while splunkd reads. If pages came in another order, or
//! the last one were not known as such, rows would be lost: `pages_come_in_the_order_in_which_they_are_made_ahead_or_on_request`.
//! What the thread is worth: docs/performance.md, "What each trick is worth".

use crate::protocol::More;
use std::io;
use std::sync::mpsc::{channel, sync_channel, Receiver, Sender};
use std::thread;

/// Appends the next page to a buffer.
type Page = Box<dyn FnMut(&mut Vec<u8>) -> More + Send>;

/// Makes pages, in order.
pub(super) enum PageWorker {
    /// Made by a thread.
    Thread(PageThread),
    /// Made here.
    OnRequest(Page),
}

impl PageWorker {
    /// Starts. `page` appends the next page to a buffer.
    pub(super) fn new(page: impl FnMut(&mut Vec<u8>) -> More + Send + 'static) -> Self {
        let (give, work) = channel();
        match PageThread::start(work) {
            Ok(thread) => {
                let given = give.send(Box::new(page) as Page);
                given.expect("the thread waits for its work");
                Self::Thread(thread)
            }
            Err(_) => Self::OnRequest(Box::new(page)),
        }
    }

    /// Puts the next page into `out`, which is empty. Must not be asked again after the last.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) -> More {
        match self {
            Self::Thread(thread) => thread.next(out),
            Self::OnRequest(page) => page(out),
        }
    }
}

/// The thread's pages.
pub(super) struct PageThread {
    pages: Receiver<(Vec<u8>, More)>,
    /// Buffers that were read, for pages to come.
    spent: Sender<Vec<u8>>,
}

impl PageThread {
    fn start(work: Receiver<Page>) -> io::Result<Self> {
        // No buffer between the two: the thread waits with a finished page until that is asked for.
        let (made, pages) = sync_channel(0);
        let (spent, buffers) = channel::<Vec<u8>>();
        let make_all = move || {
            let Ok(mut page) = work.recv() else { return };
            let mut more = More::Follows;
            while more == More::Follows {
                let mut buffer = buffers.try_recv().unwrap_or_default();
                buffer.clear();
                more = page(&mut buffer);
                if made.send((buffer, more)).is_err() {
                    return; // Nobody asks any more.
                }
            }
        };
        thread::Builder::new().spawn(make_all)?;
        Ok(Self { pages, spent })
    }

    fn next(&mut self, out: &mut Vec<u8>) -> More {
        let page = self.pages.recv();
        let (page, more) = page.expect("the thread ends with its last page");
        // A thread that has made its last page needs no buffer.
        let _ = self.spent.send(std::mem::replace(out, page));
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_in_the_order_in_which_they_are_made_ahead_or_on_request() {
        let count_to_five = || {
            let mut made = 0u8;
            move |out: &mut Vec<u8>| {
                made += 1;
                out.push(made);
                match made {
                    5 => More::Nothing,
                    _ => More::Follows,
                }
            }
        };
        let on_request = PageWorker::OnRequest(Box::new(count_to_five()));
        for mut pages in [PageWorker::new(count_to_five()), on_request] {
            let mut came = Vec::new();
            let mut more = More::Follows;
            while more == More::Follows {
                let mut out = Vec::new();
                more = pages.next(&mut out);
                came.push(out);
            }
            assert_eq!(came, [[1], [2], [3], [4], [5]]);
        }
    }
}
