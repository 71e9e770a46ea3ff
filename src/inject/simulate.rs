//! Simulates one target: noise, instrument, companions, and the truth.

use std::collections::HashSet;

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use super::SimulateError;
use super::config::{BinaryConfig, SimulateConfig, StarConfig};
use super::random::stream;
use super::schedule::{Schedule, SegmentTimes};
use super::truth::{Truth, TruthKind};
use crate::lightcurve::{RawSegment, RawTarget};
use crate::noise::{Oscillator, rotation};
use crate::star::{Measured, Star, a_over_rstar};
use crate::transit::{LimbDarkening, Orbit, OrbitElements, Quadratic, TransitShape, with_portable_kernels};

/// Relative errors of the catalogue values of mass, radius and effective temperature that the light curve carries.
const CATALOGUE_ERRORS: [f64; 3] = [0.05, 0.03, 0.015];
/// Days in which the scattered light at the start of a stretch, and the jump of a momentum dump, fall by 1/e.
const RAMP_DAYS: f64 = 0.2;
const DUMP_DAYS: f64 = 0.3;
/// Days between momentum dumps.
const DUMP_INTERVAL: f64 = 3.0;

/// A simulated light curve, as a file would hold it, and what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedTarget {
    pub target: RawTarget,
    pub truth: Vec<Truth>,
}

/// Simulates target `index` of the configuration.
pub fn simulate_target(config: &SimulateConfig, index: usize) -> Result<SimulatedTarget, SimulateError> {
    let star = config.star(index)?;
    star.check()?;
    let schedule = config.cadence.schedule();
    let segments: Vec<SegmentTimes> = (0..config.segments).map(|n| schedule.segment(n)).collect();
    let time: Vec<f64> = segments.iter().flat_map(|s| s.time.iter().copied()).collect();

    let (mut flux, companions) = companions(&star, &time, &schedule)?;
    let variability = variability(config, &star, &time);
    let instrument = instrument(config, &star, &segments, &time);
    flux.iter_mut().zip(&variability).zip(&instrument).for_each(|((f, v), i)| *f *= v * i);
    let outliers = outliers(config, &star, time.len());
    let white = &mut stream(config.seed, &star.target_id, "white");
    for (f, outlier) in flux.iter_mut().zip(&outliers) {
        let e: f64 = StandardNormal.sample(white);
        *f += star.white_noise * (e + outlier);
    }

    let kept = kept(config, &star, time.len());
    let truth = truth(&star, &schedule, &time, &kept, companions);
    let mut start = 0;
    let raw = segments
        .into_iter()
        .map(|segment| {
            let range = start..start + segment.time.len();
            start = range.end;
            let rows = || range.clone().filter(|&i| kept[i]);
            RawSegment {
                label: segment.label,
                source: format!("simulated, seed {}", config.seed),
                time: rows().map(|i| time[i]).collect(),
                // Missions ship fluxes as 32-bit numbers.
                flux: rows().map(|i| f64::from((flux[i] * star.level) as f32)).collect(),
                flux_err: Some(rows().map(|_| f64::from((star.white_noise * star.level) as f32)).collect()),
                time_system: schedule.time_system,
                exposure_time: Some(schedule.cadence),
                band: Some(schedule.band.into()),
                ..RawSegment::default()
            }
        })
        .collect();
    let measured = |value: f64, share: f64| Some(Measured { value, err: share * value });
    let catalogue = Star {
        mass_msun: measured(star.mass_msun, CATALOGUE_ERRORS[0]),
        radius_rsun: measured(star.radius_rsun, CATALOGUE_ERRORS[1]),
        teff_k: measured(star.teff_k, CATALOGUE_ERRORS[2]),
        ..Star::default()
    };
    Ok(SimulatedTarget { target: RawTarget { target_id: star.target_id, segments: raw, star: catalogue }, truth })
}

/// A planet or companion star, and its mean dip in each cadence.
struct Companion {
    shape: TransitShape,
    dips: Vec<f64>,
    depth: f64,
    secondary_depth: f64,
}

/// Relative flux of the star with its companions, and each of them.
fn companions(
    star: &StarConfig,
    time: &[f64],
    schedule: &Schedule,
) -> Result<(Vec<f64>, Vec<Companion>), SimulateError> {
    let law = Quadratic::from_q(star.q1, star.q2);
    let orbit_error = |number: usize| {
        let target = star.target_id.clone();
        move |source| SimulateError::Orbit { target, number, source }
    };
    let mut flux = vec![1.0; time.len()];
    let mut companions = Vec::new();
    for (i, planet) in star.planets.iter().enumerate() {
        let elements = OrbitElements {
            period: planet.period,
            transit_time: schedule.start + planet.transit_time,
            a_rs: a_over_rstar(planet.period, star.density()),
            impact_parameter: planet.impact_parameter,
            ecc: planet.ecc,
            omega: planet.omega,
        };
        let shape = Orbit::new(elements)
            .and_then(|orbit| TransitShape::new(orbit, planet.rp_rs, LimbDarkening::Quadratic(law)))
            .map_err(orbit_error(i + 1))?;
        let dips = dips(&shape, time, schedule.cadence);
        let depth = shape.depth();
        companions.push(Companion { shape, dips, depth, secondary_depth: f64::NAN });
    }
    if let Some(binary) = &star.binary {
        companions.push(eclipses(binary, star, law, time, schedule).map_err(orbit_error(companions.len() + 1))?);
    }
    for companion in &companions {
        flux.iter_mut().zip(&companion.dips).for_each(|(f, d)| *f -= d);
    }
    Ok((flux, companions))
}

fn dips(shape: &TransitShape, time: &[f64], exposure_time: f64) -> Vec<f64> {
    let mut flux = vec![0.0; time.len()];
    with_portable_kernels(|| shape.flux_into(time, exposure_time, &mut flux));
    flux.iter().map(|f| 1.0 - f).collect()
}

/// Primary eclipses of the limb-darkened star, and half a period later the eclipses of its uniform companion, which
/// gives k² J of the star's light. The part of the companion that is hidden is the dip of a uniform star over k².
fn eclipses(
    binary: &BinaryConfig,
    star: &StarConfig,
    law: Quadratic,
    time: &[f64],
    schedule: &Schedule,
) -> Result<Companion, crate::transit::TransitError> {
    let k = binary.radius_ratio;
    let transit_time = schedule.start + binary.transit_time;
    // Two stars of about equal mass: the density of the star, with twice the mass that holds the orbit together.
    let elements = OrbitElements::circular(
        binary.period,
        transit_time,
        a_over_rstar(binary.period, 2.0 * star.density()),
        binary.impact_parameter,
    );
    let primary = TransitShape::new(Orbit::new(elements)?, k, LimbDarkening::Quadratic(law))?;
    let behind = OrbitElements { transit_time: transit_time + 0.5 * binary.period, ..elements };
    let secondary = TransitShape::new(Orbit::new(behind)?, k, LimbDarkening::Uniform)?;
    let light = k * k * binary.surface_brightness;
    let share = (1.0 - binary.third_light) / (1.0 + light);
    let hidden = share * light / (k * k).min(1.0);
    let mut total = dips(&primary, time, schedule.cadence);
    for (t, s) in total.iter_mut().zip(dips(&secondary, time, schedule.cadence)) {
        *t = share * *t + hidden * s;
    }
    let (depth, secondary_depth) = (share * primary.depth(), hidden * secondary.depth());
    Ok(Companion { shape: primary, dips: total, depth, secondary_depth })
}

/// Granulation, rotation and flares, as factors near 1.
fn variability(config: &SimulateConfig, star: &StarConfig, time: &[f64]) -> Vec<f64> {
    let mut out = vec![1.0; time.len()];
    if let Some(g) = star.granulation {
        let rng = &mut stream(config.seed, &star.target_id, "granulation");
        Oscillator::granulation(g.amplitude, g.timescale).add_draw(time, rng, &mut out);
    }
    if let Some(r) = star.rotation {
        let rng = &mut stream(config.seed, &star.target_id, "rotation");
        for part in rotation(r.amplitude, r.period, r.quality) {
            part.add_draw(time, rng, &mut out);
        }
    }
    let flares = star.flares.filter(|f| f.rate > 0.0);
    if let (Some(f), Some(&first), Some(&last)) = (flares, time.first(), time.last()) {
        let rng = &mut stream(config.seed, &star.target_id, "flares");
        let mut start = first + exponential(rng) / f.rate;
        while start <= last {
            let (height, decay) = (f.amplitude * exponential(rng), 0.01 + 0.03 * rng.random::<f64>());
            let from = time.partition_point(|t| *t < start);
            for (x, t) in out[from..].iter_mut().zip(&time[from..]).take_while(|(_, t)| **t - start < 10.0 * decay) {
                *x += height * (-(t - start) / decay).exp();
            }
            start += exponential(rng) / f.rate;
        }
    }
    out
}

fn exponential(rng: &mut impl Rng) -> f64 {
    -(1.0 - rng.random::<f64>()).ln()
}

/// Level of each segment, scattered light where stretches start, and momentum dumps, as factors near 1.
fn instrument(config: &SimulateConfig, star: &StarConfig, segments: &[SegmentTimes], time: &[f64]) -> Vec<f64> {
    let rng = &mut stream(config.seed, &star.target_id, "instrument");
    let mut out = Vec::with_capacity(time.len());
    for segment in segments {
        let level = 1.0 + 0.01 * (2.0 * rng.random::<f64>() - 1.0);
        let height = config.edge_ramp * rng.random::<f64>();
        let first = segment.time.first().copied().unwrap_or(0.0);
        let span = segment.time.last().map_or(0.0, |last| last - first);
        let jumps: Vec<f64> = (0..=(span / DUMP_INTERVAL) as usize)
            .map(|_| {
                config.momentum_dump * {
                    let x: f64 = StandardNormal.sample(rng);
                    x
                }
            })
            .collect();
        for &t in &segment.time {
            let stretch = segment.stretch_starts.partition_point(|s| *s <= t).saturating_sub(1);
            let since_start = t - segment.stretch_starts[stretch];
            let dump = ((t - first) / DUMP_INTERVAL).max(0.0);
            let since_dump = dump.fract() * DUMP_INTERVAL;
            let ramp = height * (-since_start / RAMP_DAYS).exp();
            let jump = jumps.get(dump as usize).map_or(0.0, |j| j * (-since_dump / DUMP_DAYS).exp());
            out.push(level * (1.0 + ramp + jump));
        }
    }
    out
}

/// Outliers in units of the white noise, mostly zero.
fn outliers(config: &SimulateConfig, star: &StarConfig, n: usize) -> Vec<f64> {
    let rng = &mut stream(config.seed, &star.target_id, "outliers");
    let draw = |_| {
        let (is_one, height, sign) = (rng.random::<f64>(), rng.random::<f64>(), rng.random::<f64>());
        let size = 5.0 + 25.0 * height * height;
        if is_one >= config.outlier_fraction {
            0.0
        } else if sign < 0.5 {
            size
        } else {
            -size
        }
    };
    (0..n).map(draw).collect()
}

fn kept(config: &SimulateConfig, star: &StarConfig, n: usize) -> Vec<bool> {
    let rng = &mut stream(config.seed, &star.target_id, "missing");
    (0..n).map(|_| rng.random::<f64>() >= config.missing_fraction).collect()
}

fn truth(
    star: &StarConfig,
    schedule: &Schedule,
    time: &[f64],
    kept: &[bool],
    companions: Vec<Companion>,
) -> Vec<Truth> {
    let quiet = Truth {
        target_id: star.target_id.clone(),
        kind: TruthKind::Quiet,
        planet: 0,
        period: f64::NAN,
        transit_time: f64::NAN,
        duration: f64::NAN,
        depth: f64::NAN,
        secondary_depth: f64::NAN,
        rp_rs: f64::NAN,
        impact_parameter: f64::NAN,
        a_rs: f64::NAN,
        ecc: f64::NAN,
        omega: f64::NAN,
        rho_star: star.density(),
        q1: star.q1,
        q2: star.q2,
        snr_white: f64::NAN,
        n_transits: 0,
        star_mass_msun: star.mass_msun,
        star_radius_rsun: star.radius_rsun,
        star_teff_k: star.teff_k,
        white_noise: star.white_noise,
        rotation_amplitude: star.rotation.map_or(0.0, |r| r.amplitude),
        rotation_period: star.rotation.map_or(f64::NAN, |r| r.period),
        granulation_amplitude: star.granulation.map_or(0.0, |g| g.amplitude),
        granulation_timescale: star.granulation.map_or(f64::NAN, |g| g.timescale),
        time_offset: schedule.time_system.offset().unwrap_or(f64::NAN),
    };
    if companions.is_empty() {
        return vec![quiet];
    }
    let planets = star.planets.len();
    companions
        .into_iter()
        .enumerate()
        .map(|(i, companion)| {
            let orbit = companion.shape.orbit();
            let e = orbit.elements();
            let duration = companion.shape.duration();
            let signal: f64 = companion.dips.iter().zip(kept).filter(|(_, k)| **k).map(|(d, _)| d * d).sum();
            let observed: HashSet<i64> = time
                .iter()
                .zip(kept)
                .filter(|(t, k)| **k && orbit.time_from_transit(**t).abs() <= 0.5 * duration)
                .map(|(t, _)| ((t - e.transit_time) / e.period).round() as i64)
                .collect();
            let first = ((schedule.start - e.transit_time) / e.period).ceil();
            Truth {
                kind: if i < planets { TruthKind::Planet } else { TruthKind::Binary },
                planet: i as u32 + 1,
                period: e.period,
                transit_time: e.transit_time + first * e.period,
                duration,
                depth: companion.depth,
                secondary_depth: companion.secondary_depth,
                rp_rs: companion.shape.rp_rs(),
                impact_parameter: e.impact_parameter,
                a_rs: e.a_rs,
                ecc: e.ecc,
                omega: e.omega,
                rho_star: star.density(),
                snr_white: signal.sqrt() / star.white_noise,
                n_transits: observed.len(),
                ..quiet.clone()
            }
        })
        .collect()
}
