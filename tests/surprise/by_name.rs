//! The real ranking, run on an input of names: names become numbers in the order in which rows bring them.

use super::input::RankInput;
use std::collections::{BTreeMap, HashMap};
use unseen::baseline::surprise::{rank, service_of, six_decimals, Evidence, Pair, PairSighting};
use unseen::time::Timestamp;

/// Names, numbered from 0 as they come.
#[derive(Default)]
struct Names {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        let next = self.names.len() as u32;
        let number = *self.numbers.entry(name.to_owned()).or_insert(next);
        if number == next {
            self.names.push(name.to_owned());
        }
        number
    }

    fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }

    /// The number of each call's service, if it has one.
    fn services(&self) -> Vec<Option<u32>> {
        let mut services = Names::default();
        let calls = self.names.iter();
        let of_calls = calls.map(|call| service_of(call.as_bytes()));
        of_calls
            .map(|service| Some(services.number(std::str::from_utf8(service?).unwrap())))
            .collect()
    }

    /// The number of each role's family, if it has one.
    fn families(&self, input: &RankInput) -> Vec<Option<u32>> {
        let mut families = Names::default();
        let of_roles = self.names.iter().map(|role| input.families.get(role));
        of_roles
            .map(|family| Some(families.number(family?)))
            .collect()
    }
}

/// What is reported of a pair.
#[derive(Clone, Debug)]
pub(crate) struct RankedPair {
    pub(crate) evidence: Evidence,
    pub(crate) reason: String,
}

impl RankedPair {
    pub(crate) fn surprise(&self) -> f64 {
        self.evidence.terms().score()
    }

    /// All that goes out, as it is written.
    pub(crate) fn written(&self) -> String {
        let (evidence, terms) = (&self.evidence, self.evidence.terms());
        let numbers = [
            terms.score(),
            terms.peers,
            terms.service,
            terms.rollout,
            terms.weight,
        ];
        let first_seen = evidence.role.first_seen;
        let mut cells: Vec<String> = numbers.map(six_decimals).into();
        cells.push(evidence.novelty().name().to_owned());
        cells.push(first_seen.map_or(String::new(), |first| first.to_string()));
        cells.push(evidence.role.calls.to_string());
        cells.push(evidence.makers.to_string());
        cells.push(self.reason.clone());
        cells.join(",")
    }
}

/// What is reported of each observed pair that is new, by name.
pub(crate) fn rank_by_name(input: &RankInput) -> BTreeMap<(String, String), RankedPair> {
    let (mut roles, mut calls) = <(Names, Names)>::default();
    let mut pair = |role: &str, call: &str| Pair {
        role: roles.number(role),
        call: calls.number(call),
    };
    let stored = input.live().map(|row| PairSighting {
        pair: pair(&row.role, &row.call),
        first: match row.first {
            first if first > Timestamp(0) => first,
            _ => PairSighting::UNDATED,
        },
    });
    let stored = stored.collect();
    let observed = input.observed.iter();
    let observed = observed.map(|(role, call)| pair(role, call)).collect();
    let services = calls.services();
    let number_of_service = |call| services[call as usize];
    let families = roles.families(input);
    let family_of = |role| families[role as usize];
    let evidence = rank(
        input.window_opens,
        stored,
        observed,
        number_of_service,
        family_of,
    );
    let named = evidence.into_iter().map(|evidence| {
        let role = roles.name(evidence.pair.role).to_owned();
        let call = calls.name(evidence.pair.call).to_owned();
        let reason = evidence.reason(service_of(call.as_bytes()).unwrap_or_default());
        ((role, call), RankedPair { evidence, reason })
    });
    named.collect()
}
