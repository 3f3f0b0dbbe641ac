//! Writes the inputs of `make bench`, the same bytes on every machine.
//!
//!     generate session roles|sessions learn|detect <observations> <baseline rows>   > requests
//!     generate trails <files> <folder>

mod dice;
mod keys;
mod session;
mod trails;

use keys::Shape;
use session::{Columns, Session};
use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["session", shape, columns, observations, baseline] => {
            let session = Session {
                shape: match *shape {
                    "roles" => Shape::Roles,
                    _ => Shape::Sessions,
                },
                columns: match *columns {
                    "learn" => Columns::Learn,
                    _ => Columns::Detect,
                },
                observations: observations.parse()?,
                baseline: baseline.parse()?,
            };
            let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
            session.write_requests(&mut out)?;
            out.flush()?;
        }
        ["trails", files, folder] => trails::write_files(Path::new(folder), files.parse()?)?,
        _ => return Err("see the head of benches/generate/main.rs for its arguments".into()),
    }
    Ok(())
}
