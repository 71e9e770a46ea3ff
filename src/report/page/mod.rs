//! The page of a candidate, the one-page summary of it, and the index of a run: static files for a vetter.
//!
//! ```text
//! PageData      all that a page is made of, as plain references
//! view          what several panels need: phases, model, Model-Shift
//! light_curve   raw and detrended, with transits, segments and masked cadences
//! periodogram   with the harmonics of the period
//! folds         full phase, primary, secondary, odd and even
//! events        single transits one above the other     shift   Model-Shift
//! tables        candidate, fit, vetting                 thumb   a fold as small as a word
//! html          the page       index   the run          summary  one sheet of paper
//! ```

mod events;
mod folds;
mod html;
mod index;
mod light_curve;
mod periodogram;
mod shift;
mod summary;
mod tables;
#[cfg(test)]
mod tests;
mod thumb;
mod view;

pub use html::CORNER;
pub use index::{IndexRow, index};

use super::draw::Scene;
use crate::ephemeris::Candidate;
use crate::fit::QuantitySummary;
use crate::lightcurve::{Detrended, LightCurve};
use crate::vet::model_shift::ModelShift;
use crate::vet::{Disposition, Metrics, Verdict};

/// Where a page comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    pub run_id: String,
    /// Of this program.
    pub version: String,
    pub seed: u64,
    /// The configuration, as TOML.
    pub config: String,
}

/// What vetting made of a candidate.
#[derive(Clone, Copy, Debug)]
pub struct Vetting<'a> {
    /// Name of the profile of thresholds.
    pub profile: &'a str,
    pub verdict: &'a Verdict,
    pub metrics: &'a Metrics,
    /// Share of draws, metrics moved by their errors, that keep the disposition of a planet candidate.
    pub score: Option<f64>,
    /// That it is no false alarm, where there is a calibration.
    pub probability: Option<f64>,
}

/// Highest S/N near each trial period.
#[derive(Clone, Copy, Debug)]
pub struct PeriodogramData<'a> {
    /// Days, ascending.
    pub period: &'a [f64],
    pub snr: &'a [f32],
}

/// What a page shows of a fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageFit {
    /// Fitted and derived.
    pub quantities: Vec<QuantitySummary>,
    /// Names and values of the draws, those of [`CORNER`] at least where there is to be a corner plot.
    pub names: Vec<String>,
    pub columns: Vec<Vec<f64>>,
}

impl PageFit {
    fn median(&self, name: &str) -> Option<f64> {
        self.quantities.iter().find(|s| s.name == name).map(|s| s.median).filter(|v| v.is_finite())
    }
}

/// All that the page of one candidate is made of.
#[derive(Clone, Copy, Debug)]
pub struct PageData<'a> {
    pub light_curve: &'a LightCurve,
    /// Made of `light_curve`; cadences that are not in it count as masked. The one that was fitted, if there is a fit.
    pub detrended: &'a Detrended,
    pub candidate: &'a Candidate,
    /// Other candidates of the star, marked in the light curve.
    pub others: &'a [Candidate],
    /// Those of them whose transits are left out of the folded views: see [`crate::vet::unrelated`].
    pub left_out: &'a [Candidate],
    pub periodogram: Option<PeriodogramData<'a>>,
    pub fit: Option<&'a PageFit>,
    pub vetting: Option<Vetting<'a>>,
    /// Run on the model of the page where it is not given.
    pub model_shift: Option<&'a ModelShift>,
    pub provenance: &'a Provenance,
}

/// One candidate's files.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Name of the files without ending; the same that `row` links to.
    pub name: String,
    pub html: String,
    /// One sheet: for PNG and PDF.
    pub summary: Scene,
    pub row: IndexRow,
}

/// Makes the page of one candidate.
pub fn page(data: &PageData) -> Page {
    let view = view::View::new(data);
    let name = file_name(data.light_curve.target_id(), data.candidate.number);
    let row = index::row(&view, name.clone());
    Page { html: html::page(&view, &name, &row), summary: summary::sheet(&view, &row), row, name }
}

/// A name that any file system takes.
fn file_name(target_id: &str, candidate: u32) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-.+".contains(c) { c } else { '_' };
    let id: String = target_id.chars().map(safe).take(120).collect();
    // two ids that differ in such signs only must not share a file
    let sum = target_id.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let mark = if id == target_id { String::new() } else { format!("-{:06x}", sum & 0xff_ffff) };
    format!("{id}{mark}-{candidate}")
}

/// The disposition in words.
fn words_of(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Candidate => "planet candidate",
        Disposition::FalsePositive => "false positive",
        Disposition::FalseAlarm => "false alarm",
    }
}
