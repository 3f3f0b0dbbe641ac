//! From the tokens behind a command's name to its settings, and from windows to cut-offs.
//!
//! Tokens come as splunkd sends them: split at blanks, with double quotes removed, beside the same tokens as typed. A field
//! list may have commas, `name = value` may stand in three tokens, and a quoted token is a field whatever it holds.
//!
//! Source: the token lists of sessions recorded from splunkd 6.3 and 8.2.

use super::table::{OptionSpec, SearchCommand};
use crate::baseline::Cutoffs;
use crate::time::{Modifier, Timestamp};
use chrono::TimeZone;
use std::collections::BTreeMap;
use thiserror::Error;

/// Why a command cannot run as it was typed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OptionError {
    /// There is no such option.
    #[error("unknown option `{name}`; did you mean `{nearest}`?")]
    Unknown {
        /// What was typed.
        name: String,
        /// The option most like it.
        nearest: &'static str,
    },
    /// The option belongs to the other command.
    #[error("`{name}` is an option of `{owner}`, not of `{command}`")]
    Elsewhere {
        /// The option.
        name: &'static str,
        /// The command that has it.
        owner: &'static str,
        /// The command that was typed.
        command: &'static str,
    },
    /// An option was given more than once.
    #[error("`{name}` is given twice; keep one")]
    Twice {
        /// The option.
        name: &'static str,
    },
    /// An option has a name but no value.
    #[error("`{name}` has no value; write `{name}={placeholder}`")]
    NoValue {
        /// The option.
        name: &'static str,
        /// What should follow.
        placeholder: &'static str,
    },
    /// A bare word among the key fields is the name of an option.
    #[error("`{name}` has no value; write `{name}={placeholder}`, or `\"{name}\"` for a field of that name")]
    NoEquals {
        /// The option.
        name: &'static str,
        /// What should follow.
        placeholder: &'static str,
    },
    /// No key field was named.
    #[error(
        "`{command}` needs the fields that make a key, for example `{command} by user command`"
    )]
    NoFields {
        /// The command.
        command: &'static str,
    },
    /// A key field was named more than once.
    #[error("the field `{field}` is given twice; a key has each field once")]
    FieldTwice {
        /// The field.
        field: String,
    },
    /// With a single key field there is no call beside the role.
    #[error("`explain=true` needs two key fields or more, the first for the role, the others for the call, got only `{field}`")]
    NoCallToExplain {
        /// The only key field.
        field: String,
    },
    /// Families change nothing but what is explained.
    #[error("`families=true` needs `explain=true`: it changes how new roles are ranked, and nothing else")]
    NothingToExplain,
    /// A window is no time modifier.
    #[error("`{option}` must be a time modifier such as `-24h@h` or `-90d@d`, got `{got}`")]
    NotAModifier {
        /// The option.
        option: &'static str,
        /// What was typed.
        got: String,
    },
    /// A window is a number without a unit.
    #[error(
        "`{option}` must be a time modifier with a unit, got `{got}`; did you mean `-{got}{unit}`?"
    )]
    NoUnit {
        /// The option.
        option: &'static str,
        /// What was typed.
        got: String,
        /// The unit that is most likely meant, with its snap.
        unit: &'static str,
    },
    /// A switch is neither on nor off.
    #[error("`{option}` must be `true`, `t`, `1`, `false`, `f` or `0`, got `{got}`")]
    NotABool {
        /// The option.
        option: &'static str,
        /// What was typed.
        got: String,
    },
    /// `as_of` is no moment.
    #[error("`as_of` must be `now`, `latest` or epoch seconds such as `1699833600`, got `{got}`")]
    NotAMoment {
        /// What was typed.
        got: String,
    },
    /// A window lies in the future of the time the search is as of.
    #[error("`{option}` ({window}) ends after the time the search is as of; it must reach back, like `-24h@h`")]
    WindowAhead {
        /// The option.
        option: &'static str,
        /// The modifier.
        window: String,
    },
    /// What is still new would already be forgotten.
    #[error("`activity_window` ({activity}) reaches further back than `forget_window` ({forget}); shorten the first or lengthen the second")]
    WindowsCross {
        /// The activity window.
        activity: String,
        /// The forget window.
        forget: String,
    },
}

/// One token behind a command's name.
#[derive(Clone, Copy, Debug)]
pub struct Token<'t> {
    text: &'t str,
    is_quoted: bool,
}

impl<'t> Token<'t> {
    /// A token as typed, without quotes.
    pub fn plain(text: &'t str) -> Self {
        Self {
            text,
            is_quoted: false,
        }
    }

    /// A field, whatever it holds, as if it had been typed in double quotes.
    pub fn quoted(text: &'t str) -> Self {
        Self {
            text,
            is_quoted: true,
        }
    }

    /// Pairs splunkd's two token lists. Where the second is missing, nothing counts as quoted.
    pub fn from_lists(args: &'t [String], raw_args: &[String]) -> Vec<Self> {
        let is_quoted = |index: usize| {
            let raw = raw_args.get(index).filter(|_| raw_args.len() == args.len());
            raw.is_some_and(|raw| is_one_quoted_string(raw))
        };
        args.iter()
            .enumerate()
            .map(|(index, text)| Token {
                text,
                is_quoted: is_quoted(index),
            })
            .collect()
    }
}

/// `"a b"` is one quoted string, `"a"="b"` is not.
fn is_one_quoted_string(raw: &str) -> bool {
    let inside = raw
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inside.is_some_and(|inside| {
        let mut bytes = inside.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' => return false,
                b'\\' if bytes.next().is_none() => return false,
                _ => {}
            }
        }
        true
    })
}

/// Fields and values that are apart already, as a command line has them.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The key fields, in order.
    pub by: Vec<String>,
    /// Options by name, each with its value as typed.
    pub values: Vec<(&'static str, String)>,
}

/// The fields and the named values of a command, sorted apart and not yet read.
struct Words {
    command: SearchCommand,
    by: Vec<String>,
    values: BTreeMap<&'static str, String>,
}

impl Words {
    fn sort(command: SearchCommand, tokens: &[Token<'_>]) -> Result<Self, OptionError> {
        let mut words = Self {
            command,
            by: Vec::new(),
            values: BTreeMap::new(),
        };
        let mut rest = tokens;
        while let [token, after @ ..] = rest {
            rest = words.take(*token, after)?;
        }
        words.with_fields()
    }

    fn with_fields(self) -> Result<Self, OptionError> {
        match self.by.is_empty() {
            true => Err(OptionError::NoFields {
                command: self.command.name(),
            }),
            false => Ok(self),
        }
    }

    fn given(command: SearchCommand, given: &Given) -> Result<Self, OptionError> {
        let mut words = Self {
            command,
            by: Vec::new(),
            values: BTreeMap::new(),
        };
        for field in &given.by {
            words.add_field(field)?;
        }
        for (name, value) in &given.values {
            words.set(name, value)?;
        }
        words.with_fields()
    }

    /// Takes one token, or several that make one option; returns those behind.
    fn take<'t, 'l>(
        &mut self,
        token: Token<'t>,
        after: &'l [Token<'t>],
    ) -> Result<&'l [Token<'t>], OptionError> {
        if token.is_quoted {
            self.add_field(token.text)?;
            return Ok(after);
        }
        let (name, value, after) = match (token.text.split_once('='), after) {
            (Some((name, "")), [value, after @ ..])
                if !value.text.contains('=') || value.is_quoted =>
            {
                (name, value.text, after)
            }
            (Some((name, value)), after) => (name, value, after),
            (None, [sign, value, after @ ..]) if sign.text == "=" && !sign.is_quoted => {
                (token.text, value.text, after)
            }
            (None, [next, after @ ..]) if is_value_alone(*next) => {
                (token.text, &next.text[1..], after)
            }
            (None, [sign]) if sign.text == "=" && !sign.is_quoted => (token.text, "", &after[1..]),
            (None, after) => {
                self.add_fields(token.text)?;
                return Ok(after);
            }
        };
        self.set(name, value)?;
        Ok(after)
    }

    /// A bare token: fields, perhaps with commas between or behind, or the word `by` in front of them.
    fn add_fields(&mut self, text: &str) -> Result<(), OptionError> {
        if self.by.is_empty() && text.eq_ignore_ascii_case("by") {
            return Ok(());
        }
        if let Some(option) = super::table::OPTIONS
            .iter()
            .find(|option| option.name == text)
        {
            return Err(OptionError::NoEquals {
                name: option.name,
                placeholder: option.value.placeholder(),
            });
        }
        text.split(',')
            .filter(|field| !field.is_empty())
            .try_for_each(|field| self.add_field(field))
    }

    fn add_field(&mut self, field: &str) -> Result<(), OptionError> {
        if self.by.iter().any(|other| other == field) {
            return Err(OptionError::FieldTwice {
                field: field.to_owned(),
            });
        }
        self.by.push(field.to_owned());
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        let option = self.option(name)?;
        if value.is_empty() {
            return Err(OptionError::NoValue {
                name: option.name,
                placeholder: option.value.placeholder(),
            });
        }
        match self.values.insert(option.name, value.to_owned()) {
            None => Ok(()),
            Some(_) => Err(OptionError::Twice { name: option.name }),
        }
    }

    fn option(&self, name: &str) -> Result<&'static OptionSpec, OptionError> {
        let known = || self.command.options();
        if let Some(option) = known().find(|option| option.name == name) {
            return Ok(option);
        }
        if let Some(option) = super::table::OPTIONS
            .iter()
            .find(|option| option.name == name)
        {
            let (owner, command) = (option.commands[0].name(), self.command.name());
            return Err(OptionError::Elsewhere {
                name: option.name,
                owner,
                command,
            });
        }
        let likeness = |option: &&OptionSpec| strsim::jaro_winkler(name, option.name);
        let nearest = known()
            .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
            .map_or("by", |option| option.name);
        Err(OptionError::Unknown {
            name: name.chars().take(60).collect(),
            nearest,
        })
    }

    /// The value given for an option, or its default.
    fn value(&self, name: &'static str) -> Option<&str> {
        let option = || self.command.options().find(|option| option.name == name);
        self.values
            .get(name)
            .map(String::as_str)
            .or_else(|| option()?.default)
    }

    fn modifier(&self, option: &'static str) -> Result<Option<Modifier>, OptionError> {
        let parse = |text: &str| {
            let got = || text.chars().take(60).collect();
            if Timestamp::parse(text.as_bytes()).is_ok() {
                let (got, unit) = (got(), likely_unit(option));
                return Err(OptionError::NoUnit { option, got, unit });
            }
            Modifier::parse(text).map_err(|_| OptionError::NotAModifier { option, got: got() })
        };
        self.value(option).map(parse).transpose()
    }

    fn switch(&self, option: &'static str) -> Result<bool, OptionError> {
        match self.value(option) {
            Some("true" | "t" | "1") => Ok(true),
            Some("false" | "f" | "0") | None => Ok(false),
            Some(got) => Err(OptionError::NotABool {
                option,
                got: got.chars().take(60).collect(),
            }),
        }
    }

    fn as_of(&self) -> Result<AsOf, OptionError> {
        match self.value("as_of") {
            Some("now") | None => Ok(AsOf::Now),
            Some("latest") => Ok(AsOf::Latest),
            Some(text) => match Timestamp::parse(text.as_bytes()) {
                Ok(Some(moment)) => Ok(AsOf::Moment(moment)),
                _ => Err(OptionError::NotAMoment {
                    got: text.chars().take(60).collect(),
                }),
            },
        }
    }

    fn windows(&self) -> Result<Windows, OptionError> {
        Ok(Windows {
            activity: self.modifier("activity_window")?,
            forget: self.modifier("forget_window")?,
            learning: self
                .modifier("learning_window")?
                .expect("the table has a default for the learning window"),
        })
    }
}

/// The unit that a number without one is most likely meant in.
fn likely_unit(option: &str) -> &'static str {
    match option {
        "activity_window" => "h@h",
        _ => "d@d",
    }
}

/// `=value`, behind a name and a blank.
fn is_value_alone(token: Token<'_>) -> bool {
    !token.is_quoted && token.text.len() > 1 && token.text.starts_with('=')
}

/// The settings of `seen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenOptions {
    /// The key fields, in order.
    pub by: Vec<String>,
    /// Its windows; the activity window is none.
    pub windows: Windows,
    /// The time they count from.
    pub as_of: AsOf,
    /// Only rows that differ go out.
    pub changes: bool,
    /// A first baseline may be made.
    pub start: bool,
}

impl SeenOptions {
    /// Reads the tokens behind `seen`.
    ///
    /// # Errors
    /// See [`OptionError`].
    pub fn parse(tokens: &[Token<'_>]) -> Result<Self, OptionError> {
        Self::of(Words::sort(SearchCommand::Seen, tokens)?)
    }

    /// Reads fields and values that are apart already.
    ///
    /// # Errors
    /// See [`OptionError`].
    pub fn given(given: &Given) -> Result<Self, OptionError> {
        Self::of(Words::given(SearchCommand::Seen, given)?)
    }

    fn of(words: Words) -> Result<Self, OptionError> {
        Ok(Self {
            windows: words.windows()?,
            as_of: words.as_of()?,
            changes: words.switch("changes")?,
            start: words.switch("start")?,
            by: words.by,
        })
    }
}

/// The settings of `unseen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnseenOptions {
    /// The key fields, in order.
    pub by: Vec<String>,
    /// Its windows; the activity window is there.
    pub windows: Windows,
    /// The time they count from.
    pub as_of: AsOf,
    /// Each reported row says how surprising it is, and why.
    pub explain: bool,
    /// A new role is compared with the known roles of its family.
    pub families: bool,
}

impl UnseenOptions {
    /// Reads the tokens behind `unseen`.
    ///
    /// # Errors
    /// See [`OptionError`].
    pub fn parse(tokens: &[Token<'_>]) -> Result<Self, OptionError> {
        Self::of(Words::sort(SearchCommand::Unseen, tokens)?)
    }

    /// Reads fields and values that are apart already.
    ///
    /// # Errors
    /// See [`OptionError`].
    pub fn given(given: &Given) -> Result<Self, OptionError> {
        Self::of(Words::given(SearchCommand::Unseen, given)?)
    }

    fn of(words: Words) -> Result<Self, OptionError> {
        let explain = words.switch("explain")?;
        let families = words.switch("families")?;
        match words.by.as_slice() {
            _ if families && !explain => Err(OptionError::NothingToExplain),
            [field] if explain => Err(OptionError::NoCallToExplain {
                field: field.clone(),
            }),
            _ => Ok(Self {
                windows: words.windows()?,
                as_of: words.as_of()?,
                explain,
                families,
                by: words.by,
            }),
        }
    }
}

/// The time that a run is as of, as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// The wall clock.
    Now,
    /// The end of the search's time range.
    Latest,
    /// This moment.
    Moment(Timestamp),
}

impl AsOf {
    /// The moment that is meant. `latest` is the end of the range, if it has one: it counts unless it lies ahead of `now`.
    pub fn moment(self, latest: Option<Timestamp>, now: Timestamp) -> Timestamp {
        match self {
            Self::Now => now,
            Self::Latest => latest
                .filter(|latest| latest.0 > 0)
                .map_or(now, |latest| latest.min(now)),
            Self::Moment(moment) => moment,
        }
    }
}

/// The windows of a command, as modifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// How far back a first sighting still counts as new; `unseen` only.
    pub activity: Option<Modifier>,
    /// How long a key stays known; none: for ever.
    pub forget: Option<Modifier>,
    /// How old the oldest sighting of a mature baseline is.
    pub learning: Modifier,
}

impl Windows {
    /// Applies every window to the time the run is as of, in local time of `zone`.
    ///
    /// # Errors
    /// [`OptionError::WindowAhead`] and [`OptionError::WindowsCross`].
    pub fn cutoffs(&self, as_of: Timestamp, zone: &impl TimeZone) -> Result<Cutoffs, OptionError> {
        let cutoff = |option: &'static str, window: &Modifier| match window.apply(as_of, zone) {
            cutoff if cutoff > as_of => Err(OptionError::WindowAhead {
                option,
                window: window.to_string(),
            }),
            cutoff => Ok(cutoff),
        };
        let activity = self
            .activity
            .as_ref()
            .map_or(Ok(as_of), |window| cutoff("activity_window", window))?;
        let forget = self
            .forget
            .as_ref()
            .map(|window| cutoff("forget_window", window))
            .transpose()?;
        let learning = cutoff("learning_window", &self.learning)?;
        match (&self.activity, &self.forget) {
            (Some(window), Some(forget_window))
                if forget.is_some_and(|forget| activity < forget) =>
            {
                Err(OptionError::WindowsCross {
                    activity: window.to_string(),
                    forget: forget_window.to_string(),
                })
            }
            _ => Ok(Cutoffs {
                activity,
                forget,
                learning,
                earliest: Cutoffs::AFTER_EPOCH,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::ValueKind;
    use super::*;
    use chrono::Utc;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        text.split_whitespace().map(Token::plain).collect()
    }

    fn unseen(text: &str) -> Result<UnseenOptions, OptionError> {
        UnseenOptions::parse(&tokens(text))
    }

    fn seen(text: &str) -> Result<SeenOptions, OptionError> {
        SeenOptions::parse(&tokens(text))
    }

    #[test]
    fn fields_may_have_commas_and_the_word_by_may_be_left_out() {
        for text in [
            "by user command",
            "user command",
            "by user, command",
            "by user,command",
            "user , command",
            "by user ,command",
            "BY user command",
        ] {
            assert_eq!(unseen(text).unwrap().by, ["user", "command"], "{text}");
        }
        assert_eq!(
            unseen("by by user").unwrap().by,
            ["by", "user"].map(String::from)[1..],
            "only one `by` is a word"
        );
    }

    #[test]
    fn the_name_of_an_option_alone_is_no_field_unless_it_is_quoted() {
        let error = seen("by user changes").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`changes` has no value; write `changes=<bool>`, or `\"changes\"` for a field of that name"
        );
        let quoted = [Token::plain("user"), Token::quoted("changes")];
        assert_eq!(SeenOptions::parse(&quoted).unwrap().by, ["user", "changes"]);
    }

    #[test]
    fn a_window_without_a_unit_is_refused_with_the_one_that_is_likely_meant() {
        for (text, meant) in [
            ("user activity_window=24", "-24h@h"),
            ("user forget_window=90", "-90d@d"),
            ("user learning_window=7", "-7d@d"),
        ] {
            let error = unseen(text).unwrap_err().to_string();
            assert!(
                error.ends_with(&format!("did you mean `{meant}`?")),
                "{error}"
            );
        }
    }

    #[test]
    fn an_option_may_stand_in_one_token_two_or_three() {
        for text in [
            "user activity_window=-1d@d",
            "user activity_window = -1d@d",
            "user activity_window= -1d@d",
            "activity_window =-1d@d user",
        ] {
            let options = unseen(text).unwrap();
            assert_eq!(
                options.windows.activity.unwrap().to_string(),
                "-1d@d",
                "{text}"
            );
            assert_eq!(options.by, ["user"], "{text}");
        }
    }

    #[test]
    fn a_quoted_token_is_a_field_whatever_it_holds() {
        let args = ["by", "role name, full", "a=b", "c=d"].map(String::from);
        let raw = ["by", "\"role name, full\"", "\"a=b\"", "\"c\"=\"d\""].map(String::from);
        let error = UnseenOptions::parse(&Token::from_lists(&args, &raw)).unwrap_err();
        assert!(matches!(error, OptionError::Unknown { name, .. } if name == "c"));
        let options = UnseenOptions::parse(&Token::from_lists(&args[..3], &raw[..3])).unwrap();
        assert_eq!(options.by, ["role name, full", "a=b"]);
    }

    #[test]
    fn what_is_not_given_has_the_default_of_the_table() {
        let options = seen("user").unwrap();
        assert_eq!(options.windows.learning.to_string(), "-7d@d");
        assert_eq!(
            (options.windows.forget, options.windows.activity),
            (None, None)
        );
        assert_eq!(
            (options.as_of, options.changes, options.start),
            (AsOf::Now, false, false)
        );
        assert_eq!(
            unseen("user")
                .unwrap()
                .windows
                .activity
                .unwrap()
                .to_string(),
            "-24h@h"
        );
    }

    #[test]
    fn every_mistake_has_one_line_that_names_it() {
        let cases = [
            ("user forget_windw=-90d@d", "unknown option `forget_windw`; did you mean `forget_window`?"),
            ("user changes=true", "`changes` is an option of `seen`, not of `unseen`"),
            ("user as_of=now as_of=now", "`as_of` is given twice; keep one"),
            ("user as_of=", "`as_of` has no value; write `as_of=(now|latest|<epoch-seconds>)`"),
            ("user as_of =", "`as_of` has no value; write `as_of=(now|latest|<epoch-seconds>)`"),
            ("as_of=now", "`unseen` needs the fields that make a key, for example `unseen by user command`"),
            ("by", "`unseen` needs the fields that make a key, for example `unseen by user command`"),
            ("user command user", "the field `user` is given twice; a key has each field once"),
            (
                "user command families=true",
                "`families=true` needs `explain=true`: it changes how new roles are ranked, and nothing else",
            ),
            (
                "user activity_window=yesterday",
                "`activity_window` must be a time modifier such as `-24h@h` or `-90d@d`, got `yesterday`",
            ),
            (
                "user as_of=tomorrow",
                "`as_of` must be `now`, `latest` or epoch seconds such as `1699833600`, got `tomorrow`",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(unseen(text).unwrap_err().to_string(), expected, "{text}");
        }
        assert_eq!(
            seen("user changes=yes").unwrap_err().to_string(),
            "`changes` must be `true`, `t`, `1`, `false`, `f` or `0`, got `yes`"
        );
    }

    #[test]
    fn windows_reach_back_and_what_is_new_is_not_yet_forgotten() {
        let cutoffs = |text: &str| {
            unseen(text)
                .unwrap()
                .windows
                .cutoffs(Timestamp::from_seconds(1_699_920_000), &Utc)
        };
        assert!(cutoffs("user activity_window=-90d@d forget_window=-90d@d").is_ok());
        assert_eq!(
            cutoffs("user activity_window=-91d@d forget_window=-90d@d").unwrap_err().to_string(),
            "`activity_window` (-91d@d) reaches further back than `forget_window` (-90d@d); shorten the first or lengthen the second"
        );
        assert_eq!(
            cutoffs("user forget_window=+1d").unwrap_err().to_string(),
            "`forget_window` (+1d) ends after the time the search is as of; it must reach back, like `-24h@h`"
        );
    }

    #[test]
    fn latest_counts_unless_it_is_unbounded_or_ahead() {
        let at = |seconds| Timestamp::from_seconds(seconds);
        let cases = [
            (Some(at(900)), 900),
            (Some(at(1_100)), 1_000),
            (Some(at(0)), 1_000),
            (None, 1_000),
        ];
        for (latest, expected) in cases {
            assert_eq!(
                AsOf::Latest.moment(latest, at(1_000)),
                at(expected),
                "{latest:?}"
            );
        }
    }

    #[test]
    fn the_defaults_of_the_table_are_what_they_should_be() {
        for option in super::super::table::OPTIONS {
            let Some(default) = option.default else {
                continue;
            };
            match option.value {
                ValueKind::Modifier => assert!(Modifier::parse(default).is_ok(), "{default}"),
                ValueKind::Moment => assert_eq!(default, "now"),
                ValueKind::Bool => assert_eq!(default, "false"),
            }
        }
    }
}
