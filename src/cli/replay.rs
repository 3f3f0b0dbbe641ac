//! `replay`: what would have alerted, had the app been running.

use super::typed;
use super::{check_key_fields, CliError, Outcome, Wanted, World, ADVICE};
use crate::baseline::Maturity;
use crate::cloudtrail::Callers;
use crate::input::Intent;
use crate::messages::{count, Advice, Messages};
use crate::observations::DetailLevel;
use crate::options::UnseenOptions;
use crate::replay::{self, Replayed, Settings};
use crate::time::DAY;
use chrono::TimeZone;
use clap::ArgMatches;

/// What its user can do: there is no file to take a row out of.
const REPLAY_ADVICE: Advice = Advice {
    stray: "leave it out with --from",
    ..ADVICE
};

const WANTED: Wanted = Wanted {
    keep: DetailLevel::Minutes,
    intent: Intent::Judge,
    done: "replayed",
    callers: Callers::ROLES,
    without_time: "left out",
};

pub(super) fn run(matches: &ArgMatches, world: &mut World<'_>) -> Result<Outcome, CliError> {
    let options = UnseenOptions::given(&typed::options(matches))?;
    check_key_fields(&options.by)?;
    let name = typed::zone(matches);
    let zone = (world.zone_named)(name).ok_or_else(|| CliError::NoSuchZone {
        name: name.to_owned(),
    })?;
    let input = world.gather(matches, &options.by, WANTED)?;
    let settings = Settings {
        windows: &options.windows,
        initial_days: i64::from(typed::initial_days(matches)),
    };
    if let Some(replayed) = replay::replay(&input.observations, &settings, &zone)? {
        tell_maturity(&replayed, &settings, &zone, world);
        world.print(&replay::write(&replayed, &input.observations, &zone))?;
    }
    Ok(input.end(false, true, matches, world))
}

/// From when the baseline is mature, or that it never is.
fn tell_maturity(
    replayed: &Replayed,
    settings: &Settings<'_>,
    zone: &impl TimeZone,
    world: &mut World<'_>,
) {
    let Some(mature) = &replayed.mature else {
        world
            .console()
            .warn(&never_mature(replayed, settings, zone));
        return;
    };
    let texts = Messages {
        windows: settings.windows,
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
fn never_mature(replayed: &Replayed, settings: &Settings<'_>, zone: &impl TimeZone) -> String {
    let Replayed { from, to, .. } = *replayed;
    let learning = &settings.windows.learning;
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
