//! Vetting as a user runs it: in `run`, in `vet`, with one's own profile, and on pages in a real browser.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn antumbra(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_antumbra")).current_dir(dir).args(args).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A deterministic hash of (i, salt) in 0..1.
fn noise(i: usize, salt: u64) -> f64 {
    let mut x = (i as u64).wrapping_add(salt << 20).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    x as f64 / u64::MAX as f64
}

/// 24 days of ten-minute cadences with a noise of 400 ppm and dips every 2.5 d: `odd` and `even` deep, 2.9 h long.
fn light_curve(path: &Path, salt: u64, odd: f64, even: f64) {
    let mut rows = String::from("time,flux,flux_err\n");
    for i in 0..3456 {
        let t = i as f64 / 144.0;
        let epoch = ((t - 0.7) / 2.5).round();
        let from = (t - 0.7 - 2.5 * epoch).abs();
        let depth = if epoch.rem_euclid(2.0) == 1.0 { odd } else { even };
        let dip = depth * ((0.06 - from) / 0.01).clamp(0.0, 1.0);
        let gauss = (0..6).map(|k| noise(i, salt + k)).sum::<f64>() - 3.0;
        let _ = writeln!(rows, "{t:.6},{:.8},0.0004", 1.0 - dip + 4e-4 * gauss / 0.5f64.sqrt());
    }
    fs::write(path, rows).unwrap();
}

fn rows(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

fn texts(batches: &[RecordBatch], name: &str) -> Vec<String> {
    let of = |b: &RecordBatch| {
        let array = b.column_by_name(name).unwrap().as_string::<i32>().clone();
        (0..array.len()).map(|i| if array.is_valid(i) { array.value(i).to_string() } else { String::new() }).collect()
    };
    batches.iter().flat_map(|b| -> Vec<String> { of(b) }).collect()
}

fn numbers(batches: &[RecordBatch], name: &str) -> Vec<f64> {
    let of = |b: &RecordBatch| {
        let array = b.column_by_name(name).unwrap().as_primitive::<Float64Type>().clone();
        (0..array.len()).map(|i| if array.is_valid(i) { array.value(i) } else { f64::NAN }).collect()
    };
    batches.iter().flat_map(|b| -> Vec<f64> { of(b) }).collect()
}

/// A planet, a binary of unequal eclipses, and a star that light of the binary falls on.
fn collection() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("stars")).unwrap();
    light_curve(&dir.path().join("stars/binary.csv"), 100, 0.06, 0.03);
    light_curve(&dir.path().join("stars/neighbour.csv"), 200, 0.006, 0.006);
    dir
}

#[test]
fn candidates_of_a_list_are_judged_with_reasons() {
    let dir = collection();
    light_curve(&dir.path().join("stars/planet.csv"), 300, 0.004, 0.004);
    let list = "target_id,period,transit_time,duration\nplanet,2.5,0.7,0.12\nbinary,2.5,0.7,0.12\nnobody,3,1,0.1\n";
    fs::write(dir.path().join("list.csv"), list).unwrap();
    let command = ["vet", "stars", "--candidates", "list.csv", "--out", "verdicts.parquet", "--progress", "none"];
    let done = antumbra(dir.path(), &command);
    assert_eq!(done.status.code(), Some(3), "{}", said(&done));
    let table = rows(&dir.path().join("verdicts.parquet"));
    assert_eq!(texts(&table, "target_id"), ["binary", "planet", "nobody"]);
    assert_eq!(texts(&table, "status"), ["ok", "ok", "error"]);
    assert_eq!(texts(&table, "disposition"), ["false_positive", "candidate", ""]);
    assert!(texts(&table, "failed")[0].contains("ODD_EVEN_DEPTH"), "{}", said(&done));
    assert!(texts(&table, "not_computable")[1].contains("TOO_LARGE: no stellar radius is known"));
    assert!(texts(&table, "missing")[1].contains("radius_rearth=stellar_radius"));
    assert!(texts(&table, "reason")[2].contains("no light curve"));
    let (score, depth) = (numbers(&table, "score"), numbers(&table, "depth"));
    assert!(score[0] < 0.05 && score[1] > 0.9 && score[2].is_nan(), "{score:?}");
    assert!((depth[1] - 0.004).abs() < 0.0004, "{depth:?}");

    assert!(numbers(&table, "probability").iter().all(|p| p.is_nan()), "nothing says what a score is worth");

    // With a calibration a score is a probability, but of eclipses of a binary.
    fs::write(dir.path().join("c.toml"), "[vet.calibration]\nintercept = -4.0\nscore = 3.0\nln_snr = 0.5\n").unwrap();
    let done = antumbra(dir.path(), &[&command[..], &["--config", "c.toml"]].concat());
    let table = rows(&dir.path().join("verdicts.parquet"));
    let (p, snr) = (numbers(&table, "probability"), numbers(&table, "mes_red"));
    let odds = (-4.0 + 3.0 * score[1] + 0.5 * snr[1].ln()).exp();
    assert!((p[1] - odds / (1.0 + odds)).abs() < 1e-9 && p[0].is_nan(), "{p:?} {}", said(&done));

    // One's own profile, which asks for more than the planet has.
    let own = "name = 'own'\n[limits]\ndepth = 0.005\n[[group]]\nname = 'g'\ndisposition = 'false_alarm'\n\
               [[test]]\ngroup = 'g'\nflag = 'SHALLOW'\nfail = 'depth < limit.depth'\nreason = 'too shallow for us'\n";
    fs::write(dir.path().join("own.toml"), own).unwrap();
    let done = antumbra(dir.path(), &[&command[..], &["--profile", "own.toml"]].concat());
    assert_eq!(done.status.code(), Some(3), "{}", said(&done));
    let table = rows(&dir.path().join("verdicts.parquet"));
    assert_eq!(texts(&table, "disposition"), ["candidate", "false_alarm", ""]);
    assert_eq!(texts(&table, "failed_because")[1], "too shallow for us");
    assert_eq!(texts(&table, "profile")[0], "own");

    fs::write(dir.path().join("own.toml"), own.replace("limit.depth", "limit.deep")).unwrap();
    let refused = antumbra(dir.path(), &[&command[..], &["--profile", "own.toml"]].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("limit.deep"), "{}", said(&refused));
    fs::write(dir.path().join("list.csv"), "target_id,period\nplanet,2.5\n").unwrap();
    let refused = antumbra(dir.path(), &command);
    assert!(said(&refused).contains("no column transit_time"), "{}", said(&refused));
}

#[test]
fn a_run_judges_its_candidates_beside_one_another_and_pages_work_in_a_browser() {
    let dir = collection();
    let run = ["run", "stars", "--out", "out", "--progress", "none", "--set", "fit_selection.max_per_target=0"];
    let done = antumbra(dir.path(), &run);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let vetting = dir.path().join("out/vetting.parquet");
    let table = rows(&vetting);
    let at = texts(&table, "target_id").iter().position(|t| t == "neighbour").unwrap();
    assert_eq!(texts(&table, "ephemeris_match_of")[at], "binary");
    assert_eq!(texts(&table, "disposition")[at], "false_positive");
    assert!(texts(&table, "failed")[at].contains("EPHEMERIS_MATCH"));
    assert_eq!(numbers(&table, "score")[at], 0.0);
    assert!(numbers(&table, "ephemeris_match")[at] > 1.5);

    let manifest = fs::read_to_string(dir.path().join("out/manifest.json")).unwrap();
    assert!(manifest.contains("\"vetted_candidates\": 0"), "the counts are those of the table");

    // Without the binary the neighbour is judged anew from what was kept, with the bytes of a fresh run.
    fs::rename(dir.path().join("stars/binary.csv"), dir.path().join("binary.csv")).unwrap();
    assert_eq!(antumbra(dir.path(), &run).status.code(), Some(0));
    let table = rows(&vetting);
    assert_eq!(texts(&table, "disposition")[0], "candidate", "{:?}", texts(&table, "failed"));
    assert!(numbers(&table, "score")[0] > 0.9);
    let fresh = run.map(|a| if a == "out" { "fresh" } else { a });
    assert_eq!(antumbra(dir.path(), &fresh).status.code(), Some(0));
    assert_eq!(fs::read(&vetting).unwrap(), fs::read(dir.path().join("fresh/vetting.parquet")).unwrap());

    fs::rename(dir.path().join("binary.csv"), dir.path().join("stars/binary.csv")).unwrap();
    assert_eq!(antumbra(dir.path(), &[&run[..], &["--report"]].concat()).status.code(), Some(0));
    in_a_browser(&dir.path().join("out/report"));
}

/// The first browser that is there.
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path).flat_map(|d| names.map(|n| d.join(n))).find(|p| p.is_file())
}

/// The page as it stands after `script` has run in it.
fn after(browser: &Path, page: &Path, script: &str) -> String {
    let text = fs::read_to_string(page).unwrap();
    let errors = "<script>window.onerror=(m)=>{document.title='ERROR '+m}</script>";
    let text = text.replacen("<title>", &format!("{errors}<title>"), 1);
    let tried = page.with_file_name("tried.html");
    fs::write(&tried, text.replace("</body>", &format!("<script>{script}</script></body>"))).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let done = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--virtual-time-budget=2000"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", tried.display()))
        .output()
        .unwrap();
    fs::remove_file(tried).unwrap();
    let dom = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(dom.contains("<body"), "{}", said(&done));
    assert!(!dom.contains("<title>ERROR"), "{dom}");
    dom
}

fn in_a_browser(report: &Path) {
    let Some(browser) = browser() else {
        println!("no browser: the pages were not opened");
        return;
    };
    let index = report.join("index.html");
    let order = "document.body.dataset.order=Array.from(document.querySelectorAll('#all tbody tr'))\
                 .filter(r=>!r.hidden).map(r=>r.cells[0].textContent+r.cells[1].textContent).join(' ');";
    let shown = |script: &str| {
        let dom = after(&browser, &index, &format!("{script}{order}"));
        let at = dom.find("data-order=\"").unwrap() + "data-order=\"".len();
        dom[at..].split('"').next().unwrap().to_string()
    };
    let click = |column: &str| {
        format!("Array.from(document.querySelectorAll('#all th button')).find(b=>b.textContent=='{column}').click();")
    };
    let by_depth = shown(&click("Depth (ppm)"));
    assert!(by_depth.starts_with("binary1 "), "{by_depth}");
    let ascending = shown(&format!("{}{}", click("Depth (ppm)"), click("Depth (ppm)")));
    assert_eq!(ascending.split(' ').rev().collect::<Vec<_>>(), by_depth.split(' ').collect::<Vec<_>>());
    let filtered = "document.getElementById('words').value='neighbour';\
                    document.getElementById('filter').dispatchEvent(new Event('input'));";
    assert_eq!(shown(filtered), "neighbour1");
    let page = fs::read_dir(report)
        .unwrap()
        .map(|f| f.unwrap().path())
        .find(|p| p.to_string_lossy().contains("neighbour-1.html"))
        .unwrap();
    let dom = after(&browser, &page, "");
    assert!(dom.contains("EPHEMERIS_MATCH") && dom.matches("<svg").count() >= 8, "{}", dom.matches("<svg").count());
}
