//! How `detect` ranks, on the binary: the most surprising role first, each call in the window in which it began, and what triage needs.
//!
//! How a result is laid out is tested in `src/report`, how windows are shared out in `src/baseline/explainer`, the score in `tests/surprise`.

use crate::desk::Desk;

/// A successful call by a role of account 1, in one line.
fn call(role: &str, call: &str, time: &str) -> String {
    let (service, name) = call.split_once(':').unwrap();
    serde_json::json!({
        "eventTime": time, "eventSource": format!("{service}.amazonaws.com"), "eventName": name, "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.1", "userAgent": "cli/2", "eventID": format!("event of {role}"), "eventType": "AwsApiCall",
        "readOnly": false, "requestParameters": {"userName": "eve"},
        "userIdentity": {
            "type": "AssumedRole", "accessKeyId": "ASIA1", "arn": format!("arn:aws:sts::1:assumed-role/{role}/ann@example.com"),
            "sessionContext": {"sessionIssuer": {"userName": role, "accountId": "1"}},
        },
    })
    .to_string()
}

/// A baseline, `b.csv`: in March four roles read objects, and one of them lists roles too.
fn four_roles(desk: &Desk) {
    let of_day = |day: u32| {
        let time = format!("2025-03-{day:02}T08:00:00Z");
        let roles = ["Api", "Batch", "Cron", "Ops"];
        let mut calls: Vec<String> = roles.map(|role| call(role, "s3:GetObject", &time)).to_vec();
        calls.push(call("Ops", "iam:ListRoles", &time));
        calls.join("\n")
    };
    let march: Vec<String> = (1..=31).map(of_day).collect();
    desk.write("march.json", march.join("\n"));
    desk.ok("learn --baseline b.csv march.json");
}

/// The calls in the order of a result as JSON.
fn calls(json: &str) -> Vec<String> {
    let row = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let text = |row: serde_json::Value| {
        format!(
            "{} {}",
            row["role"][0].as_str().unwrap(),
            row["command"].as_str().unwrap()
        )
    };
    json.lines().map(|line| text(row(line))).collect()
}

#[test]
fn the_most_surprising_role_comes_first_unless_time_is_asked_for() {
    let desk = Desk::new();
    four_roles(&desk);
    let day = [
        call("Cron", "iam:ListRoles", "2025-04-01T09:00:00Z"),
        call("New", "s3:GetObject", "2025-04-01T10:00:00Z"),
        call("Api", "iam:CreateUser", "2025-04-01T11:00:00Z"),
        call("Api", "iam:CreateAccessKey", "2025-04-01T11:01:00Z"),
    ];
    desk.write("day.json", day.join("\n"));
    let detect = |options: &str| {
        desk.ok(&format!("detect --baseline b.csv {options} day.json"))
            .out
    };
    let by_time = [
        "Cron iam:ListRoles",
        "New s3:GetObject",
        "Api iam:CreateUser",
        "Api iam:CreateAccessKey",
    ];
    assert_eq!(calls(&detect("--format json --sort time")), by_time);
    let [cron, new, user, key] = by_time;
    assert_eq!(calls(&detect("--format json")), [user, key, cron, new]);
    let table = detect("");
    let roles: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("1:role/"))
        .collect();
    assert!(
        roles[0].starts_with("1:role/Api: surprise 29.1 in 2"),
        "{table}"
    );
    assert!(
        roles[0].ends_with(" in 2 new calls, 2025-04-01 11:00:00 to 11:01:00, from 192.0.2.1"),
        "{table}"
    );
    assert!(
        roles[2].starts_with("1:role/New (new role): surprise 0.0 in 1 new call"),
        "{table}"
    );
    let words: Vec<&str> = table.split_whitespace().collect();
    assert!(words.join(" ").contains("the role never used iam before; "));
}

/// A stack that is deployed anew: what its predecessor did is less surprising, and what none of them did stands out.
#[test]
fn with_families_a_new_role_stands_out_by_what_no_predecessor_did() {
    let desk = Desk::new();
    let [old, new] = ["shop-Api-1NV7OHQ5MPX0W", "shop-Api-9KQ2ZB7LXW1CA"];
    let mut march = Vec::new();
    for day in 1..=31 {
        let time = format!("2025-03-{day:02}T08:00:00Z");
        march.extend((0..30).map(|nth| call(&format!("Job{nth}"), "s3:GetObject", &time)));
        march.push(call(old, "kms:Sign", &time));
    }
    desk.write("march.json", march.join("\n"));
    desk.ok("learn --baseline b.csv march.json");
    let [sign, create] = ["kms:Sign", "iam:CreateUser"];
    let day = [sign, create].map(|name| call(new, name, "2025-04-01T11:00:00Z"));
    desk.write("day.json", day.join("\n"));
    let surprise = |option: &str| {
        let told = desk.ok(&format!(
            "detect --baseline b.csv --format json {option} day.json"
        ));
        let rows = told.out.lines().map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            (
                row["command"].as_str().unwrap().to_owned(),
                row["surprise"].as_f64().unwrap(),
            )
        });
        let rows: std::collections::BTreeMap<String, f64> = rows.collect();
        [sign, create].map(|name| rows[name])
    };
    let ([sign, create], [sign_before, create_before]) = (surprise("--families"), surprise(""));
    assert!(sign < sign_before, "{sign} {sign_before}");
    assert!(create > create_before, "{create} {create_before}");
}

#[test]
fn what_an_analyst_looks_at_first_comes_with_each_row() {
    let desk = Desk::new();
    four_roles(&desk);
    desk.write(
        "day.json",
        call("Api", "iam:CreateUser", "2025-04-01T11:00:00Z"),
    );
    let line = desk
        .ok("detect --baseline b.csv --format json day.json")
        .out;
    let row: serde_json::Value = serde_json::from_str(&line).unwrap();
    for (field, expected) in [
        ("user", "1:role/Api"),
        ("session", "ann@example.com"),
        ("user_agent", "cli/2"),
        ("access_key", "ASIA1"),
        ("event_id", "event of Api"),
        ("read_only", "false"),
        ("event_type", "AwsApiCall"),
        ("novelty", "call"),
    ] {
        assert_eq!(row[field], expected, "{field}");
    }
    assert_eq!(row["object"], serde_json::json!(["eve"]));
    let table = desk.ok("detect --baseline b.csv day.json").out;
    assert!(
        table.contains("  session ann@example.com, access key ASIA1, agent cli/2\n"),
        "{table}"
    );
    assert!(
        !desk.read("b.csv").contains("ann@"),
        "sessions never reach a key"
    );
}

#[test]
fn a_month_is_ranked_window_by_window() {
    let desk = Desk::new();
    four_roles(&desk);
    let tag = |role: &str, day: u32| {
        call(
            role,
            "s3:PutObjectTagging",
            &format!("2025-04-{day:02}T12:00:00Z"),
        )
    };
    let began = |days: [u32; 3]| {
        let april = [
            tag("Api", days[0]),
            tag("Batch", days[1]),
            tag("Cron", days[2]),
            call("Ops", "s3:GetObject", "2025-04-30T12:00:00Z"),
        ];
        desk.write("april.json", april.join("\n"));
        let told = desk.ok("detect --baseline b.csv --format json april.json");
        let said = told
            .out
            .matches("3 roles began making this call in this window")
            .count();
        (said, calls(&told.out), told.err)
    };
    let (said, _, told) = began([30, 30, 30]);
    assert_eq!(said, 3, "{told}");
    assert!(!told.contains("each is ranked in its own"), "{told}");
    // One after the other: for each that comes later, more roles make the call, and nobody begins it in the same window.
    let (said, order, told) = began([9, 14, 28]);
    assert_eq!(said, 0, "{told}");
    assert_eq!(order[0], "Api s3:PutObjectTagging");
    assert!(
        told.contains(
            "the reported calls began in 3 windows of -24h@h, and each is ranked in its own"
        ),
        "{told}"
    );
}

#[test]
fn a_learning_baseline_ranks_nothing_and_a_key_of_one_field_has_no_role() {
    let desk = Desk::new();
    desk.write(
        "young.json",
        call("Api", "s3:GetObject", "2025-03-30T08:00:00Z"),
    );
    desk.ok("learn --baseline young.csv young.json");
    desk.write(
        "day.json",
        call("Api", "iam:CreateUser", "2025-04-01T11:00:00Z"),
    );
    let told = desk.ok("detect --baseline young.csv day.json");
    assert_eq!(told.out, "");
    told.says("the baseline is still learning");
    desk.write(
        "hosts.csv",
        "host,firstTimeSeen,lastTimeSeen,enough_data\nweb,1700000100,1701400000,1\n",
    );
    desk.write("rows.csv", "host,_time\nnew,1701500000\n");
    let told = desk.ok("detect --baseline hosts.csv --by host rows.csv");
    assert!(told.out.starts_with("first (UTC)"), "{}", told.out);
    let told = desk.run("detect --baseline hosts.csv --by host --sort surprise rows.csv");
    told.says("error: `--sort surprise` needs two key fields or more, the first of which is the role; `--by` is `host`");
}
