//! Input that could not be read, or not be used: what is lost, what is reported of it, and how the run ends.

use crate::desk::{call, ten_days, Desk};

const ROWS: &str = "user,command,firstTime";

#[test]
fn a_faulty_row_costs_its_line_and_no_other() {
    let desk = Desk::new();
    for (faulty, why) in [
        ("B,x", "row 2 has 2 cells where the header has 3"),
        (
            "B,x,1715335200,y",
            "row 2 has 4 cells where the header has 3",
        ),
        (
            "\"B\"x,1",
            "row 2: expected a comma or a line end after the closing quote of cell 1, got `x`",
        ),
    ] {
        desk.write(
            "rows.csv",
            format!("{ROWS}\nA,x,1715335200\n{faulty}\nC,x,1715335201\n"),
        );
        let told = desk.run("learn --baseline b.csv rows.csv");
        told.says(&format!("`rows.csv` {why}"));
        let baseline = desk.read("b.csv");
        assert_eq!(baseline.lines().count(), 3, "{faulty}: {baseline}");
        assert!(baseline.contains("\nC,x,1715335201"));
    }
}

/// A text with line ends in it, in a file that was cut: whoever wrote the text must not write the baseline.
#[test]
fn a_row_behind_a_quote_without_an_end_is_detected_and_not_learned() {
    let desk = Desk::new();
    desk.write(
        "rows.csv",
        format!("{ROWS}\nA,x,1715335200\n\"B,x,1715335200\nC,x,1715335201\nD,x,soon\n"),
    );
    let told = desk.run("learn --baseline b.csv rows.csv");
    told.says("`rows.csv` row 2: cell 1 opens with a quote that is never closed")
        .says("warning: skipped 2 rows behind a quote without an end");
    assert_eq!(desk.read("b.csv").lines().count(), 2);
    desk.write(
        "b.csv",
        "user,command,firstTimeSeen,lastTimeSeen,enough_data\nA,x,1712000000,1715300000,1\n",
    );
    let told = desk.run("detect --baseline b.csv --format csv rows.csv");
    assert!(told.out.contains(",C,x,"), "{told:?}");
}

/// A call that a mature baseline of ten days does not know.
fn evil(time: &str) -> String {
    call("App", "DeleteTrail", time)
}

#[test]
fn an_error_ends_in_1_a_find_in_2_and_a_loss_in_3() {
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv --to 2025-03-10 days");
    let known = call("App", "GetObject", "2025-03-10T08:00:00Z");
    let new = evil("2025-03-10T11:00:00Z");
    desk.write("known.json", &known)
        .write("new.json", &new)
        .write("cut.json", format!("{known}\n{}", &new[..90]))
        .write("new_cut.json", format!("{new}\n{}", &known[..90]))
        .write("no_time.json", call("App", "GetObject", "later"))
        .write("empty.json", "{\"Records\":[]}")
        .write("notes.txt", "nothing");
    for (paths, code, allowed) in [
        ("known.json", 0, 0),
        ("new.json", 2, 2),
        ("cut.json", 3, 0),
        ("new_cut.json", 2, 2),
        ("no_time.json", 3, 0),
        ("empty.json", 0, 0),
        ("known.json notes.txt", 1, 1),
        ("notes.txt new.json", 1, 1),
        ("notes.txt cut.json", 1, 1),
    ] {
        let detect = format!("detect --baseline b.csv --fail-if-found --format csv {paths}");
        let told = desk.run(&detect);
        assert_eq!(told.code, code, "{paths}: {told:?}");
        assert_eq!(
            told.out.contains("DeleteTrail"),
            paths.contains("new"),
            "{paths}: written before"
        );
        let told = desk.run(&format!("{detect} --allow-incomplete"));
        assert_eq!(told.code, allowed, "{paths}: {told:?}");
    }
    let told = desk.run("detect --baseline b.csv --fail-if-found new_cut.json");
    told.says("warning: input was lost (1 place), so this is not all that there was");
    assert_eq!(desk.run("replay cut.json").code, 3);
    assert_eq!(desk.run("replay --allow-incomplete cut.json").code, 0);
}

#[test]
fn learning_writes_what_was_read_if_input_is_lost_and_nothing_after_an_error() {
    let desk = Desk::new();
    let good = call("App", "GetObject", "2025-03-10T08:00:00Z");
    desk.write("cut.json", format!("{good}\n{}", &good[..90]))
        .write("notes.txt", "nothing");
    let told = desk.run("learn --baseline b.csv cut.json notes.txt");
    told.says("error: `notes.txt` is neither CloudTrail JSON nor CSV with the columns user, command; nothing was learned");
    assert_eq!((told.code, desk.path("b.csv").exists()), (1, false));
    assert_eq!(desk.run("learn --baseline b.csv cut.json").code, 3);
    assert_eq!(desk.read("b.csv").lines().count(), 2);
    let told = desk.ok("learn --baseline b.csv cut.json --allow-incomplete");
    told.says("warning: could not read 1 place in the input");
}

#[test]
fn a_test_for_finds_is_incomplete_while_the_baseline_is_learning() {
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv days/09.json");
    let detect = "detect --baseline b.csv days/10.json";
    desk.ok(detect).says("the baseline is still learning");
    assert_eq!(desk.run(&format!("{detect} --fail-if-found")).code, 3);
    desk.ok(&format!("{detect} --fail-if-found --allow-incomplete"));
}

#[test]
fn counts_are_of_what_was_asked_for_and_an_empty_selection_is_reported_with_what_there_is() {
    let desk = Desk::new();
    ten_days(&desk);
    let failed = evil("2025-03-05T00:00:00Z").replacen('{', r#"{"errorCode":"AccessDenied","#, 1);
    let user = evil("2025-03-06T00:00:00Z").replace("AssumedRole", "IAMUser");
    desk.write("days/more.json", format!("{failed}\n{user}"));
    let told = desk.ok("learn --baseline b.csv --from 2025-03-05 --to 2025-03-06 days");
    told.says("in range: 3 records: 2 successful role calls (learned); 1 failed and 0 by IAM users, root or services (not learned); skipped 20 out of range");
    let told = desk.ok("detect --baseline b.csv --from 2026-01-01 days");
    told.says("warning: no successful call by an assumed role was found in this range, so nothing was checked. The input covers 2025-03-01 08:00:00 UTC to 2025-03-10 10:05:00 UTC.");
    assert!(
        !told.err.contains("as of")
            && told
                .err
                .contains("warning: the baseline is still learning\n"),
        "{told:?}"
    );
    let told = desk.run("learn --baseline b.csv --from 2025-03-06 --to 2025-03-05 days");
    told.says("error: --from (2025-03-06 00:00:00 UTC) must be earlier than --to (2025-03-05 00:00:00 UTC)");
    assert_eq!(told.code, 1);
}

#[test]
fn rows_are_taken_by_those_of_their_times_that_are_in_the_range() {
    let desk = Desk::new();
    let rows = "A,x,1715299200,1715400000\nB,x,1715200000,1715300000\nC,x,1715200000,1715400000\nD,x,1715300000,1715310000\n";
    desk.write(
        "rows.csv",
        format!("user,command,firstTime,lastTime\n{rows}"),
    );
    desk.ok("learn --baseline b.csv --from 2024-05-10 --to 1715400000 rows.csv")
        .says("skipped 1 row out of range")
        .says("3 observations learned as of");
    let baseline = desk.read("b.csv");
    let times: Vec<&str> = baseline.lines().skip(1).map(|row| &row[..25]).collect();
    assert_eq!(
        times,
        [
            "A,x,1715299200,1715299200",
            "B,x,1715300000,1715300000",
            "D,x,1715300000,1715310000"
        ]
    );
}

#[test]
fn nothing_is_learned_of_what_has_no_time_and_no_empty_baseline_is_left() {
    let desk = Desk::new();
    desk.write(
        "no_time.json",
        call("A", "B", "").replace("\"eventTime\":\"\",", ""),
    );
    let told = desk.run("learn --baseline b.csv no_time.json");
    told.says("read 1 record: 0 successful role calls (learned)")
        .says("warning: 1 record with an eventTime that is no time, not learned: `no_time.json` line 1\n");
    assert_eq!((told.code, desk.path("b.csv").exists()), (3, false));
    // A window may forget all that is learned.
    desk.write("old.json", call("A", "B", "2024-01-01T00:00:00Z"));
    desk.ok("learn --baseline b.csv --as-of 2025-01-01 --forget-window=-90d@d old.json");
    assert!(!desk.path("b.csv").exists());
}

#[test]
fn a_baseline_with_rows_is_emptied_only_if_that_is_asked_for() {
    let desk = Desk::new();
    desk.write("old.json", call("A", "B", "2024-01-01T00:00:00Z"));
    desk.ok("learn --baseline b.csv old.json");
    let before = desk.read("b.csv");
    let forget = "learn --baseline b.csv --as-of 2025-01-01 --forget-window=-90d@d old.json";
    let told = desk.run(forget);
    told.says("error: all that the baseline `b.csv` holds would be forgotten, so it was left as it is; give `--allow-empty` to empty it");
    assert_eq!((told.code, desk.read("b.csv")), (1, before));
    desk.ok(&format!("{forget} --allow-empty"));
    assert_eq!(desk.read("b.csv").lines().count(), 1);
}

#[test]
fn the_baseline_and_its_lock_are_no_input_where_they_lie_in_the_folder() {
    let desk = Desk::new();
    desk.write("logs/a.json", call("A", "B", "2024-01-01T00:00:00Z"));
    for _ in 0..2 {
        let told = desk.ok("learn --baseline logs/b.csv logs");
        told.says("1 observation learned");
        assert!(!told.err.contains("warning"), "{told:?}");
    }
    let told = desk.ok("detect --baseline logs/b.csv logs");
    assert!(!told.err.contains("b.csv"), "{told:?}");
}
