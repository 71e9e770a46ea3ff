//! `index.html`: a table of all candidates that sorts and filters without a server or network.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::tables::{judgement, number};
use super::view::View;
use super::{Provenance, thumb, words_of};
use crate::report::draw::svg::escaped;

/// One candidate in the index: plain numbers, so that a run that is resumed can keep them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IndexRow {
    /// Name of the page without ending.
    pub page: String,
    pub target_id: String,
    pub candidate: u32,
    /// `planet candidate`, `false positive`, `false alarm` or `not vetted`.
    pub disposition: String,
    /// The disposition with its reasons.
    pub judgement: String,
    pub score: Option<f64>,
    pub period: f64,
    pub transit_time: f64,
    pub duration_h: f64,
    pub depth_ppm: f64,
    pub rp_rs: Option<f64>,
    pub radius_rearth: Option<f64>,
    pub impact_parameter: Option<f64>,
    pub snr: f64,
    pub sde: f64,
    pub fap: f64,
    pub n_transits: usize,
    /// Number of the stronger candidate of which this is a harmonic.
    pub harmonic_of: Option<u32>,
    /// The fold as small as a word, SVG.
    pub thumb: String,
}

pub(super) fn row(view: &View, page: String) -> IndexRow {
    let c = view.data.candidate;
    let fitted = |name: &str| view.data.fit.and_then(|f| f.median(name));
    IndexRow {
        page,
        target_id: view.data.light_curve.target_id().to_string(),
        candidate: c.number,
        disposition: view.data.vetting.map_or("not vetted", |v| words_of(v.verdict.disposition)).into(),
        judgement: judgement(view),
        score: view.data.vetting.and_then(|v| v.score),
        period: view.ephemeris.period,
        transit_time: view.ephemeris.transit_time,
        duration_h: 24.0 * view.duration,
        depth_ppm: 1e6 * view.depth,
        rp_rs: fitted("rp_rs"),
        radius_rearth: fitted("radius_rearth"),
        impact_parameter: fitted("impact_parameter"),
        snr: c.snr,
        sde: c.sde,
        fap: c.fap,
        n_transits: c.n_transits,
        harmonic_of: c.harmonic_of.map(|h| h.candidate),
        thumb: thumb::svg(view),
    }
}

/// Header of a column, what it means, and whether it is a number.
const COLUMNS: [(&str, &str, bool); 17] = [
    ("Target", "Name of the target; opens its page", false),
    ("#", "Number of the candidate in its target", true),
    ("Fold", "Means about the transit and the model, 3 durations wide", false),
    ("Disposition", "What the tests make of it; the reasons appear over the word", false),
    ("Score", "Share of draws that keep it a planet candidate", true),
    ("Period (d)", "Orbital period", true),
    ("T0 (d)", "Time of a transit, in the time system of the light curve", true),
    ("Duration (h)", "First to last contact", true),
    ("Depth (ppm)", "Flux drop at mid-transit", true),
    ("Rp/R★", "Ratio of radii, if fitted", true),
    ("Rp (R⊕)", "Radius, if fitted and the star's is known", true),
    ("b", "Impact parameter, if fitted", true),
    ("S/N", "Signal to noise", true),
    ("SDE", "Signal detection efficiency", true),
    ("FAP", "False-alarm probability", true),
    ("Transits", "Transits with data", true),
    ("Harmonic of", "Number of the stronger candidate of the same star", true),
];

/// The page of all candidates of a run.
pub fn index(rows: &[IndexRow], provenance: &Provenance) -> String {
    let mut out = String::from(super::html::HEAD);
    let _ = write!(
        out,
        "<title>Candidates</title><style>{}{}</style></head><body class=\"wide\"><header><h1>Candidates</h1>",
        super::html::STYLE,
        STYLE
    );
    let n = |d: &str| rows.iter().filter(|r| r.disposition == d).count();
    let targets: std::collections::BTreeSet<&str> = rows.iter().map(|r| r.target_id.as_str()).collect();
    let of = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    let _ = write!(out, "<p>{} of {}", of(rows.len(), "candidate"), of(targets.len(), "target"));
    for (d, several) in [
        ("planet candidate", "planet candidates"),
        ("false positive", "false positives"),
        ("false alarm", "false alarms"),
        ("not vetted", "not vetted"),
    ] {
        if n(d) > 0 {
            let _ = write!(out, ", {} {}", n(d), if n(d) == 1 { d } else { several });
        }
    }
    let _ = write!(
        out,
        ". Run {}, antumbra {}, seed {}.</p></header>",
        escaped(&provenance.run_id),
        escaped(&provenance.version),
        provenance.seed
    );
    out.push_str(
        "<form id=\"filter\" onsubmit=\"return false\"><label>Search <input id=\"words\" type=\"search\" \
         placeholder=\"target, reason\"></label><label>Disposition <select id=\"kind\"><option value=\"\">all</option>",
    );
    for d in ["planet candidate", "false positive", "false alarm", "not vetted"] {
        if n(d) > 0 {
            let _ = write!(out, "<option>{d}</option>");
        }
    }
    out.push_str("</select></label>");
    for (id, name) in [("snr", "S/N"), ("period", "Period (d)"), ("depth", "Depth (ppm)")] {
        let _ = write!(
            out,
            "<span class=\"range\">{name} <input id=\"{id}-min\" type=\"number\" step=\"any\" placeholder=\"from\" \
             aria-label=\"{name} from\"><input id=\"{id}-max\" type=\"number\" step=\"any\" placeholder=\"to\" \
             aria-label=\"{name} to\"></span>"
        );
    }
    out.push_str(
        "<label class=\"check\"><input id=\"harmonics\" type=\"checkbox\" checked> harmonics</label>\
         <output id=\"count\"></output></form><table id=\"all\" class=\"sortable\"><thead><tr>",
    );
    for (i, (name, words, is_number)) in COLUMNS.iter().enumerate() {
        let class = if *is_number { " class=\"n\"" } else { "" };
        let _ = write!(out, "<th{class} title=\"{words}\"><button data-c=\"{i}\">{name}</button></th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    rows.iter().for_each(|row| put(&mut out, row));
    let _ = writeln!(out, "</tbody></table><script>{SCRIPT}</script></body></html>");
    out
}

fn put(out: &mut String, row: &IndexRow) {
    let page = escaped(&row.page);
    let class = row.disposition.replace(' ', "-");
    let _ = write!(
        out,
        "<tr><td><a href=\"{page}.html\">{}</a></td><td class=\"n\">{}</td><td>{}</td><td><span class=\"tag {class}\" \
         title=\"{}\">{}</span></td>",
        escaped(&row.target_id),
        row.candidate,
        row.thumb,
        escaped(&row.judgement),
        escaped(&row.disposition)
    );
    let numbers = [
        row.score.unwrap_or(f64::NAN),
        row.period,
        row.transit_time,
        row.duration_h,
        row.depth_ppm,
        row.rp_rs.unwrap_or(f64::NAN),
        row.radius_rearth.unwrap_or(f64::NAN),
        row.impact_parameter.unwrap_or(f64::NAN),
        row.snr,
        row.sde,
        row.fap,
    ];
    for (i, v) in numbers.into_iter().enumerate() {
        if v.is_finite() {
            let text = match i {
                1 | 2 => format!("{v:.5}"),
                4 => format!("{v:.0}"),
                5 => format!("{v:.4}"),
                8 | 9 => format!("{v:.1}"),
                10 => number(v),
                _ => format!("{v:.2}"),
            };
            let _ = write!(out, "<td class=\"n\" data-v=\"{v}\">{text}</td>");
        } else {
            out.push_str("<td class=\"n\"></td>");
        }
    }
    let harmonic = row.harmonic_of.map_or_else(String::new, |h| h.to_string());
    let _ = writeln!(out, "<td class=\"n\">{}</td><td class=\"n\">{harmonic}</td></tr>", row.n_transits);
}

const STYLE: &str = "
form{display:flex;flex-wrap:wrap;gap:.5rem 1.2rem;align-items:center;padding:.6rem 0;position:sticky;top:0;background:#fff;z-index:2}
form label,form .range{font-size:.85rem;color:#5f6368}
input,select{font:inherit;padding:.2rem .4rem;border:1px solid #c4c7cc;border-radius:4px;margin-left:.25rem}
input[type=number]{width:5.2rem}
output{margin-left:auto;font-weight:600}
#all th{position:sticky;top:3.1rem;background:#f4f5f7;z-index:1;white-space:nowrap}
#all th button{all:unset;cursor:pointer;font-weight:600;font-size:.8rem}
#all th button:focus-visible{outline:2px solid #0072b2}
#all th.up button:after{content:' ▲';font-size:.6rem}
#all th.down button:after{content:' ▼';font-size:.6rem}
#all{font-size:.84rem}
#all td{vertical-align:middle}
#all tbody tr:hover{background:#f0f6fa}
.thumb{width:96px;height:28px;display:block}
.thumb .m{fill:none;stroke:#d55e00;stroke-width:1.2}
.thumb .d{fill:none;stroke:#202124;stroke-width:2;stroke-linecap:round}
";

/// Sorts by the column that is clicked, numbers as numbers and those missing last; filters as one types.
const SCRIPT: &str = "
'use strict';
(function(){
const table=document.getElementById('all'),body=table.tBodies[0],rows=Array.from(body.rows);
const heads=Array.from(table.tHead.rows[0].cells),el=id=>document.getElementById(id);
const key=(row,c,num)=>{const cell=row.cells[c];if(!num)return cell.textContent.toLowerCase();
const t=cell.dataset.v!==undefined?cell.dataset.v:cell.textContent;return t===''?NaN:Number(t);};
let last=-1,sign=1;
heads.forEach((head,c)=>head.querySelector('button').addEventListener('click',()=>{
const num=head.classList.contains('n');sign=c===last?-sign:(num&&c>3?-1:1);last=c;
const keyed=rows.map((row,i)=>[key(row,c,num),i,row]);
keyed.sort((a,b)=>{if(num){const an=Number.isNaN(a[0]),bn=Number.isNaN(b[0]);
if(an||bn)return an&&bn?a[1]-b[1]:(an?1:-1);return sign*(a[0]-b[0])||a[1]-b[1];}
return sign*a[0].localeCompare(b[0],undefined,{numeric:true})||a[1]-b[1];});
heads.forEach(h=>h.classList.remove('up','down'));head.classList.add(sign>0?'up':'down');
body.append(...keyed.map(k=>k[2]));}));
const limits=[['snr',12],['period',5],['depth',8]];
function filter(){const words=el('words').value.toLowerCase().split(/\\s+/).filter(Boolean),kind=el('kind').value,harm=el('harmonics').checked;
const ranges=limits.map(([id,c])=>[c,el(id+'-min').value,el(id+'-max').value]);let n=0;
for(const row of rows){const tag=row.cells[3].firstChild,text=(row.cells[0].textContent+' '+tag.title).toLowerCase();
let show=words.every(w=>text.includes(w))&&(!kind||tag.textContent===kind)&&(harm||row.cells[16].textContent==='');
for(const [c,lo,hi] of ranges){const v=key(row,c,true);if(lo!==''&&!(v>=Number(lo)))show=false;if(hi!==''&&!(v<=Number(hi)))show=false;}
row.hidden=!show;n+=show?1:0;}
el('count').textContent=n===rows.length?n+' candidates':n+' of '+rows.length+' candidates';}
el('filter').addEventListener('input',filter);filter();
})();
";
