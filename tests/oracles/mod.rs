//! What must hold for any bytes: one function for each thing that reads what others wrote, with the laws it must keep.
//!
//! Both `tests/hostile.rs` (some bytes in every `make test`) and `fuzz/` (many, guided by coverage: `make fuzz`) call these, so that what
//! a fuzzer finds is a test at once. A function returns if all is well and panics if a law is broken. None asks what the right
//! answer is, unless somebody independent can tell: the `csv` crate, the decoder that is the encoder's inverse, chrono's calendar.

#![allow(clippy::unwrap_used)] // a panic is the report

use chrono_tz::Tz;
use std::borrow::Cow;
use std::io::{BufReader, Read};
use unseen::cloudtrail::{Found, Malformed, NotACall, Origin, RecordReader};
use unseen::command::{self, Surroundings};
use unseen::lookup;
use unseen::options::{SeenOptions, Token, UnseenOptions};
use unseen::protocol::{serve, write_chunk, Chunk, Request};
use unseen::rows::{decode, encode, Reader, Writer};
use unseen::time::{Modifier, Timestamp};

/// Takes any bytes; panics where a law is broken.
pub(crate) type Oracle = fn(&[u8]);

/// The name and the body of each.
pub(crate) const ALL: &[(&str, Oracle)] = &[
    ("chunk", chunk),
    ("metadata", metadata),
    ("rows", rows),
    ("cells", cells),
    ("multivalue", multivalue),
    ("options", options),
    ("timestamp", timestamp),
    ("modifier", modifier),
    ("cloudtrail", cloudtrail_records),
    ("cloudtrail_faults", cloudtrail_faults),
    ("session", session),
];

/// What no output may hold.
const SECRET: &str = "zsecret";

/// Wednesday, 15 November 2023, 12:00 UTC.
const NOW: Timestamp = Timestamp(1_700_049_600_000_000);

/// Chunks: what is read was really there, takes no more memory than came, and is read back from what is written.
pub(crate) fn chunk(bytes: &[u8]) {
    let mut from = bytes;
    let mut dribbled = BufReader::with_capacity(3, bytes);
    loop {
        let (mut chunk, mut again) = (Chunk::default(), Chunk::default());
        let came = chunk.read(&mut from);
        let came_again = again.read(&mut dribbled);
        // Vectors double as they grow.
        let held = chunk.metadata.capacity() + chunk.body.capacity();
        assert!(
            held <= 2 * bytes.len() + 128,
            "{held} bytes held for {}",
            bytes.len()
        );
        match (came, came_again) {
            (Ok(true), Ok(true)) => {}
            (Ok(came), Ok(came_again)) => return assert_eq!(came, came_again),
            (Err(one), Err(other)) => return assert_eq!(one.to_string(), other.to_string()),
            (one, other) => panic!("{one:?} at once, {other:?} in dribbles"),
        }
        assert_eq!(
            (&chunk.metadata, &chunk.body),
            (&again.metadata, &again.body)
        );
        assert_eq!(read_back(&chunk), (chunk.metadata, chunk.body));
    }
}

fn read_back(chunk: &Chunk) -> (Vec<u8>, Vec<u8>) {
    let mut written = Vec::new();
    write_chunk(&mut written, &chunk.metadata, &chunk.body).unwrap();
    let mut back = Chunk::default();
    let mut rest = written.as_slice();
    assert!(back.read(&mut rest).unwrap());
    assert!(rest.is_empty());
    (back.metadata, back.body)
}

/// Metadata: what is no request is told without a byte of it.
pub(crate) fn metadata(bytes: &[u8]) {
    if let Err(error) = Request::parse(bytes) {
        let told = error.to_string();
        assert!(!told.contains(SECRET), "{told}");
        assert!(told.len() < 200 && !told.contains('\n'), "{told}");
    }
}

/// Rows: each is as wide as the header, stands in the body as told, and is what the `csv` crate reads where the two dialects agree.
pub(crate) fn rows(body: &[u8]) {
    let Some(read) = read_rows(body) else { return };
    assert_eq!(
        read_rows(&write_rows(&read)),
        Some(read.clone()),
        "read back"
    );
    if is_common_dialect(body) {
        let mut oracle = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(body);
        let expected: Vec<Vec<Vec<u8>>> = oracle
            .byte_records()
            .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
            .collect();
        assert_eq!(read, expected);
    }
}

/// Header and rows; none if the body is no rows.
fn read_rows(body: &[u8]) -> Option<Vec<Vec<Vec<u8>>>> {
    let mut reader = Reader::new(body).ok()?;
    let names = reader.header().names();
    let width = names.len();
    let mut rows: Vec<Vec<Vec<u8>>> = Vec::new();
    if width > 0 {
        rows.push(names.iter().map(|name| name.to_vec()).collect());
    }
    let mut raw = reader.header().raw().len();
    while let Some(row) = reader.next_row().ok()? {
        rows.push(row.cells().map(Cow::into_owned).collect());
        assert_eq!(rows.last().map(Vec::len), Some(width));
        assert_eq!(row.number(), rows.len() as u64 - 1);
        raw += row.raw().len();
    }
    assert!(raw <= body.len(), "rows do not overlap");
    Some(rows)
}

fn write_rows(rows: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    for row in rows {
        row.iter().for_each(|cell| writer.cell(cell));
        writer.end_row();
    }
    out
}

/// Whether our dialect and the `csv` crate's agree on it: to that crate a lone CR ends a line, a byte order mark is none of the
/// text, and a quote in the middle of a cell is read in a way of its own.
fn is_common_dialect(body: &[u8]) -> bool {
    let lone_return = |at: usize| body[at] == b'\r' && body.get(at + 1) != Some(&b'\n');
    let odd_quote = body
        .windows(2)
        .any(|pair| pair[1] == b'"' && !matches!(pair[0], b',' | b'\n' | b'"'));
    !(0..body.len()).any(lone_return) && !body.starts_with(b"\xef\xbb\xbf") && !odd_quote
}

/// Keys: any values, cut out of the bytes, are rows that read back as they were, each under a name that only it has.
pub(crate) fn cells(bytes: &[u8]) {
    let values: Vec<&[u8]> = bytes.split(|&byte| byte == 0xff).collect();
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    for key in std::iter::once(&[b"user".as_slice(), b"command"][..]).chain(values.chunks_exact(2))
    {
        key.iter().for_each(|value| writer.cell(value));
        writer.end_row();
    }
    let rows = read_rows(&out).unwrap();
    let read: Vec<&[u8]> = rows[1..].iter().flatten().map(Vec::as_slice).collect();
    assert_eq!(read, values[..values.len() / 2 * 2]);
    let mut names: Vec<([u8; 64], &[&[u8]])> = values
        .chunks_exact(2)
        .map(|key| (lookup::row_key(key.iter().copied()), key))
        .collect();
    names.sort();
    for pair in names.windows(2) {
        assert_eq!(pair[0].0 == pair[1].0, pair[0].1 == pair[1].1);
    }
}

/// Multivalue cells: what is decoded is encoded to the same cell, what is encoded is decoded.
pub(crate) fn multivalue(bytes: &[u8]) {
    let borrowed = decode(Cow::Borrowed(bytes));
    assert_eq!(borrowed, decode(Cow::Owned(bytes.to_vec())));
    let mut twin = Vec::new();
    if let Some(values) = &borrowed {
        encode(values, &mut twin);
        assert!(twin == bytes || values.len() < 2);
    }
    let values: Vec<&[u8]> = bytes.split(|&byte| byte == b'|').collect();
    twin.clear();
    encode(&values, &mut twin);
    match values.len() {
        1 => assert!(twin.is_empty()),
        _ => assert!(decode(Cow::Borrowed(&twin))
            .unwrap()
            .iter()
            .map(Cow::as_ref)
            .eq(values)),
    }
}

/// Options: words, one a line, are settings or one line of error that is not longer than the words.
pub(crate) fn options(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let bare: Vec<String> = words.iter().map(|word| word.replace('"', "")).collect();
    for raw in [&words, &bare, &Vec::new()] {
        let tokens = Token::from_lists(&bare, raw);
        let errors = [
            SeenOptions::parse(&tokens).err(),
            UnseenOptions::parse(&tokens).err(),
        ];
        for error in errors.into_iter().flatten() {
            let told = error.to_string();
            assert!(told.len() < 400 + 4 * bytes.len(), "{told}");
        }
        if let Ok(options) = UnseenOptions::parse(&tokens) {
            let as_of = options.as_of.moment(Some(NOW), NOW);
            if let Ok(cutoffs) = options.windows.cutoffs(as_of, &Tz::Europe__Berlin) {
                assert!(cutoffs.activity <= as_of && cutoffs.forget <= Some(cutoffs.activity));
            }
        }
    }
}

/// Times: what is read is written back as the same time, and never beyond the ends of time.
pub(crate) fn timestamp(bytes: &[u8]) {
    for time in [Timestamp::from_iso8601, Timestamp::from_iso8601_date] {
        if let Some(time) = time(bytes) {
            let shown = time.human(&Tz::UTC).to_string();
            assert!(!shown.contains('+'), "{shown}");
        }
    }
    if let Ok(Some(time)) = Timestamp::parse(bytes) {
        assert!((Timestamp::MIN..=Timestamp::MAX).contains(&time));
        let text = time.to_string();
        assert_eq!(Timestamp::parse(text.as_bytes()), Ok(Some(time)), "{text}");
        let mut written = Vec::new();
        time.write_to(&mut written);
        assert_eq!(written, text.as_bytes());
        let _ = time.human(&Tz::America__St_Johns).to_string();
    }
}

/// Time modifiers: a text leads from any time to a time within the ends of time, or is told as no modifier in one short line.
pub(crate) fn modifier(bytes: &[u8]) {
    let (at, text) = bytes
        .split_first_chunk::<8>()
        .map_or((0, bytes), |(at, text)| (i64::from_le_bytes(*at), text));
    let text = String::from_utf8_lossy(text);
    match Modifier::parse(&text) {
        Err(error) => {
            let told = error.to_string();
            assert!(told.len() < 700 && !told.contains('\n'), "{told}");
        }
        Ok(modifier) => {
            assert_eq!(modifier.to_string(), text);
            let at = Timestamp(at).clamp(Timestamp::MIN, Timestamp::MAX);
            for zone in [
                Tz::UTC,
                Tz::America__St_Johns,
                Tz::Pacific__Apia,
                Tz::Africa__Cairo,
            ] {
                for at in [at, NOW] {
                    let led = modifier.apply(at, &zone);
                    assert!(
                        (Timestamp::MIN..=Timestamp::MAX).contains(&led),
                        "{text} from {at}"
                    );
                }
                if let Some(from) = modifier.reaches(NOW, NOW, &zone) {
                    assert!(modifier.apply(from, &zone) >= NOW, "{text}");
                }
            }
        }
    }
}

/// CloudTrail: any bytes give records or faults, each fault on a line of the text, and no key with a character in it that stands for one that
/// could not be read. In how many parts the text comes makes no difference.
pub(crate) fn cloudtrail_records(bytes: &[u8]) {
    let found = found_in(bytes, usize::MAX);
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
    let replacement = "\u{fffd}".as_bytes();
    let stands_there = bytes.contains(&b'\\') || bytes.windows(3).any(|three| three == replacement);
    let is_made_up = |call: &str| call.contains('\u{fffd}') && !stands_there;
    for one in &found {
        match one {
            Seen::Fault(fault) => assert!((1..=lines).contains(&fault.line), "{fault}"),
            Seen::Call(call, _) => assert!(!is_made_up(call), "{call}"),
            Seen::Other(_) => {}
        }
    }
    for size in [1, 7, 64] {
        assert_eq!(found_in(bytes, size), found, "in parts of {size}");
    }
}

/// What was found, to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Call(String, Origin),
    Other(NotACall),
    Fault(Malformed),
}

/// What is found in a text that comes in parts.
fn found_in(bytes: &[u8], size: usize) -> Vec<Seen> {
    let mut reader = RecordReader::default();
    let (mut found, mut from, mut to) = (Vec::new(), 0, 0);
    loop {
        to = bytes.len().min(to + size.min(bytes.len()));
        let is_all = to == bytes.len();
        from += reader.read(&bytes[from..to], is_all, &mut |one| found.push(seen(one)));
        assert!(from <= to);
        if is_all {
            assert_eq!(from, to);
            return found;
        }
    }
}

fn seen(found: Found<'_>) -> Seen {
    let (record, origin) = match found {
        Found::Fault(fault) => return Seen::Fault(fault),
        Found::Record { record, origin, .. } => (record, origin),
    };
    let seen = match record.call() {
        Err(other) => Seen::Other(other),
        Ok(call) => {
            let mut key = Vec::new();
            call.write_user(&mut key);
            key.push(b' ');
            call.write_command(&mut key);
            Seen::Call(String::from_utf8(key).unwrap(), origin)
        }
    };
    seen
}

/// What a fault is made of: anything but an opening bracket, which would take in the records behind it as its own.
const FAULTS: &[u8] = b"\"\\\n\t,:}]x1\xff \0e-";

/// Faults: a record out of which some bytes are cut, and into which others are put, costs none of those before and behind it, and makes none
/// of them twice, in whatever layout.
pub(crate) fn cloudtrail_faults(bytes: &[u8]) {
    let [layout, at, length, inserted @ ..] = bytes else {
        return;
    };
    let mut broken = call("ListBroken").into_bytes();
    let start = usize::from(*at) * 2;
    let end = broken.len().min(start + usize::from(*length));
    let fault = inserted
        .iter()
        .map(|byte| FAULTS[usize::from(*byte) % FAULTS.len()]);
    broken.splice(start.min(end)..end, fault);
    let others = ["ListAlpha", "ListBeta", "ListGamma"];
    let [alpha, beta, gamma] = others.map(|name| call(name).into_bytes());
    let text = laid_out(&[alpha, broken, beta, gamma], layout % 5);
    let mut found: Vec<String> = Vec::new();
    for seen in found_in(&text, usize::MAX) {
        if let Seen::Call(key, _) = seen {
            found.extend(
                others
                    .iter()
                    .find(|name| key == format!("1:role/R iam:{name}"))
                    .map(|name| name.to_string()),
            );
        }
    }
    assert_eq!(found, others, "{}", text.escape_ascii());
}

fn call(name: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/R/s","sessionContext":{{"sessionIssuer":{{"accountId":"1","userName":"R"}}}}}},"eventTime":"2024-05-10T10:00:00Z","eventSource":"iam.amazonaws.com","eventName":"{name}","userAgent":"[S3Console/0.4, (x)]","requestParameters":{{"names":["a",{{"b":[1,2]}}]}},"resources":[{{"ARN":"arn:aws:s3:::b"}}],"eventCategory":"Management"}}"#
    )
}

fn laid_out(records: &[Vec<u8>], layout: u8) -> Vec<u8> {
    match layout {
        0 => [b"{\"Records\":[", records.join(&b","[..]).as_slice(), b"]}"].concat(),
        1 => [
            b"{\n\"Records\": [\n  ",
            records.join(&b",\n  "[..]).as_slice(),
            b"\n]\n}\n",
        ]
        .concat(),
        2 => records.join(&b'\n'),
        3 => records.concat(),
        _ => [b"[", records.join(&b", "[..]).as_slice(), b"]"].concat(),
    }
}

/// Whole sessions: any bytes are answered with whole frames, no more of them than requests, at most one error, and never the key.
pub(crate) fn session(bytes: &[u8]) {
    for zone in [Tz::UTC, Tz::Europe__Berlin] {
        let surroundings = Surroundings { now: NOW, zone };
        let mut output = Vec::new();
        let ended = serve(bytes, &mut output, |getinfo| {
            command::open(getinfo, surroundings)
        });
        let text = String::from_utf8_lossy(&output);
        let is_sent_as_rows = text.matches(SECRET).count() > 0;
        assert!(!is_sent_as_rows || !holds_key(bytes), "{text}");
        if let Err(error) = &ended {
            assert!(!error.to_string().contains(SECRET), "{error}");
        }
        let errors = frames(&output)
            .iter()
            .filter(|reply| reply.contains("\"error\":"))
            .count();
        assert!(errors <= 1, "{text}");
        assert!(ended.is_ok() || errors == 1, "{ended:?}: {text}");
    }
}

/// Whether the secret stands where a session key does, and nowhere else.
fn holds_key(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.matches(SECRET).count() == text.matches("\"session_key\":\"zsecret").count()
}

/// The metadata of every reply. Panics if there is a byte that belongs to none.
fn frames(mut output: &[u8]) -> Vec<String> {
    let mut metadata = Vec::new();
    while !output.is_empty() {
        let end = output.iter().position(|&byte| byte == b'\n').unwrap();
        let header = std::str::from_utf8(&output[..end]).unwrap();
        let lengths = header
            .strip_prefix("chunked 1.0,")
            .unwrap()
            .split_once(',')
            .unwrap();
        let (first, second): (usize, usize) =
            (lengths.0.parse().unwrap(), lengths.1.parse().unwrap());
        let mut part = vec![0; first];
        output = &output[end + 1..];
        output.read_exact(&mut part).unwrap();
        let _: serde_json::Value = serde_json::from_slice(&part).unwrap();
        output = &output[second..];
        metadata.push(String::from_utf8(part).unwrap());
    }
    metadata
}
