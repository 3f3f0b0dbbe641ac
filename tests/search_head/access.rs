//! Who runs a search, and whether that person may write a collection: `access` in `default.meta`.
//!
//! Inferred: that `outputlookup` asks for write access to the collection, and that the schedule, which runs as splunkd's own system
//! user, may write everything. Not here: read access, capabilities, roles that inherit from others.

use super::apps::App;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum User {
    /// splunkd's own system user, who runs what nobody owns.
    System,
    /// Has the role `admin`.
    Admin,
    /// Has the role `power`.
    Analyst,
    /// Has the role `user`.
    Reader,
}

impl User {
    fn role(self) -> &'static str {
        match self {
            User::System => "splunk-system-role",
            User::Admin => "admin",
            User::Analyst => "power",
            User::Reader => "user",
        }
    }

    pub(crate) fn may_write(self, app: &App, collection: &str) -> bool {
        let access = app.metadata("collections", collection, "access");
        let writers = access.and_then(|access| access.split_once("write : ["));
        let writers = writers.and_then(|(_, after)| after.split_once(']'));
        let mut writers = writers.into_iter().flat_map(|(roles, _)| roles.split(','));
        self == User::System || writers.any(|role| ["*", self.role()].contains(&role.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collections_own_access_counts_before_the_apps() {
        let meta = "[]\naccess = read : [ * ], write : [ admin, sc_admin ]\n\
                    [collections/open]\naccess = read : [ * ], write : [ * ]\n";
        let app = App::of("x", meta, &[]).unwrap();
        for (user, open, closed) in [
            (User::System, true, true),
            (User::Admin, true, true),
            (User::Analyst, true, false),
        ] {
            assert_eq!(user.may_write(&app, "open"), open, "{user:?}");
            assert_eq!(user.may_write(&app, "closed"), closed, "{user:?}");
        }
    }
}
