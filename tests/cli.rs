//! The command line as a user meets it: the real binary, real files, its words and its exit codes.
//!
//! The figures for the sample records were counted apart, with Python's `json` and `csv`, from the same files.

use crate::desk::{call, gzip, sample, ten_days, Desk, Told};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn one_archive_is_learned_up_to_a_time_and_judged_from_there() {
    let desk = Desk::new();
    ten_days(&desk);
    let told = desk.ok("learn --baseline b.csv --to 2025-03-10T00:00:00Z days");
    told.says("in range: 18 records: 18 successful role calls (learned); 0 failed and 0 by IAM users, root or services (not learned); skipped 3 out of range");
    // The same moment in epoch seconds: a call at that very second belongs to what follows.
    let told = desk.ok("detect --baseline b.csv --from 1741564800 --format csv days");
    told.says(
        "3 observations checked as of 2025-03-10 10:05:00 UTC: 1 of 3 role/call pairs reported",
    );
    assert!(told.out.contains("s3:DeleteBucket"), "{}", told.out);
    let told = desk.run("learn --baseline b.csv --from yesterday days");
    told.says(
        "--from: `yesterday` is not a date or time; use 2026-10-29, 2026-10-29T12:00:00Z or epoch seconds",
    );
}

#[test]
fn the_sample_records_are_learned_as_counted_apart() {
    let desk = Desk::new();
    let told = desk.ok(&format!(
        "learn --baseline b.csv {}",
        sample("invictus-aws_dataset.json.gz")
    ));
    told.says(
        "read 2900 records: 29 successful role calls (learned); 47 failed and 2824 by IAM users, root or services (not learned)",
    )
    .says("17 keys in the baseline, 17 new");
    let baseline = desk.read("b.csv");
    assert_eq!(baseline.lines().count(), 18);
    assert_eq!(
        baseline.lines().nth(1).unwrap(),
        "123837392027:role/AWSServiceRoleForAmazonInspector2,ec2:DescribeInstances,1688990124,1688990650,0,\
         28dde31349c2223ceed2aa4e795a630693e53eb19f3fe8507dc42bbfed149f01"
    );
    let told = desk.ok(&format!(
        "learn --baseline b.csv {}",
        sample("panther-analysis-rule-tests.ndjson.gz")
    ));
    told.says(
        "read 304 records: 167 successful role calls (learned); 21 failed and 116 by IAM users, root or services (not learned)",
    );
    let told = desk.run(&format!(
        "learn --baseline b.csv {}",
        sample("panther-analysis-rule-tests-odd-times.ndjson.gz")
    ));
    assert_eq!(told.code, 3, "six calls are lost");
    told.says(
        "read 116 records: 84 successful role calls (learned); 11 failed and 15 by IAM users, root or services (not learned)",
    )
    .says("warning: skipped 6 records without a role, a service or a name of the call: `");
    assert_eq!(desk.read("b.csv").lines().count(), 210);
}

#[test]
fn a_folder_is_walked_and_what_is_no_input_is_named_once() {
    let desk = Desk::new();
    desk.write("logs/2025/a.json", call("A", "B", "2025-01-01T00:00:00Z"))
        .write(
            "logs/2025/b.json.gz",
            gzip(&format!(
                "{{\"Records\":[{}]}}",
                call("A", "C", "2025-01-02T00:00:00Z")
            )),
        )
        .write("logs/.hidden.json", call("A", "D", "2025-01-03T00:00:00Z"))
        .write("logs/README", "Hello, world\nnobody, here\n")
        .write("logs/picture.png", b"\x89PNG\r\n\x1a\n\0\0\0")
        .write("logs/zero", "");
    let told = desk.ok("learn --baseline b.csv logs");
    told.says("2 keys in the baseline").says("warning: skipped 3 files of other kinds: `logs/README` is neither CloudTrail JSON nor CSV with the columns user, command; `logs/picture.png` is neither");
    told.says("`logs/zero` is empty");
}

#[test]
fn days_learned_in_any_order_give_the_same_file() {
    let desk = Desk::new();
    ten_days(&desk);
    let forwards: Vec<String> = (1..=10).map(|day| format!("days/{day:02}.json")).collect();
    for file in &forwards {
        desk.ok(&format!("learn --baseline forwards.csv {file}"));
    }
    for file in forwards.iter().rev() {
        desk.ok(&format!("learn --baseline backwards.csv {file}"));
    }
    desk.ok("learn --baseline at_once.csv days");
    assert_eq!(desk.read("forwards.csv"), desk.read("backwards.csv"));
    assert_eq!(desk.read("forwards.csv"), desk.read("at_once.csv"));
    assert!(desk
        .read("forwards.csv")
        .contains("1:role/App,s3:GetObject,1740816000,1741593600,1,"));
}

#[test]
fn learning_twice_changes_nothing() {
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv days");
    let once = desk.read("b.csv");
    desk.ok("learn --baseline b.csv days").says("5 unchanged");
    assert_eq!(desk.read("b.csv"), once);
}

#[test]
fn a_call_never_made_before_is_found_in_every_form() {
    let desk = Desk::new();
    ten_days(&desk);
    for day in 1..=9 {
        desk.ok(&format!("learn --baseline b.csv days/{day:02}.json"));
    }
    let before = desk.read("b.csv");
    let detect = "detect --baseline b.csv days/10.json";
    assert_eq!(
        desk.ok(detect).says("3 observations checked as of 2025-03-10 10:05:00 UTC: 1 of 3 role/call pairs reported: not in the baseline, or first seen in it after 2025-03-09 10:00:00 UTC").out,
        "  surprise  first (UTC)          count  access  command          src        object\n\n\
         1:role/App: surprise 0.0 in 1 new call, 2025-03-10 10:05:00, from 192.0.2.1\n\
         \u{20} session 2025-03-10T10:05:00Z\n\
         \u{20}      0.0  2025-03-10 10:05:00  1      -       s3:DeleteBucket  192.0.2.1  unknown\n\
         \u{20}           no other role shares a call with it; the one other role does not make it; before this window the role made\n\
         \u{20}           no new call for 1 day\n"
    );
    assert_eq!(
        desk.ok(&format!("{detect} --sort time")).out,
        "first (UTC)          last (UTC)           count  user        command          region     src        object\n\
         2025-03-10 10:05:00  2025-03-10 10:05:00  1      1:role/App  s3:DeleteBucket  eu-west-1  192.0.2.1  unknown\n"
    );
    assert_eq!(
        desk.ok(&format!("{detect} --format csv")).out,
        "firstTime,lastTime,count,user,command,account,role,region,src,object,account_count,role_count,region_count,src_count,object_count,\
         session,user_agent,access_key,event_id,read_only,event_type,surprise,reason,surprise_peers,surprise_service,surprise_rollout,\
         surprise_weight,novelty,role_first_seen,role_calls,call_roles\n\
         1741601100,1741601100,1,1:role/App,s3:DeleteBucket,1,App,eu-west-1,192.0.2.1,unknown,1,1,1,1,1,\
         2025-03-10T10:05:00Z,,,,,,0,no other role shares a call with it; the one other role does not make it; before this window the role \
         made no new call for 1 day,1.386294,0,0,1.166667,call,1740816000,1,0\n"
    );
    let line: serde_json::Value =
        serde_json::from_str(&desk.ok(&format!("{detect} --format json")).out).unwrap();
    assert_eq!(
        (&line["user"], &line["firstTime"]),
        (&"1:role/App".into(), &1_741_601_100.into())
    );
    assert_eq!(desk.read("b.csv"), before, "detecting writes nothing");
}

#[test]
fn exit_codes_tell_found_from_failed() {
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv days/01.json days/09.json");
    let code = |arguments: &str| desk.run(arguments).code;
    assert_eq!(code("detect --baseline b.csv days/10.json"), 0);
    assert_eq!(
        code("detect --baseline b.csv days/10.json --fail-if-found"),
        2
    );
    assert_eq!(
        code("detect --baseline b.csv days/01.json --as-of 1741650000 --fail-if-found"),
        0
    );
    assert_eq!(code("detect --baseline none.csv days/10.json"), 1);
    assert_eq!(code("detect --baseline b.csv"), 1);
    assert_eq!(code("detekt"), 1);
    assert_eq!(code("--version"), 0);
    assert_eq!(code("learn --help"), 0);
}

#[test]
fn a_young_baseline_reports_nothing_and_says_from_when_it_will() {
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv days/08.json")
        .says("mature from 2025-03-16 00:00:00 UTC");
    let told = desk.ok("detect --baseline b.csv days/09.json");
    told.says("warning: the baseline is still learning, so nothing is reported")
        .says("`unseen learn`");
    assert_eq!(told.out, "");
    desk.write(
        "bare.csv",
        "user,command,firstTimeSeen,lastTimeSeen,enough_data\n",
    );
    let told = desk.run("detect --baseline bare.csv days/09.json");
    told.says("error: the baseline `bare.csv` has no rows, so nothing can be found; run `unseen learn` first");
    assert_eq!(told.code, 1);
    desk.ok("learn --baseline bare.csv days/10.json")
        .says("3 new");
    desk.run("detect --baseline none.csv days")
        .says("there is no baseline `none.csv`; run `unseen learn` first");
}

#[test]
fn a_baseline_that_is_forgotten_as_a_whole_reports_nothing_and_says_so() {
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv days/01.json days/02.json");
    let told = desk.ok("detect --baseline b.csv --forget-window -3d@d days/10.json");
    told.says("warning: everything in the baseline is forgotten, so nothing is reported: run `unseen learn` on newer files");
    assert_eq!(told.out, "");
}

#[test]
fn a_baseline_that_nobody_updates_is_reported() {
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv days/01.json days/02.json");
    desk.ok("detect --baseline b.csv days/10.json").says(
        "more than two days before 2025-03-10 10:05:00 UTC: does `unseen learn` run every day?",
    );
}

#[test]
fn a_baseline_that_is_mature_because_of_one_stray_event_is_reported() {
    let desk = Desk::new();
    let young = |roles: usize, day: u32| {
        let calls = (0..roles).map(|role| {
            let role = format!("Role{role}");
            call(&role, "GetObject", &format!("2025-03-{day:02}T08:00:00Z"))
        });
        calls.collect::<Vec<_>>().join("\n")
    };
    let stray = call("Stray", "GetObject", "2025-02-01T08:00:00Z");
    // One old key in a hundred is enough for it to be no stray.
    for (roles, told) in [(99, false), (100, true)] {
        desk.write("young.json", format!("{}\n{stray}", young(roles, 9)));
        let err = desk.ok("learn --baseline b.csv young.json").err;
        assert_eq!(err.contains("counts as mature"), told, "{roles}: {err}");
        assert!(err.contains("the baseline is mature"), "{err}");
    }
    desk.ok("learn --baseline b.csv young.json").says(
        "warning: the baseline counts as mature because of 1 of 101 keys, the oldest first seen at 2025-02-01 08:00:00 UTC: \
         if that is a stray event, take its row out of the file before the next `unseen learn`, or alerts will come before \
         enough was learned",
    );
    let kept = desk.read("b.csv");
    let kept = kept.lines().filter(|line| !line.contains("Stray"));
    desk.write("b.csv", kept.collect::<Vec<_>>().join("\n"));
    desk.write("next.json", young(100, 10));
    let told = desk.ok("learn --baseline b.csv next.json");
    told.says("100 keys in the baseline")
        .says("mature from 2025-03-17 00:00:00 UTC");
    assert!(!told.err.contains("warning: "), "{}", told.err);

    // A replay learns before it reports.
    desk.write("archive/1.json", &stray)
        .write("archive/2.json", young(100, 9))
        .write("archive/3.json", young(100, 10));
    let replay = "replay archive --initial-days 37";
    desk.ok(replay)
        .says("the baseline is mature from 2025-03-10 08:17:00 UTC on")
        .says("warning: the baseline counts as mature because of 1 of 101 keys, the oldest first seen at 2025-02-01 08:00:00 UTC: if that is a stray event, leave it out with --from, or");
    let told = desk.ok(&format!("{replay} --from 2025-03-01T00:00:00Z"));
    assert!(!told.err.contains("counts as mature"), "{}", told.err);
}

#[test]
fn a_flood_of_new_keys_is_warned_of_and_reported_whole() {
    let desk = Desk::new();
    ten_days(&desk);
    let flood = |desk: &Desk, roles: usize| {
        let calls = (0..roles)
            .map(|role| call(&format!("Role{role}"), "GetObject", "2025-03-10T08:00:00Z"));
        desk.write("flood.json", calls.collect::<Vec<_>>().join("\n"));
        desk.ok("detect --baseline b.csv --format csv flood.json")
    };
    desk.ok("learn --baseline b.csv days");
    let told = flood(&desk, 100);
    told.says(
        "warning: 100 of 100 observed keys are new: is it the baseline of other accounts, or does it name roles otherwise? \
         Then run `unseen learn` on older files first. All of them are reported",
    );
    assert_eq!(told.out.lines().count(), 1 + 100);
    assert!(!flood(&desk, 99).err.contains("warning: "));
    // What is not reported is no flood.
    desk.ok("learn --baseline young.csv days/10.json");
    fs::rename(desk.path("young.csv"), desk.path("b.csv")).unwrap();
    let learning = flood(&desk, 100);
    learning.says("the baseline is still learning");
    assert!(!learning.err.contains("are new"), "{}", learning.err);
}

#[test]
fn rows_of_an_unknown_user_are_reported_in_words_of_the_command_line() {
    let desk = Desk::new();
    desk.write(
        "rows.csv",
        "user,command,_time\nunknown,CreateUser,1741564800\nApp,GetObject,1741564800\n",
    );
    desk.ok("learn --baseline b.csv rows.csv").says(
        "warning: the user is `unknown` in 1 of 2 observations: whoever wrote these rows did not know it; \
         read the CloudTrail files instead",
    );
}

#[test]
fn times_that_are_none_are_counted_and_never_learned_but_judged() {
    let desk = Desk::new();
    ten_days(&desk);
    let odd = [
        call("App", "Redacted", "redacted"),
        call("App", "Ahead", "2199-01-01T00:00:00Z"),
        call("App", "Blank", "2025-03-09 20:13:49"),
        call("App", "Numeric", "x").replace("\"eventTime\":\"x\"", "\"eventTime\":17"),
    ];
    desk.write("odd.json", odd.join("\n"));
    let told = desk.run("learn --baseline odd.csv odd.json");
    told.says("2 records with an eventTime that is no time, not learned: `odd.json` line 1: `redacted`")
        .says("1 record with an eventTime more than a day ahead of the wall clock, not learned: `odd.json` line 2")
        .says("as of 2025-03-09 20:13:49 UTC: 1 key in the baseline");
    assert_eq!(desk.read("odd.csv").lines().count(), 2);
    desk.ok("learn --baseline b.csv days");
    let told = desk.ok("detect --baseline b.csv odd.json --format csv --allow-incomplete");
    told.says("checked by its key alone");
    let commands: Vec<&str> = told
        .out
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(4).unwrap())
        .collect();
    assert_eq!(commands.len(), 4, "{commands:?}");
}

#[test]
fn malformed_lines_are_reported_once_with_file_and_line() {
    let desk = Desk::new();
    let good = call("A", "B", "2025-01-01T00:00:00Z");
    desk.write(
        "logs/a.json",
        format!("{good}\n{{\"cut\": \n{good}\nnonsense\n{good}\n"),
    );
    desk.write("logs/b.json", format!("{{\"Records\":[{good},{good}"));
    desk.write("logs/c.csv", "user,command,_time\na,b,1700000000\nc\n");
    let mut cut = gzip(&good.repeat(3));
    cut.truncate(cut.len() - 9);
    desk.write("logs/d.json.gz", cut);
    let told = desk.run("learn --baseline b.csv logs");
    assert_eq!(told.err.matches("warning: ").count(), 3, "{}", told.err);
    told.says("in the input, at least 18 bytes: `logs/a.json` line 2: an object without an end: expected `,` or `}`; `logs/a.json` line 4: expected a JSON object or list; `logs/b.json` line 1:");
    told.says("skipped 1 record behind a fault: such a record may stand in a text that somebody wrote, so it is detected and not learned: `logs/a.json` line 3");
    told.says("read ");
}

#[test]
fn a_path_that_cannot_be_read_stops_the_run_before_anything_is_written() {
    let desk = Desk::new();
    ten_days(&desk);
    let told = desk.run("learn --baseline b.csv days nowhere.json");
    assert_eq!(told.code, 1);
    told.says("error: cannot read `nowhere.json`: ");
    assert!(!desk.path("b.csv").exists());
    let told = desk.run("learn --baseline nowhere/b.csv days");
    assert_eq!(told.code, 1);
    told.says("error: cannot write the baseline `nowhere/b.csv`: there is no folder `nowhere`");
    assert!(
        !told.err.contains("read "),
        "before anything is read: {}",
        told.err
    );
}

#[test]
fn an_input_without_anything_to_read_is_an_error() {
    let desk = Desk::new();
    desk.write("logs/README", "nothing");
    let told = desk.run("learn --baseline b.csv logs");
    assert_eq!(told.code, 1);
    told.says("error: there is nothing to read in `logs`: neither CloudTrail records nor CSV rows");
    assert!(!desk.path("b.csv").exists());
}

#[test]
fn a_file_that_is_no_baseline_is_refused_and_left_as_it_is() {
    let desk = Desk::new();
    ten_days(&desk);
    let header = "user,command,firstTimeSeen,lastTimeSeen,enough_data";
    for (text, reason) in [
        (String::new(), "`b.csv` is not an Unseen baseline: it is empty"),
        ("name,age\nA,7\n".into(), "column `user` is missing; expected header: user,command,firstTimeSeen,lastTimeSeen,enough_data"),
        (
            format!("{header},owner\na,b,1,2,1,me\n"),
            "column `owner` is not one of its own",
        ),
        (
            format!("{header}\na,b,1\n"),
            "row 1 has 3 cells where the header has 5",
        ),
        (
            format!("{header}\na,b,yesterday,2,1\n"),
            "expected epoch seconds such as `1699833600.25`, but `firstTimeSeen` of user `a`, command `b` is `yesterday`",
        ),
        (
            format!("{header}\n,b,1,2,1\n"),
            "none of its rows is about a key",
        ),
    ] {
        desk.write("b.csv", &text);
        let told = desk.run("learn --baseline b.csv days");
        assert_eq!((told.code, desk.read("b.csv")), (1, text));
        told.says("error: ").says(reason);
    }
    desk.run("learn --baseline days days")
        .says("error: cannot read the baseline `days`");
}

#[test]
fn what_a_dead_run_left_behind_is_replaced() {
    let desk = Desk::new();
    ten_days(&desk);
    desk.write("b.csv.new", "half of it");
    desk.ok("learn --baseline b.csv days");
    assert!(!desk.path("b.csv.new").exists());
    assert_eq!(desk.read("b.csv").lines().count(), 6);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_baseline_stays_a_link_and_the_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv days/01.json");
    fs::set_permissions(desk.path("b.csv"), fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("b.csv", desk.path("link.csv")).unwrap();
    desk.ok("learn --baseline link.csv days");
    assert!(fs::symlink_metadata(desk.path("link.csv"))
        .unwrap()
        .is_symlink());
    assert_eq!(
        fs::metadata(desk.path("b.csv"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o640
    );
    assert_eq!(desk.read("b.csv").lines().count(), 6);
}

#[test]
fn learners_at_once_lose_nothing() {
    let desk = Desk::new();
    ten_days(&desk);
    let learners: Vec<_> = (1..=10)
        .map(|day| {
            let mut command = desk.command(&format!("learn --baseline b.csv days/{day:02}.json"));
            command.stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut learner in learners {
        assert!(learner.wait().unwrap().success());
    }
    desk.ok("learn --baseline at_once.csv days");
    assert_eq!(desk.read("b.csv"), desk.read("at_once.csv"));
}

#[test]
fn a_learner_waits_for_another_and_says_so() {
    let desk = Desk::new();
    ten_days(&desk);
    let lock = fs::File::create(desk.path("b.csv.lock")).unwrap();
    lock.lock().unwrap();
    let mut child = desk
        .command("learn --baseline b.csv days")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(told.any(
        |line| line.unwrap() == "waiting for another `unseen learn`, which holds `b.csv.lock`"
    ));
    assert!(!desk.path("b.csv").exists());
    lock.unlock().unwrap();
    assert!(told.any(|line| line.unwrap().contains("5 new")));
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_learner_waits_no_longer_than_its_timeout() {
    let desk = Desk::new();
    ten_days(&desk);
    let lock = fs::File::create(desk.path("b.csv.lock")).unwrap();
    lock.lock().unwrap();
    let told = desk.run("learn --baseline b.csv --lock-timeout 0 days");
    told.says("error: another run has held `b.csv.lock` for 0 seconds; end it, or wait longer with --lock-timeout");
    assert_eq!((told.code, desk.path("b.csv").exists()), (1, false));
}

#[cfg(unix)]
#[test]
fn a_link_to_nowhere_is_no_place_for_a_baseline() {
    let desk = Desk::new();
    ten_days(&desk);
    std::os::unix::fs::symlink("none.csv", desk.path("b.csv")).unwrap();
    for verb in ["learn", "detect"] {
        let told = desk.run(&format!("{verb} --baseline b.csv days"));
        told.says("error: the baseline `b.csv` is a link to `none.csv`, which does not exist");
        assert_eq!(told.code, 1);
    }
    assert!(fs::symlink_metadata(desk.path("b.csv"))
        .unwrap()
        .is_symlink());
}

/// Only root may give a file away, so that only root can see the owner change.
#[cfg(unix)]
#[test]
fn a_baseline_keeps_its_owner_and_its_group() {
    use std::os::unix::fs::{chown, MetadataExt};
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv days/01.json");
    let _ = chown(desk.path("b.csv"), Some(12_345), Some(23_456));
    let owner = || {
        let metadata = fs::metadata(desk.path("b.csv")).unwrap();
        (metadata.uid(), metadata.gid(), metadata.mode())
    };
    let before = owner();
    desk.ok("learn --baseline b.csv days");
    assert_eq!(owner(), before);
}

#[test]
fn times_in_rows_may_be_dates() {
    let desk = Desk::new();
    desk.write(
        "rows.csv",
        "user,command,_time\nA,x,2024-05-10T10:00:00.000+0000\nB,x,1.7153352e+09\n",
    );
    desk.ok("learn --baseline b.csv rows.csv");
    let baseline = desk.read("b.csv");
    assert!(
        baseline.contains("\nA,x,1715335200,1715335200,") && baseline.contains("\nB,x,1715335200,"),
        "{baseline}"
    );
}

#[test]
fn a_key_of_records_may_be_any_of_the_fields_with_names() {
    let desk = Desk::new();
    let with = |fields: &str| {
        call("App", "GetObject", "2025-03-01T08:00:00Z").replacen('{', &format!("{{{fields},"), 1)
    };
    let one = with(
        r#""userAgent":"aws-cli","eventType":"AwsApiCall","readOnly":true,"resources":[{"ARN":"arn:x"}]"#,
    );
    let other = call("Ops", "PutObject", "2025-03-01T09:00:00Z").replace("192.0.2.1", "");
    desk.write("logs.json", format!("{one}\n{other}"));
    let by = "--by role,src,account,region,user_agent,object,service,event_type,read_only";
    let told = desk.ok(&format!("learn --baseline b.csv {by} logs.json"));
    told.says("note: no src in 1 of 2 calls: it is `unknown` in their keys");
    let baseline = desk.read("b.csv");
    let rows: Vec<&str> = baseline.lines().collect();
    assert!(rows[0].starts_with(
        "role,src,account,region,user_agent,object,service,event_type,read_only,firstTimeSeen,"
    ));
    assert!(
        rows[1]
            .starts_with("App,192.0.2.1,1,eu-west-1,aws-cli,arn:x,s3,AwsApiCall,true,1740816000,"),
        "{baseline}"
    );
    assert!(
        rows[2]
            .starts_with("Ops,unknown,1,eu-west-1,unknown,unknown,s3,unknown,unknown,1740819600,"),
        "{baseline}"
    );
    desk.run("detect --baseline b.csv logs.json")
        .says("error: the baseline `b.csv` has the key `role,src,");
}

#[test]
fn users_and_root_are_judged_if_they_are_included() {
    let desk = Desk::new();
    ten_days(&desk);
    let other = |kind: &str, name: &str, day: u32| {
        format!(
            r#"{{"eventTime":"2025-03-{day:02}T08:00:00Z","eventSource":"iam.amazonaws.com","eventName":"{name}","userIdentity":{{"type":"{kind}","accountId":"1","userName":"jo"}}}}"#
        )
    };
    desk.ok("learn --baseline roles.csv --to 2025-03-10 days");
    desk.write(
        "others.json",
        [
            other("IAMUser", "ListRoles", 1),
            other("Root", "ListUsers", 10),
            other("IAMUser", "CreateUser", 10),
        ]
        .join("\n"),
    );
    let told = desk.ok("detect --baseline roles.csv --format csv others.json");
    assert_eq!(told.out.lines().count(), 1);
    let told = desk.run("detect --baseline roles.csv --include users,root others.json");
    told.says("error: the baseline `roles.csv` has no keys of IAM users or of root; run `unseen learn --include users,root` first");
    assert_eq!((told.code, told.out.as_str()), (1, ""));
    desk.ok("learn --baseline b.csv --include users,root --to 2025-03-10 days others.json")
        .says("successful calls (learned); 0 failed and 0 by services (not learned)");
    let told = desk.ok(
        "detect --baseline b.csv --include users,root --from 2025-03-10 --format csv others.json",
    );
    let users: Vec<&str> = told
        .out
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(3).unwrap())
        .collect();
    assert_eq!(users, ["1:root", "1:user/jo"]);
}

#[test]
fn rows_from_a_search_are_learned_by_any_fields() {
    let desk = Desk::new();
    desk.write("rows.csv", "host,firstTime,lastTime,firstTimeSeen,lastTimeSeen,enough_data\nweb,1700800000,1700900000,,,\ndb,,,1700000100,1700700000,1\n");
    desk.ok("learn --baseline b.csv --by host rows.csv")
        .says("1 observation learned as of 2023-11-25 08:13:20 UTC: 2 keys");
    assert!(desk.read("b.csv").starts_with(
        "host,firstTimeSeen,lastTimeSeen,enough_data,_key\ndb,1700000100,1700700000,1,"
    ));
    let told = desk.run_on(
        "detect --baseline b.csv --by host --format csv -",
        b"host,_time,object,count\nweb,1701500000,x,7\nnew,1701500001,y,\n",
    );
    let line = told.out.lines().nth(1).unwrap();
    assert!(
        line.starts_with("1701500001,1701500001,1,new,,,,,y,0,0,0,0,1,,"),
        "{line}"
    );
    desk.write("bad.csv", "host,_time\nweb,soon\n");
    let told = desk.run("learn --baseline b.csv --by host bad.csv");
    assert_eq!(told.code, 1);
    told.says("error: `bad.csv`: expected epoch seconds such as `1699833600.25`, but `_time` in row 1 is `soon`; nothing was learned");
    desk.write("trail.json", call("A", "B", "2025-01-01T00:00:00Z"));
    desk.run("learn --baseline b.csv --by host trail.json")
        .says("`trail.json` holds CloudTrail records, which have no field `host`; the fields for `--by` are user, command, account,");
    desk.run("learn --baseline b.csv rows.csv")
        .says("error: the baseline `b.csv` has the key `host`, and --by is `user,command`: give the same fields, or another file");
    desk.run("learn --baseline b.csv --by host,_time rows.csv")
        .says("error: `_time` cannot be a key field");
    for column in ["count", "region_count"] {
        let told = desk.run(&format!(
            "detect --baseline b.csv --by host,{column} rows.csv"
        ));
        told.says(&format!(
            "error: `{column}` cannot be a key field: it is a column of the result"
        ));
        assert_eq!(told.code, 1);
    }
}

#[test]
fn what_a_row_says_of_its_own_key_counts_beside_the_baseline() {
    let desk = Desk::new();
    desk.write(
        "b.csv",
        "host,firstTimeSeen,lastTimeSeen,enough_data\nweb,1700000100,1701400000,1\n",
    );
    desk.write(
        "rows.csv",
        "host,_time,firstTimeSeen,lastTimeSeen\nlong known,1701500000,1700000100,1701400000\njust seen,1701500000,1701499000,1701499000\nnew,1701500000,,\n",
    );
    let told = desk.ok("detect --baseline b.csv --by host --format csv rows.csv");
    told.says("3 observations checked as of 2023-12-02 06:53:20 UTC: 2 of 3 keys reported");
    let reported: Vec<&str> = told.out.lines().skip(1).collect();
    assert_eq!(reported.len(), 2, "{reported:?}");
    assert!(reported[0].contains(",just seen,") && reported[1].contains(",new,"));
}

#[test]
fn an_input_without_a_successful_call_of_a_role_changes_nothing_and_says_so() {
    let desk = Desk::new();
    let failed = call("App", "GetObject", "2025-03-10T08:00:00Z").replacen(
        '{',
        r#"{"errorCode":"AccessDenied","#,
        1,
    );
    desk.write("failed.json", failed);
    desk.ok("learn --baseline b.csv failed.json")
        .says("so nothing was learned. The input covers 2025-03-10 08:00:00 UTC to 2025-03-10 08:00:00 UTC.");
    assert!(!desk.path("b.csv").exists());
    let told = desk.ok("replay failed.json");
    told.says("warning: no successful call by an assumed role was found, so nothing was replayed.");
    assert_eq!(told.out, "");
}

#[test]
fn an_unknown_option_is_refused_with_the_nearest() {
    let desk = Desk::new();
    let told = desk.run("detect --baseline b.csv --forget-windw=-90d@d logs");
    assert_eq!(told.code, 1);
    told.says("--forget-windw").says("'--forget-window'");
    desk.run("learn --baseline b.csv --learning-window=week logs").says("error: `learning_window` must be a time modifier such as `-24h@h` or `-90d@d`, got `week`");
    desk.run("learn --baseline b.csv - -")
        .says("error: `-` is given twice");
}

#[test]
fn what_is_past_the_forget_window_is_left_out() {
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv days");
    desk.ok("learn --baseline b.csv days/10.json --forget-window -3d@d")
        .says("3 keys in the baseline, 0 new, 0 changed, 3 unchanged, 2 forgotten");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let desk = Desk::new();
    let lines: Vec<String> = (0..5_000)
        .map(|n| call("App", &format!("Call{n}"), "2025-03-09T10:00:00Z"))
        .collect();
    desk.write("many.json", lines.join("\n"));
    desk.write(
        "b.csv",
        "user,command,firstTimeSeen,lastTimeSeen,enough_data\na,b,1,1741514700,1\n",
    );
    let mut child = desk
        .command("detect --baseline b.csv many.json --format json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let told = Told::of(child.wait_with_output().unwrap());
    assert_eq!(told.code, 0, "{told:?}");
}

#[test]
fn without_arguments_and_without_input_it_says_what_it_is_for() {
    let desk = Desk::new();
    let told = Told::of(desk.command("").stdin(Stdio::null()).output().unwrap());
    told.says("nothing came on standard input; `unseen` without arguments is for Splunk, which writes there: see `unseen --help`");
    assert_eq!((told.code, told.out.as_str()), (1, ""));
}

#[cfg(unix)]
#[test]
fn a_name_that_somebody_chose_is_shown_harmless() {
    let desk = Desk::new();
    desk.write("logs/\u{1b}[31mred/a.txt", "nothing");
    let told = desk.run("learn --baseline b.csv logs");
    assert!(
        told.err.contains("\\u{1b}[31mred") && !told.err.contains('\u{1b}'),
        "{told:?}"
    );
    let told = Told::of(
        desk.command("replay")
            .arg("\u{1b}[31mnone")
            .output()
            .unwrap(),
    );
    assert!(
        told.err.contains("\\u{1b}[31mnone") && !told.err.contains('\u{1b}'),
        "{told:?}"
    );
}

#[test]
fn a_replay_tells_what_would_have_alerted_on_which_day() {
    let desk = Desk::new();
    ten_days(&desk);
    let told = desk.ok("replay days --initial-days 7");
    told.says("the baseline is mature from 2025-03-09 01:17:00 UTC on");
    let begins = "2025-03-08 to 2025-03-09  0 alerts\n\
         2025-03-10  1 alert\n  \
         10:17:00    0.0  1:role/App  s3:DeleteBucket\n\n\
         the most surprising alerts\n";
    assert_eq!(&told.out[..begins.len()], begins);
    assert!(
        told.out.contains("\ntotal        1 alert on 1 of 3 days\n"),
        "{}",
        told.out
    );
    let told = desk.ok("replay days/01.json days/02.json days/03.json days/04.json");
    told.says("warning: no alerts were simulated: the input covers only 4 days (2025-03-01 08:00:00 UTC to 2025-03-04 09:30:00 UTC) and the learning window is -7d@d; try --initial-days 2 --learning-window=-2d@d");
    let told = desk.ok("replay --time-zone Asia/Kolkata days");
    told.says("the baseline is mature from 2025-03-09 01:17:00 +05:30 on");
    let told = desk.ok("replay days/01.json");
    told.says("warning: no alerts were simulated, since the baseline never became mature");
    assert!(told.out.contains("total        0 alerts"), "{}", told.out);
}
