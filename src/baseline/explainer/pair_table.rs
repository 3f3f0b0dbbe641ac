//! Roles and calls by number, as ranking wants them: the first value of a key is the role, the others together are the call.
//!
//! Numbers count from 0 in the order of arrival. Names are not kept: equal ones are found by their fingerprints, which is one place to
//! look at and not the three that a name takes. Of a call its service is kept, of a role its family if that is asked for. Knows no times.

use super::super::fingerprint::{FingerprintMap, Fingerprints};
use super::family::family_of;
use crate::baseline::surprise::{service_of, Pair};
use crate::keys::Dictionary;
use std::borrow::Cow;

/// The roles and calls that came.
#[derive(Debug)]
pub(crate) struct PairTable {
    fingerprints: Fingerprints,
    roles: FingerprintMap<u32>,
    calls: FingerprintMap<u32>,
    /// The number of each call's service, by number of the call.
    services: Vec<Option<u32>>,
    service_names: Dictionary,
    /// Which value of a key has the service of its call, if any.
    service_field: Option<usize>,
    families: FingerprintMap<u32>,
    /// The number of each role's family, by number of the role; empty if families are not asked for.
    role_families: Vec<Option<u32>>,
    /// Whether families are asked for: set before the first pair comes.
    pub(super) has_families: bool,
}

impl PairTable {
    /// An empty table. `service_field` is the field whose values begin with a service, if there is one; the first has none, it is the role.
    pub(crate) fn new(service_field: Option<usize>) -> Self {
        Self {
            fingerprints: Fingerprints::secret(),
            roles: FingerprintMap::default(),
            calls: FingerprintMap::default(),
            services: Vec::new(),
            service_names: Dictionary::new(),
            service_field: service_field.filter(|&field| field > 0),
            families: FingerprintMap::default(),
            role_families: Vec::new(),
            has_families: false,
        }
    }

    /// The pair that a key of two values or more is.
    pub(crate) fn pair(&mut self, key: &[Cow<'_, [u8]>]) -> Pair {
        let (role, call) = key.split_at(1);
        let next = self.roles.len() as u32;
        let role = *self.roles.entry(self.fingerprints.of(role)).or_insert(next);
        if role == next && self.has_families {
            self.add_family(&key[0]);
        }
        let next = self.calls.len() as u32;
        let call = *self.calls.entry(self.fingerprints.of(call)).or_insert(next);
        if call == next {
            self.add_service(key);
        }
        Pair { role, call }
    }

    fn add_service(&mut self, key: &[Cow<'_, [u8]>]) {
        let service = self.service_field.and_then(|field| service_of(&key[field]));
        let number = service.map(|service| self.service_names.number(service));
        self.services.push(number);
    }

    fn add_family(&mut self, role: &[u8]) {
        let family = family_of(role).map(|family| self.fingerprints.of(&[Cow::Borrowed(family)]));
        let next = self.families.len() as u32;
        let number = family.map(|family| *self.families.entry(family).or_insert(next));
        self.role_families.push(number);
    }

    /// The number of a role's family, if it has one and families are asked for.
    pub(super) fn family(&self, role: u32) -> Option<u32> {
        *self.role_families.get(role as usize)?
    }

    /// The number of a call's service, if it has one.
    pub(crate) fn service(&self, call: u32) -> Option<u32> {
        self.services[call as usize]
    }

    /// The name of a call's service, if it has one.
    pub(crate) fn service_name(&self, call: u32) -> Option<&[u8]> {
        Some(self.service_names.get(self.service(call)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(table: &mut PairTable, key: &[&'static str]) -> (u32, u32) {
        let key: Vec<_> = key
            .iter()
            .map(|value| Cow::Borrowed(value.as_bytes()))
            .collect();
        let Pair { role, call } = table.pair(&key);
        (role, call)
    }

    #[test]
    fn the_first_value_is_the_role_and_the_others_together_are_the_call() {
        let mut table = PairTable::new(None);
        for (key, expected) in [
            (["ann", "eu", "s3:Get"], (0, 0)),
            (["bob", "eu", "s3:Get"], (1, 0)),
            (["ann", "us", "s3:Get"], (0, 1)),
            (["eu", "ann", "s3:Get"], (2, 2)),
        ] {
            assert_eq!(pair(&mut table, &key), expected, "{key:?}");
        }
    }

    #[test]
    fn a_service_is_read_from_its_field_alone() {
        let calls = [
            ["a:r", "x:eu", "s3:Get"],
            ["a:r", "x:eu", "s3:Put"],
            ["a:r", "x:eu", "kms:Sign"],
            ["a:r", "x:eu", "Get"],
        ];
        let services = |service_field| {
            let mut table = PairTable::new(service_field);
            calls.map(|key| {
                let (_, call) = pair(&mut table, &key);
                table.service(call)
            })
        };
        assert_eq!(services(Some(2)), [Some(0), Some(0), Some(1), None]);
        assert_eq!(services(Some(1)), [Some(0); 4]);
        assert_eq!(services(Some(0)), [None; 4], "the role");
        assert_eq!(services(None), [None; 4]);
    }
}
