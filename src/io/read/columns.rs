//! Which column is the time, the flux and so on, judged by the names that light curves go by.

use super::config::{FluxColumn, FluxUnit, ReadConfig};
use super::error::ReadError;

/// Positions of the columns to use among those of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::io) struct Roles {
    pub(in crate::io) time: usize,
    pub(in crate::io) flux: usize,
    pub(in crate::io) flux_err: Option<usize>,
    pub(in crate::io) quality: Option<usize>,
    /// Column and row of the centroid of the light.
    pub(in crate::io) centroid: Option<(usize, usize)>,
    pub(in crate::io) band: Option<usize>,
    pub(in crate::io) target: Option<usize>,
    /// The flux column holds magnitudes.
    pub(in crate::io) magnitudes: bool,
}

/// Fluxes corrected for systematics, best first.
const CORRECTED: [&str; 16] = [
    "pdcsap_flux",
    "kspsap_flux",
    "det_flux",
    "cal_aper_flux",
    "cal_psf_flux",
    "corrflux",
    "corr_flux",
    "flux_corr",
    "corrected_flux",
    "flux_corrected",
    "fcor",
    "cor_flux",
    "flux_cor",
    "ap_corr_flux",
    "psf_flux_corr",
    "pca_flux",
];
/// Fluxes that say no more than that.
const PLAIN: [&str; 14] = [
    "flux",
    "relative_flux",
    "rel_flux",
    "flux_rel",
    "norm_flux",
    "normalized_flux",
    "normalised_flux",
    "flux_norm",
    "flux_normalized",
    "rnflux",
    "diff",
    "binflux",
    "detrended_flux",
    "flux_detrended",
];
/// Fluxes as measured.
const RAW: [&str; 7] = ["sap_flux", "fraw", "raw_flux", "flux_raw", "ap_raw_flux", "aperture_flux", "flux_sap"];
/// Last resort, in files that name nothing a flux.
const LAST: [&str; 4] = ["detrended_data", "data", "f", "y"];

const TIMES: [&str; 20] = [
    "time",
    "t",
    "times",
    "jd",
    "hjd",
    "mjd",
    "rjd",
    "date",
    "dates",
    "time_jd",
    "time_bjd",
    "bintime",
    "obs_time",
    "timestamp",
    "epoch",
    "day",
    "days",
    "tmid",
    "barytime",
    "x",
];
const BARYCENTRIC: [&str; 7] = ["btjd", "bkjd", "tbjd", "bjd", "bmjd", "tmid_bjd", "time_btjd"];
const QUALITY: [&str; 9] =
    ["quality", "sap_quality", "quality_flag", "quality_flags", "flag", "flags", "qual", "qflag", "tess_flags"];
/// Centroids of the light, column and row (pixels), best first: of Kepler and SPOC, of QLP, and of tables made of them.
pub(super) const CENTROIDS: [(&str, &str); 5] = [
    ("mom_centr1", "mom_centr2"),
    ("sap_x", "sap_y"),
    ("centroid_col", "centroid_row"),
    ("centroid_column", "centroid_row"),
    ("centroid_x", "centroid_y"),
];
const BANDS: [&str; 8] = ["band", "filter", "inst", "instrument", "telescope", "passband", "filt", "filtername"];
const TARGETS: [&str; 18] = [
    "target_id",
    "target",
    "tic",
    "ticid",
    "tic_id",
    "kic",
    "kicid",
    "kepid",
    "keplerid",
    "epic",
    "epic_id",
    "epicid",
    "object_id",
    "objectid",
    "source_id",
    "star_id",
    "object",
    "id",
];
const ERROR_WORDS: [&str; 9] = ["err", "error", "errors", "errs", "unc", "uncertainty", "sigma", "e", "std"];
const PLAIN_ERRORS: [&str; 20] = [
    "flux_err",
    "fluxerr",
    "flux_error",
    "flux_errors",
    "e_flux",
    "err_flux",
    "error_flux",
    "ferr",
    "err",
    "error",
    "errors",
    "sigma",
    "unc",
    "uncertainty",
    "flux_unc",
    "flux_uncertainty",
    "sigma_flux",
    "dflux",
    "yerr",
    "rel_flux_err",
];
const NOT_A_FLUX: [&str; 16] = [
    "bkg",
    "background",
    "bg",
    "model",
    "trend",
    "sky",
    "flag",
    "quality",
    "pred",
    "residual",
    "residuals",
    "ratio",
    "weight",
    "fraction",
    "comparison",
    "total",
];

/// A name in lower case, what is in brackets left out, its words joined by `_`.
pub(in crate::io) fn normalise(name: &str) -> String {
    let mut depth = 0;
    let bare: String = name
        .chars()
        .filter(|c| match c {
            '(' | '[' => {
                depth += 1;
                false
            }
            ')' | ']' => {
                depth -= 1;
                false
            }
            _ => depth <= 0,
        })
        .collect();
    // A name that is nothing but brackets keeps what is in them.
    let bare = if bare.trim().is_empty() { name } else { &bare };
    let words: Vec<String> = bare
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("_")
}

/// Finds the roles of columns called `names`; what the configuration names must be there.
pub(in crate::io) fn roles(names: &[String], config: &ReadConfig) -> Result<Roles, ReadError> {
    let norm: Vec<String> = names.iter().map(|n| normalise(n)).collect();
    let named = |wanted: &Option<String>| -> Result<Option<usize>, ReadError> {
        let Some(wanted) = wanted else { return Ok(None) };
        names
            .iter()
            .position(|n| n.trim().eq_ignore_ascii_case(wanted.trim()))
            .map(Some)
            .ok_or_else(|| ReadError::NoColumn { column: wanted.clone(), found: names.to_vec() })
    };
    let missing = |missing| ReadError::NotALightCurve { missing, found: names.to_vec() };
    let columns = &config.columns;
    // A name that the user gave and the table lacks is the better reason, so those come first.
    let (named_time, named_flux) = (named(&columns.time)?, named(&columns.flux)?);
    let time = match named_time {
        Some(index) => index,
        None => find_time(&norm).ok_or_else(|| missing("time"))?,
    };
    let (flux, is_magnitude) = match named_flux {
        Some(index) => (index, is_magnitude(&norm[index])),
        None => find_flux(&norm, time, config.flux_column).ok_or_else(|| missing("flux"))?,
    };
    let exact = |list: &[&str]| list.iter().find_map(|w| norm.iter().position(|n| n == w));
    Ok(Roles {
        time,
        flux,
        flux_err: named(&columns.flux_err)?.or_else(|| find_error(&norm, flux)),
        quality: named(&columns.quality)?.or_else(|| exact(&QUALITY)),
        centroid: CENTROIDS.iter().find_map(|(column, row)| Some((exact(&[column])?, exact(&[row])?))),
        band: named(&columns.band)?.or_else(|| exact(&BANDS)),
        target: target_column(names, config).unwrap_or_default(),
        magnitudes: match config.flux_unit {
            FluxUnit::Auto => is_magnitude,
            FluxUnit::Flux => false,
            FluxUnit::Magnitude => true,
        },
    })
}

/// Whether any of the names is one that a light curve's table would have.
pub(in crate::io) fn any_role(names: &[String]) -> bool {
    let norm: Vec<String> = names.iter().map(|n| normalise(n)).collect();
    find_time(&norm).is_some()
        || find_flux(&norm, usize::MAX, FluxColumn::Pdcsap).is_some()
        || norm.iter().any(|n| is_velocity(n))
}

/// The column that names the target.
pub(in crate::io) fn target_column(names: &[String], config: &ReadConfig) -> Result<Option<usize>, ReadError> {
    if let Some(wanted) = &config.columns.target {
        let found = names.iter().position(|n| n.trim().eq_ignore_ascii_case(wanted.trim()));
        return found.map(Some).ok_or_else(|| ReadError::NoColumn { column: wanted.clone(), found: names.to_vec() });
    }
    let norm: Vec<String> = names.iter().map(|n| normalise(n)).collect();
    Ok(TARGETS.iter().find_map(|w| norm.iter().position(|n| n == w)))
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split('_')
}

fn is_velocity(name: &str) -> bool {
    words(name).any(|w| matches!(w, "rv" | "rvs" | "vel" | "velocity" | "rvc" | "vrad" | "radvel"))
}

fn find_time(norm: &[String]) -> Option<usize> {
    let barycentric = norm.iter().position(|n| {
        BARYCENTRIC.iter().any(|w| n == w || n.strip_prefix(w).is_some_and(|rest| rest.starts_with('_')))
            && !words(n).any(|w| ERROR_WORDS.contains(&w))
    });
    let exact = || TIMES.iter().find_map(|w| norm.iter().position(|n| n == w));
    let prefixed = || {
        norm.iter().position(|n| {
            let first = words(n).next().unwrap_or_default();
            matches!(first, "time" | "jd" | "hjd" | "mjd")
                && !words(n).any(|w| ERROR_WORDS.contains(&w) || matches!(w, "corr" | "correction" | "phase"))
                && !n.contains("transit")
        })
    };
    barycentric.or_else(exact).or_else(prefixed)
}

fn is_magnitude(name: &str) -> bool {
    words(name).any(|w| matches!(w, "mag" | "mags" | "magnitude" | "dmag"))
        && !words(name).any(|w| ERROR_WORDS.contains(&w))
}

fn find_flux(norm: &[String], time: usize, preferred: FluxColumn) -> Option<(usize, bool)> {
    let exact = |list: &[&str]| list.iter().find_map(|w| norm.iter().position(|n| n == w));
    let other = |i: usize| i != time;
    let listed = match preferred {
        FluxColumn::Pdcsap => exact(&CORRECTED).or_else(|| exact(&PLAIN)).or_else(|| exact(&RAW)),
        FluxColumn::Sap => exact(&RAW).or_else(|| exact(&PLAIN)).or_else(|| exact(&CORRECTED)),
    };
    let containing = || {
        norm.iter().enumerate().position(|(i, n)| {
            other(i)
                && n.contains("flux")
                && !words(n).any(|w| NOT_A_FLUX.contains(&w) || ERROR_WORDS.contains(&w) || w.ends_with("err"))
        })
    };
    let magnitude = || norm.iter().position(|n| is_magnitude(n));
    listed
        .or_else(containing)
        .map(|i| (i, false))
        .or_else(|| magnitude().map(|i| (i, true)))
        .or_else(|| exact(&LAST).map(|i| (i, false)))
        .filter(|(i, _)| other(*i))
}

fn find_error(norm: &[String], flux: usize) -> Option<usize> {
    let of_flux = norm.iter().position(|n| {
        let rest: Vec<&str> = words(n).filter(|w| !ERROR_WORDS.contains(w)).collect();
        rest.len() < words(n).count() && rest.join("_") == norm[flux]
    });
    let fused = || norm.iter().position(|n| n.strip_suffix("err").is_some_and(|rest| rest == norm[flux]));
    let plain = || PLAIN_ERRORS.iter().find_map(|w| norm.iter().position(|n| n == w));
    of_flux.or_else(fused).or_else(plain).filter(|i| *i != flux)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(names: &[&str]) -> Result<Roles, ReadError> {
        roles(&names.iter().map(|n| n.to_string()).collect::<Vec<_>>(), &ReadConfig::default())
    }

    #[test]
    fn headers_seen_in_the_wild() {
        let cases: [(&[&str], usize, usize, Option<usize>); 14] = [
            (&["time", "flux", "flux_err"], 0, 1, Some(2)),
            (&["", "time", "flux", "flux_err", "background_flux", "quality"], 1, 2, Some(3)),
            (&["#BJD_TDB", "flux", "flux_err"], 0, 1, Some(2)),
            (&["Time (JD)", "Relative Flux", "Relative Flux Error"], 0, 1, Some(2)),
            (&["BJD - 2450000(d)", "Flux", "e_flux"], 0, 1, Some(2)),
            (&["Dates", "Flux", "Corrflux", "Xpos", "Ypos"], 0, 2, None),
            (&["DATE", "DIFF", "ERR", "DETREND_1"], 0, 1, Some(2)),
            (&["Time from Midtransit", "BJD-2454833", "Detrended flux"], 1, 2, None),
            (
                &["BJD", "Detrended data", "Detrended data errors", "Original data", "Original data errors"],
                0,
                1,
                Some(2),
            ),
            (&["bintime", "binflux", "binflux_err"], 0, 1, Some(2)),
            (&["time", "flux_detrended", "flux_err", "trend"], 0, 1, Some(2)),
            (&["epoch", "flux", "flux_err", "dx", "sky"], 0, 1, Some(2)),
            (&["TIME", "SAP_FLUX", "SAP_FLUX_ERR", "PDCSAP_FLUX", "PDCSAP_FLUX_ERR"], 0, 3, Some(4)),
            (&["hjd", "mag", "mag_err"], 0, 1, Some(2)),
        ];
        for (names, time, flux, flux_err) in cases {
            let roles = find(names).unwrap();
            assert_eq!((roles.time, roles.flux, roles.flux_err), (time, flux, flux_err), "{names:?}");
        }
    }

    #[test]
    fn other_tables_are_refused() {
        for names in [
            &["bjd", "rv", "rv_err", "fwhm"][..],
            &["Telescope", "BJD", "Vel(m/s)", "ErrVel(m/s)"],
            &["time", "error", "epoch"],
            &["name", "value", "fit", "bounds"],
            &["candidate", "t0", "depth", "depth_err"],
            &["parameter", "value"],
        ] {
            assert!(matches!(find(names), Err(ReadError::NotALightCurve { .. })), "{names:?}");
        }
    }

    #[test]
    fn sap_on_request() {
        let config = ReadConfig { flux_column: FluxColumn::Sap, ..ReadConfig::default() };
        let names = ["TIME", "SAP_FLUX", "KSPSAP_FLUX", "KSPSAP_FLUX_ERR"].map(String::from);
        let roles = roles(&names, &config).unwrap();
        assert_eq!((roles.flux, roles.flux_err), (1, None));
    }
}
