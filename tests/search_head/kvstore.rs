//! The KV store behind the lookups: collections of documents, each under its `_key`.
//!
//! Fields have the types of `collections.conf`. A number is kept as a double and read back as the shortest text for it.
//! A collection with `enforceTypes = false` and no types keeps any field, as text.
//! Documents are read in the order of their `_key`, which is not the order they were written in. One unfiltered
//! read gives at most `max_rows_per_query` documents; a probe by `lookup` reaches every document.
//! Inferred: that a document written again is replaced as a whole; that one value of the wrong type refuses the whole
//! write; what `lookup` sees while the store is down (here: nothing, the worst case).

use super::{conf::Conf, row::Row};
use std::collections::BTreeMap;
use thiserror::Error;

/// How the store answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Health {
    Up,
    /// Answers every read with nothing, as a member that has just taken over and holds no data yet.
    Silent,
    /// Answers reads with an error.
    Down,
}

#[derive(Debug)]
pub(crate) struct KvStore {
    pub(crate) health: Health,
    /// Of limits.conf; Splunk's default is 50,000.
    pub(crate) max_rows_per_query: usize,
    collections: BTreeMap<String, Collection>,
    generated_keys: u64,
}

#[derive(Debug)]
struct Collection {
    /// `None` if it takes whatever comes.
    types: Option<BTreeMap<String, Type>>,
    documents: BTreeMap<String, Document>,
}

type Document = BTreeMap<String, Cell>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Type {
    Text,
    Number,
}

#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Text(String),
    Number(f64),
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
        }
    }

    fn is(&self, value: &str) -> bool {
        match self {
            Cell::Text(text) => text == value,
            Cell::Number(_) => self.text() == value,
        }
    }
}

#[derive(Debug, Error)]
pub(crate) enum StoreError {
    #[error("the KV store is down")]
    Down,
    #[error("there is no collection `{0}`")]
    NoCollection(String),
    #[error("collection `{0}` must enforce its types or have none")]
    TypesNotEnforced(String),
    #[error("`{field}` has the type `{got}`; the stand-in knows `string` and `number`")]
    UnknownType { field: String, got: String },
    #[error("`{field}` must be a number, got `{got}`")]
    NotANumber { field: String, got: String },
    #[error("`{0}` has several values; the stand-in writes only one")]
    Multivalue(String),
    #[error("collection `{collection}` has no field `{field}`")]
    NoField { collection: String, field: String },
}

impl KvStore {
    pub(crate) fn from_conf(conf: &Conf) -> Result<KvStore, StoreError> {
        let mut collections = BTreeMap::new();
        for (name, stanza) in &conf.stanzas {
            let mut types = BTreeMap::new();
            for (key, value) in stanza {
                let Some(field) = key.strip_prefix("field.") else {
                    continue;
                };
                let kind = match value.as_str() {
                    "string" => Type::Text,
                    "number" => Type::Number,
                    other => {
                        let (field, got) = (field.to_string(), other.to_string());
                        return Err(StoreError::UnknownType { field, got });
                    }
                };
                types.insert(field.to_string(), kind);
            }
            let documents = BTreeMap::new();
            let types = match stanza.get("enforceTypes").map(String::as_str) {
                Some("true") => Some(types),
                Some("false") if types.is_empty() => None,
                _ => return Err(StoreError::TypesNotEnforced(name.clone())),
            };
            collections.insert(name.clone(), Collection { types, documents });
        }
        Ok(KvStore {
            health: Health::Up,
            max_rows_per_query: 50_000,
            collections,
            generated_keys: 0,
        })
    }

    /// Everything that is really there, for a test to look at; no search can do this.
    pub(crate) fn contents(&self, collection: &str) -> Vec<Row> {
        let documents = &self.collections[collection].documents;
        documents
            .iter()
            .map(|(key, document)| row(key, document))
            .collect()
    }

    /// One unfiltered read, as `inputlookup strict=true` does it.
    pub(crate) fn read(&self, collection: &str) -> Result<Vec<Row>, StoreError> {
        let documents = &self.collection(collection)?.documents;
        match self.health {
            Health::Up => {
                let cut = documents.iter().take(self.max_rows_per_query);
                Ok(cut.map(|(key, document)| row(key, document)).collect())
            }
            Health::Silent => Ok(vec![]),
            Health::Down => Err(StoreError::Down),
        }
    }

    /// The documents whose fields have exactly these values, as `lookup` finds them.
    pub(crate) fn probe(
        &self,
        collection: &str,
        by: &[String],
        key: &[String],
    ) -> Result<Vec<Row>, StoreError> {
        let documents = self.collection(collection)?.documents.iter();
        if self.health != Health::Up {
            return Ok(vec![]);
        }
        let fits = |document: &Document| {
            let mut fields = by.iter().zip(key);
            fields.all(|(field, value)| document.get(field).is_some_and(|cell| cell.is(value)))
        };
        Ok(documents
            .filter(|(_, document)| fits(document))
            .map(|(key, document)| row(key, document))
            .collect())
    }

    /// Writes the fields that the collection has, each row under its `_key` or a new one; deletes nothing.
    ///
    /// All rows are written, or none.
    pub(crate) fn upsert(&mut self, collection: &str, rows: &[Row]) -> Result<(), StoreError> {
        let types = &self.collection(collection)?.types;
        if self.health == Health::Down {
            return Err(StoreError::Down);
        }
        let documents: Vec<(String, Document)> = rows
            .iter()
            .map(|row| Ok((row.text("_key"), document(row, types.as_ref())?)))
            .collect::<Result<_, _>>()?;
        for (mut key, document) in documents {
            if key.is_empty() {
                self.generated_keys += 1;
                key = format!("{:024x}", self.generated_keys);
            }
            let collection = self.collections.get_mut(collection);
            let collection = collection.expect("the collection was found above");
            collection.documents.insert(key, document);
        }
        Ok(())
    }

    /// The names that may stand in a lookup of this collection.
    pub(crate) fn check_fields(
        &self,
        collection: &str,
        fields: &[String],
    ) -> Result<(), StoreError> {
        let Some(types) = &self.collection(collection)?.types else {
            return Ok(());
        };
        match fields
            .iter()
            .find(|field| *field != "_key" && !types.contains_key(*field))
        {
            None => Ok(()),
            Some(field) => Err(StoreError::NoField {
                collection: collection.to_string(),
                field: field.clone(),
            }),
        }
    }

    fn collection(&self, name: &str) -> Result<&Collection, StoreError> {
        let collection = self.collections.get(name);
        collection.ok_or_else(|| StoreError::NoCollection(name.to_string()))
    }
}

fn document(row: &Row, types: Option<&BTreeMap<String, Type>>) -> Result<Document, StoreError> {
    let fields: Vec<(String, Type)> = match types {
        Some(types) => types.iter().map(|(f, kind)| (f.clone(), *kind)).collect(),
        None => {
            let names = row.fields().filter(|(name, _)| *name != "_key");
            names.map(|(f, _)| (f.to_string(), Type::Text)).collect()
        }
    };
    let mut document = Document::new();
    for (field, kind) in fields {
        let value = match row.values(&field) {
            [] => continue,
            [value] => value,
            _ => return Err(StoreError::Multivalue(field)),
        };
        let cell = match (kind, value.parse()) {
            (Type::Text, _) => Cell::Text(value.clone()),
            (Type::Number, Ok(number)) => Cell::Number(number),
            (Type::Number, Err(_)) => {
                let got = value.clone();
                return Err(StoreError::NotANumber { field, got });
            }
        };
        document.insert(field, cell);
    }
    Ok(document)
}

fn row(key: &str, document: &Document) -> Row {
    let mut row = Row::of(&[("_key", key)]);
    for (field, cell) in document {
        row.set(field, vec![cell.text()]);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> KvStore {
        let conf = "[calls]\nenforceTypes = true\nfield.user = string\nfield.last = number\n";
        KvStore::from_conf(&Conf::parse(conf).unwrap()).unwrap()
    }

    fn call(key: &str, user: &str, last: &str) -> Row {
        Row::of(&[("_key", key), ("user", user), ("last", last)])
    }

    fn probe(store: &KvStore, user: &str) -> Vec<Row> {
        store
            .probe("calls", &["user".into()], &[user.into()])
            .unwrap()
    }

    #[test]
    fn a_row_with_a_key_replaces_its_document_and_nothing_is_deleted() {
        let mut store = store();
        store
            .upsert(
                "calls",
                &[call("b", "Deploy", "1"), call("a", "Audit", "2")],
            )
            .unwrap();
        store
            .upsert("calls", &[call("b", "Deploy", "3.50")])
            .unwrap();
        store.upsert("calls", &[]).unwrap();
        let rows = store.read("calls").unwrap();
        let texts: Vec<_> = rows
            .iter()
            .map(|row| [row.text("user"), row.text("last")])
            .collect();
        assert_eq!(texts, [["Audit", "2"], ["Deploy", "3.5"]]);
    }

    #[test]
    fn a_row_without_a_key_becomes_a_document_of_its_own() {
        let mut store = store();
        let row = Row::of(&[("user", "Deploy"), ("not_a_field", "x")]);
        store.upsert("calls", &[row.clone(), row]).unwrap();
        let found = probe(&store, "Deploy");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].text("not_a_field"), "");
    }

    #[test]
    fn a_collection_without_types_keeps_text_as_it_came() {
        let conf = Conf::parse("[any]\nenforceTypes = false\nreplicate = false\n").unwrap();
        let mut store = KvStore::from_conf(&conf).unwrap();
        store.upsert("any", &[call("a", "Audit", "7.000")]).unwrap();
        assert_eq!(
            store.contents("any"),
            [call("a", "Audit", "7.000")].map(|row| {
                Row::of(&[
                    ("_key", "a"),
                    ("last", &row.text("last")),
                    ("user", "Audit"),
                ])
            })
        );
        let half = Conf::parse("[half]\nenforceTypes = false\nfield.user = string\n").unwrap();
        assert!(KvStore::from_conf(&half).is_err());
    }

    #[test]
    fn one_value_of_the_wrong_type_refuses_the_whole_write() {
        let mut store = store();
        let rows = [call("a", "Audit", "1"), call("b", "Deploy", "yesterday")];
        let error = store.upsert("calls", &rows).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`last` must be a number, got `yesterday`"
        );
        assert!(store.contents("calls").is_empty());
    }

    #[test]
    fn a_read_is_cut_where_a_probe_is_not_and_a_store_that_is_down_fails_the_read() {
        let mut store = store();
        store
            .upsert(
                "calls",
                &[call("a", "Audit", "1"), call("b", "Deploy", "2")],
            )
            .unwrap();
        store.max_rows_per_query = 1;
        assert_eq!(store.read("calls").unwrap().len(), 1);
        assert_eq!(probe(&store, "Deploy").len(), 1);
        assert_eq!(probe(&store, "deploy").len(), 0);
        store.health = Health::Silent;
        assert!(store.read("calls").unwrap().is_empty());
        store.health = Health::Down;
        assert!(store.read("calls").is_err());
        assert!(store.upsert("calls", &[]).is_err());
        assert_eq!(store.contents("calls").len(), 2);
    }
}
