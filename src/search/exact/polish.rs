//! Period, time, duration and depth of a found box, from transit-shaped dips on stacked transits.

use super::posterior::{DRIFT, INGRESS, LN_DURATION, Likelihood, Mode, N, TIME, climb, sample};
use super::refine::{BoxFit, PeriodicBox};
use super::shape::{ShapeFit, shape_fit};
use super::stack::Stack;
use crate::search::series::dips::Series;

/// A fitted transit shape; times in days since the series' origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Polished {
    pub period: f64,
    pub period_err: f64,
    /// Mid-transit of the epoch nearest to the middle of the transits observed.
    pub transit_time: f64,
    /// First to last contact (T14).
    pub duration: f64,
    pub duration_err: f64,
    /// At mid-transit, before exposures smear it.
    pub depth: f64,
    pub depth_err: f64,
    /// Of the best shape, on unbinned data.
    pub fit: ShapeFit,
    transit_time_err: f64,
    /// Covariance of period and transit time.
    covariance: f64,
}

impl Polished {
    /// Whether the shape is about as long and as deep as the box. A narrow dip between two cadences may be of any depth.
    pub fn is_like(&self, fit: &BoxFit) -> bool {
        let near = |a: f64, b: f64| (0.25..4.0).contains(&(a / b));
        near(self.duration, fit.shape.duration) && near(self.depth, fit.statistic.depth)
    }

    /// Error of the mid-time `epochs` transits after `transit_time`.
    pub fn time_err(&self, epochs: f64) -> f64 {
        let variance =
            self.transit_time_err.powi(2) + epochs * (2.0 * self.covariance + epochs * self.period_err.powi(2));
        variance.max(0.0).sqrt()
    }
}

/// Share of the box's Δχ² that the shape must have. A box's edges are chosen with the noise, so one that explains a little
/// more may still be the worse guess.
const LEAST_GAIN: f64 = 0.9;
/// Bins in the box's duration: few enough to be fast, as many as the S/N can tell apart.
const BINS_PER_DURATION: (f64, f64) = (32.0, 128.0);
/// Groups of epochs: the box's period is right to a few hundredths of a duration over one of them.
const GROUPS: usize = 12;
/// Groups of epochs when the period is that of the best dip: less than 2 % of what the data say of the period is within them.
const SAMPLED_GROUPS: usize = 8;
/// Stacked time from transit to each side, in the box's durations.
const REACH: f64 = 1.8;
/// Farther from the box than this, in its durations, the fit is taken up again from where it is.
const FAR: f64 = 0.3;
const ROUNDS: usize = 3;
/// First steps of time, drift, ln(duration) and ingress.
const STEPS: [f64; N] = [0.12, 0.12, 0.12, 1.0];

/// The posterior of time, period, duration, ingress and limb darkening, depth and level being fitted at every point.
///
/// Cadences are taken to be as long as the series' time step. All flux errors are scaled by `beta`, or by the root of the
/// reduced χ² about the transits where that is larger. `None` where the shape leaves the neighbourhood of the box or
/// explains less than the box.
pub(crate) fn polish(series: &Series, fit: &BoxFit, beta: f64) -> Option<Polished> {
    let mut shape = fit.shape;
    for round in 1.. {
        let reach = (REACH * shape.duration + series.cadence).min(0.5 * shape.period);
        let bins = (2.0 * fit.statistic.snr).clamp(BINS_PER_DURATION.0, BINS_PER_DURATION.1);
        let stack = Stack::new(series, &shape, shape.duration / bins, reach, GROUPS);
        let mut likelihood = Likelihood::new(&stack, series.cadence, shape.duration, fit.statistic.depth);
        let mode = climb(&mut likelihood, [0.0; N], STEPS, 4)?;
        let point = mode.point;
        let moved = point[TIME].abs().max(point[DRIFT].abs()).max(point[LN_DURATION].abs());
        if moved > FAR && round < ROUNDS {
            shape = moved_to(&shape, &stack, &mode);
            continue;
        }
        // Now the period is right to what it can be measured to, and larger groups do.
        let shape = moved_to(&shape, &stack, &mode);
        let stack = Stack::new(series, &shape, shape.duration / bins, reach, SAMPLED_GROUPS);
        let mut likelihood = Likelihood::new(&stack, series.cadence, shape.duration, fit.statistic.depth);
        let mut point = [0.0; N];
        point[INGRESS] = mode.point[INGRESS];
        let value = likelihood.at(&point, mode.darkening)?;
        let mode = Mode { point, value, ..mode };
        return measured(series, fit, &shape, &mut likelihood, &stack, mode, beta);
    }
    None
}

fn moved_to(shape: &PeriodicBox, stack: &Stack, mode: &Mode) -> PeriodicBox {
    let change = mode.point[DRIFT] * shape.duration / stack.farthest;
    PeriodicBox {
        period: shape.period + change,
        transit_time: shape.transit_time + mode.point[TIME] * shape.duration - stack.middle * change,
        duration: shape.duration * mode.point[LN_DURATION].exp(),
    }
}

fn measured(
    series: &Series,
    fit: &BoxFit,
    shape: &PeriodicBox,
    likelihood: &mut Likelihood,
    stack: &Stack,
    mode: Mode,
    beta: f64,
) -> Option<Polished> {
    let exact = |mode: &Mode, likelihood: &Likelihood| {
        let dip = likelihood.dip(&mode.point, mode.darkening);
        shape_fit(series, &moved_to(shape, stack, mode), dip.of_exposure(series.cadence))
    };
    let first = exact(&mode, likelihood)?;
    let scale = beta.max(first.scatter);
    likelihood.variance = scale * scale;
    let snr = (mode.value.delta_chi2.sqrt() / scale).max(1.0);
    let dip = likelihood.dip(&mode.point, mode.darkening);
    // Carter et al. 2008 (ApJ 689, 499), with the slopes that the exposure makes, and no edge located better than this.
    let slope = ((dip.ingress + series.cadence) / shape.duration).max(EDGE / (snr * snr)).min(1.0);
    let time = (0.5 * slope).sqrt() / snr;
    let widths = [time, 1.6 * time, 2.0 * time, 1.0];
    let posterior = sample(likelihood, mode, widths)?;
    let best = exact(&posterior.best, likelihood)?;
    let exact = if best.statistic.snr > first.statistic.snr { best } else { first };
    if exact.statistic.delta_chi2 < LEAST_GAIN * fit.statistic.delta_chi2 {
        return None;
    }

    let per_epoch = shape.duration / stack.farthest;
    let period = shape.period + posterior.mean[DRIFT] * per_epoch;
    let time_at_middle = shape.transit_time + stack.middle * shape.period + posterior.mean[TIME] * shape.duration;
    let whole = stack.middle.round();
    let fraction = whole - stack.middle;
    // Templates are shifted by quarters of bins.
    let rounding = (0.25 * stack.bin_width).powi(2) / 12.0;
    let c = &posterior.covariance;
    let (c_tt, c_pp, c_tp) = (
        c[TIME][TIME] * shape.duration.powi(2) + rounding,
        c[DRIFT][DRIFT] * per_epoch.powi(2) + rounding / stack.farthest.powi(2),
        c[TIME][DRIFT] * shape.duration * per_epoch,
    );

    Some(Polished {
        period,
        period_err: c_pp.sqrt(),
        transit_time: time_at_middle + fraction * period,
        transit_time_err: (c_tt + fraction * (2.0 * c_tp + fraction * c_pp)).max(0.0).sqrt(),
        covariance: c_tp + fraction * c_pp,
        duration: posterior.duration.0,
        duration_err: posterior.duration.1.hypot(rounding.sqrt()),
        depth: posterior.depth.0,
        depth_err: posterior.depth.1,
        fit: exact,
    })
}

/// Slopes shorter than this over (S/N)², in durations, are located no better: the variance of the place where a Brownian
/// motion with drift −|x|/2 to both sides is highest (Yao 1987, Annals of Statistics 15, 1321).
const EDGE: f64 = 26.0;
