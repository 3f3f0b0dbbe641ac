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
use unseen::baseline::{DetectCutoffs, Detector, Keys, LearnCutoffs, Learner, Start};
use unseen::lookup::{self, Clock};
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

fn forget() -> Option<Timestamp> {
    Some(as_of().saturating_add(-90 * DAY))
}

/// Reads every row of a body into facts and hands each to `take`.
fn facts(body: &[u8], mut take: impl FnMut(&unseen::baseline::Fact<'_>)) {
    let by = ["user".to_owned(), "command".to_owned()];
    let clock = Clock {
        now: as_of(),
        as_of: as_of(),
    };
    let mut reader = Reader::new(body).expect("a header");
    let columns = lookup::Columns::bind(reader.header(), &by);
    let mut keys = Keys::default();
    while let Some(row) = reader.next_row().expect("rows") {
        let reading = columns.read(&row, clock, &mut keys).expect("a fact");
        take(&reading.fact(&keys));
    }
}

fn learner() -> Learner {
    let cutoffs = LearnCutoffs {
        forget: forget(),
        mature: as_of().saturating_add(-7 * DAY),
    };
    Learner::new(2, cutoffs)
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
        facts(black_box(&body), |fact| {
            black_box(fact);
        })
    });
}

#[divan::bench(args = SHAPES)]
fn cells_to_learner(bencher: Bencher<'_, '_>, shape: Shape) {
    let body = body(shape, Columns::Learn);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut learner = learner();
        facts(black_box(&body), |fact| learner.feed(fact));
        learner
    });
}

#[divan::bench(args = SHAPES)]
fn cells_to_detector(bencher: Bencher<'_, '_>, shape: Shape) {
    let body = body(shape, Columns::Detect);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut detector = Detector::new(DetectCutoffs {
            window_opens: as_of().saturating_add(-DAY),
            forget: forget(),
        });
        facts(black_box(&body), |fact| {
            black_box(detector.feed(fact));
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
    facts(&body(shape, Columns::Learn), |fact| learner.feed(fact));
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
