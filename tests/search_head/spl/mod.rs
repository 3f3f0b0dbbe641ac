//! The SPL that the shipped searches are written in, and no more of it.
//!
//! A command, function or argument that no shipped search uses is refused by name, so that a new one is
//! noticed here before it is relied on. Everything is parsed before anything runs.
//! Sources: Splunk's Search Reference. Where it is silent, a comment says `Inferred`.

mod aggregate;
mod eval;
mod fields;
mod functions;
mod grammar;
mod lookups;
mod search;
mod words;

pub(crate) use aggregate::{Beside, Stats, Tstats};
pub(crate) use eval::holds;
pub(crate) use eval::{Eval, Where};
pub(crate) use fields::{Convert, MvExpand, Rename, Sort, Table};
pub(crate) use lookups::{InputLookup, Lookup, OutputLookup};
pub(crate) use search::Search;
pub(crate) use words::arguments;

use super::relative_time::UnknownModifier;
use thiserror::Error;

#[derive(Debug)]
pub(crate) enum Command {
    Tstats(Tstats),
    Search(Search),
    Rename(Rename),
    Eval(Eval),
    Where(Where),
    Table(Table),
    MvExpand(MvExpand),
    /// One row, of the time it is.
    MakeResults,
    /// A subsearch's rows behind those that are there.
    Append(Vec<Command>),
    Stats(Stats),
    Beside(Beside),
    Sort(Sort),
    /// The job's range and sid beside every row.
    AddInfo,
    /// What a REST endpoint of this search head answers.
    Rest(String),
    Convert(Convert),
    Lookup(Lookup),
    InputLookup(InputLookup),
    OutputLookup(OutputLookup),
    /// A command that is not Splunk's own; `commands.conf` must know it.
    Custom {
        name: String,
        arguments: String,
    },
}

#[derive(Debug, Error)]
pub(crate) enum SplError {
    #[error("a quote or bracket is not closed in `{0}`")]
    Open(String),
    #[error("an empty command in `{0}`")]
    Empty(String),
    #[error("the stand-in refuses `{what}` in the `{command}` command")]
    Refused { command: &'static str, what: String },
    #[error("the `{command}` command ends where {expected} should follow")]
    Cut {
        command: &'static str,
        expected: &'static str,
    },
    #[error("the stand-in does not model `{0}` of a multivalue field")]
    Multivalue(&'static str),
    #[error(transparent)]
    Regex(#[from] regex::Error),
    #[error(transparent)]
    Time(#[from] UnknownModifier),
}

impl SplError {
    fn refused(command: &'static str, what: &str) -> SplError {
        let what = what.to_string();
        SplError::Refused { command, what }
    }
}

/// Reads an expanded search; what is no native command is left to `commands.conf`.
pub(crate) fn parse(spl: &str) -> Result<Vec<Command>, SplError> {
    split(spl)?.into_iter().map(parse_command).collect()
}

/// The commands of a search and of its subsearches.
pub(crate) fn every(commands: &[Command]) -> Vec<&Command> {
    let mut all = vec![];
    for command in commands {
        all.push(command);
        if let Command::Append(inner) = command {
            all.extend(every(inner));
        }
    }
    all
}

fn parse_command(command: &str) -> Result<Command, SplError> {
    let (name, rest) = command
        .split_once(char::is_whitespace)
        .unwrap_or((command, ""));
    Ok(match name {
        "tstats" => Command::Tstats(Tstats::parse(rest)?),
        "search" => Command::Search(Search::parse(rest)?),
        "rename" => Command::Rename(Rename::parse(rest)?),
        "eval" => Command::Eval(Eval::parse(rest)?),
        "where" => Command::Where(Where::parse(rest)?),
        "table" => Command::Table(Table::parse(rest)?),
        "mvexpand" => Command::MvExpand(MvExpand::parse(rest)?),
        "makeresults" => alone("makeresults", rest, Command::MakeResults)?,
        "addinfo" => alone("addinfo", rest, Command::AddInfo)?,
        "append" => Command::Append(subsearch("append", rest)?),
        "rest" => match words::words(rest)[..] {
            ["splunk_server=local", path] => Command::Rest(path.to_string()),
            _ => return Err(SplError::refused("rest", rest.trim())),
        },
        "sort" => Command::Sort(Sort::parse(rest)?),
        "eventstats" => Command::Beside(Beside::eventstats(rest)?),
        "streamstats" => Command::Beside(Beside::streamstats(rest)?),
        "stats" => Command::Stats(Stats::parse(rest)?),
        "convert" => Command::Convert(Convert::parse(rest)?),
        "lookup" => Command::Lookup(Lookup::parse(rest)?),
        "inputlookup" => Command::InputLookup(InputLookup::parse(rest)?),
        "outputlookup" => Command::OutputLookup(OutputLookup::parse(rest)?),
        _ => Command::Custom {
            name: name.to_string(),
            arguments: rest.trim().to_string(),
        },
    })
}

/// A command that takes no arguments here.
fn alone(name: &'static str, rest: &str, command: Command) -> Result<Command, SplError> {
    match rest.trim() {
        "" => Ok(command),
        rest => Err(SplError::refused(name, rest)),
    }
}

fn subsearch(name: &'static str, rest: &str) -> Result<Vec<Command>, SplError> {
    let rest = rest.trim();
    let inside = rest
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    parse(inside.ok_or_else(|| SplError::refused(name, rest))?)
}

/// Splits a search into commands at the pipes outside quotes and brackets; a leading pipe says nothing.
fn split(spl: &str) -> Result<Vec<&str>, SplError> {
    let spl = spl.trim();
    let spl = spl.strip_prefix('|').unwrap_or(spl);
    let commands: Vec<&str> = words::split_outside(spl, |c| c == '|')
        .ok_or_else(|| SplError::Open(spl.to_string()))?
        .into_iter()
        .map(str::trim)
        .collect();
    match commands.iter().any(|command| command.is_empty()) {
        true => Err(SplError::Empty(spl.to_string())),
        false => Ok(commands),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_split_at_pipes_but_not_inside_quotes_or_brackets() {
        assert_eq!(
            split("| a x=\"1 | 2\" (3 | 4)\n| b '|' \"\\\"|\" | c").unwrap(),
            ["a x=\"1 | 2\" (3 | 4)", "b '|' \"\\\"|\"", "c"]
        );
        assert!(matches!(split("a | | b"), Err(SplError::Empty(_))));
        assert!(matches!(split("a \"| b"), Err(SplError::Open(_))));
        assert!(matches!(split("a (| b"), Err(SplError::Open(_))));
    }

    /// What is refused must be named; each of these is good SPL that no shipped search uses.
    #[test]
    fn what_the_stand_in_does_not_know_is_refused_by_name() {
        for (spl, what) in [
            (
                "tstats fillnull_value=null count from datamodel=Change by All_Changes.user",
                "fillnull_value",
            ),
            (
                "tstats summariesonly=true count from datamodel=Change by All_Changes.user",
                "summariesonly=true",
            ),
            (
                "tstats sum(x) from datamodel=Change by All_Changes.user",
                "sum(x)",
            ),
            (
                "tstats count from datamodel=Endpoint by All_Changes.user",
                "datamodel=Endpoint",
            ),
            (
                "tstats count from datamodel=Change where All_Changes.x>1 by All_Changes.user",
                "All_Changes.x>1",
            ),
            (
                "tstats count from datamodel=Change where index=main by All_Changes.user",
                "index=main",
            ),
            (
                "tstats count from datamodel=Change by All_Changes.user _time",
                "_time",
            ),
            ("search a OR b", "a"),
            ("search a=1 b", "b"),
            ("search a>1", "a>1"),
            ("search a=x*", "a=x*"),
            ("search (a=1 b)", "b"),
            ("rename a as b*", "b*"),
            ("rename \"a.*\" as b.*", "\"a.*\""),
            ("eval x=lower(y)", "lower"),
            ("eval x=1%2", "%"),
            ("eval x=!y", "!"),
            ("eval x=a.b+1", "`.` beside a sum"),
            ("eval x=strftime(y, \"%c\")", "%c"),
            ("table a*", "a*"),
            ("mvexpand a limit=5", "a limit=5"),
            ("makeresults count=2", "count=2"),
            ("append maxtime=5 [ x ]", "maxtime=5 [ x ]"),
            ("rest /services/x", "/services/x"),
            ("sort -a", "-a"),
            ("sort 0 a", "a"),
            ("eventstats count as n", "count"),
            ("streamstats sum(x) as y by z", "sum(x) as y by z"),
            ("lookup local=true x user OUTPUTNEW a", "OUTPUTNEW"),
            ("addinfo x", "x"),
            ("search a=1 OR latest=now", "latest=now"),
            ("eval x=if(a, b)", "if"),
            ("eval x=mvindex(y, -1)", "-"),
            ("stats avg(x) by y", "avg(x)"),
            ("stats values(x) as x by y span=1d", "span=1d"),
            ("stats count(x) by y", "count(x)"),
            ("stats min(eval(x)) by y", "min(eval(x))"),
            ("stats sum(x) as y span=1d", "span=1d"),
            ("convert mktime(x)", "mktime(x)"),
            ("lookup x user OUTPUT a", "x"),
            ("lookup local=true x user AS u OUTPUT a", "AS"),
            ("inputlookup max=5 x", "max=5"),
            ("inputlookup x where a>1", "a>1"),
            ("inputlookup x y", "y"),
            ("outputlookup x.csv", "x.csv"),
            ("outputlookup append=true x.csv", "append=true"),
            ("outputlookup x", "x"),
            ("outputlookup append=true key_field=_key x", "x"),
            (
                "outputlookup append=true key_field=id override_if_empty=false x",
                "key_field=id",
            ),
        ] {
            match parse(spl) {
                Err(SplError::Refused { what: refused, .. }) => assert_eq!(refused, what, "{spl}"),
                other => panic!("{spl}: {other:?}"),
            }
        }
    }
}
