use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::io::read::config::FluxColumn;
use crate::io::read::{Apertures, QualityMask, ReadConfig, ReadError};
use crate::lightcurve::{RawSegment, TimeSystem};
use crate::star::Star;

/// A header of 80-column cards, padded to a block.
fn header(cards: &[(&str, &str)]) -> Vec<u8> {
    let mut out: Vec<u8> = cards
        .iter()
        .map(|(key, value)| format!("{key:<8}= {value:>20}"))
        .chain(["END".into()])
        .flat_map(|card| format!("{card:<80}").into_bytes())
        .collect();
    out.resize(out.len().next_multiple_of(2880), b' ');
    out
}

fn primary(cards: &[(&str, &str)]) -> Vec<u8> {
    let mut all = vec![("SIMPLE", "T"), ("BITPIX", "8"), ("NAXIS", "0")];
    all.extend(cards);
    header(&all)
}

/// A column for a test file: name, TFORM, unit and the big-endian bytes of each row.
struct Col(&'static str, &'static str, &'static str, Vec<Vec<u8>>);

fn doubles(name: &'static str, unit: &'static str, values: &[f64]) -> Col {
    Col(name, "D", unit, values.iter().map(|v| v.to_be_bytes().to_vec()).collect())
}
fn floats(name: &'static str, values: &[f64]) -> Col {
    Col(name, "E", "", values.iter().map(|v| (*v as f32).to_be_bytes().to_vec()).collect())
}
fn ints(name: &'static str, values: &[i32]) -> Col {
    Col(name, "1J", "", values.iter().map(|v| v.to_be_bytes().to_vec()).collect())
}

fn table(columns: &[Col], cards: &[(&str, &str)]) -> Vec<u8> {
    let rows = columns[0].3.len();
    let width: usize = columns.iter().map(|c| c.3.first().map_or(0, Vec::len)).sum();
    let (width, count, fields) = (width.to_string(), rows.to_string(), columns.len().to_string());
    let mut owned: Vec<(String, String)> = Vec::new();
    for (i, Col(name, form, unit, _)) in columns.iter().enumerate() {
        owned.push((format!("TTYPE{}", i + 1), format!("'{name}'")));
        owned.push((format!("TFORM{}", i + 1), format!("'{form}'")));
        if !unit.is_empty() {
            owned.push((format!("TUNIT{}", i + 1), format!("'{unit}'")));
        }
    }
    let mut all = vec![
        ("XTENSION", "'BINTABLE'"),
        ("BITPIX", "8"),
        ("NAXIS", "2"),
        ("NAXIS1", &width),
        ("NAXIS2", &count),
        ("PCOUNT", "0"),
        ("GCOUNT", "1"),
        ("TFIELDS", &fields),
    ];
    all.extend(owned.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    all.extend(cards);
    let mut out = header(&all);
    for row in 0..rows {
        out.extend(columns.iter().flat_map(|c| c.3[row].clone()));
    }
    out.resize(out.len().next_multiple_of(2880), 0);
    out
}

fn read_with(bytes: &[u8], name: &str, config: &ReadConfig) -> Result<(String, RawSegment, Star), ReadError> {
    let path = Path::new(name);
    let hdus = hdus(bytes)?;
    let tables = crate::io::read::tables(bytes, &hdus)?;
    let products = products(&tables, config)?;
    let (segment, star) = segment(&hdus, &tables, &products[0], path, name.into(), config)?;
    Ok((file_target(&hdus, path), segment, star))
}

fn read(bytes: &[u8], name: &str) -> Result<(String, RawSegment, Star), ReadError> {
    read_with(bytes, name, &ReadConfig::default())
}

const TIME: [f64; 4] = [1325.25, 1325.5, f64::NAN, 1326.0];

/// A file as TESS' pipeline writes them.
fn spoc() -> Vec<u8> {
    let cards = [
        ("OBJECT", "'TIC 1234'"),
        ("TICID", "1234"),
        ("SECTOR", "1"),
        ("TELESCOP", "'TESS'"),
        ("TEFF", "5800.0"),
        ("LOGG", "4.4"),
        ("RADIUS", ""),
    ];
    let columns = [
        doubles("TIME", "BJD - 2457000, days", &TIME),
        floats("SAP_FLUX", &[10.0, 11.0, 12.0, 13.0]),
        floats("SAP_FLUX_ERR", &[1.0; 4]),
        floats("PDCSAP_FLUX", &[100.0, f64::NAN, 120.0, 130.0]),
        floats("PDCSAP_FLUX_ERR", &[2.0; 4]),
        ints("QUALITY", &[0, 128, 0, 512]),
        doubles("MOM_CENTR1", "pixel", &[10.0, 10.5, 11.0, f64::NAN]),
        doubles("MOM_CENTR2", "pixel", &[20.0, 20.5, 21.0, 21.5]),
        floats("POS_CORR1", &[0.5, 0.25, 0.0, 0.0]),
        floats("POS_CORR2", &[-0.5, 0.0, 0.0, 0.0]),
    ];
    let times =
        [("EXTNAME", "'LIGHTCURVE'"), ("BJDREFI", "2457000"), ("BJDREFF", "0.5"), ("TIMEDEL", "1.388888888888889D-03")];
    [primary(&cards), table(&columns, &times)].concat()
}

#[test]
fn spoc_light_curve() {
    let (target, segment, star) = read(&spoc(), "a.fits").unwrap();
    assert_eq!(target, "TIC 1234");
    assert_eq!(segment.label, "S1");
    assert_eq!(segment.flux[0], 100.0);
    assert!(segment.flux[1].is_nan() && segment.time[2].is_nan());
    assert_eq!(segment.flux_err, Some(vec![2.0; 4]));
    assert_eq!(segment.flagged, Some(vec![false, true, false, false]));
    assert_eq!(segment.time_system, TimeSystem::with_offset(2_457_000.5));
    assert!((segment.exposure_time.unwrap() * 86_400.0 - 120.0).abs() < 1e-9);
    assert_eq!(segment.band.as_deref(), Some("TESS"));
    assert_eq!((star.teff_k.unwrap().value, star.radius_rsun), (5800.0, None));
    // The motion of the image is taken out.
    let centroid = segment.centroid.unwrap();
    assert_eq!((&centroid.column[..3], &centroid.row[..2]), (&[9.5, 10.25, 11.0][..], &[20.5, 20.5][..]));
    assert!(centroid.column[3].is_nan());

    let sap = ReadConfig { flux_column: FluxColumn::Sap, quality: QualityMask::Bits(512), ..ReadConfig::default() };
    let (_, segment, _) = read_with(&spoc(), "a.fits", &sap).unwrap();
    assert_eq!(segment.flux, [10.0, 11.0, 12.0, 13.0]);
    assert_eq!(segment.flux_err, Some(vec![1.0; 4]));
    assert_eq!(segment.flagged, Some(vec![false, false, false, true]));
}

#[test]
fn early_kepler_names() {
    let columns = [
        doubles("barytime", "days", &[54_964.5, 54_965.0]),
        floats("ap_raw_flux", &[4.0, 5.0]),
        floats("ap_corr_flux", &[6.0, f64::NEG_INFINITY]),
        floats("ap_corr_err", &[0.1, 0.1]),
    ];
    let cards = [("KEPLERID", "757076"), ("TELESCOP", "'Kepler'"), ("QUARTER", "1")];
    let (target, segment, _) = read(&[primary(&cards), table(&columns, &[])].concat(), "a.fits").unwrap();
    assert_eq!((target.as_str(), segment.label.as_str()), ("KIC 757076", "Q1"));
    assert_eq!(segment.time_system, TimeSystem::with_offset(2_400_000.0));
    assert!(segment.flux[0] == 6.0 && segment.flux[1].is_nan());
}

/// K2SFF: an extension an aperture; the best by default, all on request.
#[test]
fn apertures_of_k2sff() {
    let aperture = |name: &'static str, flux: f64| {
        let columns = [
            doubles("T", "", &[1977.0, 1977.5]),
            doubles("FRAW", "", &[1.0, 1.1]),
            doubles("FCOR", "", &[flux, 1.0]),
            doubles("ARCLENGTH", "", &[0.0, 0.0]),
            ints("MOVING", &[0, 1]),
        ];
        table(&columns, &[("EXTNAME", name), ("BJDREFI", "2454833")])
    };
    let cards = [("KEPLERID", "201367065"), ("MISSION", "'K2'"), ("CAMPAIGN", "1")];
    let bytes =
        [primary(&cards), aperture("'CIRC_APER0'", 3.0), aperture("'BESTAPER'", 2.0), aperture("'CIRC_APER1'", 4.0)]
            .concat();
    let (target, segment, _) = read(&bytes, "a.fits").unwrap();
    assert_eq!((target.as_str(), segment.label.as_str(), segment.flux[0]), ("EPIC 201367065", "C1", 2.0));
    assert_eq!(segment.flagged, Some(vec![false, true]));
    assert_eq!(segment.time_system, TimeSystem::BKJD);
    let config = ReadConfig { apertures: Apertures::All, ..ReadConfig::default() };
    let hdus = hdus(&bytes).unwrap();
    let tables = crate::io::read::tables(&bytes, &hdus).unwrap();
    let names: Vec<String> = products(&tables, &config).unwrap().into_iter().map(|p| p.aperture).collect();
    assert_eq!(names, ["BESTAPER", "CIRC_APER0", "CIRC_APER1"]);
}

#[test]
fn tglc_and_qlp() {
    let tglc = [
        doubles("time", "", &[1325.0, 1325.5]),
        floats("aperture_flux", &[9.0, 9.0]),
        floats("cal_psf_flux", &[2.0, 2.0]),
        floats("cal_aper_flux", &[1.0, 1.1]),
        ints("TESS_flags", &[32, 0]),
        ints("TGLC_flags", &[0, 1]),
    ];
    let cards = [("TICID", "'389023759'"), ("TELESCOP", "'TESS'"), ("OBJECT", "'Gaia DR3 1'")];
    let keys = [("BJDREFI", "2457000"), ("CAPE_ERR", "0.25"), ("XPTIME", "1800"), ("TIMEDEL", "0.0217")];
    let (target, segment, _) = read(&[primary(&cards), table(&tglc, &keys)].concat(), "a.fits").unwrap();
    assert_eq!(target, "TIC 389023759");
    assert_eq!((segment.flux[1] as f32, segment.flux_err), (1.1, Some(vec![0.25; 2])));
    assert_eq!(segment.flagged, Some(vec![true, true]));
    assert_eq!(segment.exposure_time, Some(1800.0 / 86_400.0));

    let qlp = [
        doubles("TIME", "BJD-2457000, days", &[1653.0, 1653.5]),
        floats("SAP_FLUX", &[5.0, 5.0]),
        floats("KSPSAP_FLUX", &[1.0, 1.0]),
        floats("KSPSAP_FLUX_ERR", &[0.1, 0.1]),
        ints("QUALITY", &[4096, 16]),
        ints("ORBITID", &[33, 33]),
    ];
    let cards = [("TICID", "254113311"), ("TELESCOP", "'TESS'"), ("ORIGIN", "'MIT/QLP'"), ("SECTOR", "13")];
    let (_, segment, _) = read(&[primary(&cards), table(&qlp, &[])].concat(), "a.fits").unwrap();
    assert_eq!((segment.flux[0], segment.label.as_str()), (1.0, "S13"));
    assert_eq!(segment.flagged, Some(vec![true, false]));
    assert_eq!(segment.time_system, TimeSystem::BTJD);
}

#[test]
fn names_without_a_mission() {
    let columns = [floats("TIME", &[120.5, 121.0]), floats("FLUX", &[1.0, 1.1]), floats("FERR", &[0.1, 0.1])];
    let bytes = [primary(&[]), table(&columns, &[])].concat();
    let (target, segment, _) = read(&bytes, "kplr011904151-2009131105131_llc-untrend.fits").unwrap();
    assert_eq!((target.as_str(), segment.time_system), ("KIC 11904151", TimeSystem::BKJD));
    let (target, segment, _) = read(&bytes, "dir/star.fits").unwrap();
    assert_eq!((target.as_str(), segment.time_system), ("star", TimeSystem::UNKNOWN));
    let columns = [doubles("TIME", "", &[1.0]), doubles("RV", "", &[1.0])];
    let error = read(&[primary(&[]), table(&columns, &[])].concat(), "a.fits").unwrap_err();
    assert_eq!(error.kind().as_str(), "not_a_light_curve");
}

#[test]
fn scaled_and_null_integers() {
    let columns = [doubles("TIME", "", &[1.0, 2.0, 3.0]), ints("FLUX", &[-1, 10, 20])];
    let bytes = [primary(&[]), table(&columns, &[("TNULL2", "-1"), ("TSCAL2", "0.5"), ("TZERO2", "100.0")])].concat();
    let (_, segment, _) = read(&bytes, "a.fits").unwrap();
    assert!(segment.flux[0].is_nan());
    assert_eq!(segment.flux[1..], [105.0, 110.0]);
}

#[test]
fn damage_is_named() {
    let good = spoc();
    let replace = |from: &str, to: &str| {
        let text: Vec<u8> = good.clone();
        let at = text.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        let mut out = text;
        out[at..at + to.len()].copy_from_slice(to.as_bytes());
        out
    };
    let error = |bytes: &[u8]| match read(bytes, "a.fits").unwrap_err() {
        ReadError::Fits(error) => error,
        other => panic!("{other}"),
    };
    assert!(matches!(error(&good[..good.len() - 2880]), FitsError::Truncated { hdu: 1, available: 0, .. }));
    assert!(matches!(error(&good[..3000]), FitsError::NoEnd { at: 2880, .. }));
    assert!(matches!(error(&good[..500]), FitsError::NoEnd { at: 0, .. }));
    assert!(matches!(error(&good[..2880]), FitsError::NoTable { tables: 0, .. }));
    assert!(matches!(error(&good[..2000]), FitsError::NoTable { tables: 0, .. }));
    // An empty table whose header is cut off inside its padding.
    let empty = replace("NAXIS2  =                    4", "NAXIS2  =                    0");
    assert!(read(&empty[..5000], "a.fits").is_err());
    let number = |key: &str, value: &str| replace(&format!("{key:<8}= "), &format!("{key:<8}= {value:>20}"));
    assert!(matches!(error(&number("NAXIS2", "9223372036854775807")), FitsError::Keyword { hdu: 1, .. }));
    assert!(matches!(error(&number("NAXIS2", "-4")), FitsError::Keyword { hdu: 1, .. }));
    assert!(matches!(error(&number("NAXIS2", "4000000")), FitsError::Truncated { hdu: 1, .. }));
    assert!(matches!(error(&number("NAXIS1", "7")), FitsError::RowWidth { hdu: 1, row: 7, .. }));
    assert!(matches!(error(&number("TFIELDS", "1000")), FitsError::Keyword { .. }));
    assert!(matches!(error(&number("TFORM1", "'9999999999999999999D'")), FitsError::Form { column: 1, .. }));
    assert!(matches!(error(&number("TFORM1", "'Z'")), FitsError::Form { column: 1, .. }));
    let mut not_ascii = good.clone();
    let at = good.windows(6).position(|w| w == b"TFORM1").unwrap();
    not_ascii[at + 27..at + 30].copy_from_slice(&[0xff, 0xfe, b'\'']);
    assert!(read(&not_ascii, "a.fits").is_err());
    assert_eq!(error(b"SIMPLE  =                    F"), FitsError::NoEnd { at: 0, bytes: 30 });
    assert_eq!(error(b"hello"), FitsError::NotFits);
}

/// Bytes and header values a damaged or hostile file may hold.
fn mutate(bytes: &mut Vec<u8>, edits: &[(usize, u8)], cut: usize) {
    for (at, value) in edits {
        let at = at % bytes.len();
        bytes[at] = *value;
    }
    bytes.truncate(cut % (bytes.len() + 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Whatever happens to a file, reading it returns, and never yields more cadences than its bytes could hold.
    #[test]
    fn no_damage_panics(
        edits in prop::collection::vec((0usize..20_000, prop_oneof![any::<u8>(), prop::sample::select(b"0123456789DEJKPQX'-=/ ".to_vec())]), 0..12),
        cut in prop_oneof![4 => Just(usize::MAX - 1), 1 => 0usize..20_000],
    ) {
        let mut bytes = spoc();
        let cut = if cut == usize::MAX - 1 { bytes.len() } else { cut };
        mutate(&mut bytes, &edits, cut);
        if let Ok((_, segment, _)) = read(&bytes, "a.fits") {
            prop_assert!(segment.time.len() <= bytes.len());
        }
    }

    /// The same, aimed at the numbers that sizes are made of.
    #[test]
    fn no_size_panics(
        key in prop::sample::select(vec!["NAXIS1", "NAXIS2", "NAXIS", "PCOUNT", "GCOUNT", "TFIELDS", "BITPIX"]),
        value in prop_oneof![any::<i64>(), -3i64..300],
        cut in 0usize..9000,
    ) {
        let mut bytes = spoc();
        let pattern = format!("{key:<8}= ");
        let places: Vec<usize> = bytes.windows(10).enumerate().filter(|(_, w)| *w == pattern.as_bytes()).map(|(i, _)| i).collect();
        for at in places {
            bytes[at + 10..at + 30].copy_from_slice(format!("{value:>20}").as_bytes());
        }
        let length = bytes.len();
        bytes.truncate(length.saturating_sub(cut.saturating_sub(4500)));
        if let Ok((_, segment, _)) = read(&bytes, "a.fits") {
            prop_assert!(segment.time.len() <= bytes.len());
        }
    }
}

#[test]
fn momentum_dumps_are_told_by_the_mission_s_bit() {
    let time = [1325.0, 1325.1, 1325.2, 1325.3, f64::NAN, 1325.5];
    let file = |cards: &[(&str, &str)], bit: i32| {
        let columns = [
            doubles("TIME", "days", &time),
            floats("PDCSAP_FLUX", &[100.0; 6]),
            ints("QUALITY", &[0, bit, bit + 1, 8, bit, bit]),
        ];
        let bytes = [primary(cards), table(&columns, &[("EXTNAME", "'LIGHTCURVE'")])].concat();
        read(&bytes, "a.fits").unwrap().1.momentum_dumps
    };
    // one of each run of cadences
    assert_eq!(file(&[("TELESCOP", "'TESS'"), ("TICID", "1")], 32), [1325.1]);
    assert_eq!(file(&[("TELESCOP", "'Kepler'"), ("KEPLERID", "1")], 32), [1325.1]);
    assert_eq!(file(&[("TELESCOP", "'Kepler'"), ("MISSION", "'K2'"), ("KEPLERID", "1")], 1 << 20), [1325.1]);
    assert!(file(&[("TELESCOP", "'elsewhere'")], 32).is_empty());
}
