//! One collection of the KV store: documents with typed fields, each under its `_key`, and the indexes they are found by.
//!
//! Fields have the types of `collections.conf`. A number is kept as a double and read back as the shortest text for it.
//! A collection with `enforceTypes = false` and no types keeps any field, as text.

use super::{conf::Stanza, kvstore::StoreError, row::Row};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
pub(super) struct Collection {
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

pub(super) type Document = BTreeMap<String, Cell>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Type {
    Text,
    Number,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
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

impl Collection {
    pub(super) fn from_stanza(name: &str, stanza: &Stanza) -> Result<Collection, StoreError> {
        Ok(Collection {
            types: types(name, stanza)?,
            documents: BTreeMap::new(),
            indexes: indexes(stanza),
        })
    }

    /// Whether a lookup may name the field.
    pub(super) fn has(&self, field: &str) -> bool {
        let typed = |types: &BTreeMap<String, Type>| field == "_key" || types.contains_key(field);
        self.types.as_ref().is_none_or(typed)
    }

    /// The first documents by `_key`.
    pub(super) fn rows(&self, most: usize) -> Vec<Row> {
        let documents = self.documents.iter().take(most);
        documents
            .map(|(key, document)| row(key, document))
            .collect()
    }

    /// The documents whose fields have exactly these values; none if no index serves the fields.
    pub(super) fn find(&self, by: &[String], values: &[String]) -> Option<Vec<Row>> {
        let found = self.index(by)?.find(by, values);
        Some(found.map(|key| row(key, &self.documents[key])).collect())
    }

    /// What a row becomes; the fields that the collection does not have are left out.
    pub(super) fn document(&self, row: &Row) -> Result<Document, StoreError> {
        document(row, self.types.as_ref())
    }

    /// One whose first fields are these, in any order.
    fn index(&self, by: &[String]) -> Option<&Index> {
        let serves = |index: &&Index| {
            let first = index.fields.get(..by.len()).unwrap_or_default();
            !first.is_empty() && first.iter().all(|field| by.contains(field))
        };
        self.indexes.iter().find(serves)
    }

    pub(super) fn put(&mut self, key: String, document: Document) {
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
