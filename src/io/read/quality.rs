//! Quality-flag masks under the names that users of the missions' data know.

use serde::{Deserialize, Serialize};

/// Which quality bits make a cadence bad: a name or a number.
///
/// | name | Kepler and K2 | TESS (SPOC) | QLP |
/// |---|---|---|---|
/// | `none` | 0 | 0 | 0 |
/// | `default` | 1130799 | 175 | 175 + 2048 + 4096 |
/// | `hard` | 1664431 | 7407 | 7407 |
/// | `hardest` | 2096639 | 65535 | 65535 |
///
/// QLP's own bit (4096, low precision) and scattered light (2048) mark the cadences that its authors leave out of
/// their searches. A file of no known mission has any set flag taken as bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Spelling", into = "Spelling")]
pub enum QualityMask {
    None,
    #[default]
    Default,
    Hard,
    Hardest,
    /// Cadences with any of these bits are bad.
    Bits(u32),
}

/// A mask as written in a configuration.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Spelling {
    Bits(u32),
    Name(String),
}

impl TryFrom<Spelling> for QualityMask {
    type Error = String;

    fn try_from(spelling: Spelling) -> Result<Self, String> {
        match spelling {
            Spelling::Bits(bits) => Ok(Self::Bits(bits)),
            Spelling::Name(name) => name.parse(),
        }
    }
}

impl From<QualityMask> for Spelling {
    fn from(mask: QualityMask) -> Self {
        let name = match mask {
            QualityMask::Bits(bits) => return Self::Bits(bits),
            QualityMask::None => "none",
            QualityMask::Default => "default",
            QualityMask::Hard => "hard",
            QualityMask::Hardest => "hardest",
        };
        Self::Name(name.into())
    }
}

impl std::str::FromStr for QualityMask {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "none" => Ok(Self::None),
            "default" => Ok(Self::Default),
            "hard" => Ok(Self::Hard),
            "hardest" => Ok(Self::Hardest),
            other => other
                .parse()
                .map(Self::Bits)
                .map_err(|_| format!("quality mask {other:?} is none of none, default, hard, hardest or a number")),
        }
    }
}

/// Whose flags a file carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlagSystem {
    Kepler,
    K2,
    Tess,
    Qlp,
    /// No known mission: zero is good.
    Unknown,
}

impl FlagSystem {
    /// Bits of the cadences in which the spacecraft dumped momentum: desaturation of the reaction wheels, and the firing of
    /// thrusters that K2 was steered by.
    pub(super) fn momentum_dump(self) -> u32 {
        match self {
            FlagSystem::Kepler | FlagSystem::Tess | FlagSystem::Qlp => 1 << 5,
            FlagSystem::K2 => (1 << 5) | (1 << 20),
            FlagSystem::Unknown => 0,
        }
    }
}

impl QualityMask {
    /// The bits that make a cadence bad.
    pub(super) fn bits(self, system: FlagSystem) -> u32 {
        use FlagSystem::{K2, Kepler, Qlp, Tess, Unknown};
        match (self, system) {
            (Self::None, _) => 0,
            (Self::Bits(bits), _) => bits,
            (_, Unknown) => u32::MAX,
            (Self::Default, Kepler | K2) => 1_130_799,
            (Self::Default, Tess) => 175,
            (Self::Default, Qlp) => 175 | 2048 | 4096,
            (Self::Hard, Kepler | K2) => 1_664_431,
            (Self::Hard, Tess | Qlp) => 7_407,
            (Self::Hardest, Kepler | K2) => 2_096_639,
            (Self::Hardest, Tess | Qlp) => 65_535,
        }
    }

    /// One flag a cadence, true where it is bad. A missing quality (NaN) is bad unless the mask is empty.
    pub(super) fn apply(self, quality: &[f64], system: FlagSystem) -> Vec<bool> {
        let bits = self.bits(system);
        quality
            .iter()
            .map(|q| bits != 0 && (!q.is_finite() || (*q as i64) & i64::from(bits) != 0 || (*q < 0.0)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        assert_eq!("hard".parse::<QualityMask>().unwrap().bits(FlagSystem::Kepler), 1_664_431);
        assert_eq!("128".parse::<QualityMask>().unwrap(), QualityMask::Bits(128));
        assert!("harder".parse::<QualityMask>().is_err());
    }

    #[test]
    fn flags_of_cadences() {
        let quality = [0.0, 128.0, 512.0, f64::NAN];
        assert_eq!(QualityMask::Default.apply(&quality, FlagSystem::Tess), [false, true, false, true]);
        assert_eq!(QualityMask::Default.apply(&quality, FlagSystem::Unknown), [false, true, true, true]);
        assert_eq!(QualityMask::None.apply(&quality, FlagSystem::Tess), [false; 4]);
    }
}
