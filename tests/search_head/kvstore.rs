//! The KV store behind the lookups: its collections (`collection.rs`), how it is, and what it is asked.
//!
//! Documents are read in the order of their `_key`, which is not the order they were written in. One unfiltered
//! read gives at most `max_rows_per_query` documents; a probe by `lookup` reaches every document, and only by fields that the collection
//! accelerates. What each search asks of a collection is counted (`Traffic`).
//! Inferred: that a document written again is replaced as a whole; that one value of the wrong type refuses the whole
//! write; what `lookup` sees while the store is down (here: nothing, the worst case).

use super::{
    collection::{Collection, Document},
    conf::Conf,
    row::Row,
};
use std::{cell::RefCell, collections::BTreeMap};
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
            collections.insert(name.clone(), Collection::from_stanza(name, stanza)?);
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
        self.collections[collection].rows(usize::MAX)
    }

    /// One unfiltered read, as `inputlookup strict=true` does it.
    pub(crate) fn read(&self, collection: &str) -> Result<Vec<Row>, StoreError> {
        let stored = self.collection(collection)?;
        let most = match self.health {
            Health::Up | Health::RefusesWrites | Health::ReadOnly => self.max_rows_per_query,
            Health::Silent => 0,
            Health::Down => return Err(StoreError::Down),
        };
        let rows = stored.rows(most);
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
        let found = self.collection(collection)?.find(by, key);
        let found = found.ok_or_else(|| StoreError::NotAccelerated {
            collection: collection.to_string(),
            by: by.to_vec(),
        })?;
        match self.health {
            Health::Silent | Health::Down => Ok(vec![]),
            _ => Ok(found),
        }
    }

    /// Writes the fields that the collection has, each row under its `_key` or a new one; deletes nothing.
    ///
    /// All rows are written, or none. Tells whether they were: a read-only store leaves them out without an error.
    pub(crate) fn upsert(&mut self, collection: &str, rows: &[Row]) -> Result<bool, StoreError> {
        let stored = self.collection(collection)?;
        match self.health {
            Health::Down => return Err(StoreError::Down),
            Health::RefusesWrites if !rows.is_empty() => return Err(StoreError::NoWrites),
            Health::ReadOnly => return Ok(rows.is_empty()),
            _ => {}
        }
        let documents = rows.iter().map(|row| stored.document(row));
        let documents: Vec<Document> = documents.collect::<Result<_, _>>()?;
        for (row, document) in rows.iter().zip(documents) {
            let key = self.key_of(row);
            let stored = self.collections.get_mut(collection);
            stored
                .expect("the collection was found above")
                .put(key, document);
        }
        if !rows.is_empty() {
            let mut traffic = self.traffic.borrow_mut();
            traffic.entry(collection.to_string()).or_default().written += rows.len();
        }
        Ok(true)
    }

    fn key_of(&mut self, row: &Row) -> String {
        let key = row.text("_key");
        if !key.is_empty() {
            return key;
        }
        self.generated_keys += 1;
        format!("{:024x}", self.generated_keys)
    }

    /// The names that may stand in a lookup of this collection.
    pub(crate) fn check_fields(
        &self,
        collection: &str,
        fields: &[String],
    ) -> Result<(), StoreError> {
        let stored = self.collection(collection)?;
        match fields.iter().find(|field| !stored.has(field)) {
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
