//! `replay`: what would have alerted, had the app been running.

use super::arguments;
use super::{result_of, CliError, Outcome, Wanted, World, ADVICE};
use crate::baseline::Maturity;
use crate::input::Intent;
use crate::lookup::schema;
use crate::messages::{Advice, Messages};
use crate::observations::DetailLevel;
use crate::options::UnseenOptions;
use crate::replay::{self, Replayed, Settings};
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
    no_time: "left out",
};

pub(super) fn run<Z: TimeZone>(
    matches: &ArgMatches,
    world: &mut World<'_, Z>,
) -> Result<Outcome, CliError> {
    let options = UnseenOptions::given(&arguments::typed_options(matches))?;
    schema::check_key_fields(&options.by)?;
    let observations = world.gather(matches, &options.by, WANTED)?;
    let initial_days = matches.get_one::<u16>("initial-days").copied();
    let settings = Settings {
        windows: &options.windows,
        initial_days: i64::from(initial_days.unwrap_or(1)),
    };
    let Some(replayed) = replay::replay(&observations, &settings, &world.zone)? else {
        world
            .console()
            .info("there is no observation with a time, so nothing can be replayed");
        return Ok(Outcome::Done);
    };
    tell_maturity(&replayed, &settings, world);
    let text = replay::write(&replayed, &observations, &world.zone);
    let written = world.stdout.write_all(&text);
    result_of(written.and_then(|()| world.stdout.flush()))?;
    Ok(Outcome::Done)
}

/// From when the baseline is mature, or that it never is.
fn tell_maturity<Z: TimeZone>(
    replayed: &Replayed,
    settings: &Settings<'_>,
    world: &mut World<'_, Z>,
) {
    let Some(mature) = &replayed.mature else {
        let [from, to] =
            [replayed.from, replayed.to].map(|time| time.human(&world.zone).to_string());
        world.console().warn(&format!(
            "the baseline never became mature, so nothing alerted: the input goes from {from} to {to}"
        ));
        return;
    };
    let texts = Messages {
        windows: settings.windows,
        as_of: mature.at,
        zone: &world.zone,
    };
    let (oldest, counts) = (mature.oldest, &mature.counts);
    let thin = texts.thin_maturity(Maturity::Mature, oldest, counts, &REPLAY_ADVICE);
    let from = mature.at.human(&world.zone).to_string();
    let mut console = world.console();
    console.info(&format!("the baseline is mature from {from} on"));
    thin.iter().for_each(|thin| console.warn(thin));
}
