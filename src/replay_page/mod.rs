//! The answers of a replay as a page for a browser: one file that needs no network and runs no script.
//!
//! `page.html` is the page; what it shows of a [`Summary`] is worked out here, its pictures in `pictures`. All names on it were chosen by
//! whoever made the calls: the template engine escapes them, and what cannot be seen is written out. A policy in the page forbids
//! scripts and requests, should that ever fail.

mod pictures;

use crate::app_settings::FILTER_MACRO;
use crate::messages::count;
use crate::replay::{AlertSummary, Summary};
use crate::report::visible;
use askama::Template;

/// So many rows of a table at most.
const ALERTS: usize = 1_000;
/// So many of them are in view; whoever wants more opens a list.
const FIRST: usize = 25;
const NOISIEST: usize = 20;
const ROLES: usize = 3_000;

/// Writes the page.
///
/// ```
/// use unseen::replay::Summary;
///
/// let page = unseen::replay_page::write(&Summary::default());
/// assert!(page.contains("No detection ran"));
/// ```
pub fn write(summary: &Summary) -> String {
    let page = ReplayPage { summary };
    page.render()
        .expect("a page in memory has nothing that can fail")
}

/// What the page is filled from.
#[derive(Template)]
#[template(path = "page.html")]
struct ReplayPage<'s> {
    summary: &'s Summary,
}

impl ReplayPage<'_> {
    /// A text from the logs, all of whose characters can be seen.
    fn shown(&self, text: &str) -> String {
        visible(text.as_bytes())
    }

    fn count(&self, number: &u64, unit: &str) -> String {
        count(*number, unit)
    }

    fn length(&self, number: usize, unit: &str) -> String {
        count(number as u64, unit)
    }

    fn days_with_alerts(&self) -> usize {
        let days = self.summary.days.iter();
        days.filter(|day| day.alerts > 0).count()
    }

    /// The days on which there could have been an alert.
    fn judged_days(&self) -> usize {
        let days = self.summary.days.iter();
        days.filter(|day| day.is_mature).count()
    }

    /// Whether Reconcile alerted on the first day on which anything could.
    fn has_first_night(&self) -> bool {
        let first = self.summary.days.iter().position(|day| day.is_mature);
        let mut alerts = self.summary.alerts.iter();
        alerts.any(|alert| alert.search == "reconcile" && Some(alert.day) == first)
    }

    fn alerts_a_day(&self) -> String {
        let days = self.judged_days().max(1);
        format!("{:.1}", self.summary.alerts.len() as f64 / days as f64)
    }

    fn filter_macro(&self) -> &'static str {
        FILTER_MACRO
    }

    /// The alerts by surprise, those that were not ranked in the order of time: the first ones, and the others as far as they are shown.
    fn ranked(&self) -> (Vec<&AlertSummary>, Vec<&AlertSummary>) {
        let mut alerts: Vec<&AlertSummary> = self.summary.alerts.iter().collect();
        let score = |alert: &AlertSummary| alert.surprise.unwrap_or(f64::NEG_INFINITY);
        alerts.sort_by(|one, other| score(other).total_cmp(&score(one)));
        alerts.truncate(ALERTS);
        let others = alerts.split_off(alerts.len().min(FIRST));
        (alerts, others)
    }

    /// The values of a key behind role and call.
    fn further<'a>(&self, alert: &'a AlertSummary) -> &'a [String] {
        alert.key.get(2..).unwrap_or_default()
    }

    fn learning_roles(&self) -> usize {
        let roles = self.summary.role_maturity.iter();
        roles.filter(|role| role.mature_from.is_none()).count()
    }

    fn score(&self, surprise: &Option<f64>) -> String {
        surprise
            .map(|score| format!("{score:.1}"))
            .unwrap_or_default()
    }

    /// The share of the highest surprise, in percent, for a bar behind the number.
    fn share(&self, surprise: &Option<f64>) -> u32 {
        let alerts = self.summary.alerts.iter();
        let highest = alerts
            .filter_map(|alert| alert.surprise)
            .fold(1.0, f64::max);
        (surprise.unwrap_or_default() / highest * 100.0).clamp(0.0, 100.0) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{DaySummary, GridSummary, RoleSummary, Setting};

    const HOSTILE: [&str; 6] = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</style><style>*{display:none}</style>",
        "]]></svg><svg onload=alert(1)>",
        "&lt;{{ 7 * 7 }}",
        "a\u{202e}b\u{200b}\u{7}c",
    ];

    /// A history of so many days, and roles of these names that each alerted once a day.
    fn summary(days: usize, roles: &[String]) -> Summary {
        let role = |name: &String| RoleSummary {
            role: name.clone(),
            alerts: days as u64,
            by_day: vec![1; days],
            ..RoleSummary::default()
        };
        let alert = |day: usize, name: &String| AlertSummary {
            day,
            key: vec![name.clone(), name.clone(), name.clone()],
            reason: name.clone(),
            surprise: Some(day as f64),
            context: vec![("src", name.clone())],
            ..AlertSummary::default()
        };
        let day = |nth: usize| DaySummary {
            date: format!("day {nth}"),
            alerts: roles.len() as u64,
            pairs: nth as u64,
            is_mature: true,
            ..DaySummary::default()
        };
        Summary {
            mature_from: Some("day 0".into()),
            days: (0..days).map(day).collect(),
            roles: roles.iter().map(role).collect(),
            alerts: (0..days)
                .flat_map(|day| roles.iter().map(move |name| alert(day, name)))
                .collect(),
            ..Summary::default()
        }
    }

    /// What stands between the angle brackets of each element that is opened.
    fn elements(page: &str) -> Vec<&str> {
        let begun = page.split('<').skip(1);
        let names = begun.map(|rest| {
            rest.split(|c: char| !c.is_alphanumeric() && c != '!')
                .next()
        });
        names.flatten().filter(|name| !name.is_empty()).collect()
    }

    #[test]
    fn names_from_the_logs_are_text_wherever_they_stand() {
        let names = HOSTILE.map(str::to_owned);
        let page = write(&summary(3, &names));
        let harmless = write(&summary(3, &HOSTILE.map(|_| "x".to_owned())));
        assert_eq!(elements(&page), elements(&harmless));
        assert!(
            page.contains("a\\u{202e}b\\u{200b}\\u{7}c"),
            "what is hidden is shown"
        );
        assert!(!page.contains("\u{202e}") && !page.contains(": 49"));
    }

    #[test]
    fn a_page_asks_for_nothing_and_runs_nothing() {
        let page = write(&summary(30, &["Admin".to_owned()]));
        assert!(page.contains("default-src 'none'"));
        for word in [
            "<script", "<link", "<img", "@import", "url(", "href=", "src=",
        ] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn a_page_of_no_day_of_one_and_of_a_year_has_its_pictures() {
        let role = ["Admin".to_owned()];
        for (days, pictures) in [(0, 0), (1, 3), (400, 3)] {
            let page = write(&summary(days, &role));
            assert_eq!(page.matches("<svg").count(), pictures, "{days} days");
        }
        assert!(write(&summary(5, &[])).contains("0 alerts on 0 of 5 days"));
    }

    #[test]
    fn of_many_alerts_the_most_surprising_are_listed_and_the_page_stays_small() {
        let names: Vec<String> = (0..3_000).map(|nth| format!("role/{nth}")).collect();
        let page = write(&summary(4, &names));
        assert!(page.contains("the 1000 most surprising of 12000 alerts"));
        assert!(page.contains("2980 more have fewer"));
        assert!(page.len() < 3 << 20, "{} bytes", page.len());
    }

    #[test]
    fn the_grid_marks_the_windows_that_were_replayed() {
        let setting = |activity: &str| Setting {
            activity: activity.into(),
            ..Setting::default()
        };
        let of = |activity| GridSummary {
            setting: setting(activity),
            alerts: 7,
            ..GridSummary::default()
        };
        let marked = |grid| {
            let page = write(&Summary {
                grid,
                setting: setting("-24h@h"),
                ..summary(3, &[])
            });
            let fill = format!("fill=\"{}\"", pictures::css(pictures::OTHER));
            page.matches(&fill).count()
        };
        let others = marked(vec![of("-12h@h"), of("-48h@h")]);
        assert_eq!(marked(vec![of("-12h@h"), of("-24h@h")]), others + 1);
    }
}
