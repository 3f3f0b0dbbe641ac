//! A result as a file: written beside its place and then moved there, so that what was there stays until all of the new one is.

use super::CliError;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// A file that a result is to become.
#[derive(Debug)]
pub(super) struct ResultFile {
    path: PathBuf,
}

impl ResultFile {
    /// Checks that the folder is there and can be written to, before hours are spent on reading.
    pub(super) fn at(path: PathBuf) -> Result<Self, CliError> {
        let file = Self { path };
        match file.path.is_dir() {
            true => Err(file.unwritable(io::ErrorKind::IsADirectory.into())),
            false => file.beside().map(|_| file),
        }
    }

    /// Where it is to be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the result there.
    pub(super) fn write(&self, text: &[u8]) -> Result<(), CliError> {
        let mut new = self.beside()?;
        let written = new.write_all(text);
        let written = written.and_then(|()| new.as_file().sync_all());
        written.map_err(|error| self.unwritable(error))?;
        let moved = new.persist(&self.path);
        moved
            .map(drop)
            .map_err(|error| self.unwritable(error.error))
    }

    fn beside(&self) -> Result<NamedTempFile, CliError> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let folder = match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        };
        let mut builder = Builder::new();
        builder.prefix(".unseen-");
        readable(&mut builder);
        if !folder.is_dir() {
            return Err(CliError::NoResultFolder(folder.to_owned()));
        }
        let made = builder.tempfile_in(folder);
        // The kind of the error, since its text has the name of the temporary file.
        made.map_err(|error| self.unwritable(error.kind().into()))
    }

    fn unwritable(&self, source: io::Error) -> CliError {
        let path = self.path.clone();
        CliError::ResultFile { path, source }
    }
}

/// A result may be read by whoever the user lets read files; a temporary file by default only by its user.
#[cfg(unix)]
fn readable(builder: &mut Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn readable(_: &mut Builder<'_, '_>) {}
