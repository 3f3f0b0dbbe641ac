//! The least that any program has to do with the same input, to hold ours against.
//!
//!     yardstick chunks            a search command that parses every cell of every chunk with the `csv` crate, and nothing else
//!     yardstick trails <folder>   inflates every file with the same backend and lets serde_json skip every value, on one core
//!
//! Written apart from `src/`, so that what makes ours faster does not make the yardstick longer.

use flate2::read::MultiGzDecoder;
use serde::de::IgnoredAny;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["chunks"] => chunks(),
        ["trails", folder] => trails(Path::new(folder)),
        _ => Err("see the head of benches/yardstick.rs for its arguments".into()),
    }
}

/// A whole conversation. What is counted is printed at the end, so that no cell can be left out.
fn chunks() -> Result<(), Box<dyn Error>> {
    let mut reader = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let mut writer = BufWriter::new(io::stdout().lock());
    let mut body = Vec::new();
    let mut cells = 0;
    while let Some(metadata) = read_chunk(&mut reader, &mut body)? {
        cells += count_cells(&body)?;
        let reply = match metadata.as_slice() {
            b"{\"action\":\"execute\",\"finished\":false}" => "{\"finished\":false}".to_owned(),
            b"{\"action\":\"execute\",\"finished\":true}" => {
                format!("{{\"finished\":true,\"inspector\":{{\"messages\":[[\"INFO\",\"{cells} cells\"]]}}}}")
            }
            _ => "{\"type\":\"reporting\"}".to_owned(),
        };
        write!(writer, "chunked 1.0,{},0\n{reply}", reply.len())?;
        writer.flush()?;
    }
    Ok(())
}

fn read_chunk(
    reader: &mut impl BufRead,
    body: &mut Vec<u8>,
) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let lengths = line
        .trim_end()
        .strip_prefix("chunked 1.0,")
        .ok_or("no chunk header")?;
    let (metadata, rows) = lengths
        .split_once(',')
        .ok_or("one length where two are due")?;
    let mut metadata = vec![0; metadata.parse()?];
    reader.read_exact(&mut metadata)?;
    body.clear();
    reader.take(rows.parse()?).read_to_end(body)?;
    Ok(Some(metadata))
}

fn count_cells(body: &[u8]) -> Result<u64, csv::Error> {
    let mut csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(body);
    let mut row = csv::ByteRecord::new();
    let mut cells = 0;
    while csv.read_byte_record(&mut row)? {
        cells += row.len() as u64;
    }
    Ok(cells)
}

fn trails(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut text = Vec::new();
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        text.clear();
        MultiGzDecoder::new(File::open(entry?.path())?).read_to_end(&mut text)?;
        serde_json::from_slice::<IgnoredAny>(&text)?;
        bytes += text.len();
    }
    writeln!(io::stdout(), "{bytes} bytes")?;
    Ok(())
}
