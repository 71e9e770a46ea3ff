//! A new place above a likelihood threshold, by slices along differences of live points.

use rand::RngExt;
use rand::rngs::StdRng;

use super::PriorTransform;
use crate::sample::SampleError;

/// A place in the cube with its likelihood.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub cube: Vec<f64>,
    pub position: Vec<f64>,
    pub log_likelihood: f64,
}

impl Live {
    pub(super) fn new<M: PriorTransform + ?Sized>(model: &M, cube: Vec<f64>) -> Result<Self, SampleError> {
        let mut position = vec![0.0; cube.len()];
        model.place(&cube, &mut position);
        let log_likelihood = model.log_likelihood(&position);
        if log_likelihood.is_nan() {
            return Err(SampleError::NotANumber { position });
        }
        Ok(Self { cube, position, log_likelihood })
    }
}

/// What a walk cost, and how well the width of its first intervals fitted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub evaluations: usize,
    pub widenings: usize,
    pub narrowings: usize,
}

/// `moves` slices from `start`, all above `threshold` (Neal 2003, Ann. Stat. 31, 705: stepping out and shrinkage), each along
/// the difference of two points of `live` (differential moves: Karamanis & Beutler 2021, Stat. Comput. 31, 61).
/// `width` is the first interval in units of that difference.
pub(super) fn walk<M: PriorTransform + ?Sized>(
    model: &M,
    live: &[Live],
    start: usize,
    (threshold, width, moves): (f64, f64, usize),
    rng: &mut StdRng,
) -> Result<(Live, Cost), SampleError> {
    const WIDENINGS: usize = 20;
    let mut at = live[start].clone();
    let mut cost = Cost::default();
    for _ in 0..moves {
        // two others: the walk's own start must not decide where it goes
        let mut other = || loop {
            let i = rng.random_range(0..live.len());
            if i != start {
                return i;
            }
        };
        let (one, two) = (other(), other());
        if one == two {
            continue;
        }
        let direction: Vec<f64> = live[one].cube.iter().zip(&live[two].cube).map(|(a, b)| width * (a - b)).collect();
        let along = |t: f64, cost: &mut Cost| -> Result<Option<Live>, SampleError> {
            let cube: Vec<f64> = at.cube.iter().zip(&direction).map(|(x, d)| x + t * d).collect();
            if cube.iter().any(|u| !(*u > 0.0 && *u < 1.0)) {
                return Ok(None);
            }
            cost.evaluations += 1;
            let place = Live::new(model, cube)?;
            Ok((place.log_likelihood > threshold).then_some(place))
        };
        let mut low = -rng.random::<f64>();
        let mut high = low + 1.0;
        let mut left = (rng.random::<f64>() * WIDENINGS as f64) as usize;
        let mut right = WIDENINGS - 1 - left;
        while left > 0 && along(low, &mut cost)?.is_some() {
            low -= 1.0;
            left -= 1;
            cost.widenings += 1;
        }
        while right > 0 && along(high, &mut cost)?.is_some() {
            high += 1.0;
            right -= 1;
            cost.widenings += 1;
        }
        loop {
            let t = low + (high - low) * rng.random::<f64>();
            if let Some(place) = along(t, &mut cost)? {
                at = place;
                break;
            }
            cost.narrowings += 1;
            if t < 0.0 {
                low = t;
            } else {
                high = t;
            }
            // rounding has closed the interval on the place itself
            if high - low < 1e-14 {
                break;
            }
        }
    }
    Ok((at, cost))
}
