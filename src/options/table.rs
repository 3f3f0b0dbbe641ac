//! The one table of commands and options. Everything that lists or explains them is rendered from here.

/// The two search commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchCommand {
    /// Learn: observations and baseline in, new baseline out.
    Seen,
    /// Detect: observations and baseline in, the observations never seen before out.
    Unseen,
}

impl SearchCommand {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Seen, Self::Unseen];

    /// Its name in SPL, in commands.conf, and in the first cell of nothing else.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Unseen => "unseen",
        }
    }

    /// The command with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.name() == name)
    }

    /// The options it takes, in the order in which they are shown.
    pub fn options(self) -> impl Iterator<Item = &'static OptionSpec> {
        OPTIONS
            .iter()
            .filter(move |option| option.commands.contains(&self))
    }

    /// What it does, in one sentence.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Seen => "Learns a baseline of first and last sightings from observations and the baseline so far.",
            Self::Unseen => "Keeps the observations whose key the baseline never saw before the activity window.",
        }
    }

    /// What it does, at length.
    pub fn description(self) -> &'static str {
        match self {
            Self::Seen => {
                "Takes observations (rows with firstTime, lastTime or _time) and baseline rows (firstTimeSeen, lastTimeSeen, \
                 enough_data) in one stream and in any order, and returns the next baseline: one row per key with its first and \
                 last sighting, whether there is enough data, and the _key under which outputlookup updates it in place. Keys not \
                 seen since the forget window are left out. Stops, and so changes nothing, if no baseline came along, unless start=true."
            }
            Self::Unseen => {
                "Takes observations and baseline rows in one stream and in any order, and returns the observations, with all \
                 their columns, whose key was never seen before or was first seen within the activity window. Returns nothing \
                 while the baseline is still learning, and says so. With explain=true it appends to each row how surprising it is (surprise, \
                 0 is ordinary), the reason in a sentence, the terms of the score, and how well the role and the call are known."
            }
        }
    }

    /// Examples of use, each with what it does.
    pub fn examples(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Seen => &[(
                "`unseen_calls` | `unseen_recall_whole` | seen by user command forget_window=-90d@d \
                 as_of=latest changes=true | outputlookup append=true key_field=_key override_if_empty=false \
                 previously_seen_cloud_api_calls_per_user_role",
                "Learns today's calls and writes back the rows that changed.",
            )],
            Self::Unseen => &[(
                "`unseen_calls` | `unseen_recall_lean` | unseen by user command \
                 activity_window=-24h@h forget_window=-90d@d as_of=latest",
                "Finds the calls that their role never made before the last day.",
            ), (
                "`unseen_calls` | `unseen_recall_whole` | unseen by user command \
                 activity_window=-24h@h forget_window=-90d@d as_of=latest explain=true | sort - surprise",
                "Ranks them, the most surprising first, each with its reason.",
            )],
        }
    }
}

/// The kind of value that an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A Splunk time modifier.
    Modifier,
    /// `now`, `latest` or epoch seconds.
    Moment,
    /// `true`, `t`, `1`, `false`, `f` or `0`.
    Bool,
}

impl ValueKind {
    /// How the value is written in a syntax line.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Modifier => "<time-modifier>",
            Self::Moment => "(now|latest|<epoch-seconds>)",
            Self::Bool => "<bool>",
        }
    }
}

/// One option.
#[derive(Debug)]
pub struct OptionSpec {
    /// Its name, spelled alike in SPL, Rust, macros and docs; the command line writes hyphens for underscores.
    pub name: &'static str,
    /// The commands that take it.
    pub commands: &'static [SearchCommand],
    /// What it takes.
    pub value: ValueKind,
    /// What holds where it is not given, as it would be typed; none if that is different from any value.
    pub default: Option<&'static str>,
    /// What it does, in one sentence.
    pub help: &'static str,
}

/// What the key fields are called where they are explained.
pub const BY_HELP: &str =
    "The fields that make a key, such as `user command`; the word `by` may be left out.";

const BOTH: &[SearchCommand] = &SearchCommand::ALL;
const SEEN: &[SearchCommand] = &[SearchCommand::Seen];
const UNSEEN: &[SearchCommand] = &[SearchCommand::Unseen];

/// All options, in the order in which they are shown.
pub const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "activity_window",
        commands: UNSEEN,
        value: ValueKind::Modifier,
        default: Some("-24h@h"),
        help: "How far back a first sighting still counts as new.",
    },
    OptionSpec {
        name: "forget_window",
        commands: BOTH,
        value: ValueKind::Modifier,
        default: None,
        help: "How long a key stays known after it was last seen; without it nothing is forgotten.",
    },
    OptionSpec {
        name: "learning_window",
        commands: BOTH,
        value: ValueKind::Modifier,
        default: Some("-7d@d"),
        help: "How old the oldest sighting must be before the baseline is mature. It decides where calls are learned; where they are detected it only dates messages.",
    },
    OptionSpec {
        name: "as_of",
        commands: BOTH,
        value: ValueKind::Moment,
        default: Some("now"),
        help: "The time that windows count from; `latest` is the end of the search's time range, but never later than now.",
    },
    OptionSpec {
        name: "explain",
        commands: UNSEEN,
        value: ValueKind::Bool,
        default: Some("false"),
        help: "Appends how surprising each reported row is, and why; it needs all rows of the baseline, and two key fields or more: the first is the role, the others are the call.",
    },
    OptionSpec {
        name: "families",
        commands: UNSEEN,
        value: ValueKind::Bool,
        default: Some("false"),
        help: "With `explain=true`: compares a new role with the known roles whose names differ only in a generated part, so that only what none of them did is surprising.",
    },
    OptionSpec {
        name: "changes",
        commands: SEEN,
        value: ValueKind::Bool,
        default: Some("false"),
        help: "Returns only the rows that differ from what the baseline stores already.",
    },
    OptionSpec {
        name: "start",
        commands: SEEN,
        value: ValueKind::Bool,
        default: Some("false"),
        help: "Allows a first baseline to be made where none came along.",
    },
];
