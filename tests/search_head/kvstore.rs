//! The KV store behind the lookups: collections of documents, each under its `_key`.
//!
//! Fields have the types of `collections.conf`. A number is kept as a double and read back as the shortest text for it.
//! A collection with `enforceTypes = false` and no types keeps any field, as text.
//! Documents are read in the order of their `_key`, which is not the order they were written in. One unfiltered
//! read gives at most `max_rows_per_query` documents; a probe by `lookup` reaches every document, and only by fields that the collection
//! accelerates. What each search asks of a collection is counted (`Traffic`).
//! Inferred: that a document written again is replaced as a whole; that one value of the wrong type refuses the whole
//! write; what `lookup` sees while the store is down (here: nothing, the worst case).

use super::{
    conf::{Conf, Stanza},
    row::Row,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};
use thiserror::Error;

/// Documents that one page of an unfiltered read brings: `kv_chunk_size` of limits.conf.
const PAGE: usize = 50_000;

/// How the store answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Health {
    Up,
    /// Answers every read with nothing, as a member that has just taken over and holds no data yet.
    Silent,
    /// Answers reads and writes with an error.
    Down,
    /// Answers reads, and writes with an error.
    RefusesWrites,
    /// Answers reads, and leaves writes undone with no more than a message: `KVSTORE_READONLY` of messages.conf.
    ReadOnly,
}

/// What searches asked of one collection.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Traffic {
    /// Documents that whole reads brought.
    pub(crate) read: usize,
    /// Keys that were looked up, and documents that this brought.
    pub(crate) probed: usize,
    pub(crate) joined: usize,
    pub(crate) written: usize,
    /// Requests to the store, for reads and probes.
    pub(crate) round_trips: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct KvStore {
    pub(crate) health: Health,
    /// Of limits.conf; Splunk's default is 50,000.
    pub(crate) max_rows_per_query: usize,
    collections: BTreeMap<String, Collection>,
    generated_keys: u64,
    traffic: RefCell<BTreeMap<String, Traffic>>,
}

#[derive(Clone, Debug)]
struct Collection {
    /// `None` if it takes whatever comes.
    types: Option<BTreeMap<String, Type>>,
    documents: BTreeMap<String, Document>,
    indexes: Vec<Index>,
}

/// The documents' keys by the values of some fields: `accelerated_fields`.
#[derive(Clone, Debug)]
struct Index {
    fields: Vec<String>,
    keys: BTreeSet<(Vec<String>, String)>,
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
}

#[derive(Debug, Error)]
pub(crate) enum StoreError {
    #[error("the KV store is down")]
    Down,
    #[error("the KV store takes no writes")]
    NoWrites,
    #[error("collection `{collection}` has no index for a lookup by {by:?}: every probe would read it whole")]
    NotAccelerated { collection: String, by: Vec<String> },
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
            let collection = Collection {
                types: types(name, stanza)?,
                documents: BTreeMap::new(),
                indexes: indexes(stanza),
            };
            collections.insert(name.clone(), collection);
        }
        Ok(KvStore {
            health: Health::Up,
            max_rows_per_query: 50_000,
            collections,
            generated_keys: 0,
            traffic: RefCell::default(),
        })
    }

    /// What was asked of each collection since this was last called.
    pub(crate) fn take_traffic(&self) -> BTreeMap<String, Traffic> {
        self.traffic.take()
    }

    /// Counts what one `lookup` command asked: keys, round trips, and documents that came.
    pub(crate) fn count_probes(&self, collection: &str, keys: usize, trips: usize, found: usize) {
        if keys == 0 {
            return;
        }
        let mut traffic = self.traffic.borrow_mut();
        let traffic = traffic.entry(collection.to_string()).or_default();
        traffic.probed += keys;
        traffic.round_trips += trips;
        traffic.joined += found;
    }

    pub(crate) fn collections(&self) -> Vec<String> {
        self.collections.keys().cloned().collect()
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
        let most = match self.health {
            Health::Up | Health::RefusesWrites | Health::ReadOnly => self.max_rows_per_query,
            Health::Silent => 0,
            Health::Down => return Err(StoreError::Down),
        };
        let cut = documents.iter().take(most);
        let rows: Vec<Row> = cut.map(|(key, document)| row(key, document)).collect();
        let mut traffic = self.traffic.borrow_mut();
        let traffic = traffic.entry(collection.to_string()).or_default();
        traffic.read += rows.len();
        traffic.round_trips += rows.len().div_ceil(PAGE).max(1);
        Ok(rows)
    }

    /// The documents whose fields have exactly these values, as `lookup` finds them.
    pub(crate) fn probe(
        &self,
        collection: &str,
        by: &[String],
        key: &[String],
    ) -> Result<Vec<Row>, StoreError> {
        let stored = self.collection(collection)?;
        let index = stored.index(by).ok_or_else(|| StoreError::NotAccelerated {
            collection: collection.to_string(),
            by: by.to_vec(),
        })?;
        if matches!(self.health, Health::Silent | Health::Down) {
            return Ok(vec![]);
        }
        let found = index.find(by, key);
        let found = found.map(|key| row(key, &stored.documents[key]));
        Ok(found.collect())
    }

    /// Writes the fields that the collection has, each row under its `_key` or a new one; deletes nothing.
    ///
    /// All rows are written, or none. Tells whether they were: a read-only store leaves them out without an error.
    pub(crate) fn upsert(&mut self, collection: &str, rows: &[Row]) -> Result<bool, StoreError> {
        let types = &self.collection(collection)?.types;
        match self.health {
            Health::Down => return Err(StoreError::Down),
            Health::RefusesWrites if !rows.is_empty() => return Err(StoreError::NoWrites),
            Health::ReadOnly => return Ok(rows.is_empty()),
            _ => {}
        }
        let documents: Vec<(String, Document)> = rows
            .iter()
            .map(|row| Ok((row.text("_key"), document(row, types.as_ref())?)))
            .collect::<Result<_, _>>()?;
        let mut traffic = self.traffic.borrow_mut();
        if !rows.is_empty() {
            traffic.entry(collection.to_string()).or_default().written += rows.len();
        }
        let stored = self.collections.get_mut(collection);
        let stored = stored.expect("the collection was found above");
        for (mut key, document) in documents {
            if key.is_empty() {
                self.generated_keys += 1;
                key = format!("{:024x}", self.generated_keys);
            }
            stored.put(key, document);
        }
        Ok(true)
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

impl Collection {
    /// One whose first fields are these, in any order.
    fn index(&self, by: &[String]) -> Option<&Index> {
        let serves = |index: &&Index| {
            let first = index.fields.get(..by.len()).unwrap_or_default();
            !first.is_empty() && first.iter().all(|field| by.contains(field))
        };
        self.indexes.iter().find(serves)
    }

    fn put(&mut self, key: String, document: Document) {
        let old = self.documents.get(&key);
        for index in &mut self.indexes {
            if let Some(old) = old {
                index.keys.remove(&(index.values(old), key.clone()));
            }
            let entry = (index.values(&document), key.clone());
            index.keys.insert(entry);
        }
        self.documents.insert(key, document);
    }
}

impl Index {
    fn values(&self, document: &Document) -> Vec<String> {
        let value = |field| document.get(field).map(Cell::text).unwrap_or_default();
        self.fields.iter().map(value).collect()
    }

    /// The keys of the documents in which the fields have these values.
    fn find<'a>(&'a self, by: &[String], key: &[String]) -> impl Iterator<Item = &'a String> {
        let value = |field: &String| {
            let place = by.iter().position(|name| name == field);
            key[place.expect("the index serves these fields")].clone()
        };
        let first: Vec<String> = self.fields[..by.len()].iter().map(value).collect();
        let from = (first.clone(), String::new());
        let found = self.keys.range(from..);
        found
            .take_while(move |(values, _)| values.starts_with(&first))
            .map(|(_, key)| key)
    }
}

/// The types of a collection's fields; `None` if it has none and takes any.
fn types(name: &str, stanza: &Stanza) -> Result<Option<BTreeMap<String, Type>>, StoreError> {
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
    match stanza.get("enforceTypes").map(String::as_str) {
        Some("true") => Ok(Some(types)),
        Some("false") if types.is_empty() => Ok(None),
        _ => Err(StoreError::TypesNotEnforced(name.to_string())),
    }
}

/// One index for each `accelerated_fields.<name> = {"<field>": 1, …}`.
fn indexes(stanza: &Stanza) -> Vec<Index> {
    let named = stanza
        .iter()
        .filter(|(key, _)| key.starts_with("accelerated_fields."))
        .map(|(_, fields)| {
            fields
                .split('"')
                .skip(1)
                .step_by(2)
                .map(String::from)
                .collect()
        });
    let index = |fields: Vec<String>| Index {
        fields,
        keys: BTreeSet::new(),
    };
    named.map(index).collect()
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
        let conf = concat!(
            "[calls]\nenforceTypes = true\nfield.user = string\nfield.last = number\n",
            "accelerated_fields.both = {\"user\": 1, \"last\": 1}\n",
        );
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
    fn a_probe_is_by_the_first_fields_of_an_index_in_any_order_and_finds_what_is_there_now() {
        let mut store = store();
        store.upsert("calls", &[call("a", "Audit", "1")]).unwrap();
        store.upsert("calls", &[call("a", "Audit", "2")]).unwrap();
        let names = |names: [&str; 2]| names.map(String::from);
        let by = names(["last", "user"]);
        let found = |last| {
            store
                .probe("calls", &by, &names([last, "Audit"]))
                .unwrap()
                .len()
        };
        assert_eq!([found("1"), found("2")], [0, 1]);
        let error = store.probe("calls", &["last".into()], &["2".into()]);
        assert!(matches!(error, Err(StoreError::NotAccelerated { .. })));
    }

    #[test]
    fn what_is_asked_of_a_collection_is_counted() {
        let mut store = store();
        let rows = [call("a", "Audit", "1"), call("b", "Deploy", "2")];
        store.upsert("calls", &rows).unwrap();
        store.read("calls").unwrap();
        store.count_probes("calls", 5, 1, 2);
        let expected = Traffic {
            read: 2,
            probed: 5,
            joined: 2,
            written: 2,
            round_trips: 2,
        };
        assert_eq!(store.take_traffic()["calls"], expected);
        assert!(store.take_traffic().is_empty());
    }

    #[test]
    fn a_store_without_writes_says_so_or_only_leaves_them_out() {
        let mut store = store();
        let rows = [call("a", "Audit", "1")];
        store.health = Health::ReadOnly;
        assert!(!store.upsert("calls", &rows).unwrap());
        store.health = Health::RefusesWrites;
        assert!(store.upsert("calls", &rows).is_err());
        assert!(store.read("calls").unwrap().is_empty());
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
