use super::*;
use crate::io::read::ErrorKind;
use crate::lightcurve::TimeSystem;

fn read(text: &str) -> Result<(Vec<RawSegment>, Option<ReadError>), ReadError> {
    segments(text, Path::new("dir/curve.dat"), "dir/curve.dat", "curve", &ReadConfig::default())
}

fn one(text: &str) -> RawSegment {
    let (mut segments, bad) = read(text).unwrap();
    assert!(bad.is_none(), "{bad:?}");
    assert_eq!(segments.len(), 1);
    segments.remove(0)
}

#[test]
fn headers_and_separators() {
    for text in [
        "1325.1 1.0 0.1\n1325.2 1.1 0.1\n",
        "1325.1, 1.0, 0.1,\n1325.2, 1.1, 0.1,\n",
        "time,flux,flux_err\n1325.1,1.0,0.1\n1325.2,1.1,0.1\n",
        "# time,flux,flux_err\n1325.1,1.0,0.1\n1325.2,1.1,0.1\n",
        "# time flux flux_err\n1325.1,1.0,0.1\n1325.2,1.1,0.1\n",
        ",time,flux,flux_err,quality\n0,1325.1,1.0,0.1,0\n1,1325.2,1.1,0.1,0\n",
        "time\tflux\tflux_err\n1325.1\t1.0\t0.1\n1325.2\t1.1\t0.1\n",
        "time;flux;flux_err\n1325.1;1.0;0.1\n1325.2;1.1;0.1\n",
        "\n# made by hand, with care\n#--- --- ---\n# BJD  Flux   e_flux\n#--- --- ---\n 1325.1 1.0 1.0D-1\n 1325.2 1.1 0.1\n\n",
        "\"time\",\"flux\",\"flux_err\"\r\n1325.1,1.0,0.1\r\n1325.2,1.1,0.1\r\n",
        "   time  flux flux_err\n0 1325.1 1.0 0.1\n1 1325.2 1.1 0.1\n",
    ] {
        let segment = one(text);
        assert_eq!(segment.time, [1325.1, 1325.2], "{text}");
        assert_eq!(segment.flux, [1.0, 1.1], "{text}");
        assert_eq!(segment.flux_err, Some(vec![0.1, 0.1]), "{text}");
        assert_eq!(segment.label, "curve");
        assert_eq!(segment.time_system, TimeSystem::UNKNOWN);
    }
}

#[test]
fn exotic_file() {
    let text = "#TYPE=EXOPLANET\n#DELIM=,\n#DATE_TYPE=BJD_TDB\n#STAR_NAME=HAT-P-23\n#EXPOSURE_TIME=120.0\n#FILTER=I\n\
        # Use of this data is governed by: guidelines, so it says, and more\n#DATE,DIFF,ERR,DETREND_1,DETREND_2\n\
        2459790.956,1.0036,0.0032,0.0,1.0\n2459790.958,1.0062,0.0032,0.0,1.0\n";
    let layout = layout(text).unwrap();
    let config = ReadConfig::default();
    let roles = text_roles(&layout, &config).unwrap();
    assert_eq!(text_targets(text, &layout, &roles, &config).unwrap(), ["HAT-P-23"]);
    let segment = one(text);
    assert_eq!(segment.time_system, TimeSystem::BJD);
    assert_eq!(segment.exposure_time, Some(120.0 / 86_400.0));
    assert_eq!(segment.band.as_deref(), Some("I"));
}

#[test]
fn bands_become_segments() {
    let (segments, bad) = read("1.0 1.0 0.1 K2\n1.5 0.9 0.1 G \n2.0 1.1 0.1 K2\n").unwrap();
    assert!(bad.is_none());
    assert_eq!(segments.len(), 2);
    assert_eq!((segments[0].band.as_deref(), segments[0].time.len()), (Some("K2"), 2));
    assert_eq!((segments[1].label.as_str(), &segments[1].time[..]), ("curve G", &[1.5][..]));
}

#[test]
fn a_second_flux_is_no_error_but_a_placeholder_is_kept() {
    assert_eq!(one("2911.01, 0.99712, 1.00001,\n2911.03, 0.99703, 0.99998,\n").flux_err, None);
    assert_eq!(one("2911.01, 0.99712, 1.0\n2911.03, 0.99703, 1.0\n").flux_err, Some(vec![1.0, 1.0]));
    assert_eq!(one("2911.01 0.99712 0\n2911.03 0.99703 0\n").flux_err, Some(vec![0.0, 0.0]));
}

#[test]
fn several_targets_in_a_table() {
    let text = "tic_id,time,flux\n7,1.0,1.0\n8,1.0,2.0\n7,2.0,1.5\n";
    let layout = layout(text).unwrap();
    let config = ReadConfig::default();
    let roles = text_roles(&layout, &config).unwrap();
    assert_eq!(text_targets(text, &layout, &roles, &config).unwrap(), ["TIC 7", "TIC 8"]);
    let (segments, _) = segments(text, Path::new("a.csv"), "a.csv", "TIC 7", &config).unwrap();
    assert_eq!(segments[0].flux, [1.0, 1.5]);
}

#[test]
fn bad_rows_are_counted_and_named() {
    let good: String = (0..30).map(|i| format!("{i}.5 1.0 0.1\n")).collect();
    let (segments, bad) = read(&format!("{good}31.5 1.\u{fffd}x 0.1\n")).unwrap();
    assert_eq!(segments[0].time.len(), 30);
    assert!(matches!(bad, Some(ReadError::BadRows { bad: 1, rows: 31, line: 31, .. })), "{bad:?}");
    let error = read("1 1.0\n2 1.0\n3 1.0\n4 x\n5 y\n").unwrap_err();
    assert!(matches!(error, ReadError::BadRows { bad: 2, rows: 5, line: 4, .. }), "{error:?}");
}

#[test]
fn missing_values_are_nan() {
    let segment = one(",time,flux,flux_err\n0,1.0,,\n1,2.0,1.0,0.1\n2,3.0,NaN,0.1\n");
    assert!(segment.flux[0].is_nan() && segment.flux[2].is_nan());
    assert_eq!(segment.flux[1], 1.0);
}

#[test]
fn what_is_no_light_curve() {
    for (text, kind) in [
        ("", ErrorKind::Empty),
        ("\n \n", ErrorKind::Empty),
        ("# time flux\n", ErrorKind::NotALightCurve),
        ("{\"period\": 0.83, \"epoch\": 1683.8}", ErrorKind::NotALightCurve),
        ("rho Normal 2094,82\nP_p1 Normal 8.992,0.001\n", ErrorKind::NotALightCurve),
        ("RHO 7.0E-01 0.0 0.0\nNL1 4.2E-01 0.0 0.0\n", ErrorKind::NotALightCurve),
        ("2456894.49 K2\n2456894.51 K2\n", ErrorKind::NotALightCurve),
        (",bjd,rv,rv_err,na,na_err\n0,58408.8,-5678.7,2.3,6.9,0.1\n", ErrorKind::NotALightCurve),
        ("id,period,sectors\n1,3.69,\"1,2,3\"\n2,2.25,\"1,2\"\n", ErrorKind::NotALightCurve),
        ("parameter,value\nperiod,1.0\n", ErrorKind::NotALightCurve),
        ("#R,R_err,M\n#R_sun,R_sun,M_sun\n2.3,0.1,2.5\n", ErrorKind::NotALightCurve),
        ("#BJD_???,RV,RV_err\n2450829.9,-0.01,0.002\n", ErrorKind::NotALightCurve),
        ("Read me first.\nThis folder has data.\n", ErrorKind::NotALightCurve),
        ("time,flux\n1.0,nan\n2.0,nan\n", ErrorKind::Empty),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.kind(), kind, "{text:?} {error}");
    }
}

#[test]
fn centroids_of_a_table_go_with_their_rows_and_words_among_them_are_missing() {
    let text = "time,flux,flux_err,centroid_col,centroid_row,band\n1.0,1.0,0.1,10.5,20.5,g\n1.5,0.9,0.1,x,21.0,r\n\
                2.0,1.1,0.1,10.7,20.7,g\n";
    let (segments, bad) = read(text).unwrap();
    assert!(bad.is_none());
    let g = segments[0].centroid.as_ref().unwrap();
    assert_eq!((g.column.as_slice(), g.row.as_slice()), (&[10.5, 10.7][..], &[20.5, 20.7][..]));
    let r = segments[1].centroid.as_ref().unwrap();
    assert!(r.column[0].is_nan() && r.row == [21.0]);
    assert_eq!(one("time,flux\n1.0,1.0\n2.0,1.1\n").centroid, None);
}
