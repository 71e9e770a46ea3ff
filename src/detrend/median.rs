//! Median in a window that slides in time.

use super::slider::{WindowLocation, slide};
use super::{Detrend, DetrendError, by_pieces};
use crate::lightcurve::{CadenceMask, LightCurve};
use crate::math::RankWindow;

/// Median of the window `t - window/2 <= time < t + window/2`; edges and masks as for [`super::Biweight`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunningMedian {
    /// Window length in days.
    pub window: f64,
    /// A gap longer than this (days) starts a new piece.
    pub gap: f64,
}

impl Detrend for RunningMedian {
    fn trend(&self, light_curve: &LightCurve, fit_to: &CadenceMask) -> Result<Vec<f64>, DetrendError> {
        let mut window = RankWindow::new();
        by_pieces(light_curve, fit_to, self.gap, |piece, trend| slide(piece, self.window, &mut window, trend))
    }
}

impl WindowLocation for RankWindow {
    fn begin(&mut self, series: &[f64]) {
        self.rank(series);
    }
    fn clear(&mut self) {
        RankWindow::clear(self);
    }
    fn insert(&mut self, index: usize) {
        RankWindow::insert(self, index);
    }
    fn remove(&mut self, index: usize) {
        RankWindow::remove(self, index);
    }
    fn location(&mut self) -> f64 {
        self.median()
    }
}
