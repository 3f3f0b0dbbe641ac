//! `_key`, the name of a key's row in its collection, which makes `outputlookup` update it in place.

use super::cache::DirectMappedCache;
use crate::keys::Value;
use sha2::digest::core_api::{Block, CoreProxy, UpdateCore};
use sha2::{Digest, Sha256};

/// 64 lower-case hex digits.
pub(super) type HexDigest = [u8; 64];

/// The name of a key's row: lower-case hex SHA-256 of the concatenated lower-case hex SHA-256 of each value.
///
/// SPL computes the same with `sha256(sha256(user).sha256(command))`. Field names do not take part, their order does.
pub fn row_key<'v>(values: impl Iterator<Item = &'v [u8]>) -> HexDigest {
    let joined = values.fold(Sha256::new(), |joined, value| {
        joined.chain_update(value_digest(value))
    });
    hex(&joined.finalize())
}

fn value_digest(value: &[u8]) -> HexDigest {
    hex(&Sha256::digest(value))
}

fn hex(digest: &[u8]) -> HexDigest {
    let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair[0] = digit(byte >> 4);
        pair[1] = digit(byte & 15);
    }
    text
}

/// SHA-256 after its first block.
///
/// The digest of a key's first value is 64 bytes, one whole block, and a role makes hundreds of calls: so the state behind that
/// block is kept and each further call of the role costs one block instead of two. `Digest` cannot hand out such a state without its
/// buffer, hence `sha2::digest::core_api`, a low-level interface that `sha2` 0.10 keeps stable and 0.11 renames: `Cargo.toml` pins 0.10.
///
/// If it were wrong, `outputlookup` would write beside a row instead of over it: the tests compare it with [`row_key`], and that with
/// what SPL computes. What it is worth: docs/performance.md, "What each trick is worth".
type Midstate = <Sha256 as CoreProxy>::Core;

fn midstate(value: &[u8]) -> Midstate {
    let mut state = Midstate::default();
    state.update_blocks(&[Block::<Midstate>::from(value_digest(value))]);
    state
}

/// Names the rows of many keys, and keeps what it worked out for their values.
pub(super) struct RowKeyCache {
    /// The state behind the digest of a row's first value.
    midstates: DirectMappedCache<Midstate>,
    /// The digests of the other values, by field.
    digests: Vec<DirectMappedCache<HexDigest>>,
}

impl RowKeyCache {
    /// For keys of `width` fields.
    pub(super) fn new(width: usize) -> Self {
        Self {
            midstates: DirectMappedCache::empty(),
            digests: vec![DirectMappedCache::empty(); width.saturating_sub(1)],
        }
    }

    /// The name of a key's row, as [`row_key`] has it.
    pub(super) fn of<'v>(&mut self, mut key: impl Iterator<Item = Value<'v>>) -> HexDigest {
        let first = key
            .next()
            .map(|first| self.midstates.get(first, midstate).clone());
        let joined = first.map_or_else(Sha256::new, Sha256::from_core);
        let others = self.digests.iter_mut().zip(key);
        let joined = others.fold(joined, |joined, (digests, value)| {
            joined.chain_update(digests.get(value, value_digest))
        });
        hex(&joined.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_row_is_what_spl_computes() {
        // Computed with Python's hashlib: sha256(sha256(v1) + sha256(v2)), each in lower-case hex.
        let cases: &[(&[&str], &str)] = &[
            (
                &["a"],
                "da3811154d59c4267077ddd8bb768fa9b06399c486e1fc00485116b57c9872f5",
            ),
            (
                &["admin", "CreateUser"],
                "2aa48759f8286277a98d24f9337c729e192ae86310f3348af54e002cf6785d21",
            ),
            (
                &["Röle, \"☃\"", "x"],
                "1b20535f63fccc59d7962fa3b15e0ed85693288f536d92e811d89e1a0718c39c",
            ),
            (
                &["", ""],
                "3b7546ed79e3e5a7907381b093c5a182cbf364c5dd0443dfa956c8cca271cc33",
            ),
            (
                &["a\nb", "$;$"],
                "54a23eb68484f77728c530dd927bf70b7cbd7c5bff90d1d9b4c6ecb7a24adab5",
            ),
        ];
        for (values, expected) in cases {
            let key = row_key(values.iter().map(|value| value.as_bytes()));
            assert_eq!(std::str::from_utf8(&key).unwrap(), *expected, "{values:?}");
        }
    }

    #[test]
    fn a_row_is_named_alike_whether_its_digests_are_cached_or_not() {
        const SLOTS: u32 = DirectMappedCache::<()>::SLOTS as u32;
        let mut names = RowKeyCache::new(2);
        let numbered = [
            (3, "a"),
            (3, "a"),
            (0, "b"),
            (SLOTS, "c"),
            (SLOTS - 1, "d"),
            (0, "b"),
        ];
        for (number, text) in numbered {
            let value = Value {
                number,
                text: text.as_bytes(),
            };
            let expected = row_key([text.as_bytes(); 2].into_iter());
            assert_eq!(names.of([value; 2].into_iter()), expected, "{text}");
        }
    }
}
