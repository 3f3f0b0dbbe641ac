//! A pipe that fails: whatever splunkd sends or stops reading, the real process ends quietly or with one clear error.
//!
//! Every cut at every byte is played in memory by `tests/sessions.rs`; here the process itself is cut off, lied to, left alone and
//! told to stop. Nothing waits for a time: each step waits for what it needs to have happened. Knows frames and exit codes, no rules.

#![cfg(unix)]

use crate::pipe;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

/// More than a pipe holds, and enough to notice if it were kept twice over.
const MANY_ROWS: usize = 40_000;

fn start() -> Child {
    Command::new(env!("CARGO_BIN_EXE_unseen"))
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends bytes, hangs up, and waits for the end.
fn send(input: &[u8]) -> Output {
    let mut child = start();
    let mut stdin = child.stdin.take().unwrap();
    // A process that has given up does not read the rest.
    let _ = stdin.write_all(input);
    drop(stdin);
    checked(child.wait_with_output().unwrap())
}

/// No output of any kind may hold the session key, and stdout holds frames only.
fn checked(output: Output) -> Output {
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(stream);
        assert!(!text.contains("zsecret"), "{text}");
    }
    replies(&output);
    output
}

fn replies(output: &Output) -> Vec<pipe::Reply> {
    let mut from = output.stdout.as_slice();
    std::iter::from_fn(|| pipe::read_reply(&mut from)).collect()
}

fn is_quiet(output: &Output) -> bool {
    output.status.success() && output.stderr.is_empty()
}

/// One line on stderr, the same text to splunkd, and an exit code.
fn says_once(output: &Output, text: &str) -> bool {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<String> = replies(output)
        .iter()
        .filter_map(|reply| Some(reply.error()?.to_owned()))
        .collect();
    output.status.code() == Some(1)
        && stderr.lines().count() == 1
        && stderr.contains(text)
        && errors.len() == 1
        && stderr.contains(&errors[0])
}

/// A good session: two chunks, and one page back. The frames, apart.
fn good_session(command: &str) -> Vec<Vec<u8>> {
    let args = match command {
        "seen" => vec!["user", "command", "as_of=1700049600", "start=true"],
        _ => vec!["user", "command", "as_of=1700049600"],
    };
    vec![
        pipe::frame(&pipe::getinfo(command, &args), b""),
        pipe::frame(
            &pipe::execute(false),
            b"user,command,firstTime,lastTime\nadmin,\"Create\nUser\",1700000000,1700000100\n",
        ),
        pipe::frame(
            &pipe::execute(true),
            "user,command,firstTimeSeen,lastTimeSeen,enough_data\né,GetObject,1600000000,1700000000,1\n".as_bytes(),
        ),
    ]
}

#[test]
fn a_good_session_cut_anywhere_ends_quietly_with_the_replies_so_far() {
    for command in ["seen", "unseen"] {
        let frames = good_session(command);
        let whole = frames.concat();
        let all = send(&whole).stdout;
        let boundaries = frames.iter().scan(0, |end, frame| {
            *end += frame.len();
            Some(*end)
        });
        let boundaries: Vec<usize> = std::iter::once(0).chain(boundaries).collect();
        // Every byte of each header and around each end, and some between.
        let is_close = |cut: usize| {
            let after = boundaries
                .iter()
                .any(|&start| (start..start + 20).contains(&cut));
            after || boundaries.iter().any(|&end| (cut..cut + 2).contains(&end))
        };
        for cut in (0..=whole.len()).filter(|&cut| is_close(cut) || cut % 23 == 0) {
            let output = send(&whole[..cut]);
            assert!(is_quiet(&output), "{command} cut at {cut}: {output:?}");
            let came = boundaries.iter().filter(|&&end| end > 0 && end <= cut);
            assert_eq!(
                replies(&output).len(),
                came.count(),
                "{command} cut at {cut}: {output:?}"
            );
            assert!(all.starts_with(&output.stdout), "{command} cut at {cut}");
        }
    }
}

#[test]
fn a_stream_that_begins_in_the_middle_never_shows_what_it_was() {
    let whole = good_session("seen").concat();
    let key = whole.windows(7).position(|at| at == b"zsecret").unwrap();
    let starts =
        (1..whole.len()).filter(|start| start % 29 == 0 || (key - 70..key + 8).contains(start));
    for start in starts {
        let output = send(&whole[start..]);
        assert!(
            is_quiet(&output) || says_once(&output, "expected a"),
            "from {start}: {output:?}"
        );
    }
}

#[test]
fn lengths_that_lie_end_the_session_and_never_show_the_metadata() {
    let getinfo = pipe::getinfo("unseen", &["user"]);
    let length = getinfo.len();
    let lies = [
        (format!("{},0", length - 1), "it is no JSON"),
        (format!("{length},7"), ""),
        (format!("{},0", length + 1), "it is no JSON"),
        ("0,0".into(), "it is no JSON"),
        (format!("0,{length}"), "it is no JSON"),
        ("10,0".into(), "it is no JSON"),
        ("-1,0".into(), "expected a header"),
        (format!("{length},-1"), "expected a header"),
        (format!("+{length},0"), "expected a header"),
        ("0x10,0".into(), "expected a header"),
        (format!("{length}.0,0"), "expected a header"),
        (format!("{length},0,0"), "expected a header"),
        (format!("{length}"), "expected a header"),
        ("18446744073709551616,0".into(), "expected a header"),
        (
            format!("{length},99999999999999999999999999"),
            "expected a header",
        ),
        ("18446744073709551615,18446744073709551615".into(), ""),
        (format!("{length},18446744073709551615"), ""),
        ("4294967296,4294967296".into(), ""),
    ];
    for (lengths, error) in lies {
        let mut input = format!("chunked 1.0,{lengths}\n{getinfo}").into_bytes();
        input.extend(pipe::frame(&pipe::execute(true), b"user\nadmin\n"));
        let output = send(&input);
        match error {
            "" => assert!(
                is_quiet(&output) || says_once(&output, "expected a"),
                "{lengths}: {output:?}"
            ),
            _ => assert!(says_once(&output, error), "{lengths}: {output:?}"),
        }
    }
}

#[test]
fn a_header_without_its_line_end_never_shows_what_follows() {
    let getinfo = pipe::getinfo("unseen", &["user"]);
    for header in [
        "",
        "chunked 1.0,",
        "chunked 1.0,7,0",
        "chunked ",
        "\u{feff}chunked 1.0,7,0",
    ] {
        for metadata in [
            getinfo.as_str(),
            r#"{"session_key":"zsecret^session_key"}"#,
            "zsecret",
        ] {
            let output = send(format!("{header}{metadata}\n").as_bytes());
            assert!(
                says_once(&output, "expected a header"),
                "{header}{metadata}: {output:?}"
            );
        }
    }
}

#[test]
fn a_claim_of_exabytes_takes_no_memory() {
    // With so little address space a buffer of the claimed size would abort the process.
    let mut child = Command::new("sh")
        .args([
            "-c",
            "ulimit -v 262144; exec \"$0\"",
            env!("CARGO_BIN_EXE_unseen"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut input = pipe::frame(&pipe::getinfo("unseen", &["user"]), b"");
    input.extend_from_slice(b"chunked 1.0,36,9223372036854775807\n");
    input.extend_from_slice(pipe::execute(true).as_bytes());
    input.extend_from_slice(&b"user\n".repeat(200_000));
    stdin.write_all(&input).unwrap();
    drop(stdin);
    let output = checked(child.wait_with_output().unwrap());
    assert!(is_quiet(&output), "{output:?}");
}

/// A session whose only page is larger than a pipe, sent whole. Its replies up to the page are read, and one byte of the page.
fn child_in_the_middle_of_a_page() -> (Child, Vec<u8>) {
    let mut body = b"user,command,firstTime,firstTimeSeen,enough_data\nold,call,,1,1\n".to_vec();
    for number in 0..MANY_ROWS {
        body.extend(format!("role{number},CreateUser,1700000000,,\n").bytes());
    }
    let mut input = pipe::frame(&pipe::getinfo("unseen", &["user", "command"]), b"");
    input.extend(pipe::frame(&pipe::execute(true), &body));
    let mut child = start();
    let mut stdin = child.stdin.take().unwrap();
    let sent = thread::spawn(move || stdin.write_all(&input).map(|()| stdin));
    let mut opened = vec![0; pipe::frame(r#"{"type":"events"}"#, b"").len() + 1];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut opened)
        .unwrap();
    drop(sent.join().unwrap().unwrap());
    (child, body)
}

#[test]
fn a_reply_that_nobody_reads_is_waited_for_and_then_is_whole() {
    let (child, body) = child_in_the_middle_of_a_page();
    wait_until_asleep(&child);
    let peak = peak_memory(&child);
    assert!(
        peak < 12 * body.len() + (16 << 20),
        "{peak} bytes for {} of input",
        body.len()
    );
    let output = child.wait_with_output().unwrap();
    assert!(is_quiet(&output));
    let rows = output
        .stdout
        .split(|&byte| byte == b'\n')
        .filter(|line| line.starts_with(b"role"));
    assert_eq!(rows.count(), MANY_ROWS);
}

#[test]
fn a_reader_that_goes_away_in_the_middle_of_a_page_is_a_quiet_end() {
    let (mut child, _) = child_in_the_middle_of_a_page();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(is_quiet(&output), "{output:?}");
}

#[test]
fn a_reader_that_goes_away_between_two_chunks_is_a_quiet_end() {
    for command in ["seen", "unseen"] {
        for read in 0..3 {
            let mut child = start();
            let mut stdin = child.stdin.take().unwrap();
            let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
            let frames = good_session(command);
            for frame in &frames[..read] {
                stdin.write_all(frame).unwrap();
                pipe::read_reply(&mut stdout).unwrap();
            }
            drop(stdout);
            let _ = stdin.write_all(&frames[read]);
            drop(stdin);
            let output = child.wait_with_output().unwrap();
            assert!(is_quiet(&output), "{command} after {read}: {output:?}");
        }
    }
}

#[test]
fn splunkd_that_hangs_up_between_two_chunks_is_a_quiet_end() {
    for command in ["seen", "unseen"] {
        for asked in 0..3 {
            let mut session = pipe::Session::start("UTC");
            let metadata = [
                pipe::getinfo(
                    command,
                    &["user", "start=true"][..if command == "seen" { 2 } else { 1 }],
                ),
                pipe::execute(false),
            ];
            for turn in metadata.iter().take(asked) {
                session.ask(
                    turn,
                    if turn.contains("getinfo") {
                        b""
                    } else {
                        b"user,_time\na,1\n"
                    },
                );
            }
            session.end();
        }
    }
}

#[test]
fn sigterm_ends_a_session_at_once_without_a_word() {
    for (asked, closed) in [(0, false), (1, false), (2, false), (2, true)] {
        let mut child = start();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
        for frame in &good_session("unseen")[..asked] {
            stdin.write_all(frame).unwrap();
            pipe::read_reply(&mut stdout).unwrap();
        }
        let told = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(told.unwrap().success());
        if closed {
            drop(stdin);
        }
        let output = child.wait_with_output().unwrap();
        let mut rest = Vec::new();
        stdout.read_to_end(&mut rest).unwrap();
        let (signal, code) = (output.status.signal(), output.status.code());
        assert!(
            signal == Some(15) || closed && code == Some(0),
            "{output:?}"
        );
        assert_eq!((rest, output.stderr), (vec![], vec![]));
    }
}

/// Waits until the process waits for something.
fn wait_until_asleep(child: &Child) {
    let path = format!("/proc/{}/stat", child.id());
    loop {
        let stat = fs::read_to_string(&path).unwrap();
        // The name stands in brackets and may hold anything.
        let state = stat.rsplit_once(") ").unwrap().1;
        if state.starts_with('S') {
            return;
        }
        thread::yield_now();
    }
}

/// The most bytes of memory that the process ever had.
fn peak_memory(child: &Child) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim()
        .trim_end_matches(" kB")
        .parse::<usize>()
        .unwrap()
        * 1024
}
