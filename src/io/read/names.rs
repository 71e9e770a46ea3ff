//! Names of targets: catalogues, header fields, file names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The catalogues whose numbers name targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Catalogue {
    Tic,
    Kic,
    Epic,
}

impl Catalogue {
    /// `TIC 261136679`.
    pub(in crate::io) fn id(self, number: i64) -> String {
        let prefix = match self {
            Self::Tic => "TIC",
            Self::Kic => "KIC",
            Self::Epic => "EPIC",
        };
        format!("{prefix} {number}")
    }

    /// Kepler's KEPLERID holds KIC and EPIC numbers, which do not overlap: EPIC begins at 200 000 000.
    pub(in crate::io) fn of_kepler_id(number: i64) -> Self {
        if number >= 200_000_000 { Self::Epic } else { Self::Kic }
    }

    /// The catalogue that a column or header field of this (normalised) name numbers.
    pub(in crate::io) fn of_field(name: &str) -> Option<Self> {
        match name {
            "tic" | "ticid" | "tic_id" => Some(Self::Tic),
            "kic" | "kicid" | "kic_id" => Some(Self::Kic),
            "epic" | "epicid" | "epic_id" => Some(Self::Epic),
            _ => None,
        }
    }
}

/// `TIC 123` from `TIC123`, `tic-123`, `TIC 0000123`; `None` for other names.
pub(in crate::io) fn catalogue_id(name: &str) -> Option<String> {
    let name = name.trim();
    for (prefix, catalogue) in [("TIC", Catalogue::Tic), ("KIC", Catalogue::Kic), ("EPIC", Catalogue::Epic)] {
        let Some(head) = name.get(..prefix.len()) else { continue };
        if head.eq_ignore_ascii_case(prefix) {
            let number = name[prefix.len()..].trim_start_matches([' ', '-', '_', ':']);
            return number.parse().ok().map(|n| catalogue.id(n));
        }
    }
    None
}

/// The name of a target as a table holds it, in a column or field called `field`.
pub fn target_name(field: &str, value: &str) -> String {
    let value = value.trim();
    if let (Some(catalogue), Ok(number)) = (Catalogue::of_field(field), value.parse()) {
        return catalogue.id(number);
    }
    if let ("kepid" | "keplerid", Ok(number)) = (field, value.parse()) {
        return Catalogue::of_kepler_id(number).id(number);
    }
    catalogue_id(value).unwrap_or_else(|| value.to_string())
}

/// The target in a file name of the archives: `kplr011904151-…`, `ktwo211841249-…`, `tess…-s0001-0000000261136679-…`,
/// `hlsp_k2sff_…_201367065-c01_…`, `hlsp_qlp_tess_ffi_s0013-0000000254113311_…`.
pub(in crate::io) fn mission_file_target(path: &Path) -> Option<(Catalogue, i64)> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let digits = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        text[..end].parse::<i64>().ok().map(|n| (n, end))
    };
    for (prefix, width) in [("kplr", 9), ("ktwo", 9)] {
        if let Some(rest) = name.strip_prefix(prefix) {
            return digits(rest).filter(|(_, n)| *n == width).map(|(n, _)| (Catalogue::of_kepler_id(n), n));
        }
    }
    let tess = name.starts_with("tess") || (name.starts_with("hlsp_") && name.contains("tess"));
    let k2 = name.starts_with("hlsp_k2") || (name.starts_with("hlsp_") && name.contains("_k2_"));
    let width = if tess { 16 } else { 9 };
    if !tess && !k2 {
        return None;
    }
    name.split(['-', '_'])
        .find_map(|part| digits(part).filter(|(_, n)| *n == width && part.len() == width))
        .map(|(n, _)| (if tess { Catalogue::Tic } else { Catalogue::Epic }, n))
}

/// File name without `.gz` and its extension.
pub(in crate::io) fn file_stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match name.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty() && extension.chars().all(|c| c.is_ascii_alphanumeric()) && extension.len() <= 8 =>
        {
            stem.to_string()
        }
        _ => name.to_string(),
    }
}

/// Names for files that name no target themselves: the stem, with folders before it, or the whole file name, where
/// others share it.
pub(super) fn tell_apart<P>(parts: Vec<P>, path: impl Fn(&P) -> PathBuf) -> Vec<(P, String)> {
    let mut by_stem: BTreeMap<String, Vec<(PathBuf, P)>> = BTreeMap::new();
    for part in parts {
        let path = path(&part);
        by_stem.entry(file_stem(&path)).or_default().push((path, part));
    }
    let mut out = Vec::new();
    for (stem, parts) in by_stem {
        let name = |path: &Path, depth: usize, whole: bool| -> String {
            let folders: Vec<String> = path
                .parent()
                .into_iter()
                .flat_map(Path::components)
                .map(|c| c.as_os_str().to_string_lossy().into_owned())
                .collect();
            let last = match whole {
                true => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                false => stem.clone(),
            };
            folders[folders.len().saturating_sub(depth)..].iter().cloned().chain([last]).collect::<Vec<_>>().join("/")
        };
        let distinct = |depth: usize, whole: bool| {
            let mut names: Vec<String> = parts.iter().map(|(path, _)| name(path, depth, whole)).collect();
            names.sort_unstable();
            names.windows(2).all(|w| w[0] != w[1])
        };
        let deepest = parts.iter().map(|(path, _)| path.components().count()).max().unwrap_or(0);
        let choices = [(0, false), (0, true)].into_iter().chain((1..=deepest).flat_map(|d| [(d, false), (d, true)]));
        let (depth, whole) = choices.into_iter().find(|(d, w)| distinct(*d, *w)).unwrap_or((deepest, true));
        out.extend(parts.into_iter().map(|(path, part)| (part, name(&path, depth, whole))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_in_file_names() {
        let cases = [
            ("kplr011904151-2009131105131_llc-untrend.fits", Some((Catalogue::Kic, 11_904_151))),
            ("ktwo211841249-c05_llc.fits", Some((Catalogue::Epic, 211_841_249))),
            ("tess2018206045859-s0001-0000000261136679-0120-s_lc.fits", Some((Catalogue::Tic, 261_136_679))),
            ("hlsp_k2sff_k2_lightcurve_201367065-c01_kepler_v1_llc.fits", Some((Catalogue::Epic, 201_367_065))),
            ("hlsp_qlp_tess_ffi_s0013-0000000254113311_tess_v01_llc.fits", Some((Catalogue::Tic, 254_113_311))),
            ("wasp18b.fits", None),
            ("kplr12.fits", None),
        ];
        for (name, expected) in cases {
            assert_eq!(mission_file_target(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn spellings_of_an_id() {
        assert_eq!(catalogue_id("tic-0123").as_deref(), Some("TIC 123"));
        assert_eq!(catalogue_id("EPIC 201367065").as_deref(), Some("EPIC 201367065"));
        assert_eq!(catalogue_id("TICTAC"), None);
        assert_eq!(target_name("kepid", "757076"), "KIC 757076");
        assert_eq!(target_name("star_name", "HAT-P-23"), "HAT-P-23");
        assert_eq!(file_stem(Path::new("a/b.lc.csv.gz")), "b.lc");
        assert_eq!(file_stem(Path::new("TOI-1130.01_20230623_B_full.dat")), "TOI-1130.01_20230623_B_full");
    }
}
