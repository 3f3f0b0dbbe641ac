//! The pictures of the page, as SVG: what goes over days, and what goes by setting.
//!
//! A picture has three colours of its own, by name ([`INK`], [`MAIN`], [`OTHER`]). The page's style sheet exchanges them for those of a
//! light or a dark screen, so nothing here knows how they look. What a picture says is said in words too, by whoever places it.

use crate::replay::{GridSummary, Summary};
use crate::report::{cut, visible};
use plotters::chart::MeshStyle;
use plotters::coord::types::{RangedCoordf64, RangedCoordi32};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Words, axes and lines of the mesh.
pub(super) const INK: RGBColor = RGBColor(0x66, 0x66, 0x66);
/// What is shown, and the part of it that is less usual.
pub(super) const MAIN: RGBColor = RGBColor(0x11, 0x11, 0xaa);
pub(super) const OTHER: RGBColor = RGBColor(0xaa, 0x55, 0x11);

/// In pixels, before the page fits it to the screen.
const WIDTH: u32 = 920;
const HEIGHT: u32 = 260;
/// A row of the pictures that have one for each role or setting.
const ROW: u32 = 22;
/// What names of rows may take on the left.
const NAMES: u32 = 300;
const LONGEST_NAME: usize = 44;

/// How many roles are shown, the noisiest ones.
pub(super) const ROLES: usize = 20;

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordi32, RangedCoordf64>>;

/// Alerts by day: those of roles that are new on top of the others.
pub(super) fn alerts_by_day(summary: &Summary) -> String {
    let days = &summary.days;
    let most = days.iter().map(|day| day.alerts).max().unwrap_or_default();
    picture(HEIGHT, |area| {
        let mut chart = over_days(summary, area, most, "alerts")?;
        let bars = (0..).zip(days).flat_map(|(nth, day)| {
            let known = day.alerts.saturating_sub(day.of_new_roles);
            let bar = |from: u64, to: u64, colour: RGBColor| {
                let corners = [(nth, from as f64), (nth + 1, to as f64)];
                let mut bar = Rectangle::new(corners, colour.filled());
                bar.set_margin(0, 0, 0, u32::from(days.len() < 200));
                (to > from).then_some(bar)
            };
            [bar(0, known, MAIN), bar(known, day.alerts, OTHER)]
        });
        chart.draw_series(bars.flatten())?;
        Ok(())
    })
}

/// How the baseline grows, and when it became mature.
pub(super) fn baseline_growth(summary: &Summary) -> String {
    let days = &summary.days;
    let most = days.iter().map(|day| day.pairs).max().unwrap_or_default();
    picture(HEIGHT, |area| {
        let mut chart = over_days(summary, area, most, "pairs")?;
        let ends: Vec<(i32, f64)> = (0..)
            .zip(days)
            .flat_map(|(nth, day)| [(nth, day.pairs as f64), (nth + 1, day.pairs as f64)])
            .collect();
        chart.draw_series(AreaSeries::new(ends.clone(), 0.0, MAIN.mix(0.15)))?;
        chart.draw_series(LineSeries::new(ends, MAIN.stroke_width(2)))?;
        match days.iter().position(|day| day.is_mature) {
            Some(nth) => mark(&mut chart, nth as i32, top(most), "mature"),
            None => Ok(()),
        }
    })
}

/// A vertical line with a word beside it.
fn mark(chart: &mut Chart<'_, '_>, at: i32, top: f64, word: &str) -> Drawn {
    let line = vec![(at, 0.0), (at, top)];
    chart.draw_series(DashedLineSeries::new(line, 4, 3, OTHER.stroke_width(2)))?;
    let style = ("sans-serif", 14).into_font().color(&OTHER);
    let text = Text::new(format!(" {word}"), (at, top), style);
    chart.draw_series(std::iter::once(text))?;
    Ok(())
}

/// The noisiest roles, one a row, by day: the darker, the more alerts.
pub(super) fn roles_by_day(summary: &Summary) -> String {
    let roles: Vec<_> = summary.roles.iter().take(ROLES).collect();
    let most = roles.iter().flat_map(|role| &role.by_day).max();
    let most = most.copied().unwrap_or_default().max(1) as f64;
    let names = roles.iter().map(|role| visible(role.role.as_bytes()));
    let names: Vec<String> = names.collect();
    picture(height_of(&names), |area| {
        let rows = names.len() as f64;
        let mut builder = beside_names(area, &names)?;
        let mut chart = builder.build_cartesian_2d(0..length(summary), rows..0.0)?;
        date_axis(summary, &mut chart)?;
        let cells = (0..).zip(&roles).flat_map(|(row, role)| {
            let days = (0..).zip(&role.by_day).filter(|(_, alerts)| **alerts > 0);
            days.map(move |(nth, alerts)| {
                let corners = [(nth, f64::from(row)), (nth + 1, f64::from(row + 1))];
                let strength = 0.25 + 0.75 * (*alerts as f64 / most);
                let mut cell = Rectangle::new(corners, MAIN.mix(strength).filled());
                cell.set_margin(2, 2, 0, 0);
                cell
            })
        });
        chart.draw_series(cells)?;
        Ok(())
    })
}

/// Alerts by setting; the setting that was replayed has another colour.
pub(super) fn alerts_by_setting(summary: &Summary) -> String {
    let grid = &summary.grid;
    let most = grid.iter().map(|of| of.alerts).max().unwrap_or_default();
    let names: Vec<String> = grid.iter().map(setting_name).collect();
    picture(height_of(&names), |area| {
        let (rows, end) = (names.len() as f64, top(most));
        let mut builder = beside_names(area, &names)?;
        let mut chart = builder.build_cartesian_2d(0..end as i32, rows..0.0)?;
        let mut mesh = chart.configure_mesh();
        style(&mut mesh);
        mesh.disable_y_mesh()
            .disable_y_axis()
            .x_labels(8)
            .x_desc("alerts");
        mesh.draw()?;
        let bars = (0..).zip(grid).map(|(row, of)| {
            let colour = match of.setting == summary.setting {
                true => OTHER,
                false => MAIN,
            };
            let corners = [(0, f64::from(row)), (of.alerts as i32, f64::from(row + 1))];
            let mut bar = Rectangle::new(corners, colour.filled());
            bar.set_margin(3, 3, 0, 0);
            bar
        });
        chart.draw_series(bars)?;
        Ok(())
    })
}

fn setting_name(of: &GridSummary) -> String {
    let setting = &of.setting;
    let forget = setting.forget.as_deref().unwrap_or("never");
    format!("{}  {}  {forget}", setting.activity, setting.learning)
}

/// Draws a picture into memory.
fn picture(height: u32, draw: impl FnOnce(&Area<'_>) -> Drawn) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let drawn = draw(&area).and_then(|()| area.present());
        drawn.expect("a picture in memory has nothing that can fail");
    }
    svg
}

/// The first number above which nothing is drawn.
fn top(most: u64) -> f64 {
    (most as f64 * 1.05).max(1.0).ceil()
}

/// How many days there are; a picture has one at least.
fn length(summary: &Summary) -> i32 {
    i32::try_from(summary.days.len().max(1)).unwrap_or(i32::MAX)
}

/// Axes for a number by day.
fn over_days<'a, 'b>(
    summary: &Summary,
    area: &'a Area<'b>,
    most: u64,
    unit: &str,
) -> Result<Chart<'a, 'b>, DrawingAreaErrorKind<std::io::Error>> {
    let mut builder = ChartBuilder::on(area);
    builder.margin(8).margin_right(40);
    builder.set_label_area_size(LabelAreaPosition::Left, 64);
    builder.set_label_area_size(LabelAreaPosition::Bottom, 28);
    let mut chart = builder.build_cartesian_2d(0..length(summary), 0.0..top(most))?;
    let date = |nth: &i32| date(summary, *nth);
    let whole = |number: &f64| match number.fract() == 0.0 {
        true => number.to_string(),
        false => String::new(),
    };
    let mut mesh = chart.configure_mesh();
    style(&mut mesh);
    mesh.disable_x_mesh().x_labels(8).x_label_formatter(&date);
    mesh.y_labels(5).y_label_formatter(&whole).y_desc(unit);
    mesh.draw()?;
    Ok(chart)
}

/// The axis below rows that have names instead of an axis of their own.
fn date_axis(summary: &Summary, chart: &mut Chart<'_, '_>) -> Drawn {
    let date = |nth: &i32| date(summary, *nth);
    let mut mesh = chart.configure_mesh();
    style(&mut mesh);
    mesh.disable_y_mesh().disable_y_axis();
    mesh.x_labels(6).x_label_formatter(&date).draw()
}

/// The date of a day; the last mark of the axis, behind all days, has none.
fn date(summary: &Summary, nth: i32) -> String {
    let day = usize::try_from(nth)
        .ok()
        .and_then(|nth| summary.days.get(nth));
    day.map(|day| day.date.clone()).unwrap_or_default()
}

fn style<X: Ranged, Y: Ranged>(mesh: &mut MeshStyle<'_, '_, X, Y, SVGBackend<'_>>) {
    mesh.axis_style(INK).bold_line_style(INK.mix(0.25));
    mesh.light_line_style(TRANSPARENT);
    mesh.label_style(("sans-serif", 13).into_font().color(&INK));
}

fn height_of(names: &[String]) -> u32 {
    names.len() as u32 * ROW + 48
}

/// Names of rows on the left, and the area on their right.
fn beside_names<'a, 'b>(
    area: &'a Area<'b>,
    names: &[String],
) -> Result<ChartBuilder<'a, 'b, SVGBackend<'b>>, DrawingAreaErrorKind<std::io::Error>> {
    let place = Pos::new(HPos::Right, VPos::Center);
    let style = ("sans-serif", 13).into_font().color(&INK).pos(place);
    for (row, name) in (0..).zip(names) {
        let middle = 8 + row * ROW as i32 + ROW as i32 / 2;
        let at = (NAMES as i32 - 8, middle);
        area.draw(&Text::new(cut(name, LONGEST_NAME), at, style.clone()))?;
    }
    let mut builder = ChartBuilder::on(area);
    builder.margin(8).margin_left(NAMES).margin_right(40);
    builder.set_label_area_size(LabelAreaPosition::Bottom, 32);
    Ok(builder)
}

/// A colour as it is written in the pictures.
pub(super) fn css(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}
