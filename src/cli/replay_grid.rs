//! Which windows the grid of a replay tries: every combination of some values for each of the three.

use crate::options::{Given, OptionError, UnseenOptions, Windows};
use crate::time::Modifier;
use clap::ArgMatches;
use thiserror::Error;

/// The three windows, by the names of their options, and what the grid tries where nothing else is said.
const TRIED: [(&str, [&str; 3]); 3] = [
    ("activity_window", ["-12h@h", "-24h@h", "-48h@h"]),
    ("learning_window", ["-3d@d", "-7d@d", "-14d@d"]),
    ("forget_window", ["-30d@d", "-60d@d", "-90d@d"]),
];

/// So many settings at most.
const MOST: usize = 200;

/// Why there is no grid.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(super) enum GridError {
    #[error("--try: expected a window and its values, such as activity_window=-12h@h,-24h@h, got `{got}`")]
    NoWindow { got: String },
    #[error(
        "--try: these are {settings} settings; give fewer values, so that there are {MOST} at most"
    )]
    TooMany { settings: usize },
    #[error("--try: {0}")]
    Option(#[from] OptionError),
}

/// The settings that were asked for, each with all three windows; none if no grid was.
pub(super) fn settings(matches: &ArgMatches, windows: &Windows) -> Result<Vec<Windows>, GridError> {
    let typed: Vec<&String> = matches.get_many("try").into_iter().flatten().collect();
    let has_grid = matches.get_flag("grid");
    if typed.is_empty() && !has_grid {
        return Ok(Vec::new());
    }
    let mut tried = TRIED.map(|(name, values)| match has_grid {
        true => values.map(str::to_owned).to_vec(),
        false => current(name, windows),
    });
    for text in typed {
        let (nth, values) = window(text)?;
        tried[nth] = values;
    }
    combinations(&tried)
}

/// What a window is now; nothing is forgotten where there is no window for it.
fn current(name: &str, windows: &Windows) -> Vec<String> {
    let window = match name {
        "activity_window" => windows.activity.as_ref(),
        "learning_window" => Some(&windows.learning),
        _ => windows.forget.as_ref(),
    };
    window.map(Modifier::to_string).into_iter().collect()
}

/// A window and its values: `activity_window=-12h@h,-24h@h`.
fn window(text: &str) -> Result<(usize, Vec<String>), GridError> {
    let no_window = || GridError::NoWindow {
        got: text.escape_debug().take(60).collect(),
    };
    let (name, values) = text.split_once('=').ok_or_else(no_window)?;
    let name = name.replace('-', "_");
    let place = TRIED.iter().position(|(window, _)| *window == name);
    let values = values.split(',').map(str::to_owned).collect();
    Ok((place.ok_or_else(no_window)?, values))
}

fn combinations(tried: &[Vec<String>; 3]) -> Result<Vec<Windows>, GridError> {
    let number = tried.iter().map(|values| values.len().max(1)).product();
    if number > MOST {
        return Err(GridError::TooMany { settings: number });
    }
    let mut all: Vec<Vec<(&'static str, String)>> = vec![Vec::new()];
    for ((name, _), values) in TRIED.iter().zip(tried) {
        all = all
            .into_iter()
            .flat_map(|one| with_each(one, name, values))
            .collect();
    }
    let windows = |values| {
        let by = vec!["user".to_owned()];
        Ok(UnseenOptions::given(&Given { by, values })?.windows)
    };
    all.into_iter().map(windows).collect()
}

/// A setting with each of these values of one more window.
fn with_each(
    one: Vec<(&'static str, String)>,
    name: &'static str,
    values: &[String],
) -> Vec<Vec<(&'static str, String)>> {
    let with = |value: &String| {
        let mut more = one.clone();
        more.push((name, value.clone()));
        more
    };
    match values.is_empty() {
        true => vec![one],
        false => values.iter().map(with).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::command;
    use super::*;
    use crate::app_settings::AppSettings;

    /// The settings, each as `activity learning forget`.
    fn grid(words: &[&str]) -> Result<Vec<String>, String> {
        let words = ["unseen", "replay", "logs"]
            .into_iter()
            .chain(words.iter().copied());
        let matches = command().try_get_matches_from(words).unwrap();
        let (_, matches) = matches.subcommand().unwrap();
        let settings = settings(matches, &AppSettings::shipped().windows);
        let text = |of: Windows| {
            let [activity, forget] =
                [of.activity, of.forget].map(|window| window.unwrap().to_string());
            format!("{activity} {} {forget}", of.learning)
        };
        let settings = settings.map_err(|error| error.to_string())?;
        Ok(settings.into_iter().map(text).collect())
    }

    #[test]
    fn a_grid_has_every_combination_and_a_window_that_is_not_tried_keeps_its_value() {
        assert_eq!(grid(&[]), Ok(vec![]));
        assert_eq!(grid(&["--grid"]).unwrap().len(), 27);
        assert_eq!(
            grid(&[
                "--try",
                "activity_window=-6h,-24h@h",
                "--try",
                "forget-window=-30d@d"
            ]),
            Ok(vec![
                "-6h -7d@d -30d@d".into(),
                "-24h@h -7d@d -30d@d".into()
            ])
        );
        let tried = grid(&["--grid", "--try=learning_window=-1d"]).unwrap();
        assert_eq!((tried.len(), tried[0].as_str()), (9, "-12h@h -1d -30d@d"));
    }

    #[test]
    fn what_is_no_window_and_what_are_too_many_settings_is_refused() {
        let many = format!("--try=activity_window={}", vec!["-1h"; 201].join(","));
        for (words, expected) in [
            (&["--try", "x=-1h"][..], "--try: expected a window and its values, such as activity_window=-12h@h,-24h@h, got `x=-1h`"),
            (&["--try", "activity_window=1"], "--try: `activity_window` must be a time modifier with a unit, got `1`; did you mean `-1h@h`?"),
            (&[many.as_str()], "--try: these are 201 settings; give fewer values, so that there are 200 at most"),
        ] {
            assert_eq!(grid(words).unwrap_err(), expected);
        }
    }
}
