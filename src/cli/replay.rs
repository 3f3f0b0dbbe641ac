//! `replay`: what would have alerted, had the app been running.

use super::replay_alerts::AlertCalls;
use super::result_file::ResultFile;
use super::{check_key_fields, shown, CliError, Outcome, ReadInput, Wanted, World, ADVICE};
use super::{learn, replay_grid, typed};
use crate::app_settings::AppSettings;
use crate::baseline::{Fact, Learner, Maturity, Start};
use crate::baseline_file::Locked;
use crate::cloudtrail::Callers;
use crate::input::Intent;
use crate::lookup::schema;
use crate::messages::{count, Advice, Messages};
use crate::observations::{DetailLevel, Observations};
use crate::options::{Given, UnseenOptions, Windows};
use crate::replay::{self, Outage, Replay, ReplaySettings, Summary};
use crate::replay_page;
use crate::report::{self, Format, FoundKey};
use crate::time::{Timestamp, DAY};
use chrono::{Local, TimeZone};
use clap::ArgMatches;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What its user can do: there is no file to take a row out of.
const REPLAY_ADVICE: Advice = Advice {
    stray: "leave it out with --from",
    ..ADVICE
};

const WANTED: Wanted = Wanted {
    keep: DetailLevel::Times,
    intent: Intent::Judge,
    done: "replayed",
    callers: Callers::ROLES,
    without_time: "left out",
};

pub(super) fn run(matches: &ArgMatches, world: &mut World<'_>) -> Result<Outcome, CliError> {
    let asked = Asked::of(matches, world)?;
    asked.check_paths(matches)?;
    let settings = asked.settings();
    let wanted = Wanted {
        keep: DetailLevel::Uses(settings.resolution),
        ..WANTED
    };
    let mut input = world.gather(matches, &asked.by, wanted)?;
    if let Some(replay) = walk(&input.observations, &settings, &asked.zone, world)? {
        report_maturity(&replay, &asked, world);
        write_baseline(&replay, &input, &asked, matches, world)?;
        answer(&replay, &input.observations, &asked, matches, world)?;
        input.is_interrupted |= replay.broken_off().is_some();
    }
    Ok(input.end(false, true, matches, world))
}

/// Writes what a replay found, with what came with the calls of the alerts where that is shown.
fn answer(
    replay: &Replay,
    observations: &Observations,
    asked: &Asked,
    matches: &ArgMatches,
    world: &mut World<'_>,
) -> Result<(), CliError> {
    let calls = match asked.needs_calls() {
        true => {
            let by = &asked.by;
            let calls = AlertCalls::read(replay, observations, matches, by, WANTED, world);
            Some(calls?)
        }
        false => None,
    };
    let rows = match &calls {
        Some(calls) => calls.rows(replay, &asked.by)?,
        None => Vec::new(),
    };
    let zone = (&asked.zone, typed::zone(matches));
    let mut summary = replay::summary(replay, observations, &asked.settings(), zone);
    for (alert, row) in summary.alerts.iter_mut().zip(&rows) {
        alert.context = row.shown_context();
    }
    asked.write(&summary, rows, world)
}

/// Replays what was read, until it ends or is interrupted.
fn walk(
    observations: &Observations,
    settings: &ReplaySettings<'_>,
    zone: &Local,
    world: &mut World<'_>,
) -> Result<Option<Replay>, CliError> {
    let interrupted = (world.interrupts)();
    let mut console = world.console();
    let mut watch = |progress| {
        console.walk_progress(progress);
        match interrupted.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let replay = replay::replay(observations, settings, zone, &mut watch)?;
    console.end_progress();
    if let Some(last) = replay.as_ref().and_then(Replay::broken_off) {
        let last = last.ok_or(CliError::Interrupted)?;
        interrupted.store(false, Ordering::Relaxed);
        let last = last.human(zone);
        console.warn(&format!(
            "interrupted: what follows ends with the run of {last}, and a grid lacks the settings that were not reached"
        ));
    }
    Ok(replay)
}

/// Writes the baseline with all of the input, if that was asked for.
fn write_baseline(
    replay: &Replay,
    input: &ReadInput,
    asked: &Asked,
    matches: &ArgMatches,
    world: &mut World<'_>,
) -> Result<(), CliError> {
    let Some(path) = typed::baseline_out(matches) else {
        return Ok(());
    };
    if input.is_interrupted {
        let text = "the baseline was not written, since not all of the input was read";
        world.console().warn(text);
        return Ok(());
    }
    let observations = &input.observations;
    let cutoffs = learn::cutoffs(&asked.app.windows, replay.to)?;
    let mut learner = Learner::new(asked.by.len(), cutoffs);
    for (key, sighting) in replay.stored(&cutoffs) {
        let fact = Fact {
            observed: Some(sighting),
            stored: None,
        };
        learner.feed(&observations.row_keys(key), fact);
    }
    let learned = learner.finish(Start::Allowed)?;
    let locked = learn::lock(&path, Duration::from_secs(10), world)?;
    locked.replace(&learn::written(&learned, &asked.by))?;
    let keys = count(learned.counts().kept(), "key");
    let text = format!(
        "`{}`: the baseline at the end of the input, {keys}",
        path.display()
    );
    world.console().info(&text);
    Ok(())
}

/// What was typed.
struct Asked {
    by: Vec<String>,
    app: AppSettings,
    initial_days: i64,
    outages: Vec<Outage>,
    grid: Vec<Windows>,
    ranks: bool,
    zone: Local,
    format: Format,
    report: Option<ResultFile>,
}

impl Asked {
    fn of(matches: &ArgMatches, world: &mut World<'_>) -> Result<Self, CliError> {
        let given = typed::options(matches);
        let options = UnseenOptions::given(&given)?;
        check_key_fields(&options.by)?;
        if let Some(field) = options
            .by
            .iter()
            .find(|field| report::has_alert_column(field))
        {
            return Err(CliError::ResultColumn(field.clone()));
        }
        let mut app = app(matches, world)?;
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
            ranks: !matches.get_flag("no-ranking"),
            app,
            zone,
            format: Format::of(typed::format(matches)),
            report: typed::report(matches).map(ResultFile::at).transpose()?,
        })
    }

    /// Whether what came with the calls of the alerts is shown.
    fn needs_calls(&self) -> bool {
        self.format != Format::Table || self.report.is_some()
    }

    /// Writes the answers in each form that was asked for.
    fn write(
        &self,
        summary: &Summary,
        rows: Vec<FoundKey<'_>>,
        world: &mut World<'_>,
    ) -> Result<(), CliError> {
        if let Some(report) = &self.report {
            report.write(replay_page::write(summary).as_bytes())?;
            let path = shown(report.path());
            world.console().info(&format!("`{path}`: the report"));
        }
        let text = match self.format {
            Format::Table => replay::write(summary, &world.manner.styles),
            form => report::write_alerts(form, &self.by, &rows),
        };
        world.print(&text)
    }

    /// What cannot be done is refused before hours are spent on reading.
    fn check_paths(&self, matches: &ArgMatches) -> Result<(), CliError> {
        let has_stdin = typed::paths(matches)
            .iter()
            .any(|path| path == Path::new("-"));
        if self.needs_calls() && has_stdin {
            let what = match self.report {
                Some(_) => "--report",
                None => "--format",
            };
            return Err(CliError::ReadTwice { what });
        }
        match typed::baseline_out(matches) {
            Some(path) if path.exists() => Err(CliError::Exists(path)),
            Some(path) => Ok(Locked::check(&path)?),
            None => Ok(()),
        }
    }

    fn settings(&self) -> ReplaySettings<'_> {
        ReplaySettings {
            app: &self.app,
            initial_days: self.initial_days,
            outages: &self.outages,
            grid: &self.grid,
            resolution: replay::resolution(&self.app, &self.grid, &self.outages, &self.zone),
            by: &self.by,
            ranks: self.ranks,
            service_field: schema::service_field(&self.by),
        }
    }
}

/// How the app is set up: as it is at a site, or as it comes.
fn app(matches: &ArgMatches, world: &mut World<'_>) -> Result<AppSettings, CliError> {
    let Some(folder) = typed::app(matches) else {
        return Ok(AppSettings::shipped());
    };
    let (app, not_followed) = AppSettings::read(folder)?;
    for one in not_followed {
        world.console().warn(&one.to_string());
    }
    Ok(app)
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
    if let Some(text) = all_is_initial(replay, asked.initial_days) {
        world.console().warn(&text);
        return;
    }
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

/// That Initial learns all of the input, if it does.
fn all_is_initial(replay: &Replay, initial_days: i64) -> Option<String> {
    let begins = replay.from.saturating_add(initial_days.saturating_mul(DAY));
    let days = (replay.to.0 - replay.from.0).div_euclid(DAY) + 1;
    (begins > replay.to).then(|| {
        format!(
            "no alerts were simulated: Initial learns {}, and the input covers {}; give fewer --initial-days, or older files as well",
            count(initial_days.unsigned_abs(), "day"),
            count(days.unsigned_abs(), "day"),
        )
    })
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
