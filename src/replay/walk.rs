//! The walk through a history, run by run: once under the app's windows, and once for each setting of a grid.

use super::history::History;
use super::ranking::AlertRanking;
use super::run_times::Run;
use super::site::Site;
use super::{Replayed, ReplayedSetting};
use crate::app_settings::AppSettings;
use crate::baseline::RunningBaseline;
use crate::options::{OptionError, Windows};
use crate::time::Timestamp;
use chrono::TimeZone;
use std::ops::ControlFlow;

/// How far a replay has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WalkProgress {
    /// Runs of searches, under all settings.
    pub(crate) runs: usize,
    /// Runs in all.
    pub(crate) of_runs: usize,
}

/// Is asked now and then whether to go on.
pub(crate) type Watch<'w> = &'w mut dyn FnMut(WalkProgress) -> ControlFlow<()>;

/// So many runs are done before somebody is asked.
const STEP: usize = 32;

/// What all walks have in common.
pub(super) struct Walker<'w, Z> {
    pub(super) history: &'w History,
    pub(super) app: &'w AppSettings,
    pub(super) runs: &'w [Run],
    /// What Initial learns.
    pub(super) initial: (Timestamp, Timestamp),
    /// The last time in the input.
    pub(super) newest: Timestamp,
    pub(super) zone: &'w Z,
    pub(super) watch: Watch<'w>,
    pub(super) progress: WalkProgress,
}

/// What a walk under the app's windows found.
pub(super) struct Walked {
    pub(super) replayed: Replayed,
    /// The baseline with everything in the input.
    pub(super) baseline: RunningBaseline,
    /// How many runs it came to.
    pub(super) runs: usize,
}

impl<Z: TimeZone> Walker<'_, Z> {
    /// Under the app's windows; it ends early if it is not to go on.
    pub(super) fn main(&mut self, ranking: Option<&AlertRanking>) -> Result<Walked, OptionError> {
        let mut site = Site::new(self.history, self.app, &self.app.windows, self.zone);
        site.ranking = ranking;
        site.notes_sizes = true;
        let runs = self.walk(&mut site)?;
        let (replayed, baseline) = site.finish(self.newest)?;
        Ok(Walked {
            replayed,
            baseline,
            runs,
        })
    }

    /// Under other windows; none if it is not to go on.
    pub(super) fn setting(
        &mut self,
        windows: &Windows,
    ) -> Result<Option<ReplayedSetting>, OptionError> {
        let mut site = Site::new(self.history, self.app, windows, self.zone);
        if self.walk(&mut site)? < self.runs.len() {
            return Ok(None);
        }
        let (replayed, _) = site.finish(self.newest)?;
        Ok(Some(ReplayedSetting::of(&replayed)))
    }

    /// Walks until the end, or until it is not to go on; tells how many runs that were.
    fn walk(&mut self, site: &mut Site<'_, Z>) -> Result<usize, OptionError> {
        let (from, to) = self.initial;
        site.initial(from, to)?;
        for (nth, run) in self.runs.iter().enumerate() {
            if nth % STEP == 0 && (self.watch)(self.progress).is_break() {
                return Ok(nth);
            }
            site.run(run)?;
            self.progress.runs += 1;
        }
        Ok(self.runs.len())
    }
}
