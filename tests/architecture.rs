//! Which module may use which: every `crate::…` path in src/ must be on this list, and the list has no unused edge.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// (module, modules it may use), lower rows of docs/design.md later.
const ALLOWED: &[(&str, &[&str])] = &[
    ("math", &[]),
    ("star", &[]),
    ("ephemeris", &[]),
    ("lightcurve", &["math", "star"]),
    ("detrend", &["lightcurve", "math"]),
    ("search", &["ephemeris", "lightcurve", "math", "star"]),
    ("transit", &["star"]),
    ("noise", &[]),
    ("sample", &["math"]),
    ("fit", &["ephemeris", "lightcurve", "math", "noise", "sample", "star", "transit"]),
    ("vet", &["ephemeris", "lightcurve", "math", "star"]),
    ("inject", &["ephemeris", "lightcurve", "math", "noise", "star", "transit"]),
    ("io", &["inject", "lightcurve", "math", "star"]),
    ("report", &["ephemeris", "fit", "inject", "lightcurve", "math", "star", "transit", "vet"]),
    (
        "pipeline",
        &[
            "detrend",
            "ephemeris",
            "fit",
            "inject",
            "io",
            "lightcurve",
            "math",
            "report",
            "sample",
            "search",
            "star",
            "vet",
        ],
    ),
];

#[test]
fn modules_use_only_what_lies_above_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(m, uses)| (*m, uses.iter().copied().collect())).collect();
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut violations = Vec::new();
    for (module, permitted) in &allowed {
        for file in files_of(&src, module) {
            let text = fs::read_to_string(&file).unwrap();
            for used in crate_paths(&text) {
                if used == *module {
                    continue;
                }
                if !permitted.contains(used.as_str()) {
                    violations.push(format!("{} uses {used}", file.strip_prefix(&src).unwrap().display()));
                }
                seen.entry(module).or_default().insert(used);
            }
        }
    }
    assert!(violations.is_empty(), "edges that are not on the list:\n{}", violations.join("\n"));
    let unused: Vec<String> = ALLOWED
        .iter()
        .flat_map(|(m, uses)| uses.iter().map(move |u| (*m, *u)))
        .filter(|(m, u)| !seen.get(m).is_some_and(|s| s.contains(*u)))
        .map(|(m, u)| format!("{m} -> {u}"))
        .collect();
    assert!(unused.is_empty(), "edges on the list that no file has: {unused:?}");
}

#[test]
fn every_module_is_on_the_list() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let declared: BTreeSet<&str> =
        lib.lines().filter_map(|l| l.strip_prefix("pub mod ")).map(|l| l.trim_end_matches(';')).collect();
    let listed: BTreeSet<&str> = ALLOWED.iter().map(|(m, _)| *m).collect();
    assert_eq!(declared, listed);
}

#[test]
fn numeric_modules_neither_print_nor_open_files() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for module in [
        "math",
        "star",
        "ephemeris",
        "lightcurve",
        "detrend",
        "search",
        "transit",
        "noise",
        "sample",
        "fit",
        "vet",
        "inject",
    ] {
        for file in files_of(&src, module) {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for word in ["println!", "eprintln!", "std::fs", "File::"] {
                assert!(!code.contains(word), "{} has {word}", file.display());
            }
        }
    }
}

fn files_of(src: &Path, module: &str) -> Vec<PathBuf> {
    let file = src.join(format!("{module}.rs"));
    if file.exists() { vec![file] } else { rust_files(&src.join(module)) }
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}

/// First segments of all `crate::a::…` and `crate::{a::…, b}` paths outside test modules and comments.
fn crate_paths(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: String = code.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let name = |s: &str| -> String { s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut start = 0;
            for (i, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && c == ',') {
                    found.insert(name(group[start..i].trim()));
                    start = i + 1;
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            found.insert(name(rest));
        }
    }
    found.remove("");
    found
}
