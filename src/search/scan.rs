//! The coarse pass: the best box at every trial period, by fast folding, octave by octave of duration.

use super::ffa::{FastFold, Pair, Rows};
use super::grid::ofir_periods;
use super::kernels::{Kernels, LANES, TrialBox};
use super::plan::{DurationClass, Plan};
use super::series::Series;
use super::slots::{EventScatter, RedNoise, event_scatter, slotted};

/// The best S/N in each cell of an Ofir grid of periods.
#[derive(Clone, Debug, PartialEq)]
pub struct Periodogram {
    /// Lower edge of each cell (days), ascending.
    pub period: Vec<f64>,
    /// Highest S/N against red noise of all folds in the cell; 0 where there is no dip.
    pub snr: Vec<f32>,
    /// Period (days) of that fold.
    pub best_period: Vec<f64>,
    /// Octave of durations of that fold.
    pub(crate) class: Vec<u8>,
    /// Folds evaluated.
    pub n_periods: usize,
}

impl Periodogram {
    fn new(baseline: f64, period_min: f64, period_max: f64) -> Self {
        // Solar density and two cells a duration: fine enough to tell peaks apart, coarse enough to hold.
        let mut period = ofir_periods(baseline, period_min, period_max, 1.0, 2.0);
        if period.is_empty() {
            period.push(period_min);
        }
        let n = period.len();
        Self { period, snr: vec![0.0; n], best_period: vec![0.0; n], class: vec![0; n], n_periods: 0 }
    }
}

/// Result of a coarse pass.
pub(crate) struct Scan {
    pub periodogram: Periodogram,
    pub noise: RedNoise,
}

/// Searches `series` over the whole `plan`.
pub(crate) fn scan(series: &Series, plan: &Plan) -> Scan {
    let mut periodogram = Periodogram::new(series.baseline, plan.period_min, plan.period_max);
    let mut noise = RedNoise::default();
    let mut fold = FastFold::new(Kernels::detect());
    for (number, class) in plan.classes.iter().enumerate() {
        let mut slots = slotted(series, class.slot_width);
        let events = event_scatter(&slots, class);
        scan_class(&mut slots, class, number as u8, plan, &events, &mut fold, &mut periodogram);
        noise.events.extend(events);
    }
    for snr in &mut periodogram.snr {
        *snr = snr.sqrt();
    }
    Scan { periodogram, noise }
}

/// β of every trial duration of `plan`, without a scan.
pub(crate) fn red_noise(series: &Series, plan: &Plan) -> RedNoise {
    let events = |class: &DurationClass| event_scatter(&slotted(series, class.slot_width), class);
    RedNoise { events: plan.classes.iter().flat_map(events).collect() }
}

/// Leaves squared S/N in the periodogram.
fn scan_class(
    slots: &mut Pair,
    class: &DurationClass,
    number: u8,
    plan: &Plan,
    events: &[EventScatter],
    fold: &mut FastFold,
    out: &mut Periodogram,
) {
    let first = (class.period_min / class.slot_width).floor() as usize;
    let last = (class.period_max / class.slot_width).floor() as usize;
    let n = slots.num.len();
    slots.num.resize(FastFold::padded_length(n, last), 0.0);
    slots.den.resize(FastFold::padded_length(n, last), 0.0);
    let kernels = Kernels::detect();
    let mut boxes: Vec<TrialBox> = Vec::new();
    let mut row = Pair::default();
    for base in first.max(2)..=last {
        let longest = plan.durations.longest(base as f64 * class.slot_width) / class.slot_width;
        boxes.clear();
        boxes.extend(
            class
                .widths
                .iter()
                .zip(events)
                // one step beyond the longest, since trial durations are steps
                .filter(|(w, _)| **w < base && (**w as f64 <= 1.2 * longest || **w == class.widths[0]))
                .map(|(w, e)| trial_box(*w, e)),
        );
        let Some(widest) = boxes.last().map(|b| b.width) else { continue };
        fold.prepare(slots, n, base);
        let length = base.next_multiple_of(LANES) + widest + LANES;
        row.num.resize(length, 0.0);
        row.den.resize(length, 0.0);
        let lowest = base as f64 * class.slot_width;
        let mut cell = out.period.partition_point(|p| *p <= lowest).saturating_sub(1);
        for k in 0..fold.rows() {
            let period = fold.period(k) * class.slot_width;
            if period < plan.period_min || period > plan.period_max {
                continue;
            }
            while out.period.get(cell + 1).is_some_and(|edge| *edge <= period) {
                cell += 1;
            }
            fold.write_fold(k, &mut row);
            out.n_periods += 1;
            let best = kernels.best_box(Rows { num: &row.num, den: &row.den }, base, &boxes, out.snr[cell]);
            if best > out.snr[cell] {
                out.snr[cell] = best;
                out.best_period[cell] = period;
                out.class[cell] = number;
            }
        }
    }
}

fn trial_box(width: usize, event: &EventScatter) -> TrialBox {
    TrialBox { width, scale: (1.0 / (event.beta * event.beta)) as f32, least_weight: (1.2 * event.weight) as f32 }
}
