//! Transits after the data, with errors that grow.

use super::data::JointData;
use super::model::{Planet, Transit};
use super::posterior::JointPosterior;
use crate::fit::draws::Structure;
use crate::fit::summary::summarise;

/// A transit after the data.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictedTransit {
    pub planet: String,
    /// Transits since the one of the parameter `transit_time`, or the first of `transit_times`.
    pub epoch: i64,
    pub transit_time: f64,
    /// Half the width of the central 68 %; of a planet with times of its own, the scatter of those about a line added in
    /// quadrature.
    pub transit_time_err: f64,
    /// First to last contact at the best place, days.
    pub duration: f64,
}

/// The next `count` transits of each planet after the data: on its linear ephemeris, or on the line through times of its own.
pub(super) fn predict(
    posterior: &JointPosterior,
    data: &JointData,
    rows: &[Vec<f64>],
    structure: &Structure,
    map: &[f64],
    count: usize,
) -> Vec<PredictedTransit> {
    let Some((_, end)) = data.span() else { return Vec::new() };
    let model = &posterior.model;
    let mut out = Vec::new();
    for planet in &model.planets {
        let Some(transit) = &planet.transit else { continue };
        let Some(at_map) = line(planet, transit, map) else { continue };
        let first = ((end - at_map.start) / at_map.period).floor() as i64 + 1;
        let law = model.instruments.first().and_then(|i| i.law.get(map)).unwrap_or_default();
        let shape = planet
            .orbit(map, model.reference)
            .and_then(|o| crate::transit::TransitShape::new(o, transit.rp_rs.get(map), law).ok());
        for epoch in first..first + count as i64 {
            let at = |values: &Vec<f64>| line(planet, transit, values).map(|l| l.start + epoch as f64 * l.period);
            let times: Vec<f64> = rows.iter().map(|v| at(v).unwrap_or(f64::NAN)).collect();
            let s = summarise(String::new(), ("d", ""), &times, structure, f64::NAN);
            out.push(PredictedTransit {
                planet: planet.name.clone(),
                epoch,
                transit_time: s.median,
                transit_time_err: s.sigma().hypot(at_map.scatter),
                duration: shape.as_ref().map_or(f64::NAN, |s| s.duration()),
            });
        }
    }
    out
}

/// Times that go as the number of the transit.
struct Line {
    start: f64,
    period: f64,
    /// Standard deviation of single transits about it.
    scatter: f64,
}

/// `None` of a single transit.
fn line(planet: &Planet, transit: &Transit, values: &[f64]) -> Option<Line> {
    let period = planet.period.get(values);
    if transit.transit_times.is_empty() {
        return Some(Line { start: planet.transit_time.get(values), period, scatter: 0.0 });
    }
    let mut times: Vec<f64> = transit.transit_times.iter().map(|t| t.get(values)).collect();
    times.sort_by(f64::total_cmp);
    through(&times, period)
}

/// The line of least squares through `times` (ascending), numbered from the first by what is nearest to whole `period`s from
/// one to the next.
fn through(times: &[f64], period: f64) -> Option<Line> {
    let first = *times.first()?;
    let mut numbers = vec![0.0];
    for pair in times.windows(2) {
        numbers.push(numbers[numbers.len() - 1] + ((pair[1] - pair[0]) / period).round());
    }
    let n = times.len() as f64;
    let centre = numbers.iter().sum::<f64>() / n;
    let mean = times.iter().map(|t| t - first).sum::<f64>() / n;
    let spread: f64 = numbers.iter().map(|k| (k - centre).powi(2)).sum();
    if spread == 0.0 {
        return None;
    }
    let slope = numbers.iter().zip(times).map(|(k, t)| (k - centre) * (t - first - mean)).sum::<f64>() / spread;
    let rest = |(k, t): (&f64, &f64)| (t - first - mean - slope * (k - centre)).powi(2);
    let squares: f64 = numbers.iter().zip(times).map(rest).sum();
    let scatter = if n > 2.0 { (squares / (n - 2.0)).sqrt() } else { 0.0 };
    Some(Line { start: first + mean - slope * centre, period: slope, scatter })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_early_and_late_transits() {
        // numbers 0, 1, 3, 4 of a period of 5 d, the period given 1 % short
        let late = [0.01, -0.01, -0.01, 0.01];
        let times: Vec<f64> = [0.0, 1.0, 3.0, 4.0].iter().zip(late).map(|(n, l)| 2459000.0 + 5.0 * n + l).collect();
        let line = through(&times, 4.95).unwrap();
        assert!(
            (line.period - 5.0).abs() < 1e-9 && (line.start - 2459000.0).abs() < 1e-8,
            "{} {}",
            line.period,
            line.start
        );
        // four of 0.01 d, two degrees of freedom
        assert!((line.scatter - 0.01 * 2f64.sqrt()).abs() < 1e-8, "{}", line.scatter);
        assert!(through(&times[..1], 5.0).is_none());
    }
}
