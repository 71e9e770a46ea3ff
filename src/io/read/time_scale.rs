//! The time system of a column, from its values, its unit and its name.

use crate::lightcurve::TimeSystem;

/// Julian dates of any light curve lie above this; every reduced scale in use lies below.
const FULL_JD: f64 = 2_300_000.0;

/// The offset that a name or unit states: `BTJD`, `BKJD`, `BJD - 2454833`, `BJD-2457000, days`.
pub(in crate::io) fn stated_offset(name: &str) -> Option<f64> {
    let name = name.to_ascii_lowercase();
    if name.contains("bkjd") {
        return TimeSystem::BKJD.offset();
    }
    if name.contains("btjd") || name.contains("tbjd") {
        return TimeSystem::BTJD.offset();
    }
    if !name.contains("jd") {
        return None;
    }
    let digits = name.find("24").map(|at| &name[at..])?;
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    digits[..end].trim_end_matches('.').parse().ok().filter(|v| (2_400_000.0..2_500_000.0).contains(v))
}

/// Whether a name says modified Julian date, JD − 2400000.5.
fn is_mjd(name: &str) -> bool {
    name.to_ascii_lowercase().contains("mjd")
}

/// The time system of `time` (days), whose column goes by the given names and units, best first. Values that are full
/// Julian dates outweigh what a name says. JD and HJD are taken as BJD, which they may miss by up to eight minutes.
pub(in crate::io) fn time_system(time: &[f64], names: &[&str]) -> TimeSystem {
    let Some(typical) = time.iter().copied().find(|t| t.is_finite()) else {
        return TimeSystem::UNKNOWN;
    };
    if typical > FULL_JD {
        return TimeSystem::BJD;
    }
    if let Some(offset) = names.iter().find_map(|n| stated_offset(n)) {
        return TimeSystem::with_offset(offset);
    }
    if names.iter().any(|n| is_mjd(n)) && (40_000.0..80_000.0).contains(&typical) {
        return TimeSystem::with_offset(2_400_000.5);
    }
    TimeSystem::UNKNOWN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        let cases = [
            ("BJD - 2454833", 120.5, TimeSystem::BKJD),
            ("BJD-2457000, days", 1325.3, TimeSystem::BTJD),
            ("btjd", 1354.1, TimeSystem::BTJD),
            ("BJD - 2450000(d)", 8325.3, TimeSystem::with_offset(2_450_000.0)),
            ("BJD - 2400000.5", 54964.0, TimeSystem::with_offset(2_400_000.5)),
            ("MJD", 58000.0, TimeSystem::with_offset(2_400_000.5)),
            ("MJD_DRS", 2_457_298.9, TimeSystem::BJD),
            ("time", 2_458_325.3, TimeSystem::BJD),
            ("time", 1325.3, TimeSystem::UNKNOWN),
            ("bjd", 58408.8, TimeSystem::UNKNOWN),
        ];
        for (name, value, expected) in cases {
            assert_eq!(time_system(&[f64::NAN, value], &[name]), expected, "{name} {value}");
        }
    }
}
