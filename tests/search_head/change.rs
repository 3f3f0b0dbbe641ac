//! CloudTrail records as Splunk's searches see them: raw events, and rows of the Change data model.
//!
//! **This is not the mapping of Splunk's add-on for AWS.** That one differs from version to version and from call to
//! call: it may give as `user` the role, the session or `unknown`, and lets only some calls into the model at all. Here
//! every record is a change, and the mapping is the simplest honest one: the role that called, and what it called.
//! Left out too: `cim_Change_indexes`, tags, limits of field extraction. Of the add-on only `errorCode` is here.
//! Facts: the CIM's Change data model fills `user`, `command`, `object` and `status` with `unknown` when they are empty, and
//! `user_type`, `vendor_account`, `vendor_region` and `user_agent` not; `EVAL-errorCode` in props.conf of the add-on, 4.x to 8.3. Records: `tests/data/cloudtrail/README.md`.

use super::{relative_time::at, row::Row};
use chrono::DateTime;
use flate2::read::GzDecoder;
use serde_json::{json, Value};
use std::{fs::File, io::Read, path::Path, sync::Arc};

/// A record that was written at `time` and could be searched from `arrives` on (epoch seconds, UTC).
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) time: i64,
    pub(crate) arrives: i64,
    record: Arc<Value>,
    /// The record's values by path, worked out once: a play reads the same records every hour.
    flat: Arc<Row>,
}

/// Splunk's add-on for AWS, which changes what raw events look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum AddOn {
    Installed,
    Absent,
}

impl Event {
    fn of(record: Value) -> Event {
        let time = at(record["eventTime"].as_str().unwrap_or_default());
        Event::written(record, time)
    }

    fn written(record: Value, time: i64) -> Event {
        let mut flat = Row::of(&[("index", "main"), ("sourcetype", "aws:cloudtrail")]);
        flatten("", &record, &mut flat);
        Event {
            time,
            arrives: time,
            record: Arc::new(record),
            flat: Arc::new(flat),
        }
    }

    /// The same event with another record.
    fn with(&self, record: Value) -> Event {
        Event {
            arrives: self.arrives,
            ..Event::written(record, self.time)
        }
    }

    /// A successful call by an assumed role, made up for a story.
    pub(crate) fn call(role: &str, command: &str, time: i64) -> Event {
        let account = "111122223333";
        let record = json!({
            "eventSource": "iam.amazonaws.com",
            "eventName": command,
            "awsRegion": "eu-central-1",
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "aws-cli/2.13",
            "userIdentity": {
                "type": "AssumedRole",
                "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/session"),
                "accountId": account,
                "sessionContext": {"sessionIssuer": {"userName": role, "accountId": account}},
            },
            "recipientAccountId": account,
        });
        Event::written(record, time)
    }

    /// The record, as a CloudTrail file has it in one line.
    pub(crate) fn json(&self) -> String {
        let mut record = (*self.record).clone();
        let time = DateTime::from_timestamp(self.time, 0).expect("a time of the play");
        record["eventTime"] = time.format("%Y-%m-%dT%H:%M:%SZ").to_string().into();
        record.to_string()
    }

    /// The same call from another address.
    pub(crate) fn at_address(&self, address: &str) -> Event {
        let mut record = (*self.record).clone();
        record["sourceIPAddress"] = address.into();
        self.with(record)
    }

    /// The same call on a bucket.
    pub(crate) fn on_bucket(&self, name: &str) -> Event {
        let mut record = (*self.record).clone();
        record["requestParameters"] = json!({ "bucketName": name });
        record["resources"] = json!([{ "ARN": format!("arn:aws:s3:::{name}") }]);
        self.with(record)
    }

    /// The same record, found only later: CloudTrail delivers late.
    pub(crate) fn arriving(self, arrives: i64) -> Event {
        Event { arrives, ..self }
    }

    /// The same call some days later.
    pub(crate) fn days_later(&self, days: i64) -> Event {
        let later = days * 86_400;
        Event {
            time: self.time + later,
            arrives: self.arrives + later,
            ..self.clone()
        }
    }

    pub(crate) fn is_by_a_role(&self) -> bool {
        self.record["userIdentity"]["type"] == "AssumedRole"
    }

    /// As the search command finds it: `_time`, `_indextime`, and every value of the record under its path, `resources{}.ARN` in an array.
    ///
    /// The add-on calculates an `errorCode` of `success` where a record has none.
    /// Inferred: a JSON null is an absent field.
    pub(crate) fn raw(&self, add_on: AddOn) -> Row {
        let mut row = Row::clone(&self.flat);
        row.set("_time", vec![self.time.to_string()]);
        row.set("_indextime", vec![self.arrives.to_string()]);
        if add_on == AddOn::Installed && row.values("errorCode").is_empty() {
            row.set("errorCode", vec!["success".into()]);
        }
        row
    }

    /// As `tstats` finds it in the Change data model; every field is called `All_Changes.…`, but `_time`.
    pub(crate) fn change(&self) -> Row {
        let text = |pointer: &str| self.record.pointer(pointer).and_then(Value::as_str);
        let parameter = |name: &&str| text(&format!("/requestParameters/{name}"));
        let status = match text("/errorCode") {
            None => "success",
            Some(_) => "failure",
        };
        let object = text("/resources/0/ARN")
            .or_else(|| OBJECTS.iter().find_map(parameter))
            .unwrap_or("unknown");
        let user = text("/userIdentity/sessionContext/sessionIssuer/userName");
        let account = text("/userIdentity/accountId").or(text("/recipientAccountId"));
        Row::of(&[
            ("_time", &self.time.to_string()),
            (FIELDS[0], user.unwrap_or("unknown")),
            (FIELDS[1], text("/userIdentity/type").unwrap_or_default()),
            (FIELDS[2], status),
            (FIELDS[3], text("/eventName").unwrap_or("unknown")),
            (FIELDS[4], object),
            (FIELDS[5], account.unwrap_or_default()),
            (FIELDS[6], text("/awsRegion").unwrap_or_default()),
            (FIELDS[7], text("/sourceIPAddress").unwrap_or_default()),
            (FIELDS[8], text("/userAgent").unwrap_or_default()),
        ])
    }
}

const FIELDS: [&str; 9] = [
    "All_Changes.user",
    "All_Changes.user_type",
    "All_Changes.status",
    "All_Changes.command",
    "All_Changes.object",
    "All_Changes.vendor_account",
    "All_Changes.vendor_region",
    "All_Changes.src",
    "All_Changes.user_agent",
];

/// Request parameters that name what a call is about, where a record has no resources.
const OBJECTS: [&str; 5] = [
    "bucketName",
    "instanceId",
    "roleName",
    "userName",
    "functionName",
];

/// Whether the Change data model has the field, as far as the stand-in goes.
pub(crate) fn is_field(name: &str) -> bool {
    FIELDS.contains(&name)
}

/// The records of one CloudTrail log file, `{"Records":[…]}` in gzip, in the order of the file.
pub(crate) fn records(path: &Path) -> Vec<Event> {
    let mut text = String::new();
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    GzDecoder::new(file)
        .read_to_string(&mut text)
        .expect("records are gzip");
    let mut log: Value = serde_json::from_str(&text).expect("records are JSON");
    let Value::Array(records) = log["Records"].take() else {
        panic!("{}: no `Records`", path.display());
    };
    records.into_iter().map(Event::of).collect()
}

fn flatten(path: &str, value: &Value, row: &mut Row) {
    let plain = match value {
        Value::Null => return,
        Value::Object(members) => {
            for (name, member) in members {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                flatten(&path, member, row);
            }
            return;
        }
        Value::Array(elements) => {
            let path = format!("{path}{{}}");
            for element in elements {
                flatten(&path, element, row);
            }
            return;
        }
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    };
    if !plain.is_empty() {
        row.push(path, plain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_event_has_a_field_for_every_path_and_a_value_for_every_element() {
        let event = Event::of(json!({
            "eventTime": "2023-07-10T12:00:00Z",
            "userIdentity": {"type": "AssumedRole", "userName": null},
            "resources": [{"ARN": "a"}, {"ARN": "b", "type": "t"}],
            "readOnly": true,
        }));
        let raw = event.raw(AddOn::Absent);
        assert_eq!(raw.text("_time"), "1688990400");
        assert_eq!(raw.text("_indextime"), "1688990400");
        assert_eq!(raw.text("userIdentity.type"), "AssumedRole");
        assert_eq!(raw.text("userIdentity.userName"), "");
        assert_eq!(raw.values("resources{}.ARN"), ["a", "b"]);
        assert_eq!(raw.text("readOnly"), "true");
        assert_eq!(raw.text("errorCode"), "");
        assert_eq!(event.raw(AddOn::Installed).text("errorCode"), "success");
    }

    #[test]
    fn a_change_names_the_role_and_fills_what_the_model_fills() {
        let change = Event::call("Deploy", "CreateUser", 1_688_990_400).change();
        for (field, value) in [
            ("_time", "1688990400"),
            ("All_Changes.user", "Deploy"),
            ("All_Changes.user_type", "AssumedRole"),
            ("All_Changes.status", "success"),
            ("All_Changes.command", "CreateUser"),
            ("All_Changes.object", "unknown"),
            ("All_Changes.vendor_account", "111122223333"),
            ("All_Changes.src", "203.0.113.7"),
        ] {
            assert_eq!(change.text(field), value, "{field}");
        }
        let denied =
            Event::of(json!({"eventTime": "2023-07-10T12:00:00Z", "errorCode": "AccessDenied"}));
        assert_eq!(denied.change().text("All_Changes.status"), "failure");
        assert_eq!(denied.change().text("All_Changes.user"), "unknown");
        assert_eq!(denied.change().text("All_Changes.user_type"), "");
    }
}
