//! The ratios as a picture: bars, on a logarithmic axis, because the slowest take fifty times as long as the fastest.

use std::fmt::Write;

use crate::report::{find, scenarios};
use crate::run::Measured;
use crate::subjects::NAMES;

const COLOURS: [&str; 5] = ["#888888", "#1b7837", "#5aae61", "#c2a5cf", "#762a83"];
const LEFT: f64 = 210.0;
const WIDTH: f64 = 620.0;
const BAR: f64 = 9.0;
const GAP: f64 = 10.0;
const TOP: f64 = 50.0;
/// The ends of the axis.
const RANGE: (f64, f64) = (0.4, 64.0);

/// How far to the right a ratio stands.
fn x(ratio: f64) -> f64 {
    let share = (ratio / RANGE.0).ln() / (RANGE.1 / RANGE.0).ln();
    LEFT + share.clamp(0.0, 1.0) * WIDTH
}

/// The picture.
pub(crate) fn svg(all: &[Measured]) -> String {
    let scenarios = scenarios(all);
    let scenarios: Vec<&str> = scenarios
        .into_iter()
        .filter(|scenario| find(all, scenario, NAMES[0]).is_some())
        .collect();
    let group = BAR * (NAMES.len() - 1) as f64 + GAP;
    let bottom = TOP + group * scenarios.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"14\">time as a ratio to hand-written tokio-postgres (1 = as fast; less is better)</text>\n",
        LEFT + WIDTH + 50.0,
        bottom + 20.0,
    );
    for (at, name) in NAMES.iter().enumerate().skip(1) {
        let left = LEFT + 130.0 * (at - 1) as f64;
        // A `String` takes whatever is written.
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"22\" width=\"10\" height=\"10\" fill=\"{}\"/><text x=\"{}\" y=\"31\">{name}</text>",
            COLOURS[at],
            left + 14.0
        );
    }
    for tick in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0] {
        let at = x(tick);
        let colour = if tick == 1.0 { "black" } else { "#dddddd" };
        let _ = writeln!(
            svg,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{}\" y2=\"{bottom:.1}\" stroke=\"{colour}\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{tick}</text>",
            TOP - 6.0,
            bottom + 14.0
        );
    }
    for (row, scenario) in scenarios.iter().enumerate() {
        let top = TOP + group * row as f64;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{scenario}</text>",
            LEFT - 8.0,
            top + group / 2.0
        );
        for (at, name) in NAMES.iter().enumerate().skip(1) {
            let Some(ratio) = find(all, scenario, name).and_then(|one| one.ratio(all)) else {
                continue;
            };
            // From the line of 1, to the side where the ratio is.
            let (from, to) = (x(1.0).min(x(ratio)), x(1.0).max(x(ratio)));
            let _ = writeln!(
                svg,
                "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{}\" fill=\"{}\"><title>{scenario}, {name}: \
                 {ratio:.2}</title></rect>",
                top + BAR * (at - 1) as f64,
                (to - from).max(1.0),
                BAR - 1.0,
                COLOURS[at]
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}
