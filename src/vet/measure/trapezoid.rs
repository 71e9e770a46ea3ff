//! The trapezoid that fits the folded transit best: its depth, length, ingress and middle, with errors.
//!
//! Depth 1 between second and third contact, straight sides, averaged over the exposure. For trial shapes depth and level
//! follow from linear least squares; the shapes are searched on a grid that shrinks around the best. Errors are from the
//! curvature of χ² along the depth and from its change with the shape, times √χ²_red where that is above 1.

use super::folded::FoldedCurve;

/// A fitted trapezoid. Days and fractions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trapezoid {
    pub depth: f64,
    pub depth_err: f64,
    /// Of the dip out of transit, near 0.
    pub level: f64,
    /// First to last contact.
    pub duration: f64,
    pub duration_err: f64,
    /// Share of the duration in ingress: 0 for a box, 0.5 for a V.
    pub ingress: f64,
    pub ingress_err: f64,
    /// Mid-transit from its prediction.
    pub offset: f64,
    pub offset_err: f64,
    pub exposure: f64,
    pub chi2: f64,
    /// χ² of a straight line through the same bins.
    pub chi2_line: f64,
    /// Cadences it was fitted to.
    pub cadences: u32,
}

/// ∫₀ᵗ of a trapezoid of unit depth, contacts at ±outer and ±inner, for t ≥ 0.
fn integral(t: f64, outer: f64, inner: f64) -> f64 {
    if t <= inner {
        return t;
    }
    if t >= outer {
        return 0.5 * (outer + inner);
    }
    let u = outer - t;
    0.5 * (outer + inner) - 0.5 * u * u / (outer - inner)
}

/// Dip of unit depth at `t` days from its middle, averaged over `exposure`.
pub(crate) fn shape(t: f64, duration: f64, ingress: f64, exposure: f64) -> f64 {
    let outer = 0.5 * duration;
    let inner = outer - ingress * duration;
    let half = 0.5 * exposure;
    let signed = |x: f64| integral(x.abs(), outer, inner).copysign(x);
    if t.abs() > outer + half {
        0.0
    } else if exposure < 1e-4 * duration {
        let x = t.abs();
        if x <= inner { 1.0 } else { ((outer - x) / (outer - inner).max(1e-12)).max(0.0) }
    } else {
        (signed(t + half) - signed(t - half)) / exposure
    }
}

impl Trapezoid {
    /// Dip (less the level) at `t` days from the prediction.
    pub fn at(&self, t: f64) -> f64 {
        self.depth * shape(t - self.offset, self.duration, self.ingress, self.exposure)
    }

    /// Change of the dip per day by which it comes later.
    pub fn slope(&self, t: f64) -> f64 {
        let h = 0.01 * self.duration;
        (self.at(t - h) - self.at(t + h)) / (2.0 * h)
    }

    /// Fits a dip of about `duration` (days); `None` where there are too few bins with data.
    pub fn fit(folded: &FoldedCurve, duration: f64, exposure: f64) -> Option<Self> {
        let reach = (2.0 * duration).min(0.5 * folded.period);
        let mut points = Vec::new();
        let mut within = 0.0;
        let mut cadences = 0;
        for bin in folded.within(reach) {
            if folded.weight[bin] > 0.0 {
                let w = folded.weight[bin];
                let y = folded.dip[bin] / w;
                within += folded.square[bin] - w * y * y;
                cadences += folded.count[bin];
                points.push((folded.phase(bin), w, y));
            }
        }
        if points.len() < 8 {
            return None;
        }
        let fit = Fit { points: &points, exposure };
        let mut best = fit.solve(duration, 0.2, 0.0)?;
        let spans = [0.45 * duration, 0.25, 0.3 * duration];
        let mut centre = [duration, 0.25, 0.0];
        for round in 0..9 {
            let shrink = 0.5f64.powi(round);
            let steps: i32 = if round == 0 { 3 } else { 1 };
            for a in -steps..=steps {
                for b in -steps..=steps {
                    for c in -steps..=steps {
                        let step = |k: usize, i: i32| centre[k] + spans[k] * shrink * f64::from(i) / f64::from(steps);
                        let d = step(0, a).clamp(0.3 * duration, 2.0 * duration);
                        let g = step(1, b).clamp(0.005, 0.5);
                        let o = step(2, c).clamp(-0.5 * duration, 0.5 * duration);
                        if let Some(trial) = fit.solve(d, g, o)
                            && trial.chi2 < best.chi2
                        {
                            best = trial;
                        }
                    }
                }
            }
            centre = [best.duration, best.ingress, best.offset];
        }
        let degrees = (cadences as f64 - 5.0).max(1.0);
        let scale = ((best.chi2 + within) / degrees).max(1.0).sqrt();
        best.depth_err *= scale;
        let curvature = |d: f64, g: f64, o: f64, step: f64| {
            let up =
                fit.solve(best.duration + d, (best.ingress + g).min(0.5), best.offset + o).map_or(f64::NAN, |t| t.chi2);
            let down = fit
                .solve(best.duration - d, (best.ingress - g).max(0.001), best.offset - o)
                .map_or(f64::NAN, |t| t.chi2);
            let second = (up + down - 2.0 * best.chi2) / (step * step);
            if second > 0.0 { scale * (2.0 / second).sqrt() } else { f64::INFINITY }
        };
        let step = 0.05 * best.duration;
        best.duration_err = curvature(step, 0.0, 0.0, step);
        best.offset_err = curvature(0.0, 0.0, step, step);
        best.ingress_err = curvature(0.0, 0.05, 0.0, 0.05);
        best.chi2 += within;
        best.chi2_line = line_chi2(&points) + within;
        best.cadences = cadences;
        Some(best)
    }
}

struct Fit<'a> {
    /// Phase (days), weight and mean dip of the bins.
    points: &'a [(f64, f64, f64)],
    exposure: f64,
}

impl Fit<'_> {
    fn solve(&self, duration: f64, ingress: f64, offset: f64) -> Option<Trapezoid> {
        let (mut w0, mut wt, mut wtt, mut wy, mut wty, mut wyy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (phase, w, y) in self.points {
            let t = shape(phase - offset, duration, ingress, self.exposure);
            w0 += w;
            wt += w * t;
            wtt += w * t * t;
            wy += w * y;
            wty += w * t * y;
            wyy += w * y * y;
        }
        let determinant = w0 * wtt - wt * wt;
        if determinant <= 1e-9 * w0 * wtt {
            return None;
        }
        let depth = (w0 * wty - wt * wy) / determinant;
        let level = (wy - depth * wt) / w0;
        Some(Trapezoid {
            depth,
            depth_err: (w0 / determinant).sqrt(),
            level,
            duration,
            duration_err: f64::NAN,
            ingress,
            ingress_err: f64::NAN,
            offset,
            offset_err: f64::NAN,
            exposure: self.exposure,
            chi2: (wyy - depth * wty - level * wy).max(0.0),
            chi2_line: f64::NAN,
            cadences: 0,
        })
    }
}

fn line_chi2(points: &[(f64, f64, f64)]) -> f64 {
    let (mut w0, mut wt, mut wtt, mut wy, mut wty, mut wyy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (t, w, y) in points {
        w0 += w;
        wt += w * t;
        wtt += w * t * t;
        wy += w * y;
        wty += w * t * y;
        wyy += w * y * y;
    }
    let slope = (w0 * wty - wt * wy) / (w0 * wtt - wt * wt);
    let level = (wy - slope * wt) / w0;
    (wyy - slope * wty - level * wy).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smeared_shape_is_the_mean_over_the_exposure() {
        for exposure in [0.02, 0.1, 0.3] {
            for t in [0.0, 0.03, 0.07, 0.1, 0.13, 0.2] {
                let n = 20_000;
                let mean = (0..n)
                    .map(|i| shape(t + exposure * ((i as f64 + 0.5) / n as f64 - 0.5), 0.2, 0.3, 0.0))
                    .sum::<f64>()
                    / n as f64;
                assert!((shape(t, 0.2, 0.3, exposure) - mean).abs() < 1e-4, "{exposure} {t}");
            }
        }
    }
}
