//! A history as it lies in a bucket: pairs that begin some day, are used now and then, and rest for a while; one file a day.
//!
//! Of the pairs half are there from the first days, the others begin later; one in ten rests for a hundred days and comes back.

use super::dice::Dice;
use super::keys::{call_name, role_name};
use flate2::write::GzEncoder;
use flate2::Compression;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

const CALLS_A_ROLE: u64 = 40;
const DAY: u64 = 86_400;

/// 1 January 2024.
const BEGINS: u64 = 1_704_067_200;

/// How large a history is.
pub(crate) struct Extent {
    pub(crate) pairs: u64,
    pub(crate) days: u64,
    pub(crate) events: u64,
}

/// Writes the history into a folder, each file always the same.
pub(crate) fn write_days(folder: &Path, extent: &Extent) -> io::Result<()> {
    let mut days: Vec<Vec<(u32, u32)>> = vec![Vec::new(); extent.days as usize];
    for pair in 0..extent.pairs {
        for (day, second) in uses(pair, extent) {
            days[day as usize].push((second as u32, pair as u32));
        }
    }
    for (day, mut calls) in (0..).zip(days) {
        calls.sort_unstable();
        write_day(folder, BEGINS + day * DAY, &calls)?;
    }
    Ok(())
}

/// The days and seconds at which a pair is used.
fn uses(pair: u64, extent: &Extent) -> Vec<(u64, u64)> {
    let mut dice = Dice::of("history", pair);
    let begins = match dice.happens(50) {
        true => dice.below(7.min(extent.days)),
        false => dice.below(extent.days),
    };
    let rests = match dice.happens(10) {
        true => 100,
        false => 0,
    };
    let number = (extent.events / extent.pairs).max(1);
    let uses = (0..number).map(|nth| {
        let day = begins + nth * (extent.days - begins) / number;
        let day = if nth > number / 2 { day + rests } else { day };
        (day, dice.below(DAY))
    });
    uses.filter(|(day, _)| *day < extent.days).collect()
}

fn write_day(folder: &Path, begins: u64, calls: &[(u32, u32)]) -> io::Result<()> {
    let day = chrono::DateTime::from_timestamp(begins as i64, 0).expect("a time of this century");
    let folder = folder.join(format!(
        "AWSLogs/1/CloudTrail/us-east-1/{}",
        day.format("%Y/%m/%d")
    ));
    fs::create_dir_all(&folder)?;
    let file = BufWriter::new(File::create(folder.join("calls.json.gz"))?);
    let mut gzip = GzEncoder::new(file, Compression::fast());
    gzip.write_all(b"{\"Records\":[")?;
    for (nth, &(second, pair)) in calls.iter().enumerate() {
        let comma = if nth > 0 { "," } else { "" };
        let time = begins + u64::from(second);
        write!(gzip, "{comma}{}", record(u64::from(pair), time))?;
    }
    gzip.write_all(b"]}")?;
    gzip.finish()?.flush()
}

fn record(pair: u64, seconds: u64) -> String {
    let nth_role = pair / CALLS_A_ROLE;
    let role = role_name(nth_role);
    let (account, role) = role.split_once(":role/").expect("a role has an account");
    let call = call_name(nth_role * 7 + pair % CALLS_A_ROLE);
    let (service, name) = call.split_once(':').expect("a call has a service");
    let time = chrono::DateTime::from_timestamp(seconds as i64, 0).expect("a time of this century");
    let time = time.format("%Y-%m-%dT%H:%M:%SZ");
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","arn":"arn:aws:sts::{account}:assumed-role/{role}/s{seconds}","accountId":"{account}","accessKeyId":"ASIAEXAMPLE000000000","sessionContext":{{"sessionIssuer":{{"type":"Role","arn":"arn:aws:iam::{account}:role/{role}","accountId":"{account}","userName":"{role}"}}}}}},"eventTime":"{time}","eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"us-east-1","sourceIPAddress":"10.0.0.1","userAgent":"aws-sdk-java/1.12.488","requestParameters":null,"responseElements":null,"eventID":"{pair:08x}-{seconds:016x}","readOnly":true,"eventType":"AwsApiCall","recipientAccountId":"{account}"}}"#
    )
}
