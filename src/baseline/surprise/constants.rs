//! The constants of the formula, in one table. Changing one changes every score.
//!
//! Source: docs/surprise.md, section 2; the worked examples of its section 6 fail if one of these differs.

use crate::time::DAY;

/// How many of the roles most like it have a vote. Those that tie with the last of them vote too.
pub(super) const LIKE: usize = 25;
/// What the share among all roles weighs beside those votes.
pub(super) const DOUBT: f64 = 0.05;
/// How many times as surprising a call is whose service the role never used.
pub(super) const SERVICE: f64 = 3.0;
/// What `a` roles begin in the same window is `a` to this power times less surprising for each of them.
pub(super) const ROLLOUT: f64 = 2.0;
/// What one in so many of the roles like it does is no surprise.
pub(super) const ORDINARY: f64 = 8.0;
/// How far back a role's own new calls are counted, in microseconds.
pub(super) const HISTORY: i64 = 28 * DAY;
/// A role's first days, in which everything is new and nothing is counted, in microseconds.
pub(super) const SETTLING: i64 = 7 * DAY;
/// Before its history counts, a role is taken to have made so many new calls in so many days.
pub(super) const PRIOR: f64 = 3.0;
