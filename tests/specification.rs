//! The rules once more, as plainly as they can be said: the executable specification of learning and detecting.
//!
//! Ordered maps and owned text, no table, no hash, no borrowing. Property tests hold the real [`Learner`] and [`Detector`] against it on
//! any facts in any order, and the laws (order, repetition and overlap do not matter) are checked on the real ones.

#![allow(clippy::unwrap_used)] // a panic is the report

use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use unseen::baseline::{
    Change, Counts, DetectCutoffs, Detector, Fact, Held, Keys, LearnCutoffs, Learned, Learner,
    Maturity, Said, Sighting, Start, Verdicts,
};
use unseen::time::Timestamp;

/// A fact with keys of its own: for each of two fields some values.
#[derive(Clone, Debug)]
struct Plain {
    fields: [Vec<String>; 2],
    own: Option<Sighting>,
    said: Option<Said>,
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

    fn usable_said(&self) -> Option<Said> {
        self.said.filter(|_| self.keys().len() == 1)
    }
}

/// What a baseline becomes: first, last and change of every key that stays, and the maturity of all.
fn learn(facts: &[Plain], cutoffs: LearnCutoffs) -> (BTreeMap<Key, (Sighting, Change)>, Maturity) {
    let remembered = |said: &Said| !said.sighting.is_forgotten(cutoffs.forget);
    let mut merged: BTreeMap<Key, Sighting> = BTreeMap::new();
    for fact in facts {
        for key in fact.keys() {
            let sightings = fact.own.into_iter().chain(
                fact.usable_said()
                    .filter(remembered)
                    .map(|said| said.sighting),
            );
            let entry = merged.entry(key).or_insert(Sighting::NEVER);
            *entry = sightings.fold(*entry, Sighting::merge);
        }
    }
    merged.retain(|_, sighting| {
        *sighting != Sighting::NEVER && !sighting.is_forgotten(cutoffs.forget)
    });
    let oldest = merged
        .values()
        .filter_map(|sighting| sighting.first())
        .min();
    let mature = oldest.is_some_and(|oldest| oldest <= cutoffs.mature);
    let maturity = if mature {
        Maturity::Mature
    } else {
        Maturity::Learning
    };
    let change = |key: &Key, sighting: Sighting| {
        let said: Vec<Said> = facts
            .iter()
            .filter(|fact| fact.keys().contains(key))
            .filter_map(Plain::usable_said)
            .filter(remembered)
            .collect();
        let stands = |said: &Said| {
            said.verbatim && said.sighting == sighting && said.maturity == Some(maturity)
        };
        match said.iter().any(stands) {
            _ if said.is_empty() => Change::New,
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
fn detect(facts: &[Plain], cutoffs: DetectCutoffs) -> BTreeSet<usize> {
    let remembered = remembered(facts, cutoffs);
    let says_mature = |(_, said): &(Key, Said)| said.maturity == Some(Maturity::Mature);
    if !remembered.iter().any(says_mature) {
        return BTreeSet::new();
    }
    let is_new = |key: &Key| is_new(key, &remembered, cutoffs);
    let reported = facts
        .iter()
        .enumerate()
        .filter(|(_, fact)| fact.own.is_some() && fact.keys().iter().any(is_new));
    reported.map(|(place, _)| place).collect()
}

/// What is said of one key and not forgotten.
fn remembered(facts: &[Plain], cutoffs: DetectCutoffs) -> Vec<(Key, Said)> {
    facts
        .iter()
        .filter_map(|fact| Some((fact.keys().remove(0), fact.usable_said()?)))
        .filter(|(_, said)| !said.sighting.is_forgotten(cutoffs.forget))
        .collect()
}

/// Whether the baseline never saw the key before the window opened, nor as it did.
fn is_new(key: &Key, remembered: &[(Key, Said)], cutoffs: DetectCutoffs) -> bool {
    let mut firsts = remembered
        .iter()
        .filter(|(of, _)| of == key)
        .filter_map(|(_, said)| said.sighting.first());
    firsts.all(|first| first > cutoffs.window_opens)
}

fn keys(fact: &Plain) -> Keys<'_> {
    let mut keys = Keys::default();
    for values in &fact.fields {
        keys.add_field(|into| {
            into.extend(values.iter().map(|value| Cow::Borrowed(value.as_bytes())))
        });
    }
    keys
}

fn really_learn(facts: &[Plain], cutoffs: LearnCutoffs) -> Learned {
    let mut learner = Learner::new(2, cutoffs);
    for fact in facts {
        learner.feed(&Fact {
            keys: &keys(fact),
            own: fact.own,
            said: fact.said,
        });
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

/// The places of the observations that are reported, and all that is told beside them.
fn really_detect(facts: &[Plain], cutoffs: DetectCutoffs) -> (BTreeSet<usize>, Verdicts) {
    let mut detector = Detector::new(cutoffs);
    let mut held = Vec::new();
    for (place, fact) in facts.iter().enumerate() {
        if detector.feed(&Fact {
            keys: &keys(fact),
            own: fact.own,
            said: fact.said,
        }) == Held::Yes
        {
            held.push(place);
        }
    }
    let verdicts = detector.finish().unwrap();
    let reported = held
        .iter()
        .enumerate()
        .filter(|&(ticket, _)| verdicts.is_new(ticket))
        .map(|(_, &place)| place)
        .collect();
    (reported, verdicts)
}

/// Times are few and close to the cut-offs, names fewer, so that everything meets everything.
fn sighting() -> impl Strategy<Value = Sighting> {
    let time = || proptest::option::weighted(0.9, (0i64..8).prop_map(Timestamp));
    (time(), time()).prop_map(|(first, last)| Sighting::new(first, last))
}

fn said() -> impl Strategy<Value = Said> {
    let maturity = proptest::option::of(prop_oneof![
        Just(Maturity::Learning),
        Just(Maturity::Mature)
    ]);
    (sighting(), maturity, any::<bool>()).prop_map(|(sighting, maturity, verbatim)| Said {
        sighting,
        maturity,
        verbatim,
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
        proptest::option::of(said()),
    );
    parts.prop_map(|(user, command, own, said)| Plain {
        fields: [user, command],
        own,
        said,
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
            if let (Some(_), Some(said)) = (fact.own, &mut fact.said) {
                said.sighting = said.sighting.merge(Sighting::new(None, Some(Timestamp(0))));
            }
        }
        facts
    })
}

fn cutoffs() -> impl Strategy<Value = (LearnCutoffs, DetectCutoffs)> {
    (proptest::option::of(0i64..8), 0i64..8, 0i64..8).prop_map(|(forget, mature, opens)| {
        let forget = forget.map(Timestamp);
        (
            LearnCutoffs {
                forget,
                mature: Timestamp(mature),
            },
            DetectCutoffs {
                forget,
                window_opens: Timestamp(opens),
            },
        )
    })
}

/// Learns, and holds what comes out against the specification.
fn check_learner(facts: &[Plain], cutoffs: LearnCutoffs) -> Result<(), TestCaseError> {
    let learned = really_learn(facts, cutoffs);
    let (expected, maturity) = learn(facts, cutoffs);
    let firsts = || {
        expected
            .values()
            .filter_map(|(sighting, _)| sighting.first())
    };
    prop_assert_eq!(learned.oldest(), firsts().min());
    let count = |change| expected.values().filter(|&&(_, is)| is == change).count() as u64;
    let known: BTreeSet<Key> = facts
        .iter()
        .filter(|fact| fact.usable_said().is_some())
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
            old: firsts().filter(|&first| first <= cutoffs.mature).count() as u64,
        }
    );
    prop_assert_eq!(learned.counts().kept(), expected.len() as u64);
    let observations = facts.iter().filter(|fact| fact.own.is_some()).count();
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
    fn the_learner_does_what_the_specification_says_of_many_facts(facts in some_facts("[a-z]", 1_100..2_500), (cutoffs, _) in cutoffs()) {
        check_learner(&facts, cutoffs)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_learner_does_what_the_specification_says(facts in facts(), (cutoffs, _) in cutoffs()) {
        check_learner(&facts, cutoffs)?;
    }

    #[test]
    fn the_detector_does_what_the_specification_says(facts in facts(), (_, cutoffs) in cutoffs()) {
        let (reported, verdicts) = really_detect(&facts, cutoffs);
        prop_assert_eq!(&reported, &detect(&facts, cutoffs));
        prop_assert_eq!(verdicts.reported(), reported.len());

        let observed: BTreeSet<Key> = facts.iter().filter(|fact| fact.own.is_some()).flat_map(Plain::keys).collect();
        prop_assert_eq!(verdicts.keys, observed.len());
        let remembered = remembered(&facts, cutoffs);
        prop_assert_eq!(verdicts.new_keys, observed.iter().filter(|key| is_new(key, &remembered, cutoffs)).count());

        let census = verdicts.census;
        let said = || facts.iter().filter_map(Plain::usable_said);
        let observations = facts.iter().filter(|fact| fact.own.is_some()).count();
        prop_assert_eq!((census.observations, census.baseline_rows), (observations as u64, (facts.len() - observations) as u64));
        prop_assert_eq!(census.said, said().count() as u64);
        prop_assert_eq!(census.newest, said().filter_map(|said| said.sighting.last()).max());
        prop_assert_eq!(census.oldest, remembered.iter().filter_map(|(_, said)| said.sighting.first()).min());
    }

    #[test]
    fn any_order_of_facts_gives_the_same_baseline_and_the_same_alerts(
        (facts, shuffled) in facts().prop_flat_map(|facts| {
            let places: Vec<usize> = (0..facts.len()).collect();
            (Just(facts), Just(places).prop_shuffle())
        }),
        (learn_cutoffs, detect_cutoffs) in cutoffs()
    ) {
        let reordered: Vec<Plain> = shuffled.iter().map(|&place| facts[place].clone()).collect();
        prop_assert_eq!(rows(&really_learn(&facts, learn_cutoffs)), rows(&really_learn(&reordered, learn_cutoffs)));
        let reported: BTreeSet<usize> =
            really_detect(&reordered, detect_cutoffs).0.into_iter().map(|place| shuffled[place]).collect();
        prop_assert_eq!(really_detect(&facts, detect_cutoffs).0, reported);
    }

    #[test]
    fn days_learned_in_any_order_overlapping_or_twice_give_one_baseline(
        days in proptest::collection::vec(proptest::collection::vec((0usize..9, sighting()), 0..6), 1..6)
    ) {
        // Without forgetting, learning is merging: the order of the updates cannot matter.
        let cutoffs = LearnCutoffs { forget: None, mature: Timestamp(3) };
        let names = ["a", "b", "c"].map(String::from);
        let observe = |&(key, own): &(usize, Sighting)| Plain {
            fields: [vec![names[key / 3].clone()], vec![names[key % 3].clone()]],
            own: Some(own),
            said: None,
        };
        let update = |baseline: BTreeMap<Key, (Sighting, Change)>, day: &Vec<(usize, Sighting)>| {
            let stored = baseline.into_iter().map(|((user, command), (sighting, _))| Plain {
                fields: [vec![user], vec![command]],
                own: None,
                said: Some(Said { sighting, maturity: None, verbatim: true }),
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
}
