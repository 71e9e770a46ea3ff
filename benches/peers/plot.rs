//! Panels of lines on logarithmic axes, as SVG.

use std::fmt::Write;

pub struct Line {
    pub name: String,
    pub colour: &'static str,
    pub dashed: bool,
    pub points: Vec<(f64, f64)>,
}

pub struct Panel {
    pub x: String,
    pub lines: Vec<Line>,
}

const WIDTH: f64 = 330.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 46.0;
const BOTTOM: f64 = 48.0;

/// Panels side by side with one vertical axis.
pub fn svg(y: &str, panels: &[Panel]) -> String {
    let all = || panels.iter().flat_map(|p| &p.lines).flat_map(|l| &l.points);
    let (low, high) = decades(all().map(|p| p.1));
    let total = (LEFT + panels.len() as f64 * (WIDTH + 22.0), TOP + HEIGHT + BOTTOM);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        total.0, total.1
    );
    let _ = writeln!(
        out,
        "<text transform=\"translate(16 {}) rotate(-90)\" text-anchor=\"middle\">{y}</text>",
        TOP + 0.5 * HEIGHT
    );
    for (i, panel) in panels.iter().enumerate() {
        panel.draw(LEFT + i as f64 * (WIDTH + 22.0), (low, high), i == 0, &mut out);
    }
    // one legend: all panels show the same lines
    let mut x = LEFT;
    for line in panels.first().map_or(&[][..], |p| &p.lines) {
        let dash = if line.dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        let (from, to) = (x, x + 24.0);
        let _ = writeln!(
            out,
            "<line x1=\"{from}\" y1=\"20\" x2=\"{to}\" y2=\"20\" stroke=\"{}\" stroke-width=\"2\"{dash}/><text x=\"{}\" y=\"24\">{}</text>",
            line.colour,
            x + 30.0,
            line.name
        );
        x += 60.0 + 6.6 * line.name.chars().count() as f64;
    }
    out.push_str("</svg>\n");
    out
}

/// Whole powers of ten about the values, as exponents.
fn decades(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let low = values.clone().fold(f64::INFINITY, f64::min).log10().floor();
    let high = values.fold(f64::NEG_INFINITY, f64::max).log10().ceil();
    (low, high.max(low + 1.0))
}

impl Panel {
    fn draw(&self, left: f64, y_range: (f64, f64), labels: bool, out: &mut String) {
        let xs = || self.lines.iter().flat_map(|l| &l.points).map(|p| p.0.log10());
        let (low, high) = (xs().fold(f64::INFINITY, f64::min), xs().fold(f64::NEG_INFINITY, f64::max));
        let margin = 0.04 * (high - low);
        let (low, high) = (low - margin, high + margin);
        let x_at = |x: f64| left + WIDTH * (x.log10() - low) / (high - low);
        let y_at = |y: f64| TOP + HEIGHT * (y_range.1 - y.log10()) / (y_range.1 - y_range.0);
        let bottom = TOP + HEIGHT;
        for decade in y_range.0 as i32..=y_range.1 as i32 {
            let y = y_at(10f64.powi(decade));
            let _ = writeln!(
                out,
                "<line x1=\"{left}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>",
                left + WIDTH
            );
            if labels {
                let _ = writeln!(
                    out,
                    "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                    left - 6.0,
                    y + 4.0,
                    power(decade)
                );
            }
        }
        for decade in low.floor() as i32..=high.ceil() as i32 {
            for (digit, labelled) in [(1.0, true), (2.0, true), (5.0, true)] {
                let x = digit * 10f64.powi(decade);
                if x.log10() < low || x.log10() > high {
                    continue;
                }
                let at = x_at(x);
                let _ =
                    writeln!(out, "<line x1=\"{at:.1}\" y1=\"{TOP}\" x2=\"{at:.1}\" y2=\"{bottom}\" stroke=\"#eee\"/>");
                if labelled {
                    let _ = writeln!(
                        out,
                        "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                        bottom + 16.0,
                        number(x)
                    );
                }
            }
        }
        let _ = writeln!(
            out,
            "<rect x=\"{left}\" y=\"{TOP}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"none\" stroke=\"black\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            left + 0.5 * WIDTH,
            bottom + 36.0,
            self.x
        );
        for line in &self.lines {
            let path: Vec<String> = line.points.iter().map(|p| format!("{:.1},{:.1}", x_at(p.0), y_at(p.1))).collect();
            let dash = if line.dashed { " stroke-dasharray=\"5 4\"" } else { "" };
            let _ = writeln!(
                out,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"{dash}/>",
                path.join(" "),
                line.colour
            );
            for at in path.iter().filter_map(|p| p.split_once(',')) {
                let _ = writeln!(out, "<circle cx=\"{}\" cy=\"{}\" r=\"2.5\" fill=\"{}\"/>", at.0, at.1, line.colour);
            }
        }
    }
}

fn power(decade: i32) -> String {
    match decade {
        0 => "1 s".into(),
        -3 => "1 ms".into(),
        -6 => "1 µs".into(),
        _ => format!("10<tspan dy=\"-4\" font-size=\"9\">{decade}</tspan>"),
    }
}

fn number(x: f64) -> String {
    match x {
        x if x >= 1e6 => format!("{}M", (x / 1e6).round()),
        x if x >= 1e3 => format!("{}k", (x / 1e3).round()),
        x if x >= 1.0 => format!("{}", x.round()),
        x => format!("{x:.1}"),
    }
}
