//! The answers of a replay for a terminal: each day with its alerts, the most surprising ones with their reasons, and what to tune.
//!
//! No line is wider than [`WIDTH`]: sentences are wrapped, long names cut in their middle. The other forms have everything.

use super::{AlertSummary, DaySummary, Setting, Summary};
use crate::app_settings::FILTER_MACRO;
use crate::messages::count;
use crate::report::{fitted_lines, styled, visible, wrapped, Styles};
use anstyle::Style;

/// The width of a terminal.
const WIDTH: usize = 120;

/// How many of the most surprising alerts are shown with their reason, and how many of the noisiest roles and calls.
const MOST_SURPRISING: usize = 10;
const NOISIEST: usize = 5;

/// Writes all answers. What is not moved in is what a reader looks for first.
pub(crate) fn write(summary: &Summary, styles: &Styles) -> Vec<u8> {
    let sections = [
        by_day(summary),
        most_surprising(summary),
        totals(summary),
        noisiest(summary),
        filters(summary),
        thresholds(summary),
        grid(summary),
    ];
    let mut text = String::new();
    for section in sections.iter().filter(|section| !section.is_empty()) {
        if !text.is_empty() {
            text.push('\n');
        }
        section.iter().for_each(|line| {
            let style = match line.starts_with(' ') {
                true => Style::default(),
                false => styles.title,
            };
            text.push_str(&styled(style, line));
            text.push('\n');
        });
    }
    text.into_bytes()
}

/// The days from the first detection to the last; stretches without an alert are one line.
fn by_day(summary: &Summary) -> Vec<String> {
    let days: Vec<(usize, &DaySummary)> = summary.days.iter().enumerate().collect();
    let is_empty = |(_, day): &(usize, &DaySummary)| day.alerts == 0;
    let mut lines = Vec::new();
    for stretch in days.chunk_by(|one, next| is_empty(one) && is_empty(next)) {
        let ((nth, first), (_, last)) = (stretch[0], stretch[stretch.len() - 1]);
        let dates = match stretch.len() {
            1 => first.date.clone(),
            _ => format!("{} to {}", first.date, last.date),
        };
        lines.push(format!("{dates}  {}", count(first.alerts, "alert")));
        let alerts = summary.alerts.iter().filter(|alert| alert.day == nth);
        lines.extend(columns(alerts.map(alert_line).collect(), 2));
    }
    lines
}

fn alert_line(alert: &AlertSummary) -> Vec<String> {
    let time = alert.at.split(' ').nth(1).unwrap_or_default();
    let remark = match (alert.search, alert.has_returned) {
        ("reconcile", _) => "by Reconcile",
        (_, true) => "known before, forgotten",
        _ => "",
    };
    let score = alert.surprise.map(|score| format!("{score:>5.1}"));
    let key = alert.key.iter().map(|value| visible(value.as_bytes()));
    [time.to_owned(), score.unwrap_or_default()]
        .into_iter()
        .chain(key)
        .chain([remark.to_owned()])
        .collect()
}

fn most_surprising(summary: &Summary) -> Vec<String> {
    let mut ranked: Vec<(f64, &AlertSummary)> = summary
        .alerts
        .iter()
        .filter_map(|alert| Some((alert.surprise?, alert)))
        .collect();
    ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let mut lines = Vec::new();
    for (score, alert) in ranked.into_iter().take(MOST_SURPRISING) {
        let key: Vec<String> = alert
            .key
            .iter()
            .map(|value| visible(value.as_bytes()))
            .collect();
        lines.extend(columns(
            vec![vec![
                format!("{score:>6.1}"),
                alert.at.clone(),
                key.join("  "),
            ]],
            2,
        ));
        let reason = visible(alert.reason.as_bytes());
        let reason = wrapped(&reason, WIDTH - 10).into_iter();
        lines.extend(reason.map(|line| format!("          {line}")));
    }
    titled("the most surprising alerts", lines)
}

fn totals(summary: &Summary) -> Vec<String> {
    let with_alerts = summary.days.iter().filter(|day| day.alerts > 0).count();
    let alerts = summary.alerts.len() as u64;
    let mut lines = vec![format!(
        "total        {} on {with_alerts} of {}",
        count(alerts, "alert"),
        count(summary.days.len() as u64, "day")
    )];
    let suppressed = &summary.suppressed;
    if suppressed.reports > 0 {
        lines.push(format!(
            "suppressed   {} of {}, by the suppression of the app",
            count(suppressed.reports, "repeat"),
            count(suppressed.alerts, "alert")
        ));
    }
    let forgotten = &summary.forgotten;
    if forgotten.pairs > 0 {
        lines.push(format!(
            "forgotten    {}: {} came back, {} alerted again",
            count(forgotten.pairs, "pair"),
            forgotten.returned,
            forgotten.alerted
        ));
    }
    lines.extend(roles_learning(summary));
    if let Some(week) = &summary.next_week {
        lines.push(format!(
            "next week    {} to {} alerts, if it is like any seven of the last {}",
            week.least,
            week.most,
            count(week.from_days, "day")
        ));
    }
    lines
}

fn roles_learning(summary: &Summary) -> Option<String> {
    let roles = &summary.role_maturity;
    let learning = roles
        .iter()
        .filter(|role| role.mature_from.is_none())
        .count();
    (learning > 0).then(|| {
        format!(
            "new roles    {learning} of {} had not been known for {} when the input ended",
            count(roles.len() as u64, "role"),
            summary.setting.learning
        )
    })
}

fn noisiest(summary: &Summary) -> Vec<String> {
    let roles = summary.roles.iter().map(|role| {
        let surprise = role.surprise.map(|sum| format!("surprise {sum:.1}"));
        (role.alerts, &role.role, surprise.unwrap_or_default())
    });
    let calls = summary.calls.iter().map(|call| {
        let roles = format!("by {}", count(call.roles, "role"));
        (call.alerts, &call.call, roles)
    });
    let noisy = roles.take(NOISIEST).chain(calls.take(NOISIEST));
    let noisy = noisy.filter(|(alerts, ..)| *alerts > 1);
    let lines = noisy
        .map(|(alerts, name, more)| vec![count(alerts, "alert"), visible(name.as_bytes()), more]);
    titled("the noisiest roles and calls", columns(lines.collect(), 2))
}

fn filters(summary: &Summary) -> Vec<String> {
    let lines = summary.filters.iter();
    let lines = lines.map(|filter| format!("  {:<6}  {}", filter.alerts, filter.definition));
    let title =
        format!("to leave out what is expected: alerts, and a definition of {FILTER_MACRO}");
    titled(&title, lines.collect())
}

fn thresholds(summary: &Summary) -> Vec<String> {
    let lines = summary.thresholds.iter().map(|of| {
        vec![
            format!("{:>6}", of.threshold),
            format!("{} of known roles", count(of.role_days, "alert")),
            format!("{:.1} a day", of.role_days_a_day),
            format!("and {} of new roles", of.new_role_days),
        ]
    });
    titled(
        "the ranking search, by its threshold: a role alerts once a day if its new calls add up to",
        columns(lines.collect(), 2),
    )
}

fn grid(summary: &Summary) -> Vec<String> {
    let header = [
        "activity",
        "learning",
        "forget",
        "alerts",
        "days",
        "most a day",
        "mature from",
    ];
    let lines = summary.grid.iter().map(|of| {
        let Setting {
            activity,
            learning,
            forget,
        } = of.setting.clone();
        let forget = forget.unwrap_or_else(|| "never".to_owned());
        let mature = of.mature_from.clone().unwrap_or_else(|| "never".to_owned());
        let numbers = [of.alerts, of.days, of.most_a_day].map(|number| number.to_string());
        [activity, learning, forget]
            .into_iter()
            .chain(numbers)
            .chain([mature])
            .collect()
    });
    let lines: Vec<Vec<String>> = lines.collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let header = header.map(str::to_owned).to_vec();
    let all = std::iter::once(header).chain(lines).collect();
    titled("under other windows", columns(all, 2))
}

/// A section with a title, or nothing if it has no lines.
fn titled(title: &str, lines: Vec<String>) -> Vec<String> {
    match lines.is_empty() {
        true => Vec::new(),
        false => std::iter::once(title.to_owned()).chain(lines).collect(),
    }
}

/// Cells in columns, moved in.
fn columns(lines: Vec<Vec<String>>, indent: usize) -> Vec<String> {
    let margin = " ".repeat(indent);
    let lines = fitted_lines(&lines, WIDTH - indent).into_iter();
    lines.map(|line| format!("{margin}{line}")).collect()
}
