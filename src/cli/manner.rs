//! How a verb writes: where its result goes, in which colours, and how much it says beside it.

use super::console::ConsoleManner;
use super::result_file::ResultFile;
use super::typed::{self, Colour};
use super::{CliError, Terminals};
use crate::report::Styles;
use clap::ArgMatches;
use std::fs;
use std::path::Path;

/// What the options of a command line say about writing. Before they are read: to standard output, without colours.
#[derive(Debug, Default)]
pub struct Manner {
    /// What goes to stderr.
    pub(super) console: ConsoleManner,
    /// The styles of the result, if it is a table.
    pub(super) styles: Styles,
    /// The file that the result is to become.
    pub(super) output: Option<ResultFile>,
}

impl Manner {
    /// What was typed, where there are these terminals.
    pub(super) fn of(matches: &ArgMatches, terminals: Terminals) -> Result<Self, CliError> {
        let output = typed::output(matches);
        let output = output.map(|path| match is_read(&path, matches) {
            true => Err(CliError::OverInput(path)),
            false => ResultFile::at(path),
        });
        let output = output.transpose()?;
        let styles = |is_terminal: bool| {
            let is_coloured = match typed::colour(matches) {
                Colour::Always => true,
                Colour::Never => false,
                Colour::Auto => is_terminal && !terminals.is_plain,
            };
            match is_coloured {
                true => Styles::coloured(),
                false => Styles::default(),
            }
        };
        let console = ConsoleManner {
            is_watched: terminals.is_stderr,
            is_quiet: matches.get_flag("quiet"),
            styles: styles(terminals.is_stderr),
        };
        Ok(Self {
            console,
            styles: styles(terminals.is_stdout && output.is_none()),
            output,
        })
    }
}

/// Whether a file is one that is read: input, or the baseline.
fn is_read(path: &Path, matches: &ArgMatches) -> bool {
    let read = typed::paths(matches).into_iter();
    let mut read = read.chain(typed::own_files(matches));
    let place = fs::canonicalize(path);
    place.is_ok_and(|place| read.any(|one| fs::canonicalize(one).is_ok_and(|one| one == place)))
}
