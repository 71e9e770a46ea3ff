//! Single dips and flares that stand out of the noise, so that the noise can be estimated without them.

use std::ops::Range;

use super::autoregression::Autoregression;
use super::vectors::any_box_above;
use crate::math::{MAD_TO_SIGMA, median_in_place};

/// A dip or a flare.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StrongEvent {
    pub piece: usize,
    pub bins: Range<usize>,
    /// |S/N| over the scatter of such boxes.
    pub strength: f64,
    pub bright: bool,
}

impl StrongEvent {
    /// Whether a rise may be what the filter makes beside a transit: a dip within its `reach` (bins) has half its strength.
    pub fn is_overshoot(&self, events: &[StrongEvent], reach: usize) -> bool {
        let near = |dip: &StrongEvent| {
            let reach = reach + self.bins.len();
            dip.piece == self.piece && dip.bins.start < self.bins.end + reach && self.bins.start < dip.bins.end + reach
        };
        self.bright && events.iter().any(|e| !e.bright && e.strength > 0.5 * self.strength && near(e))
    }
}

/// A box and its |S/N| over the scatter of its width.
struct Box {
    piece: usize,
    start: usize,
    width: usize,
    strength: f64,
    bright: bool,
}

/// Boxes of widths between `limits` (bins) whose single-event S/N is above `clip` robust sigma, the strongest first; each
/// with a margin of a bin.
///
/// Filters ring: near a strong event only those of half its strength are taken for real, since the next round of an
/// estimate sees what is left without it.
pub(crate) fn strong_events(
    whitened: &[Vec<f64>],
    left_out: &[Vec<bool>],
    model: &Autoregression,
    limits: (f64, f64),
    clip: f64,
) -> Vec<StrongEvent> {
    let widths = trial_widths(limits);
    let Some(&widest) = widths.last() else { return Vec::new() };
    let information = model.box_information(widest);
    let mut strong: Vec<Box> = Vec::new();
    let mut sizes: Vec<f64> = Vec::new();
    let cumulative: Vec<(Vec<f64>, Vec<f64>)> = whitened
        .iter()
        .zip(left_out)
        .map(|(u, out)| (sums(u.iter().copied()), sums(out.iter().map(|out| f64::from(!out)))))
        .collect();
    for width in widths {
        let variance = |measured: usize| information[width] * measured as f64 / width as f64;
        let pieces = || whitened.iter().zip(left_out);
        // Boxes are weighed against a scatter of at least one, so that most widths have none that is strong. What is lost in
        // differences of sums is less than the millionth.
        let limit = clip * clip * information[width] / width as f64 * (1.0 - 1e-6);
        if !cumulative.iter().any(|(sums, measured)| any_box_above(sums, measured, width, limit)) {
            continue;
        }
        let per_sum: Vec<f64> = (0..=width).map(|measured| variance(measured).sqrt().recip()).collect();
        let snr = |sum: f64, measured: usize| sum * per_sum[measured];
        sizes.clear();
        for (u, out) in pieces() {
            boxes_of(u, out, width, |_, sum, measured| sizes.push(snr(sum, measured).abs()));
        }
        // Of |S/N| the median is the median absolute deviation, dips and rises being alike.
        let scatter = (MAD_TO_SIGMA * median_in_place(&mut sizes)).max(1.0);
        for (piece, (u, out)) in pieces().enumerate() {
            boxes_of(u, out, width, |start, sum, measured| {
                let snr = snr(sum, measured);
                let strength = snr.abs() / scatter;
                if strength > clip {
                    strong.push(Box { piece, start, width, strength, bright: snr < 0.0 });
                }
            });
        }
    }
    strong.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    let mut taken: Vec<Box> = Vec::new();
    for event in strong {
        let reach = model.order() + event.width;
        let shadowed = taken.iter().any(|t| {
            let distance = (2 * t.start + t.width).abs_diff(2 * event.start + event.width) / 2;
            let apart = distance > (t.width + event.width) / 2;
            t.piece == event.piece && (!apart || (distance <= reach + t.width && event.strength < 0.5 * t.strength))
        });
        if !shadowed {
            taken.push(event);
        }
    }
    let bins = |e: &Box| e.start.saturating_sub(1)..(e.start + e.width + 1).min(whitened[e.piece].len());
    let events: Vec<StrongEvent> = taken
        .iter()
        .map(|e| StrongEvent { piece: e.piece, bins: bins(e), strength: e.strength, bright: e.bright })
        .collect();
    // Dips first: a rise that is real is still there when they are left out.
    events.iter().filter(|e| !e.is_overshoot(&events, model.order())).cloned().collect()
}

/// 0 and the sums of the first 1, 2, … values.
fn sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let sums = values.map(|v| {
        sum += v;
        sum
    });
    std::iter::once(0.0).chain(sums).collect()
}

/// From a single bin (cosmic rays, glitches) to the longest, in steps of an octave below the shortest transit and of a
/// half above.
fn trial_widths(limits: (f64, f64)) -> Vec<usize> {
    let mut widths = vec![1];
    let mut width = limits.0.max(2.0);
    while width < 1.2 * limits.1 {
        widths.push(width.round() as usize);
        width *= std::f64::consts::SQRT_2;
    }
    widths.dedup();
    widths
}

/// Start, Σ u and bins measured of every box at least half measured.
fn boxes_of(u: &[f64], left_out: &[bool], width: usize, mut each: impl FnMut(usize, f64, usize)) {
    if u.len() < width {
        return;
    }
    let (mut sum, mut measured) = (0.0, 0);
    for (u, out) in u[..width].iter().zip(left_out) {
        sum += u;
        measured += usize::from(!out);
    }
    let enough = |measured: usize| 2 * measured >= width && measured > 0;
    if enough(measured) {
        each(0, sum, measured);
    }
    let entering = u[width..].iter().zip(&left_out[width..]);
    for (start, (enters, leaves)) in entering.zip(u.iter().zip(left_out)).enumerate() {
        sum += enters.0;
        sum -= leaves.0;
        measured += usize::from(!enters.1);
        measured -= usize::from(!leaves.1);
        if enough(measured) {
            each(start + 1, sum, measured);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    use rand_distr::StandardNormal;

    #[test]
    fn a_dip_and_a_flare_are_found_and_nothing_else() {
        let mut rng = StdRng::seed_from_u64(12);
        let mut u: Vec<f64> = (0..3000).map(|_| rng.sample::<f64, _>(StandardNormal)).collect();
        for v in &mut u[500..512] {
            *v += 4.0;
        }
        u[2000] -= 12.0;
        let none = vec![vec![false; 3000]];
        let found = strong_events(&[u], &none, &Autoregression::white(1.0), (5.0, 30.0), 5.0);
        assert_eq!(found.len(), 2, "{found:?}");
        let dip = found.iter().find(|e| !e.bright).unwrap();
        assert!(dip.bins.start.abs_diff(499) <= 3 && dip.bins.end.abs_diff(513) <= 3, "{dip:?}");
        let flare = found.iter().find(|e| e.bright).unwrap();
        assert!(flare.bins.contains(&2000) && flare.bins.len() <= 3, "{flare:?}");
    }
}
