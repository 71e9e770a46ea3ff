//! Search and vetting of one light curve, as a run would do it.

use crate::ephemeris::{Candidate, SingleTransit};
use crate::inject::reliability::Dispositions;
use crate::pipeline::config::RunConfig;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::vetting::vet_target;
use crate::search::search;
use crate::vet::{Disposition, Vetted};

/// What was found in a light curve.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    pub candidates: Vec<Candidate>,
    pub single_transits: Vec<SingleTransit>,
    /// One for each candidate; `None` where it could not be vetted, or the configuration wants no vetting.
    pub vetted: Vec<Option<Vetted>>,
}

impl Examined {
    /// Searches and vets; fails with the reason why nothing could be searched.
    pub fn new(prepared: &Prepared, config: &RunConfig) -> Result<Self, String> {
        let found = search(&prepared.detrended, &config.search, prepared.light_curve.star().density())
            .map_err(|e| e.to_string())?;
        let candidates = found.candidates;
        let mut vetted = vec![None; candidates.len()];
        if !candidates.is_empty() {
            let flat = prepared.without_transits(&candidates, config).map_err(|e| e.to_string())?;
            for (to, result) in vetted.iter_mut().zip(vet_target(prepared, &flat, &candidates, config)) {
                *to = result.ok();
            }
        }
        Ok(Self { candidates, single_transits: found.single_transits, vetted })
    }

    pub fn disposition(&self, index: usize) -> Option<Disposition> {
        Some(self.vetted.get(index)?.as_ref()?.verdict.disposition)
    }

    pub fn is_passed(&self, index: usize) -> bool {
        self.disposition(index) == Some(Disposition::Candidate)
    }

    /// Candidates that are no harmonics of others and were vetted: index, S/N over red noise, disposition as a count.
    pub fn independent(&self) -> impl Iterator<Item = (usize, f64, Dispositions)> + '_ {
        self.candidates.iter().enumerate().filter(|(_, c)| c.harmonic_of.is_none()).filter_map(|(i, c)| {
            let one = match self.disposition(i)? {
                Disposition::Candidate => Dispositions { passed: 1, ..Dispositions::default() },
                Disposition::FalsePositive => Dispositions { false_positives: 1, ..Dispositions::default() },
                Disposition::FalseAlarm => Dispositions { false_alarms: 1, ..Dispositions::default() },
            };
            Some((i, c.snr_red, one))
        })
    }
}
