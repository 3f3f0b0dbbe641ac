//! The lookups of `transforms.conf`: which fields of which collection a search may read and write; and lookup files.
//!
//! Knows no SPL and no protocol. Only lookups over the KV store, and only settings whose meaning is modelled. A lookup file
//! is a name that ends in `.csv` and the rows under it, all text: read whole, and written anew by each `outputlookup`.

use super::{
    conf::{Conf, Stanza},
    kvstore::{KvStore, StoreError},
    row::{keys, Row},
};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// What a lookup without `max_matches` gives of one key: `transforms.conf.spec`.
const MAX_MATCHES: usize = 100;

/// Keys a round trip, without `max_ext_batch`: `transforms.conf.spec`.
const MAX_EXT_BATCH: usize = 300;

#[derive(Debug)]
pub(crate) struct Lookups {
    lookups: BTreeMap<String, Lookup>,
    pub(crate) files: BTreeMap<String, Vec<Row>>,
}

#[derive(Debug)]
struct Lookup {
    collection: String,
    fields: Vec<String>,
    /// How many documents of one key are joined at most.
    max_matches: usize,
    /// How many keys one round trip to the store asks for.
    max_ext_batch: usize,
}

#[derive(Debug, Error)]
pub(crate) enum LookupError {
    #[error("there is no lookup `{0}`")]
    Unknown(String),
    #[error("lookup `{lookup}` has no field `{field}`")]
    NoField { lookup: String, field: String },
    #[error("lookup `{lookup}` sets `{key}`, which the stand-in does not know")]
    UnknownSetting { lookup: String, key: String },
    #[error("the stand-in looks up single values only, got {0:?}")]
    SeveralKeys(Vec<String>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Lookups {
    /// Every field of a lookup must be one of its collection.
    pub(crate) fn from_conf(conf: &Conf, store: &KvStore) -> Result<Lookups, LookupError> {
        let mut lookups = BTreeMap::new();
        for (name, stanza) in &conf.stanzas {
            let lookup = Lookup::from_stanza(name, stanza)?;
            store.check_fields(&lookup.collection, &lookup.fields)?;
            lookups.insert(name.clone(), lookup);
        }
        let files = BTreeMap::new();
        Ok(Lookups { lookups, files })
    }

    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.lookups.keys().cloned().collect()
    }

    /// Joins what the collection has of each row's key: `lookup <name> <by>… OUTPUT <field> as <shown>…`.
    ///
    /// Of several documents a field gets all values. Inferred: a document without the field adds none.
    pub(crate) fn join(
        &self,
        name: &str,
        by: &[String],
        output: &[(String, String)],
        mut rows: Vec<Row>,
        store: &KvStore,
    ) -> Result<Vec<Row>, LookupError> {
        let lookup = self.named(name)?;
        let fields = by.iter().chain(output.iter().map(|(field, _)| field));
        lookup.check_fields(name, fields)?;
        let (mut probes, mut found): (usize, usize) = (0, 0);
        for row in &mut rows {
            let documents = match keys(row, by).as_slice() {
                [] => vec![],
                [key] => {
                    probes += 1;
                    store.probe(&lookup.collection, by, key)?
                }
                several => return Err(LookupError::SeveralKeys(several.concat())),
            };
            let documents = &documents[..documents.len().min(lookup.max_matches)];
            found += documents.len();
            for (field, shown) in output {
                let values = documents.iter().flat_map(|document| document.values(field));
                row.set(shown, values.cloned().collect());
            }
        }
        let trips = probes.div_ceil(lookup.max_ext_batch);
        store.count_probes(&lookup.collection, probes, trips, found);
        Ok(rows)
    }

    pub(crate) fn read(&self, name: &str, store: &KvStore) -> Result<Vec<Row>, LookupError> {
        if is_file(name) {
            let rows = self.files.get(name).cloned();
            return rows.ok_or_else(|| LookupError::Unknown(name.to_string()));
        }
        let lookup = self.named(name)?;
        let rows = store.read(&lookup.collection)?.into_iter();
        Ok(rows.map(|row| lookup.only_fields(row)).collect())
    }

    /// The collection behind a lookup; none behind a file.
    pub(crate) fn collection(&self, name: &str) -> Option<&str> {
        Some(self.lookups.get(name)?.collection.as_str())
    }

    /// Writes the lookup's fields of the rows; other fields are dropped. No rows leave a file as it was.
    ///
    /// Tells whether the rows were stored.
    pub(crate) fn write(
        &mut self,
        name: &str,
        rows: &[Row],
        store: &mut KvStore,
    ) -> Result<bool, LookupError> {
        if is_file(name) {
            if !rows.is_empty() {
                self.files.insert(name.to_string(), rows.to_vec());
            }
            return Ok(true);
        }
        let lookup = self.named(name)?;
        let rows: Vec<Row> = rows
            .iter()
            .cloned()
            .map(|row| lookup.only_fields(row))
            .collect();
        Ok(store.upsert(&lookup.collection, &rows)?)
    }

    fn named(&self, name: &str) -> Result<&Lookup, LookupError> {
        let lookup = self.lookups.get(name);
        lookup.ok_or_else(|| LookupError::Unknown(name.to_string()))
    }
}

/// Whether the name is a lookup file's, not that of a stanza.
pub(crate) fn is_file(name: &str) -> bool {
    name.ends_with(".csv")
}

impl Lookup {
    fn from_stanza(name: &str, stanza: &Stanza) -> Result<Lookup, LookupError> {
        let mut lookup = Lookup {
            collection: String::new(),
            fields: vec![],
            max_matches: MAX_MATCHES,
            max_ext_batch: MAX_EXT_BATCH,
        };
        for (key, value) in stanza {
            match (key.as_str(), value.as_str()) {
                ("external_type", "kvstore") => {}
                ("collection", collection) => lookup.collection = collection.to_string(),
                ("fields_list", fields) => {
                    let fields = fields.split(',').map(|field| field.trim().to_string());
                    lookup.fields = fields.collect();
                }
                ("max_matches", number) => lookup.max_matches = whole(name, key, number)?,
                ("max_ext_batch", number) => lookup.max_ext_batch = whole(name, key, number)?,
                _ => {
                    let (lookup, key) = (name.to_string(), key.clone());
                    return Err(LookupError::UnknownSetting { lookup, key });
                }
            }
        }
        Ok(lookup)
    }

    fn check_fields<'a>(
        &self,
        name: &str,
        mut fields: impl Iterator<Item = &'a String>,
    ) -> Result<(), LookupError> {
        match fields.find(|field| !self.fields.contains(field)) {
            None => Ok(()),
            Some(field) => Err(LookupError::NoField {
                lookup: name.to_string(),
                field: field.clone(),
            }),
        }
    }

    fn only_fields(&self, row: Row) -> Row {
        row.renamed(|name| self.fields.iter().find(|field| *field == name).cloned())
    }
}

fn whole(lookup: &str, key: &str, number: &str) -> Result<usize, LookupError> {
    number.parse().map_err(|_| LookupError::UnknownSetting {
        lookup: lookup.to_string(),
        key: format!("{key} = {number}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(fields: &[&str]) -> Vec<String> {
        fields.iter().map(|field| field.to_string()).collect()
    }

    /// A lookup of calls, and a store that knows two of `Deploy` and none of `Audit`.
    fn calls() -> (Lookups, KvStore) {
        let collections = concat!(
            "[calls]\nenforceTypes = true\nfield.user = string\nfield.last = number\n",
            "accelerated_fields.user = {\"user\": 1}\n",
        );
        let transforms =
            "[recent]\nexternal_type = kvstore\ncollection = calls\nfields_list = _key, user, last\n";
        let mut store = KvStore::from_conf(&Conf::parse(collections).unwrap()).unwrap();
        let mut lookups = Lookups::from_conf(&Conf::parse(transforms).unwrap(), &store).unwrap();
        let deploy = |key, last| Row::of(&[("_key", key), ("user", "Deploy"), ("last", last)]);
        lookups
            .write("recent", &[deploy("a", "1"), deploy("b", "2")], &mut store)
            .unwrap();
        (lookups, store)
    }

    #[test]
    fn all_documents_of_a_key_are_joined_and_without_one_the_fields_are_emptied() {
        let (lookups, store) = calls();
        let rows = vec![
            Row::of(&[("user", "Deploy")]),
            Row::of(&[("user", "Audit"), ("end", "9")]),
            Row::of(&[("end", "9")]),
        ];
        let (by, output) = (names(&["user"]), vec![("last".into(), "end".into())]);
        let joined = lookups.join("recent", &by, &output, rows, &store).unwrap();
        let last: Vec<&[String]> = joined.iter().map(|row| row.values("end")).collect();
        assert_eq!(last, [names(&["1", "2"]), vec![], vec![]]);
    }

    #[test]
    fn a_file_is_written_anew_unless_there_is_nothing_to_write() {
        let (mut lookups, mut store) = calls();
        let row = |last| vec![Row::of(&[("last", last)])];
        for rows in [row("1"), row("2"), vec![]] {
            lookups.write("a.csv", &rows, &mut store).unwrap();
        }
        assert_eq!(lookups.read("a.csv", &store).unwrap(), row("2"));
        let error = lookups.read("b.csv", &store).unwrap_err();
        assert_eq!(error.to_string(), "there is no lookup `b.csv`");
    }

    #[test]
    fn a_lookup_or_field_that_is_not_defined_is_named() {
        let (lookups, store) = calls();
        let join = |name: &str, output: &str| {
            let output = [(output.to_string(), output.to_string())];
            let joined = lookups.join(name, &names(&["user"]), &output, vec![], &store);
            joined.unwrap_err().to_string()
        };
        assert_eq!(join("rare", "last"), "there is no lookup `rare`");
        assert_eq!(
            join("recent", "first"),
            "lookup `recent` has no field `first`"
        );
    }
}
