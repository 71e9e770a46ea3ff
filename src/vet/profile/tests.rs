use std::path::Path;

use flate2::read::GzDecoder;

use super::*;
use crate::ephemeris::Ephemeris;
use crate::vet::{Sibling, SiblingConfig, judge_siblings};

#[test]
fn named_profiles_are_sound() {
    for name in Profile::names() {
        let profile = Profile::named(name).unwrap();
        assert_eq!(profile.name(), name);
    }
    assert!(matches!(Profile::named("nobody"), Err(VetError::UnknownProfile(_))));
}

#[test]
fn mistakes_in_a_profile_are_named() {
    let make = |fail: &str, group: &str| {
        Profile::from_toml(&format!(
            "name = 'x'\n[limits]\nsnr = 7.1\n[[group]]\nname = 'g'\n[[test]]\ngroup = '{group}'\nflag = 'F'\nfail = '{fail}'"
        ))
    };
    assert!(make("mes < limit.snr", "g").is_ok());
    assert!(make("mes < limit.sn", "g").unwrap_err().to_string().contains("limit.sn"));
    assert!(make("mes <", "g").unwrap_err().to_string().contains('F'));
    assert!(matches!(make("mes < 1", "h"), Err(VetError::UnknownGroup(_))));
    assert!(matches!(Profile::from_toml("nam = 1"), Err(VetError::ProfileSyntax(_))));
}

#[test]
fn a_metric_that_is_not_there_makes_a_test_not_computable() {
    let profile = Profile::from_toml(
        "name='x'\n[[group]]\nname='g'\ndisposition='false_alarm'\n\
         [[test]]\ngroup='g'\nflag='A'\nfail='size > 3'\n[[test]]\ngroup='g'\nflag='B'\nfail='snr < 7'",
    )
    .unwrap();
    let mut metrics = Metrics::default();
    metrics.set("snr", 9.0);
    metrics.set_missing("size", Missing::StellarRadius);
    let verdict = profile.judge(&metrics);
    assert_eq!(verdict.disposition, Disposition::Candidate);
    assert_eq!(verdict.not_computable(), [("A", Missing::StellarRadius)]);
    metrics.set("snr", 5.0);
    assert_eq!(profile.judge(&metrics).disposition, Disposition::FalseAlarm);
}

/// Length of Kepler's data as the Robovetter takes it.
const KEPLER_DAYS: f64 = 1600.0;

/// The supplemental run of the DR25 Robovetter: 1908 rows of metrics, and the dispositions and flags it gave them.
#[test]
fn robovetter_gives_the_published_dispositions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/reference/robovetter");
    let Ok(archive) = std::fs::read(folder.join("kplr_dr25_sup_robovetter_input.tar.gz")) else {
        println!("skipped: no reference table");
        return;
    };
    let mut table = String::new();
    std::io::Read::read_to_string(&mut GzDecoder::new(&archive[..]), &mut table).unwrap();
    let header = table.lines().find(|l| l.starts_with("|Data_Set")).unwrap();
    let names: Vec<&str> = header.trim_matches('|').split('|').map(str::trim).collect();
    let column = |name: &str| names.iter().position(|n| *n == name).unwrap();
    let mut siblings = Vec::new();
    for line in table.lines().filter(|l| l.trim_start().starts_with("SUP ")) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(fields.len(), names.len());
        let mut metrics = Metrics::default();
        for (name, field) in names.iter().zip(&fields).skip(2) {
            // Not given in this table, and to be read so.
            let value = match *name {
                "ntrans" | "nrealt" | "ngoodt" => 10.0,
                "new_mes" => 100.0,
                _ => field.parse().unwrap(),
            };
            metrics.set(*name, value);
        }
        siblings.push(Sibling {
            target_id: fields[column("KIC")].into(),
            number: fields[column("pn")].parse().unwrap(),
            ephemeris: Ephemeris { period: metrics.value("period"), transit_time: metrics.value("epoch") },
            duration: metrics.value("duration") / 24.0,
            metrics,
        });
    }
    assert_eq!(siblings.len(), 1908);

    let profile = Profile::named("robovetter-dr25").unwrap();
    let start = std::time::Instant::now();
    let verdicts = judge_siblings(&profile, &mut siblings, SiblingConfig::default(), KEPLER_DAYS);
    println!("{} rows: {:.1} ms", verdicts.len(), 1e3 * start.elapsed().as_secs_f64());

    let output = std::fs::read_to_string(folder.join("kplr_dr25_sup_robovetter_output.txt")).unwrap();
    let groups = ["not_transit_like", "stellar_eclipse", "centroid_offset", "ephemeris_match"];
    let mut wrong = Vec::new();
    let rows: Vec<&str> = output.lines().filter(|l| !l.starts_with('#')).collect();
    assert_eq!(rows.len(), 1908);
    for ((row, sibling), verdict) in rows.iter().zip(&siblings).zip(&verdicts) {
        let fields: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(fields[0], format!("{:0>9}-{:02}", sibling.target_id, sibling.number));
        let disposition = if verdict.disposition == Disposition::Candidate { "PC" } else { "FP" };
        let mut got = vec![disposition.to_string()];
        got.extend(groups.iter().map(|g| u8::from(verdict.failed(g)).to_string()));
        let flags = verdict.flags().join("---");
        if !flags.is_empty() {
            got.push(flags);
        }
        if got != fields[2..] {
            wrong.push(format!("{row}\n    {}", got.join(" ")));
        }
    }
    println!("{} of {} rows differ", wrong.len(), rows.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
