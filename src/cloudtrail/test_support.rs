//! For tests: what a text holds, as lines to compare.

use super::{read, Found, Origin};

/// The key of every call, what every other record is, and every fault. A call that was searched for has a question mark.
pub(super) fn seen(text: impl AsRef<[u8]>) -> Vec<String> {
    let mut seen = Vec::new();
    read(text.as_ref(), &mut |found| seen.push(shown(&found)));
    seen
}

/// One of these lines.
pub(super) fn shown(found: &Found<'_>) -> String {
    let (record, origin) = match found {
        Found::Fault(fault) => return fault.to_string(),
        Found::Record { record, origin, .. } => (record, origin),
    };
    let call = match record.call() {
        Err(not_a_call) => return format!("{not_a_call:?}"),
        Ok(call) => call,
    };
    let mut key = if *origin == Origin::Searched {
        b"? ".to_vec()
    } else {
        Vec::new()
    };
    call.write_user(&mut key);
    key.push(b' ');
    call.write_command(&mut key);
    String::from_utf8(key).unwrap()
}

/// A record of a call, with this identity.
pub(super) fn record(identity: &str) -> String {
    format!(
        r#"{{"eventSource":"s3.amazonaws.com","eventName":"GetObject","userIdentity":{identity}}}"#
    )
}

/// A whole record of the call `name` by the role R of the account 1.
pub(super) fn call(name: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/R/s","accountId":"1","sessionContext":{{"sessionIssuer":{{"type":"Role","accountId":"1","userName":"R"}},"attributes":{{}}}}}},"eventTime":"2024-05-10T10:00:00Z","eventSource":"iam.amazonaws.com","eventName":"{name}","awsRegion":"us-east-1","userAgent":"[S3Console/0.4, (x)]","requestParameters":{{"names":["a",{{"b":[1,2]}}]}},"resources":[{{"ARN":"arn:aws:s3:::b","type":"T"}}],"eventCategory":"Management"}}"#
    )
}

/// What [`seen`] shows of it.
pub(super) fn key(name: &str) -> String {
    format!("1:role/R iam:{name}")
}

/// The same records in every layout that files have.
pub(super) fn layouts(records: &[String]) -> Vec<String> {
    let pretty = |record: &String| record.replace(":{", ": {\n  ").replace(",\"", ",\n  \"");
    let all: Vec<String> = records.iter().map(pretty).collect();
    vec![
        format!(r#"{{"Records":[{}]}}"#, records.join(",")),
        format!("{{\n\"Records\": [\n  {}\n]\n}}\n", all.join(",\n  ")),
        format!("{{\"Records\":[\n{}\n]}}\n", records.join(",\n")),
        records.join("\n"),
        records.concat(),
        format!("[{}]", records.join(", ")),
    ]
}
