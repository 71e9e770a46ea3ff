//! Light curves changed so that what is found in them is known: a transit put in, dips turned into rises, blocks of time in
//! another order.
//!
//! A transit goes into the photometry as it was read, since cleaning, normalising and flattening all act on it. Inversion
//! and scrambling act on the cleaned light curve: there the cadences that were taken for outliers are masked already. An
//! inverted flare is a dip, and would be found as one if only cadences that are too high were looked at after the inversion.

use std::ops::Range;

use rand::RngExt;

use super::planet::InjectedPlanet;
use super::random::stream;
use crate::lightcurve::{
    CadenceMask, LightCurve, LightCurveError, RawSegment, RawTarget, Segment, TimeSystem, median_time_step,
    split_at_gaps,
};
use crate::math::median;
use crate::transit::{TransitShape, with_portable_kernels};

/// Segments from which on their order is enough of a scramble.
const ENOUGH_SEGMENTS: usize = 2;
/// Blocks that have few enough orders to be listed.
const FEW_BLOCKS: usize = 6;

/// The same photometry with the star's light dimmed by the planet, exposures averaged; errors stay as they are.
pub fn inject(target: &RawTarget, planet: &InjectedPlanet) -> RawTarget {
    let dim = |segment: &RawSegment| dimmed(segment, &planet.shape, planet.time_system);
    RawTarget { segments: target.segments.iter().map(dim).collect(), ..target.clone() }
}

fn dimmed(segment: &RawSegment, shape: &TransitShape, time_system: TimeSystem) -> RawSegment {
    // An unknown epoch is the same for all segments, or the target is refused when it is cleaned.
    let shift = match (segment.time_system.offset(), time_system.offset()) {
        (Some(from), Some(to)) => from - to,
        _ => 0.0,
    };
    let rows: Vec<usize> = (0..segment.time.len().min(segment.flux.len()))
        .filter(|&i| segment.time[i].is_finite() && segment.flux[i].is_finite())
        .collect();
    let time: Vec<f64> = rows.iter().map(|&i| segment.time[i] + shift).collect();
    let stated = segment.exposure_time.filter(|e| e.is_finite() && *e > 0.0);
    let exposure = stated.unwrap_or_else(|| {
        let mut sorted = time.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        median_time_step(&sorted)
    });
    let mut light = vec![1.0; time.len()];
    let exposure = if exposure.is_finite() { exposure } else { 0.0 };
    with_portable_kernels(|| shape.flux_into(&time, exposure, &mut light));
    let mut out = segment.clone();
    for (&i, light) in rows.iter().zip(&light) {
        out.flux[i] *= light;
    }
    out
}

/// The light curve with every segment mirrored about its median: dips become rises and rises dips. Twice is the identity.
pub fn invert(light_curve: &LightCurve) -> Result<LightCurve, LightCurveError> {
    let mut flux = light_curve.flux().to_vec();
    for segment in light_curve.segments() {
        let level = median(&flux[segment.range.clone()]);
        flux[segment.range.clone()].iter_mut().for_each(|f| *f = 2.0 * level - *f);
    }
    let inverted = LightCurve::new(
        light_curve.target_id(),
        light_curve.time().to_vec(),
        flux,
        light_curve.flux_err().to_vec(),
        light_curve.segments().to_vec(),
        light_curve.time_system(),
    )?;
    Ok(inverted.with_star(*light_curve.star()).with_momentum_dumps(light_curve.momentum_dumps().to_vec()))
}

/// Blocks whose order may be changed: the segments; of a single segment the stretches between breaks of at least `gap` days.
pub fn blocks(light_curve: &LightCurve, gap: f64) -> Vec<Range<usize>> {
    let segments = light_curve.segments();
    if segments.len() >= ENOUGH_SEGMENTS {
        return segments.iter().map(|s| s.range.clone()).collect();
    }
    split_at_gaps(light_curve.time(), gap)
}

/// Up to `count` orders of `n` blocks, no two the same and none the order that they have; fewer where there are no more.
pub fn orders(n: usize, count: usize, (seed, target_id): (u64, &str)) -> Vec<Vec<usize>> {
    let mut rng = stream(seed, target_id, "scramble");
    let identity: Vec<usize> = (0..n).collect();
    let others = if n <= FEW_BLOCKS { (1..=n).product::<usize>() - 1 } else { usize::MAX };
    let mut out: Vec<Vec<usize>> = Vec::new();
    while out.len() < count.min(others) {
        // Fisher and Yates
        let mut order = identity.clone();
        for i in (1..n).rev() {
            order.swap(i, rng.random_range(0..=i));
        }
        if order != identity && !out.contains(&order) {
            out.push(order);
        }
    }
    out
}

/// The light curve with its blocks in another order. The first block begins where the first one did, the breaks
/// between the places of the blocks last as long as before, and inside a block nothing changes.
pub fn scramble(
    light_curve: &LightCurve,
    mask: &CadenceMask,
    blocks: &[Range<usize>],
    order: &[usize],
) -> Result<(LightCurve, CadenceMask), LightCurveError> {
    let n = light_curve.len();
    let (time, flux, flux_err) = (light_curve.time(), light_curve.flux(), light_curve.flux_err());
    let mut columns = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
    let (mut keep, mut segments) = (Vec::with_capacity(n), Vec::new());
    let mut start = time[0];
    for (place, &number) in order.iter().enumerate() {
        let block = blocks[number].clone();
        for segment in light_curve.segments() {
            let part = segment.range.start.max(block.start)..segment.range.end.min(block.end);
            if part.is_empty() {
                continue;
            }
            let before = columns.0.len();
            columns.0.extend(part.clone().map(|i| start + (time[i] - time[block.start])));
            columns.1.extend_from_slice(&flux[part.clone()]);
            columns.2.extend_from_slice(&flux_err[part.clone()]);
            keep.extend_from_slice(&mask.keep()[part]);
            segments.push(Segment { range: before..columns.0.len(), ..segment.clone() });
        }
        if let Some(next) = blocks.get(place + 1) {
            let break_after = time[next.start] - time[blocks[place].end - 1];
            start += time[block.end - 1] - time[block.start] + break_after;
        }
    }
    let scrambled =
        LightCurve::new(light_curve.target_id(), columns.0, columns.1, columns.2, segments, light_curve.time_system())?;
    Ok((scrambled.with_star(*light_curve.star()), CadenceMask::from_keep(keep)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::{Cadence, PlanetRange, Sensitivity, SimulateConfig, SizeRange, StarConfig, simulate_target};
    use crate::lightcurve::{CleanConfig, Detrended, clean};
    use crate::transit::light_curve;

    fn simulated(segments: usize) -> RawTarget {
        let star = StarConfig { white_noise: 1e-3, ..StarConfig::default() };
        let config =
            SimulateConfig { cadence: Cadence::Kepler30min, segments, stars: vec![star], ..Default::default() };
        simulate_target(&config, 0).unwrap().target
    }

    fn cleaned(raw: &RawTarget) -> (LightCurve, CadenceMask) {
        let cleaned = clean(raw, &CleanConfig::default()).unwrap();
        (cleaned.light_curve, cleaned.mask)
    }

    fn planet(raw: &RawTarget) -> InjectedPlanet {
        let (curve, mask) = cleaned(raw);
        let flat = Detrended::already_flat(&curve, &mask).unwrap();
        let sensitivity = Sensitivity::new(&flat, |_| true);
        let range = PlanetRange { size: SizeRange::RpRs([0.08, 0.08]), ..PlanetRange::default() };
        InjectedPlanet::draw(&range, [2.0, 9.0], curve.star(), &sensitivity, (1, "t", 0)).unwrap()
    }

    #[test]
    fn the_injected_flux_is_the_model_times_the_flux() {
        let raw = simulated(2);
        let planet = planet(&raw);
        let changed = inject(&raw, &planet);
        let mut deepest: f64 = 0.0;
        for (before, after) in raw.segments.iter().zip(&changed.segments) {
            let model = light_curve(&planet.shape, &before.time, before.exposure_time.unwrap());
            for ((f, g), m) in before.flux.iter().zip(&after.flux).zip(&model) {
                // other kernels of the same functions: agreement to rounding of the series, 1e-10
                assert!((g / f - m).abs() < 1e-10);
                deepest = deepest.max(1.0 - g / f);
            }
            assert_eq!(before.flux_err, after.flux_err);
        }
        assert!(deepest > 0.5 * planet.shape.depth() && deepest <= planet.shape.depth() + 1e-9);
    }

    #[test]
    fn an_exposure_is_the_mean_of_many_instants() {
        let raw = simulated(1);
        let planet = planet(&raw);
        let changed = inject(&raw, &planet);
        let (before, after) = (&raw.segments[0], &changed.segments[0]);
        let exposure = before.exposure_time.unwrap();
        let n = 4000;
        let mut checked = 0;
        for i in 0..before.time.len() {
            let ratio = after.flux[i] / before.flux[i];
            if ratio == 1.0 || checked == 40 {
                continue;
            }
            checked += 1;
            let at: Vec<f64> =
                (0..n).map(|k| before.time[i] + exposure * ((f64::from(k) + 0.5) / f64::from(n) - 0.5)).collect();
            let mean = light_curve(&planet.shape, &at, 0.0).iter().sum::<f64>() / f64::from(n);
            // the midpoint rule across a contact is good to depth / n
            assert!((ratio - mean).abs() < 1e-7, "{ratio} {mean}");
        }
        assert_eq!(checked, 40);
    }

    #[test]
    fn segments_of_other_time_systems_and_missing_cadences_are_injected_alike() {
        let raw = simulated(1);
        let planet = planet(&raw);
        let mut shifted = raw.clone();
        let segment = &mut shifted.segments[0];
        segment.time_system = TimeSystem::BJD;
        segment.time.iter_mut().for_each(|t| *t += 2_454_833.0);
        segment.time[5] = f64::NAN;
        segment.flux[6] = f64::NAN;
        let (a, b) = (inject(&raw, &planet), inject(&shifted, &planet));
        for i in 7..raw.segments[0].time.len() {
            // times of 2.4e6 d are known to 5e-10 d, over an ingress of minutes
            assert!((a.segments[0].flux[i] / b.segments[0].flux[i] - 1.0).abs() < 1e-9);
        }
        assert_eq!(b.segments[0].flux[5], raw.segments[0].flux[5]);
    }

    #[test]
    fn inverted_twice_is_as_before() {
        let (curve, _) = cleaned(&simulated(3));
        let once = invert(&curve).unwrap();
        let twice = invert(&once).unwrap();
        for ((a, b), c) in curve.flux().iter().zip(once.flux()).zip(twice.flux()) {
            assert!((a - c).abs() < 4.0 * f64::EPSILON);
            assert!((a + b - 2.0).abs() < 1e-3, "about the median, 1");
        }
        assert_eq!(curve.time(), twice.time());
    }

    #[test]
    fn scrambling_keeps_flux_and_breaks_and_sorts_times() {
        let (curve, mask) = cleaned(&simulated(4));
        let blocks = blocks(&curve, 0.5);
        assert_eq!(blocks.len(), 4);
        for order in orders(4, 30, (1, "t")) {
            let (scrambled, moved) = scramble(&curve, &mask, &blocks, &order).unwrap();
            let sorted = |v: &[f64]| {
                let mut v = v.to_vec();
                v.sort_unstable_by(f64::total_cmp);
                v
            };
            assert_eq!(sorted(curve.flux()), sorted(scrambled.flux()));
            assert_eq!(sorted(curve.flux_err()), sorted(scrambled.flux_err()));
            assert_eq!(mask.kept(), moved.kept());
            assert!((scrambled.baseline() - curve.baseline()).abs() < 1e-9);
            let breaks = |c: &LightCurve| -> Vec<f64> {
                let s = c.segments();
                s.windows(2).map(|w| c.time()[w[1].range.start] - c.time()[w[0].range.end - 1]).collect()
            };
            for (a, b) in breaks(&curve).iter().zip(breaks(&scrambled)) {
                assert!((a - b).abs() < 1e-9);
            }
            let labels: Vec<&str> = scrambled.segments().iter().map(|s| s.label.as_str()).collect();
            let expected: Vec<String> = order.iter().map(|i| format!("Q{}", i + 1)).collect();
            assert_eq!(labels, expected);
        }
    }

    #[test]
    fn a_planet_does_not_survive_the_scramble() {
        let raw = simulated(4);
        let planet = planet(&raw);
        let (curve, mask) = cleaned(&inject(&raw, &planet));
        let order = &orders(4, 1, (7, "t"))[0];
        let (scrambled, _) = scramble(&curve, &mask, &blocks(&curve, 0.5), order).unwrap();
        let e = planet.elements();
        let ephemeris = crate::ephemeris::Ephemeris { period: e.period, transit_time: e.transit_time };
        let depth = |c: &LightCurve| {
            let half = 0.25 * planet.shape.duration();
            let inside: Vec<f64> =
                c.time().iter().zip(c.flux()).filter(|(t, _)| ephemeris.in_transit(**t, half)).map(|p| *p.1).collect();
            1.0 - inside.iter().sum::<f64>() / inside.len() as f64
        };
        assert!(depth(&curve) > 3.0 * depth(&scrambled).abs(), "{} {}", depth(&curve), depth(&scrambled));
    }

    #[test]
    fn orders_differ_and_run_out() {
        assert!(orders(1, 5, (1, "t")).is_empty());
        assert_eq!(orders(2, 5, (1, "t")), [[1, 0]]);
        let all = orders(3, 99, (1, "t"));
        assert_eq!(all.len(), 5);
        assert_eq!(orders(3, 2, (1, "t")), all[..2], "more trials do not change those before");
        assert_ne!(orders(10, 3, (1, "t")), orders(10, 3, (2, "t")));
        let (one, _) = cleaned(&simulated(1));
        assert_eq!(blocks(&one, 0.5).len(), 3, "a quarter has two breaks");
    }
}
