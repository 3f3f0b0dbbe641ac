//! The search head's end of the chunked protocol: frames, and splunkd's CSV dialect.
//!
//! Written for the tests and held against recorded sessions, so that the product's own reader and writer are not
//! checked by themselves. Strict in what it takes from a command: whatever splunkd might stumble over is an error.
//! Sources: sessions recorded on Splunk 6.3 and 8.2; `searchcommands/internals.py` of the Splunk SDK for Python.

use super::row::{columns, Row};
use serde_json::Value;
use std::io::{self, BufRead, Write};
use thiserror::Error;

/// A command does not keep to the protocol.
#[derive(Debug, Error)]
pub(crate) enum Breach {
    #[error("the pipe broke")]
    Pipe(#[from] io::Error),
    #[error("expected the header of a frame, got `{0}`")]
    NotAHeader(String),
    #[error("the metadata of a frame is not JSON")]
    NotJson(#[from] serde_json::Error),
    #[error("the body of a frame is not CSV")]
    NotCsv(#[from] csv::Error),
    #[error("column `{0}` is there twice")]
    ColumnTwice(String),
    #[error("`{0}` is no multivalue cell")]
    NotMultivalue(String),
    #[error("{0}")]
    Behaviour(String),
}

#[derive(Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) metadata: Value,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn write_frame(to: &mut impl Write, metadata: &Value, body: &[u8]) -> io::Result<()> {
    let metadata = metadata.to_string();
    write!(
        to,
        "chunked 1.0,{},{}\n{metadata}",
        metadata.len(),
        body.len()
    )?;
    to.write_all(body)?;
    to.flush()
}

/// Reads one frame; its header must be spelled exactly as splunkd spells its own.
pub(crate) fn read_frame(from: &mut impl BufRead) -> Result<Frame, Breach> {
    let mut header = vec![];
    from.read_until(b'\n', &mut header)?;
    let header = String::from_utf8_lossy(&header);
    let lengths = header
        .strip_prefix("chunked 1.0,")
        .and_then(|header| header.strip_suffix('\n'))
        .and_then(|lengths| lengths.split_once(','))
        .and_then(|(metadata, body)| Some((length(metadata)?, length(body)?)));
    let Some((metadata, body)) = lengths else {
        return Err(Breach::NotAHeader(header.into_owned()));
    };
    let (mut metadata, mut body) = (vec![0; metadata], vec![0; body]);
    from.read_exact(&mut metadata)?;
    from.read_exact(&mut body)?;
    let metadata = serde_json::from_slice(&metadata)?;
    Ok(Frame { metadata, body })
}

fn length(digits: &str) -> Option<usize> {
    let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    only_digits.then(|| digits.parse().ok())?
}

/// Rows as splunkd writes them: plain columns, then a `__mv_` twin of each in the same order.
///
/// A cell is unquoted if it is empty or `[A-Za-z0-9]*`. `only` limits and orders the columns.
pub(crate) fn write_rows(rows: &[Row], only: Option<&[String]>) -> Vec<u8> {
    let columns = only.map_or_else(|| columns(rows), <[String]>::to_vec);
    let twins = columns.iter().map(|column| format!("__mv_{column}"));
    let header = columns.iter().cloned().chain(twins).collect();
    let cells = |row: &Row| {
        let plain = columns.iter().map(|column| row.text(column));
        let twins = columns.iter().map(|column| multivalue(row.values(column)));
        plain.chain(twins).collect()
    };
    let lines: Vec<Vec<String>> = std::iter::once(header)
        .chain(rows.iter().map(cells))
        .collect();
    let line = |cells: &Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        cells.join(",") + "\n"
    };
    lines.iter().map(line).collect::<String>().into_bytes()
}

fn quoted(cell: &str) -> String {
    match cell.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        true => cell.to_string(),
        false => format!("\"{}\"", cell.replace('"', "\"\"")),
    }
}

fn multivalue(values: &[String]) -> String {
    if values.len() < 2 {
        return String::new();
    }
    let values = values
        .iter()
        .map(|value| format!("${}$", value.replace('$', "$$")));
    values.collect::<Vec<_>>().join(";")
}

/// Rows of a reply: every row as wide as the header, no column twice, UTF-8; a filled `__mv_` twin wins.
pub(crate) fn read_rows(body: &[u8]) -> Result<Vec<Row>, Breach> {
    if body.is_empty() {
        return Ok(vec![]);
    }
    let mut reader = csv::ReaderBuilder::new()
        .buffer_capacity(body.len())
        .from_reader(body);
    let header = reader.headers()?.clone();
    for (place, column) in header.iter().enumerate() {
        if header.iter().take(place).any(|earlier| earlier == column) {
            return Err(Breach::ColumnTwice(column.to_string()));
        }
    }
    let mut rows = vec![];
    for record in reader.records() {
        let record = record?;
        let mut row = Row::default();
        for (column, cell) in header.iter().zip(&record) {
            match column.strip_prefix("__mv_") {
                None if row.values(column).is_empty() => row.set(column, vec![cell.to_string()]),
                None => {}
                Some(_) if cell.is_empty() => {}
                Some(column) => row.set(column, values(cell)?),
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

/// `$a$;$b$`, with `$$` for a dollar sign inside a value.
fn values(cell: &str) -> Result<Vec<String>, Breach> {
    let broken = || Breach::NotMultivalue(cell.to_string());
    let mut values = vec![];
    let mut rest = cell;
    loop {
        rest = rest.strip_prefix('$').ok_or_else(broken)?;
        let mut value = String::new();
        loop {
            let (plain, after) = rest.split_once('$').ok_or_else(broken)?;
            value.push_str(plain);
            rest = after;
            match rest.strip_prefix('$') {
                Some(after) => {
                    value.push('$');
                    rest = after;
                }
                None => break,
            }
        }
        values.push(value);
        match rest.strip_prefix(';') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(values),
            None => return Err(broken()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_frame_counts_bytes_and_has_nothing_around_it() {
        let mut wire = vec![];
        write_frame(&mut wire, &json!({"a": "é"}), b"x\n").unwrap();
        assert_eq!(wire, "chunked 1.0,10,2\n{\"a\":\"é\"}x\n".as_bytes());
        let frame = read_frame(&mut wire.as_slice()).unwrap();
        assert_eq!(frame.body, b"x\n");
        for wire in [
            "",
            "hello\n",
            "\nchunked 1.0,2,0\n{}",
            "chunked 1.0, 2,0\n{}",
            "chunked 1.0,3,0\n{}",
        ] {
            assert!(read_frame(&mut wire.as_bytes()).is_err(), "{wire}");
        }
    }

    #[test]
    fn rows_are_written_as_splunkd_writes_them() {
        let mut row = Row::of(&[
            ("_time", "1627354345.934"),
            ("user", "Deploy"),
            ("arn", "a\"b"),
        ]);
        row.set("object", vec!["a$;$b".into(), "c".into()]);
        let text = String::from_utf8(write_rows(&[row], None)).unwrap();
        assert_eq!(
            text,
            concat!(
                "\"_time\",user,arn,object,\"__mv__time\",\"__mv_user\",\"__mv_arn\",\"__mv_object\"\n",
                "\"1627354345.934\",Deploy,\"a\"\"b\",\"a$;$b\nc\",,,,\"$a$$;$$b$;$c$\"\n"
            )
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut row = Row::of(&[("user", "Rôle,\n\"x\""), ("command", "CreateUser")]);
        row.set("object", vec!["a$;$b".into(), "$".into(), "c".into()]);
        let rows = [row, Row::of(&[("command", "DeleteUser")])];
        assert_eq!(read_rows(&write_rows(&rows, None)).unwrap(), rows);
        assert_eq!(read_rows(b"").unwrap(), []);
    }

    #[test]
    fn a_reply_that_splunkd_might_misread_is_refused() {
        for body in [
            "a,b\n1\n",
            "a,a\n1,2\n",
            "a,__mv_a\nx,$x\n",
            "a,__mv_a\nx,$x$y\n",
        ] {
            assert!(read_rows(body.as_bytes()).is_err(), "{body}");
        }
    }
}
