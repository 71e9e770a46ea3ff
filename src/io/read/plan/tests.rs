use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;

use super::*;
use crate::io::dataset::DatasetWriter;
use crate::io::read::{OpenFiles, read_targets};
use crate::lightcurve::{RawSegment, RawTarget, TimeSystem};

fn target(id: &str, n: usize) -> RawTarget {
    let segment = RawSegment {
        label: "S1".into(),
        source: id.into(),
        time: (0..n).map(|i| i as f64).collect(),
        flux: vec![1.0; n],
        time_system: TimeSystem::BTJD,
        preference: 100,
        ..RawSegment::default()
    };
    RawTarget { target_id: id.into(), segments: vec![segment], star: Default::default() }
}

fn write(path: &Path, ids: impl Iterator<Item = usize>) {
    let mut writer = DatasetWriter::create(path).unwrap();
    for i in ids {
        writer.write(&target(&format!("TIC {i}"), 20)).unwrap();
    }
    writer.finish().unwrap();
}

fn planned(inputs: &Path, unit_targets: Option<usize>) -> Plan {
    let options = PlanOptions { unit_targets, ..PlanOptions::default() };
    plan(&[inputs.display().to_string()], &ReadConfig::default(), &options).unwrap()
}

#[test]
fn every_target_is_in_one_unit_in_the_order_of_the_files() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a.parquet"), 0..3000);
    write(&dir.path().join("b.parquet"), 2900..3100);
    for unit_targets in [None, Some(1), Some(1000)] {
        let plan = planned(dir.path(), unit_targets);
        assert!(plan.errors.is_empty(), "{:?}", plan.errors);
        assert_eq!(plan.targets, 3100);
        let targets: Vec<TargetRef> = plan.units.iter().flat_map(|u| plan.targets_of(u).unwrap()).collect();
        let expected: Vec<String> = (0..3100).map(|i| format!("TIC {i}")).collect();
        assert_eq!(targets.iter().map(|t| t.target_id.clone()).collect::<Vec<_>>(), expected);
        assert_eq!(targets.iter().map(|t| t.parts.len()).sum::<usize>(), 3200);
        assert_eq!(plan.units.iter().map(|u| u.targets).sum::<usize>(), 3100);
        let read = read_targets(&targets[2890..2910], &ReadConfig::default(), &OpenFiles::default());
        let from_both = read[15].target.as_ref().unwrap();
        assert_eq!((from_both.target_id.as_str(), from_both.segments[0].time.len()), ("TIC 2905", 20));
        assert_eq!(read[15].errors.len(), 1, "the same photons again");
    }
    let sizes: Vec<usize> = planned(dir.path(), Some(32)).units.iter().map(|u| u.targets).collect();
    assert!(sizes.len() > 60 && sizes.len() < 160 && sizes.iter().all(|n| *n <= 128), "{sizes:?}");
}

#[test]
fn sectors_and_columns_are_told() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a.parquet"), 0..30);
    let folder = dir.path().join("sector=7");
    std::fs::create_dir(&folder).unwrap();
    let column = |values: Vec<f64>| Arc::new(Float64Array::from(values)) as ArrayRef;
    let names = ["TIC 1", "TIC 1", "TIC 1", "TIC 2", "TIC 2"];
    let batch = RecordBatch::try_from_iter([
        ("tic", Arc::new(StringArray::from(names.to_vec())) as ArrayRef),
        ("time", column(vec![1.0, 2.0, 3.0, 1.0, 2.0])),
        ("flux", column(vec![1.0, 1.1, 1.0, 1.0, 1.1])),
        ("flux_err", column(vec![0.1; 5])),
        ("quality", column(vec![0.0; 5])),
    ]);
    let batch = batch.unwrap();
    let file = std::fs::File::create(folder.join("b.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    std::fs::write(dir.path().join("c.csv"), "time,flux,flux_err\n1,1,0.1\n2,1.1,0.1\n3,1.2,0.1\n").unwrap();
    let contents = planned(dir.path(), None).contents;
    let segments = [("", 1), ("S1", 30), ("S7", 2)].map(|(label, n)| (label.to_string(), n));
    assert_eq!(contents.segments.into_iter().collect::<Vec<_>>(), segments);
    let files = (contents.files, contents.flux_err, contents.quality, contents.centroid);
    assert_eq!(files, (3, 2, 1, 0), "the dataset has no errors and no flags");
}

#[test]
fn a_target_more_changes_one_unit() {
    let dir = tempfile::tempdir().unwrap();
    // One file a target: a new one leaves the files of the others alone.
    for i in (0..400).filter(|i| *i != 123) {
        std::fs::write(dir.path().join(format!("star{i:03}.csv")), format!("1,{i}\n2,1.1\n3,1.2\n")).unwrap();
    }
    let before = planned(dir.path(), Some(16));
    std::fs::write(dir.path().join("star123.csv"), "1,123\n2,1.1\n3,1.2\n").unwrap();
    let after = planned(dir.path(), Some(16));
    assert_eq!((before.targets, after.targets), (399, 400));
    let known: std::collections::HashSet<[u8; 16]> = before.units.iter().map(|u| u.digest).collect();
    let new = after.units.iter().filter(|u| !known.contains(&u.digest)).count();
    assert!((1..=2).contains(&new), "{new} of {} units differ", after.units.len());
    std::fs::write(dir.path().join("star200.csv"), "1,999\n2,1.1\n3,1.2\n").unwrap();
    let changed = planned(dir.path(), Some(16));
    let known: std::collections::HashSet<[u8; 16]> = after.units.iter().map(|u| u.digest).collect();
    assert_eq!(changed.units.iter().filter(|u| !known.contains(&u.digest)).count(), 1);
}

#[test]
fn a_file_that_vanished_or_changed_is_an_error_of_its_targets() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    write(&path, 0..10);
    std::fs::write(dir.path().join("star.csv"), "1,1.0\n2,1.1\n3,1.2\n").unwrap();
    let plan = planned(dir.path(), Some(1000));
    let targets: Vec<TargetRef> = plan.units.iter().flat_map(|u| plan.targets_of(u).unwrap()).collect();
    let read = || read_targets(&targets, &ReadConfig::default(), &OpenFiles::default());
    write(&path, 0..11);
    std::fs::write(dir.path().join("star.csv"), "1,1.0\n2,1.1\n3,1.3\n").unwrap();
    for read in read() {
        assert!(read.target.is_none() && read.errors.len() == 1 && read.errors[0].may_pass());
        assert!(matches!(read.errors[0].error, ReadError::Changed), "{:?}", read.errors);
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_file(dir.path().join("star.csv")).unwrap();
    let read = read();
    assert_eq!(read.len(), 11);
    assert!(read.iter().all(|r| matches!(r.errors[0].error, ReadError::Io(_)) && r.errors[0].may_pass()));
}

#[test]
fn a_damaged_page_costs_the_targets_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    let mut writer = DatasetWriter::create(&path).unwrap();
    for i in 0..12_u64 {
        let mut target = target(&format!("TIC {i}"), 30_000);
        target.segments[0].flux = (0..30_000_u64).map(|j| ((i * 7919 + j * j) % 97) as f64).collect();
        writer.write(&target).unwrap();
    }
    writer.finish().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    // Somewhere among the fluxes, which are most of the file.
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let plan = planned(&path, Some(1000));
    let targets: Vec<TargetRef> = plan.units.iter().flat_map(|u| plan.targets_of(u).unwrap()).collect();
    let read = read_targets(&targets, &ReadConfig::default(), &OpenFiles::default());
    let lost = read.iter().filter(|r| r.target.is_none()).count();
    assert!((1..6).contains(&lost), "{lost} of {} lost", read.len());
    assert!(read.iter().all(|r| r.target.is_some() != (r.errors.len() == 1)));
}
