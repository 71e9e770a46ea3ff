//! Depth of a box-shaped dip, its variance and its significance, from sums over the cadences inside.

use std::ops::AddAssign;

/// Sums over one box. `dip` is mean flux − flux, the mean being the weighted mean of all cadences, so that Σ w·dip over
/// all of them is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BoxSums {
    /// W_in = Σ flux_err⁻² in transit.
    pub weight: f64,
    /// S_in = Σ flux_err⁻² · dip in transit.
    pub weighted_dip: f64,
}

/// A box and how well it fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoxStatistic {
    /// Mean flux outside less mean flux inside; positive for a dip.
    pub depth: f64,
    pub depth_err: f64,
    /// `depth / depth_err`, with the sign of the depth.
    pub snr: f64,
    /// χ² of a constant less χ² of the box, `snr²`.
    pub delta_chi2: f64,
}

impl BoxStatistic {
    /// From the two means and weights, the definition:
    ///
    /// ```text
    /// depth = mean_out − mean_in              (positive for a dip)
    /// var   = 1 / W_in + 1 / W_out,           W = Σ flux_err⁻²
    /// Δχ²   = depth² / var,    snr = depth / √var
    /// ```
    /// After Kovács, Zucker & Mazeh 2002 (A&A 391, 369); unlike the paper, both levels are free.
    pub fn from_means(mean_in: f64, weight_in: f64, mean_out: f64, weight_out: f64) -> Self {
        let depth = mean_out - mean_in;
        let variance = 1.0 / weight_in + 1.0 / weight_out;
        let depth_err = variance.sqrt();
        Self { depth, depth_err, snr: depth / depth_err, delta_chi2: depth * depth / variance }
    }
}

impl BoxSums {
    /// The statistic of the box when all cadences weigh `total_weight`; `None` when there is nothing inside or outside.
    ///
    /// ```text
    /// depth = S_in W / (W_in W_out),   var = W / (W_in W_out),   W_out = W − W_in
    /// ```
    /// which is [`BoxStatistic::from_means`] with Σ w·dip = 0 put in.
    pub fn statistic(&self, total_weight: f64) -> Option<BoxStatistic> {
        let outside = total_weight - self.weight;
        // Sums taken in another order can leave a rounding error where there is really nothing.
        if self.weight <= 0.0 || outside <= 1e-12 * total_weight {
            return None;
        }
        let variance = total_weight / (self.weight * outside);
        let depth = self.weighted_dip * variance;
        let depth_err = variance.sqrt();
        Some(BoxStatistic { depth, depth_err, snr: depth / depth_err, delta_chi2: depth * depth / variance })
    }

    /// Δχ² with the sign of the depth, 0 for an empty or full box; what inner loops compare.
    pub(crate) fn signed_delta_chi2(&self, total_weight: f64) -> f64 {
        let variance = self.weight * (total_weight - self.weight);
        if variance <= 1e-12 * self.weight * total_weight {
            return 0.0;
        }
        self.weighted_dip * self.weighted_dip.abs() * total_weight / variance
    }
}

impl AddAssign for BoxSums {
    fn add_assign(&mut self, other: Self) {
        self.weight += other.weight;
        self.weighted_dip += other.weighted_dip;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_means_agree() {
        let flux = [1.0, 0.9, 0.92, 1.01, 1.02];
        let weight = [1.0, 2.0, 3.0, 4.0, 5.0];
        let total: f64 = weight.iter().sum();
        let mean: f64 = flux.iter().zip(&weight).map(|(f, w)| f * w).sum::<f64>() / total;
        let sums = BoxSums { weight: 5.0, weighted_dip: (1..3).map(|i| weight[i] * (mean - flux[i])).sum() };
        let out = (1.0 + 4.0 * 1.01 + 5.0 * 1.02) / 10.0;
        let expected = BoxStatistic::from_means((2.0 * 0.9 + 3.0 * 0.92) / 5.0, 5.0, out, 10.0);
        let got = sums.statistic(total).unwrap();
        assert!((got.depth - expected.depth).abs() < 1e-14);
        assert!((got.snr - expected.snr).abs() < 1e-13);
        // the definition of Δχ² itself
        let chi2 =
            |level: &dyn Fn(usize) -> f64| -> f64 { (0..5).map(|i| weight[i] * (flux[i] - level(i)).powi(2)).sum() };
        let inside = out - got.depth;
        let gain = chi2(&|_| mean) - chi2(&|i| if (1..3).contains(&i) { inside } else { out });
        assert!((got.delta_chi2 - gain).abs() < 1e-13);
    }

    #[test]
    fn empty_or_full_boxes_have_no_statistic() {
        assert_eq!(BoxSums::default().statistic(1.0), None);
        assert_eq!(BoxSums { weight: 1.0, weighted_dip: 0.0 }.statistic(1.0), None);
    }
}
