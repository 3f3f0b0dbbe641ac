//! The baseline file: CSV with the lookup's columns, read whole, replaced whole.
//!
//! A new version is written beside the file, flushed to disk and renamed over it, so that a reader sees the old one or the new one,
//! whatever happens in between. Who writes holds an advisory lock on `FILE.lock`; that file stays, for removing it would let two in.
//! What a run that died left behind (`FILE.new`) is replaced by the next.

use crate::keys::RowKeys;
use crate::lookup::{schema, Clock, FactReader, NotATimeIn, Reading, Tally};
use crate::rows::{Reader, RowError};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What the name of the lock ends with.
const LOCK: &str = ".lock";
/// What the name of the next version ends with.
const NEW: &str = ".new";

/// Why a baseline file cannot be read or written. It is then unchanged.
#[derive(Debug, Error)]
pub(crate) enum BaselineError {
    #[error("there is no baseline `{}`; run `unseen learn` first", path.display())]
    Missing { path: PathBuf },
    #[error("cannot read the baseline `{}`: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("`{}` is no baseline, so it was left as it is: {reason}; expected CSV with the columns {expected}", path.display())]
    NotABaseline {
        path: PathBuf,
        reason: String,
        expected: String,
    },
    #[error("the baseline `{}`: {error}; it was left as it is", path.display())]
    NotATime { path: PathBuf, error: NotATimeIn },
    #[error("cannot lock `{}`: {source}", path.display())]
    NoLock { path: PathBuf, source: io::Error },
    #[error("cannot write the baseline `{}`, so it was left as it is: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
}

/// The text of a baseline file, with the right header.
#[derive(Debug)]
pub(crate) struct Stored {
    path: PathBuf,
    by: Vec<String>,
    text: Vec<u8>,
}

impl Stored {
    /// Reads a baseline file of keys made of the fields `by`; none if there is no such file.
    pub(crate) fn read(path: &Path, by: &[String]) -> Result<Option<Self>, BaselineError> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(BaselineError::Unreadable {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        let stored = Self {
            path: path.to_owned(),
            by: by.to_owned(),
            text,
        };
        stored.check_header()?;
        Ok(Some(stored))
    }

    /// Every column that a new version would have must be there, and none that it would lack.
    fn check_header(&self) -> Result<(), BaselineError> {
        let reader =
            Reader::new(&self.text).map_err(|error| self.no_baseline(error.to_string()))?;
        let names: Vec<String> = reader
            .header()
            .names()
            .iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        let expected = self.columns();
        if names.is_empty() {
            return Err(self.no_baseline("it is empty".into()));
        }
        if let Some(missing) = expected.iter().find(|name| !names.contains(name)) {
            return Err(self.no_baseline(format!("it has no column `{missing}`")));
        }
        let foreign = |reason: &str, name: &str| {
            let shown: String = name.chars().take(60).collect();
            Err(self.no_baseline(format!("{reason} `{}`", shown.escape_debug())))
        };
        let is_known = |name: &String| expected.contains(name) || name == schema::ROW_KEY.name;
        for (place, name) in names.iter().enumerate() {
            if !is_known(name) {
                return foreign("it has a column", name);
            }
            if names[..place].contains(name) {
                return foreign("it has twice the column", name);
            }
        }
        Ok(())
    }

    fn columns(&self) -> Vec<String> {
        let mut columns = schema::stored_fields(&self.by);
        columns.retain(|name| name != schema::ROW_KEY.name);
        columns
    }

    /// The error that gives the reason why it is none.
    pub(crate) fn no_baseline(&self, reason: String) -> BaselineError {
        BaselineError::NotABaseline {
            path: self.path.clone(),
            reason,
            expected: self.columns().join(","),
        }
    }

    /// Reads every row; those without a key or a time are counted in `tally` and left out.
    ///
    /// A time that is not a number is an error if it must not be written again, else it is ignored and counted.
    pub(crate) fn for_each(
        &self,
        clock: Clock,
        is_rewritten: bool,
        tally: &mut Tally,
        mut visit: impl FnMut(&Reading, &RowKeys<'_>),
    ) -> Result<(), BaselineError> {
        let broken = |error: RowError| self.no_baseline(error.to_string());
        let mut rows = FactReader::new(&self.text, &self.by, clock).map_err(broken)?;
        while let Some(row) = rows.next(tally).map_err(broken)? {
            if let Some(error) = row.not_a_time().filter(|_| is_rewritten) {
                return Err(BaselineError::NotATime {
                    path: self.path.clone(),
                    error,
                });
            }
            if let Ok(reading) = &row.reading {
                visit(reading, row.keys);
            }
        }
        Ok(())
    }

    /// Whether it holds exactly this.
    pub(crate) fn is(&self, text: &[u8]) -> bool {
        self.text == text
    }

    /// Whether it has a header and no row.
    pub(crate) fn has_no_rows(&self) -> bool {
        let mut reader = Reader::new(&self.text);
        matches!(reader.as_mut().map(Reader::next_row), Ok(Ok(None)))
    }
}

/// The right to write a baseline file, for as long as it is held.
#[derive(Debug)]
pub(crate) struct Locked {
    path: PathBuf,
    _lock: File,
}

impl Locked {
    /// Waits until nobody else writes; `is_waiting` is called if somebody does. A link is followed, so that it stays one.
    pub(crate) fn wait(path: &Path, is_waiting: impl FnOnce(&Path)) -> Result<Self, BaselineError> {
        let path = match fs::canonicalize(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(source) => {
                return Err(BaselineError::Unreadable {
                    path: path.to_owned(),
                    source,
                })
            }
            Ok(path) => path,
        };
        let lock_path = beside(&path, LOCK);
        let no_lock = |source| BaselineError::NoLock {
            path: lock_path.clone(),
            source,
        };
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(no_lock)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(no_lock(error)),
            Err(TryLockError::WouldBlock) => {
                is_waiting(&lock_path);
                lock.lock().map_err(no_lock)?;
            }
        }
        Ok(Self { path, _lock: lock })
    }

    /// The file, with links followed.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a new version in the place of the old one, or of none.
    pub(crate) fn replace(&self, text: &[u8]) -> Result<(), BaselineError> {
        let new = beside(&self.path, NEW);
        let replaced =
            write_new(&new, text, &self.path).and_then(|()| fs::rename(&new, &self.path));
        match replaced {
            Ok(()) => {
                sync_folder(&self.path);
                Ok(())
            }
            Err(source) => {
                let _ = fs::remove_file(&new);
                Err(BaselineError::Unwritable {
                    path: self.path.clone(),
                    source,
                })
            }
        }
    }
}

/// The paths of a baseline and of what lies beside it, with links followed: files that are no input.
pub(crate) fn own_files(baseline: &Path) -> Vec<PathBuf> {
    let folder = baseline
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let in_folder = || {
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        Some(folder.join(baseline.file_name()?))
    };
    let path = fs::canonicalize(baseline).ok().or_else(in_folder);
    let beside = path
        .iter()
        .flat_map(|path| [LOCK, NEW].map(|ending| beside(path, ending)));
    path.clone().into_iter().chain(beside).collect()
}

/// The file's name with something behind it.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Writes a file that did not exist and flushes it to disk. It may be read by whoever may read the old one.
fn write_new(new: &Path, text: &[u8], old: &Path) -> io::Result<()> {
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).open(new)?;
    if let Ok(metadata) = fs::metadata(old) {
        file.set_permissions(metadata.permissions())?;
    }
    file.write_all(text)?;
    file.sync_all()
}

/// Flushes the folder, so that the rename survives a loss of power. Not every system can; the file itself is safe by then.
fn sync_folder(path: &Path) {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let _ = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
}
