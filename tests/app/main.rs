//! The shipped app, compared with itself, and played from Initial to alert.
//!
//! The play runs the searches of `splunk_app/` on the stand-in search head of `search_head/`, whose header says what it is
//! and what it is not; the search commands in them are real processes of the real binary. Its events are one real hour of
//! CloudTrail (`data/cloudtrail/README.md`) repeated every day, and a few made-up calls. It plays in 2023, in UTC.
//! The how-tos of `docs/searches.md` are played with the SPL as it stands on that page.

#[cfg(test)]
#[path = "../search_head/mod.rs"]
mod search_head;

#[cfg(test)]
mod alerting;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod deciding;
#[cfg(test)]
mod detecting;
#[cfg(test)]
mod drilldowns;
#[cfg(test)]
mod health;
#[cfg(test)]
mod how_tos;
#[cfg(test)]
mod install;
#[cfg(test)]
mod learning;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod lookup_faults;
#[cfg(test)]
mod names;
#[cfg(test)]
mod nine_days;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod ranking;
#[cfg(test)]
mod replaying;
#[cfg(test)]
mod shipped;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod stage;
