//! One run of a search, and what splunkd gives a custom command before the first row.

use super::{access::User, custom_command::SESSION_KEY, spl};
use serde_json::{json, Value};

#[derive(Debug)]
pub(crate) struct Job {
    /// Without macros.
    pub(crate) spl: String,
    pub(crate) sid: String,
    /// With whose rights it runs.
    pub(crate) user: User,
    /// Epoch seconds, the first of the range.
    pub(crate) earliest: i64,
    /// Epoch seconds, just past the range.
    pub(crate) latest: i64,
    pub(crate) max_result_rows: usize,
}

impl Job {
    /// The keys that Splunk 8.2.1 sends; both times are text there.
    pub(crate) fn searchinfo(&self, command: &str, arguments: &str) -> Value {
        let (args, raw_args) = spl::arguments(arguments);
        json!({
            "args": args,
            "raw_args": raw_args,
            "dispatch_dir": format!("/opt/splunk/var/run/splunk/dispatch/{}", self.sid),
            "sid": self.sid,
            "app": "unseen",
            "owner": "nobody",
            "username": "nobody",
            "session_key": SESSION_KEY,
            "splunkd_uri": "https://127.0.0.1:8089",
            "splunk_version": "8.2.1",
            "search": percent_encoded(&self.spl),
            "command": command,
            "maxresultrows": self.max_result_rows,
            "earliest_time": self.earliest.to_string(),
            "latest_time": self.latest.to_string(),
        })
    }
}

fn percent_encoded(text: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    text.bytes()
        .map(|byte| match is_plain(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_given_its_arguments_the_range_and_the_search() {
        let job = Job {
            spl: "| x \"é\"".into(),
            sid: "1.2".into(),
            user: User::System,
            earliest: 5,
            latest: 9,
            max_result_rows: 50_000,
        };
        let searchinfo = job.searchinfo("seen", "by user forget_window=\"-90d@d\"");
        assert_eq!(
            searchinfo["args"],
            json!(["by", "user", "forget_window=-90d@d"])
        );
        assert_eq!(searchinfo["raw_args"][2], "forget_window=\"-90d@d\"");
        assert_eq!(searchinfo["latest_time"], "9");
        assert_eq!(searchinfo["maxresultrows"], 50_000);
        assert_eq!(searchinfo["search"], "%7C%20x%20%22%C3%A9%22");
    }
}
