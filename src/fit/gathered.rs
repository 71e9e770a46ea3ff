//! Points of a fit gathered in bins: nearly the same posterior for a fraction of the work, for proposals to be learnt on.
//!
//! ```text
//! cycle     orbits since the reference transit, in CLASSES of neighbouring transits
//! phase     days from mid-transit by the best fit, in bins narrow about the contacts and wide elsewhere
//! bin       n points, the means of their times, cycles and fluxes, Σ w (f − mean)² / w̄, and w̄ = Σ w / n
//! ln L      −½ Σ [(n (f − m)² + scatter)/v + n ln 2πv],   v = 1/w̄ − jitter₀² + jitter²,   and a constant
//! ```
//! with w = 1/(flux_err² + jitter₀²). Bins of one point are exact. Three classes of transits leave eight ninths of what the
//! data know of a period, whatever their number, and all that they know of the rest.

use super::FitData;
use super::data::Group;
use super::model::shape;
use super::parameters::{JITTER, PERIOD, TRANSIT_TIME, Values};

/// Of transits.
const CLASSES: i64 = 3;
/// Most points a bin for each point there is that are worth the second look at the posterior.
const WORTH: f64 = 0.5;
/// Error of the mean flux in a bin, over that of its data, that a contact in its middle may make.
const CONTACT_ERROR: f64 = 0.15;
/// Widths of bins in units of the duration: least, within the transit, and outside.
const LEAST_WIDTH: f64 = 1.0 / 400.0;
const WIDTH_INSIDE: f64 = 1.0 / 24.0;
const WIDTH_OUTSIDE: f64 = 1.0 / 4.0;
/// By how much of the duration and of the ingress contacts may be elsewhere than in the best fit.
const MARGINS: (f64, f64) = (0.02, 0.2);

/// What is known of the points of each bin besides their means.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Multiplicity {
    /// Orbits from the reference transit, a mean.
    pub cycle: Vec<f64>,
    pub count: Vec<f64>,
    pub scatter: Vec<f64>,
    /// Σ ln v of all points over that of the bins at jitter₀.
    pub ln_variance: f64,
}

/// The points of `data` in bins about the transits of `best`; `None` where that would save little.
pub(super) fn gathered(data: &FitData, best: &Values) -> Option<FitData> {
    let bins = Bins::new(data, best)?;
    let mut out = FitData {
        time: Vec::new(),
        flux: Vec::new(),
        flux_err: Vec::new(),
        groups: Vec::new(),
        multiplicity: None,
        ..data.clone()
    };
    let mut multiplicity = Multiplicity { cycle: Vec::new(), count: Vec::new(), scatter: Vec::new(), ln_variance: 0.0 };
    for group in &data.groups {
        let mut sums = bins.sums(data, group);
        // what is in transit comes first
        sums.sort_by(|a, b| bins.phase(a).abs().total_cmp(&bins.phase(b).abs()));
        let start = out.time.len();
        for sum in &sums {
            out.time.push(sum.time / sum.weight);
            out.flux.push(sum.flux / sum.weight);
            let variance = sum.count / sum.weight;
            let own = (variance - bins.jitter2).max(sum.least_variance);
            multiplicity.ln_variance += sum.ln_variance - sum.count * (own + bins.jitter2).ln();
            out.flux_err.push(own.sqrt());
            multiplicity.cycle.push(sum.cycle / sum.weight);
            multiplicity.count.push(sum.count);
            multiplicity.scatter.push(sum.square * variance);
        }
        let distance = sums.iter().map(|s| bins.phase(s).abs()).collect();
        let exposure = bins.exposure(group.exposure);
        out.groups.push(Group { points: start..out.time.len(), exposure, distance });
    }
    out.multiplicity = Some(multiplicity);
    (out.len() as f64 <= WORTH * data.len() as f64).then_some(out)
}

/// Where bins begin and end.
struct Bins {
    period: f64,
    transit_time: f64,
    jitter2: f64,
    /// Least width of a bin.
    narrow: f64,
    /// First epochs of all classes but the first.
    classes: Vec<i64>,
    /// Outer ends of bins on either side of mid-transit, rising.
    ends: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    weight: f64,
    count: f64,
    time: f64,
    cycle: f64,
    flux: f64,
    /// Σ w (f − mean)².
    square: f64,
    least_variance: f64,
    ln_variance: f64,
}

impl Bins {
    fn new(data: &FitData, best: &Values) -> Option<Self> {
        let (period, transit_time, jitter2) = (best[PERIOD], best[TRANSIT_TIME], best[JITTER] * best[JITTER]);
        let shape = shape(best)?;
        let exposure = data.groups.iter().map(|g| g.exposure).fold(f64::INFINITY, f64::min);
        let (duration, full) = (shape.duration(), shape.full_duration());
        if !(duration > 0.0 && duration + exposure < 0.5 * period) {
            return None;
        }
        // an exposure smooths contacts over its length
        let ingress = (0.5 * (duration - full)).max(exposure);
        let weight: f64 = data.flux_err.iter().map(|e| 1.0 / (e * e + jitter2)).sum();
        let reach = data.groups.iter().filter_map(|g| g.distance.last()).fold(0.0f64, |a, b| a.max(*b));
        // ln L known per day of phase, on both sides
        let density = weight / (2.0 * reach);
        let slope = shape.depth() / ingress;
        // A bin of width h about a contact is off by slope h/8, and known to 1/√(density h).
        let narrow = (8.0 * CONTACT_ERROR / (slope * density.sqrt())).powf(2.0 / 3.0);
        let narrow = narrow.clamp(LEAST_WIDTH * duration, WIDTH_INSIDE * duration);
        let margin = MARGINS.0 * duration + MARGINS.1 * ingress + 0.5 * exposure;
        let (from, to) = (0.5 * full - margin, 0.5 * duration + margin);
        let mut ends = Vec::new();
        let mut end = 0.0;
        while end < reach {
            end += if end < from {
                (WIDTH_INSIDE * duration).min((from - end).max(narrow))
            } else if end < to {
                narrow
            } else {
                (end - to + narrow).min(WIDTH_OUTSIDE * duration)
            };
            ends.push(end);
        }
        let (first, last) = data.epochs;
        let transits = last - first + 1;
        let classes = (1..CLASSES.min(transits)).map(|c| first + (c * transits).div_euclid(CLASSES.min(transits)));
        Some(Self { period, transit_time, jitter2, narrow, classes: classes.collect(), ends })
    }

    /// What a mean over a short exposure changes is less than what a bin does.
    fn exposure(&self, exposure: f64) -> f64 {
        if exposure > self.narrow { exposure } else { 0.0 }
    }

    fn phase(&self, sum: &Sum) -> f64 {
        (sum.time - sum.cycle * self.period) / sum.weight - self.transit_time
    }

    /// Those of all bins with points in them.
    fn sums(&self, data: &FitData, group: &Group) -> Vec<Sum> {
        let sides = 2 * (self.ends.len() + 1);
        let mut sums = vec![Sum::default(); (self.classes.len() + 1) * sides];
        let place = |i: usize| {
            let since = data.time[i] - self.transit_time;
            let epoch = (since / self.period).round();
            let phase = since - epoch * self.period;
            let class = self.classes.iter().filter(|c| epoch as i64 >= **c).count();
            let bin = self.ends.partition_point(|end| *end < phase.abs());
            (class * sides + 2 * bin + usize::from(phase < 0.0), epoch)
        };
        let weight = |i: usize| 1.0 / (data.flux_err[i] * data.flux_err[i] + self.jitter2);
        for i in group.points.clone() {
            let (bin, epoch) = place(i);
            let (sum, w, variance) = (&mut sums[bin], weight(i), data.flux_err[i] * data.flux_err[i]);
            sum.least_variance = if sum.count > 0.0 { sum.least_variance.min(variance) } else { variance };
            sum.ln_variance += (variance + self.jitter2).ln();
            sum.weight += w;
            sum.count += 1.0;
            sum.time += w * data.time[i];
            sum.cycle += w * epoch;
            sum.flux += w * data.flux[i];
        }
        for i in group.points.clone() {
            let sum = &mut sums[place(i).0];
            sum.square += weight(i) * (data.flux[i] - sum.flux / sum.weight).powi(2);
        }
        sums.retain(|s| s.count > 0.0);
        sums
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use rand_distr::StandardNormal;

    use super::*;
    use crate::ephemeris::{Candidate, Ephemeris};
    use crate::fit::optimise::optimise;
    use crate::fit::{FitConfig, ParameterTable, Posterior};
    use crate::sample::LogDensity;
    use crate::star::Star;
    use crate::transit::{Orbit, OrbitElements, Quadratic, TransitShape, light_curve};

    /// Ten transits at two minutes, with errors that differ by half.
    fn simulated(k: f64, b: f64, sigma: f64) -> (FitData, Candidate) {
        let orbit = Orbit::new(OrbitElements::from_density(3.7, 0.1, 1.0, b)).unwrap();
        let shape = TransitShape::new(orbit, k, Quadratic { u1: 0.4, u2: 0.2 }).unwrap();
        let mut rng = StdRng::seed_from_u64(5);
        let exposure = 2.0 / 1440.0;
        let time: Vec<f64> = (0..27_000).map(|i| f64::from(i) * exposure).filter(|t| (t + 0.4) % 3.7 < 1.0).collect();
        let errors: Vec<f64> = time.iter().map(|_| sigma * rng.random_range(0.8..1.2)).collect();
        let flux = light_curve(&shape, &time, exposure);
        let flux: Vec<f64> =
            flux.iter().zip(&errors).map(|(f, e)| f + e * rng.sample::<f64, _>(StandardNormal)).collect();
        let ephemeris = Ephemeris { period: 3.7, transit_time: 0.1 };
        let candidate = Candidate::known(ephemeris, shape.duration(), shape.depth());
        (FitData::from_columns(&time, &flux, &errors, exposure, &candidate).unwrap(), candidate)
    }

    /// ln L over the places that a posterior has its draws in differs by a constant and a few tenths from that of all points.
    #[test]
    fn the_likelihood_is_nearly_that_of_all_points() {
        for (k, b, sigma) in [(0.1, 0.3, 8e-4), (0.03, 0.5, 8e-4), (0.02, 0.2, 1.5e-3), (0.12, 0.95, 8e-4)] {
            let (data, candidate) = simulated(k, b, sigma);
            let config = FitConfig::default();
            let table = ParameterTable::new(&data, &candidate, &Star::default(), &config).unwrap();
            let posterior = Posterior::new(&data, &table, config.exposure);
            let best = optimise(&posterior, &candidate).remove(0);
            let few = gathered(&data, &table.values(&best.x)).unwrap();
            let counts: f64 = few.multiplicity.as_ref().unwrap().count.iter().sum();
            assert_eq!(counts, data.len() as f64);
            assert!(5 * few.len() < data.len(), "{} of {}", few.len(), data.len());
            let guide = posterior.with_data(&few);
            let root = best.covariance.clone().cholesky().unwrap().unpack();
            let mut rng = StdRng::seed_from_u64(1);
            let mut differences = Vec::new();
            while differences.len() < 300 {
                let normal = nalgebra::DVector::from_fn(best.x.len(), |_, _| rng.sample::<f64, _>(StandardNormal));
                let step = &root * normal;
                let x: Vec<f64> = best.x.iter().zip(step.iter()).map(|(x, s)| x + s).collect();
                let exact = posterior.log_density(&x);
                if exact > best.ln_posterior - 12.0 {
                    differences.push(guide.log_density(&x) - exact);
                }
            }
            let n = differences.len() as f64;
            let mean = differences.iter().sum::<f64>() / n;
            let scatter = (differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / n).sqrt();
            println!("k {k} b {b}: {} of {} points, {mean:.3} ± {scatter:.3}", few.len(), data.len());
            // what the model changes within bins counts as scatter, which lowers all alike
            assert!(scatter < 0.5 && (-10.0..0.5).contains(&mean), "k {k} b {b}: {mean} {scatter}");
        }
    }
}
