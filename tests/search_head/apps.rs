//! The apps of a search head, and which of their objects a search sees that runs in one of them.
//!
//! In its own app a search sees everything; of other apps what they export to the system (`metadata/default.meta`). Of
//! objects with one name its own app's comes first. Inferred: that of two other apps the last by name comes first.
//! Not here: objects of persons (private ones).

use super::conf::{Conf, ConfError, Stanza};
use std::{collections::BTreeMap, path::Path};

/// Conf files whose objects are named across apps, as `default.meta` calls them.
const KINDS: [&str; 5] = [
    "collections",
    "commands",
    "macros",
    "savedsearches",
    "transforms",
];

#[derive(Debug, Default)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) meta: Conf,
    confs: BTreeMap<String, Conf>,
}

impl App {
    /// As it lies in a folder: `default/*.conf`, over it `local/*.conf` setting by setting, and `metadata/default.meta`.
    pub(crate) fn read(name: &str, folder: &Path) -> Result<App, ConfError> {
        let conf = |kind: &str| {
            let mut conf = Conf::read(&folder.join(format!("default/{kind}.conf")))?;
            let local = folder.join(format!("local/{kind}.conf"));
            if local.exists() {
                for (name, stanza) in Conf::read(&local)?.stanzas {
                    conf.stanzas.entry(name).or_default().extend(stanza);
                }
            }
            Ok(conf)
        };
        let confs = KINDS.map(|kind| Ok((kind.to_string(), conf(kind)?)));
        Ok(App {
            name: name.to_string(),
            meta: Conf::read(&folder.join("metadata/default.meta"))?,
            confs: confs.into_iter().collect::<Result<_, ConfError>>()?,
        })
    }

    /// One that has these files, by kind, and this `default.meta`.
    pub(crate) fn of(name: &str, meta: &str, files: &[(&str, &str)]) -> Result<App, ConfError> {
        let parsed = |(kind, text): &(&str, &str)| Ok((kind.to_string(), Conf::parse(text)?));
        Ok(App {
            name: name.to_string(),
            meta: Conf::parse(meta)?,
            confs: files.iter().map(parsed).collect::<Result<_, ConfError>>()?,
        })
    }

    /// Lays `local.meta` over the app's metadata.
    pub(crate) fn overlay(&mut self, meta: &str) -> Result<(), ConfError> {
        for (name, stanza) in Conf::parse(meta)?.stanzas {
            self.meta.stanzas.entry(name).or_default().extend(stanza);
        }
        Ok(())
    }

    /// The value for an object: its own, else its kind's, else the app's.
    pub(crate) fn metadata(&self, kind: &str, object: &str, key: &str) -> Option<&str> {
        let own = format!("{kind}/{}", object.replace(' ', "%20"));
        let stanzas = [own.as_str(), kind, ""];
        stanzas.iter().find_map(|stanza| self.meta.get(stanza, key))
    }

    fn exports(&self, kind: &str, object: &str) -> bool {
        self.metadata(kind, object, "export") == Some("system")
    }

    fn objects(&self, kind: &str) -> impl Iterator<Item = (&String, &Stanza)> {
        self.confs
            .get(kind)
            .into_iter()
            .flat_map(|conf| &conf.stanzas)
    }
}

/// What a search in the app `context` sees of a kind.
pub(crate) fn visible(apps: &[App], context: &str, kind: &str) -> Conf {
    let mut others: Vec<&App> = apps.iter().filter(|app| app.name != context).collect();
    others.sort_by(|a, b| a.name.cmp(&b.name));
    let mut seen = Conf::default();
    for app in others {
        let exported = app
            .objects(kind)
            .filter(|(name, _)| app.exports(kind, name));
        seen.stanzas
            .extend(exported.map(|(name, stanza)| (name.clone(), stanza.clone())));
    }
    for app in apps.iter().filter(|app| app.name == context) {
        let own = app.objects(kind);
        seen.stanzas
            .extend(own.map(|(name, stanza)| (name.clone(), stanza.clone())));
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str, meta: &str) -> App {
        let macros = format!("[who]\ndefinition = {name}\n[only_{name}]\ndefinition = x\n");
        App::of(name, meta, &[("macros", &macros)]).unwrap()
    }

    #[test]
    fn an_app_sees_its_own_objects_first_and_of_others_what_they_export() {
        let apps = [
            app(
                "ours",
                "[]\nexport = none\n[macros/only_ours]\nexport = system\n",
            ),
            app("theirs", "[]\nexport = none\n[macros]\nexport = system\n"),
        ];
        for (context, who, names) in [
            ("ours", "ours", vec!["only_ours", "only_theirs", "who"]),
            ("theirs", "theirs", vec!["only_ours", "only_theirs", "who"]),
            ("search", "theirs", vec!["only_ours", "only_theirs", "who"]),
        ] {
            let seen = visible(&apps, context, "macros");
            assert_eq!(seen.get("who", "definition"), Some(who), "{context}");
            assert_eq!(Vec::from_iter(seen.stanzas.keys()), names, "{context}");
        }
        assert!(visible(&apps[..1], "search", "macros")
            .get("who", "definition")
            .is_none());
    }

    #[test]
    fn an_objects_metadata_is_its_own_or_its_kinds_or_the_apps() {
        let app = app(
            "ours",
            "[]\nexport = none\n[savedsearches/a%20b]\nexport = system\n",
        );
        assert_eq!(
            app.metadata("savedsearches", "a b", "export"),
            Some("system")
        );
        assert_eq!(app.metadata("savedsearches", "c", "export"), Some("none"));
        assert_eq!(app.metadata("savedsearches", "c", "owner"), None);
    }
}
