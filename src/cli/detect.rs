//! `detect`: the keys in the input that the baseline never saw before the activity window opened.
//!
//! Reads the baseline, never writes it. What is new is decided in `baseline`; here it is put together and shown.

use super::judged::{Facts, Judged};
use super::typed;
use super::user_names::UserNames;
use super::{check_key_fields, CliError, Outcome, Wanted, World, ADVICE};
use crate::baseline::{Cutoffs, Maturity};
use crate::baseline_file::{BaselineError, Stored};
use crate::cloudtrail::Callers;
use crate::input::Intent;
use crate::lookup::{Clock, Tally};
use crate::messages::{count, flood, row_problems, Messages, Purpose};
use crate::observations::{DetailLevel, Observations};
use crate::options::UnseenOptions;
use crate::report::{self, visible, Format, FoundKey};
use chrono::Utc;
use clap::ArgMatches;

const WANTED: Wanted = Wanted {
    keep: DetailLevel::Context,
    intent: Intent::Judge,
    done: "checked",
    callers: Callers::ROLES,
    without_time: "checked by its key alone",
};

pub(super) fn run(matches: &ArgMatches, world: &mut World<'_>) -> Result<Outcome, CliError> {
    let options = UnseenOptions {
        as_of: typed::as_of(matches, world.now)?,
        ..UnseenOptions::given(&typed::options(matches))?
    };
    check_key_fields(&options.by)?;
    let order = typed::order(matches, &options.by)?;
    let stored = read_baseline(matches, &options.by)?;
    let input = world.gather(matches, &options.by, WANTED)?;
    let families = matches.get_flag("families");
    let detection = Detection::run(&options, families, &stored, &input.observations, world)?;
    detection.names.expect(matches)?;
    detection.report(world);
    let written = report::write(
        (Format::of(typed::format(matches)), &world.manner.styles),
        order,
        &options.by,
        detection.rows(),
    );
    world.print(&written)?;
    let is_a_test = matches.get_flag("fail-if-found");
    let is_found = is_a_test && !detection.judged.found.is_empty();
    let could_find = !is_a_test || detection.maturity() == Maturity::Mature;
    Ok(input.end(is_found, could_find, matches, world))
}

/// The baseline, which must have rows: without any, nothing can be found.
fn read_baseline(matches: &ArgMatches, by: &[String]) -> Result<Stored, CliError> {
    let path = typed::baseline(matches);
    match Stored::read(&path, by)? {
        None => Err(BaselineError::Missing { path }.into()),
        Some(stored) if stored.has_no_rows() => Err(CliError::NoRows(path)),
        Some(stored) => Ok(stored),
    }
}

/// What was found, and what there is to say of it.
struct Detection<'d> {
    options: &'d UnseenOptions,
    observations: &'d Observations,
    clock: Clock,
    cutoffs: Cutoffs,
    /// What was wrong with rows of the baseline.
    tally: Tally,
    names: UserNames,
    judged: Judged<'d>,
}

impl<'d> Detection<'d> {
    fn run(
        options: &'d UnseenOptions,
        families: bool,
        stored: &Stored,
        observations: &'d Observations,
        world: &World<'_>,
    ) -> Result<Self, CliError> {
        let as_of = options.as_of.moment(observations.newest(), world.now);
        let clock = world.clock(as_of);
        let cutoffs = options.windows.cutoffs(as_of, &Utc)?;
        let mut facts = Facts::new(cutoffs, &options.by, families);
        let (tally, names) = feed_baseline(stored, clock, &options.by, &mut facts)?;
        let activity = options.windows.activity.as_ref();
        let window_opens = |end| activity.map_or(end, |window| window.apply(end, &Utc));
        let judged = facts.judge(observations, as_of, window_opens)?;
        Ok(Self {
            options,
            observations,
            clock,
            cutoffs,
            tally,
            names,
            judged,
        })
    }

    fn maturity(&self) -> Maturity {
        self.judged.verdicts.stats.maturity()
    }

    /// The rows of the result, in the order of the keys' values.
    fn rows(&self) -> Vec<FoundKey<'_>> {
        let found = self.judged.found.iter();
        let row = |&(ticket, observed): &_| {
            let explanation = self.judged.explanation(ticket);
            FoundKey::new(&self.options.by, self.observations, observed, explanation)
        };
        found.map(row).collect()
    }

    /// Warnings, and the summary. Where nothing was observed, that is reported already.
    fn report(&self, world: &mut World<'_>) {
        let mut console = world.console();
        for warning in self.warnings() {
            console.warn(&warning);
        }
        if self.observations.count() > 0 {
            console.info(&self.summary());
        }
        if let Some(windows) = self.windows() {
            console.info(&windows);
        }
    }

    fn warnings(&self) -> Vec<String> {
        if self.observations.count() == 0 {
            // Windows then count from the wall clock, which says nothing of an archive.
            let is_learning = self.maturity() == Maturity::Learning;
            return is_learning
                .then(|| "the baseline is still learning".to_owned())
                .into_iter()
                .collect();
        }
        let texts = Messages {
            windows: &self.options.windows,
            as_of: self.clock.as_of,
            zone: &Utc,
        };
        let stats = &self.judged.verdicts.stats;
        let odd = row_problems(&self.tally, Purpose::Learn);
        let why_nothing = texts.why_nothing(stats, self.cutoffs.learning, &ADVICE);
        let warnings = why_nothing
            .into_iter()
            .chain(texts.staleness(stats, &ADVICE))
            .chain(flood(&self.judged.verdicts, &ADVICE))
            .chain(self.other_names())
            .chain(odd.map(|odd| format!("in the baseline: {odd}")));
        warnings.collect()
    }

    /// That the baseline names roles in another way than CloudTrail files, if it does.
    fn other_names(&self) -> Option<String> {
        let is_of_cloudtrail = self.observations.records.calls > 0;
        let theirs = self.names.without_account().filter(|_| is_of_cloudtrail)?;
        let &(_, (key, _)) = self.judged.found.first()?;
        let ours = self.observations.values(key).nth(self.names.place()?)?;
        Some(format!(
            "the baseline names users as `{}`, CloudTrail files as `{}`, so every call is new to it: run `unseen learn` on CloudTrail files first",
            visible(theirs),
            visible(ours),
        ))
    }

    fn summary(&self) -> String {
        let is_default = self.options.by == ["user", "command"];
        format!(
            "{} checked as of {}: {} of {} reported: not in the baseline, or first seen in it after {}",
            count(self.observations.count(), "observation"),
            self.clock.as_of.human(&Utc),
            self.judged.found.len(),
            count(self.judged.verdicts.keys as u64, if is_default { "role/call pair" } else { "key" }),
            self.cutoffs.activity.human(&Utc),
        )
    }

    /// That the input is longer than the activity window, if so, and how it was ranked then.
    fn windows(&self) -> Option<String> {
        let number = self.judged.windows();
        let window = self.options.windows.activity.as_ref();
        let window = window.filter(|_| number > 1)?;
        Some(format!(
            "the reported calls began in {number} windows of {window}, and each is ranked in its own; \
             `unseen replay` shows what would have alerted day by day"
        ))
    }
}

/// Feeds every row of the baseline, and tells what was wrong with some, and how users are called there.
fn feed_baseline(
    stored: &Stored,
    clock: Clock,
    by: &[String],
    facts: &mut Facts,
) -> Result<(Tally, UserNames), BaselineError> {
    let (mut tally, mut names) = (Tally::new(by.len()), UserNames::of(by));
    stored.for_each(clock, &mut tally, |reading, keys| {
        names.note(keys);
        facts.feed_stored(keys, reading.fact);
    })?;
    Ok((tally, names))
}
