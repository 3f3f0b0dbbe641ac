//! Services: the part of a call before its first colon, and which of them a role used (step 3).

use super::PairSighting;

/// The service of a call such as `s3:GetObject`: the text before the first colon; none if there is no colon or nothing before it.
pub fn service_of(call: &[u8]) -> Option<&[u8]> {
    let colon = call.iter().position(|&byte| byte == b':')?;
    (colon > 0).then_some(&call[..colon])
}

/// The services of a role's known calls, by number, in ascending order.
#[derive(Debug)]
pub(super) struct UsedServices(Vec<u32>);

impl UsedServices {
    pub(super) fn new(calls: &[PairSighting], service_of: impl Fn(u32) -> Option<u32>) -> Self {
        let services = calls
            .iter()
            .filter_map(|sighting| service_of(sighting.pair.call));
        let mut services: Vec<u32> = services.collect();
        services.sort_unstable();
        services.dedup();
        Self(services)
    }

    /// Whether the role never used this service, though it used others.
    pub(super) fn lack(&self, service: u32) -> bool {
        !self.0.is_empty() && self.0.binary_search(&service).is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pair;
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_service_is_what_stands_before_the_first_colon() {
        let cases: &[(&str, Option<&str>)] = &[
            ("s3:GetObject", Some("s3")),
            ("a:b:c", Some("a")),
            ("s3:", Some("s3")),
            ("GetObject", None),
            (":GetObject", None),
            ("", None),
        ];
        for (call, service) in cases {
            let expected = service.map(str::as_bytes);
            assert_eq!(service_of(call.as_bytes()), expected, "{call}");
        }
    }

    /// Calls below 10 have no service; of the others, call `n` has service `n / 10`.
    #[test]
    fn a_role_that_used_no_service_lacks_none() {
        let used = |calls: &[u32]| {
            let calls = calls.iter().map(|&call| PairSighting {
                pair: Pair { role: 0, call },
                first: Timestamp(0),
            });
            let calls: Vec<_> = calls.collect();
            UsedServices::new(&calls, |call| (call >= 10).then_some(call / 10))
        };
        assert!(!used(&[]).lack(3));
        assert!(!used(&[1, 2]).lack(3));
        assert!(used(&[1, 50, 20]).lack(3));
        assert!(!used(&[35, 2, 20, 31]).lack(3));
    }
}
