//! Inputs that other tools are known to lose without a word: what the binary reads of them.
//!
//! The inputs are in `data/cases`, with their origin.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const DEPLOY: &str = "111122223333:role/Deploy";

fn case(name: &str) -> PathBuf {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases");
    cases.join(name)
}

fn unseen(arguments: &[&str], input: &Path) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unseen"));
    let output = command
        .env("TZ", "UTC")
        .args(arguments)
        .arg(input)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    (output, told)
}

/// The commands of the baseline that is learned from an input, with the first time of each, and what was told.
fn learned(input: &str) -> (Vec<(String, String)>, String) {
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("b.csv");
    let (_, told) = unseen(
        &["learn", "--baseline", baseline.to_str().unwrap()],
        &case(input),
    );
    let text = fs::read_to_string(baseline).unwrap_or_default();
    let rows = text
        .lines()
        .skip(1)
        .map(|row| row.split(',').map(str::to_owned).collect::<Vec<_>>());
    let keys = rows.map(|row| {
        assert_eq!(row[0], DEPLOY);
        (row[1].clone(), row[2].clone())
    });
    (keys.collect(), told)
}

#[test]
fn calls_in_known_envelopes_are_learned() {
    for input in [
        "01-aws-cli-lookup-events/lookup-events.json",
        "02-cloudwatch-subscription-filter/firehose.gz",
        "02-cloudwatch-subscription-filter/concat",
        "04-eventbridge-detail/events.json",
        "06-digest-and-insight-in-folder/AWSLogs",
        "08-splunk-export/export.json",
        "08-splunk-export/export.csv",
        "10-compression/plain-named.json.gz",
        "10-compression/multi.json.gz",
        "10-compression/garbage-after.json.gz",
    ] {
        let (keys, told) = learned(input);
        let commands: Vec<_> = keys.iter().map(|(command, _)| command.as_str()).collect();
        assert_eq!(
            commands,
            ["iam:CreateUser", "iam:ListRoles"],
            "{input}: {told}"
        );
    }
}

#[test]
fn digest_and_insights_files_are_named_and_no_cause_for_a_warning() {
    let (_, told) = learned("06-digest-and-insight-in-folder/AWSLogs");
    assert!(
        told.contains("note: skipped 1 CloudTrail digest file\n"),
        "{told}"
    );
    assert!(
        told.contains("note: skipped 1 CloudTrail Insights event\n"),
        "{told}"
    );
    assert!(!told.contains("warning"), "{told}");
}

#[test]
fn what_is_packed_otherwise_is_named_as_what_it_is() {
    for (input, what) in [
        ("double.json.gz", "is compressed with gzip twice"),
        ("x.json.bz2", "is compressed with bzip2"),
        ("x.json.xz", "is compressed with xz"),
        ("x.json.zst", "is compressed with zstd"),
        ("x.zip", "is a zip archive"),
    ] {
        let (keys, told) = learned(&format!("10-compression/{input}"));
        assert_eq!(keys, []);
        assert!(
            told.contains(&format!(
                "`{}` {what}",
                case("10-compression").join(input).display()
            )),
            "{told}"
        );
    }
}

#[test]
fn every_form_of_event_time_is_read() {
    let (keys, told) = learned("11-event-time-variants/t.ndjson");
    assert_eq!(keys.len(), 19, "{told}");
    for (command, first) in keys {
        assert!(
            first == "1715335200" || first.starts_with("1715335200."),
            "{command} {first}"
        );
    }
}

#[test]
fn a_call_behind_an_odd_record_or_in_an_envelope_is_found() {
    for input in [
        "15-detect-on-envelopes-exit-code/events.json",
        "15-detect-on-envelopes-exit-code/good.json",
        "20-short-csv-row-hides-the-rest/rows.csv",
        "31-raw-newline-in-one-record/one-line.json",
        "31-raw-newline-in-one-record/pretty.json",
        "31-raw-newline-in-one-record/lines.ndjson",
        "33-lone-surrogate-in-a-resource/one-line.json",
        "33-lone-surrogate-in-a-resource/pretty.json",
        "33-lone-surrogate-in-a-resource/lines.ndjson",
        "39-compact-then-pretty-in-one-file/compact-then-pretty.json",
        "39-compact-then-pretty-in-one-file/pretty-then-compact.json",
        "39-compact-then-pretty-in-one-file/record-then-pretty.json",
    ] {
        let input = case(input);
        let baseline = input.with_file_name("b.csv");
        let arguments = ["detect", "--fail-if-found", "--format", "csv", "--baseline"];
        let arguments = [&arguments[..], &[baseline.to_str().unwrap()]].concat();
        let (output, told) = unseen(&arguments, &input);
        assert_eq!(output.status.code(), Some(2), "{told}");
        let rows = String::from_utf8(output.stdout).unwrap();
        assert!(
            rows.lines().count() == 2 && rows.contains("CreateUser"),
            "{rows}"
        );
    }
}

#[test]
fn a_baseline_that_people_edited_is_read_or_refused_with_the_reason() {
    let folder = "17-baseline-files-that-people-edited";
    let (found, both) = (Some(("iam:CreateUser", 1)), Some(("iam:CreateUser", 2)));
    for (name, expected, says) in [
        ("double", found, ""),
        ("excel-bom-crlf", found, ""),
        ("exponent", found, ""),
        ("iso", found, ""),
        ("no-key", found, ""),
        ("true", found, ""),
        ("escu", both, "the baseline names users as `Deploy`, CloudTrail files as `111122223333:role/Deploy`"),
        ("empty", None, "it is empty"),
        ("extra-cols", None, "column `_user` is not one of its own"),
        ("gz", None, "it is compressed with gzip"),
        ("header-only", None, "has no rows"),
        ("json", None, "it is JSON"),
        ("millis", None, "has times in milliseconds, expected seconds: `firstTimeSeen` of user"),
        ("no-enough", None, "column `enough_data` is missing; expected header: user,command,firstTimeSeen,lastTimeSeen,enough_data"),
        ("semicolon", None, "column `user` is missing"),
    ] {
        let baseline = case(folder).join(format!("{name}.csv"));
        let arguments = ["detect", "--format", "csv", "--baseline", baseline.to_str().unwrap()];
        let (output, told) = unseen(&arguments, &case(folder).join("good.json"));
        let rows = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains(says), "{name}: {told}");
        match expected {
            None => assert_eq!((output.status.code(), rows.as_str()), (Some(1), ""), "{name}"),
            Some((command, count)) => {
                assert!(rows.contains(command), "{name}: {rows}");
                assert_eq!((output.status.code(), rows.lines().count()), (Some(0), 1 + count), "{name}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn linked_folders_are_followed_and_links_to_nowhere_are_reported() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("2024");
    let given = case("18-symlinked-folder-in-archive");
    fs::create_dir_all(archive.join("04")).unwrap();
    fs::copy(
        given.join("CloudTrail/2024/04/a.json.gz"),
        archive.join("04/a.json.gz"),
    )
    .unwrap();
    symlink(given.join("elsewhere/05"), archive.join("05")).unwrap();
    symlink("..", archive.join("up")).unwrap();
    let baseline = folder.path().join("b.csv");
    let arguments = ["learn", "--baseline", baseline.to_str().unwrap()];
    let (output, told) = unseen(&arguments, &archive);
    assert_eq!(
        fs::read_to_string(&baseline).unwrap().lines().count(),
        3,
        "{told}"
    );
    assert!(told.contains("note: did not follow 1 link: "), "{told}");
    assert_eq!(output.status.code(), Some(0));
    symlink("none", archive.join("dangling")).unwrap();
    let (output, told) = unseen(&arguments, &archive);
    assert!(
        told.contains("/dangling` is a link that cannot be followed"),
        "{told}"
    );
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_call_without_a_time_is_not_learned_and_leaves_no_baseline() {
    let (keys, told) = learned("21-no-time-learned-and-told-as-learned/logstash.ndjson");
    assert_eq!(keys, []);
    assert!(told.contains("0 successful role calls (learned)"), "{told}");
    assert!(!told.contains("1 observation learned"), "{told}");
}

#[test]
fn rows_of_another_tool_s_table_and_text_of_another_width_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let table = "eventversion,useridentity,eventtime,eventsource,eventname\n1.08,{},t,s,n\n";
    let wide: Vec<u8> = "{\"Records\":[]}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let ocsf =
        r#"{"metadata":{"version":"1.1.0"},"class_uid":6003,"api":{"operation":"ListRoles"}}"#;
    for (name, text, what) in [
        (
            "athena.csv",
            table.as_bytes(),
            "has the columns of CloudTrail's table in Athena or CloudTrail Lake",
        ),
        ("wide.json", &wide, "is UTF-16 text"),
        ("ocsf.json", ocsf.as_bytes(), "skipped 1 record in OCSF"),
    ] {
        let input = folder.path().join(name);
        fs::write(&input, text).unwrap();
        let baseline = folder.path().join("b.csv");
        let (_, told) = unseen(&["learn", "--baseline", baseline.to_str().unwrap()], &input);
        assert!(told.contains(what), "{told}");
    }
}
