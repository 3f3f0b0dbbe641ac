//! Writes the inputs of `make bench`, the same bytes on every machine.
//!
//!     generate session roles|sessions learn|detect <observations> <baseline rows>   > requests
//!     generate ranked <roles> <calls> <calls a role> <new pairs>                    > requests
//!     generate trails <files> <folder>
//!     generate history <pairs> <days> <events> <folder>

mod dice;
mod history;
mod keys;
mod ranked;
mod session;
mod trails;
mod world;

use keys::Shape;
use session::{Columns, Session};
use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use world::{Likeness, World};

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
        ["ranked", roles, calls, calls_a_role, new_pairs] => {
            let world = World {
                roles: roles.parse()?,
                calls: calls.parse()?,
                calls_a_role: calls_a_role.parse()?,
                new_pairs: new_pairs.parse()?,
                likeness: Likeness::Words,
            };
            let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
            ranked::write_search(&world, &mut out)?;
            out.flush()?;
        }
        ["history", pairs, days, events, folder] => {
            let extent = history::Extent {
                pairs: pairs.parse()?,
                days: days.parse()?,
                events: events.parse()?,
            };
            history::write_days(Path::new(folder), &extent)?;
        }
        ["trails", files, folder] => trails::write_files(Path::new(folder), files.parse()?)?,
        _ => return Err("see the head of benches/generate/main.rs for its arguments".into()),
    }
    Ok(())
}
