//! The coarse pass: the best box at every trial period, by fast folding, band by band of periods.

use super::ffa::FastFold;
use super::kernels::{Best, Kernels, LANES, MAX_BOXES, TrialBox};
use super::plan::{Band, Plan};
use super::quantise::{Quantised, Scale, quantise};
use crate::search::exact::refine::PeriodicBox;
use crate::search::noise::red::RedNoise;
use crate::search::series::cumulative::Cumulative;
use crate::search::series::slots::Slots;

/// Folds in a cell of the periodogram.
const FOLDS_PER_CELL: usize = 8;
/// S/N of a cell in which nothing is higher: far below any threshold, and below what noise reaches in a cell.
pub(crate) const LEAST_SNR: f32 = 2.5;

/// The best S/N in each cell of a few neighbouring trial periods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Periodogram {
    /// First trial period of each cell (days), ascending.
    pub period: Vec<f64>,
    /// Highest S/N against red noise of all boxes in the cell; 2.5 where none is higher.
    pub snr: Vec<f32>,
    /// Period (days) of the fold with the highest S/N.
    pub best_period: Vec<f64>,
    /// The box with the highest S/N: transit time (days since the first cadence) and duration (days).
    pub(crate) best_box: Vec<(f64, f64)>,
    /// Folds evaluated.
    pub n_periods: usize,
    /// Additions and comparisons of slots, on whole numbers of 16 bits, that folding and comparing boxes took.
    pub n_operations: f64,
}

impl Periodogram {
    pub fn len(&self) -> usize {
        self.snr.len()
    }

    /// Whether no period was searched.
    pub fn is_empty(&self) -> bool {
        self.snr.is_empty()
    }

    /// The best box of a cell.
    pub(crate) fn start_of(&self, cell: usize) -> PeriodicBox {
        let (transit_time, duration) = self.best_box[cell];
        PeriodicBox { period: self.best_period[cell], transit_time, duration }
    }

    fn open_cell(&mut self, period: f64) {
        self.period.push(period);
        self.best_period.push(period);
        self.best_box.push((0.0, 0.0));
        self.snr.push(0.0);
    }

    /// Leaves `best` in the cell that was opened last.
    fn close_cell(&mut self, best: Best, period: f64, slot_width: f64) {
        let Some(cell) = self.snr.len().checked_sub(1) else { return };
        let duration = f64::from(best.width) * slot_width;
        self.snr[cell] = best.score.sqrt();
        self.best_period[cell] = period;
        self.best_box[cell] = (f64::from(best.start) * slot_width + 0.5 * duration, duration);
    }
}

/// A coarse pass, and the noise that it was made with.
pub(crate) struct Scan {
    pub periodogram: Periodogram,
    pub noise: RedNoise,
}

/// Work space of coarse passes.
pub(crate) struct Scanner {
    kernels: Kernels,
    fold: FastFold,
    whole: Quantised,
}

impl Scanner {
    pub fn new() -> Self {
        let kernels = Kernels::detect();
        Self { kernels, fold: FastFold::new(kernels), whole: Quantised::default() }
    }

    /// Searches a series over the whole `plan`.
    pub fn scan(&mut self, series: &Cumulative, noise: &RedNoise, plan: &Plan) -> Periodogram {
        let mut periodogram = Periodogram::default();
        for (i, band) in plan.bands.iter().enumerate() {
            let slots = Slots::new(series, band.slot_width);
            let last = i + 1 == plan.bands.len();
            self.scan_band(&slots, band, plan, last, noise, series.series.total_weight, &mut periodogram);
        }
        periodogram
    }

    #[expect(clippy::too_many_arguments)]
    fn scan_band(
        &mut self,
        slots: &Slots,
        band: &Band,
        plan: &Plan,
        last_band: bool,
        noise: &RedNoise,
        total_weight: f64,
        out: &mut Periodogram,
    ) {
        let width = band.slot_width;
        let first = ((band.period_min / width).floor() as usize).max(2);
        let last = (band.period_max / width).ceil() as usize;
        let Some(&widest) = band.widths.iter().rfind(|w| **w < first).or(band.widths.first()) else { return };
        if widest >= first {
            return;
        }
        let scale = Scale::new(slots, first, widest, noise.beta(2.0 * width));
        quantise(slots, scale, FastFold::padded_length(slots.len(), last), &mut self.whole);
        let mut boxes: Vec<TrialBox> = band
            .widths
            .iter()
            .filter(|w| **w <= widest)
            .take(MAX_BOXES)
            .map(|w| trial_box(*w, width, noise, scale, total_weight))
            .collect();

        let mut best = nothing();
        let mut best_period = 0.0;
        let mut in_cell = 0;
        for base in first..last {
            // one step beyond the longest, since trial durations are steps, and at most half of the period
            let longest = (1.2 * plan.durations.longest((base + 1) as f64 * width) / width).min(0.5 * base as f64);
            for b in &mut boxes {
                b.bar = (1.0 - (2.5 * b.width as f32 / base as f32).min(0.5)) / b.gain;
            }
            self.fold.prepare(&self.whole, slots.len(), base);
            // The last fold is at the period of the first one of the next base.
            let rows = self.fold.rows();
            out.n_operations += (2 * rows * base) as f64 * (rows as f64).log2().ceil();
            let folds = if base + 1 == last && last_band { rows } else { rows - 1 };
            for k in 0..folds {
                let period = self.fold.period(k) * width;
                if period < plan.period_min || period > plan.period_max {
                    self.fold.skip();
                    continue;
                }
                if in_cell == 0 {
                    out.open_cell(period);
                }
                let longest = longest.min(longest_in_fold(base * (rows - 1) + k) as f64);
                let n = boxes.partition_point(|b| b.width as f64 <= longest).max(1);
                let length = base.next_multiple_of(LANES) + boxes[n - 1].width + LANES;
                let fold = self.fold.next_fold(length);
                let before = best.score;
                self.kernels.best_box(fold, base, &boxes[..n], &mut best);
                if best.score > before {
                    best_period = period;
                }
                out.n_periods += 1;
                // a numerator and a denominator in each slot of the widest box, three steps for each box compared
                out.n_operations += (base * (2 * boxes[n - 1].width + 3 * n)) as f64;
                in_cell += 1;
                if in_cell == FOLDS_PER_CELL {
                    out.close_cell(best, best_period, width);
                    best = nothing();
                    in_cell = 0;
                }
            }
        }
        if in_cell > 0 {
            out.close_cell(best, best_period, width);
        }
    }
}

/// Where a cell starts from.
fn nothing() -> Best {
    Best { score: LEAST_SNR * LEAST_SNR, ..Best::default() }
}

/// β of single boxes of all durations of `plan`.
pub(crate) fn measure_noise(cumulative: &Cumulative, plan: &Plan) -> RedNoise {
    let slots = Slots::new(cumulative, plan.finest_slot());
    RedNoise::measure(&slots, plan.durations.longest(plan.period_max), |duration| cumulative.series.ratio(duration))
}

fn trial_box(width: usize, slot_width: f64, noise: &RedNoise, scale: Scale, total_weight: f64) -> TrialBox {
    let duration = width as f64 * slot_width;
    let beta = noise.beta(duration);
    TrialBox {
        width,
        gain: (scale.den / (scale.num * scale.num * beta * beta)) as f32,
        share: (1.0 / (scale.den * total_weight)) as f32,
        bar: 0.0,
        least_weight: (1.2 * noise.event_weight(duration) * scale.den) as u16,
    }
}

/// Longest box (slots) to compare in fold number `fold`: neighbouring folds drift apart by one slot over the series, so boxes
/// of 4 and 6 slots are compared in every second fold, of 8 and 12 in every fourth, and so on.
fn longest_in_fold(fold: usize) -> usize {
    (4usize << fold.trailing_zeros().min(20)) - 1
}
