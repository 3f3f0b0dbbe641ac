//! What could not be read: how often, and the first few times, in the order of the files.

/// How often something happened, and the first few times it did, in the order of the files.
#[derive(Debug, Default)]
pub(crate) struct FaultLog {
    /// How often.
    pub count: u64,
    /// How many bytes that is known to have cost.
    pub bytes: u64,
    /// File number and text of the first few.
    first: Vec<(usize, String)>,
}

impl FaultLog {
    /// So many are shown.
    const FEW: usize = 3;

    pub(super) fn add(&mut self, file: usize, bytes: u64, text: impl FnOnce() -> String) {
        self.count += 1;
        self.bytes += bytes;
        if self.first.len() < Self::FEW {
            self.first.push((file, text()));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.bytes += other.bytes;
        self.first.extend(other.first);
        // Stable: what one thread adds about one file stays in order.
        self.first.sort_by_key(|(file, _)| *file);
        self.first.truncate(Self::FEW);
    }

    /// The first.
    pub(crate) fn example(&self) -> Option<&str> {
        self.first.first().map(|(_, text)| text.as_str())
    }

    /// The first few in one line.
    pub(crate) fn examples(&self) -> String {
        let texts: Vec<&str> = self.first.iter().map(|(_, text)| text.as_str()).collect();
        let more = if self.count > texts.len() as u64 {
            "; …"
        } else {
            ""
        };
        format!("{}{more}", texts.join("; "))
    }
}
