//! `replay`: what would have alerted, had the app been running.

use super::replay_grid;
use super::typed;
use super::{check_key_fields, CliError, Outcome, Wanted, World, ADVICE};
use crate::app_settings::AppSettings;
use crate::baseline::Maturity;
use crate::cloudtrail::Callers;
use crate::input::Intent;
use crate::lookup::schema;
use crate::messages::{count, Advice, Messages};
use crate::observations::DetailLevel;
use crate::options::{Given, UnseenOptions, Windows};
use crate::replay::{self, Outage, Replay, ReplaySettings};
use crate::time::{Timestamp, DAY};
use chrono::{Local, TimeZone};
use clap::ArgMatches;

/// What its user can do: there is no file to take a row out of.
const REPLAY_ADVICE: Advice = Advice {
    stray: "leave it out with --from",
    ..ADVICE
};

pub(super) fn run(matches: &ArgMatches, world: &mut World<'_>) -> Result<Outcome, CliError> {
    let asked = Asked::of(matches, world)?;
    let settings = asked.settings();
    let wanted = Wanted {
        keep: DetailLevel::Uses(settings.resolution),
        intent: Intent::Judge,
        done: "replayed",
        callers: Callers::ROLES,
        without_time: "left out",
    };
    let input = world.gather(matches, &asked.by, wanted)?;
    if let Some(replay) = replay::replay(&input.observations, &settings, &asked.zone)? {
        report_maturity(&replay, &asked, world);
        let zone_name = typed::zone(matches);
        let summary = replay::summary(
            &replay,
            &input.observations,
            &settings,
            &asked.zone,
            zone_name,
        );
        world.print(&replay::write(&summary))?;
    }
    Ok(input.end(false, true, matches, world))
}

/// What was typed.
struct Asked {
    by: Vec<String>,
    app: AppSettings,
    initial_days: i64,
    outages: Vec<Outage>,
    grid: Vec<Windows>,
    zone: Local,
}

impl Asked {
    fn of(matches: &ArgMatches, world: &mut World<'_>) -> Result<Self, CliError> {
        let given = typed::options(matches);
        let options = UnseenOptions::given(&given)?;
        check_key_fields(&options.by)?;
        let mut app = AppSettings::shipped();
        app.windows = windows(&app, &given, options.windows);
        let name = typed::zone(matches);
        let zone = (world.zone_named)(name).ok_or_else(|| CliError::NoSuchZone {
            name: name.to_owned(),
        })?;
        let grid = replay_grid::settings(matches, &app.windows)?;
        // Windows that cannot be applied are refused before hours are spent on reading.
        for windows in grid.iter().chain([&app.windows]) {
            windows.cutoffs(world.now, &zone)?;
        }
        Ok(Self {
            by: options.by,
            initial_days: i64::from(typed::initial_days(matches)),
            outages: typed::outages(matches)?,
            grid,
            app,
            zone,
        })
    }

    fn settings(&self) -> ReplaySettings<'_> {
        ReplaySettings {
            app: &self.app,
            initial_days: self.initial_days,
            outages: &self.outages,
            grid: &self.grid,
            resolution: replay::resolution(&self.app, &self.grid, &self.outages, &self.zone),
            by: &self.by,
            ranks: true,
            service_field: schema::service_field(&self.by),
        }
    }
}

/// The windows of the app, but for those that were typed.
fn windows(app: &AppSettings, given: &Given, typed: Windows) -> Windows {
    let is_typed = |option: &str| given.values.iter().any(|(name, _)| *name == option);
    let of_app = app.windows.clone();
    Windows {
        activity: if is_typed("activity_window") {
            typed.activity
        } else {
            of_app.activity
        },
        forget: if is_typed("forget_window") {
            typed.forget
        } else {
            of_app.forget
        },
        learning: if is_typed("learning_window") {
            typed.learning
        } else {
            of_app.learning
        },
    }
}

/// From when the baseline is mature, or that it never is.
fn report_maturity(replay: &Replay, asked: &Asked, world: &mut World<'_>) {
    let zone = &asked.zone;
    let Some(mature) = &replay.main.mature else {
        let windows = &asked.app.windows;
        world.console().warn(&never_mature(replay, windows, zone));
        return;
    };
    let texts = Messages {
        windows: &asked.app.windows,
        as_of: mature.at,
        zone,
    };
    let (oldest, counts) = (mature.oldest, &mature.counts);
    let thin = texts.thin_maturity(Maturity::Mature, oldest, counts, &REPLAY_ADVICE);
    let from = mature.at.human(zone).to_string();
    let mut console = world.console();
    console.info(&format!("the baseline is mature from {from} on"));
    thin.iter().for_each(|thin| console.warn(thin));
}

/// Why nothing can have alerted, and what to do about it.
fn never_mature(replay: &Replay, windows: &Windows, zone: &impl TimeZone) -> String {
    let (from, to): (Timestamp, Timestamp) = (replay.from, replay.to);
    let learning = &windows.learning;
    let days = (to.0 - from.0).div_euclid(DAY) + 1;
    let half = days / 2;
    let input = format!("{} to {}", from.human(zone), to.human(zone));
    if learning.apply(to, zone) < from && half > 0 {
        return format!(
            "no alerts were simulated: the input covers only {} ({input}) and the learning window is {learning}; \
             try --initial-days {half} --learning-window=-{half}d@d",
            count(days.unsigned_abs(), "day"),
        );
    }
    format!("no alerts were simulated, since the baseline never became mature: the input covers {input}; give older files as well")
}
