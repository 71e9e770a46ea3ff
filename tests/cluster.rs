//! The files for schedulers in `examples/cluster`, run where there is a scheduler.

use std::path::Path;
use std::process::Command;

/// Four shards under a Slurm of our own on the loopback interface, one killed with -9 and requeued, merged, and compared
/// byte for byte with a run that was not split.
#[test]
fn slurm_shards_of_which_one_is_killed_and_requeued_merge_to_the_same_bytes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let antumbra = env!("CARGO_BIN_EXE_antumbra");
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    let made = Command::new(antumbra)
        .args(["simulate", "--targets", "60", "--cadence", "tess-10min", "--segments", "1", "--out"])
        .arg(&input)
        .output()
        .unwrap();
    assert!(made.status.success());
    std::fs::create_dir(dir.path().join("out")).unwrap();
    let result = Command::new(root.join("examples/cluster/try-slurm.sh"))
        .env("INPUT", &input)
        .env("OUT", dir.path().join("out"))
        .env("ANTUMBRA", antumbra)
        .env("N", "4")
        .env("OPTIONS", "--set fit_selection.max_per_target=0")
        .output();
    let result = match result {
        Ok(result) => result,
        Err(error) => return println!("skipped: no bash here: {error}"),
    };
    let (out, err) = (String::from_utf8_lossy(&result.stdout), String::from_utf8_lossy(&result.stderr));
    println!("{out}");
    if result.status.code() == Some(77) {
        println!("skipped: Slurm is not installed here");
        return;
    }
    assert!(result.status.success(), "{out}\n{err}");
    assert!(out.contains("started again 1 time") && out.contains("the same bytes"), "{out}\n{err}");
}
