//! A survey engineer's first look: read a collection, flatten one star and search it, all through the library.
//!
//! ```text
//! cargo run --example search_one_star
//! ```

use antumbra::detrend::{DetrendConfig, detrend};
use antumbra::io::read::{ReadConfig, read_target, scan};
use antumbra::lightcurve::{CadenceMask, CleanConfig, clean, median_time_step};
use antumbra::search::{SearchConfig, search};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let collection = concat!(env!("CARGO_MANIFEST_DIR"), "/datasets/tess-sector");
    let read = ReadConfig::default();
    let scan = scan(&[collection.to_string()], &read);
    let star = scan.targets.iter().find(|t| t.target_id == "SIM 4").ok_or("SIM 4 is not in the collection")?;
    let raw = read_target(star, &read).target.ok_or("SIM 4 cannot be read")?;

    let cleaned = clean(&raw, &CleanConfig::default())?;
    let curve = &cleaned.light_curve;
    let config = SearchConfig::default();
    // The detrending must leave the longest transit that the search looks for alone.
    let longest = config.longest_duration(curve.baseline(), median_time_step(curve.time()), None);
    let method = DetrendConfig::default().build(longest)?;
    let flat = detrend(curve, &cleaned.mask, &CadenceMask::keep_all(curve.len()), method.as_ref())?;

    let found = search(&flat, &config, curve.star().density())?;
    println!("{}: {} cadences, {} folds", raw.target_id, flat.len(), found.periodogram.n_periods);
    for c in &found.candidates {
        println!(
            "{}: P = {:.4} d, depth {:.0} ppm, {:.2} h, S/N {:.1} in {} transits",
            c.number,
            c.ephemeris.period,
            c.depth * 1e6,
            c.duration * 24.0,
            c.snr,
            c.n_transits
        );
    }
    Ok(())
}
