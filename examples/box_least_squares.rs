//! Moving over from another box least squares: a periodogram on a grid of one's own, every number by the textbook.
//!
//! ```text
//! cargo run --example box_least_squares
//! ```

use antumbra::search::bls;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Twenty days at ten minutes; a dip of 0.1 % every 3.3 days that straddles the first time stamp.
    let time: Vec<f64> = (0..2880).map(|i| i as f64 / 144.0).collect();
    let dip = |t: f64| if (t + 0.05).rem_euclid(3.3) < 0.1 { 1e-3 } else { 0.0 };
    let flux: Vec<f64> = time.iter().enumerate().map(|(i, &t)| 1.0 - dip(t) + 2e-4 * (i as f64 * 1.7).sin()).collect();
    let flux_err = vec![2e-4; time.len()];

    let periods: Vec<f64> = (0..2000).map(|i| 1.0 + 4.0 * f64::from(i) / 2000.0).collect();
    let power = bls(&time, &flux, &flux_err, &periods, &[0.05, 0.1, 0.2], 10)?;
    let best =
        power.iter().flatten().max_by(|a, b| a.statistic.snr.total_cmp(&b.statistic.snr)).ok_or("no box has data")?;
    println!(
        "P = {:.3} d, depth {:.0} ± {:.0} ppm, duration {:.2} d, transit at {:.3} d, S/N {:.1}",
        best.period,
        best.statistic.depth * 1e6,
        best.statistic.depth_err * 1e6,
        best.duration,
        best.transit_time,
        best.statistic.snr
    );
    Ok(())
}
