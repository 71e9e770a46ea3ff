//! The transits of one ephemeris stacked in fine bins, group by group of epochs, so that another period is a shift of rows.

use super::refine::PeriodicBox;
use super::template::Ramps;
use crate::search::series::dips::Series;

/// Sums in fine bins of time from transit, one row a group of epochs, scaled so that a box has Δχ² = num² / (den (1 − den)):
/// `num` = Σ w·dip / √W, `den` = Σ w / W.
pub(crate) struct Stack {
    /// Days.
    pub bin_width: f64,
    /// Time from transit at which the first bin starts is −`reach`.
    pub reach: f64,
    /// Mean epoch of the cadences.
    pub middle: f64,
    /// Distance of the farthest group from it, in epochs.
    pub farthest: f64,
    /// W, days and flux as in the series.
    pub total_weight: f64,
    pub bins: usize,
    /// Mean epoch of each group, from the middle; NaN for one without cadences.
    epochs: Vec<f64>,
    num: Vec<f32>,
    den: Vec<f32>,
    /// Prefix sums of the fold at one period.
    folded_num: Vec<f32>,
    folded_den: Vec<f32>,
    power: Vec<f32>,
}

/// A box of whole bins: the first bin, the number of bins, and Δχ² times the scale of its width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StackBox {
    pub start: usize,
    pub width: usize,
    pub power: f32,
}

impl Stack {
    /// Cadences within `reach` of the transits of `shape`, in bins of `bin_width` and at most `groups` groups: over one,
    /// another period drifts by that share of what it does over all.
    pub fn new(series: &Series, shape: &PeriodicBox, bin_width: f64, reach: f64, groups: usize) -> Self {
        let bins = (2.0 * reach / bin_width).ceil().max(1.0) as usize;
        let (first, last) = (series.time.first().copied(), series.time.last().copied());
        let epoch_of = |t: Option<f64>| t.map_or(0.0, |t| ((t - shape.transit_time) / shape.period).round());
        let (first, last) = (epoch_of(first), epoch_of(last));
        let groups = (last - first + 1.0).clamp(1.0, groups as f64);
        let per_group = groups / (last - first + 1.0);
        let groups = groups as usize;
        let (mut num, mut den) = (vec![0.0; groups * bins], vec![0.0; groups * bins]);
        let mut moments = vec![(0.0, 0.0); groups];
        let per_bin = 1.0 / bin_width;
        let scale = (1.0 / series.total_weight.sqrt(), 1.0 / series.total_weight);
        let start = shape.transit_time - reach;
        for window in series.windows(shape.period, start, (2.0 * reach).min(shape.period)) {
            let epoch = window.epoch as f64;
            let group = (((epoch - first) * per_group) as usize).min(groups - 1);
            let (num, den) = (&mut num[group * bins..][..bins], &mut den[group * bins..][..bins]);
            let from = start + epoch * shape.period;
            let range = window.cadences;
            moments[group].0 += range.len() as f64;
            moments[group].1 += range.len() as f64 * epoch;
            let columns = series.time[range.clone()].iter().zip(&series.dip[range.clone()]).zip(&series.weight[range]);
            for ((t, dip), w) in columns {
                let bin = (((t - from) * per_bin) as usize).min(bins - 1);
                num[bin] += (w * dip * scale.0) as f32;
                den[bin] += (w * scale.1) as f32;
            }
        }
        let (count, sum) = moments.iter().fold((0.0, 0.0), |a, m| (a.0 + m.0, a.1 + m.1));
        let middle = if count > 0.0 { sum / count } else { 0.0 };
        let epochs: Vec<f64> = moments.iter().map(|m| if m.0 > 0.0 { m.1 / m.0 - middle } else { f64::NAN }).collect();
        let farthest = epochs.iter().fold(0.5, |a: f64, e| a.max(e.abs()));
        let zeros = || vec![0.0; bins + 1];
        let (folded_num, folded_den, power) = (zeros(), zeros(), zeros());
        Self {
            bin_width,
            reach,
            middle,
            farthest,
            total_weight: series.total_weight,
            bins,
            epochs,
            num,
            den,
            folded_num,
            folded_den,
            power,
        }
    }

    /// Mean epoch from the middle, `num` and `den` of each group that has cadences.
    pub fn rows(&self) -> impl Iterator<Item = (f64, &[f32], &[f32])> {
        let rows = self.num.chunks_exact(self.bins).zip(self.den.chunks_exact(self.bins));
        self.epochs.iter().zip(rows).filter(|r| !r.0.is_nan()).map(|(epoch, (num, den))| (*epoch, num, den))
    }

    /// Folds at the period longer by `change`, about the middle epoch. Rows are shifted by whole bins.
    pub fn fold(&mut self, change: f64) {
        let bins = self.bins;
        let (num, den) = (&mut self.folded_num, &mut self.folded_den);
        num.fill(0.0);
        den.fill(0.0);
        for (group, epoch) in self.epochs.iter().enumerate().filter(|e| !e.1.is_nan()) {
            let shift = (epoch * change / self.bin_width).round() as isize;
            let skipped = shift.unsigned_abs().min(bins);
            let (from, to) = if shift >= 0 { (skipped, 0) } else { (0, skipped) };
            let row = group * bins;
            let length = bins - skipped;
            add(&mut num[1 + to..][..length], &self.num[row + from..][..length]);
            add(&mut den[1 + to..][..length], &self.den[row + from..][..length]);
        }
        for column in [num, den] {
            let mut sum = 0.0;
            for value in column.iter_mut() {
                sum += *value;
                *value = sum;
            }
        }
    }

    /// The best box of this fold over `widths` (bins, with what Δχ² is multiplied by); `None` without a dip.
    pub fn best(&mut self, widths: &[(usize, f32)]) -> Option<StackBox> {
        let mut best: Option<StackBox> = None;
        for &(width, scale) in widths.iter().filter(|w| w.0 <= self.bins) {
            let n = self.bins + 1 - width;
            let power = &mut self.power[..n];
            box_powers(&self.folded_num, &self.folded_den, width, power);
            let highest = highest(power);
            if highest > 0.0 && best.is_none_or(|b| highest * scale > b.power) {
                let start = power.iter().position(|p| *p == highest).unwrap_or(0);
                best = Some(StackBox { start, width, power: highest * scale });
            }
        }
        best
    }

    /// S/N of a dip about `middle` (time from transit) in this fold; 0 for a brightening.
    pub fn dip_snr(&self, ramps: &Ramps, middle: f64) -> f64 {
        let position = |x: f64| (x + self.reach) / self.bin_width;
        let first = position(middle - ramps.end).floor().max(0.0) as usize;
        let end = (position(middle + ramps.end).ceil().max(0.0) as usize).min(self.bins);
        let (mut num, mut mean, mut square) = (0.0, 0.0, 0.0);
        let mut from_middle = [0.0f32; LANES];
        let mut dip = [0.0f32; LANES];
        for from in (first..end).step_by(LANES) {
            let n = LANES.min(end - from);
            for (i, x) in from_middle[..n].iter_mut().enumerate() {
                *x = ((from + i) as f64 * self.bin_width + 0.5 * self.bin_width - self.reach - middle).abs() as f32;
            }
            ramps.fill(&from_middle[..n], &mut dip[..n]);
            for (i, s) in (from..).zip(&dip[..n]) {
                let weight = (self.folded_den[i + 1] - self.folded_den[i]) * s;
                num += (self.folded_num[i + 1] - self.folded_num[i]) * s;
                mean += weight;
                square += weight * s;
            }
        }
        let information = square - mean * mean;
        if information > NO_WEIGHT { f64::from(num / information.sqrt()).max(0.0) } else { 0.0 }
    }

    /// Edges of a box of bins, as times from transit.
    pub fn edges(&self, found: &StackBox) -> (f64, f64) {
        let left = found.start as f64 * self.bin_width - self.reach;
        (left, left + found.width as f64 * self.bin_width)
    }
}

fn add(sum: &mut [f32], row: &[f32]) {
    for (s, r) in sum.iter_mut().zip(row) {
        *s += r;
    }
}

/// Values that are worked on together.
const LANES: usize = 16;

/// A share of all weight that is zero but for rounding, and no box.
const NO_WEIGHT: f32 = 1e-6;

/// Δχ² of the dips in all boxes of `width` bins from prefix sums; 0 for brightenings.
fn box_powers(num: &[f32], den: &[f32], width: usize, power: &mut [f32]) {
    let n = power.len();
    let (num_left, num_right) = (&num[..n], &num[width..][..n]);
    let (den_left, den_right) = (&den[..n], &den[width..][..n]);
    for i in 0..n {
        let num = (num_right[i] - num_left[i]).max(0.0);
        let den = den_right[i] - den_left[i];
        let value = num * num / (den * (1.0 - den)).max(f32::MIN_POSITIVE);
        power[i] = if den > NO_WEIGHT { value } else { 0.0 };
    }
}

/// Largest of some values that are not negative.
fn highest(values: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(0.0, |a, b| if *b > a { *b } else { a })
}
