//! What there is to read: files as they are named, folders file by file, and standard input.
//!
//! Links are followed. One that leads back to a folder it lies in is not, and one that leads nowhere cannot be: both are reported. A file to
//! which several links lead is read once. What a bucket keeps by day is read day by day, so that reading that is interrupted has the first days;
//! a folder of days that are out of range is not opened.

use super::day_folders::DeliveryDays;
use super::faults::FaultLog;
use super::InputError;
use crate::observations::TimeRange;
use crate::report::visible;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// The path that stands for standard input.
const STDIN: &str = "-";

/// One thing to read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) place: SourcePlace,
    /// It was named on the command line, not found in a folder.
    pub(super) is_named: bool,
}

impl Source {
    /// The days of delivery in its path.
    fn days(&self) -> Option<DeliveryDays> {
        match &self.place {
            SourcePlace::File(path) => DeliveryDays::of(path),
            SourcePlace::Stdin => None,
        }
    }
}

/// Where it is.
#[derive(Debug)]
pub(super) enum SourcePlace {
    File(PathBuf),
    Stdin,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            SourcePlace::File(path) => f.write_str(&shown(path)),
            SourcePlace::Stdin => f.write_str("standard input"),
        }
    }
}

/// Whoever can put a file into a folder chooses its name.
fn shown(path: &Path) -> String {
    visible(path.as_os_str().as_encoded_bytes())
}

/// Everything there is to read, in order.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) list: Vec<Source>,
    /// As they lie on disk; standard input counts none.
    pub(super) bytes: u64,
    /// Links to nowhere.
    pub(super) dangling: FaultLog,
    /// Links that lead back.
    pub(super) loops: FaultLog,
    /// Folders of days that are out of range.
    pub(super) out_of_range: u64,
}

impl Sources {
    /// All that the paths stand for, without this program's own files where they lie in folders.
    pub(super) fn find(
        paths: &[PathBuf],
        own_files: &[PathBuf],
        wanted: TimeRange,
    ) -> Result<Self, InputError> {
        let mut sources = Self::default();
        for path in paths {
            if path.as_os_str() == STDIN {
                sources.add_stdin()?;
            } else {
                sources.add(path, own_files, wanted)?;
            }
        }
        sources.list.sort_by_cached_key(Source::days);
        Ok(sources)
    }

    fn add_stdin(&mut self) -> Result<(), InputError> {
        let is_stdin = |source: &Source| matches!(source.place, SourcePlace::Stdin);
        if self.list.iter().any(is_stdin) {
            return Err(InputError::StdinTwice);
        }
        self.list.push(Source {
            place: SourcePlace::Stdin,
            is_named: true,
        });
        Ok(())
    }

    fn add(
        &mut self,
        path: &Path,
        own_files: &[PathBuf],
        wanted: TimeRange,
    ) -> Result<(), InputError> {
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
        if metadata.is_dir() {
            return self.add_folder(path, own_files, wanted);
        }
        self.add_file(path.to_owned(), metadata.len(), true);
        Ok(())
    }

    fn add_file(&mut self, path: PathBuf, bytes: u64, is_named: bool) {
        self.bytes += bytes;
        let place = SourcePlace::File(path);
        self.list.push(Source { place, is_named });
    }

    /// Adds all files of a folder in the order of their names. Hidden ones, and what is neither file nor folder, are skipped.
    fn add_folder(
        &mut self,
        folder: &Path,
        own_files: &[PathBuf],
        wanted: TimeRange,
    ) -> Result<(), InputError> {
        let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name();
        let out_of_range = Cell::new(0);
        let is_wanted = |entry: &DirEntry| {
            let is_visible = entry.depth() == 0 || !is_hidden(entry);
            let may_hold = !entry.file_type().is_dir() || may_hold(entry.path(), wanted);
            out_of_range.set(out_of_range.get() + u64::from(is_visible && !may_hold));
            is_visible && may_hold
        };
        let (mut files, mut has_links) = (Vec::new(), false);
        for entry in walk.into_iter().filter_entry(is_wanted) {
            match entry {
                Ok(entry) => {
                    has_links |= entry.path_is_symlink();
                    files.extend(Some(entry).filter(|entry| entry.file_type().is_file()));
                }
                Err(error) => self.take_error(error)?,
            }
        }
        self.out_of_range += out_of_range.get();
        if has_links {
            keep_once(&mut files);
        }
        files.retain(|file| !is_own(file, own_files));
        for file in files {
            let bytes = file.metadata().map_or(0, |metadata| metadata.len());
            self.add_file(file.into_path(), bytes, false);
        }
        Ok(())
    }

    /// Takes note of a link that cannot be followed; anything else that cannot be read is an error.
    fn take_error(&mut self, error: walkdir::Error) -> Result<(), InputError> {
        let path = error.path().map(Path::to_owned).unwrap_or_default();
        let file = self.list.len();
        if let Some(above) = error.loop_ancestor() {
            let text = || format!("`{}` leads back to `{}`", shown(&path), shown(above));
            self.loops.add(file, 0, text);
            return Ok(());
        }
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink()) {
            let error = error
                .into_io_error()
                .unwrap_or_else(|| io::ErrorKind::Other.into());
            let text = || {
                format!(
                    "`{}` is a link that cannot be followed: {error}",
                    shown(&path)
                )
            };
            self.dangling.add(file, 0, text);
            return Ok(());
        }
        let error = error.into_io_error();
        Err(unreadable(
            &path,
            error.unwrap_or_else(|| io::ErrorKind::Other.into()),
        ))
    }
}

fn unreadable(path: &Path, source: io::Error) -> InputError {
    InputError::Unreadable {
        path: shown(path),
        source,
    }
}

/// Whether what is wanted can lie in a folder.
fn may_hold(folder: &Path, wanted: TimeRange) -> bool {
    !wanted.is_bounded() || DeliveryDays::of(folder).is_none_or(|days| days.may_hold(wanted))
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Whether it is one of this program's own files; their names are compared first, since most files have another.
fn is_own(entry: &DirEntry, own_files: &[PathBuf]) -> bool {
    let has_name = |own: &&PathBuf| own.file_name() == Some(entry.file_name());
    let mut own_files = own_files.iter().filter(has_name);
    own_files.any(|own| fs::canonicalize(entry.path()).is_ok_and(|path| path == *own))
}

/// Takes out files that are there under another path already.
fn keep_once(files: &mut Vec<DirEntry>) {
    let mut known = HashSet::new();
    files.retain(|file| match fs::canonicalize(file.path()) {
        Ok(path) => known.insert(path),
        Err(_) => true,
    });
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use std::os::unix::fs::symlink;

    /// The files below a folder, by their names in it.
    fn found(folder: &Path, own_files: &[PathBuf]) -> (Vec<String>, Sources) {
        found_of(folder, own_files, TimeRange::default())
    }

    fn found_of(folder: &Path, own_files: &[PathBuf], wanted: TimeRange) -> (Vec<String>, Sources) {
        let sources = Sources::find(&[folder.to_owned()], own_files, wanted).unwrap();
        let name = |source: &Source| {
            let name = source.to_string();
            name.trim_start_matches(&format!("{}/", folder.display()))
                .to_owned()
        };
        (sources.list.iter().map(name).collect(), sources)
    }

    #[test]
    fn links_are_followed_once_and_those_that_cannot_be_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("archive");
        fs::create_dir_all(archive.join("2024/04")).unwrap();
        fs::create_dir_all(folder.path().join("elsewhere")).unwrap();
        fs::write(archive.join("2024/04/a.json"), "a").unwrap();
        fs::write(folder.path().join("elsewhere/b.json"), "b").unwrap();
        fs::write(archive.join(".hidden"), "").unwrap();
        symlink(folder.path().join("elsewhere"), archive.join("2024/05")).unwrap();
        symlink("2024/04", archive.join("latest")).unwrap();
        symlink("..", archive.join("2024/up")).unwrap();
        symlink("nowhere", archive.join("dangling")).unwrap();
        symlink("self", archive.join("self")).unwrap();
        let (names, sources) = found(&archive, &[]);
        assert_eq!(names, ["2024/04/a.json", "2024/05/b.json"]);
        assert_eq!((sources.dangling.count, sources.loops.count), (2, 1));
        assert!(sources
            .loops
            .examples()
            .contains("/2024/up` leads back to `"));
        assert!(sources
            .dangling
            .examples()
            .contains("/dangling` is a link that cannot be followed: "));
        assert_eq!(sources.bytes, 2);
    }

    #[test]
    fn a_bucket_is_read_day_by_day_and_days_out_of_range_are_not_opened() {
        let bucket = tempfile::tempdir().unwrap();
        for region in ["eu-west-1", "us-east-1"] {
            for day in ["2023/12/31", "2024/01/01", "2024/03/09", "2024/05/01"] {
                let day = bucket.path().join(format!("1/CloudTrail/{region}/{day}"));
                fs::create_dir_all(&day).unwrap();
                fs::write(day.join("a.json"), "").unwrap();
            }
        }
        fs::write(bucket.path().join("notes.json"), "").unwrap();
        let day = |text: &str| Timestamp::from_iso8601_date(text.as_bytes());
        let wanted = TimeRange {
            from: day("2024-01-05"),
            to: day("2024-03-01"),
        };
        let (names, sources) = found_of(bucket.path(), &[], wanted);
        let march = |region| format!("1/CloudTrail/{region}/2024/03/09/a.json");
        assert_eq!(
            names,
            [
                "notes.json".to_owned(),
                march("eu-west-1"),
                march("us-east-1")
            ]
        );
        // Of each region a year, a day and a month.
        assert_eq!(sources.out_of_range, 6);
        let (names, _) = found(bucket.path(), &[]);
        let days: Vec<&str> = names[1..].iter().map(|name| &name[23..33]).collect();
        assert!(days.is_sorted(), "{days:?}");
    }

    #[test]
    fn own_files_are_no_input_in_a_folder_and_whatever_else_has_their_name_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("old")).unwrap();
        for name in ["a.json", "b.csv", "old/b.csv"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let own = fs::canonicalize(folder.path()).unwrap().join("b.csv");
        let (names, _) = found(folder.path(), &[own]);
        assert_eq!(names, ["a.json", "old/b.csv"]);
    }
}
