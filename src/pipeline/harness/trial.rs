//! One light curve that was searched: as it is, with a planet injected, inverted or scrambled.

use super::examine::Examined;
use crate::inject::InjectedPlanet;
use crate::inject::completeness::Injection;
use crate::inject::recovery::{Missed, Recovered};

/// What was done to a light curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialKind {
    Observed,
    Injected,
    Inverted,
    Scrambled,
}

impl TrialKind {
    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Injected => "injected",
            Self::Inverted => "inverted",
            Self::Scrambled => "scrambled",
        }
    }
}

/// Why a light curve was not searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSearched {
    /// There was nothing to try.
    Skipped(String),
    Failed(String),
}

/// A planet that was put in, and whether it was found.
#[derive(Clone, Debug)]
pub struct Injected {
    pub planet: InjectedPlanet,
    /// Whether as many transits have data as a candidate needs.
    pub is_searchable: bool,
    pub found: Result<Recovered, Missed>,
}

/// One light curve and what came of it.
#[derive(Clone, Debug)]
pub struct Trial {
    pub target_id: String,
    pub kind: TrialKind,
    /// From 1, among those of its kind and target.
    pub number: u32,
    pub time_offset: Option<f64>,
    pub injected: Option<Injected>,
    /// Order of the blocks where they were scrambled.
    pub order: Vec<usize>,
    /// Of each candidate of an inverted or scrambled light curve, whether it may be what a mask has left of a known signal.
    pub known: Vec<bool>,
    pub outcome: Result<Examined, NotSearched>,
}

impl Trial {
    pub fn new(target_id: &str, kind: TrialKind, number: u32, outcome: Result<Examined, NotSearched>) -> Self {
        Self {
            target_id: target_id.to_string(),
            kind,
            number,
            time_offset: None,
            injected: None,
            order: Vec::new(),
            known: Vec::new(),
            outcome,
        }
    }

    /// The candidate that is the injected planet.
    pub fn recovered(&self) -> Option<Recovered> {
        self.injected.as_ref()?.found.ok()
    }

    /// Whether a candidate of an inverted or scrambled light curve may be left of a known signal.
    pub fn is_known(&self, index: usize) -> bool {
        self.known.get(index).is_some_and(|known| *known)
    }

    /// What is known of a candidate.
    pub fn label(&self, index: usize) -> &'static str {
        match (self.kind, self.recovered()) {
            _ if self.is_known(index) => "other",
            (TrialKind::Inverted, _) => "false_alarm_inverted",
            (TrialKind::Scrambled, _) => "false_alarm_scrambled",
            (_, Some(found)) if found.index == index && found.is_exact() => "planet",
            (_, Some(found)) if found.index == index => "planet_alias",
            _ => "other",
        }
    }

    /// The injection as completeness counts it; one whose light curve could not be searched was missed.
    pub fn injection(&self) -> Option<Injection> {
        let injected = self.injected.as_ref()?;
        let planet = &injected.planet;
        let passed = |found: &Recovered| self.outcome.as_ref().is_ok_and(|e| e.is_passed(found.index));
        Some(Injection {
            period: planet.elements().period,
            rp_rs: planet.shape.rp_rs(),
            radius_rearth: planet.radius_rearth,
            snr_expected: planet.snr_expected,
            is_searchable: injected.is_searchable,
            is_recovered: injected.found.is_ok(),
            is_passed: injected.found.as_ref().is_ok_and(passed),
        })
    }
}
