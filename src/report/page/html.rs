//! The page of one candidate as one HTML file.

use std::fmt::Write;

use super::index::IndexRow;
use super::tables::{self, Line, Mark};
use super::view::View;
use super::{events, folds, light_curve, periodogram, shift};
use crate::report::corner::{Column, corner};
use crate::report::draw::svg::{escaped, svg};
use crate::report::draw::{Rect, Scene};
use crate::vet::{Metric, Metrics};

pub(super) const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">";

pub(super) const STYLE: &str = "
:root{color-scheme:light}
*{box-sizing:border-box}
body{font:15px/1.45 system-ui,'DejaVu Sans',Verdana,sans-serif;color:#202124;margin:0 auto;padding:1rem 1.4rem 3rem;max-width:1240px;background:#fff}
body.wide{max-width:1700px}
h1{font-size:1.5rem;margin:.2rem 0}
h2{font-size:1.05rem;margin:1.6rem 0 .4rem;border-bottom:1px solid #dadce0;padding-bottom:.2rem}
h3{font-size:.9rem;margin:0 0 .2rem;color:#3c4043}
p{margin:.2rem 0}
.sub{color:#5f6368}
.tag{display:inline-block;padding:.05rem .5rem;border-radius:9px;font-size:.82rem;white-space:nowrap;background:#e8eaed;color:#3c4043}
.tag.planet-candidate{background:#d5efe6;color:#00573f}
.tag.false-positive{background:#fbe3d2;color:#8a3c00}
.tag.false-alarm{background:#f3dcea;color:#7b2d5c}
.grid{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem 1.4rem}
.three{grid-template-columns:repeat(3,minmax(0,1fr))}
figure{margin:0}
figure svg{width:100%;height:auto;display:block}
figcaption{font-size:.78rem;color:#5f6368}
table{border-collapse:collapse;font-size:.76rem;font-variant-numeric:tabular-nums}
td,th{padding:.16rem .6rem .16rem 0;text-align:left;border-bottom:1px solid #eceef0;vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap}
.numbers{display:flex;flex-wrap:wrap;gap:1rem 1.4rem;align-items:flex-start}
.nowrap{white-space:nowrap}
tr.fail td{background:#fdece0}
tr.fail td:first-child{border-left:3px solid #d55e00;padding-left:.4rem}
tr.missing td{color:#80868b}
tr.note td{background:#eef5fb}
pre{background:#f6f7f8;padding:.6rem;overflow:auto;font-size:.75rem;max-height:24rem}
a{color:#00609c}
nav{font-size:.85rem}
summary{margin:1rem 0 .3rem;font-weight:600;font-size:.9rem;cursor:pointer}
@media(max-width:800px){.grid,.three{grid-template-columns:1fr}}
@media print{nav,details{display:none}figure,table{break-inside:avoid}}
";

/// A scene with one panel, drawn by `paint` into the area within these margins (left, top, right, bottom).
fn one(
    out: &mut String,
    (width, height): (f64, f64),
    (left, top, right, bottom): (f64, f64, f64, f64),
    (title, caption): (&str, &str),
    paint: impl FnOnce(&mut Scene, Rect),
) {
    let mut scene = Scene::new(width, height, title);
    scene.caption = caption.into();
    paint(&mut scene, Rect::new(left, top, width - left - right, height - top - bottom));
    let _ = write!(
        out,
        "<figure><h3>{}</h3>{}<figcaption>{}</figcaption></figure>",
        escaped(title),
        svg(&scene),
        escaped(caption)
    );
}

fn table(out: &mut String, title: &str, lines: &[Line]) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(out, "<div><h3>{}</h3><table>", escaped(title));
    for l in lines {
        let _ = write!(
            out,
            "<tr><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
            escaped(&l.name),
            escaped(&l.value),
            escaped(&l.unit)
        );
    }
    out.push_str("</table></div>");
}

/// The page.
pub(super) fn page(view: &View, name: &str, row: &IndexRow) -> String {
    let mut out = String::from(HEAD);
    let target = escaped(&row.target_id);
    let _ = write!(out, "<title>{target} · {}</title><style>{STYLE}</style></head><body>", row.candidate);
    header(&mut out, view, name, row);
    pictures(&mut out, view);
    out.push_str("<h2>Numbers</h2><div class=\"numbers\">");
    out.push_str("<div>");
    table(&mut out, "Search", &tables::candidate(view));
    out.push_str("<p>&nbsp;</p>");
    table(&mut out, "Star", &tables::star(view));
    out.push_str("</div>");
    table(&mut out, "Fit: median and 68 %", &tables::fit(view));
    table(&mut out, "Model-Shift", &tables::shift(view));
    out.push_str("</div>");
    vetting(&mut out, view);
    posterior(&mut out, view);
    provenance(&mut out, view);
    out.push_str("</body></html>\n");
    out
}

fn header(out: &mut String, view: &View, name: &str, row: &IndexRow) {
    let class = row.disposition.replace(' ', "-");
    let name = escaped(name);
    let _ = write!(
        out,
        "<nav><a href=\"index.html\">all candidates</a> · <a href=\"{name}.pdf\">PDF</a> · <a href=\"{name}.png\">PNG</a></nav>\
         <header><h1>{} <span class=\"sub\">candidate {}</span> <span class=\"tag {class}\">{}</span></h1>",
        escaped(&row.target_id),
        row.candidate,
        escaped(&row.disposition)
    );
    let _ = write!(
        out,
        "<p>P = {} d, depth {:.0} ppm, duration {} h, S/N {}, {} transits.",
        tables::with_error(view.data.candidate.ephemeris.period, view.data.candidate.period_err),
        row.depth_ppm,
        tables::decimals(row.duration_h, 2),
        tables::decimals(row.snr, 1),
        row.n_transits
    );
    if let Some(radius) = row.radius_rearth {
        let _ = write!(out, " Radius {} R⊕.", tables::decimals(radius, 2));
    }
    if let Some(score) = row.score {
        let _ = write!(out, " Score {score:.2}.");
    }
    if let Some(probability) = view.data.vetting.and_then(|v| v.probability) {
        let _ = write!(out, " Probability that it is no false alarm: {probability:.3}.");
    }
    let _ = write!(out, "</p><p><strong>{}</strong>", escaped(&capital(&row.judgement)));
    if let Some(v) = view.data.vetting {
        let _ = write!(out, " <span class=\"sub\">by the profile {}</span>", escaped(v.profile));
    }
    out.push_str("</p>");
    if !view.data.others.is_empty() {
        let others: Vec<String> = view
            .data
            .others
            .iter()
            .map(|o| format!("candidate {} at {} d", o.number, tables::number(o.ephemeris.period)))
            .collect();
        let _ = write!(out, "<p class=\"sub\">Also of this star: {}.</p>", escaped(&others.join(", ")));
    }
    out.push_str("</header>");
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn pictures(out: &mut String, view: &View) {
    const ZOOM: (f64, f64, f64, f64) = (54.0, 6.0, 8.0, 28.0);
    out.push_str("<h2>Light curve</h2>");
    let masked = view.data.light_curve.len() - view.data.detrended.len();
    let caption = format!(
        "Grey: cadences (thinned where they are many) and their means; orange: in transit, all of them, with a mark above each \
         predicted transit (pale without data); crosses: {masked} masked cadences; blue: trend; dashed: segment edges; marks \
         below: other candidates."
    );
    one(out, (860.0, 300.0), (54.0, 6.0, 8.0, 28.0), ("Raw and detrended", &caption), |scene, area| {
        light_curve::draw(scene, area, view);
    });
    out.push_str("<h2>Folded</h2><div class=\"grid\">");
    one(
        out,
        (420.0, 210.0),
        ZOOM,
        ("Periodogram", "Orange: the period and its harmonics; green: other candidates."),
        |s, a| periodogram::draw(s, a, view),
    );
    one(
        out,
        (420.0, 210.0),
        ZOOM,
        ("All phases", "Black: means of 1/200 of the orbit; orange: model; blue: deepest secondary."),
        |s, a| folds::full_phase(s, a, view),
    );
    one(out, (420.0, 230.0), ZOOM, ("Primary", "Black: means with errors; orange: model."), |s, a| {
        folds::primary(s, a, view);
    });
    one(
        out,
        (420.0, 230.0),
        ZOOM,
        ("Secondary", "Where Model-Shift has it deepest; blue: the shape of the transit scaled to it."),
        |s, a| folds::secondary(s, a, view),
    );
    one(
        out,
        (420.0, 230.0),
        ZOOM,
        ("Odd and even transits", "Dashed: depth measured in each, and its error."),
        |s, a| folds::odd_even(s, a, view),
    );
    one(
        out,
        (420.0, 230.0),
        ZOOM,
        ("Model-Shift", "Depth of the model at every phase, dips down; dashed: false-alarm threshold with red noise."),
        |s, a| shift::draw(s, a, view),
    );
    out.push_str("</div><h2>Transits one by one</h2>");
    let n = view.data.candidate.n_transits.clamp(2, 12) as f64;
    let caption = "Mid-times and S/N at the right; black: means; the same model over each. Of more than 12 transits, 12 evenly \
                   chosen ones.";
    one(out, (640.0, 60.0 + 46.0 * n), (12.0, 6.0, 110.0, 28.0), ("Single transits", caption), |s, a| {
        events::draw(s, a, view);
    });
}

fn vetting(out: &mut String, view: &View) {
    let Some(v) = view.data.vetting else { return };
    let _ = write!(out, "<h2>Tests of the profile {}</h2><div class=\"numbers\">", escaped(v.profile));
    let tests = tables::tests(v.verdict);
    for column in tests.chunks(tests.len().div_ceil(2).max(1)) {
        out.push_str("<table><tr><th>Test</th><th>Outcome</th><th>Why</th></tr>");
        for (name, mark, why) in column {
            let (class, words) = match mark {
                Mark::Pass => ("pass", "pass"),
                Mark::Fail => ("fail", "fail"),
                Mark::Note => ("note", "noted"),
                Mark::NotComputable => ("missing", "not computable"),
            };
            let _ = write!(
                out,
                "<tr class=\"{class}\"><td>{}</td><td class=\"nowrap\">{words}</td><td>{}</td></tr>",
                escaped(name),
                escaped(why)
            );
        }
        out.push_str("</table>");
    }
    out.push_str("</div>");
    metrics(out, v.metrics);
}

fn metrics(out: &mut String, metrics: &Metrics) {
    let all: Vec<(&str, &Metric)> = metrics.iter().collect();
    out.push_str("<details open><summary>Metrics</summary><div class=\"numbers\">");
    for column in all.chunks(all.len().div_ceil(3).max(1)) {
        out.push_str("<table>");
        for (name, metric) in column {
            let (class, text) = match metric {
                Ok(v) => ("", tables::with_error(v.value, 0.5 * (v.err_up + v.err_down))),
                Err(missing) => (" class=\"missing\"", missing.to_string()),
            };
            let _ = write!(out, "<tr{class}><td>{}</td><td class=\"n\">{}</td></tr>", escaped(name), escaped(&text));
        }
        out.push_str("</table>");
    }
    out.push_str("</div></details>");
}

/// Parameters of the corner plot of a page.
pub const CORNER: [&str; 7] = ["transit_time", "period", "rho_star", "impact_parameter", "rp_rs", "q1", "q2"];

fn posterior(out: &mut String, view: &View) {
    let Some(fit) = view.data.fit else { return };
    let column = |name: &&'static str| {
        let s = fit.quantities.iter().find(|s| s.name == *name)?;
        let at = fit.names.iter().position(|n| n == name)?;
        let values = fit.columns.get(at)?;
        let (median, lower_68, upper_68) = (s.median, s.lower_68, s.upper_68);
        Some(Column { name, unit: s.unit, median, lower_68, upper_68, values })
    };
    let columns: Vec<Column> = CORNER.iter().filter_map(column).collect();
    if columns.len() < 2 || columns[0].values.is_empty() {
        return;
    }
    let scene = corner("Posterior".into(), &columns);
    let _ = write!(out, "<h2>Posterior</h2><figure style=\"max-width:860px\">{}</figure>", svg(&scene));
}

fn provenance(out: &mut String, view: &View) {
    let p = view.data.provenance;
    let mut sources: Vec<&str> = view.data.light_curve.segments().iter().map(|s| s.source.as_str()).collect();
    sources.dedup();
    let _ = write!(
        out,
        "<h2>Provenance</h2><p>Run {}, antumbra {}, seed {}.</p><p class=\"sub\">{}</p>",
        escaped(&p.run_id),
        escaped(&p.version),
        p.seed,
        escaped(&sources.join(", "))
    );
    if !p.config.is_empty() {
        let _ = write!(out, "<details><summary>Configuration</summary><pre>{}</pre></details>", escaped(&p.config));
    }
}
