//! Planets to inject: drawn from a population for the light curve at hand, and how strong their signals should be in it.

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::InjectError;
use super::population::log_uniform;
use super::random::stream;
use super::sensitivity::Sensitivity;
use crate::lightcurve::TimeSystem;
use crate::star::{R_EARTH_RSUN, Star, a_over_rstar};
use crate::transit::{Orbit, OrbitElements, Quadratic, TransitShape, with_portable_kernels};

/// Draws of an orbit that may end inside the star before none is taken to be possible.
const MOST_DRAWS: usize = 100;
/// Steps of the search for the radius of a S/N, and the relative accuracy at which it ends.
const MOST_STEPS: usize = 30;
const SAME_SNR: f64 = 1e-6;
/// Places on a transit at which its mean square is taken.
const PLACES: usize = 201;
/// Least radius ratio tried.
const SMALLEST: f64 = 1e-5;

/// In which quantity sizes are drawn; each evenly in the logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeRange {
    /// Signal to noise expected at mean phase, see [`InjectedPlanet::snr_expected`].
    Snr([f64; 2]),
    /// Radius over that of the star.
    RpRs([f64; 2]),
    /// Radius over that of the Earth; needs the radius of the star.
    RadiusRearth([f64; 2]),
}

/// Planets that are injected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanetRange {
    /// Shortest and longest period (days), drawn evenly in the logarithm; unset for those that the search covers.
    pub period: Option<[f64; 2]>,
    pub size: SizeRange,
    /// Drawn evenly, in stellar radii.
    pub impact_parameter: [f64; 2],
    /// Largest radius ratio that a wanted S/N may lead to.
    pub rp_rs_max: f64,
    /// Mean stellar density (solar units) where the star's is not known.
    pub density: f64,
    /// Kipping's parameters of the quadratic law.
    pub q1: f64,
    pub q2: f64,
}

impl Default for PlanetRange {
    fn default() -> Self {
        Self {
            period: None,
            size: SizeRange::Snr([4.0, 40.0]),
            impact_parameter: [0.0, 0.9],
            rp_rs_max: 0.2,
            density: 1.0,
            q1: 0.36,
            q2: 0.33,
        }
    }
}

impl PlanetRange {
    /// Fails where a range is none.
    pub fn check(&self) -> Result<(), InjectError> {
        let range = |name: &'static str, [low, high]: [f64; 2], least: f64| {
            if low.is_finite() && high.is_finite() && low >= least && high >= low {
                return Ok(());
            }
            Err(InjectError::Range { name, low, high })
        };
        let above_zero = f64::MIN_POSITIVE;
        if let Some(period) = self.period {
            range("planets.period", period, above_zero)?;
        }
        let (name, size) = match self.size {
            SizeRange::Snr(r) => ("planets.size.snr", r),
            SizeRange::RpRs(r) => ("planets.size.rp_rs", r),
            SizeRange::RadiusRearth(r) => ("planets.size.radius_rearth", r),
        };
        range(name, size, above_zero)?;
        range("planets.impact_parameter", self.impact_parameter, 0.0)?;
        range("planets.rp_rs_max", [self.rp_rs_max; 2], SMALLEST)?;
        range("planets.density", [self.density; 2], above_zero)?;
        for (name, q) in [("planets.q1", self.q1), ("planets.q2", self.q2)] {
            range(name, [q, 1.0], 0.0)?;
        }
        Ok(())
    }
}

/// A planet that is put into a light curve. Times in days.
#[derive(Clone, Debug, PartialEq)]
pub struct InjectedPlanet {
    /// Orbit, radius ratio and limb darkening.
    pub shape: TransitShape,
    /// System of `transit_time`.
    pub time_system: TimeSystem,
    /// Stellar density of the orbit, solar units.
    pub rho_star: f64,
    /// NaN where the radius of the star is not known.
    pub radius_rearth: f64,
    pub q1: f64,
    pub q2: f64,
    /// √Σ (dip / error)² over the cadences that are searched, with the errors that the search uses.
    pub snr_white: f64,
    /// `snr_white` over the excess of the noise on the scale of the transit, see [`Sensitivity::excess`].
    pub snr_expected: f64,
    /// Transits with a cadence between first and last contact.
    pub n_transits: usize,
}

impl InjectedPlanet {
    pub fn elements(&self) -> &OrbitElements {
        self.shape.orbit().elements()
    }

    /// Draws the planet of a trial. It depends on the seed, the target's name, the trial's number, the star and the
    /// light curve's noise alone. `periods` is the range where `range` has none.
    pub fn draw(
        range: &PlanetRange,
        periods: [f64; 2],
        star: &Star,
        light_curve: &Sensitivity,
        (seed, target_id, trial): (u64, &str, u32),
    ) -> Result<Self, InjectError> {
        let rng = &mut stream(seed, target_id, &format!("injection {trial}"));
        let rho_star = star.density().map_or(range.density, |d| d.value);
        let law = Quadratic::from_q(range.q1, range.q2);
        let star_radius = star.radius_rsun.map(|r| r.value);
        let mut last = None;
        for _ in 0..MOST_DRAWS {
            let period = log_uniform(rng, range.period.unwrap_or(periods));
            let phase: f64 = rng.random();
            let [low, high] = range.impact_parameter;
            let impact_parameter = low + (high - low) * rng.random::<f64>();
            let size: f64 = rng.random();
            let within = |[low, high]: [f64; 2]| low * (high / low).powf(size);
            let elements = OrbitElements::circular(
                period,
                light_curve.start() + phase * period,
                a_over_rstar(period, rho_star),
                impact_parameter,
            );
            let of = |rp_rs: f64| TransitShape::new(Orbit::new(elements)?, rp_rs, law);
            let shape = match range.size {
                SizeRange::RpRs(r) => of(within(r)),
                SizeRange::RadiusRearth(r) => {
                    let radius = star_radius.ok_or(InjectError::StellarRadius)?;
                    of(within(r) * R_EARTH_RSUN / radius)
                }
                SizeRange::Snr(r) => of_snr(within(r), range.rp_rs_max, light_curve, of),
            };
            match shape {
                Ok(shape) => {
                    let strength = light_curve.strength(&shape);
                    return Ok(Self {
                        shape,
                        time_system: light_curve.time_system(),
                        rho_star,
                        radius_rearth: star_radius.map_or(f64::NAN, |r| shape.rp_rs() * r / R_EARTH_RSUN),
                        q1: range.q1,
                        q2: range.q2,
                        snr_white: strength.snr_white,
                        snr_expected: strength.snr_white / light_curve.excess(shape.duration()),
                        n_transits: strength.n_transits,
                    });
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.map_or(InjectError::NoOrbit { rho_star, source: None }, |e| InjectError::NoOrbit {
            rho_star,
            source: Some(e),
        }))
    }
}

/// The planet that has `snr` at mean phase, or the largest allowed.
///
/// ```text
/// snr² = Σ 1/err² · (1/P) ∫ dip² dt / excess²
/// ```
/// is the mean of the S/N squared over all phases, so what the gaps take from a transit, or spare, stays.
fn of_snr<E>(
    snr: f64,
    largest: f64,
    light_curve: &Sensitivity,
    of: impl Fn(f64) -> Result<TransitShape, E>,
) -> Result<TransitShape, E> {
    let mut rp_rs = 0.02f64.min(largest);
    let mut shape = of(rp_rs)?;
    for _ in 0..MOST_STEPS {
        let got = mean_snr(&shape, light_curve);
        if (got / snr - 1.0).abs() < SAME_SNR {
            break;
        }
        // a grazing planet that is too small to transit at all grows
        let step = if got > 0.0 { (snr / got).sqrt().clamp(0.2, 3.0) } else { 2.0 };
        let next = (rp_rs * step).clamp(SMALLEST, largest);
        if next == rp_rs {
            break;
        }
        rp_rs = next;
        shape = of(rp_rs)?;
    }
    Ok(shape)
}

fn mean_snr(shape: &TransitShape, light_curve: &Sensitivity) -> f64 {
    let exposure = light_curve.typical_exposure();
    let width = shape.duration() + exposure;
    if shape.duration() <= 0.0 {
        return 0.0;
    }
    let step = width / PLACES as f64;
    let mut dips: Vec<f64> = (0..PLACES).map(|i| (i as f64 + 0.5) * step - 0.5 * width).collect();
    with_portable_kernels(|| shape.dips_since_transit(exposure, &mut dips));
    let integral = step * dips.iter().map(|d| d * d).sum::<f64>();
    (light_curve.total_weight() * integral / shape.orbit().elements().period).sqrt()
        / light_curve.excess(shape.duration())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sensitivity::tests::flat;
    use crate::star::Measured;

    fn star() -> Star {
        let measured = |value: f64| Some(Measured { value, err: 0.0 });
        Star { mass_msun: measured(0.5), radius_rsun: measured(0.5), ..Star::default() }
    }

    #[test]
    fn a_wanted_signal_to_noise_is_what_the_light_curve_has_on_average() {
        let curve = flat(27.0, 10.0 / 1440.0, 1e-3);
        let light_curve = Sensitivity::new(&curve, |_| true);
        let range = PlanetRange { size: SizeRange::Snr([12.0, 12.0]), ..PlanetRange::default() };
        let mut sum = 0.0;
        let n = 200;
        for trial in 0..n {
            let p = InjectedPlanet::draw(&range, [0.5, 9.0], &star(), &light_curve, (1, "a", trial)).unwrap();
            sum += p.snr_white.powi(2);
            assert_eq!(p.rho_star, 4.0);
            let back = p.radius_rearth * R_EARTH_RSUN / 0.5;
            assert!((back / p.shape.rp_rs() - 1.0).abs() < 1e-12);
        }
        // Σ over phases is unbiased; 3 to 54 transits, so that a draw scatters by up to a third and 200 by 2 %. The excess
        // of white noise is 1 to a few per cent.
        let rms = (sum / f64::from(n)).sqrt();
        assert!((rms / 12.0 - 1.0).abs() < 0.06, "{rms}");
    }

    #[test]
    fn draws_depend_on_seed_target_and_trial_alone() {
        let curve = flat(27.0, 30.0 / 1440.0, 1e-3);
        let light_curve = Sensitivity::new(&curve, |_| true);
        let range = PlanetRange::default();
        let draw = |seed, target, trial| {
            InjectedPlanet::draw(&range, [0.5, 9.0], &star(), &light_curve, (seed, target, trial)).unwrap()
        };
        let one = draw(1, "a", 3);
        assert_eq!(one, draw(1, "a", 3));
        for other in [draw(2, "a", 3), draw(1, "b", 3), draw(1, "a", 4)] {
            assert_ne!(one.elements().period, other.elements().period);
        }
        for trial in 0..50 {
            let e = *draw(1, "a", trial).elements();
            assert!((0.5..=9.0).contains(&e.period) && (0.0..=0.9).contains(&e.impact_parameter));
            let since_start = e.transit_time - light_curve.start();
            assert!((0.0..e.period).contains(&since_start));
        }
    }

    #[test]
    fn what_is_not_known_or_cannot_be_is_said() {
        let curve = flat(27.0, 30.0 / 1440.0, 1e-3);
        let light_curve = Sensitivity::new(&curve, |_| true);
        let earths = PlanetRange { size: SizeRange::RadiusRearth([1.0, 4.0]), ..PlanetRange::default() };
        let none = InjectedPlanet::draw(&earths, [1.0, 9.0], &Star::default(), &light_curve, (1, "a", 0));
        assert_eq!(none, Err(InjectError::StellarRadius));
        let giant = Star { rho: Some(Measured { value: 1e-6, err: 0.0 }), ..Star::default() };
        let none = InjectedPlanet::draw(&PlanetRange::default(), [1.0, 9.0], &giant, &light_curve, (1, "a", 0));
        assert!(matches!(none, Err(InjectError::NoOrbit { source: Some(_), .. })), "{none:?}");
        let wrong = PlanetRange { size: SizeRange::Snr([9.0, 3.0]), ..PlanetRange::default() };
        assert!(matches!(wrong.check(), Err(InjectError::Range { name: "planets.size.snr", .. })));
        assert_eq!(PlanetRange::default().check(), Ok(()));
    }
}
