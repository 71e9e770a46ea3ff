use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow::array::*;
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Int32Type, Schema};

use crate::io::read::{ErrorKind, ReadConfig, Scan, TargetRead, read_target, scan};
use crate::lightcurve::{Centroid, TimeSystem};

/// Writes the columns in row groups of two rows and reads everything back.
fn read(columns: Vec<(&str, ArrayRef)>, config: &ReadConfig) -> (Scan, Vec<TargetRead>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("collection.parquet");
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    let properties =
        ::parquet::file::properties::WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let scan = scan(&[path.display().to_string()], config);
    let read = scan.targets.iter().map(|t| read_target(t, config)).collect();
    (scan, read)
}

fn defaults(columns: Vec<(&str, ArrayRef)>) -> (Scan, Vec<TargetRead>) {
    read(columns, &ReadConfig::default())
}

fn float_lists(rows: &[Option<Vec<f64>>]) -> ArrayRef {
    let rows = rows.iter().map(|r| r.as_ref().map(|v| v.iter().map(|x| Some(*x)).collect::<Vec<_>>()));
    Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows))
}

fn names(read: &[TargetRead]) -> Vec<&str> {
    read.iter().filter_map(|r| r.target.as_ref()).map(|t| t.target_id.as_str()).collect()
}

#[test]
fn a_row_a_light_curve() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![30, 10, 30, 20, 40]));
    let sector: ArrayRef = Arc::new(Int32Array::from(vec![2, 1, 1, 1, 1]));
    let time = float_lists(&[
        Some(vec![1354.0, 1354.5]),
        Some(vec![1325.0, 1325.5]),
        Some(vec![1325.0, 1325.5, 1326.0]),
        None,
        Some(vec![1.0, 2.0]),
    ]);
    let flux: ArrayRef = Arc::new(LargeListArray::from_iter_primitive::<Float32Type, _, _>([
        Some(vec![Some(1.0), None]),
        Some(vec![Some(2.0), Some(2.5)]),
        Some(vec![Some(3.0); 3]),
        Some(vec![Some(4.0)]),
        Some(vec![Some(5.0)]),
    ]));
    let (scan, read) = defaults(vec![("ticid", ids), ("sector", sector), ("btjd", time), ("flux", flux)]);
    assert!(scan.errors.is_empty());
    assert_eq!(names(&read), ["TIC 10", "TIC 30"]);
    let target = read[2].target.as_ref().unwrap();
    assert_eq!(target.segments.iter().map(|s| s.label.as_str()).collect::<Vec<_>>(), ["S1", "S2"]);
    assert_eq!(target.segments[0].time_system, TimeSystem::BTJD);
    assert!(target.segments[1].flux[0] == 1.0 && target.segments[1].flux[1].is_nan());
    assert!(target.segments[1].source.ends_with("#0"), "{}", target.segments[1].source);
    let null = &read[1].errors[0];
    assert_eq!((null.target_id.as_deref(), null.reason().as_str()), (Some("TIC 20"), "btjd is null"));
    assert!(null.source.ends_with("collection.parquet#3"));
    assert_eq!(read[3].errors[0].kind(), ErrorKind::BadColumn, "unequal lengths: {}", read[3].errors[0]);
}

#[test]
fn a_row_a_cadence() {
    let ids: ArrayRef = Arc::new(StringArray::from(vec![Some("b"), Some("a"), Some("b"), None, Some("a")]));
    let time: ArrayRef =
        Arc::new(Float64Array::from(vec![2_458_000.0, 2_458_001.0, 2_458_002.0, 2_458_003.0, 2_458_004.0]));
    let flux: ArrayRef = Arc::new(Float32Array::from(vec![Some(1.0), Some(2.0), None, Some(4.0), Some(5.0)]));
    let quality: ArrayRef = Arc::new(UInt16Array::from(vec![0, 0, 1, 0, 0]));
    let band: ArrayRef = Arc::new(StringArray::from(vec!["r", "g", "r", "g", "r"]));
    let (scan, read) =
        defaults(vec![("target_id", ids), ("time", time), ("flux", flux), ("quality", quality), ("band", band)]);
    assert_eq!(names(&read), ["a", "b"]);
    assert!(scan.errors[0].source.ends_with("#3"), "{}", scan.errors[0]);
    let a = read[0].target.as_ref().unwrap();
    assert_eq!(
        a.segments.iter().map(|s| (s.band.as_deref().unwrap(), s.flux[0])).collect::<Vec<_>>(),
        [("g", 2.0), ("r", 5.0)]
    );
    let b = &read[1].target.as_ref().unwrap().segments[0];
    assert_eq!(b.flagged, Some(vec![false, true]));
    assert!(b.flux[1].is_nan());
    assert_eq!(b.time_system, TimeSystem::BJD);
}

/// A row a light curve, a row a cadence, and columns of one number a light curve, which are no centroids of cadences.
#[test]
fn centroids_where_there_are_some() {
    let lists = |v: [f64; 2]| float_lists(&[Some(v.to_vec())]);
    let plain = |v: [f64; 2]| -> ArrayRef { Arc::new(Float64Array::from(v.to_vec())) };
    let (time, flux, column, row) = ([1325.0, 1325.5], [1.0, 1.1], [10.5, 10.75], [20.0, 20.5]);
    let of = |read: &[TargetRead]| read[0].target.as_ref().unwrap().segments[0].centroid.clone();
    let id: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let found = defaults(vec![
        ("target_id", id.clone()),
        ("time", lists(time)),
        ("flux", lists(flux)),
        ("centroid_col", lists(column)),
        ("centroid_row", lists(row)),
    ]);
    let expected = Some(Centroid { column: column.to_vec(), row: row.to_vec() });
    assert_eq!(of(&found.1), expected);
    let found = defaults(vec![
        ("time", plain(time)),
        ("flux", plain(flux)),
        ("mom_centr1", plain(column)),
        ("mom_centr2", plain(row)),
    ]);
    assert_eq!(of(&found.1), expected);
    let one: ArrayRef = Arc::new(Float64Array::from(vec![10.5]));
    let found = defaults(vec![
        ("target_id", id),
        ("time", lists(time)),
        ("flux", lists(flux)),
        ("centroid_col", one.clone()),
        ("centroid_row", one),
    ]);
    assert_eq!(of(&found.1), None);
}

/// `lightcurve: struct<time: list, flux: list>` with a null row, and its rows as `list<struct<…>>`.
#[test]
fn nested_light_curves() {
    let time = float_lists(&[Some(vec![1.0, 2.0]), None, Some(vec![1.0, 2.0, 3.0])]);
    let flux = float_lists(&[Some(vec![1.0, 1.1]), None, Some(vec![0.9, 1.0, 1.1])]);
    let field = |name: &str, array: &ArrayRef| Arc::new(Field::new(name, array.data_type().clone(), true));
    let nested: ArrayRef =
        Arc::new(StructArray::from(vec![(field("flux", &flux), flux.clone()), (field("time", &time), time.clone())]));
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "z"]));
    let extra: ArrayRef = Arc::new(Float64Array::from(vec![0.0; 3]));
    let check = |read: &[TargetRead]| {
        assert_eq!(names(read), ["x", "z"]);
        assert_eq!(read[2].target.as_ref().unwrap().segments[0].flux, [0.9, 1.0, 1.1]);
        assert_eq!(read[1].errors.len(), 1);
    };
    check(&defaults(vec![("ra", extra.clone()), ("object_id", ids.clone()), ("lightcurve", nested)]).1);

    let items = StructArray::from(vec![
        (
            Arc::new(Field::new("mjd", DataType::Float64, true)),
            Arc::new(Float64Array::from(vec![1.0, 2.0, 1.0, 2.0, 3.0])) as ArrayRef,
        ),
        (
            Arc::new(Field::new("flux", DataType::Float64, true)),
            Arc::new(Float64Array::from(vec![1.0, 1.1, 0.9, 1.0, 1.1])) as ArrayRef,
        ),
    ]);
    let item = Arc::new(Field::new("item", items.data_type().clone(), true));
    let offsets = OffsetBuffer::new(vec![0, 2, 2, 5].into());
    let list: ArrayRef = Arc::new(ListArray::new(item, offsets, Arc::new(items), Some(vec![true, false, true].into())));
    check(&defaults(vec![("object_id", ids), ("lightcurve", list), ("ra", extra)]).1);
}

#[test]
fn fixed_lists_and_no_target_column() {
    let rows = || (0..3).map(|i| Some((0..4).map(|j| Some(i * 4 + j)).collect::<Vec<_>>()));
    let time: ArrayRef = Arc::new(FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(rows(), 4));
    let flux: ArrayRef = Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
        rows().map(|r| r.map(|v| v.into_iter().map(|x| x.map(|x| x as f32)).collect::<Vec<_>>())),
        4,
    ));
    let (_, read) = defaults(vec![("time", time), ("flux", flux)]);
    assert_eq!(names(&read), ["collection#0", "collection#1", "collection#2"]);
    assert_eq!(read[2].target.as_ref().unwrap().segments[0].time, [8.0, 9.0, 10.0, 11.0]);
}

#[test]
fn wrong_types_and_tables_are_refused() {
    let words: ArrayRef = Arc::new(StringArray::from(vec!["1.0", "2.0"]));
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    let kind = |columns| defaults(columns).0.errors.first().map(|e| e.kind());
    assert_eq!(kind(vec![("time", words.clone()), ("flux", numbers.clone())]), Some(ErrorKind::BadColumn));
    assert_eq!(kind(vec![("period", numbers.clone()), ("depth", numbers.clone())]), Some(ErrorKind::NotALightCurve));
    let mapped: ReadConfig = toml::from_str("columns = { time = \"period\", flux = \"depth\" }").unwrap();
    let (_, found) = read(vec![("period", numbers.clone()), ("depth", numbers)], &mapped);
    assert_eq!(names(&found), ["collection"]);
    let _ = Schema::empty();
}

#[test]
fn damaged_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.parquet");
    let numbers: ArrayRef = Arc::new(Float64Array::from((0..5000).map(f64::from).collect::<Vec<_>>()));
    let batch = RecordBatch::try_from_iter([("time", numbers.clone()), ("flux", numbers)]).unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&good).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let bytes = std::fs::read(&good).unwrap();
    let bad = folder.path().join("bad.parquet");
    let config = ReadConfig::default();
    let refused = |bytes: &[u8]| {
        std::fs::write(&bad, bytes).unwrap();
        let scan = scan(&[bad.display().to_string()], &config);
        let errors: usize = scan.targets.iter().map(|t| read_target(t, &config).errors.len()).sum();
        errors + scan.errors.len() > 0
    };
    for cut in [4, 5, 100, bytes.len() / 2, bytes.len() - 1] {
        assert!(refused(&bytes[..cut]), "cut at {cut}");
    }
    // Any byte of the pages or the footer; most changes are noticed, none may panic.
    for at in (4..bytes.len()).step_by(397) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0xff;
        refused(&bytes);
    }
}
