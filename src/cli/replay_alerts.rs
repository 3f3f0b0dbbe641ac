//! The alerts of a replay with what came with their calls, for the forms that show it.
//!
//! A replay keeps times only, so the files are read once more, for nothing but the calls of the alerts.

use super::{CliError, Wanted, World};
use crate::observations::{DetailLevel, KeyWindow, KeyWindows, Observations, ObservedKey};
use crate::replay::{Alert, Replay};
use crate::report::{AlertRun, FoundKey};
use clap::ArgMatches;

/// What came with the calls of each alert.
pub(super) struct AlertCalls {
    observations: Observations,
}

impl AlertCalls {
    /// Reads the calls of each alert that its run saw.
    pub(super) fn read(
        replay: &Replay,
        observations: &Observations,
        matches: &ArgMatches,
        by: &[String],
        wanted: Wanted,
        world: &mut World<'_>,
    ) -> Result<Self, CliError> {
        let mut windows = KeyWindows::default();
        for (label, alert) in (0..).zip(&replay.main.alerts) {
            let key: Vec<&[u8]> = observations.values(alert.key).collect();
            let (from, to) = (alert.first, alert.until);
            windows.add(&key, KeyWindow { from, to, label });
        }
        let wanted = Wanted {
            keep: DetailLevel::Context,
            ..wanted
        };
        let observations = world.gather_only(matches, by, wanted, windows)?;
        Ok(Self { observations })
    }

    /// One row an alert, in their order.
    pub(super) fn rows<'r>(
        &'r self,
        replay: &'r Replay,
        by: &'r [String],
    ) -> Result<Vec<FoundKey<'r>>, CliError> {
        let mut calls: Vec<(usize, ObservedKey<'r>)> = Vec::new();
        for (key, observed) in self.observations.observed() {
            let label = self.observations.values(key).last().unwrap_or_default();
            let label = std::str::from_utf8(label).ok();
            let label = label.and_then(|label| label.parse().ok());
            calls.extend(label.map(|label| (label, (key, observed))));
        }
        calls.sort_unstable_by_key(|(label, _)| *label);
        let alerts = &replay.main.alerts;
        if calls.len() != alerts.len() {
            return Err(CliError::InputChanged);
        }
        let rows = calls.into_iter().zip(alerts);
        let rows = rows.map(|((_, observed), alert)| self.row(observed, alert, replay, by));
        Ok(rows.collect())
    }

    fn row<'r>(
        &'r self,
        observed: ObservedKey<'r>,
        alert: &'r Alert,
        replay: &'r Replay,
        by: &'r [String],
    ) -> FoundKey<'r> {
        let explanation = replay.explanation(alert);
        let row = FoundKey::new(by, &self.observations, observed, explanation);
        row.alerted(AlertRun {
            time: alert.at,
            search: alert.search.name(),
            has_returned: alert.has_returned,
        })
    }
}
