//! Inputs that vanish, are poisoned, lie in many folders, or are missing.

use std::fs;
use std::path::Path;

use antumbra::io::read::PlanOptions;
use antumbra::pipeline::{Execution, NoProgress, Run, RunConfig, Steps};

use super::{antumbra, assert_same, collection, dataset, manifest, noise, run, text};

#[test]
fn an_input_that_vanishes_ends_as_error_rows_and_is_read_again_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a.parquet"), dir.path().join("b.parquet"));
    dataset(&a, 0..10, 240, 100);
    dataset(&b, 10..20, 240, 100);
    let inputs = [a.display().to_string(), b.display().to_string()];
    let config = RunConfig::default();
    let execution = Execution { threads: 2, ..Execution::default() };
    let out = dir.path().join("out");
    let execute =
        |run: &Run, out: &Path| run.execute(Steps::Search, out, &execution, &NoProgress, |_| {}).unwrap().counts;
    let planned = Run::new(&inputs, &config, &PlanOptions::default()).unwrap();
    fs::rename(&b, dir.path().join("elsewhere")).unwrap();
    let counts = execute(&planned, &out);
    assert_eq!((counts.targets_searched, counts.targets_failed, counts.error_rows), (10, 10, 10));
    fs::rename(dir.path().join("elsewhere"), &b).unwrap();
    let counts = execute(&planned, &out);
    assert_eq!((counts.targets_searched, counts.targets_failed, counts.error_rows), (20, 0, 0));
    execute(&planned, &dir.path().join("fresh"));
    assert_same(&dir.path().join("fresh"), &out);
}

/// A row whose lists are not of one length: the column types are those of a dataset, the light curve is none.
#[test]
fn a_poisoned_light_curve_costs_one_error_row() {
    use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch};
    use arrow::datatypes::Float64Type;
    let dir = tempfile::tempdir().unwrap();
    let sound = dir.path().join("sound.parquet");
    dataset(&sound, 0..12, 240, 15);
    let file = fs::File::open(&sound).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let poisoned = dir.path().join("poisoned.parquet");
    let schema = antumbra::io::dataset::schema();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(fs::File::create(&poisoned).unwrap(), schema.clone(), None).unwrap();
    for batch in reader {
        let batch = batch.unwrap();
        let flux = batch.column_by_name("flux").unwrap().as_list::<i32>();
        let rows = (0..flux.len()).map(|row| {
            let values = flux.value(row);
            let values: Vec<Option<f64>> = values.as_primitive::<Float64Type>().iter().collect();
            Some(if row == 5 { values[..7].to_vec() } else { values })
        });
        let flux = std::sync::Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows)) as ArrayRef;
        let at = schema.index_of("flux").unwrap();
        let columns = batch.columns().iter().enumerate().map(|(i, c)| if i == at { flux.clone() } else { c.clone() });
        writer.write(&RecordBatch::try_new(schema.clone(), columns.collect()).unwrap()).unwrap();
    }
    writer.close().unwrap();
    let out = dir.path().join("out");
    let result = run(&poisoned, &out, &[]);
    let counts = &manifest(&out)["counts"];
    println!("{}", text(&result.stderr));
    assert_eq!((counts["targets_searched"].as_u64(), counts["targets_failed"].as_u64()), (Some(11), Some(1)));
    assert_eq!(counts["error_rows"], 1);
}

/// The layout of a HATS catalogue of nested light curves, with one part a pixel, and of a collection partitioned by sector.
#[test]
fn partitioned_collections_and_hats_catalogues_are_read() {
    use antumbra::io::read::{ReadConfig, read_target, scan};
    use arrow::array::{ArrayRef, Float64Array, Int64Array, ListArray, RecordBatch, StructArray};
    use arrow::datatypes::Float64Type;
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &Path, ids: std::ops::Range<i64>, nested: bool| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let list = |salt: usize| -> ArrayRef {
            let row = |id: i64| {
                Some(
                    (0..50)
                        .map(|i| Some(i as f64 + if salt > 0 { noise(i, id as usize) } else { 0.0 }))
                        .collect::<Vec<_>>(),
                )
            };
            std::sync::Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(ids.clone().map(row)))
        };
        let (time, flux) = (list(0), list(1));
        let id: ArrayRef = std::sync::Arc::new(Int64Array::from_iter_values(ids.clone()));
        let ra: ArrayRef = std::sync::Arc::new(Float64Array::from_iter_values(ids.clone().map(|i| i as f64)));
        let batch = if nested {
            let curve = StructArray::try_from(vec![("hmjd", time.clone()), ("flux", flux.clone())]);
            let renamed = StructArray::try_from(vec![("mjd", time), ("flux", flux)]).or(curve).unwrap();
            let curve: ArrayRef = std::sync::Arc::new(renamed);
            RecordBatch::try_from_iter([("object_id", id), ("ra", ra), ("lightcurve", curve)]).unwrap()
        } else {
            RecordBatch::try_from_iter([("ticid", id), ("time", time), ("flux", flux)]).unwrap()
        };
        let file = fs::File::create(path).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    };
    let hats = dir.path().join("catalogue");
    write(&hats.join("dataset/Norder=0/Dir=0/Npix=4.parquet"), 0..5, true);
    write(&hats.join("dataset/Norder=1/Dir=0/Npix=44.parquet"), 5..9, true);
    for name in
        ["hats.properties", "partition_info.csv", "point_map.fits", "dataset/_metadata", "dataset/_common_metadata"]
    {
        fs::write(hats.join(name), "Norder,Npix\n0,4\n1,44\n").unwrap();
    }
    let found = scan(&[hats.display().to_string()], &ReadConfig::default());
    assert!(found.errors.is_empty(), "{:?}", found.errors);
    assert_eq!((found.targets.len(), found.files.len()), (9, 2));
    assert_eq!(read_target(&found.targets[3], &ReadConfig::default()).target.unwrap().segments[0].time.len(), 50);

    let sectors = dir.path().join("sectors");
    write(&sectors.join("sector=1/part-0.parquet"), 0..4, false);
    write(&sectors.join("sector=12/part-0.parquet"), 3..6, false);
    fs::write(sectors.join("_SUCCESS"), "").unwrap();
    let found = scan(&[sectors.display().to_string()], &ReadConfig::default());
    assert!(found.errors.is_empty(), "{:?}", found.errors);
    let labels: Vec<String> = found
        .targets
        .iter()
        .map(|t| read_target(t, &ReadConfig::default()).target.unwrap().segments[0].label.clone())
        .collect();
    assert_eq!(labels, ["S1", "S1", "S1", "S1", "S12", "S12"]);
}

#[test]
fn missing_targets_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let input = collection(dir.path(), 20);
    let list = dir.path().join("list.csv");
    fs::write(&list, "# wanted\nTIC 3, bright\ntic-4\nTIC 999\n").unwrap();
    let out = dir.path().join("out");
    let result = run(&input, &out, &["--targets", &list.display().to_string()]);
    let said = text(&result.stdout);
    assert!(said.contains("2 of 3 targets wanted are there, 22 others") && said.contains("missing: TIC 999"), "{said}");
    assert!(said.contains("targets in ") && said.contains("light curves: ") && said.contains(" of S1"), "{said}");
    assert_eq!(manifest(&out)["completeness"]["missing"], serde_json::json!(["TIC 999"]));
}

#[test]
fn a_compact_dataset_is_smaller_and_gives_the_same_candidates() {
    let dir = tempfile::tempdir().unwrap();
    let exact = dir.path().join("exact.parquet");
    dataset(&exact, 0..32, 480, 15);
    let path = |name: &str| dir.path().join(name).display().to_string();
    let converted = antumbra(&["convert", &path("exact.parquet"), "--out", &path("compact.parquet"), "--compact"]);
    assert!(converted.status.success(), "{}", text(&converted.stderr));
    let size = |name: &str| fs::metadata(dir.path().join(name)).unwrap().len();
    assert!(2 * size("compact.parquet") < size("exact.parquet"));
    for name in ["exact", "compact"] {
        let (input, out) = (path(&format!("{name}.parquet")), path(&format!("{name}-found.parquet")));
        let found = antumbra(&["search", &input, "--out", &out, "--progress", "none"]);
        assert!(found.status.success(), "{}", text(&found.stderr));
    }
    let told = antumbra(&["diff", &path("exact-found.parquet"), &path("compact-found.parquet")]);
    let told = text(&told.stdout);
    assert!(told.contains("0 new, 0 lost, 3 changed"), "{told}");
}
