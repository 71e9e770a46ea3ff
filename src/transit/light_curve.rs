//! Model light curves: one transiting planet or several, instantaneous or averaged over exposures.

use super::dip_series::dips_in_place;
use super::dips::{Distances, InstantDips};
use super::limb_darkening::LimbDarkening;
use super::orbit::{Contacts, Orbit};
use super::profile::{Profile, Symmetry};
use super::simd::dispatch;
use super::surface::{is_dear, with_surface};
use super::visits::{SortedTimes, Visits};
use super::{TransitError, non_negative};

/// One planet: its orbit, its size, and the law of the disc it crosses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransitShape {
    orbit: Orbit,
    rp_rs: f64,
    ld: LimbDarkening,
    contacts: Option<Contacts>,
}

impl TransitShape {
    /// A planet of `rp_rs` stellar radii (zero for none) on `orbit`.
    pub fn new(orbit: Orbit, rp_rs: f64, ld: impl Into<LimbDarkening>) -> Result<Self, TransitError> {
        let rp_rs = non_negative("rp_rs", rp_rs)?;
        let periastron = orbit.elements().a_rs * (1.0 - orbit.elements().ecc);
        if periastron <= 1.0 + rp_rs {
            return Err(TransitError::TouchesStar { periastron, rp_rs });
        }
        Ok(Self { orbit, rp_rs, ld: ld.into(), contacts: orbit.contacts(rp_rs) })
    }

    /// The orbit.
    pub fn orbit(&self) -> &Orbit {
        &self.orbit
    }

    /// Planet radius in stellar radii.
    pub fn rp_rs(&self) -> f64 {
        self.rp_rs
    }

    /// The limb-darkening law.
    pub fn limb_darkening(&self) -> LimbDarkening {
        self.ld
    }

    /// Contact times from mid-transit, none if the planet does not transit.
    pub fn contacts(&self) -> Option<Contacts> {
        self.contacts
    }

    /// First to last contact (days), zero if the planet does not transit.
    pub fn duration(&self) -> f64 {
        self.contacts.map_or(0.0, |c| c.t4 - c.t1)
    }

    /// Second to third contact (days), zero for a grazing transit or none.
    pub fn full_duration(&self) -> f64 {
        self.contacts.and_then(|c| c.full).map_or(0.0, |(t2, t3)| t3 - t2)
    }

    /// Largest instantaneous dip, as a fraction.
    pub fn depth(&self) -> f64 {
        self.contacts.map_or(0.0, |contacts| {
            let mut at = [contacts.deepest];
            self.instant_dips(&mut at);
            at[0]
        })
    }

    /// Writes the relative flux at `times` (days, mid-exposure; any order) to `out`: 1 outside of transits. `exposure_time`
    /// is in days, and 0 means instantaneous.
    ///
    /// The mean over an exposure is the integral of series between the contacts and the deepest point, and is within 1e-8
    /// of the mean flux; [`exposure_error`](Self::exposure_error) has an estimate for this light curve. Panics if the lengths differ or `exposure_time` is not a
    /// number of at least zero.
    pub fn flux_into(&self, times: &[f64], exposure_time: f64, out: &mut [f64]) {
        out.fill(1.0);
        self.subtract_dips(times, exposure_time, out);
    }

    /// Subtracts this planet's dip at `times` from `out`; arguments as for [`flux_into`](Self::flux_into).
    pub fn subtract_dips(&self, times: &[f64], exposure_time: f64, out: &mut [f64]) {
        assert_eq!(times.len(), out.len(), "one flux per time");
        assert!(exposure_time >= 0.0 && exposure_time.is_finite(), "exposure_time is {exposure_time}");
        let Some(contacts) = self.contacts else { return };
        let (window, cuts) = self.window(&contacts, exposure_time);
        let mut visits = Visits::find(times, &self.orbit, window, &cuts);
        self.dips_at(&mut visits.dt, exposure_time, &contacts);
        visits.subtract(out);
    }

    /// [`subtract_dips`](Self::subtract_dips) without a look at the points that are far from transits.
    pub fn subtract_dips_sorted(&self, times: SortedTimes, exposure_time: f64, out: &mut [f64]) {
        assert_eq!(times.times().len(), out.len(), "one flux per time");
        assert!(exposure_time >= 0.0 && exposure_time.is_finite(), "exposure_time is {exposure_time}");
        let Some(contacts) = self.contacts else { return };
        let (window, cuts) = self.window(&contacts, exposure_time);
        let mut visits = Visits::of_sorted(times, &self.orbit, window, &cuts);
        self.dips_at(&mut visits.dt, exposure_time, &contacts);
        visits.subtract(out);
    }

    /// [`subtract_dips`](Self::subtract_dips) with a transit at each of `transit_times` (days; any number of them, in any
    /// order) and at no other time: for transits that are early or late. `period` and `transit_time` of the orbit then
    /// only say how the planet moves during a transit.
    pub fn subtract_dips_at(&self, transit_times: &[f64], times: &[f64], exposure_time: f64, out: &mut [f64]) {
        assert_eq!(times.len(), out.len(), "one flux per time");
        assert!(exposure_time >= 0.0 && exposure_time.is_finite(), "exposure_time is {exposure_time}");
        let Some(contacts) = self.contacts else { return };
        let (window, _) = self.window(&contacts, exposure_time);
        let mut visits = Visits::find_around(times, transit_times, window);
        self.dips_at(&mut visits.dt, exposure_time, &contacts);
        visits.subtract(out);
    }

    /// Puts the dip in the place of each of `since_transit`, which are days from the middle of the same transit or of other
    /// ones: for callers that know which transit each point belongs to. `exposure_time` as for
    /// [`flux_into`](Self::flux_into). Vectors of points that are alike cost the least, so order them by their distance.
    pub fn dips_since_transit(&self, exposure_time: f64, since_transit: &mut [f64]) {
        assert!(exposure_time >= 0.0 && exposure_time.is_finite(), "exposure_time is {exposure_time}");
        let Some(contacts) = self.contacts else { return since_transit.fill(0.0) };
        let half = 0.5 * exposure_time;
        let (first, last) = (contacts.t1 - half, contacts.t4 + half);
        // farther from transit the planet may be behind the star, of which the kernels know nothing
        since_transit.iter_mut().for_each(|dt| *dt = dt.max(first).min(last));
        self.dips_at(since_transit, exposure_time, &contacts);
    }

    /// When a transit begins and ends for exposures, and where between points of different cost may be told apart.
    pub(super) fn window(&self, contacts: &Contacts, exposure_time: f64) -> ((f64, f64), Vec<f64>) {
        let half = 0.5 * exposure_time;
        let mut cuts = Vec::new();
        if let (Some((t2, t3)), true) = (contacts.full, self.rp_rs < 0.3) {
            // where the modulus kc² of a planet inside the star is 2/3 and its mean converges in two steps
            let (k, b) = (self.rp_rs, self.orbit.elements().impact_parameter);
            let z = (25.0 * k * k + 1.0).sqrt() - 5.0 * k;
            let inner = 1.0 - k;
            let share = ((z * z - b * b) / (inner * inner - b * b)).max(0.0).sqrt().min(1.0);
            let at = |edge: f64| contacts.deepest + (edge - contacts.deepest) * share;
            cuts.extend([t2, at(t2), at(t3), t3]);
        }
        ((contacts.t1 - half, contacts.t4 + half), cuts)
    }

    /// Puts the dip in the place of each time from mid-transit.
    fn dips_at(&self, at: &mut [f64], exposure_time: f64, contacts: &Contacts) {
        if exposure_time == 0.0 {
            self.instant_dips(at);
        } else if !at.is_empty() {
            self.profile(contacts).means(exposure_time, at);
        }
    }

    fn instant_dips(&self, at: &mut [f64]) {
        if is_dear(&self.ld) {
            dispatch(Distances { orbit: &self.orbit, at });
            dips_in_place(self.rp_rs, &self.ld, at);
        } else {
            self.dips_by_kernel(at);
        }
    }

    fn dips_by_kernel(&self, at: &mut [f64]) {
        with_surface(self.rp_rs, &self.ld, InstantDips { orbit: &self.orbit, at });
    }

    fn profile(&self, contacts: &Contacts) -> Profile {
        let symmetry = if self.orbit.elements().ecc == 0.0 { Symmetry::Mirror } else { Symmetry::None };
        // its nodes are few, and a series of a series is no better for it
        Profile::new(contacts, symmetry, |at| self.dips_by_kernel(at))
    }

    /// Estimate of the largest error of this planet's dip in a mean over exposures, which is at most the error of the
    /// series that stand for the dip; instantaneous dips are exact but for rounding.
    pub fn exposure_error(&self) -> f64 {
        self.contacts.map_or(0.0, |contacts| self.profile(&contacts).error())
    }
}

/// Planets of one star, whose dips add: exact unless two planets overlap on the disc, and so also for exposure means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransitModel {
    pub planets: Vec<TransitShape>,
}

impl TransitModel {
    /// Relative flux at `times`, as [`TransitShape::flux_into`], less the dips of all planets.
    pub fn flux_into(&self, times: &[f64], exposure_time: f64, out: &mut [f64]) {
        out.fill(1.0);
        for planet in &self.planets {
            planet.subtract_dips(times, exposure_time, out);
        }
    }
}

/// Relative flux of one planet's host at `times`: [`TransitShape::flux_into`] into a new vector.
pub fn light_curve(shape: &TransitShape, times: &[f64], exposure_time: f64) -> Vec<f64> {
    let mut out = vec![1.0; times.len()];
    shape.subtract_dips(times, exposure_time, &mut out);
    out
}
