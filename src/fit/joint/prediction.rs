//! What a joint fit says about each series: model, linear model and noise process at the data, and folded models.

use super::likelihood::linear_model;
use super::model::{Instrument, Noise, Planet, Points};
use super::posterior::JointPosterior;
use super::table::Slot;
use crate::noise::{Gradient, log_likelihood_gradient};
use crate::transit::TransitShape;

/// Posterior expectation of one series at its data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesPrediction {
    /// Planets, baseline or offset, and trends.
    pub model: Vec<f64>,
    /// Linear model of columns, and mean of the noise process.
    pub noise: Vec<f64>,
    /// Standard deviation of what is there besides the planets (light curves: `level` and `noise`; velocities: `model` and
    /// `noise`), which is known better than its parts: of the process given the data, and from draw to draw.
    pub sigma: Vec<f64>,
    /// Each planet's own part, on a baseline of 1 (fluxes) or an offset of 0 (velocities), in the order of
    /// [`JointPosterior::planets`].
    pub planets: Vec<Vec<f64>>,
    /// What a planet's own part is multiplied by in the data: the baseline of a light curve, 1 for velocities.
    pub level: Vec<f64>,
    /// Noise added in quadrature to the errors.
    pub jitter: f64,
    /// Whether there is a noise process, and how many columns the linear model has.
    pub has_process: bool,
    pub columns: usize,
}

/// A planet at some values of the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanetAt {
    pub name: String,
    pub period: f64,
    /// Days, in the time system of the data.
    pub transit_time: f64,
    /// First to last contact (days), if it transits.
    pub duration: Option<f64>,
    /// Times of its own for each transit.
    pub transit_times: Vec<f64>,
    pub moves_the_star: bool,
    pub has_phase_curve: bool,
}

impl PlanetAt {
    /// Days from the nearest transit.
    pub fn phase(&self, time: f64) -> f64 {
        if self.transit_times.is_empty() {
            let turns = (time - self.transit_time) / self.period;
            return (turns - turns.round()) * self.period;
        }
        let from = self.transit_times.iter().map(|t| time - t);
        from.min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(f64::NAN)
    }
}

/// Which kind of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesKind {
    Photometry,
    Velocities,
}

impl JointPosterior {
    /// Names of the series of a kind, in the order of their indices.
    pub fn series_names(&self, kind: SeriesKind) -> Vec<&str> {
        match kind {
            SeriesKind::Photometry => self.model.instruments.iter().map(|i| i.name.as_str()).collect(),
            SeriesKind::Velocities => self.model.velocities.iter().map(|v| v.name.as_str()).collect(),
        }
    }

    /// The planets at these values of the free parameters.
    pub fn planets(&self, values: &[f64]) -> Vec<PlanetAt> {
        let law = self.model.instruments.first().and_then(|i| i.law.get(values)).unwrap_or_default();
        let of = |planet: &Planet| {
            let shape = planet.orbit(values, self.model.reference).zip(planet.transit.as_ref());
            let shape = shape.and_then(|(orbit, t)| TransitShape::new(orbit, t.rp_rs.get(values), law).ok());
            let transit = planet.transit.as_ref();
            PlanetAt {
                name: planet.name.clone(),
                period: planet.period.get(values),
                transit_time: planet.transit_time.get(values),
                duration: shape.map(|s| s.duration()).filter(|d| *d > 0.0),
                transit_times: transit
                    .map_or_else(Vec::new, |t| t.transit_times.iter().map(|s| s.get(values)).collect()),
                moves_the_star: planet.rv_semi_amplitude.is_some(),
                has_phase_curve: transit.is_some_and(|t| t.phase_curve.is_some()),
            }
        };
        self.model.planets.iter().map(of).collect()
    }

    /// Means over `draws` (values of the free parameters) of what makes up the `i`-th series; `None` where no draw is possible.
    pub fn prediction(&self, kind: SeriesKind, i: usize, draws: &[Vec<f64>]) -> Option<SeriesPrediction> {
        let (points, noise) = match kind {
            SeriesKind::Photometry => (self.photometry.get(i)?, &self.model.instruments.get(i)?.noise),
            SeriesKind::Velocities => (self.velocities.get(i)?, &self.model.velocities.get(i)?.noise),
        };
        let n = points.time.len();
        let blank = || vec![0.0; n];
        let mut sum = SeriesPrediction {
            model: blank(),
            noise: blank(),
            sigma: blank(),
            planets: vec![blank(); self.model.planets.len()],
            level: blank(),
            jitter: 0.0,
            has_process: noise.process.is_some(),
            columns: points.columns.len(),
        };
        let (mut squares, mut used, mut residuals) = (blank(), 0.0, Vec::new());
        let mut level = blank();
        for values in draws {
            let possible = match kind {
                SeriesKind::Photometry => self.photometry_residuals(i, values, &mut residuals),
                SeriesKind::Velocities => self.velocity_residuals(i, values, &mut residuals),
            };
            let Some((mean, variance)) = possible.then(|| explained(noise, values, points, &residuals)).flatten()
            else {
                continue;
            };
            match kind {
                SeriesKind::Photometry => level_into(&self.model.instruments[i], values, &points.time, &mut level),
                SeriesKind::Velocities => level.fill(1.0),
            }
            used += 1.0;
            sum.jitter += noise.jitter.get(values).abs();
            for k in 0..n {
                let model = points.value[k] - residuals[k];
                sum.model[k] += model;
                sum.noise[k] += mean[k];
                sum.level[k] += level[k];
                let besides = mean[k] + if kind == SeriesKind::Photometry { level[k] } else { model };
                // about the data, as the square of a velocity's offset would swamp all else
                let from = besides - points.value[k];
                sum.sigma[k] += from;
                squares[k] += from * from + variance[k];
            }
            for (p, planet) in self.model.planets.iter().enumerate() {
                let own = match kind {
                    SeriesKind::Photometry => self.flux_of(std::slice::from_ref(planet), i, values, &points.time),
                    SeriesKind::Velocities => self.velocity_of(planet, values, &points.time),
                };
                sum.planets[p].iter_mut().zip(own?).for_each(|(s, v)| *s += v);
            }
        }
        if used == 0.0 {
            return None;
        }
        let mean = |column: &mut Vec<f64>| column.iter_mut().for_each(|v| *v /= used);
        [&mut sum.model, &mut sum.noise, &mut sum.level].into_iter().for_each(mean);
        sum.planets.iter_mut().for_each(mean);
        sum.jitter /= used;
        for (sigma, square) in sum.sigma.iter_mut().zip(&squares) {
            let mean = *sigma / used;
            *sigma = (square / used - mean * mean).max(0.0).sqrt();
        }
        Some(sum)
    }

    /// Flux in the `i`-th light curve of one planet alone, without dilution by baseline, at `phases` (days from mid-transit).
    ///
    /// `around` is a time near which the transit is taken, so that the error of a period is not blown up by many orbits; the
    /// phases count from the transit that `centre` (the planet at the values the data are folded by) has there.
    pub fn folded_flux(
        &self,
        planet: usize,
        i: usize,
        values: &[f64],
        (centre, around): (&PlanetAt, f64),
        phases: &[f64],
    ) -> Option<Vec<f64>> {
        let mut planet = self.model.planets.get(planet)?.clone();
        let reference = self.model.reference;
        let transit = planet.transit.as_mut()?;
        let mid = if transit.transit_times.is_empty() {
            centre.transit_time + ((around - centre.transit_time) / centre.period).round() * centre.period
        } else {
            // every transit has its own time, and the fold is about each
            let at = planet.transit_time.get(values);
            transit.transit_times = vec![Slot::Fixed(at)];
            at
        };
        let time: Vec<f64> = phases.iter().map(|p| mid - reference + p).collect();
        self.flux_of(&[planet], i, values, &time)
    }

    /// Velocity of the star by one planet alone at `phases` (days from inferior conjunction), as [`Self::folded_flux`].
    pub fn folded_velocity(
        &self,
        planet: usize,
        values: &[f64],
        (centre, around): (&PlanetAt, f64),
        phases: &[f64],
    ) -> Option<Vec<f64>> {
        let planet = self.model.planets.get(planet)?;
        let mid = centre.transit_time + ((around - centre.transit_time) / centre.period).round() * centre.period;
        let time: Vec<f64> = phases.iter().map(|p| mid - self.model.reference + p).collect();
        self.velocity_of(planet, values, &time)
    }

    /// Velocity of the star by all planets and trends, the offset of the `i`-th series included, at `time` (days).
    pub fn velocity_at(&self, i: usize, values: &[f64], time: &[f64]) -> Option<Vec<f64>> {
        let model = self.model.velocities.get(i)?;
        let inside: Vec<f64> = time.iter().map(|t| t - self.model.reference).collect();
        let mut out = vec![0.0; time.len()];
        let middle = (self.model.reference, self.model.velocity_middle);
        model.velocity_into(&self.model.planets, values, middle, &inside, &mut out).then_some(out)
    }

    /// Flux of the `i`-th light curve on a baseline of 1, at `time` (days, ascending).
    pub fn flux_at(&self, i: usize, values: &[f64], time: &[f64]) -> Option<Vec<f64>> {
        let reference = self.model.reference;
        let inside: Vec<f64> = time.iter().map(|t| t - reference).collect();
        self.flux_of(&self.model.planets, i, values, &inside)
    }

    fn flux_of(&self, planets: &[Planet], i: usize, values: &[f64], time: &[f64]) -> Option<Vec<f64>> {
        let alone = Instrument {
            baseline: Slot::Fixed(1.0),
            slope: Slot::Fixed(0.0),
            ..self.model.instruments.get(i)?.clone()
        };
        let mut out = vec![1.0; time.len()];
        alone.flux_into(planets, values, self.model.reference, time, &mut out).then_some(out)
    }

    fn velocity_of(&self, planet: &Planet, values: &[f64], time: &[f64]) -> Option<Vec<f64>> {
        let mut out = vec![0.0; time.len()];
        planet.add_velocity(values, self.model.reference, time, &mut out).then_some(out)
    }
}

/// The flux of an instrument without planets.
fn level_into(instrument: &Instrument, values: &[f64], time: &[f64], out: &mut [f64]) {
    if !instrument.flux_into(&[], values, 0.0, time, out) {
        out.fill(1.0);
    }
}

/// Mean and variance at the data of the linear model and the noise process given the residuals of the rest.
///
/// ```text
/// process   mean y − s K⁻¹y, variance s − s² (K⁻¹)_nn;   ∂ln L/∂s_n = ½ [(K⁻¹y)_n² − (K⁻¹)_nn]
/// ```
/// with white variances s; the derivative gives the diagonal of the inverse in a time that grows as the number of points. The
/// linear model is taken at its mean.
fn explained(noise: &Noise, values: &[f64], points: &Points, residuals: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let n = residuals.len();
    let mut mean = match points.columns.is_empty() {
        true => vec![0.0; n],
        false => linear_model(noise, values, points, residuals)?.at_points(points),
    };
    let Some(process) = noise.process else { return Some((mean, vec![0.0; n])) };
    let rest: Vec<f64> = residuals.iter().zip(&mean).map(|(r, m)| r - m).collect();
    let jitter = noise.jitter.get(values);
    let white: Vec<f64> = points.variance.iter().map(|v| v + jitter * jitter).collect();
    let mut gradient = Gradient::default();
    let ln_l =
        log_likelihood_gradient(&process.oscillators(values), &points.time, &rest, &white, &mut gradient).ok()?;
    if !ln_l.is_finite() {
        return None;
    }
    let mut variance = Vec::with_capacity(n);
    for (k, s) in white.iter().enumerate() {
        // minus K⁻¹ y
        let alpha = gradient.residuals[k];
        mean[k] += rest[k] + s * alpha;
        variance.push((s - s * s * (alpha * alpha - 2.0 * gradient.variances[k])).max(0.0));
    }
    Some((mean, variance))
}
