//! CloudTrail log files as they lie in a bucket: a thousand records in a gzip file, most of each record beside the point.

use super::dice::Dice;
use super::keys::{account, call_name, role_name};
use super::session::AS_OF;
use flate2::write::GzEncoder;
use flate2::Compression;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

const RECORDS_A_FILE: u64 = 1_000;

/// Roles at work in the files, each with some of the calls.
const ROLES: u64 = 200;
const CALLS_A_ROLE: u64 = 40;

/// Fills `folder` with files, the nth always the same.
pub(crate) fn write_files(folder: &Path, files: u64) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for nth in 0..files {
        let name = format!(
            "{}_CloudTrail_us-east-1_{nth:06}.json.gz",
            account(nth % 60)
        );
        let file = BufWriter::new(File::create(folder.join(name))?);
        let mut gzip = GzEncoder::new(file, Compression::new(6));
        gzip.write_all(b"{\"Records\":[")?;
        for record in 0..RECORDS_A_FILE {
            if record > 0 {
                gzip.write_all(b",")?;
            }
            gzip.write_all(record_text(nth * RECORDS_A_FILE + record).as_bytes())?;
        }
        gzip.write_all(b"]}")?;
        gzip.finish()?.flush()?;
    }
    Ok(())
}

fn record_text(nth: u64) -> String {
    let mut dice = Dice::of("record", nth);
    let time = iso(AS_OF - 60 * 86_400 + nth * 7 % (60 * 86_400));
    let nth_role = dice.below(ROLES);
    let role = role_name(nth_role);
    let (account, role) = role.split_once(":role/").expect("a role has an account");
    let call = call_name(nth_role * 7 % 1_500 + dice.below(CALLS_A_ROLE));
    let (service, name) = call.split_once(':').expect("a call has a service");
    let identity = match dice.below(10) {
        0 => format!(r#"{{"type":"AWSService","invokedBy":"{service}.amazonaws.com"}}"#),
        1 => format!(
            r#"{{"type":"IAMUser","principalId":"AIDA{:016X}","arn":"arn:aws:iam::{account}:user/build","accountId":"{account}","accessKeyId":"AKIAEXAMPLE000000000","userName":"build"}}"#,
            dice.roll()
        ),
        _ => format!(
            r#"{{"type":"AssumedRole","principalId":"AROA{0:016X}:i-{1:017x}","arn":"arn:aws:sts::{account}:assumed-role/{role}/i-{1:017x}","accountId":"{account}","accessKeyId":"ASIAEXAMPLE000000000","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROA{0:016X}","arn":"arn:aws:iam::{account}:role/{role}","accountId":"{account}","userName":"{role}"}},"webIdFederationData":{{}},"attributes":{{"creationDate":"{time}","mfaAuthenticated":"false"}},"ec2RoleDelivery":"2.0"}}}}"#,
            dice.roll(),
            dice.roll() >> 4,
        ),
    };
    let error = match dice.happens(4) {
        true => {
            r#""errorCode":"AccessDenied","errorMessage":"User is not authorized to perform this operation","#
        }
        false => "",
    };
    let items: Vec<String> = (0..dice.below(6)).map(|_| item(&mut dice)).collect();
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{identity},"eventTime":"{time}","eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"us-east-1","sourceIPAddress":"10.{}.{}.{}","userAgent":"[aws-sdk-java/1.12.488 Linux/5.4.247-169.350.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/25.372-b08 cfg/retry-mode/standard \"quoted\"]",{error}"requestParameters":{{"maxResults":1000,"filterSet":{{"items":[{}]}},"encryptionContext":{{"aws:ebs:id":"vol-{:017x}"}}}},"responseElements":{{"requestId":"{:016x}","items":[{}]}},"additionalEventData":{{"SignatureVersion":"SigV4","CipherSuite":"ECDHE-RSA-AES128-GCM-SHA256","bytesTransferredIn":0,"x-amz-id-2":"{:016x}{:016x}{:016x}=="}},"requestID":"{:016x}","eventID":"{:016x}-{:016x}","readOnly":true,"resources":[{{"accountId":"{account}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::team-artifacts-{:08x}"}}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{account}","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{service}.us-east-1.amazonaws.com"}}}}"#,
        dice.below(256),
        dice.below(256),
        dice.below(256),
        items.join(","),
        dice.roll(),
        dice.roll(),
        items.iter().rev().cloned().collect::<Vec<_>>().join(","),
        dice.roll(),
        dice.roll(),
        dice.roll(),
        dice.roll(),
        dice.roll(),
        dice.roll(),
        dice.roll() as u32,
    )
}

fn item(dice: &mut Dice) -> String {
    format!(
        r#"{{"name":"tag:team","instanceId":"i-{:017x}","valueSet":{{"items":[{{"value":"{:016x}"}},{{"value":null}}]}}}}"#,
        dice.roll() >> 4,
        dice.roll()
    )
}

fn iso(seconds: u64) -> String {
    let time = chrono::DateTime::from_timestamp(seconds as i64, 0).expect("a time of this century");
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
