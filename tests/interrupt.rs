//! Ctrl-C: `detect` and `replay` end reading and go on with what they have, `learn` ends and writes nothing.
//!
//! The second file of each run is a named pipe that goes on for ever, so that nothing ends by itself, and every step is awaited.

#![cfg(unix)]

use crate::desk::{call, ten_days, Desk, Told};
use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Child, Command, Stdio};

/// Runs a verb on ten days and a pipe, and interrupts it while it reads the pipe.
fn interrupted(desk: &Desk, verb: &str) -> Told {
    ten_days(desk);
    let pipe = desk.path("pipe.json");
    assert!(Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap()
        .success());
    let mut command = desk.command(&format!("{verb} days pipe.json"));
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Opening it waits until it is read from.
    let mut writer = OpenOptions::new().write(true).open(&pipe).unwrap();
    let line = call("App", "GetObject", "2025-03-10T11:00:00Z") + "\n";
    writer.write_all(line.repeat(10_000).as_bytes()).unwrap();
    interrupt(&child);
    // The pipe breaks once nobody reads it any more.
    while writer.write_all(line.as_bytes()).is_ok() {}
    Told::of_any(child.wait_with_output().unwrap())
}

fn interrupt(child: &Child) {
    let number = child.id().to_string();
    assert!(Command::new("kill")
        .args(["-INT", &number])
        .status()
        .unwrap()
        .success());
}

#[test]
fn replay_shows_what_was_read() {
    let desk = Desk::new();
    let told = interrupted(&desk, "replay --initial-days 3 --learning-window=-2d@d");
    assert_eq!(told.code, 130);
    told.says("warning: interrupted: 10 of 11 files were read to their end, and what follows is about those");
    assert!(told.out.contains("s3:DeleteBucket"), "{}", told.out);
}

#[test]
fn detect_shows_what_was_read() {
    let desk = Desk::new();
    ten_days(&desk);
    desk.ok("learn --baseline b.csv --to 2025-03-10 days");
    let told = interrupted(
        &desk,
        "detect --baseline b.csv --learning-window=-3d@d --format csv",
    );
    assert_eq!(told.code, 130);
    assert!(told.out.contains("s3:DeleteBucket"), "{}", told.out);
}

#[test]
fn learn_ends_and_writes_nothing() {
    let desk = Desk::new();
    let told = interrupted(&desk, "learn --baseline b.csv");
    assert_eq!(
        (told.code, told.out.as_str()),
        (-2, ""),
        "the signal ends it"
    );
    assert!(!desk.path("b.csv").exists());
}
