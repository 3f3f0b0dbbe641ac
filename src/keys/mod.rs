//! Keys: the values of the `by` fields, in order, compared byte for byte.
//!
//! A row stands for one key or for several ([`RowKeys`]). A [`KeyTable`] gives each distinct key a small number, its [`KeyId`],
//! and each value of each field a number of its own, so that whatever is known of keys, of roles or of calls can be kept in plain
//! lists. Names are chosen by others: all hashing is seeded, and nothing that comes out depends on a hash.
//!
//! Knows nothing of times, rows or baselines.

mod dictionary;
mod hash;
mod index;
mod row_keys;
mod strings;
mod table;

pub use row_keys::{RowKeys, MAX_KEYS};
pub use table::{KeyId, KeyList, KeyTable, Value};

pub(crate) use dictionary::Dictionary;
pub(crate) use hash::Seed;
pub(crate) use strings::Strings;
pub(crate) use table::InternedKeys;
