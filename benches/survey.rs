//! From a Parquet dataset to candidates: light curves a second of processor time, and where the time goes.
//!
//! ```text
//! cargo bench --profile dev --bench survey            SURVEY_TARGETS=400 for other numbers of light curves
//! ```
//!
//! The last line of each workload is a run with as many threads as there are cores, and says how busy it kept them.
//!
//! With `SURVEY_DIR=DIR` light curves are made once and kept there, and so are results; `SURVEY_ONLY=NAME` takes only those
//! workloads whose name contains it (`10min-0`: ten minutes, no planets).

use std::path::Path;
use std::time::Instant;

use antumbra::inject::{Cadence, PopulationConfig, SimulateConfig, simulate_target};
use antumbra::io::dataset::DatasetWriter;
use antumbra::io::read::PlanOptions;
use antumbra::pipeline::{Execution, NoProgress, Run, RunConfig, Steps};

/// User and system time of this process, seconds.
fn processor_time() -> f64 {
    // SAFETY: getrusage fills the struct that it is given.
    let usage = unsafe {
        let mut usage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 * 1e-6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Stars of one sector; `share` of them with planets, as many again with eclipses.
fn dataset(path: &Path, cadence: Cadence, count: usize, share: f64) {
    let population =
        PopulationConfig { count, planet_fraction: share, binary_fraction: share, ..PopulationConfig::default() };
    let config = SimulateConfig { cadence, segments: 1, population, ..SimulateConfig::default() };
    let mut writer = DatasetWriter::create(path).expect("a temporary folder can be written");
    for index in 0..count {
        writer.write(&simulate_target(&config, index).expect("the configuration is valid").target).expect("written");
    }
    writer.finish().expect("written");
}

fn main() {
    let count = std::env::var("SURVEY_TARGETS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let dir = std::env::var_os("SURVEY_DIR").map_or(temporary.path().to_path_buf(), Into::into);
    let only = std::env::var("SURVEY_ONLY").unwrap_or_default();
    println!(
        "{count} light curves each; ms of processor time a light curve; wall-clock time of one thread in brackets"
    );
    for (name, cadence) in [("2min", Cadence::Tess2min), ("10min", Cadence::Tess10min)] {
        for share in [0.0, 0.02, 0.2] {
            let name = format!("{name}-{share}");
            if !format!("{name} ").contains(&only) {
                continue;
            }
            let input = dir.join(format!("{name}-{count}.parquet"));
            if !input.exists() {
                dataset(&input, cadence, count, share);
            }
            let bytes = std::fs::metadata(&input).map_or(0, |m| m.len()) as f64 / count as f64;
            let config = RunConfig::default();
            // Units of a survey: a few hundred light curves would be cut into units of one.
            let options = PlanOptions { unit_targets: Some(64), ..PlanOptions::default() };
            let (start, before) = (Instant::now(), processor_time());
            let run = Run::new(&[input.display().to_string()], &config, &options).expect("planned");
            let planned = processor_time() - before;
            let execution = Execution { threads: 1, ..Execution::default() };
            let out = dir.join(format!("{name}-{count}.out"));
            if out.exists() {
                std::fs::remove_dir_all(&out).expect("results of an earlier run");
            }
            let summary = run.execute(Steps::Search, &out, &execution, &NoProgress, |_| {}).expect("a run");
            let (wall, all) = (start.elapsed().as_secs_f64(), processor_time() - before);
            let ms = |seconds: f64| 1e3 * seconds / count as f64;
            let t = summary.timings;
            let rest = all - planned - t.read_s - t.prepare_s - t.search_s;
            println!(
                "{name:10} {:3.0} % planets and binaries: {:6.1} curves/s/core; {:.2} ms: plan {:.2}, [read {:.2}, clean and \
                 detrend {:.2}, search {:.2}], rest {:.2}; {} candidates; {:.1} s; {:.0} kB a curve",
                200.0 * share,
                count as f64 / all,
                ms(all),
                ms(planned),
                ms(t.read_s),
                ms(t.prepare_s),
                ms(t.search_s),
                ms(rest),
                summary.counts.candidates,
                wall,
                bytes / 1e3,
            );
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            let run = Run::new(&[input.display().to_string()], &config, &options).expect("planned");
            std::fs::remove_dir_all(&out).expect("results of the run before");
            let (start, before) = (Instant::now(), processor_time());
            let execution = Execution { threads, ..Execution::default() };
            run.execute(Steps::Search, &out, &execution, &NoProgress, |_| {}).expect("a run");
            let (wall, all) = (start.elapsed().as_secs_f64(), processor_time() - before);
            println!(
                "{:10} {threads} threads: {wall:.2} s, cores {:.0} % busy",
                "",
                100.0 * all / (wall * threads as f64)
            );
        }
    }
}
