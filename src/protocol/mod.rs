//! Splunk's chunked search command protocol, version 1.0: frames, messages, and the conversation in lockstep.
//!
//! splunkd starts the command, sends one *getinfo* request and then *execute* requests; each gets exactly one reply,
//! sent after the whole request was read. This module carries bodies and never looks into them.
//!
//! Source: the protocol was never published. Facts are from recorded sessions (`tests/data/recordings`), from what the
//! Splunk SDK for Python sends and accepts, and from Splunk's own spec files; each is named where it is used.

mod chunk;
mod message;
mod session;

pub use chunk::{write_chunk, Chunk, ChunkError};
pub use message::{Getinfo, Level, Message, MetadataError, Request, SearchInfo};
pub use session::{serve, Command, CommandError, CommandType, More, Opened, SessionError};
