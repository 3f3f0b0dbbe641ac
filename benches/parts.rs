//! The parts, each by itself: `cargo bench`. What a whole search costs is measured by `make bench`.

#[path = "generate/dice.rs"]
#[allow(dead_code)]
mod dice;
#[path = "generate/keys.rs"]
#[allow(dead_code)]
mod keys;
#[path = "generate/session.rs"]
#[allow(dead_code)]
mod session;

use divan::counter::{BytesCount, ItemsCount};
use divan::{black_box, Bencher};
use keys::Shape;
use session::{Columns, Session, AS_OF};
use unseen::baseline::{Cutoffs, Detector, Fact, Learner, Start};
use unseen::keys::RowKeys;
use unseen::lookup::{self, Clock, FactReader, Tally};
use unseen::protocol::{write_chunk, Chunk};
use unseen::rows::{Reader, Writer};
use unseen::time::{Modifier, Timestamp, DAY};

const OBSERVATIONS: u64 = 5_000;
const BASELINE: u64 = 45_000;
const ROWS: u64 = OBSERVATIONS + BASELINE;
const SHAPES: [Shape; 2] = [Shape::Roles, Shape::Sessions];

fn main() {
    divan::main();
}

fn body(shape: Shape, columns: Columns) -> Vec<u8> {
    let session = Session {
        shape,
        columns,
        observations: OBSERVATIONS,
        baseline: BASELINE,
    };
    session.body()
}

fn as_of() -> Timestamp {
    Timestamp::from_seconds(AS_OF as i64)
}

/// Reads every row of a body into facts and hands each to `take`.
fn facts(body: &[u8], mut take: impl FnMut(&RowKeys<'_>, Fact)) {
    let by = ["user".to_owned(), "command".to_owned()];
    let clock = Clock {
        now: as_of(),
        as_of: as_of(),
        earliest: Cutoffs::AFTER_EPOCH,
    };
    let mut tally = Tally::new(by.len());
    let mut rows = FactReader::new(body, &by, clock).expect("a header");
    while let Some(row) = rows.next(&mut tally).expect("rows") {
        take(row.keys, row.reading.expect("a fact").fact);
    }
}

fn cutoffs() -> Cutoffs {
    Cutoffs {
        activity: as_of().saturating_add(-DAY),
        forget: Some(as_of().saturating_add(-90 * DAY)),
        learning: as_of().saturating_add(-7 * DAY),
        earliest: Cutoffs::AFTER_EPOCH,
    }
}

fn learner() -> Learner {
    Learner::new(2, cutoffs())
}

#[divan::bench]
fn chunk_reader(bencher: Bencher<'_, '_>) {
    let mut bytes = Vec::new();
    write_chunk(
        &mut bytes,
        b"{\"action\":\"execute\"}",
        &body(Shape::Roles, Columns::Learn),
    )
    .expect("memory");
    let mut chunk = Chunk::default();
    bencher
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| chunk.read(&mut black_box(&bytes[..])).expect("a chunk"));
}

#[divan::bench(args = [Columns::Learn, Columns::Detect])]
fn row_reader(bencher: Bencher<'_, '_>, columns: Columns) {
    let body = body(Shape::Roles, columns);
    bencher
        .counter(BytesCount::new(body.len()))
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| {
            let mut reader = Reader::new(black_box(&body)).expect("a header");
            while let Some(row) = reader.next_row().expect("rows") {
                black_box(row);
            }
        });
}

#[divan::bench]
fn cells_to_facts(bencher: Bencher<'_, '_>) {
    let body = body(Shape::Roles, Columns::Learn);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        facts(black_box(&body), |keys, fact| {
            black_box((keys, fact));
        })
    });
}

#[divan::bench(args = SHAPES)]
fn cells_to_learner(bencher: Bencher<'_, '_>, shape: Shape) {
    let body = body(shape, Columns::Learn);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut learner = learner();
        facts(black_box(&body), |keys, fact| learner.feed(keys, fact));
        learner
    });
}

#[divan::bench(args = SHAPES)]
fn cells_to_detector(bencher: Bencher<'_, '_>, shape: Shape) {
    let body = body(shape, Columns::Detect);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut detector = Detector::new(cutoffs());
        facts(black_box(&body), |keys, fact| {
            black_box(detector.feed(keys, fact));
        });
        detector
    });
}

#[divan::bench]
fn writer(bencher: Bencher<'_, '_>) {
    let names: Vec<_> = (0..ROWS)
        .map(|nth| keys::key(Shape::Roles, nth, ROWS))
        .collect();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        out.clear();
        let mut writer = Writer::new(&mut out);
        for (user, command) in &names {
            writer.cell(user.as_bytes());
            writer.cell(command.as_bytes());
            writer.end_row();
        }
    });
}

/// The rows of a baseline as they go out: the writer, and the digests that name each row.
#[divan::bench(args = SHAPES)]
fn baseline_writer(bencher: Bencher<'_, '_>, shape: Shape) {
    let mut learner = learner();
    facts(&body(shape, Columns::Learn), |keys, fact| {
        learner.feed(keys, fact)
    });
    let learned = learner.finish(Start::Refused).expect("a baseline came");
    let by = ["user".to_owned(), "command".to_owned()];
    let mut out = Vec::new();
    bencher
        .counter(ItemsCount::new(learned.rows().count()))
        .bench_local(|| {
            out.clear();
            let mut writer = lookup::BaselineWriter::new(&by);
            for row in learned.rows() {
                writer.row(learned.key(row), row.sighting, learned.maturity(), &mut out);
            }
        });
}

#[divan::bench(args = ["-24h@h", "-90d@d", "-1mon@mon+7d"])]
fn time_modifier(bencher: Bencher<'_, '_>, text: &str) {
    bencher.bench(|| {
        let modifier = Modifier::parse(black_box(text)).expect("a modifier");
        modifier.apply(as_of(), &chrono_tz::Europe::Berlin)
    });
}

#[divan::bench(args = ["1748779200", "1748779200.345", "1748779200.345678"])]
fn timestamp_parse(bencher: Bencher<'_, '_>, text: &str) {
    bencher.bench(|| Timestamp::parse(black_box(text.as_bytes())));
}

#[divan::bench(args = ["2023-07-10T11:42:18Z", "2023-07-10T13:42:18.123+02:00"])]
fn iso8601(bencher: Bencher<'_, '_>, text: &str) {
    bencher.bench(|| Timestamp::from_iso8601(black_box(text.as_bytes())));
}

/// The same by chrono's parser, which is why ours is there.
#[divan::bench]
fn iso8601_by_chrono(bencher: Bencher<'_, '_>) {
    let format = "%Y-%m-%dT%H:%M:%S%.fZ";
    bencher
        .bench(|| chrono::NaiveDateTime::parse_from_str(black_box("2023-07-10T11:42:18Z"), format));
}
