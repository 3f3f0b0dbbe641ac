//! Byte strings end to end in one piece of memory, numbered as they were added.

/// A list of byte strings.
#[derive(Debug)]
pub(crate) struct Strings {
    text: Vec<u8>,
    /// Where each string begins in `text`, and where the next one will.
    bounds: Vec<usize>,
}

impl Default for Strings {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            bounds: vec![0],
        }
    }
}

impl Strings {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Adds one.
    pub(crate) fn add(&mut self, string: &[u8]) {
        self.text.extend_from_slice(string);
        self.bounds.push(self.text.len());
    }

    /// The one with this number.
    pub(crate) fn get(&self, number: u32) -> &[u8] {
        let number = number as usize;
        &self.text[self.bounds[number]..self.bounds[number + 1]]
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let bounds = self.bounds.windows(2);
        bounds.map(|bounds| &self.text[bounds[0]..bounds[1]])
    }

    /// Forgets them all, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.bounds.truncate(1);
    }
}
