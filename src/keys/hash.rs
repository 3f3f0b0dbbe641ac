//! Hashing under a secret seed: names are chosen by others, and nobody must be able to choose names that collide.
//!
//! foldhash is fast and of good quality, not cryptographic as the standard library's SipHash is meant to be; its seeds come from the
//! operating system, are drawn anew in every process, and no hash ever leaves it. What comes out of a run never depends on them. If the
//! seed were known, whoever names roles could make every look-up slow (docs/threat-model.md). What foldhash is worth beside SipHash:
//! docs/performance.md, "What each trick is worth".

use foldhash::quality::FoldHasher;
use foldhash::SharedSeed;
use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// A secret under which to hash.
pub(crate) struct Seed {
    own: u64,
    shared: SharedSeed,
}

impl Seed {
    /// A seed that nobody knows.
    pub(crate) fn secret() -> Self {
        let random = || RandomState::new().hash_one(0u8);
        Self {
            own: random(),
            shared: SharedSeed::from_u64(random()),
        }
    }

    /// The hash of one value.
    pub(crate) fn of_value(&self, value: &[u8]) -> u64 {
        let mut hasher = self.hasher();
        hasher.write(value);
        hasher.finish()
    }

    /// The hash of a key. Each value counts with its length, so that fields cannot run into each other.
    pub(crate) fn of_key(&self, key: &[Cow<'_, [u8]>]) -> u64 {
        let mut hasher = self.hasher();
        key.iter()
            .for_each(|value| value.as_ref().hash(&mut hasher));
        hasher.finish()
    }

    fn hasher(&self) -> FoldHasher<'_> {
        FoldHasher::with_seed(self.own, &self.shared)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_into_each_other() {
        let seed = Seed::secret();
        let hash = |values: &[&'static str]| {
            let key: Vec<Cow<'_, [u8]>> = values
                .iter()
                .map(|value| Cow::Borrowed(value.as_bytes()))
                .collect();
            seed.of_key(&key)
        };
        assert_eq!(hash(&["ab", "c"]), hash(&["ab", "c"]));
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["ab", "c"]), hash(&["abc", ""]));
    }

    #[test]
    fn a_seed_never_shows_itself() {
        assert_eq!(format!("{:?}", Seed::secret()), "Seed(secret)");
    }

    #[test]
    fn two_seeds_hash_apart() {
        assert_ne!(
            Seed::secret().of_value(b"admin"),
            Seed::secret().of_value(b"admin")
        );
    }
}
