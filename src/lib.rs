//! Unseen: cloud API calls by roles that never made them before.

pub mod time;
