//! How far a dip stands out of the rises beside it: what tells a transit from what rotation leaves in a light curve.

use super::red::RedNoise;
use crate::search::exact::refine::BoxFit;
use crate::search::series::dips::Series;
use crate::search::statistic::BoxSums;

/// Phase bins in the duration of the dip.
const BINS: usize = 4;

/// S/N of the box over that of the highest rise of the light curve folded at its period, of one or two times its duration,
/// both over red noise.
///
/// Flattening and whitening leave waves, up as far as down, and the more so the more coherent the rotation; planets and stars
/// in front of a star only dim it. After the positive event of the Robovetter's uniqueness tests (Coughlin 2017). A rise
/// must be there in the even and in the odd cycles, which a flare is not: its S/N is √2 times the lower of the two.
pub(crate) fn contrast(series: &Series, fit: &BoxFit, noise: &RedNoise) -> f64 {
    let shape = fit.shape;
    let bins = ((BINS as f64 * shape.period / shape.duration).round() as usize).max(1);
    let mut cycles = [vec![BoxSums::default(); bins], vec![BoxSums::default(); bins]];
    let per_period = 1.0 / shape.period;
    for ((t, dip), w) in series.time.iter().zip(&series.dip).zip(&series.weight) {
        let since = (t - shape.transit_time) * per_period;
        let cycle = since.floor();
        // a phase may round to 1
        let bin = (((since - cycle) * bins as f64) as usize).min(bins - 1);
        cycles[(cycle as i64).rem_euclid(2) as usize][bin] += BoxSums { weight: *w, weighted_dip: w * dip };
    }
    let rise = |octave: usize| {
        let width = BINS << octave;
        let beta = noise.beta(shape.duration * f64::from(1u32 << octave));
        if width < bins { highest_rise(&cycles, width, series.total_weight) / beta } else { 0.0 }
    };
    fit.snr() / noise.beta(shape.duration) / rise(0).max(rise(1)).max(1.0)
}

/// S/N of the highest rise of `width` bins that is in both of `cycles`; boxes with less than half the weight that they have on
/// average do not count.
fn highest_rise(cycles: &[Vec<BoxSums>; 2], width: usize, total_weight: f64) -> f64 {
    let bins = cycles[0].len();
    let least = 0.25 * total_weight * width as f64 / bins as f64;
    let rise = |sums: &BoxSums| if sums.weight >= least { -sums.weighted_dip / sums.weight.sqrt() } else { 0.0 };
    let sums = |cycle: &[BoxSums], start: usize| {
        let mut sums = BoxSums::default();
        for i in start..start + width {
            sums += cycle[i % bins];
        }
        rise(&sums)
    };
    let both = (0..bins).map(|start| sums(&cycles[0], start).min(sums(&cycles[1], start)));
    std::f64::consts::SQRT_2 * both.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::exact::refine::PeriodicBox;
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    use rand_distr::StandardNormal;

    /// Contrast of a box of 0.1 d about the deepest point of `signal`, of period 2 d, under noise of 1e-3.
    fn contrast_of(signal: impl Fn(f64) -> f64) -> f64 {
        let mut rng = StdRng::seed_from_u64(8);
        let time: Vec<f64> = (0..8000).map(|i| 0.01 * f64::from(i)).collect();
        let flux: Vec<f64> =
            time.iter().map(|t| 1.0 - signal(*t) + 1e-3 * rng.sample::<f64, _>(StandardNormal)).collect();
        let series = Series::from_columns(&time, &flux, &[1e-3; 8000]);
        let shape = PeriodicBox { period: 2.0, transit_time: 1.0, duration: 0.1 };
        let box_sums = series.windows(2.0, 0.95, 0.1).fold(BoxSums::default(), |mut sums, window| {
            for i in window.cadences {
                sums += BoxSums { weight: series.weight[i], weighted_dip: series.weight[i] * series.dip[i] };
            }
            sums
        });
        let fit = BoxFit::of_box(shape, box_sums.statistic(series.total_weight).unwrap());
        contrast(&series, &fit, &RedNoise::default())
    }

    #[test]
    fn transits_stand_out_and_waves_do_not() {
        let dip = |t: f64| if (t.rem_euclid(2.0) - 1.0).abs() < 0.05 { 4e-4 } else { 0.0 };
        // S/N 8
        assert!(contrast_of(dip) > 2.0, "{}", contrast_of(dip));
        let wave = contrast_of(|t| -1e-3 * (std::f64::consts::PI * t).cos());
        // a rise of two durations against a dip of one: 1/√2
        assert!((0.65..0.8).contains(&wave), "{wave}");
        // a flare of ten cadences
        let flare = contrast_of(|t| dip(t) - if (t - 30.5).abs() < 0.05 { 0.01 } else { 0.0 });
        assert!(flare > 2.0, "{flare}");
    }
}
