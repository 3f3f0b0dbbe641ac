//! The baseline file: CSV with the lookup's columns, read whole, replaced whole.
//!
//! A new version is written beside the file, flushed to disk and renamed over it, so that a reader sees the old one or the new one,
//! whatever happens in between. Who writes holds an advisory lock on `FILE.lock`; that file stays, for removing it would let two in.
//! What a run that died left behind (`FILE.new`) is replaced by the next.

use crate::keys::RowKeys;
use crate::lookup::{schema, Clock, FactReader, NotATimeIn, Reading, Tally, TimeCell};
use crate::rows::{without_mark, Reader, RowError};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
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
    #[error("`{}` is not an Unseen baseline: {reason}; expected header: {expected}", path.display())]
    NotABaseline {
        path: PathBuf,
        reason: String,
        expected: String,
    },
    #[error("the baseline `{}` has the key `{theirs}`, and --by is `{ours}`: give the same fields, or another file", path.display())]
    OtherKey {
        path: PathBuf,
        theirs: String,
        ours: String,
    },
    #[error("the baseline `{}`: {error}", path.display())]
    NotATime { path: PathBuf, error: NotATimeIn },
    #[error("the baseline `{}` has times in milliseconds, expected seconds: {example}", path.display())]
    Milliseconds { path: PathBuf, example: TimeCell },
    #[error("the baseline `{}` is a link to `{}`, which does not exist; make that file or remove the link", path.display(), target.display())]
    Dangling { path: PathBuf, target: PathBuf },
    #[error("cannot write the baseline `{}`: there is no folder `{}`", path.display(), folder.display())]
    NoFolder { path: PathBuf, folder: PathBuf },
    #[error("another run has held `{}` for {} seconds; end it, or wait longer with --lock-timeout", path.display(), limit.as_secs())]
    Held { path: PathBuf, limit: Duration },
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
            Err(error) if error.kind() == io::ErrorKind::NotFound => return no_file(path),
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
        if let Some(form) = foreign_form(&self.text) {
            return Err(self.no_baseline(form.into()));
        }
        let reader = Reader::new(without_mark(&self.text));
        let reader = reader.map_err(|error| self.no_baseline(error.to_string()))?;
        let names = reader.header().names().iter();
        let names: Vec<String> = names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        if let Some(theirs) = other_key(&names, &self.by) {
            return Err(BaselineError::OtherKey {
                path: self.path.clone(),
                theirs: theirs.join(","),
                ours: self.by.join(","),
            });
        }
        match self.wrong_column(&names) {
            Some(reason) => Err(self.no_baseline(reason)),
            None => Ok(()),
        }
    }

    /// What is wrong with the names of the columns.
    fn wrong_column(&self, names: &[String]) -> Option<String> {
        let shown = |name: &str| {
            name.chars()
                .take(60)
                .collect::<String>()
                .escape_debug()
                .to_string()
        };
        let expected = self.columns();
        if let Some(missing) = expected.iter().find(|name| !names.contains(name)) {
            return Some(format!("column `{missing}` is missing"));
        }
        let is_known = |name: &String| expected.contains(name) || name == schema::ROW_KEY.name;
        if let Some(name) = names.iter().find(|name| !is_known(name)) {
            return Some(format!("column `{}` is not one of its own", shown(name)));
        }
        let is_twice = |(place, name): &(usize, &String)| names[..*place].contains(name);
        let twice = names.iter().enumerate().find(is_twice);
        twice.map(|(_, name)| format!("column `{}` is there twice", shown(name)))
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
    /// # Errors
    /// A row that cannot be read, and a time that is none, or in milliseconds: without it the baseline would seem to know less than it does.
    pub(crate) fn for_each(
        &self,
        clock: Clock,
        tally: &mut Tally,
        mut visit: impl FnMut(&Reading, &RowKeys<'_>),
    ) -> Result<(), BaselineError> {
        let broken = |error: RowError| self.no_baseline(error.to_string());
        let rows = FactReader::new(without_mark(&self.text), &self.by, clock);
        let mut rows = rows.map_err(broken)?.of_file();
        while let Some(row) = rows.next(tally).map_err(broken)? {
            if let Some(error) = row.not_a_time() {
                let path = self.path.clone();
                return Err(BaselineError::NotATime { path, error });
            }
            if let Ok(reading) = &row.reading {
                visit(reading, row.keys);
            }
        }
        match &tally.milliseconds.example {
            Some(example) => Err(BaselineError::Milliseconds {
                path: self.path.clone(),
                example: example.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Whether it holds exactly this.
    pub(crate) fn is(&self, text: &[u8]) -> bool {
        self.text == text
    }

    /// Whether it has a header and no row.
    pub(crate) fn has_no_rows(&self) -> bool {
        let mut reader = Reader::new(without_mark(&self.text));
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
    /// Checks that the folder of a baseline is there, and may be written.
    pub(crate) fn check(path: &Path) -> Result<(), BaselineError> {
        let folder = folder_of(path);
        match folder.is_dir() {
            true => open_lock(&followed(path)?).map(drop),
            false => Err(BaselineError::NoFolder {
                path: path.to_owned(),
                folder: folder.to_owned(),
            }),
        }
    }

    /// Waits until nobody else writes, and no longer than `limit`; `is_waiting` is called if that takes a second. A link is followed, so that
    /// it stays one.
    pub(crate) fn wait(
        path: &Path,
        limit: Duration,
        is_waiting: impl FnOnce(&Path),
    ) -> Result<Self, BaselineError> {
        const PATIENCE: Duration = Duration::from_secs(1);
        let path = followed(path)?;
        let lock_path = beside(&path, LOCK);
        let waiting = lock_on_a_thread(open_lock(&path)?);
        let mut locked = waiting.recv_timeout(limit.min(PATIENCE));
        if locked.is_err() && limit > PATIENCE {
            is_waiting(&lock_path);
            locked = waiting.recv_timeout(limit - PATIENCE);
        }
        match locked {
            Ok(Ok(lock)) => Ok(Self { path, _lock: lock }),
            Ok(Err(source)) => Err(BaselineError::NoLock {
                path: lock_path,
                source,
            }),
            Err(_) => Err(BaselineError::Held {
                path: lock_path,
                limit,
            }),
        }
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

/// The key of a baseline of other fields: what stands before the columns that each has. None if it is no baseline, or has this key.
fn other_key<'n>(names: &'n [String], by: &[String]) -> Option<&'n [String]> {
    let stored = schema::stored_fields(&[]);
    let is_stored = |name: &String| stored.contains(name);
    let width = names.iter().position(is_stored)?;
    let (key, behind) = names.split_at(width);
    let needed = stored.iter().filter(|name| *name != schema::ROW_KEY.name);
    let is_baseline =
        behind.iter().all(is_stored) && needed.clone().all(|name| behind.contains(name));
    let is_same = key.len() == by.len() && key.iter().all(|name| by.contains(name));
    (is_baseline && !is_same).then_some(key)
}

/// What a file is that is no CSV; none if it may be.
fn foreign_form(text: &[u8]) -> Option<&'static str> {
    match without_mark(text).trim_ascii_start() {
        [] => Some("it is empty"),
        [0x1f, 0x8b, ..] => Some("it is compressed with gzip; unpack it first"),
        [b'{' | b'[', ..] => Some("it is JSON"),
        _ => None,
    }
}

/// That there is no file; but a link to nowhere is no place for one.
fn no_file<T>(path: &Path) -> Result<Option<T>, BaselineError> {
    match fs::read_link(path) {
        Ok(target) => Err(BaselineError::Dangling {
            path: path.to_owned(),
            target,
        }),
        Err(_) => Ok(None),
    }
}

/// The path with links followed, or as it is if there is no file.
fn followed(path: &Path) -> Result<PathBuf, BaselineError> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(source) => Err(BaselineError::Unreadable {
            path: path.to_owned(),
            source,
        }),
        Ok(path) => Ok(path),
    }
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn open_lock(path: &Path) -> Result<File, BaselineError> {
    let path = beside(path, LOCK);
    let mut options = OpenOptions::new();
    let opened = options.create(true).truncate(false).write(true).open(&path);
    opened.map_err(|source| BaselineError::NoLock { path, source })
}

/// Waits for the lock elsewhere, since no system call waits for a while only. If nobody waits any longer, the thread ends with the process.
fn lock_on_a_thread(lock: File) -> Receiver<io::Result<File>> {
    let (done, waiting) = mpsc::channel();
    std::thread::spawn(move || {
        let locked = lock.lock();
        let _ = done.send(locked.map(|()| lock));
    });
    waiting
}

/// The paths of a baseline and of what lies beside it, with links followed: files that are no input.
pub(crate) fn own_files(baseline: &Path) -> Vec<PathBuf> {
    let in_folder = || {
        let folder = fs::canonicalize(folder_of(baseline)).ok()?;
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

/// Gives a file the owner and the group of another, as far as this user may: only root may give files away.
#[cfg(unix)]
fn keep_owner(file: &File, old: &fs::Metadata) {
    use std::os::unix::fs::{fchown, MetadataExt};
    if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
        let _ = fchown(file, None, Some(old.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) {}

/// Writes a file that did not exist and flushes it to disk. It may be read by whoever may read the old one.
fn write_new(new: &Path, text: &[u8], old: &Path) -> io::Result<()> {
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).open(new)?;
    if let Ok(metadata) = fs::metadata(old) {
        keep_owner(&file, &metadata);
        file.set_permissions(metadata.permissions())?;
    }
    file.write_all(text)?;
    file.sync_all()
}

/// Flushes the folder, so that the rename survives a loss of power. Not every system can; the file itself is safe by then.
fn sync_folder(path: &Path) {
    let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
}
