//! Pages of a made-up 2-minute sector with two planets.

use std::process::Command;

use super::*;
use crate::ephemeris::Ephemeris;
use crate::lightcurve::{CadenceMask, TimeSystem};
use crate::report::draw::pdf::pdf;
use crate::report::draw::png::png;
use crate::report::draw::scene::{Anchor, Shape, Turn};
use crate::report::draw::text;
use crate::vet::{Profile, VetInput, measure};

struct Sector {
    light_curve: LightCurve,
    detrended: Detrended,
    candidates: Vec<Candidate>,
    period: Vec<f64>,
    snr: Vec<f32>,
}

/// 18,000 cadences with a gap, a slow wave, a planet of 3.1 d and 4,000 ppm and one of 7.4 d and 1,000 ppm.
fn sector() -> Sector {
    let time: Vec<f64> =
        (0..19_440).map(|i| 1325.3 + f64::from(i) / 720.0).filter(|t| !(1338.5..1340.2).contains(t)).collect();
    let noise = |i: usize| 9e-4 * (((i * i) as f64 * 1.7).sin() + ((i * (i % 1013)) as f64 * 2.3).sin());
    let planets = [(3.1, 1326.0, 0.12, 4e-3), (7.4, 1327.1, 0.16, 1e-3)];
    let wave = |t: f64| 1.0 + 2e-3 * (t * 0.9).sin();
    let dips = |t: f64| -> f64 {
        let one = |(period, transit_time, duration, depth): &(f64, f64, f64, f64)| {
            let e = Ephemeris { period: *period, transit_time: *transit_time };
            depth * ((0.5 * duration - e.time_from_transit(t).abs()) / 0.015).clamp(0.0, 1.0)
        };
        planets.iter().map(one).sum()
    };
    let flux: Vec<f64> = time.iter().enumerate().map(|(i, t)| wave(*t) * (1.0 - dips(*t)) + noise(i)).collect();
    let trend: Vec<f64> = time.iter().map(|t| wave(*t)).collect();
    let errors = vec![9e-4; time.len()];
    let mut mask = CadenceMask::keep_all(time.len());
    [100, 5000, 9000].into_iter().for_each(|i| mask.drop_cadence(i));
    let light_curve = LightCurve::single_segment("TIC <1> & co", time, flux, errors, TimeSystem::BTJD).unwrap();
    let detrended = Detrended::from_trend(&light_curve, &mask, &trend).unwrap();
    let candidate = |(i, p): (usize, &(f64, f64, f64, f64))| {
        let ephemeris = Ephemeris { period: p.0, transit_time: p.1 };
        let mut c = Candidate::known(ephemeris, p.2, p.3);
        (c.number, c.snr, c.n_transits) = (i as u32 + 1, 80.0 - 60.0 * i as f64, if i == 0 { 8 } else { 3 });
        c
    };
    let candidates = planets.iter().enumerate().map(candidate).collect();
    let period: Vec<f64> = (0..20_000).map(|i| 0.5 * (13.0f64 / 0.5).powf(f64::from(i) / 20_000.0)).collect();
    let snr = period.iter().map(|p| 4.0 + 60.0 * (-((p - 3.1) / 0.01).powi(2)).exp() as f32).collect();
    Sector { light_curve, detrended, candidates, period, snr }
}

/// The page of one candidate, vetted.
fn made(sector: &Sector, number: usize) -> Page {
    let candidate = &sector.candidates[number - 1];
    let others: Vec<Candidate> = sector.candidates.iter().filter(|c| c.number != candidate.number).cloned().collect();
    let input = VetInput {
        light_curve: &sector.light_curve,
        detrended: &sector.detrended,
        candidate,
        others: &others,
        star: None,
        flagged_times: &[],
        seed: 1,
    };
    let metrics = measure(&input).unwrap();
    let verdict = Profile::named("antumbra").unwrap().judge(&metrics);
    let provenance =
        Provenance { run_id: "abc123".into(), version: "0.1.0".into(), seed: 7, config: "seed = 7".into() };
    page(&PageData {
        light_curve: &sector.light_curve,
        detrended: &sector.detrended,
        candidate,
        others: &others,
        left_out: &others,
        periodogram: Some(PeriodogramData { period: &sector.period, snr: &sector.snr }),
        fit: None,
        vetting: Some(Vetting {
            profile: "antumbra",
            verdict: &verdict,
            metrics: &metrics,
            score: Some(0.97),
            probability: Some(0.995),
        }),
        model_shift: None,
        provenance: &provenance,
    })
}

/// Whether tags open and close in order; elements that HTML never closes left aside.
fn is_well_formed(document: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    // scripts and styles hold signs that are no tags
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        let Some(end) = rest[at..].find('>') else { return false };
        let inside = &rest[at + 1..at + end];
        rest = &rest[at + end + 1..];
        let name = inside.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
        if inside.starts_with('!') || ["meta", "input", "br"].contains(&name) {
            continue;
        }
        if inside.starts_with('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !inside.ends_with('/') {
            open.push(name);
            if name == "script" || name == "style" {
                let Some(close) = rest.find(&format!("</{name}>")) else { return false };
                rest = &rest[close..];
            }
        }
    }
    open.is_empty()
}

#[test]
fn a_page_has_every_panel_the_judgement_and_where_it_comes_from() {
    let sector = sector();
    let page = made(&sector, 1);
    assert!(is_well_formed(&page.html));
    assert_eq!(page.row.target_id, "TIC <1> & co");
    assert!(page.name.starts_with("TIC__1____co-") && page.name.ends_with("-1"), "{}", page.name);
    for words in [
        "TIC &lt;1&gt; &amp; co",
        "Raw and detrended",
        "Periodogram",
        "All phases",
        "Primary",
        "Secondary",
        "Odd and even",
        "Model-Shift",
        "Single transits",
        "BTJD (d)",
        "Trial period (d)",
        "Time from mid-transit (h)",
        "3 masked cadences",
        "candidate 2 at 7.4 d",
        "not computable",
        "no stellar radius is known",
        "Run abc123, antumbra 0.1.0, seed 7",
        "Score 0.97",
        "no false alarm: 0.995",
    ] {
        assert!(page.html.contains(words), "no {words}");
    }
    let text = page.html.replace("http://www.w3.org/2000/svg", "");
    assert!(!text.contains("http") && !text.contains("src="), "nothing from elsewhere");
    assert!(!page.html.contains("NaN") && !page.html.contains("92233720368"), "a number that is none");
    assert!(page.html.len() < 1_000_000, "{} bytes", page.html.len());
    assert_eq!(page.row.disposition, "planet candidate", "{}", page.row.judgement);
    assert!((page.row.period - 3.1).abs() < 1e-9 && (page.row.depth_ppm - 4000.0).abs() < 1e-6);
}

#[test]
fn transits_of_another_planet_are_left_out_of_the_folds() {
    let sector = sector();
    let candidate = &sector.candidates[1];
    let others = [sector.candidates[0].clone()];
    let provenance = Provenance::default();
    let mut data = PageData {
        light_curve: &sector.light_curve,
        detrended: &sector.detrended,
        candidate,
        others: &others,
        left_out: &others,
        periodogram: None,
        fit: None,
        vetting: None,
        model_shift: None,
        provenance: &provenance,
    };
    let without = view::View::new(&data);
    // 9 transits of 0.18 d, each 130 cadences
    let gone = sector.detrended.len() - without.time.len();
    assert!((1100..1200).contains(&gone), "{gone}");
    let secondary = without.shift.as_ref().unwrap().secondary.unwrap();
    data.left_out = &[];
    let with = view::View::new(&data);
    let deeper = with.shift.as_ref().unwrap().secondary.unwrap();
    assert!(secondary.depth < 3e-4 && deeper.depth > 6e-4, "{secondary:?} {deeper:?}");
    let row = page(&data).row;
    assert_eq!((row.disposition.as_str(), row.score), ("not vetted", None));
}

#[test]
fn the_sheet_stays_on_the_paper_and_becomes_png_and_pdf() {
    let page = made(&sector(), 1);
    let sheet = &page.summary;
    for shape in &sheet.shapes {
        let Shape::Text(t) = shape else { continue };
        let width = t.size * text::width(&t.words);
        let back = match t.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5 * width,
            Anchor::End => width,
        };
        let (from, size) = match t.turn {
            Turn::Level => (t.at.0 - back, sheet.width),
            Turn::Upwards => (sheet.height - t.at.1 - back, sheet.height),
        };
        assert!(from >= 0.0 && from + width <= size, "{t:?}");
    }
    let file = pdf(sheet);
    assert!(file.starts_with(b"%PDF-") && file.len() < 600_000, "{}", file.len());
    assert!(png(sheet, 1.0).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn ids_that_differ_in_odd_signs_only_have_files_of_their_own() {
    assert_eq!(file_name("TIC-1.2", 3), "TIC-1.2-3");
    assert_ne!(file_name("a b", 1), file_name("a_b", 1));
    assert_ne!(file_name("a/b", 1), file_name("a b", 1));
    assert!(!file_name("../x", 1).contains('/'));
}

/// What a headless browser makes of `html` after running `script` in it; none without a browser.
fn in_browser(html: &str, script: &str) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.html");
    let html = html.replace("</body>", &format!("<script>{script}</script></body>"));
    std::fs::write(&path, html).unwrap();
    for browser in ["chromium", "google-chrome", "chromium-browser"] {
        let run = Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
            .arg(format!("--user-data-dir={}", dir.path().join("profile").display()))
            .arg(format!("file://{}", path.display()))
            .output();
        if let Ok(output) = run {
            return Some(String::from_utf8_lossy(&output.stdout).into_owned());
        }
    }
    println!("skipped: no headless browser");
    None
}

fn rows() -> Vec<IndexRow> {
    let row = |(id, snr, score, harmonic): (&str, f64, Option<f64>, Option<u32>)| IndexRow {
        page: format!("{id}-1"),
        target_id: id.into(),
        candidate: 1,
        disposition: if snr > 50.0 { "planet candidate" } else { "false alarm" }.into(),
        judgement: if snr > 50.0 { "planet candidate" } else { "false alarm: WEAK" }.into(),
        score,
        period: 100.0 / snr,
        snr,
        harmonic_of: harmonic,
        ..IndexRow::default()
    };
    [
        ("T 10", 9.0, None, None),
        ("T 2", 120.5, Some(0.9), None),
        ("T 1", 60.0, Some(0.2), None),
        ("T 3", 12.0, Some(0.5), Some(2)),
    ]
    .into_iter()
    .map(row)
    .collect()
}

#[test]
fn the_index_sorts_and_filters_in_a_browser() {
    let html = index(&rows(), &Provenance::default());
    assert!(is_well_formed(&html));
    assert!(html.contains("4 candidates of 4 targets, 2 planet candidates, 2 false alarms"));
    let script = "
        const seen=()=>Array.from(document.querySelectorAll('#all tbody tr')).filter(r=>!r.hidden).map(r=>r.cells[0].textContent).join();
        const click=c=>document.querySelector('button[data-c=\"'+c+'\"]').click();
        const type=(id,v)=>{const e=document.getElementById(id);e.value=v;e.dispatchEvent(new Event('input',{bubbles:true}));};
        const out=[];
        click(12);out.push(seen());click(12);out.push(seen());
        click(0);out.push(seen());click(4);out.push(seen());
        type('words','weak');out.push(seen());type('words','');
        type('snr-min','50');out.push(seen());type('snr-min','');
        document.getElementById('harmonics').click();out.push(seen());
        document.title=out.join(' | ')+' | '+document.getElementById('count').textContent;";
    let Some(dom) = in_browser(&html, script) else { return };
    let title = dom.split("<title>").nth(1).and_then(|t| t.split("</title>").next()).unwrap_or_default();
    assert_eq!(
        title,
        "T 2,T 1,T 3,T 10 | T 10,T 3,T 1,T 2 | T 1,T 2,T 3,T 10 | T 2,T 3,T 1,T 10 | T 3,T 10 | T 2,T 1 | T 2,T 1,T 10 | \
         3 of 4 candidates"
    );
}

#[test]
#[ignore = "prints times"]
fn time_of_a_page() {
    let sector = sector();
    let clock = |name: &str, mut run: Box<dyn FnMut()>| {
        run();
        // nanoseconds on a processor, where the system tells
        let cpu = || -> Option<f64> {
            let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
            text.split_whitespace().next()?.parse().ok()
        };
        let start = cpu();
        (0..5).for_each(|_| run());
        let used = start.zip(cpu()).map_or(f64::NAN, |(a, b)| (b - a) / 5e6);
        println!("{name}: {used:.1} ms of CPU");
    };
    let page = made(&sector, 1);
    println!("{} bytes of HTML, {} of index row", page.html.len(), page.row.thumb.len());
    let provenance = Provenance::default();
    let data = PageData {
        light_curve: &sector.light_curve,
        detrended: &sector.detrended,
        candidate: &sector.candidates[0],
        others: &sector.candidates[1..],
        left_out: &sector.candidates[1..],
        periodogram: Some(PeriodogramData { period: &sector.period, snr: &sector.snr }),
        fit: None,
        vetting: None,
        model_shift: None,
        provenance: &provenance,
    };
    clock("view", Box::new(|| drop(view::View::new(&data))));
    clock("page", Box::new(|| drop(super::page(&data))));
    clock("sheet as PNG at 150 dpi", Box::new(|| drop(png(&page.summary, 150.0 / 72.0))));
    clock("sheet as PDF", Box::new(|| drop(pdf(&page.summary))));
}
