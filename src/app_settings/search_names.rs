//! What the app's scheduled searches are called in `savedsearches.conf`.

/// The hourly detection.
pub(super) const DETECTION: &str = "Cloud API Calls From Previously Unseen User Roles";
/// The nightly update of the baseline.
pub(super) const UPDATE: &str = "Previously Seen Cloud API Calls Per User Role - Update";
/// The nightly search for what was learned and never alerted.
pub(super) const RECONCILE: &str = "Unseen - Reconcile";
