//! One target as it is, searched and vetted, from which its trials start.

use std::ops::Range;

use super::examine::Examined;
use super::trial::{Injected, NotSearched, Trial, TrialKind};
use crate::ephemeris::{Candidate, Ephemeris};
use crate::inject::recovery::{Missed, Wanted, find};
use crate::inject::{InjectConfig, InjectedPlanet, Sensitivity, blocks, inject, invert, orders, scramble};
use crate::lightcurve::{CadenceMask, LightCurve, LightCurveError, RawTarget};
use crate::pipeline::config::RunConfig;
use crate::pipeline::prepare::{ErrorRow, Prepared};
use crate::vet::Disposition;

/// Half-width, in durations, of what is left out around the transits of known signals.
const MASK_DURATIONS: f64 = 0.75;
/// Relative difference of periods up to which a candidate may be what a mask has left of a known signal: scrambling shifts the
/// period that brings its blocks into phase.
const SAME_PERIOD: f64 = 0.02;
/// Period of what is left over that of the signal: its secondary eclipse, or one transit in two.
const LEFT_RATIOS: [f64; 3] = [1.0, 0.5, 2.0];

/// One thing to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    Inject(u32),
    Invert,
    Scramble(u32, Vec<usize>),
    /// There is no other order of the blocks.
    NoScramble(u32),
}

/// A target as it is, with everything that its trials need.
pub struct Baseline<'a> {
    config: &'a RunConfig,
    inject: &'a InjectConfig,
    raw: RawTarget,
    prepared: Prepared,
    pub observed: Trial,
    sensitivity: Sensitivity,
    /// Cadences without outliers and without the transits of known signals.
    quiet: CadenceMask,
    /// Periods of the signals that `quiet` masks.
    known: Vec<f64>,
    blocks: Vec<Range<usize>>,
    periods: [f64; 2],
}

impl<'a> Baseline<'a> {
    /// Cleans, flattens, searches and vets a target as it was read. Fails where it cannot be searched; `errors` gets what
    /// was left out of it besides.
    pub fn new(
        raw: RawTarget,
        config: &'a RunConfig,
        inject: &'a InjectConfig,
        errors: &mut Vec<ErrorRow>,
    ) -> Result<Self, ErrorRow> {
        let (prepared, _) = Prepared::new(&raw, config, errors)?;
        let examined = Examined::new(&prepared, config).map_err(|reason| ErrorRow {
            target_id: Some(raw.target_id.clone()),
            source: raw.segments.first().map(|s| s.source.clone()).unwrap_or_default(),
            stage: "search",
            kind: "search".to_string(),
            reason,
            left_out: false,
        })?;
        let is_signal = |i: usize| examined.disposition(i) != Some(Disposition::FalseAlarm);
        let signals = |least: f64| -> Vec<&Candidate> {
            let candidates = examined.candidates.iter().enumerate();
            candidates.filter(|(i, c)| is_signal(*i) && c.snr_red >= least).map(|(_, c)| c).collect()
        };
        let all = signals(0.0);
        let sensitivity = Sensitivity::new(&prepared.detrended, |t| !is_in_transit(&all, t));
        let blocks = blocks(&prepared.light_curve, inject.scramble_gap);
        let least = inject.known_snr.unwrap_or(config.search.snr_threshold / share_of_two(&blocks).sqrt());
        let known = signals(least);
        let mut quiet = prepared.mask.clone();
        for (i, time) in prepared.light_curve.time().iter().enumerate() {
            if is_in_transit(&known, *time) {
                quiet.drop_cadence(i);
            }
        }
        let known = known.iter().map(|c| c.ephemeris.period).collect();
        let longest = config.search.longest_period(prepared.detrended.baseline());
        let periods = [config.search.period_min, longest.max(config.search.period_min)];
        let mut observed = Trial::new(&raw.target_id, TrialKind::Observed, 1, Ok(examined));
        observed.time_offset = prepared.light_curve.time_system().offset();
        Ok(Self { config, inject, raw, prepared, observed, sensitivity, quiet, known, blocks, periods })
    }

    /// All trials of the target, in the order of their rows.
    pub fn jobs(&self) -> Vec<Job> {
        let mut jobs: Vec<Job> = (1..=self.inject.trials as u32).map(Job::Inject).collect();
        if self.inject.invert {
            jobs.push(Job::Invert);
        }
        let mut found =
            orders(self.blocks.len(), self.inject.scrambles, (self.config.seed, &self.raw.target_id)).into_iter();
        let scramble = |number| found.next().map_or(Job::NoScramble(number), |order| Job::Scramble(number, order));
        jobs.extend((1..=self.inject.scrambles as u32).map(scramble));
        jobs
    }

    /// Carries out a trial.
    pub fn run(&self, job: &Job) -> Trial {
        let id = self.raw.target_id.as_str();
        let mut trial = match job {
            Job::Inject(number) => self.injected(*number),
            Job::Invert => Trial::new(id, TrialKind::Inverted, 1, self.inverted()),
            Job::NoScramble(number) => {
                let reason = "no other order of its blocks is left".to_string();
                Trial::new(id, TrialKind::Scrambled, *number, Err(NotSearched::Skipped(reason)))
            }
            Job::Scramble(number, order) => {
                let trial = Trial::new(id, TrialKind::Scrambled, *number, self.scrambled(order));
                Trial { order: order.clone(), ..trial }
            }
        };
        trial.time_offset = self.observed.time_offset;
        if matches!(trial.kind, TrialKind::Inverted | TrialKind::Scrambled)
            && let Ok(examined) = &trial.outcome
        {
            let left = |c: &Candidate| self.is_left_of_known(c.ephemeris.period);
            trial.known = examined.candidates.iter().map(left).collect();
        }
        trial
    }

    fn is_left_of_known(&self, period: f64) -> bool {
        let same = |known: &f64| LEFT_RATIOS.iter().any(|r| (period / (known * r) - 1.0).abs() < SAME_PERIOD);
        self.known.iter().any(same)
    }

    /// The trial of a job that panicked: a bug of ours, which costs one trial.
    pub fn lost(&self, job: &Job, message: String) -> Trial {
        let (kind, number) = match job {
            Job::Inject(number) => (TrialKind::Injected, *number),
            Job::Invert => (TrialKind::Inverted, 1),
            Job::Scramble(number, _) | Job::NoScramble(number) => (TrialKind::Scrambled, *number),
        };
        let outcome = Err(NotSearched::Failed(format!("internal error: {message}")));
        Trial::new(&self.raw.target_id, kind, number, outcome)
    }

    fn injected(&self, number: u32) -> Trial {
        let key = (self.config.seed, self.raw.target_id.as_str(), number);
        let star = self.prepared.light_curve.star();
        let trial = |outcome| Trial::new(&self.raw.target_id, TrialKind::Injected, number, outcome);
        let planet = match InjectedPlanet::draw(&self.inject.planets, self.periods, star, &self.sensitivity, key) {
            Ok(planet) => planet,
            Err(reason) => return trial(Err(NotSearched::Skipped(reason.to_string()))),
        };
        let outcome = Prepared::new(&inject(&self.raw, &planet), self.config, &mut Vec::new())
            .map_err(|row| row.reason)
            .and_then(|(prepared, _)| Examined::new(&prepared, self.config));
        let is_searchable = planet.n_transits >= self.config.search.min_transits;
        let found = match &outcome {
            Ok(examined) => {
                let wanted = self.wanted(&planet, is_searchable);
                find(&wanted, &examined.candidates, &examined.single_transits, &self.inject.matching)
            }
            Err(_) => Err(Missed::NoCandidate),
        };
        let injected = Injected { planet, is_searchable, found };
        Trial { injected: Some(injected), ..trial(outcome.map_err(NotSearched::Failed)) }
    }

    fn wanted(&self, planet: &InjectedPlanet, is_searchable: bool) -> Wanted {
        let e = planet.elements();
        let start = self.sensitivity.start();
        Wanted {
            ephemeris: Ephemeris { period: e.period, transit_time: e.transit_time },
            duration: planet.shape.duration().max(self.sensitivity.typical_exposure()),
            span: [start, start + self.sensitivity.baseline()],
            is_searchable,
        }
    }

    fn inverted(&self) -> Result<Examined, NotSearched> {
        let failed = |e: LightCurveError| NotSearched::Failed(e.to_string());
        let light_curve = invert(&self.prepared.light_curve).map_err(failed)?;
        self.examine(light_curve, self.quiet.clone())
    }

    fn scrambled(&self, order: &[usize]) -> Result<Examined, NotSearched> {
        let failed = |e: LightCurveError| NotSearched::Failed(e.to_string());
        let (light_curve, mask) =
            scramble(&self.prepared.light_curve, &self.quiet, &self.blocks, order).map_err(failed)?;
        self.examine(light_curve, mask)
    }

    fn examine(&self, light_curve: LightCurve, mask: CadenceMask) -> Result<Examined, NotSearched> {
        Prepared::from_cleaned(light_curve, mask, self.config)
            .map_err(|e| e.to_string())
            .and_then(|prepared| Examined::new(&prepared, self.config))
            .map_err(NotSearched::Failed)
    }
}

/// Share of the cadences that the two largest blocks have.
fn share_of_two(blocks: &[Range<usize>]) -> f64 {
    let mut sizes: Vec<usize> = blocks.iter().map(Range::len).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let all = sizes.iter().sum::<usize>().max(1);
    sizes.iter().take(2).sum::<usize>() as f64 / all as f64
}

fn is_in_transit(signals: &[&Candidate], time: f64) -> bool {
    signals.iter().any(|c| c.ephemeris.in_transit(time, MASK_DURATIONS * c.duration))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::{PlanetConfig, SimulateConfig, StarConfig, simulate_target};

    const PERIOD: f64 = 2.5;

    /// One sector of a star with a hot Jupiter.
    fn target() -> RawTarget {
        let planet =
            PlanetConfig { period: PERIOD, transit_time: 1.1, rp_rs: 0.1, impact_parameter: 0.2, ecc: 0.0, omega: 0.0 };
        let star = StarConfig { planets: vec![planet], ..StarConfig::default() };
        simulate_target(&SimulateConfig { stars: vec![star], ..SimulateConfig::default() }, 0).unwrap().target
    }

    fn has_planet(trial: &Trial) -> bool {
        let candidates = &trial.outcome.as_ref().unwrap().candidates;
        candidates.iter().any(|c| (c.ephemeris.period / PERIOD - 1.0).abs() < 0.02)
    }

    #[test]
    fn known_planets_are_no_false_alarms() {
        let (config, inject) =
            (RunConfig::default(), InjectConfig { trials: 0, scrambles: 3, ..InjectConfig::default() });
        let baseline = Baseline::new(target(), &config, &inject, &mut Vec::new()).unwrap();
        assert!(has_planet(&baseline.observed));
        let jobs = baseline.jobs();
        assert_eq!(jobs.len(), 4);
        let trials: Vec<Trial> = jobs.iter().map(|job| baseline.run(job)).collect();
        assert!(!has_planet(&trials[0]) && !has_planet(&trials[1]), "{:?}", trials[1].outcome);
        // two orbits of a sector have one other order
        assert_eq!(trials[1].order, [1, 0]);
        assert!(trials[2..].iter().all(|t| matches!(t.outcome, Err(NotSearched::Skipped(_)))));
        // unmasked, it repeats within each orbit, and some period suits both
        let all = InjectConfig { known_snr: Some(f64::INFINITY), ..inject };
        let baseline = Baseline::new(target(), &config, &all, &mut Vec::new()).unwrap();
        let found = baseline.run(&jobs[1]).outcome.unwrap().candidates;
        assert!(found.iter().any(|c| c.snr_red > 15.0), "{found:?}");
        assert!(trials[1].known.iter().all(|known| !known));
        let known = Baseline { known: vec![PERIOD], ..baseline };
        assert!(known.is_left_of_known(5.01) && known.is_left_of_known(1.25) && !known.is_left_of_known(2.6));
        assert!((share_of_two(&[0..10, 10..40, 40..60]) - 5.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn an_injected_planet_is_found_beside_the_one_that_is_there() {
        let inject = InjectConfig { trials: 2, ..InjectConfig::default() };
        let planets = crate::inject::PlanetRange {
            period: Some([4.0, 5.0]),
            size: crate::inject::SizeRange::Snr([30.0, 30.0]),
            ..Default::default()
        };
        let (config, inject) = (RunConfig::default(), InjectConfig { planets, ..inject });
        let baseline = Baseline::new(target(), &config, &inject, &mut Vec::new()).unwrap();
        for job in baseline.jobs().iter().filter(|j| matches!(j, Job::Inject(_))) {
            let trial = baseline.run(job);
            let found = trial.recovered().unwrap();
            assert!(found.is_exact() && has_planet(&trial));
            let labels: Vec<&str> =
                (0..trial.outcome.as_ref().unwrap().candidates.len()).map(|i| trial.label(i)).collect();
            assert_eq!(labels.iter().filter(|l| **l == "planet").count(), 1, "{labels:?}");
            assert!(labels.contains(&"other"));
            assert!(trial.injection().is_some_and(|i| i.is_recovered && i.is_searchable));
        }
    }
}
