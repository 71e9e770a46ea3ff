//! What users throw at a reader by mistake: each ends as a named error, or passes to cleaning where that is its job.

use std::io::Write;
use std::path::Path;

use antumbra::io::read::{ErrorKind, InputError, ReadConfig, read_target, scan};
use antumbra::io::{ConvertError, convert};
use antumbra::lightcurve::RawTarget;

fn write(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

fn read(inputs: &[String], config: &ReadConfig) -> (Vec<RawTarget>, Vec<InputError>) {
    let scan = scan(inputs, config);
    let mut errors = scan.errors;
    let mut targets = Vec::new();
    for target in &scan.targets {
        let read = read_target(target, config);
        errors.extend(read.errors);
        targets.extend(read.target);
    }
    (targets, errors)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn curve(scale: f64) -> String {
    (0..100)
        .map(|i| format!("{},{},0.001\n", 2_458_000.0 + f64::from(i) / 48.0, scale * (1.0 + 1e-3 * f64::from(i % 7))))
        .collect()
}

#[test]
fn each_mistake_has_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let compressed = gzip(curve(1.0).as_bytes());
    let cases: [(&str, Vec<u8>, ErrorKind); 14] = [
        ("empty.fits", vec![], ErrorKind::Empty),
        ("empty.csv", vec![], ErrorKind::Empty),
        ("blank.csv", b"\n\n".to_vec(), ErrorKind::Empty),
        ("all_nan.csv", b"time,flux\n1,nan\n2,nan\n3,nan\n".to_vec(), ErrorKind::Empty),
        ("truncated.fits", b"SIMPLE  =                    T".to_vec(), ErrorKind::Unreadable),
        ("truncated.csv.gz", compressed[..compressed.len() / 2].to_vec(), ErrorKind::Unreadable),
        ("truncated.parquet", b"PAR1 and no more".to_vec(), ErrorKind::Unreadable),
        ("truncated.npz", b"PK\x03\x04 and no more".to_vec(), ErrorKind::Unreadable),
        ("image.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR".to_vec(), ErrorKind::UnknownFormat),
        ("README.md", b"# Data\n\nThese are 2 files, 3 kB each.\n".to_vec(), ErrorKind::NotALightCurve),
        ("page.html", b"<html><body>404, not 200</body></html>".to_vec(), ErrorKind::NotALightCurve),
        ("config.toml", b"[search]\nperiod_min = 0.5\n".to_vec(), ErrorKind::NotALightCurve),
        ("rv.csv", b"bjd,rv,rv_err\n2458000.1,12.1,0.2\n2458001.1,12.5,0.2\n".to_vec(), ErrorKind::NotALightCurve),
        ("words.csv", b"time,flux\n1.0,high\n2.0,low\n3.0,high\n".to_vec(), ErrorKind::BadRows),
    ];
    for (name, content, kind) in cases {
        let path = write(folder.path(), name, &content);
        let (targets, errors) = read(std::slice::from_ref(&path), &ReadConfig::default());
        assert!(targets.is_empty(), "{name}");
        assert_eq!(errors.len(), 1, "{name}: {errors:?}");
        assert_eq!((errors[0].kind(), errors[0].source.as_str()), (kind, path.as_str()), "{}", errors[0]);
        assert!(!errors[0].reason().is_empty());
    }
    for missing in ["nowhere.fits", "nothing_*.csv"] {
        let input = folder.path().join(missing).display().to_string();
        let (_, errors) = read(&[input], &ReadConfig::default());
        assert_eq!(errors[0].kind(), ErrorKind::NotFound, "{}", errors[0]);
    }
}

/// Order, repeated times, negative errors and a constant flux are for cleaning to judge: they are passed on as they are.
#[test]
fn what_cleaning_judges_is_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let text = b"time,flux,flux_err\n3,1,0.1\n1,1,-0.1\n1,1,0\n2,1,0.1\n";
    let path = write(folder.path(), "odd.csv", text);
    let (targets, errors) = read(&[path], &ReadConfig::default());
    assert!(errors.is_empty());
    let segment = &targets[0].segments[0];
    assert_eq!(segment.time, [3.0, 1.0, 1.0, 2.0]);
    assert_eq!(segment.flux_err, Some(vec![0.1, -0.1, 0.0, 0.1]));
}

/// One bad file among good ones costs one row; copies are told from namesakes.
#[test]
fn a_folder_with_everything() {
    let folder = tempfile::tempdir().unwrap();
    let here = |name: &str, content: &[u8]| write(folder.path(), name, content);
    here("a/TESS.csv", curve(1.0).as_bytes());
    here("b/TESS.csv", curve(2.0).as_bytes());
    here("b/copy of TESS.csv", curve(2.0).as_bytes());
    here("c/star.csv.gz", &gzip(curve(3.0).as_bytes()));
    here("c/star.dat", curve(4.0).as_bytes());
    here("c/bad.fits", b"SIMPLE  = T but no more");
    here(".hidden.csv", curve(5.0).as_bytes());
    let input = folder.path().display().to_string();
    let (targets, errors) = read(&[input.clone(), input.clone()], &ReadConfig::default());
    let names: Vec<&str> = targets.iter().map(|t| t.target_id.as_str()).collect();
    assert_eq!(names, ["a/TESS", "b/TESS", "star.csv.gz", "star.dat"], "{errors:?}");
    assert_eq!(errors.iter().map(|e| e.kind()).collect::<Vec<_>>(), [ErrorKind::Duplicate, ErrorKind::Unreadable]);
    assert_eq!(targets[2].segments[0].flux[0], 3.0);

    let out = folder.path().join("out/all.parquet");
    let converted = convert(&[input], &out, &ReadConfig::default()).unwrap();
    assert_eq!((converted.written.targets, converted.errors.len(), converted.files.len()), (4, 2, 6));
    let (again, errors) = read(&[out.display().to_string()], &ReadConfig::default());
    assert!(errors.is_empty());
    assert_eq!(again, targets);
}

#[test]
fn nothing_to_convert() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "rv.csv", b"bjd,rv\n1,2\n3,4\n");
    let out = folder.path().join("all.parquet");
    let error = convert(&[path], &out, &ReadConfig::default()).unwrap_err();
    assert!(matches!(error, ConvertError::NoTargets { files: 1, .. }), "{error}");
    assert!(!out.exists());
}

/// A column map, an offset and magnitudes make a foreign table readable.
#[test]
fn a_configured_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "odd.txt", b"when brightness plusminus mask\n0 10.0 0.01 0\n86400 10.5 0.01 1\n");
    let config: ReadConfig = toml::from_str(
        "time_unit = \"seconds\"\ntime_offset = 2459000.5\nflux_unit = \"magnitude\"\ntarget_id = \"V1\"\nband = \"V\"\n\
         [columns]\ntime = \"when\"\nflux = \"brightness\"\nflux_err = \"plusminus\"\nquality = \"mask\"\n",
    )
    .unwrap();
    let (targets, errors) = read(std::slice::from_ref(&path), &config);
    assert!(errors.is_empty(), "{errors:?}");
    let segment = &targets[0].segments[0];
    assert_eq!(targets[0].target_id, "V1");
    assert_eq!((segment.time[1], segment.time_system.offset()), (1.0, Some(2_459_000.5)));
    assert!((segment.flux[0] / segment.flux[1] - 10f64.powf(0.2)).abs() < 1e-12);
    assert_eq!((segment.flagged.as_deref(), segment.band.as_deref()), (Some(&[false, true][..]), Some("V")));
    let wrong: ReadConfig = toml::from_str("columns = { flux = \"light\" }").unwrap();
    let (_, errors) = read(&[path], &wrong);
    assert_eq!(errors[0].kind(), ErrorKind::BadColumn);
    assert!(errors[0].reason().contains("brightness"), "{}", errors[0]);
}
