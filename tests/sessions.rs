//! Whole conversations as golden text: `tests/sessions/*.session`, played through the protocol in memory.
//!
//! A session file reads like a script. `#` opens a comment; `now`, `zone` set the world; `> ` is what splunkd sends and `< ` what
//! the command must answer, each a line of metadata with the body behind it. `> getinfo seen by user` and `> execute`,
//! `> execute finished` stand for the usual metadata, `> cut` sends half a chunk and ends the stream. The harness adds the lengths.
//! `UPDATE=1 make test` rewrites the replies for you to review. Also replays what was recorded from Splunk itself.

use crate::pipe;
use crate::rendered::compare;
use chrono_tz::Tz;
use flate2::read::GzDecoder;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use unseen::command::{self, Surroundings};
use unseen::protocol::{serve, Chunk, Request};
use unseen::rows::{encode, Column, Reader};
use unseen::time::Timestamp;

/// One line of metadata and the body behind it.
#[derive(Clone, Debug, PartialEq)]
struct Turn {
    direction: char,
    line: String,
    body: String,
}

struct Script {
    preamble: String,
    now: Timestamp,
    zone: Tz,
    turns: Vec<Turn>,
}

impl Script {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut script = Script {
            preamble: String::new(),
            now: Timestamp(0),
            zone: Tz::UTC,
            turns: Vec::new(),
        };
        for line in text.split_inclusive('\n') {
            match line.split_at_checked(2) {
                Some((marker @ ("> " | "< "), rest)) => {
                    let direction = marker.chars().next().unwrap();
                    script.turns.push(Turn {
                        direction,
                        line: rest.trim_end().into(),
                        body: String::new(),
                    });
                }
                _ => match script.turns.last_mut() {
                    Some(turn) => turn.body.push_str(line),
                    None => script.preamble.push_str(line),
                },
            }
        }
        for line in script.preamble.lines() {
            match line.split_once(' ') {
                Some(("now", seconds)) => {
                    script.now = Timestamp::parse(seconds.as_bytes()).unwrap().unwrap()
                }
                Some(("zone", zone)) => script.zone = zone.parse().unwrap(),
                _ => assert!(
                    line.is_empty() || line.starts_with('#'),
                    "{}: {line:?}",
                    path.display()
                ),
            }
        }
        script
    }

    fn requests(&self) -> impl Iterator<Item = &Turn> {
        self.turns.iter().filter(|turn| turn.direction == '>')
    }

    fn input(&self) -> Vec<u8> {
        self.requests()
            .flat_map(|turn| request(&turn.line, turn.body.as_bytes()))
            .collect()
    }

    /// The script with the replies that really came, each behind its request.
    fn with_replies(&self, replies: Vec<Turn>) -> String {
        let mut replies = replies.into_iter();
        let mut text = self.preamble.clone();
        for turn in self.requests() {
            text += &format!("> {}\n{}", turn.line, turn.body);
            if let Some(reply) = replies.next() {
                text += &format!("< {}\n{}", reply.line, reply.body);
            }
        }
        assert_eq!(replies.next(), None, "more replies than requests");
        text
    }
}

fn request(line: &str, body: &[u8]) -> Vec<u8> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["getinfo", command, args @ ..] => pipe::frame(&pipe::getinfo(command, args), body),
        ["execute"] => pipe::frame(&pipe::execute(false), body),
        ["execute", "finished"] => pipe::frame(&pipe::execute(true), body),
        ["cut"] => {
            let whole = pipe::frame(
                &pipe::execute(true),
                b"user,command,firstTime\nadmin,CreateUser,1\n",
            );
            whole[..whole.len() / 2].to_vec()
        }
        _ => pipe::frame(line, body),
    }
}

fn play(script: &Script) -> Vec<Turn> {
    let surroundings = Surroundings {
        now: script.now,
        zone: script.zone,
    };
    let mut output = Vec::new();
    let _ = serve(script.input().as_slice(), &mut output, |getinfo| {
        command::open(getinfo, surroundings)
    });
    let mut replies = Vec::new();
    let mut from = output.as_slice();
    while let Some(reply) = pipe::read_reply(&mut from) {
        replies.push(reply);
    }
    assert!(!String::from_utf8_lossy(&output).contains(pipe::SESSION_KEY));
    // The metadata is compared as it was sent, so it is cut out of the output again.
    let text = String::from_utf8(output).unwrap();
    let mut rest = text.as_str();
    let turn = |reply: &pipe::Reply| {
        let (header, after) = rest.split_once('\n').unwrap();
        let length: usize = header.split(',').nth(1).unwrap().parse().unwrap();
        rest = &after[length + reply.body.len()..];
        Turn {
            direction: '<',
            line: after[..length].into(),
            body: String::from_utf8(reply.body.clone()).unwrap(),
        }
    };
    replies.iter().map(turn).collect()
}

fn session_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir("tests/sessions")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "session")
    });
    files.sort();
    files
}

#[test]
fn every_conversation_goes_as_it_is_written_down() {
    let differences: Vec<String> = session_files()
        .iter()
        .filter_map(|path| {
            let script = Script::read(path);
            compare(path, &script.with_replies(play(&script))).err()
        })
        .collect();
    assert!(
        differences.is_empty(),
        "{}\nUPDATE=1 make test rewrites the replies; review them with git diff",
        differences.join("\n")
    );
}

#[test]
fn every_conversation_cut_at_any_byte_ends_quietly() {
    for path in session_files() {
        let script = Script::read(&path);
        let input = script.input();
        for cut in 0..input.len() {
            let surroundings = Surroundings {
                now: script.now,
                zone: script.zone,
            };
            let mut output = Vec::new();
            let result = serve(&input[..cut], &mut output, |getinfo| {
                command::open(getinfo, surroundings)
            });
            let text = String::from_utf8_lossy(&output);
            assert!(
                result.is_ok() || text.contains("\"error\""),
                "{} cut at {cut}: {result:?}",
                path.display()
            );
            assert!(
                !text.contains(pipe::SESSION_KEY),
                "{} cut at {cut}",
                path.display()
            );
        }
    }
}

fn recording(name: &str) -> Vec<u8> {
    let file = fs::File::open(format!("tests/data/recordings/{name}")).unwrap();
    let mut bytes = Vec::new();
    match name.ends_with(".gz") {
        true => GzDecoder::new(file).read_to_end(&mut bytes).unwrap(),
        false => { file }.read_to_end(&mut bytes).unwrap(),
    };
    bytes
}

fn chunks(bytes: &[u8]) -> Vec<Chunk> {
    let mut from = bytes;
    let mut chunks = Vec::new();
    loop {
        let mut chunk = Chunk::default();
        if !chunk.read(&mut from).unwrap() {
            return chunks;
        }
        chunks.push(chunk);
    }
}

#[test]
fn every_recorded_request_is_understood() {
    // Frames and rows as counted in tests/data/recordings/README.md.
    let recordings = [
        ("splunk-6.3/countmatches.input.gz", 2, 500),
        ("splunk-6.3/sum.map.input.gz", 2, 50_000),
        ("splunk-6.3/sum.reduce.input.gz", 2, 1),
        ("splunk-6.3/generatehello.input.gz", 1, 0),
        ("splunk-6.3/pypygeneratetext.input.gz", 1, 0),
    ];
    for (name, frames, rows) in recordings {
        let bytes = recording(name);
        let chunks = chunks(&bytes);
        assert_eq!(chunks.len(), frames, "{name}");
        let actions: Vec<&str> = chunks
            .iter()
            .map(|chunk| Request::parse(&chunk.metadata).unwrap().action())
            .collect();
        assert_eq!(actions, ["getinfo", "execute"][..frames], "{name}");
        assert_eq!(count_rows(&chunks.last().unwrap().body), rows, "{name}");
    }
}

fn count_rows(body: &[u8]) -> usize {
    let mut reader = Reader::new(body).unwrap();
    let mut rows = 0;
    while reader.next_row().unwrap().is_some() {
        rows += 1;
    }
    rows
}

#[test]
fn every_recorded_cell_is_read_as_the_csv_crate_reads_it() {
    let recordings = [
        "splunk-6.3/countmatches.input.gz",
        "splunk-6.3/sum.map.input.gz",
        "splunk-6.3/countmatches.output.gz",
    ];
    for name in recordings {
        let bytes = recording(name);
        let body = &chunks(&bytes).last().unwrap().body.clone();
        let mut oracle = csv::ReaderBuilder::new().from_reader(body.as_slice());
        let mut reader = Reader::new(body).unwrap();
        let mut expected = csv::ByteRecord::new();
        while oracle.read_byte_record(&mut expected).unwrap() {
            let row = reader.next_row().unwrap().unwrap();
            assert!(
                row.cells().eq(expected.iter()),
                "{name}, row {}",
                row.number()
            );
        }
        assert!(reader.next_row().unwrap().is_none(), "{name}");
    }
}

#[test]
fn the_writers_torture_test_of_the_sdk_is_read_and_its_multivalues_go_both_ways() {
    let bytes = recording("sdk-generated/record_writer_v2.output.gz");
    let (mut rows, mut multivalues) = (0, 0);
    for chunk in chunks(&bytes) {
        let mut reader = Reader::new(&chunk.body).unwrap();
        let names: Vec<Vec<u8>> = reader
            .header()
            .names()
            .iter()
            .map(|name| name.to_vec())
            .collect();
        let plain = names.iter().filter(|name| !name.starts_with(b"__mv_"));
        let columns: Vec<(Column, Column)> = plain
            .map(|name| {
                (
                    reader.header().column(name),
                    reader
                        .header()
                        .column(&[b"__mv_", name.as_slice()].concat()),
                )
            })
            .collect();
        while let Some(row) = reader.next_row().unwrap() {
            rows += 1;
            for (column, twin) in &columns {
                if row.is_multivalue(*column) {
                    multivalues += 1;
                    let mut values = Vec::new();
                    row.values(*column, &mut values);
                    let mut encoded = Vec::new();
                    encode(&values, &mut encoded);
                    assert!(
                        values.len() < 2 || encoded == row.cell(*twin).as_ref(),
                        "row {}",
                        row.number()
                    );
                }
            }
        }
    }
    assert_eq!(rows, 31);
    assert!(multivalues > 0);
}

#[test]
fn bytes_that_are_not_utf_8_go_through_both_commands_unchanged() {
    let row = b"\xff\xfe,Create\x80User,1699999000\n";
    let body = [b"user,command,firstTime\n".as_slice(), row].concat();
    let learned = pipe::run(
        "UTC",
        "seen",
        &["user", "command", "start=true"],
        std::slice::from_ref(&body),
    );
    let row = learned.pages[0]
        .split(|&byte| byte == b'\n')
        .nth(1)
        .unwrap();
    assert!(row.starts_with(b"\xff\xfe,Create\x80User,1699999000,"));
    let baseline = b"user,command,firstTimeSeen,enough_data\n\xff,x,1,1\n".to_vec();
    let reported = pipe::run(
        "UTC",
        "unseen",
        &["user", "command"],
        &[baseline, body.clone()],
    );
    assert_eq!(reported.pages, [body]);
}

#[test]
fn a_getinfo_of_splunk_6_3_opens_a_command_though_it_has_no_name_in_it() {
    let getinfo = r#"{"action":"getinfo","preview":false,"searchinfo":{"args":["by","user"],"raw_args":["by","user"],"latest_time":"0","earliest_time":"0","splunk_version":"20150522","search":"%7C%20inputlookup%20x%20%7C%20unseen%20by%20user"}}"#;
    let input = pipe::frame(getinfo, b"");
    let mut output = Vec::new();
    let surroundings = Surroundings {
        now: Timestamp::from_seconds(1_700_000_000),
        zone: Tz::UTC,
    };
    serve(input.as_slice(), &mut output, |getinfo| {
        command::open(getinfo, surroundings)
    })
    .unwrap();
    assert_eq!(output, pipe::frame(r#"{"type":"events"}"#, b""));
}
