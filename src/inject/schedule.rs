//! When a mission takes its cadences: sectors and quarters, and the gaps in them.

use crate::lightcurve::TimeSystem;

/// Time stamps of one mission and cadence.
pub(super) struct Schedule {
    /// Days from one mid-exposure to the next, and the length of an exposure.
    pub cadence: f64,
    pub time_system: TimeSystem,
    /// Time of the first cadence of the first segment.
    pub start: f64,
    /// Days from the start of one segment to the next.
    segment: f64,
    /// Stretches of a segment, in days from its start.
    stretches: &'static [(f64, f64)],
    label: &'static str,
    pub band: &'static str,
}

/// Cadences of one segment, and where its stretches begin.
pub(super) struct SegmentTimes {
    pub label: String,
    pub time: Vec<f64>,
    pub stretch_starts: Vec<f64>,
}

impl Schedule {
    /// TESS: sectors of two orbits with a downlink between them.
    pub fn tess(cadence: f64) -> Self {
        Self {
            cadence,
            time_system: TimeSystem::BTJD,
            start: 2036.28,
            segment: 27.3,
            stretches: &[(0.0, 12.75), (13.75, 26.2)],
            label: "S",
            band: "TESS",
        }
    }

    /// Kepler: quarters with a downlink a month and a roll between them.
    pub fn kepler() -> Self {
        Self {
            cadence: 29.4244 / 1440.0,
            time_system: TimeSystem::BKJD,
            start: 260.22,
            segment: 93.1,
            stretches: &[(0.0, 30.2), (31.1, 60.9), (61.8, 91.6)],
            label: "Q",
            band: "Kepler",
        }
    }

    /// All cadences of segment `number` (from 0).
    pub fn segment(&self, number: usize) -> SegmentTimes {
        let start = self.start + number as f64 * self.segment;
        let mut time = Vec::new();
        let mut stretch_starts = Vec::new();
        for (from, to) in self.stretches {
            let (first, last) = ((from / self.cadence).ceil() as usize, (to / self.cadence).floor() as usize);
            stretch_starts.push(start + first as f64 * self.cadence);
            time.extend((first..=last).map(|i| start + i as f64 * self.cadence));
        }
        SegmentTimes { label: format!("{}{}", self.label, number + 1), time, stretch_starts }
    }
}
