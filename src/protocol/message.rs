//! The metadata of a chunk: what splunkd asks, what a command answers.
//!
//! Every key but `action` is optional, unknown keys are ignored, and numbers may come as text: 6.3 sends no `command` and
//! no `maxresultrows`, and times are strings in every recording. The session key is never read, so it cannot leak.
//!
//! Source: getinfo and execute frames recorded from splunkd 6.3 and 8.2.1; reply keys from the Splunk SDK for Python.

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// Why a chunk's metadata is no request.
#[derive(Debug, Error)]
pub enum MetadataError {
    /// The metadata is not the JSON of a request.
    #[error("expected metadata like {{\"action\":\"execute\",\"finished\":true}}, got {length} bytes: {reason}")]
    NotARequest {
        /// Length of the metadata in bytes; its text is not shown, since it may hold a session key.
        length: usize,
        /// What it is instead.
        reason: &'static str,
    },
    /// A request came out of turn.
    #[error("expected a request with the action `{expected}`, got `{got}`")]
    OutOfTurn {
        /// What the conversation needs next.
        expected: &'static str,
        /// What came.
        got: &'static str,
    },
}

/// What splunkd asks.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum Request {
    /// The first request: what was typed, and where and when it runs.
    Getinfo(Getinfo),
    /// Rows to work on.
    Execute(Execute),
}

impl Request {
    /// Reads a chunk's metadata.
    ///
    /// # Errors
    /// [`MetadataError::NotARequest`].
    pub fn parse(metadata: &[u8]) -> Result<Self, MetadataError> {
        serde_json::from_slice(metadata).map_err(|error| MetadataError::NotARequest {
            length: metadata.len(),
            reason: match error.classify() {
                serde_json::error::Category::Data => "it is JSON of another kind",
                _ => "it is no JSON",
            },
        })
    }

    /// The word under `action`.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Getinfo(_) => "getinfo",
            Self::Execute(_) => "execute",
        }
    }
}

/// The first request.
#[derive(Debug, Default, Deserialize)]
pub struct Getinfo {
    /// The results are for a preview only.
    #[serde(default, deserialize_with = "or_default")]
    pub preview: bool,
    /// The search that the command is part of.
    #[serde(default, deserialize_with = "or_default")]
    pub searchinfo: SearchInfo,
}

/// What splunkd sends about the search. Text is empty and numbers are none where it sends nothing.
#[derive(Debug, Default, Deserialize)]
pub struct SearchInfo {
    /// The command's name; empty before Splunk 6.4.
    #[serde(default, deserialize_with = "or_default")]
    pub command: String,
    /// The tokens behind the command's name, double quotes removed.
    #[serde(default, deserialize_with = "or_default")]
    pub args: Vec<String>,
    /// The same tokens as they were typed.
    #[serde(default, deserialize_with = "or_default")]
    pub raw_args: Vec<String>,
    /// The whole search, percent-encoded.
    #[serde(default, deserialize_with = "or_default")]
    pub search: String,
    /// Where the search's time range begins, decimal epoch seconds; `0` means unbounded.
    #[serde(default, deserialize_with = "decimal")]
    pub earliest_time: String,
    /// Where it ends, likewise.
    #[serde(default, deserialize_with = "decimal")]
    pub latest_time: String,
    /// The most rows that one reply should hold.
    #[serde(default, deserialize_with = "count")]
    pub maxresultrows: Option<usize>,
}

/// A request with rows.
#[derive(Debug, Default, Deserialize)]
pub struct Execute {
    /// No more rows follow.
    #[serde(default, deserialize_with = "or_default")]
    pub finished: bool,
}

/// `null` is read as an absent key.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Number(serde_json::Number),
    Text(String),
    Other(serde::de::IgnoredAny),
}

/// A number or a text that holds one; empty if it is neither.
fn decimal<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match Scalar::deserialize(from)? {
        Scalar::Number(number) => number.to_string(),
        Scalar::Text(text) => text,
        Scalar::Other(_) => String::new(),
    })
}

fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    Ok(decimal(from)?.parse().ok())
}

/// How serious a message is. Splunk shows warnings under the search bar, information in the job inspector only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// For the job inspector.
    Info,
    /// For the person who runs the search.
    Warn,
}

/// A message to the person who runs the search: one line of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message(pub Level, pub String);

/// The answer to getinfo.
#[derive(Debug, Serialize)]
pub(super) struct GetinfoReply<'a> {
    #[serde(rename = "type")]
    pub command_type: super::CommandType,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub required_fields: &'a [String],
}

/// The answer to execute, or to anything that fails.
///
/// Splunk's own helper wants `inspector` before `error`, so the order of the fields matters.
#[derive(Debug, Default, Serialize)]
pub(super) struct Reply {
    #[serde(skip_serializing_if = "Inspector::is_empty")]
    pub inspector: Inspector,
    pub finished: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Inspector {
    pub messages: Vec<Message>,
}

impl Inspector {
    fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn getinfo(metadata: &str) -> Getinfo {
        match Request::parse(metadata.as_bytes()).unwrap() {
            Request::Getinfo(getinfo) => getinfo,
            Request::Execute(_) => panic!("not a getinfo"),
        }
    }

    #[test]
    fn every_key_but_the_action_may_be_absent_or_null() {
        for metadata in [
            r#"{"action":"getinfo"}"#,
            r#"{"action":"getinfo","preview":null,"searchinfo":null}"#,
        ] {
            let getinfo = getinfo(metadata);
            assert!(!getinfo.preview);
            assert_eq!(getinfo.searchinfo.maxresultrows, None);
        }
    }

    #[test]
    fn numbers_may_be_text_and_text_numbers() {
        let info = getinfo(
            r#"{"action":"getinfo","searchinfo":{"latest_time":"1627333200","earliest_time":1627333100.5,"maxresultrows":"50000","new":[1]}}"#,
        )
        .searchinfo;
        assert_eq!(
            (info.earliest_time.as_str(), info.latest_time.as_str()),
            ("1627333100.5", "1627333200")
        );
        assert_eq!(info.maxresultrows, Some(50_000));
    }

    #[test]
    fn a_session_key_is_never_part_of_an_error() {
        let error = Request::parse(
            br#"{"action":"getinfo","searchinfo":{"session_key":"SECRET","args":7}}"#,
        )
        .unwrap_err();
        assert!(!error.to_string().contains("SECRET"), "{error}");
        let error = Request::parse(br#"{"action":"SECRET"}"#).unwrap_err();
        assert!(!error.to_string().contains("SECRET"), "{error}");
    }

    #[test]
    fn the_inspector_comes_before_the_error() {
        let reply = Reply {
            inspector: Inspector {
                messages: vec![Message(Level::Warn, "careful".into())],
            },
            finished: true,
            error: Some("no".into()),
        };
        assert_eq!(
            serde_json::to_string(&reply).unwrap(),
            r#"{"inspector":{"messages":[["WARN","careful"]]},"finished":true,"error":"no"}"#
        );
    }
}
