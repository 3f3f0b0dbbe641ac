//! Fingerprints: a key in 128 bits, for the question whether two keys are equal and for nothing else.
//!
//! Two hashes under different secret seeds. Sixteen bytes a key whatever its length, and among a thousand million keys the odds that
//! any two share them are below 1 : 10^20. No key can be had back from one; that is what `keys::KeyTable` is for.

use crate::keys::Seed;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Two hashes of a key under different secret seeds.
pub(super) type Fingerprint = (u64, u64);

/// A map by fingerprint, which is hashed already.
pub(super) type FingerprintMap<T> = HashMap<Fingerprint, T, BuildHasherDefault<FingerprintHasher>>;

/// Makes fingerprints; those of two makers cannot be compared.
#[derive(Debug)]
pub(super) struct Fingerprints([Seed; 2]);

impl Fingerprints {
    /// A maker with seeds that nobody knows.
    pub(super) fn secret() -> Self {
        Self([Seed::secret(), Seed::secret()])
    }

    pub(super) fn of(&self, key: &[Cow<'_, [u8]>]) -> Fingerprint {
        let Self([one, other]) = self;
        (one.of_key(key), other.of_key(key))
    }
}

/// Mixes the halves of a fingerprint, each of which is a good hash already: a second hashing would only cost time. Nobody who chooses
/// names can choose fingerprints, since both seeds are secret. If it mixed badly, look-ups would slow down, and find the same. What it
/// is worth: docs/performance.md, "What each trick is worth".
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FingerprintHasher(u64);

impl Hasher for FingerprintHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, half: u64) {
        self.0 ^= half;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    #[test]
    fn keys_spread_over_their_map() {
        let fingerprints = Fingerprints::secret();
        let names: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
        let hash = |name: &String| {
            let key = [Cow::Borrowed(name.as_bytes())];
            BuildHasherDefault::<FingerprintHasher>::default().hash_one(fingerprints.of(&key))
        };
        let hashes: HashSet<u64> = names.iter().map(hash).collect();
        assert_eq!(hashes.len(), names.len());
    }
}
