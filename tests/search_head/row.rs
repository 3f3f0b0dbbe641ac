//! One row of a search, and nothing that happens to it.
//!
//! A field has a list of values: none (absent; Splunk's rows cannot tell absent from empty), one, or
//! several. Fields keep the order in which they came, because a command shows columns in that order.

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    fields: Vec<(String, Vec<String>)>,
}

impl Row {
    pub(crate) fn of(fields: &[(&str, &str)]) -> Row {
        let mut row = Row::default();
        for (name, value) in fields {
            row.set(name, vec![value.to_string()]);
        }
        row
    }

    /// The field's values; none if it is absent.
    pub(crate) fn values(&self, name: &str) -> &[String] {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map_or(&[], |(_, values)| values)
    }

    /// The field as Splunk shows it in one cell: its values, one a line; empty if it is absent.
    pub(crate) fn text(&self, name: &str) -> String {
        self.values(name).join("\n")
    }

    /// Sets the field; empty text and an empty list both take it away.
    pub(crate) fn set(&mut self, name: &str, values: Vec<String>) {
        let place = self.fields.iter().position(|(field, _)| field == name);
        match (place, values.iter().all(String::is_empty)) {
            (Some(place), true) => drop(self.fields.remove(place)),
            (Some(place), false) => self.fields[place].1 = values,
            (None, true) => {}
            (None, false) => self.fields.push((name.to_string(), values)),
        }
    }

    /// Adds one more value to the field.
    pub(crate) fn push(&mut self, name: &str, value: String) {
        match self.fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, values)) => values.push(value),
            None => self.fields.push((name.to_string(), vec![value])),
        }
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.fields
            .iter()
            .map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// The same values under other names, or none: fields whose new name is `None` are left out.
    pub(crate) fn renamed(self, name: impl Fn(&str) -> Option<String>) -> Row {
        let mut row = Row::default();
        for (field, values) in self.fields {
            if let Some(name) = name(&field) {
                row.set(&name, values);
            }
        }
        row
    }
}

/// The columns of these rows together, in the order in which they first appear.
pub(crate) fn columns(rows: &[Row]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for (name, _) in rows.iter().flat_map(Row::fields) {
        if !columns.iter().any(|column| column == name) {
            columns.push(name.to_string());
        }
    }
    columns
}

/// Every way to choose one value of each field: how `by` sees a row with multivalue fields.
///
/// Empty if a field is absent: `by` leaves such a row out.
pub(crate) fn keys(row: &Row, by: &[String]) -> Vec<Vec<String>> {
    by.iter().fold(vec![vec![]], |keys, field| {
        keys.iter()
            .flat_map(|key| {
                row.values(field)
                    .iter()
                    .map(|value| [key.as_slice(), std::slice::from_ref(value)].concat())
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_multivalue_keys_stands_for_their_cross_product_and_one_without_a_key_for_nothing()
    {
        let by = ["user".to_string(), "command".to_string()];
        let mut row = Row::of(&[("user", "Deploy"), ("command", "RunInstances")]);
        row.push("command", "StopInstances".into());
        assert_eq!(
            keys(&row, &by),
            [["Deploy", "RunInstances"], ["Deploy", "StopInstances"]]
        );
        assert!(keys(&Row::of(&[("user", "Deploy")]), &by).is_empty());
    }

    #[test]
    fn columns_come_in_the_order_in_which_they_first_appear() {
        let rows = [Row::of(&[("b", "1")]), Row::of(&[("a", "1"), ("b", "2")])];
        assert_eq!(columns(&rows), ["b", "a"]);
    }
}
