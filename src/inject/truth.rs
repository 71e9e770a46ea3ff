//! What is really there: one row a planet, eclipsing binary or star without either.

/// What a row of the truth is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TruthKind {
    Planet,
    Binary,
    /// A star without transits or eclipses.
    Quiet,
}

impl TruthKind {
    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Planet => "planet",
            Self::Binary => "binary",
            Self::Quiet => "quiet",
        }
    }
}

/// One planet or binary with its star, or one quiet star. What a quiet star does not have is NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    pub target_id: String,
    pub kind: TruthKind,
    /// 1, 2, … in the order of the configuration; 0 for a quiet star.
    pub planet: u32,
    /// Days.
    pub period: f64,
    /// First transit (or primary eclipse) at or after the first cadence, in the time system of the light curve.
    pub transit_time: f64,
    /// First to last contact, days.
    pub duration: f64,
    /// Largest dip of the flux, no exposure averaging.
    pub depth: f64,
    /// Largest dip of the secondary eclipse; NaN for a planet.
    pub secondary_depth: f64,
    pub rp_rs: f64,
    pub impact_parameter: f64,
    pub a_rs: f64,
    pub ecc: f64,
    /// Radians.
    pub omega: f64,
    /// Solar units.
    pub rho_star: f64,
    pub q1: f64,
    pub q2: f64,
    /// √Σ(dip / white noise)² over the cadences: the signal to noise that a search which knows the transit, the level
    /// and that the noise is white would have.
    pub snr_white: f64,
    /// Transits with a cadence between first and last contact.
    pub n_transits: usize,
    pub star_mass_msun: f64,
    pub star_radius_rsun: f64,
    pub star_teff_k: f64,
    /// Per cadence, relative.
    pub white_noise: f64,
    /// Zero for a star that does not rotate visibly.
    pub rotation_amplitude: f64,
    /// Days; NaN for a star that does not rotate visibly.
    pub rotation_period: f64,
    pub granulation_amplitude: f64,
    /// Days; NaN without granulation.
    pub granulation_timescale: f64,
    /// Add it to times to get BJD_TDB.
    pub time_offset: f64,
}
