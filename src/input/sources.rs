//! What there is to read: files as they are named, folders file by file, and standard input.

use super::InputError;
use crate::report::visible;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The path that stands for standard input.
const STDIN: &str = "-";

/// One thing to read.
#[derive(Debug)]
pub(super) enum Source {
    File(PathBuf),
    Stdin,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Whoever can put a file into a folder chooses its name.
            Self::File(path) => f.write_str(&visible(path.as_os_str().as_encoded_bytes())),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// Everything there is to read, in order.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) list: Vec<Source>,
    /// As they lie on disk; standard input counts none.
    pub(super) bytes: u64,
}

impl Sources {
    pub(super) fn find(paths: &[PathBuf]) -> Result<Self, InputError> {
        let mut sources = Self::default();
        for path in paths {
            if path.as_os_str() == STDIN {
                if sources
                    .list
                    .iter()
                    .any(|source| matches!(source, Source::Stdin))
                {
                    return Err(InputError::StdinTwice);
                }
                sources.list.push(Source::Stdin);
            } else {
                sources
                    .add(path)
                    .map_err(|(path, source)| InputError::Unreadable { path, source })?;
            }
        }
        Ok(sources)
    }

    /// Adds a file, or all files of a folder in the order of their names. Hidden ones, links to folders, and what is neither
    /// file nor folder are passed over inside folders.
    fn add(&mut self, path: &Path) -> Result<(), (PathBuf, io::Error)> {
        let at = |error| (path.to_owned(), error);
        let metadata = fs::metadata(path).map_err(at)?;
        if !metadata.is_dir() {
            self.bytes += metadata.len();
            self.list.push(Source::File(path.to_owned()));
            return Ok(());
        }
        let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = entries.map_err(at)?;
        entries.sort_unstable_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            let kind = entry.file_type().map_err(at)?;
            let is_linked_file = || kind.is_symlink() && entry.path().is_file();
            if !is_hidden && (kind.is_dir() || kind.is_file() || is_linked_file()) {
                self.add(&entry.path())?;
            }
        }
        Ok(())
    }
}
