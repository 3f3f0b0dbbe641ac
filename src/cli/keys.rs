//! A key as one run of bytes: short to hash, short to keep, and taken apart again where its fields are needed.
//!
//! Each value stands behind its length, so that fields cannot run into each other.

use crate::keys::RowKeys;
use std::borrow::Cow;
use std::cmp::Ordering;

/// The bytes in front of a value that hold its length.
const LENGTH: usize = size_of::<u32>();

/// A key, owned.
pub(super) type PackedKey = Box<[u8]>;

/// Appends one more value, which `write` appends to a key that is being packed.
pub(super) fn pack(key: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = key.len();
    key.extend_from_slice(&[0; LENGTH]);
    write(key);
    let length =
        u32::try_from(key.len() - start - LENGTH).expect("no file has a value of four gigabytes");
    key[start..start + LENGTH].copy_from_slice(&length.to_le_bytes());
}

/// The values of a packed key, in the order of the fields.
pub(super) fn unpack(mut key: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    std::iter::from_fn(move || {
        let (length, rest) = key.split_first_chunk::<LENGTH>()?;
        let (value, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        key = rest;
        Some(value)
    })
}

/// Orders packed keys by their values, field by field and byte by byte.
pub(super) fn compare(one: &[u8], other: &[u8]) -> Ordering {
    unpack(one).cmp(unpack(other))
}

/// Puts a packed key where a fact wants it.
pub(super) fn unpack_into<'k>(key: &'k [u8], keys: &mut RowKeys<'k>) {
    keys.clear();
    unpack(key).for_each(|value| keys.add_field(|values| values.push(Cow::Borrowed(value))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(values: &[Vec<u8>]) -> Vec<u8> {
        let mut key = Vec::new();
        values
            .iter()
            .for_each(|value| pack(&mut key, |key| key.extend_from_slice(value)));
        key
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked_and_keeps_its_order(
            one in proptest::collection::vec(proptest::collection::vec(0u8..3, 0..4), 2),
            other in proptest::collection::vec(proptest::collection::vec(0u8..3, 0..4), 2),
        ) {
            prop_assert_eq!(unpack(&packed(&one)).map(<[u8]>::to_vec).collect::<Vec<_>>(), one.clone());
            prop_assert_eq!(compare(&packed(&one), &packed(&other)), one.cmp(&other));
        }
    }
}
