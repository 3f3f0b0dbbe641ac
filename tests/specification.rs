//! The rules once more, as plainly as can be: the executable specification of learning and detecting.
//!
//! Ordered maps and owned text, no table, no hash, no borrowing. Property tests compare the real [`Learner`], [`Detector`] and [`RunningBaseline`] with it on
//! any facts in any order, and the laws (order, repetition and overlap do not matter) are checked on the real ones.

use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use unseen::baseline::{
    Change, Counts, Cutoffs, Detector, Fact, Learned, Learner, Maturity, RunningBaseline, Sighting,
    Start, StoredSighting, Verdict, Verdicts,
};
use unseen::keys::{KeyTable, RowKeys};
use unseen::time::Timestamp;

/// A fact with keys of its own: for each of two fields some values.
#[derive(Clone, Debug)]
struct Plain {
    fields: [Vec<String>; 2],
    observed: Option<Sighting>,
    stored: Option<StoredSighting>,
}

type Key = (String, String);

impl Plain {
    fn keys(&self) -> Vec<Key> {
        let [users, commands] = &self.fields;
        users
            .iter()
            .flat_map(|user| {
                commands
                    .iter()
                    .map(move |command| (user.clone(), command.clone()))
            })
            .collect()
    }

    fn fact(&self) -> Fact {
        Fact {
            observed: self.observed,
            stored: self.stored,
        }
    }

    fn usable_stored(&self) -> Option<StoredSighting> {
        self.stored.filter(|_| self.keys().len() == 1)
    }
}

/// Last seen at or before the cut-off, or at no known time.
fn is_forgotten(sighting: Sighting, cutoffs: Cutoffs) -> bool {
    let Some(forget) = cutoffs.forget else {
        return false;
    };
    sighting.last().is_none_or(|last| last <= forget)
}

/// The first time, unless it is too early to be true.
fn first_that_counts(sighting: Sighting, cutoffs: Cutoffs) -> Option<Timestamp> {
    sighting.first().filter(|&first| first >= cutoffs.earliest)
}

/// What a baseline becomes: first, last and change of every key that stays, and the maturity of all.
fn learn(facts: &[Plain], cutoffs: Cutoffs) -> (BTreeMap<Key, (Sighting, Change)>, Maturity) {
    let remembered = |stored: &StoredSighting| !is_forgotten(stored.sighting, cutoffs);
    let mut merged: BTreeMap<Key, Sighting> = BTreeMap::new();
    for fact in facts {
        for key in fact.keys() {
            let sightings = fact.observed.into_iter().chain(
                fact.usable_stored()
                    .filter(remembered)
                    .map(|stored| stored.sighting),
            );
            let entry = merged.entry(key).or_insert(Sighting::NEVER);
            *entry = sightings.fold(*entry, Sighting::merge);
        }
    }
    merged.retain(|_, sighting| *sighting != Sighting::NEVER && !is_forgotten(*sighting, cutoffs));
    let oldest = merged
        .values()
        .filter_map(|sighting| first_that_counts(*sighting, cutoffs))
        .min();
    let mature = oldest.is_some_and(|oldest| oldest <= cutoffs.learning);
    let maturity = if mature {
        Maturity::Mature
    } else {
        Maturity::Learning
    };
    let change = |key: &Key, sighting: Sighting| {
        let stored: Vec<StoredSighting> = facts
            .iter()
            .filter(|fact| fact.keys().contains(key))
            .filter_map(Plain::usable_stored)
            .filter(remembered)
            .collect();
        let stands = |stored: &StoredSighting| {
            stored.verbatim && stored.sighting == sighting && stored.maturity == Some(maturity)
        };
        match stored.iter().any(stands) {
            _ if stored.is_empty() => Change::New,
            true => Change::Unchanged,
            false => Change::Changed,
        }
    };
    (
        merged
            .iter()
            .map(|(key, &sighting)| (key.clone(), (sighting, change(key, sighting))))
            .collect(),
        maturity,
    )
}

/// Which of the observations are reported, by their place among all facts.
fn detect(facts: &[Plain], cutoffs: Cutoffs) -> BTreeSet<usize> {
    let remembered = remembered(facts, cutoffs);
    let is_mature = |(_, stored): &(Key, StoredSighting)| stored.maturity == Some(Maturity::Mature);
    if !remembered.iter().any(is_mature) {
        return BTreeSet::new();
    }
    let is_new = |key: &Key| is_new(key, &remembered, cutoffs);
    let reported = facts
        .iter()
        .enumerate()
        .filter(|(_, fact)| fact.observed.is_some() && fact.keys().iter().any(is_new));
    reported.map(|(place, _)| place).collect()
}

/// What is stored of one key and not forgotten.
fn remembered(facts: &[Plain], cutoffs: Cutoffs) -> Vec<(Key, StoredSighting)> {
    facts
        .iter()
        .filter_map(|fact| Some((fact.keys().remove(0), fact.usable_stored()?)))
        .filter(|(_, stored)| !is_forgotten(stored.sighting, cutoffs))
        .collect()
}

/// Whether the baseline never saw the key before the window opened, nor as it did.
fn is_new(key: &Key, remembered: &[(Key, StoredSighting)], cutoffs: Cutoffs) -> bool {
    let mut firsts = remembered
        .iter()
        .filter(|(of, _)| of == key)
        .filter_map(|(_, stored)| stored.sighting.first());
    firsts.all(|first| first > cutoffs.activity)
}

fn keys(fact: &Plain) -> RowKeys<'_> {
    let mut keys = RowKeys::default();
    for values in &fact.fields {
        keys.add_field(|into| {
            into.extend(values.iter().map(|value| Cow::Borrowed(value.as_bytes())))
        });
    }
    keys
}

fn really_learn(facts: &[Plain], cutoffs: Cutoffs) -> Learned {
    let mut learner = Learner::new(2, cutoffs);
    for fact in facts {
        learner.feed(&keys(fact), fact.fact());
    }
    learner.finish(Start::Allowed).unwrap()
}

fn rows(learned: &Learned) -> BTreeMap<Key, (Sighting, Change)> {
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    let row = |row| {
        let mut key = learned.key(row).map(|value| text(value.text));
        (
            (key.next().unwrap(), key.next().unwrap()),
            (row.sighting, row.change),
        )
    };
    learned.rows().map(row).collect()
}

/// The places of the observations that are reported, and all that comes beside them.
fn really_detect(facts: &[Plain], cutoffs: Cutoffs) -> (BTreeSet<usize>, Verdicts) {
    let mut detector = Detector::new(cutoffs);
    let mut held = Vec::new();
    for (place, fact) in facts.iter().enumerate() {
        let ticket = detector.feed(&keys(fact), fact.fact());
        held.extend(ticket.map(|ticket| (ticket, place)));
    }
    let verdicts = detector.finish().unwrap();
    held.retain(|&(ticket, _)| verdicts.is_reported(ticket));
    (held.into_iter().map(|(_, place)| place).collect(), verdicts)
}

/// Times are few and close to the cut-offs, names fewer, so that everything meets everything.
fn sighting() -> impl Strategy<Value = Sighting> {
    let time = || proptest::option::weighted(0.9, (0i64..8).prop_map(Timestamp));
    (time(), time()).prop_map(|(first, last)| Sighting::new(first, last))
}

fn stored() -> impl Strategy<Value = StoredSighting> {
    let maturity = proptest::option::of(prop_oneof![
        Just(Maturity::Learning),
        Just(Maturity::Mature)
    ]);
    (sighting(), maturity, any::<bool>()).prop_map(|(sighting, maturity, verbatim)| {
        StoredSighting {
            sighting,
            maturity,
            verbatim,
        }
    })
}

/// A fact about keys of which most have values that match `names`.
fn plain(names: &'static str) -> impl Strategy<Value = Plain> {
    let values = || {
        proptest::sample::subsequence(vec!["a".to_string(), "b".into(), "c".into()], 1..3).boxed()
    };
    let one = || names.prop_map(|value| vec![value]).boxed();
    let field = move || prop_oneof![5 => one(), 1 => values()];
    let parts = (
        field(),
        field(),
        proptest::option::of(sighting()),
        proptest::option::of(stored()),
    );
    parts.prop_map(|(user, command, observed, stored)| Plain {
        fields: [user, command],
        observed,
        stored,
    })
}

fn facts() -> impl Strategy<Value = Vec<Plain>> {
    some_facts("[abc]", 0..30)
}

fn some_facts(
    names: &'static str,
    number: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<Plain>> {
    // A fact that was joined always tells the last sighting here: whether a join that never does stops a run is tested beside the rule.
    proptest::collection::vec(plain(names), number).prop_map(|mut facts| {
        for fact in &mut facts {
            if let (Some(_), Some(stored)) = (fact.observed, &mut fact.stored) {
                stored.sighting = stored
                    .sighting
                    .merge(Sighting::new(None, Some(Timestamp(0))));
            }
        }
        facts
    })
}

fn cutoffs() -> impl Strategy<Value = Cutoffs> {
    let times = (proptest::option::of(0i64..8), 0i64..8, 0i64..8, 0i64..3);
    times.prop_map(|(forget, learning, activity, earliest)| Cutoffs {
        forget: forget.map(Timestamp),
        learning: Timestamp(learning),
        activity: Timestamp(activity),
        earliest: Timestamp(earliest),
    })
}

/// Learns, and compares what comes out with the specification.
fn check_learner(facts: &[Plain], cutoffs: Cutoffs) -> Result<(), TestCaseError> {
    let learned = really_learn(facts, cutoffs);
    let (expected, maturity) = learn(facts, cutoffs);
    let firsts = || {
        expected
            .values()
            .filter_map(|(sighting, _)| first_that_counts(*sighting, cutoffs))
    };
    prop_assert_eq!(learned.oldest(), firsts().min());
    let count = |change| expected.values().filter(|&&(_, is)| is == change).count() as u64;
    let known: BTreeSet<Key> = facts
        .iter()
        .filter(|fact| fact.usable_stored().is_some())
        .flat_map(Plain::keys)
        .collect();
    prop_assert_eq!(
        learned.counts(),
        Counts {
            new: count(Change::New),
            changed: count(Change::Changed),
            unchanged: count(Change::Unchanged),
            forgotten: known
                .iter()
                .filter(|key| !expected.contains_key(key))
                .count() as u64,
            old: firsts().filter(|&first| first <= cutoffs.learning).count() as u64,
        }
    );
    prop_assert_eq!(learned.counts().kept(), expected.len() as u64);
    let observations = facts.iter().filter(|fact| fact.observed.is_some()).count();
    prop_assert_eq!(
        (learned.observations, learned.baseline_rows),
        (observations as u64, (facts.len() - observations) as u64)
    );
    prop_assert_eq!(rows(&learned), expected);
    prop_assert_eq!(learned.maturity(), maturity);

    let positions: Vec<usize> = learned.rows().map(|row| row.position()).collect();
    for (place, &position) in positions.iter().enumerate() {
        let rest: Vec<usize> = learned
            .rows_from(position)
            .map(|row| row.position())
            .collect();
        prop_assert_eq!(
            &rest,
            &positions[place..],
            "going on from a row gives it and those behind it"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    /// So many that a thread merges them, and that the table of keys grows.
    #[test]
    fn the_learner_does_what_the_specification_says_of_many_facts(facts in some_facts("[a-z]", 1_100..2_500), cutoffs in cutoffs()) {
        check_learner(&facts, cutoffs)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_learner_does_what_the_specification_says(facts in facts(), cutoffs in cutoffs()) {
        check_learner(&facts, cutoffs)?;
    }

    #[test]
    fn the_detector_does_what_the_specification_says(facts in facts(), cutoffs in cutoffs()) {
        let (reported, verdicts) = really_detect(&facts, cutoffs);
        prop_assert_eq!(&reported, &detect(&facts, cutoffs));
        prop_assert_eq!(verdicts.count(), reported.len());

        let observed: BTreeSet<Key> = facts.iter().filter(|fact| fact.observed.is_some()).flat_map(Plain::keys).collect();
        prop_assert_eq!(verdicts.keys, observed.len());
        let remembered = remembered(&facts, cutoffs);
        prop_assert_eq!(verdicts.new_keys, observed.iter().filter(|key| is_new(key, &remembered, cutoffs)).count());

        let stats = verdicts.stats;
        let stored = || facts.iter().filter_map(Plain::usable_stored);
        let observations = facts.iter().filter(|fact| fact.observed.is_some()).count();
        prop_assert_eq!((stats.observations, stats.baseline_rows), (observations as u64, (facts.len() - observations) as u64));
        prop_assert_eq!(stats.stored, stored().count() as u64);
        prop_assert_eq!(stats.newest, stored().filter_map(|stored| stored.sighting.last()).max());
        prop_assert_eq!(stats.oldest, remembered.iter().filter_map(|(_, stored)| first_that_counts(stored.sighting, cutoffs)).min());
    }

    #[test]
    fn any_order_of_facts_gives_the_same_baseline_and_the_same_alerts(
        (facts, shuffled) in facts().prop_flat_map(|facts| {
            let places: Vec<usize> = (0..facts.len()).collect();
            (Just(facts), Just(places).prop_shuffle())
        }),
        cutoffs in cutoffs()
    ) {
        let reordered: Vec<Plain> = shuffled.iter().map(|&place| facts[place].clone()).collect();
        prop_assert_eq!(rows(&really_learn(&facts, cutoffs)), rows(&really_learn(&reordered, cutoffs)));
        let reported: BTreeSet<usize> =
            really_detect(&reordered, cutoffs).0.into_iter().map(|place| shuffled[place]).collect();
        prop_assert_eq!(really_detect(&facts, cutoffs).0, reported);
    }

    #[test]
    fn days_learned_in_any_order_overlapping_or_twice_give_one_baseline(
        days in proptest::collection::vec(proptest::collection::vec((0usize..9, sighting()), 0..6), 1..6)
    ) {
        // Without forgetting, learning is merging: the order of the updates cannot matter.
        let cutoffs = Cutoffs { forget: None, learning: Timestamp(3), activity: Timestamp(3), earliest: Timestamp(0) };
        let names = ["a", "b", "c"].map(String::from);
        let observe = |&(key, observed): &(usize, Sighting)| Plain {
            fields: [vec![names[key / 3].clone()], vec![names[key % 3].clone()]],
            observed: Some(observed),
            stored: None,
        };
        let update = |baseline: BTreeMap<Key, (Sighting, Change)>, day: &Vec<(usize, Sighting)>| {
            let stored = baseline.into_iter().map(|((user, command), (sighting, _))| Plain {
                fields: [vec![user], vec![command]],
                observed: None,
                stored: Some(StoredSighting { sighting, maturity: None, verbatim: true }),
            });
            rows(&really_learn(&day.iter().map(observe).chain(stored).collect::<Vec<_>>(), cutoffs))
        };
        let sightings = |baseline: BTreeMap<Key, (Sighting, Change)>| -> BTreeMap<Key, Sighting> {
            baseline.into_iter().map(|(key, (sighting, _))| (key, sighting)).collect()
        };
        let forward = days.iter().fold(BTreeMap::new(), update);
        let backward_and_twice = days.iter().rev().chain(&days).fold(BTreeMap::new(), update);
        prop_assert_eq!(sightings(forward), sightings(backward_and_twice));
    }

    /// The days of one baseline, one after the other: what is stored in memory, and what each day then reports.
    #[test]
    fn a_running_baseline_learns_and_judges_as_learner_and_detector_do(
        mut days in proptest::collection::vec((proptest::collection::vec((0usize..4, sighting()), 0..6), cutoffs()), 1..5)
    ) {
        // Time only goes on.
        let mut forgets: Vec<_> = days.iter().map(|(_, cutoffs)| cutoffs.forget).collect();
        forgets.sort();
        let earliest = days[0].1.earliest;
        for ((_, cutoffs), forget) in days.iter_mut().zip(forgets) {
            *cutoffs = Cutoffs { forget, earliest, ..*cutoffs };
        }
        let names = ["a", "b", "c", "d"];
        let mut table = KeyTable::new(1);
        let ids = names.map(|name| table.id(&[name]));
        let mut running = RunningBaseline::empty(names.len());
        let mut stored: Vec<(String, Sighting)> = Vec::new();
        let mut maturity = Maturity::Learning;
        for (day, cutoffs) in days {
            let rows = |stored: &[(String, Sighting)], maturity| -> Vec<(String, Fact)> {
                let row = |(name, sighting): &(String, Sighting)| {
                    let stored = StoredSighting { sighting: *sighting, maturity: Some(maturity), verbatim: true };
                    (name.clone(), Fact { observed: None, stored: Some(stored) })
                };
                stored.iter().map(row).collect()
            };
            let mut learner = Learner::new(1, cutoffs);
            for (name, fact) in rows(&stored, maturity) {
                learner.feed(&RowKeys::one(&[name.as_str()]), fact);
            }
            for &(key, sighting) in &day {
                learner.feed(&RowKeys::one(&[names[key]]), Fact { observed: Some(sighting), stored: None });
            }
            let learned = learner.finish(Start::Allowed).unwrap();
            let name = |row| String::from_utf8(learned.key(row).next().unwrap().text.to_vec()).unwrap();
            stored = learned.rows().map(|row| (name(row), row.sighting)).collect();
            maturity = learned.maturity();
            running.update(day.iter().map(|&(key, sighting)| (ids[key], sighting)), &cutoffs);
            prop_assert_eq!((running.maturity(), running.oldest()), (maturity, learned.oldest()));

            let mut detector = Detector::new(cutoffs);
            for (name, fact) in rows(&stored, maturity) {
                detector.feed(&RowKeys::one(&[name.as_str()]), fact);
            }
            let observation = Fact { observed: Some(Sighting::NEVER), stored: None };
            let tickets = names.map(|name| detector.feed(&RowKeys::one(&[name]), observation).unwrap());
            let verdicts = detector.finish().unwrap();
            for (key, ticket) in ids.into_iter().zip(tickets) {
                prop_assert_eq!(running.judge(key, &cutoffs) == Verdict::New, verdicts.is_reported(ticket));
            }
        }
    }
}
