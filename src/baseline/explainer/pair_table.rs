//! Roles and calls by number, as ranking wants them: the first value of a key is the role, the others together are the call.
//!
//! Numbers count from 0 in the order of arrival. Knows no times.

use crate::baseline::surprise::{service_of, Pair};
use crate::keys::{Dictionary, KeyId, KeyTable};
use std::borrow::Cow;

/// The roles and calls that came.
#[derive(Debug)]
pub(super) struct PairTable {
    roles: Dictionary,
    calls: Calls,
    /// Which value of a call has its service, if any.
    service_field: Option<usize>,
}

/// The distinct calls, numbered from 0.
#[derive(Debug)]
enum Calls {
    /// Of one value, as nearly always.
    Single(Dictionary),
    /// Of several values.
    Tuple(KeyTable),
}

impl Calls {
    fn new(width: usize) -> Self {
        match width {
            1 => Self::Single(Dictionary::new()),
            width => Self::Tuple(KeyTable::new(width)),
        }
    }

    fn number(&mut self, call: &[Cow<'_, [u8]>]) -> u32 {
        match self {
            Self::Single(calls) => calls.number(&call[0]),
            Self::Tuple(calls) => calls.id(call).0,
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Single(calls) => calls.count(),
            Self::Tuple(calls) => calls.count(),
        }
    }

    fn value(&self, call: u32, field: usize) -> Option<&[u8]> {
        match self {
            Self::Single(calls) => Some(calls.get(call)).filter(|_| field == 0),
            Self::Tuple(calls) => calls.values(KeyId(call)).nth(field),
        }
    }
}

impl PairTable {
    /// A table for keys of `width` fields, two or more; `service_field` is the one whose values have a service, if any. That of a role
    /// has none.
    pub(super) fn new(width: usize, service_field: Option<usize>) -> Self {
        Self {
            roles: Dictionary::new(),
            calls: Calls::new(width - 1),
            service_field: service_field.and_then(|field| field.checked_sub(1)),
        }
    }

    /// The pair that a key is.
    pub(super) fn pair(&mut self, key: &[Cow<'_, [u8]>]) -> Pair {
        let (role, call) = key.split_at(1);
        Pair {
            role: self.roles.number(&role[0]),
            call: self.calls.number(call),
        }
    }

    /// The service of a call, if it has one.
    pub(super) fn service(&self, call: u32) -> Option<&[u8]> {
        service_of(self.calls.value(call, self.service_field?)?)
    }

    /// The number of each call's service, by number of the call.
    pub(super) fn services(&self) -> Vec<Option<u32>> {
        let mut services = Dictionary::new();
        let calls = 0..self.calls.count() as u32;
        calls
            .map(|call| Some(services.number(self.service(call)?)))
            .collect()
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
        let mut table = PairTable::new(3, None);
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
            let mut table = PairTable::new(3, service_field);
            calls.iter().for_each(|key| {
                pair(&mut table, key);
            });
            table.services()
        };
        assert_eq!(services(Some(2)), [Some(0), Some(0), Some(1), None]);
        assert_eq!(services(Some(1)), [Some(0); 4]);
        assert_eq!(services(Some(0)), [None; 4], "the role");
        assert_eq!(services(None), [None; 4]);
    }
}
