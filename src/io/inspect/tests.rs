use super::*;

fn report(name: &str, text: &str) -> FileReport {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    inspect_file(&path, &ReadConfig::default())
}

fn rows(row: impl Fn(usize) -> String) -> String {
    (0..200).map(|i| row(i) + "\n").collect()
}

/// Point-to-point differences of about 1e-3.
fn flux(i: usize) -> f64 {
    1.0 + 1e-3 * ((i * 7919 % 101) as f64 / 101.0 - 0.5)
}

#[test]
fn what_is_wrong_is_said() {
    let time = |i: usize| 2_458_000.0 + i as f64 / 48.0;
    let cases: [(&str, String, &str); 8] = [
        ("zero errors", rows(|i| format!("{},{},0", time(i), flux(i))), "zero or missing"),
        ("placeholder", rows(|i| format!("{},{},1e-7", time(i), flux(i))), "placeholder"),
        ("no errors", rows(|i| format!("{},{}", time(i), flux(i))), "no error column"),
        ("unknown scale", rows(|i| format!("{},{}", i as f64 / 48.0, flux(i))), "time_offset"),
        ("unsorted", rows(|i| format!("{},{}", time(i ^ 1), flux(i))), "backwards 100 times"),
        ("duplicates", rows(|i| format!("{},{}", time(i / 2), flux(i))), "100 times occur more than once"),
        ("flux minus one", rows(|i| format!("{},{}", time(i), flux(i) - 1.0)), "flux_offset"),
        (
            "missing",
            rows(|i| if i % 10 == 0 { format!("{},nan", time(i)) } else { format!("{},{}", time(i), flux(i)) }),
            "20 of 200 cadences lack",
        ),
    ];
    for (name, text, expected) in cases {
        let report = report("x.csv", &text);
        assert!(report.warnings().any(|w| w.contains(expected)), "{name}: {report}");
    }
    let good = report("x.csv", &format!("BJD,flux,flux_err\n{}", rows(|i| format!("{},{},4e-4", time(i), flux(i)))));
    assert_eq!(good.warnings().count(), 0, "{good}");
}

#[test]
fn columns_and_gaps() {
    let text = format!(
        "time,flux,flux_err,camera\n{}",
        rows(|i| {
            let day = if i < 100 { 0.0 } else { 5.0 };
            format!("{},{},0.001,b", day + 2_458_000.0 + i as f64 / 48.0, flux(i))
        })
    );
    let report = report("x.csv", &text);
    let columns = &report.tables[0].columns;
    assert_eq!(columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["time", "flux", "flux_err", "camera"]);
    assert_eq!(columns[2].remark(), "constant");
    assert!(matches!(&columns[3].content, ColumnContent::Other(kind) if kind == "words"));
    let curve = &report.curves[0];
    assert_eq!((curve.cadences, curve.gaps, curve.duplicates), (200, 1, 0));
    assert!((curve.longest_gap - 5.0 - 1.0 / 48.0).abs() < 1e-6);
    let shown = report.to_string();
    assert!(shown.contains("cadence 30.00 min, 1 gaps") && shown.contains("constant"), "{shown}");
}

#[test]
fn refusals_are_shown() {
    let report = report("x.txt", "parameter,value\nperiod,3.2\n");
    assert!(report.curves.is_empty());
    assert!(report.to_string().contains("not read: not_a_light_curve: no time among its columns"), "{report}");
}
