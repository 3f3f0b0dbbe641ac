//! What the app's scheduled searches are called in `savedsearches.conf`, and the macro that leaves out what is expected.

/// The hourly detection.
pub(super) const DETECTION: &str = "Cloud API Calls From Previously Unseen User Roles";
/// The nightly update of the baseline.
pub(super) const UPDATE: &str = "Previously Seen Cloud API Calls Per User Role - Update";
/// The nightly search for what was learned and never alerted.
pub(super) const RECONCILE: &str = "Unseen - Reconcile";
/// The last step of the detection: its definition leaves out what a site expects.
pub const FILTER_MACRO: &str = "cloud_api_calls_from_previously_unseen_user_roles_filter";
