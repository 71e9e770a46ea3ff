//! Fewer points for display: bins, every n-th point, lines of a few points a column of pixels, ranges without outliers.

use std::collections::HashMap;

/// Mean of the points in a bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    pub x: f64,
    pub y: f64,
    /// Of the mean, from the errors of the points.
    pub error: f64,
    pub count: usize,
}

/// Means of points (x, y, error), weighted by 1/error², in bins of `width` of which one has its middle at x = `centre`; in the order of x.
pub fn binned(points: impl IntoIterator<Item = (f64, f64, f64)>, centre: f64, width: f64) -> Vec<Bin> {
    let mut sums: HashMap<i64, Sum> = HashMap::new();
    // Neighbours are mostly in one bin: its sum is at hand.
    let (mut at, mut sum) = (0, Sum::default());
    for (x, y, e) in points.into_iter().filter(|p| p.0.is_finite() && p.1.is_finite() && p.2 > 0.0) {
        let bin = ((x - centre) / width).round_ties_even() as i64;
        if bin != at {
            sums.insert(at, sum);
            (at, sum) = (bin, sums.get(&bin).copied().unwrap_or_default());
        }
        let w = 1.0 / (e * e);
        sum.weights += w;
        sum.x += w * x;
        sum.y += w * y;
        sum.count += 1;
    }
    sums.insert(at, sum);
    let mut bins: Vec<(i64, Sum)> = sums.into_iter().filter(|(_, s)| s.count > 0).collect();
    bins.sort_unstable_by_key(|(bin, _)| *bin);
    bins.into_iter()
        .map(|(_, s)| Bin { x: s.x / s.weights, y: s.y / s.weights, error: s.weights.sqrt().recip(), count: s.count })
        .collect()
}

/// Of the points in a bin.
#[derive(Clone, Copy, Default)]
struct Sum {
    weights: f64,
    x: f64,
    y: f64,
    count: usize,
}

/// Every n-th point, so that at most `most` are left; and n.
pub fn thinned<T: Copy>(points: &[T], most: usize) -> (Vec<T>, usize) {
    let every = points.len().div_ceil(most.max(1)).max(1);
    (points.iter().step_by(every).copied().collect(), every)
}

/// A line with the first, lowest, highest and last point of each of `columns` columns: looks the same as with all of them.
pub fn decimated(points: &[(f64, f64)], columns: usize) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    if points.len() <= 4 * columns || last.0 <= first.0 {
        return points.to_vec();
    }
    let scale = columns as f64 / (last.0 - first.0);
    let column = |p: &(f64, f64)| ((p.0 - first.0) * scale) as usize;
    let mut out = Vec::with_capacity(4 * columns);
    for run in points.chunk_by(|a, b| column(a) == column(b)) {
        let by_y = |a: &usize, b: &usize| run[*a].1.total_cmp(&run[*b].1);
        let mut keep =
            [0, (0..run.len()).min_by(by_y).unwrap_or(0), (0..run.len()).max_by(by_y).unwrap_or(0), run.len() - 1];
        keep.sort_unstable();
        for (i, k) in keep.iter().enumerate() {
            if i == 0 || keep[i - 1] != *k {
                out.push(run[*k]);
            }
        }
    }
    out
}

/// From the quantile `tail` to 1 − `tail` of the values that are finite; `None` where there is none.
pub fn range(values: impl IntoIterator<Item = f64>, tail: f64) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|v| v.is_finite());
    if tail == 0.0 {
        return finite.fold(None, |range, v| joined(range, Some((v, v))));
    }
    let mut values: Vec<f64> = finite.collect();
    let last = values.len().checked_sub(1)?;
    // The nearest ranks will do for an axis.
    let low = (tail * last as f64).round() as usize;
    let low_value = *values.select_nth_unstable_by(low, f64::total_cmp).1;
    let high_value = *values.select_nth_unstable_by(last - low, f64::total_cmp).1;
    Some((low_value, high_value))
}

/// A range that holds both.
pub fn joined(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<(f64, f64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

/// A range with a share of its width added at each end.
pub fn with_margin((low, high): (f64, f64), share: f64) -> (f64, f64) {
    let room = share * (high - low);
    (low - room, high + room)
}

/// A bin width of the series 1, 2, 5, 10, 15, 20, 30 minutes, 1, 2, 3, 6, 12 hours, 1, 2, 5, … days near `days`, not below it, with its name.
pub fn round_duration(days: f64) -> (f64, String) {
    const MINUTES: [f64; 13] = [0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 180.0, 360.0, 720.0];
    let minutes = 1440.0 * days;
    if let Some(m) = MINUTES.iter().find(|m| **m >= minutes) {
        let name = match *m {
            m if m < 1.0 => format!("{} s", 60.0 * m),
            m if m < 60.0 => format!("{m} min"),
            m => format!("{} h", m / 60.0),
        };
        return (m / 1440.0, name);
    }
    let power = 10f64.powf(days.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().map(|f| f * power).find(|d| *d >= days).unwrap_or(days);
    (round, format!("{round} d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_weighted_means() {
        let points = [(0.9, 2.0, 1.0), (1.1, 5.0, 2.0), (3.0, 1.0, 0.5), (2.0, f64::NAN, 1.0)];
        let bins = binned(points, 0.0, 1.0);
        assert_eq!(bins.len(), 2);
        // weights 1 and 1/4
        assert!((bins[0].y - 2.6).abs() < 1e-12 && (bins[0].error - 0.8f64.sqrt()).abs() < 1e-12, "{bins:?}");
        assert_eq!((bins[1].count, bins[1].error), (1, 0.5));
    }

    #[test]
    fn a_decimated_line_keeps_its_extremes() {
        let line: Vec<(f64, f64)> =
            (0..10_000).map(|i| (f64::from(i), if i == 5_003 { -7.0 } else { (f64::from(i) * 0.01).sin() })).collect();
        let few = decimated(&line, 100);
        assert!(few.len() <= 400 && few.windows(2).all(|w| w[0].0 < w[1].0), "{}", few.len());
        assert!(few.contains(&(5_003.0, -7.0)) && few[0] == line[0] && few[few.len() - 1] == line[9_999]);
        assert_eq!(thinned(&line, 3_000), (line.iter().step_by(4).copied().collect(), 4));
        assert_eq!(thinned(&line[..10], 3_000).1, 1);
    }

    #[test]
    fn widths_of_bins_are_round() {
        for (days, name) in [(0.0003, "30 s"), (0.004, "10 min"), (0.05, "2 h"), (0.7, "1 d"), (3.0, "5 d")] {
            let (width, text) = round_duration(days);
            assert!(width >= days * (1.0 - 1e-12) && text == name, "{days}: {width} {text}");
        }
    }
}
