//! CloudTrail records to facts about keys: which role made which call, when, and whether it succeeded.
//!
//! | file | owns |
//! | --- | --- |
//! | `record.rs` | what a record means: its key, its time, or why it is no call |
//! | `identity.rs`, `event_time.rs` | who called; when |
//! | `context.rs`, `target.rs` | what came with a call; what it was made on |
//! | `call_fields.rs` | the fields that a key may be made of |
//! | `fields.rs` | fields of whatever JSON type, of which only one is of use |
//! | `object.rs` | one object: is it a record, or may records be in it |
//! | `envelopes.rs` | the table of what records are wrapped in |
//! | `reader.rs`, `buffer.rs` | text to records, as a stream |
//! | `recovery.rs`, `search.rs` | how reading goes on behind what cannot be read; where a record begins |
//! | `lexical.rs`, `lenient.rs` | values by their brackets alone; reading what is no JSON inside |
//! | `found.rs` | what the reader hands on |
//! | `foreign.rs` | what is not read, and known by name |
//!
//! Knows no files, no windows and no baseline. Sources: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity
//! element"; the app's macros `cloud_api_calls_cloudtrail_events` and `cloud_api_calls_cloudtrail_fields`, which have the same rules in SPL.

mod buffer;
mod call_fields;
mod context;
mod envelopes;
mod event_time;
mod fields;
mod foreign;
mod found;
mod identity;
mod lenient;
mod lexical;
mod object;
mod reader;
mod record;
mod recovery;
mod search;
mod target;
#[cfg(test)]
mod test_support;

pub use call_fields::CallField;
pub use context::{CallContext, RecordDetail};
pub use envelopes::{begins_with_json, is_without_records, CSV_COLUMNS};
pub use foreign::ForeignForm;
pub use found::{Found, Malformed, Origin, TextLine};
pub use identity::Callers;
pub use reader::{read, RecordReader};
pub use record::{Call, NotACall, Record, User};
