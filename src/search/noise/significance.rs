//! How often noise alone makes a candidate: false-alarm probabilities from what is left of a periodogram.

use statrs::function::erf::erfc;

use crate::search::coarse::plan::Plan;
use crate::search::coarse::scan::{LEAST_SNR, Periodogram};

/// Share of the cells of a periodogram above the level from which its tail is continued.
const TAIL: f64 = 0.1;
/// ln of independent maxima for each cell above that level, in white noise.
const LN_MAXIMA: f64 = -0.40;
/// What red noise adds to it, times ρ.
const LN_MAXIMA_RED: f64 = -2.5;
/// ln of the exact S/N of a noise peak over that of its cell, for slots much shorter than a cadence.
const LN_GAIN: f64 = 0.080;
/// What slots as wide as a cadence add to it: where to put the edges of a box is then a choice.
const LN_GAIN_SLOT: f64 = 0.047;
/// What whitening adds to it.
const LN_GAIN_WHITENED: f64 = 0.01;
/// Scatter of ln(noise level) of a curve about the β measured, in white noise.
const LEVEL_SCATTER: f64 = 0.01;
/// The same of a whitened curve, whose noise is not as stationary as the model of it.
const LEVEL_SCATTER_WHITENED: f64 = 0.05;
/// What red noise adds to it, times ρ, for many transits,
const LEVEL_SCATTER_RED: f64 = 0.27;
/// and, times ρ (2/n)², for few: the mean of n transits is not Gaussian where single boxes are not.
const LEVEL_SCATTER_FEW: f64 = 0.52;
/// Nodes of the integral over the noise level, in its standard deviations.
const NODES: std::ops::RangeInclusive<i32> = -60..=16;
const NODE_STEP: f64 = 0.5;

/// The noise peaks of one search.
///
/// The cells of a periodogram in which nothing is left to find have an upper tail like that of the highest of many Gaussian
/// S/N, and the number of maxima above S, of one search, is continued from the level u that a tenth of the N cells exceed:
///
/// ```text
/// Λ(S) = c N/10 · Q(S/g) / Q(u)           Q upper tail of the normal distribution
/// FAP  = ∫ (1 − exp(−Λ(S exp(σ z)))) φ(z) dz
/// ```
/// g is what refinement adds to the S/N of a cell: it maximises over period, duration, time and transit shape. The integral
/// is over the error of the noise level itself: β is a core scatter, of one sign of excursions, and of few independent boxes
/// where the noise is slow, so that
///
/// ```text
/// σ = 0.01 + ρ (0.27 + 0.52 (2/n)²),   c = exp(−0.40 − 2.5 ρ),   ρ = 1 − 1/√β
/// ```
/// for a candidate of n transits; where the light curve was whitened 0.01 is 0.05. The constants were fitted to the highest
/// noise peaks of simulated quiet stars (`docs/validation.md`, Significance); the level u is each light curve's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Significance {
    /// ln(N/10) − ln Q(u), which makes ln Λ with ln Q(S/g) and ln c.
    ln_maxima: f64,
    ln_gain: f64,
    level_scatter: f64,
}

/// What a search did with the noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoiseView {
    Flat,
    Whitened,
}

impl Significance {
    /// From the last pass of a search, when all candidates are masked; `None` where nothing was searched.
    pub fn new(rest: &Periodogram, plan: &Plan, cadence: f64, view: NoiseView) -> Option<Self> {
        let mut snr: Vec<f32> = rest.snr.clone();
        let above = (TAIL * snr.len() as f64) as usize;
        if snr.is_empty() {
            return None;
        }
        let (_, &mut level, _) = snr.select_nth_unstable_by(above, |a, b| b.total_cmp(a));
        let share = (above.max(1)) as f64;
        let (extra, level_scatter) = match view {
            NoiseView::Flat => (0.0, LEVEL_SCATTER),
            NoiseView::Whitened => (LN_GAIN_WHITENED, LEVEL_SCATTER_WHITENED),
        };
        let slots = (plan.finest_slot() / cadence).min(1.0);
        Some(Self {
            ln_maxima: share.ln() - ln_upper_tail(f64::from(level.max(LEAST_SNR))),
            ln_gain: LN_GAIN + LN_GAIN_SLOT * slots + extra,
            level_scatter,
        })
    }

    /// ln of the probability that noise alone gives a candidate of this S/N over red noise or more, for β at its duration.
    pub fn ln_fap(&self, snr_red: f64, beta: f64, n_transits: usize) -> f64 {
        if !(snr_red.is_finite() && beta.is_finite()) {
            return f64::NAN;
        }
        let redness = 1.0 - beta.max(1.0).powf(-0.5);
        let few = (2.0 / n_transits.max(2) as f64).powi(2);
        let more = redness * (LEVEL_SCATTER_RED + LEVEL_SCATTER_FEW * few);
        let ln_maxima = self.ln_maxima + LN_MAXIMA + LN_MAXIMA_RED * redness;
        let scatter = self.level_scatter + more;
        let ln_term = |i: i32| {
            let z = f64::from(i) * NODE_STEP;
            let ln_expected = ln_maxima + ln_upper_tail(snr_red * (scatter * z - self.ln_gain).exp());
            // 1 − exp(−Λ) is Λ to a part in 10⁹ below this
            let ln_any = if ln_expected < -20.0 { ln_expected } else { (-(-ln_expected.exp()).exp_m1()).ln() };
            ln_any - 0.5 * z * z
        };
        let norm = (std::f64::consts::TAU.sqrt() / NODE_STEP).ln();
        (ln_sum(NODES.map(ln_term).collect()) - norm).min(0.0)
    }
}

fn ln_sum(ln_terms: Vec<f64>) -> f64 {
    let highest = ln_terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    highest + ln_terms.iter().map(|t| (t - highest).exp()).sum::<f64>().ln()
}

/// ln of the probability that a normal deviate exceeds `x` ≥ 0, to 3e-4; the asymptotic series from 5 on.
fn ln_upper_tail(x: f64) -> f64 {
    if x < 5.0 {
        return (0.5 * erfc(x * std::f64::consts::FRAC_1_SQRT_2)).ln();
    }
    let y = 1.0 / (x * x);
    let series = y * (-1.0 + y * (3.0 + y * (-15.0 + y * 105.0)));
    -0.5 * x * x - (x * std::f64::consts::TAU.sqrt()).ln() + series.ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::config::SearchConfig;
    use crate::search::grid::DurationRange;

    fn of_cells(snr: Vec<f32>) -> Significance {
        let config = SearchConfig::default();
        let range = DurationRange::new(&config, None, 0.007, config.period_min);
        let plan = Plan::new(&config, range, 27.0, 3600).unwrap();
        Significance::new(&Periodogram { snr, ..Periodogram::default() }, &plan, 0.007, NoiseView::Flat).unwrap()
    }

    fn quiet() -> Significance {
        of_cells((0..1500).map(|i| 2.6 + 1.8 * ((i * 7919) % 1500) as f32 / 1500.0).collect())
    }

    #[test]
    fn the_upper_tail_is_that_of_tables() {
        // scipy 1.17.1: scipy.stats.norm.logsf
        for (x, expected) in [
            (0.0, -std::f64::consts::LN_2),
            (3.0, -6.607_726_221_510_35),
            (5.0, -15.064_998_393_988_727),
            (10.0, -53.231_285_150_512_47),
            (100.0, -5_005.524_208_694_205),
        ] {
            assert!((ln_upper_tail(x) - expected).abs() < 3e-4, "{x} {}", ln_upper_tail(x));
        }
    }

    #[test]
    fn probabilities_fall_with_the_signal_and_rise_with_red_noise_and_few_transits() {
        let s = quiet();
        for (beta, n) in [(1.0, 10), (1.3, 2), (5.0, 4), (80.0, 2)] {
            let faps: Vec<f64> = (0..400).map(|i| s.ln_fap(1.0 + 0.25 * f64::from(i), beta, n)).collect();
            assert!(faps[0] > -0.1 && faps.windows(2).all(|w| w[1] <= w[0]), "{beta} {n}");
            assert!(faps[399] > f64::NEG_INFINITY);
        }
        assert!(s.ln_fap(7.0, 1.0, 10) < s.ln_fap(7.0, 2.0, 10) && s.ln_fap(7.0, 2.0, 10) < s.ln_fap(7.0, 2.0, 2));
        assert!(s.ln_fap(20.0, 1.0, 10) < 1e-10f64.ln() && s.ln_fap(20.0, 2.0, 10) < 1e-10f64.ln());
        assert!(s.ln_fap(f64::NAN, 1.0, 3).is_nan());
    }

    #[test]
    fn a_light_curve_with_higher_noise_peaks_makes_them_likelier() {
        let higher = of_cells((0..1500).map(|i| 3.2 + 2.2 * ((i * 7919) % 1500) as f32 / 1500.0).collect());
        assert!(higher.ln_fap(7.5, 1.0, 10) > quiet().ln_fap(7.5, 1.0, 10) + 3.0);
    }
}
