//! All trials of a run together.

use super::examine::Examined;
use super::trial::{Trial, TrialKind};
use crate::inject::InjectConfig;
use crate::inject::completeness::{Grid, Injection, Quantity, Tally, above, all, along, edges_of};
use crate::inject::reliability::{Dispositions, Reliability};
use crate::vet::{Calibration, Disposition, Labelled};

/// What one needs of all trials for completeness and reliability: some 60 bytes an injection, 32 a candidate.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    injections: Vec<Injection>,
    /// Candidates of observed, inverted and scrambled light curves with their S/N over red noise.
    candidates: [Vec<(f64, Dispositions)>; 3],
    light_curves: [usize; 3],
    /// What the same candidates, and the planets found, say of scores.
    scored: [Vec<Scored>; 3],
    planets: Vec<Scored>,
}

/// A candidate that was not taken for eclipses of a binary.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scored {
    score: f64,
    snr: f64,
}

impl Scored {
    fn of(examined: &Examined, index: usize) -> Option<Self> {
        let vetted = examined.vetted.get(index)?.as_ref()?;
        let scored = Self { score: vetted.score, snr: vetted.metrics.value("mes_red") };
        (vetted.verdict.disposition != Disposition::FalsePositive && scored.score.is_finite() && scored.snr > 0.0)
            .then_some(scored)
    }
}

/// Fewest of each kind that a calibration is made of.
const LEAST_SCORED: usize = 20;

/// What the rows of a table divide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cells {
    PeriodSize,
    PeriodSnr,
    Snr,
    SnrAbove,
    All,
}

impl Cells {
    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::PeriodSize => "period_size",
            Self::PeriodSnr => "period_snr",
            Self::Snr => "snr",
            Self::SnrAbove => "snr_above",
            Self::All => "all",
        }
    }
}

/// A row of completeness; a range is unset where there is no limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompletenessRow {
    pub cells: Cells,
    pub period: Option<[f64; 2]>,
    pub size: Option<(Quantity, [f64; 2])>,
    pub snr: Option<[f64; 2]>,
    pub tally: Tally,
}

/// A row of reliability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityRow {
    pub cells: Cells,
    pub snr: Option<[f64; 2]>,
    /// Light curves as they are, inverted and scrambled.
    pub light_curves: [usize; 3],
    pub counts: Reliability,
}

impl Totals {
    pub fn add(&mut self, trial: &Trial) {
        self.injections.extend(trial.injection());
        let kind = match trial.kind {
            TrialKind::Observed => 0,
            TrialKind::Inverted => 1,
            TrialKind::Scrambled => 2,
            TrialKind::Injected => {
                if let (Ok(examined), Some(found)) = (&trial.outcome, trial.recovered().filter(|f| f.is_exact())) {
                    self.planets.extend(Scored::of(examined, found.index));
                }
                return;
            }
        };
        if let Ok(examined) = &trial.outcome {
            self.light_curves[kind] += 1;
            let counted = examined.independent().filter(|(index, ..)| !trial.is_known(*index));
            for (index, snr, one) in counted {
                self.candidates[kind].push((snr, one));
                self.scored[kind].extend(Scored::of(examined, index));
            }
        }
    }

    /// Sizes in Earth radii where the radii of all stars are known, else in stellar radii.
    pub fn size(&self) -> Quantity {
        match self.injections.iter().all(|i| i.radius_rearth.is_finite()) {
            true => Quantity::RadiusRearth,
            false => Quantity::RpRs,
        }
    }

    /// Cells of period and `quantity`.
    pub fn grid(&self, quantity: Quantity, config: &InjectConfig) -> Grid {
        let edges = |q, n| (q, edges_of(&self.injections, q, n));
        Grid::new(&self.injections, edges(Quantity::Period, config.grid.periods), edges(quantity, config.grid.sizes))
    }

    /// All rows of completeness.
    pub fn completeness(&self, config: &InjectConfig) -> Vec<CompletenessRow> {
        let row = |cells, tally| CompletenessRow { cells, period: None, size: None, snr: None, tally };
        let edges = &config.grid.snr_edges;
        let size = self.size();
        let mut rows = vec![row(Cells::All, all(&self.injections))];
        let bins = along(&self.injections, Quantity::Snr, edges).into_iter();
        rows.extend(bins.map(|(snr, tally)| CompletenessRow { snr: Some(snr), ..row(Cells::Snr, tally) }));
        let from = above(&self.injections, Quantity::Snr, edges).into_iter();
        rows.extend(from.map(|(snr, tally)| CompletenessRow { snr: Some(snr), ..row(Cells::SnrAbove, tally) }));
        for (period, bin, tally) in self.grid(size, config).iter() {
            let cell = row(Cells::PeriodSize, tally);
            rows.push(CompletenessRow { period: Some(period), size: Some((size, bin)), ..cell });
        }
        for (period, snr, tally) in self.grid(Quantity::Snr, config).iter() {
            rows.push(CompletenessRow { period: Some(period), snr: Some(snr), ..row(Cells::PeriodSnr, tally) });
        }
        rows
    }

    /// All rows of reliability.
    pub fn reliability(&self, config: &InjectConfig) -> Vec<ReliabilityRow> {
        let edges = &config.grid.snr_edges;
        let mut rows = vec![self.reliability_of(Cells::All, None)];
        rows.extend(edges.windows(2).map(|e| self.reliability_of(Cells::Snr, Some([e[0], e[1]]))));
        rows.extend(edges.iter().map(|e| self.reliability_of(Cells::SnrAbove, Some([*e, f64::INFINITY]))));
        rows
    }

    /// What turns scores into probabilities; `None` where there are too few planets or false alarms to tell.
    ///
    /// Injected planets stand for what is real, in each bin of S/N as many as there are observed candidates beyond the false
    /// alarms expected there (half a candidate at least); candidates of inverted and scrambled light curves for false alarms.
    pub fn calibration(&self, config: &InjectConfig) -> Option<Calibration> {
        let [observed, false_alarms @ ..] = &self.scored;
        if self.planets.len() < LEAST_SCORED || false_alarms.iter().map(Vec::len).sum::<usize>() < LEAST_SCORED {
            return None;
        }
        let n = self.light_curves;
        let kinds = n[1..].iter().filter(|n| **n > 0).count() as f64;
        let mut labelled = Vec::new();
        for (kind, candidates) in false_alarms.iter().enumerate().filter(|(kind, _)| n[kind + 1] > 0) {
            let weight = n[0] as f64 / n[kind + 1] as f64 / kinds;
            labelled.extend(candidates.iter().map(|c| Labelled { score: c.score, snr: c.snr, is_real: false, weight }));
        }
        let bin = |snr: f64| config.grid.snr_edges.partition_point(|e| *e <= snr);
        for at in 0..=config.grid.snr_edges.len() {
            let planets: Vec<&Scored> = self.planets.iter().filter(|c| bin(c.snr) == at).collect();
            let seen = observed.iter().filter(|c| bin(c.snr) == at).count() as f64;
            let expected: f64 = labelled.iter().filter(|l| !l.is_real && bin(l.snr) == at).map(|l| l.weight).sum();
            let weight = (seen - expected).max(0.5) / planets.len() as f64;
            labelled.extend(planets.iter().map(|c| Labelled { score: c.score, snr: c.snr, is_real: true, weight }));
        }
        Calibration::fit(&labelled)
    }

    fn reliability_of(&self, cells: Cells, snr: Option<[f64; 2]>) -> ReliabilityRow {
        let [low, high] = snr.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        let [observed, inverted, scrambled] = [0, 1, 2].map(|kind: usize| {
            let mut sum = Dispositions::default();
            let inside = self.candidates[kind].iter().filter(|c| c.0 >= low && c.0 < high);
            inside.for_each(|c| sum.add(&c.1));
            sum
        });
        let n = self.light_curves;
        let per = |kind: usize| if n[kind] == 0 { 0.0 } else { n[0] as f64 / n[kind] as f64 };
        let counts = Reliability {
            observed,
            inverted,
            scrambled,
            observed_per_inverted: per(1),
            observed_per_scrambled: per(2),
        };
        ReliabilityRow { cells, snr, light_curves: n, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(passed: usize, false_alarms: usize) -> Dispositions {
        Dispositions { passed, false_alarms, false_positives: 0 }
    }

    /// Of 40 observed candidates 20 are false alarms, as 40 inverted and scrambled light curves each say; the score keeps the
    /// kinds apart only in part.
    #[test]
    fn a_calibrated_score_is_the_share_of_what_is_real() {
        let of = |score: f64, n: usize| vec![Scored { score, snr: 10.0 }; n];
        let totals = Totals {
            light_curves: [40, 40, 40],
            scored: [of(0.5, 40), [of(0.0, 15), of(1.0, 5)].concat(), [of(0.0, 15), of(1.0, 5)].concat()],
            planets: [of(0.0, 25), of(1.0, 75)].concat(),
            ..Totals::default()
        };
        let calibration = totals.calibration(&InjectConfig::default()).unwrap();
        // At a score of one 15 of 20 planets and 5 of 20 false alarms, at zero the other way round.
        for (score, share) in [(1.0, 0.75), (0.0, 0.25)] {
            let p = calibration.probability(score, 10.0);
            assert!((p - share).abs() < 0.03, "{score}: {p}");
        }
        assert!(Totals { planets: of(1.0, 3), ..totals }.calibration(&InjectConfig::default()).is_none());
    }

    #[test]
    fn every_candidate_is_in_one_bin_and_in_all_bins_above() {
        let totals = Totals {
            candidates: [
                vec![(7.5, one(1, 0)), (9.5, one(0, 1)), (25.0, one(1, 0)), (1000.0, one(1, 0))],
                vec![(8.0, one(0, 1)), (10.0, one(1, 0))],
                vec![(30.0, one(0, 1))],
            ],
            light_curves: [20, 10, 5],
            ..Totals::default()
        };
        let config = InjectConfig::default();
        let rows = totals.reliability(&config);
        let all = &rows[0];
        assert_eq!((all.cells, all.counts.observed, all.counts.inverted), (Cells::All, one(3, 1), one(1, 1)));
        // one in ten inverted light curves; none in five scrambled ones
        assert_eq!((all.counts.observed_per_inverted, all.counts.observed_per_scrambled), (2.0, 4.0));
        assert_eq!(all.counts.expected_false_alarms(), 1.0);
        let of = |cells: Cells| rows.iter().filter(move |r| r.cells == cells);
        let in_bins: usize = of(Cells::Snr).map(|r| r.counts.observed.all()).sum();
        assert_eq!(in_bins, 3, "one lies beyond the last edge");
        let from_ten = of(Cells::SnrAbove).find(|r| r.snr == Some([10.0, f64::INFINITY])).unwrap();
        assert_eq!((from_ten.counts.observed, from_ten.counts.inverted), (one(2, 0), one(1, 0)));
    }
}
