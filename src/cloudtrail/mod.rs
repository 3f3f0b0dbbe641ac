//! CloudTrail records to facts about keys: which role made which call, when, and whether it succeeded.
//!
//! | file | owns |
//! | --- | --- |
//! | `record.rs` | what a record means: its key, its time, or why it is no call |
//! | `identity.rs` | who called |
//! | `fields.rs` | fields of whatever JSON type, of which only one is of use |
//! | `reader.rs` | text to records, and what is no JSON |
//!
//! Knows no files, no windows and no baseline. Sources: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity
//! element"; the app's macros `cloud_api_calls_cloudtrail_events` and `cloud_api_calls_cloudtrail_fields`, which have the same rules in SPL.

mod fields;
mod identity;
mod reader;
mod record;

pub use reader::{read, Malformed};
pub use record::{Call, NotACall, Record, User};
