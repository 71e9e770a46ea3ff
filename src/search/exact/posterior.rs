//! Mean and covariance of what a dip's parameters can be, by adaptive importance sampling.
//!
//! At the S/N of a detection the likelihood of time, period and duration is far from a parabola: edges of a dip that are
//! sharper than they can be located make it a staircase with several maxima. Mean and standard deviation of the posterior
//! are right whatever its form: over repeated data, (mean − truth) / deviation has zero mean and unit variance.

use std::sync::LazyLock;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

use super::stack::Stack;
use super::template::{Darkening, Dip};

/// Parameters: time at the middle epoch, drift at the farthest, ln of duration, and ingress.
pub(crate) const N: usize = 4;
pub(crate) const TIME: usize = 0;
pub(crate) const DRIFT: usize = 1;
pub(crate) const LN_DURATION: usize = 2;
/// ln of ingress over duration, from what is expected in units of its deviation.
pub(crate) const INGRESS: usize = 3;

pub(crate) type Point = [f64; N];

/// Longest ingress over duration: that of a grazing transit or an eclipse.
const LONGEST_INGRESS: f64 = 0.5;
/// Standard deviation of ln(ingress over duration) about its expectation.
const LN_INGRESS_SIGMA: f64 = 0.6;
/// Ingress over duration expected of a dip without limb darkening, which is no transit of a star.
const BOX_INGRESS: f64 = 0.005;
/// Fractions of a bin that templates are shifted by.
const PHASES: usize = 4;

/// The likelihood of dips on stacked transits.
pub(crate) struct Likelihood<'a> {
    stack: &'a Stack,
    exposure: f64,
    /// Unit of time and drift, and duration at LN_DURATION = 0 (days).
    unit: f64,
    /// ln(ingress over duration) expected of a transit.
    ln_ingress: f64,
    /// What χ² is divided by.
    pub variance: f64,
    /// The dip at whole bins from mid-transit, and at whole bins and a share of one, by share.
    half: [Vec<f32>; PHASES],
    template: [Vec<f32>; PHASES],
    filled: [bool; PHASES],
    /// The dip at every share of a bin from mid-transit on, and those times.
    fine: Vec<f32>,
    from_middle: Vec<f32>,
}

/// A point's posterior density and what a fit there gives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Value {
    pub ln_posterior: f64,
    pub delta_chi2: f64,
    pub depth: f64,
    /// For the stated errors.
    pub depth_variance: f64,
}

impl<'a> Likelihood<'a> {
    /// `depth` is a first guess. The ratio of ingress to duration is expected to be 1.2 √depth: that of a planet at an
    /// impact parameter of 0.4.
    pub fn new(stack: &'a Stack, exposure: f64, unit: f64, depth: f64) -> Self {
        let ln_ingress = (1.2 * depth.abs().sqrt()).clamp(BOX_INGRESS, 0.3).ln();
        Self {
            stack,
            exposure: exposure.hypot(stack.bin_width),
            unit,
            ln_ingress,
            variance: 1.0,
            half: Default::default(),
            template: Default::default(),
            filled: [false; PHASES],
            fine: Vec::new(),
            from_middle: Vec::new(),
        }
    }

    /// The dip at a point, before exposures. The duration parametrised is from mid-ingress to mid-egress, which data tell
    /// from the ingress.
    pub fn dip(&self, point: &Point, darkening: Darkening) -> Dip {
        let expected = if darkening == Darkening::None { BOX_INGRESS.ln() } else { self.ln_ingress };
        let ratio = (expected + LN_INGRESS_SIGMA * point[INGRESS]).exp().min(LONGEST_INGRESS);
        let duration = self.unit * point[LN_DURATION].exp() / (1.0 - ratio);
        Dip { duration, ingress: ratio * duration, darkening, exposure: self.exposure }
    }

    /// `None` where the dip leaves the stack or is none.
    pub fn at(&mut self, point: &Point, darkening: Darkening) -> Option<Value> {
        let bin = self.stack.bin_width;
        let ramps = self.dip(point, darkening).ramps();
        let half = (ramps.end / bin).ceil() as usize;
        // A sample far out in the tails may be any length; none that the stack does not hold needs the memory.
        if half > self.stack.bins {
            return None;
        }
        let length = 2 * half + 2;
        let padded = length.next_multiple_of(LANES);
        let step = bin / PHASES as f64;
        let (per_bin, per_epoch) = (1.0 / bin, point[DRIFT] / self.stack.farthest);
        let fine = PHASES * (half + 2);
        while self.from_middle.len() < fine {
            self.from_middle.push((self.from_middle.len() as f64 * step) as f32);
        }
        self.fine.resize(fine, 0.0);
        ramps.fill_even(&self.from_middle[..fine], step as f32, &mut self.fine);
        for (phase, column) in self.half.iter_mut().enumerate() {
            column.clear();
            column.extend(self.fine.chunks_exact(PHASES).map(|shares| shares[phase]));
        }
        self.filled = [false; PHASES];
        let mut sums = [[0.0; LANES]; 3];
        for (epoch, row_num, row_den) in self.stack.rows() {
            let centre = (point[TIME] + per_epoch * epoch) * self.unit;
            // to the nearest quarter, without the calls that rounding takes
            let quarters = ((centre + self.stack.reach) * per_bin - 0.5) * PHASES as f64 + 0.5;
            if quarters < (PHASES * half) as f64 {
                return None;
            }
            let quarters = quarters as usize;
            let (first, phase) = (quarters / PHASES - half, quarters % PHASES);
            if first + length > row_num.len() {
                return None;
            }
            let template = &mut self.template[phase];
            if !self.filled[phase] {
                template.clear();
                template.extend(self.half[phase][..=half].iter().rev());
                let right = &self.half[(PHASES - phase) % PHASES][usize::from(phase == 0)..];
                template.extend(&right[..=half]);
                template.resize(padded, 0.0);
                self.filled[phase] = true;
            }
            let end = (first + padded).min(row_num.len());
            add_products(template, &row_num[first..end], &row_den[first..end], &mut sums);
        }
        let [num, mean, square] = sums.map(|parts| f64::from(parts.iter().sum::<f32>()));
        let information = square - mean * mean;
        if num <= 0.0 || information <= 1e-9 {
            return None;
        }
        let delta_chi2 = num * num / information;
        let prior = -0.5 * point[INGRESS] * point[INGRESS];
        let weight = self.stack.total_weight;
        let likeliest = num / information;
        // The last terms are what is left of an integral over depths whose logarithms are equally likely.
        let ln_posterior = 0.5 * delta_chi2 / self.variance + prior - 0.5 * information.ln() - likeliest.ln();
        let depth = likeliest * (1.0 - self.variance / delta_chi2) / weight.sqrt();
        Some(Value { ln_posterior, delta_chi2, depth, depth_variance: 1.0 / (information * weight) })
    }
}

/// Values that are worked on together.
const LANES: usize = 8;

/// Adds Σ num s, Σ den s and Σ den s², each in `LANES` parts.
#[inline(never)]
fn add_products(template: &[f32], num: &[f32], den: &[f32], sums: &mut [[f32; LANES]; 3]) {
    let (template, last_template) = template[..num.len()].as_chunks::<LANES>();
    let ((num, last_num), (den, last_den)) = (num.as_chunks::<LANES>(), den.as_chunks::<LANES>());
    let [mut by_num, mut mean, mut square] = *sums;
    for ((s, n), d) in template.iter().zip(num).zip(den) {
        for i in 0..LANES {
            by_num[i] += n[i] * s[i];
        }
        let weighted: [f32; LANES] = std::array::from_fn(|i| d[i] * s[i]);
        for i in 0..LANES {
            mean[i] += weighted[i];
        }
        for i in 0..LANES {
            square[i] += weighted[i] * s[i];
        }
    }
    *sums = [by_num, mean, square];
    for ((s, n), d) in last_template.iter().zip(last_num).zip(last_den) {
        sums[0][0] += n * s;
        sums[1][0] += d * s;
        sums[2][0] += d * s * s;
    }
}

/// A point of some darkening and its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mode {
    pub point: Point,
    pub darkening: Darkening,
    pub value: Value,
}

/// Climbs from `start` by steps along one parameter at a time, halved `halvings` times when none leads up.
pub(crate) fn climb(likelihood: &mut Likelihood, start: Point, steps: Point, halvings: usize) -> Option<Mode> {
    let mut best: Option<Mode> = None;
    for darkening in Darkening::ALL {
        if let Some(value) = likelihood.at(&start, darkening)
            && best.is_none_or(|b| value.ln_posterior > b.value.ln_posterior)
        {
            best = Some(Mode { point: start, darkening, value });
        }
    }
    let mut best = best?;
    let mut scale = 1.0;
    let mut halved = 0;
    // Where it led up last.
    let mut signs = [-1.0; N];
    for _ in 0..MAX_SWEEPS {
        let before = best.value.ln_posterior;
        for i in 0..N {
            for sign in [signs[i], -signs[i]] {
                let mut point = best.point;
                point[i] += sign * scale * steps[i];
                if let Some(value) = likelihood.at(&point, best.darkening)
                    && value.ln_posterior > best.value.ln_posterior
                {
                    best = Mode { point, value, ..best };
                    signs[i] = sign;
                    break;
                }
            }
        }
        if best.value.ln_posterior - before < 0.02 {
            for darkening in Darkening::ALL {
                if let Some(value) = likelihood.at(&best.point, darkening)
                    && value.ln_posterior > best.value.ln_posterior
                {
                    best = Mode { darkening, value, ..best };
                }
            }
            halved += 1;
            if halved > halvings {
                break;
            }
            scale *= 0.5;
        }
    }
    Some(best)
}

const MAX_SWEEPS: usize = 40;

/// What importance sampling gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posterior {
    pub mean: Point,
    pub covariance: [[f64; N]; N],
    /// First to last contact, days.
    pub duration: (f64, f64),
    pub depth: (f64, f64),
    pub best: Mode,
}

/// Points in each round of sampling; the last gives the result.
const ROUNDS: [usize; 3] = [96, 128, 256];
/// Rounds more, as many points as in the last, while fewer than `ENOUGH` of them count.
const MORE_ROUNDS: usize = 4;
const ENOUGH: f64 = 40.0;
/// Degrees of freedom of the Student distribution that is sampled from, whose tails are wider than most.
const FREEDOM: f64 = 6.0;
/// Factor by which proposals are wider than the posterior is thought to be.
const WIDER: f64 = 1.15;

/// Samples from a Student distribution in N dimensions, and ln of its density but for a constant: the same for all light curves.
static STUDENT: LazyLock<Vec<(Point, f64)>> = LazyLock::new(|| {
    let mut rng = StdRng::seed_from_u64(20);
    let mut normal = || -> f64 { rng.sample(StandardNormal) };
    let mut points = Vec::new();
    while points.len() < ROUNDS.iter().copied().max().unwrap_or(0) {
        let z: Point = std::array::from_fn(|_| normal());
        let spread: f64 = (0..FREEDOM as usize).map(|_| normal().powi(2)).sum::<f64>() / FREEDOM;
        let z = z.map(|z| z / spread.sqrt());
        let ln_density = -0.5 * (FREEDOM + N as f64) * (z.iter().map(|z| z * z).sum::<f64>() / FREEDOM).ln_1p();
        // each with its mirror image, which makes the mean of a symmetric posterior exact
        points.extend([(z, ln_density), (z.map(|z| -z), ln_density)]);
    }
    points
});

struct Sample {
    point: Point,
    darkening: Darkening,
    value: Value,
    weight: f64,
}

/// Posterior about `mode`, sampled first with standard deviations `widths`.
pub(crate) fn sample(likelihood: &mut Likelihood, mode: Mode, widths: Point) -> Option<Posterior> {
    let mut best = mode;
    let mut mean = mode.point;
    let mut covariance = [[0.0; N]; N];
    for i in 0..N {
        covariance[i][i] = widths[i] * widths[i];
    }
    let mut shares = [1.0 / Darkening::ALL.len() as f64; Darkening::ALL.len()];
    let mut samples: Vec<Sample> = Vec::new();
    let mut effective = 0.0;
    for (round, points) in ROUNDS.into_iter().chain([ROUNDS[ROUNDS.len() - 1]; MORE_ROUNDS]).enumerate() {
        if round >= ROUNDS.len() && effective >= ENOUGH {
            break;
        }
        let factor = cholesky(&covariance)?;
        samples.clear();
        for (i, (z, ln_density)) in STUDENT.iter().take(points).enumerate() {
            let point: Point =
                std::array::from_fn(|r| mean[r] + WIDER * (0..=r).map(|c| factor[r][c] * z[c]).sum::<f64>());
            // evenly spread over the shares, and without relation to z
            let at = ((i / 2) as f64 * 0.618_033_988_749_895 + (i % 2) as f64 * 0.5).fract();
            let family = usize::from(at >= shares[0]);
            let darkening = Darkening::ALL[family];
            let Some(value) = likelihood.at(&point, darkening) else { continue };
            if value.ln_posterior > best.value.ln_posterior {
                best = Mode { point, darkening, value };
            }
            let weight = value.ln_posterior - ln_density - shares[family].ln();
            samples.push(Sample { point, darkening, value, weight });
        }
        let highest = samples.iter().map(|s| s.weight).fold(f64::NEG_INFINITY, f64::max);
        let mut total = 0.0;
        for sample in &mut samples {
            sample.weight = (sample.weight - highest).exp();
            total += sample.weight;
        }
        if total <= 0.0 || !total.is_finite() {
            return None;
        }
        samples.iter_mut().for_each(|s| s.weight /= total);
        effective = 1.0 / samples.iter().map(|s| s.weight * s.weight).sum::<f64>();
        mean = std::array::from_fn(|i| samples.iter().map(|s| s.weight * s.point[i]).sum());
        let found = covariance_of(&samples, &mean);
        // A handful of samples tells the place but not the extent.
        let trust = (effective / 20.0).min(1.0);
        for i in 0..N {
            for j in 0..N {
                covariance[i][j] = trust * found[i][j] + (1.0 - trust) * covariance[i][j];
            }
        }
        for (share, darkening) in shares.iter_mut().zip(Darkening::ALL) {
            let of_it = samples.iter().filter(|s| s.darkening == darkening).map(|s| s.weight).sum::<f64>();
            *share = 0.15 + 0.7 * of_it;
        }
    }
    let durations: Vec<f64> = samples.iter().map(|s| likelihood.dip(&s.point, s.darkening).duration).collect();
    let duration = moments(&samples, durations.into_iter());
    let mut depth = moments(&samples, samples.iter().map(|s| s.value.depth));
    let within: f64 = samples.iter().map(|s| s.weight * s.value.depth_variance).sum();
    depth.1 = (depth.1 * depth.1 + within * likelihood.variance).sqrt();
    Some(Posterior { mean, covariance, duration, depth, best })
}

/// Weighted mean and standard deviation.
fn moments(samples: &[Sample], values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let mean: f64 = samples.iter().zip(values.clone()).map(|(s, v)| s.weight * v).sum();
    let variance: f64 = samples.iter().zip(values).map(|(s, v)| s.weight * (v - mean) * (v - mean)).sum();
    (mean, variance.sqrt())
}

fn covariance_of(samples: &[Sample], mean: &Point) -> [[f64; N]; N] {
    let mut covariance = [[0.0; N]; N];
    for sample in samples {
        let away: Point = std::array::from_fn(|i| sample.point[i] - mean[i]);
        for i in 0..N {
            for j in 0..N {
                covariance[i][j] += sample.weight * away[i] * away[j];
            }
        }
    }
    covariance
}

/// Lower factor, with a little added to the diagonal so that there is one.
fn cholesky(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut factor = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            if i == j {
                let rest = (matrix[i][i] - sum).max(1e-3 * matrix[i][i]);
                if rest.is_nan() || rest <= 0.0 {
                    return None;
                }
                factor[i][i] = rest.sqrt();
            } else {
                factor[i][j] = (matrix[i][j] - sum) / factor[j][j];
            }
        }
    }
    Some(factor)
}
