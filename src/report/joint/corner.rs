//! Which parameters of a joint fit go into which corner plot.

use crate::fit::joint::JointFit;
use crate::report::Figure;
use crate::report::corner::{Column, corner};

/// Parameters of a page at most.
const MOST: usize = 12;
/// A page of star and planets, or one for each planet where they are many; and pages of what belongs to instruments.
pub(super) fn figures(fit: &JointFit) -> Vec<Figure> {
    let column = |i: &usize| {
        let s = &fit.fitted[*i];
        Column {
            name: &s.name,
            unit: s.unit,
            median: s.median,
            lower_68: s.lower_68,
            upper_68: s.upper_68,
            values: &fit.draws.columns[*i],
        }
    };
    let all: Vec<usize> = (0..fit.fitted.len()).collect();
    let is_physical = |i: &usize| ["planets.", "star."].iter().any(|p| fit.fitted[*i].name.starts_with(p));
    // single transit times are a table, not a corner
    let is_time = |i: &usize| fit.fitted[*i].name.contains(".transit_times.");
    let (physical, rest): (Vec<usize>, Vec<usize>) = all.into_iter().partition(is_physical);
    let physical: Vec<usize> = physical.into_iter().filter(|i| !is_time(i)).collect();
    let mut out = Vec::new();
    let mut page = |name: String, title: String, indices: &[usize]| {
        if indices.len() > 1 {
            let columns: Vec<_> = indices.iter().map(column).collect();
            out.push(Figure { name, scene: corner(title, &columns) });
        }
    };
    if physical.len() <= MOST {
        page("corner".into(), "Posterior of the parameters of star and planets".into(), &physical);
    } else {
        let of_star = |i: &&usize| fit.fitted[**i].name.starts_with("star.");
        let star: Vec<usize> = physical.iter().filter(of_star).copied().collect();
        let planets: Vec<usize> = physical.iter().filter(|i| !of_star(i)).copied().collect();
        for group in planets.chunk_by(|a, b| owner(&fit.fitted[*a].name) == owner(&fit.fitted[*b].name)) {
            let name = owner(&fit.fitted[group[0]].name);
            let indices: Vec<usize> = group.iter().chain(&star).copied().take(MOST).collect();
            page(super::file_name("corner", name), format!("Posterior of the parameters of planet {name}"), &indices);
        }
    }
    for (n, chunk) in rest.chunks(MOST).enumerate() {
        let title = "Posterior of the parameters of instruments and noise".to_string();
        page(if n == 0 { "corner_noise".into() } else { format!("corner_noise_{}", n + 1) }, title, chunk);
    }
    out
}

fn owner(name: &str) -> &str {
    name.split('.').nth(1).unwrap_or_default()
}
