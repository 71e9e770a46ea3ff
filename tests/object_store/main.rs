//! Inputs by URL, from a server in this process: the same results as from files, by requests for parts.
#![cfg(feature = "object-store")]

mod server;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use antumbra::inject::{Cadence, PopulationConfig, SimulateConfig, simulate_target};
use antumbra::io::dataset::DatasetWriter;
use antumbra::lightcurve::{RawSegment, RawTarget, TimeSystem};
use antumbra::star::Star;
use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use server::{Request, Server};

const TARGETS: usize = 10;
const TARGETS_PER_FILE: usize = 4;

/// Light curves as `antumbra simulate` makes them.
fn dataset(path: &Path, cadence: Cadence, indices: Range<usize>) {
    let config = SimulateConfig {
        seed: 5,
        cadence,
        population: PopulationConfig { count: indices.end, planet_fraction: 0.6, ..PopulationConfig::default() },
        ..SimulateConfig::default()
    };
    let mut writer = DatasetWriter::create(path).unwrap();
    for index in indices {
        writer.write(&simulate_target(&config, index).unwrap().target).unwrap();
    }
    writer.finish().unwrap();
}

/// A collection in three files, one of them in a folder below.
fn simulated(dir: &Path) -> PathBuf {
    let folder = dir.join("data");
    fs::create_dir_all(folder.join("more")).unwrap();
    for (name, first) in ["a.parquet", "b.parquet", "more/c.parquet"].iter().zip((0..).step_by(TARGETS_PER_FILE)) {
        dataset(&folder.join(name), Cadence::Tess10min, first..TARGETS.min(first + TARGETS_PER_FILE));
    }
    folder
}

/// Puts all files of the folder into the bucket, under their names below it.
fn upload(server: &Server, bucket: &str, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{bucket}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            upload(server, &name, &path);
        } else {
            server.put(&name, fs::read(&path).unwrap());
        }
    }
}

/// A table of cadences with a column of no use that takes most of its bytes.
fn wide_table() -> Vec<u8> {
    let n = 4000;
    let noise = |i: usize, salt: usize| {
        let mut x = (i as u64).wrapping_add((salt as u64) << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x ^= x >> 29;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (x ^ (x >> 32)) as f64 / u64::MAX as f64 - 0.5
    };
    let time: Vec<f64> = (0..n).map(|i| 1325.0 + i as f64 / 144.0).collect();
    let dip = |t: f64| if (t - 1326.0).rem_euclid(3.1) < 0.12 { 0.01 } else { 0.0 };
    let flux: Vec<f64> = time.iter().enumerate().map(|(i, t)| 1.0 - dip(*t) + 1e-3 * noise(i, 1)).collect();
    let useless = (0..n).map(|i| (0..64).map(|j| format!("{:.17}", noise(i, j))).collect::<String>());
    let batch = RecordBatch::try_from_iter([
        ("time", Arc::new(Float64Array::from(time)) as ArrayRef),
        ("comment", Arc::new(StringArray::from_iter_values(useless)) as ArrayRef),
        ("flux", Arc::new(Float64Array::from(flux)) as ArrayRef),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// A star with a planet, as text.
fn csv() -> Vec<u8> {
    let row = |i: usize| {
        let t = 1325.0 + i as f64 / 48.0;
        let dip = if (t - 1326.0).rem_euclid(2.3) < 0.12 { 0.01 } else { 0.0 };
        format!("{t:.6},{:.7},0.0005\n", 1.0 - dip + 2e-4 * ((i * 7919 % 101) as f64 / 50.0 - 1.0))
    };
    format!("time,flux,flux_err\n{}", (0..1200).map(row).collect::<String>()).into_bytes()
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_antumbra"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env("NO_PROXY", "127.0.0.1").args(args);
    command
}

/// `antumbra` with the server as the place where S3 is.
fn antumbra(server: &Server, args: &[&str]) -> Output {
    command(args).envs([("AWS_ENDPOINT_URL", server.address.as_str()), ("AWS_ALLOW_HTTP", "true")]).output().unwrap()
}

/// `antumbra run` without fits.
fn run(server: &Server, input: &str, out: &Path, more: &[&str]) -> Output {
    let mut args = vec!["run", input, "--out", out.to_str().unwrap(), "--progress", "none", "--threads", "2"];
    args.extend(["--set", "fit_selection.max_per_target=0", "--unit-targets", "2"]);
    args.extend(more);
    antumbra(server, &args)
}

#[track_caller]
fn assert_code(output: &Output, code: i32) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}\n{err}");
}

/// A table as text, without the columns that say from where it is.
fn rows(path: &Path) -> Vec<String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        let schema = batch.schema();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let kept: Vec<usize> = names
            .enumerate()
            .filter(|(_, name)| !["run_id", "source", "sources"].contains(name) && !name.ends_with("_s"))
            .map(|(i, _)| i)
            .collect();
        let batch = batch.project(&kept).unwrap();
        rows.extend((0..batch.num_rows()).map(|row| format!("{:?}", batch.slice(row, 1).columns())));
    }
    rows
}

fn texts(path: &Path, column: &str) -> Vec<String> {
    use arrow::array::AsArray;
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap().build().unwrap();
    reader
        .flat_map(|batch| {
            let batch = batch.unwrap();
            let column = batch.column_by_name(column).unwrap().as_string::<i32>().clone();
            (0..batch.num_rows()).map(|row| column.value(row).to_string()).collect::<Vec<_>>()
        })
        .collect()
}

fn manifest(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap()
}

fn of_objects(requests: &[Request]) -> impl Iterator<Item = &Request> {
    requests.iter().filter(|request| !request.is_listing())
}

#[test]
fn a_run_over_a_bucket_is_that_over_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let folder = simulated(dir.path());
    let server = Server::start();
    upload(&server, "/bucket/surveys/one", &folder);
    // Beside the prefix, not below it.
    server.put("/bucket/surveys/one-more/x.csv", csv());
    server.put("/bucket/surveys/one/_SUCCESS", vec![]);
    let (local, out) = (dir.path().join("local"), dir.path().join("out"));
    assert_code(&run(&server, folder.to_str().unwrap(), &local, &[]), 0);
    assert!(server.requests().is_empty());
    assert_code(&run(&server, "s3://bucket/surveys/one", &out, &[]), 0);

    for table in ["candidates", "single_transits", "vetting", "targets", "errors"] {
        let table = format!("{table}.parquet");
        assert_eq!(rows(&local.join(&table)), rows(&out.join(&table)), "{table}");
    }
    assert!(!rows(&out.join("candidates.parquet")).is_empty());
    assert_eq!(rows(&out.join("targets.parquet")).len(), TARGETS);

    let requests = server.requests();
    // Four keys, two a page.
    assert_eq!(requests.iter().filter(|request| request.is_listing()).count(), 2);
    assert!(requests.iter().all(|request| request.signature().is_none()), "signed without credentials");
    assert!(of_objects(&requests).all(|request| request.status == 206 && request.range().is_some()), "{requests:#?}");
    let stored: usize = ["a.parquet", "b.parquet", "more/c.parquet"]
        .iter()
        .map(|name| fs::metadata(folder.join(name)).unwrap().len() as usize)
        .sum();
    let (n, fetched) = (of_objects(&requests).count(), of_objects(&requests).map(|r| r.bytes).sum::<usize>());
    println!("{n} requests for {fetched} bytes of 3 objects of {stored}");
    // So small that each comes whole with its last bytes: once when planned, and when read once for each thread that finds
    // it not open yet, of which there are two here, and two that read ahead.
    assert!((6..=15).contains(&n) && (2 * stored..=5 * stored).contains(&fetched), "{n} requests for {fetched} bytes");

    let inputs = manifest(&out)["inputs"].clone();
    assert_eq!(inputs[0]["path"], "s3://bucket/surveys/one/a.parquet");
    assert_eq!(inputs[0]["bytes"], fs::metadata(folder.join("a.parquet")).unwrap().len());
    assert!(inputs[0]["checksum"].as_str().unwrap().starts_with("etag:\""), "{inputs}");
    assert_eq!(inputs.as_array().unwrap().len(), 3);

    // Nothing changed: nothing is computed. Another object under the same name is.
    let again = run(&server, "s3://bucket/surveys/one/", &out, &[]);
    assert_code(&again, 0);
    assert_eq!(manifest(&out)["units"]["computed"], 0);
    server.put("/bucket/surveys/one/more/c.parquet", fs::read(folder.join("more/c.parquet")).unwrap());
    let changed = run(&server, "s3://bucket/surveys/*/[a-c].parquet", &dir.path().join("globbed"), &[]);
    assert_code(&changed, 0);
    assert_eq!(manifest(&dir.path().join("globbed"))["inputs"].as_array().unwrap().len(), 2);
    let changed = run(&server, "s3://bucket/surveys/one", &out, &[]);
    let told = String::from_utf8_lossy(&changed.stdout).into_owned();
    assert!(told.contains("1 input changed: s3://bucket/surveys/one/more/c.parquet"), "{told}");
    let units = manifest(&out)["units"].clone();
    assert!(units["computed"].as_u64() > Some(0) && units["kept"].as_u64() > Some(0), "{units}");
}

#[test]
fn a_unit_is_read_by_the_pages_that_hold_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.parquet");
    dataset(&path, Cadence::Tess2min, 0..16);
    let server = Server::start();
    let bytes = fs::read(&path).unwrap();
    let size = bytes.len();
    server.put("/bucket/large.parquet", bytes);
    let (local, out) = (dir.path().join("local.parquet"), dir.path().join("out.parquet"));
    let convert = |input: &str, out: &Path| antumbra(&server, &["convert", input, "--out", out.to_str().unwrap()]);
    assert_code(&convert(path.to_str().unwrap(), &local), 0);
    assert_code(&convert("s3://bucket/large.parquet", &out), 0);
    assert_eq!(fs::read(&local).unwrap(), fs::read(&out).unwrap());
    let requests = server.requests();
    let objects: Vec<&Request> = of_objects(&requests).collect();
    assert!(objects.iter().all(|request| request.status == 206), "{objects:#?}");
    let fetched: usize = objects.iter().map(|request| request.bytes).sum();
    let largest = objects.iter().map(|request| request.bytes).max().unwrap_or(0);
    println!("{} requests for {fetched} bytes, {largest} the most, of an object of {size}", objects.len());
    assert!(size > 512 << 10, "{size}");
    // Besides its pages, once: what lies between them, the column of targets, and the last bytes when planned and when read.
    assert!(largest < size / 4 && fetched < 2 * size, "{largest}, {fetched} of {size}");
}

#[test]
fn requests_are_signed_where_there_are_credentials() {
    let server = Server::start();
    server.put("/bucket/star.csv", csv());
    let inspect = |name: &str, value: &str| {
        let key = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")];
        let place =
            [("AWS_ENDPOINT", server.address.as_str()), ("AWS_ALLOW_HTTP", "true"), ("AWS_REGION", "eu-west-1")];
        let mut command = command(&["inspect", "s3://bucket/star.csv"]);
        assert_code(&command.envs(key).envs(place).env(name, value).output().unwrap(), 0);
        server.requests()
    };
    for request in inspect("AWS_SESSION_TOKEN", "of-a-session") {
        let signature = request.signature().unwrap_or_default();
        assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{request:?}");
        assert!(signature.contains("/eu-west-1/s3/"), "{signature}");
        assert_eq!(request.headers.get("x-amz-security-token").map(String::as_str), Some("of-a-session"));
    }
    assert!(inspect("AWS_SKIP_SIGNATURE", "true").iter().all(|request| request.signature().is_none()));
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start();
    server.put("/bucket/star.csv", csv());
    server.fail_first(3);
    let out = dir.path().join("star.parquet");
    let converted = antumbra(&server, &["convert", "s3://bucket/", "--out", out.to_str().unwrap()]);
    assert_code(&converted, 0);
    let told = server.requests();
    assert_eq!(told.iter().filter(|request| request.status == 503).count(), 3);
    assert!(String::from_utf8_lossy(&converted.stdout).contains("1 targets, 1 segments, 1200 cadences"));
}

#[test]
fn an_object_that_is_not_there_is_an_error_row_with_its_url() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start();
    server.put("/bucket/in/star.csv", csv());
    server.put_ghost("/bucket/in/vanished.parquet");
    let out = dir.path().join("out");
    let done = run(&server, "s3://bucket/in", &out, &[]);
    assert_code(&done, 3);
    assert_eq!(texts(&out.join("errors.parquet"), "source"), ["s3://bucket/in/vanished.parquet"]);
    assert_eq!(texts(&out.join("errors.parquet"), "reason"), ["no such object"]);
    let counts = manifest(&out)["counts"].clone();
    assert_eq!((&counts["targets_searched"], &counts["files_refused"]), (&1.into(), &1.into()), "{counts}");
    // Nothing at all: bad arguments, and why.
    for (input, why) in [
        ("s3://bucket/elsewhere/", "no file or folder matches"),
        ("s3://bucket/in/none.csv", "no such object"),
        ("s3://none", "no file or folder matches"),
        ("gs://bucket/in", "gs:// is not read"),
        (&format!("{}/none.csv", server.address), "no such object"),
    ] {
        let done = run(&server, input, &out, &[]);
        assert_code(&done, 2);
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(told.contains(&format!("{input}: {why}")), "{told}");
    }
}

#[test]
fn an_object_that_goes_or_changes_at_any_moment_costs_its_targets() {
    let dir = tempfile::tempdir().unwrap();
    let targets = 6;
    dataset(&dir.path().join("c.parquet"), Cadence::Tess10min, 0..targets);
    let server = Server::start();
    let (path, url) = ("/bucket/c.parquet", "s3://bucket/c.parquet");
    let bytes = fs::read(dir.path().join("c.parquet")).unwrap();
    // More than what comes with the first request.
    assert!(bytes.len() > 64 << 10, "{}", bytes.len());
    server.put(path, bytes.clone());
    let whole = dir.path().join("whole");
    assert_code(&run(&server, url, &whole, &[]), 0);
    let n = of_objects(&server.requests()).count();
    assert!(n >= 5, "{n} requests");
    let mut failed = 0;
    for k in 0..n {
        for (then, why) in
            [(None, "no such object"), (Some(bytes.clone()), "the file has changed since it was scanned")]
        {
            server.put(path, bytes.clone());
            server.after(path, k, then.clone());
            let out = dir.path().join(format!("{k}-{}", then.is_some()));
            let done = run(&server, url, &out, &[]);
            match done.status.code() {
                // Nothing could be planned, or the other object was there when it was first asked for.
                Some(2) => assert!(String::from_utf8_lossy(&done.stderr).contains(&format!("{url}: {why}"))),
                Some(0) => assert_eq!(rows(&out.join("targets.parquet")), rows(&whole.join("targets.parquet"))),
                _ => {
                    assert_code(&done, 3);
                    let errors = out.join("errors.parquet");
                    assert!(texts(&errors, "source").iter().all(|source| source == url));
                    assert!(
                        texts(&errors, "reason").iter().all(|reason| reason == why),
                        "{:?}",
                        texts(&errors, "reason")
                    );
                    assert_eq!(manifest(&out)["counts"]["targets"], targets);
                    failed += 1;
                    // What could not be read is read by the next run.
                    server.put(path, bytes.clone());
                    server.after(path, usize::MAX, None);
                    assert_code(&run(&server, url, &out, &[]), 0);
                    assert_eq!(rows(&out.join("targets.parquet")), rows(&whole.join("targets.parquet")));
                }
            }
        }
    }
    assert!(failed >= 2, "{failed}");
}

#[test]
fn a_web_server_gives_the_columns_of_a_table_and_small_files_whole() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start();
    let table = wide_table();
    let size = table.len();
    server.put("/data/wide.parquet", table.clone());
    server.put("/get?uri=mission:long/star.csv", csv());
    let search = |server: &Server, path: &str, out: &Path| {
        let url = format!("{}{path}", server.address);
        let args = ["search", &url, "--out", out.to_str().unwrap(), "--progress", "none"];
        antumbra(server, &args)
    };
    let out = dir.path().join("wide.out.parquet");
    assert_code(&search(&server, "/data/wide.parquet", &out), 0);
    assert_eq!(texts(&out, "target_id"), ["wide"]);
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.status == 206), "{requests:#?}");
    let fetched: usize = requests.iter().map(|request| request.bytes).sum();
    println!("{} requests for {fetched} bytes of a table of {size}", requests.len());
    assert!(size > 2 << 20 && fetched < size / 4, "{fetched} of {size}");

    let out = dir.path().join("star.out.parquet");
    assert_code(&search(&server, "/get?uri=mission:long/star.csv", &out), 0);
    assert_eq!(texts(&out, "target_id"), ["star"]);

    // A server that gives no parts: small files all the same, no Parquet.
    server.ignore_ranges();
    let out = dir.path().join("again.out.parquet");
    assert_code(&search(&server, "/get?uri=mission:long/star.csv", &out), 0);
    assert_eq!(texts(&out, "target_id"), ["star"]);
    let refused = search(&server, "/data/wide.parquet", &out);
    assert_code(&refused, 2);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains(&format!("{}/data/wide.parquet: a Parquet file is read in parts", server.address)), "{told}");
}

/// Peak memory (bytes) of a run over `n` light curves of 120 cadences in one object, as its manifest has it.
fn peak_memory(server: &Server, dir: &Path, n: usize) -> f64 {
    let file = dir.join(format!("{n}.parquet"));
    let mut writer = DatasetWriter::create(&file).unwrap();
    let time: Vec<f64> = (0..120).map(|i| 1325.0 + f64::from(i) / 48.0).collect();
    for number in 0..n {
        let noise = |i: usize| ((i * 7919 + number * 104_729) % 1009) as f64 / 1009.0 - 0.5;
        let segment = RawSegment {
            label: "S1".into(),
            time: time.clone(),
            flux: (0..time.len()).map(|i| 1.0 + 1e-3 * noise(i)).collect(),
            flux_err: Some(vec![3e-4; time.len()]),
            time_system: TimeSystem::BTJD,
            ..RawSegment::default()
        };
        let target_id = format!("TIC {number}");
        writer.write(&RawTarget { target_id, segments: vec![segment], star: Star::default() }).unwrap();
    }
    writer.finish().unwrap();
    server.put(&format!("/bucket/{n}.parquet"), fs::read(&file).unwrap());
    let out = dir.join(format!("out{n}"));
    let url = format!("s3://bucket/{n}.parquet");
    let args = ["run", &url, "--out", out.to_str().unwrap(), "--progress", "none", "--threads", "2"];
    let output = antumbra(server, &[&args[..], &["--set", "search.period_min=1.0"]].concat());
    assert_code(&output, 0);
    let manifest = manifest(&out);
    assert_eq!(manifest["counts"]["targets"].as_u64(), Some(n as u64));
    let peak = manifest["peak_memory_bytes"].as_f64().unwrap_or(f64::NAN);
    println!("{n} light curves from a bucket: {:.1} MB", peak / 1e6);
    peak
}

#[test]
#[ignore = "some minutes: 50,000 light curves"]
fn fifty_thousand_light_curves_run_in_the_memory_of_a_thousand() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start();
    let (few, many) = (peak_memory(&server, dir.path(), 1000), peak_memory(&server, dir.path(), 50_000));
    assert!(many < 1.1 * few, "{many} against {few} bytes");
}
