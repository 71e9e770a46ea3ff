//! When a planet transits, and what a search reports of it: the types that search, vetting and fits share.

/// A linear ephemeris: transit `n` is at `transit_time + n * period` (days).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ephemeris {
    pub period: f64,
    pub transit_time: f64,
}

impl Ephemeris {
    /// Number of the transit nearest to `time`.
    pub fn epoch(&self, time: f64) -> i64 {
        ((time - self.transit_time) / self.period).round() as i64
    }

    /// Days from the nearest transit, in −P/2 ..= P/2.
    pub fn time_from_transit(&self, time: f64) -> f64 {
        let cycles = (time - self.transit_time) / self.period;
        (cycles - cycles.round()) * self.period
    }

    /// Mid-time of transit number `epoch`.
    pub fn time_of(&self, epoch: i64) -> f64 {
        self.transit_time + epoch as f64 * self.period
    }

    /// Whether `time` lies within `half_width` days of a transit.
    pub fn in_transit(&self, time: f64, half_width: f64) -> bool {
        self.time_from_transit(time).abs() <= half_width
    }
}

/// One transit that was observed: its number in the ephemeris and the depth measured in it alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransitEvent {
    pub epoch: i64,
    /// Predicted mid-time (days).
    pub time: f64,
    pub depth: f64,
    pub depth_err: f64,
    /// Depth over its error.
    pub snr: f64,
    /// In-transit cadences.
    pub n_cadences: usize,
}

/// How a candidate's period relates to that of a stronger candidate of the same star.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Harmonic {
    /// Number of the stronger candidate.
    pub candidate: u32,
    /// Period of this candidate over that of the stronger one, as numerator and denominator.
    pub ratio: (u32, u32),
}

/// A periodic dip that a search found. Times and durations in days, depths as a fraction of the flux, positive for a dip.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// 1, 2, … in the order of signal to noise.
    pub number: u32,
    pub ephemeris: Ephemeris,
    pub period_err: f64,
    pub transit_time_err: f64,
    /// First to last contact (T14), with the depth and all errors the mean and standard deviation of what fits: boxes and
    /// limb-darkened transits, smeared over the cadence. The width of the best box where no such dip fits as well as that.
    pub duration: f64,
    pub duration_err: f64,
    /// At mid-transit, before exposures smear it; or of the box.
    pub depth: f64,
    pub depth_err: f64,
    /// Depth over its white-noise error with both levels free, of the box or the limb-darkened dip that has the most of it:
    /// the square root of `delta_chi2`. It is not `depth / depth_err`, whose error includes red noise and other shapes.
    pub snr: f64,
    /// S/N of the best box, or limb-darkened dip of its length, over β, the factor by which the depth of a single box of that
    /// duration scatters beyond white noise of the stated errors in this light curve; what the threshold applies to. Dips
    /// longer than the search allows may have a higher `snr`, but not over the noise at their length.
    pub snr_red: f64,
    /// χ² of a constant less χ² of that dip.
    pub delta_chi2: f64,
    /// Signal detection efficiency: the peak's height over the periodogram's own mean, in its standard deviations.
    pub sde: f64,
    /// False-alarm probability: that noise alone of this light curve gives, anywhere in the search, a candidate of this
    /// `snr_red` or more. 0 where it underflows; NaN where it is not known.
    pub fap: f64,
    /// Transits with data in them.
    pub n_transits: usize,
    /// Mean depth and error of transits with odd and with even epoch; NaN where there is none.
    pub depth_odd: f64,
    pub depth_odd_err: f64,
    pub depth_even: f64,
    pub depth_even_err: f64,
    pub transits: Vec<TransitEvent>,
    /// Periods (days) that the observed transits and the gaps allow, longest first: Δ/n, where Δ is the longest period that
    /// has all of them and every other transit that Δ/n predicts falls where there are no data or the data do not
    /// contradict the depth at 3 sigma. `ephemeris.period` is one of them: the longest within the search.
    pub allowed_periods: Vec<f64>,
    pub harmonic_of: Option<Harmonic>,
}

impl Candidate {
    /// A candidate of which only this is known, say from a publication: what a search would have measured is NaN or 0.
    pub fn known(ephemeris: Ephemeris, duration: f64, depth: f64) -> Self {
        Self {
            number: 1,
            ephemeris,
            period_err: f64::NAN,
            transit_time_err: f64::NAN,
            duration,
            duration_err: f64::NAN,
            depth,
            depth_err: f64::NAN,
            snr: f64::NAN,
            snr_red: f64::NAN,
            delta_chi2: f64::NAN,
            sde: f64::NAN,
            fap: f64::NAN,
            n_transits: 0,
            depth_odd: f64::NAN,
            depth_odd_err: f64::NAN,
            depth_even: f64::NAN,
            depth_even_err: f64::NAN,
            transits: Vec::new(),
            allowed_periods: vec![ephemeris.period],
            harmonic_of: None,
        }
    }
}

/// A transit seen once. Times and durations in days, depths as a fraction of the flux, positive for a dip.
#[derive(Clone, Debug, PartialEq)]
pub struct SingleTransit {
    /// 1, 2, … in the order of signal to noise over red noise.
    pub number: u32,
    /// Mid-transit.
    pub transit_time: f64,
    pub transit_time_err: f64,
    /// First to last contact (T14) of the trapezoid, smeared over the cadence, that fits best on a straight line.
    pub duration: f64,
    pub duration_err: f64,
    /// Of the flat bottom of that trapezoid.
    pub depth: f64,
    pub depth_err: f64,
    /// Depth of the best box over its white-noise error with both levels free.
    pub snr: f64,
    /// `snr` over β, the factor by which the depth of boxes of this duration scatters beyond white noise of the stated errors
    /// in this light curve or near this dip, whichever is larger; what the threshold applies to.
    pub snr_red: f64,
    /// Cadences from first to last contact.
    pub n_cadences: usize,
    /// Shortest period whose other transits all fall where there are no data or the data do not contradict the depth at
    /// 3 sigma, to an eighth of the duration.
    pub period_min: f64,
    /// Period of a central transit on a circular orbit of this duration and depth around a star of the known density; at
    /// other impact parameters the period is longer. NaN where the density is not known.
    pub period_central: f64,
    /// From the errors of density and duration alone.
    pub period_central_err: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_centred_on_the_transit() {
        let e = Ephemeris { period: 3.0, transit_time: 10.0 };
        assert_eq!(e.epoch(16.2), 2);
        assert!((e.time_from_transit(16.2) - 0.2).abs() < 1e-12);
        assert!((e.time_from_transit(9.5) + 0.5).abs() < 1e-12);
        assert!(e.in_transit(12.9, 0.11) && !e.in_transit(12.9, 0.09));
        assert_eq!(e.time_of(-1), 7.0);
    }
}
