//! How the missions and pipelines lay out their tables.

/// Where the errors of a flux are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Errors {
    Column(&'static str),
    /// One value for all cadences, in a header keyword.
    Keyword(&'static str),
    Absent,
}

/// Columns by which a pipeline's files are known, and what they mean.
pub(super) struct Layout {
    pub(super) time: &'static str,
    pub(super) corrected: &'static [(&'static str, Errors)],
    pub(super) raw: &'static [(&'static str, Errors)],
    /// Further apertures of the corrected flux.
    pub(super) others: &'static [(&'static str, Errors)],
    /// Flag columns, and for those with bits of their own the bits that count.
    pub(super) quality: &'static [(&'static str, Option<u32>)],
    /// A column that no other layout has, where the above are not telling.
    pub(super) mark: &'static str,
    /// Each extension is an aperture; the named one is best, and the other is the raw one.
    pub(super) extensions: Option<(&'static str, &'static str)>,
    pub(super) preference: u8,
    /// BJD less the time where the header is silent.
    pub(super) time_offset: Option<f64>,
}

/// How far the image has moved, by the motion of the field's stars (Kepler and SPOC).
pub(super) const IMAGE_MOTION: (&str, &str) = ("pos_corr1", "pos_corr2");

use Errors::{Absent, Column as InColumn, Keyword};

/// Preference among products of the same photons: K2SC, K2SFF (both correct K2's roll), mission pipelines, QLP, early
/// Kepler files, TGLC, anything else.
pub(super) const LAYOUTS: [Layout; 6] = [
    Layout {
        time: "time",
        corrected: &[("flux", InColumn("error"))],
        raw: &[],
        others: &[],
        // K2SC's own bit 0 is what it made of the mission's flags.
        quality: &[("quality", None), ("mflags", Some(1))],
        mark: "trposi",
        extensions: Some(("PDC", "SAP")),
        preference: 220,
        time_offset: Some(2_454_833.0),
    },
    Layout {
        time: "t",
        corrected: &[("fcor", Absent)],
        raw: &[("fraw", Absent)],
        others: &[],
        quality: &[("moving", Some(u32::MAX))],
        mark: "arclength",
        extensions: Some(("BESTAPER", "BESTAPER")),
        preference: 210,
        time_offset: Some(2_454_833.0),
    },
    Layout {
        time: "time",
        corrected: &[("pdcsap_flux", InColumn("pdcsap_flux_err"))],
        raw: &[("sap_flux", InColumn("sap_flux_err"))],
        others: &[],
        quality: &[("quality", None), ("sap_quality", None)],
        mark: "pdcsap_flux",
        extensions: None,
        preference: 200,
        time_offset: None,
    },
    Layout {
        time: "time",
        corrected: &[("kspsap_flux", InColumn("kspsap_flux_err")), ("det_flux", InColumn("det_flux_err"))],
        raw: &[("sap_flux", Absent)],
        others: &[
            ("kspsap_flux_sml", Absent),
            ("kspsap_flux_lag", Absent),
            ("det_flux_sml", Absent),
            ("det_flux_lag", Absent),
        ],
        quality: &[("quality", None)],
        mark: "orbitid",
        extensions: None,
        preference: 150,
        time_offset: Some(2_457_000.0),
    },
    Layout {
        time: "barytime",
        corrected: &[("ap_corr_flux", InColumn("ap_corr_err"))],
        raw: &[("ap_raw_flux", InColumn("ap_raw_err"))],
        others: &[],
        quality: &[],
        mark: "barytime",
        extensions: None,
        preference: 145,
        time_offset: Some(2_400_000.0),
    },
    Layout {
        time: "time",
        corrected: &[("cal_aper_flux", Keyword("CAPE_ERR"))],
        raw: &[("aperture_flux", Keyword("APER_ERR"))],
        others: &[("cal_psf_flux", Keyword("CPSF_ERR"))],
        quality: &[("tess_flags", None), ("tglc_flags", Some(u32::MAX))],
        mark: "tglc_flags",
        extensions: None,
        preference: 140,
        time_offset: Some(2_457_000.0),
    },
];

#[cfg(test)]
#[test]
fn layouts_are_spelled_as_compared() {
    for layout in &LAYOUTS {
        assert_eq!(crate::io::read::columns::normalise(layout.time), layout.time);
    }
}
