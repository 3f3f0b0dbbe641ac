//! Input that could not be read, or not be used: what is lost, what is told of it, and how the run ends.

use crate::desk::Desk;

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
