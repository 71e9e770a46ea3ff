//! How parameters are written on axes.

/// Symbol of a parameter by its full name, `planets.b.rp_rs`: the planet or instrument is its index.
pub fn symbol(name: &str) -> String {
    let mut parts = name.split('.');
    let (group, owner) = match (parts.next(), parts.next()) {
        (Some("star"), Some(_)) | (_, None) => ("star", ""),
        (Some(group), Some(owner)) => (group, owner),
        _ => ("", ""),
    };
    let rest: Vec<&str> = parts.collect();
    let last = if group == "star" { name.rsplit('.').next().unwrap_or(name) } else { &rest.join(".") };
    // a symbol with an index of its own, and one without
    let with = |base: &str, index: &str| match (index, owner) {
        ("", "") => base.to_string(),
        (index, "") => format!("{base}_{{{index}}}"),
        ("", owner) => format!("{base}_{{{}}}", short(owner)),
        (index, owner) => format!("{base}_{{{index},{}}}", short(owner)),
    };
    match last {
        "period" => with("P", ""),
        "transit_time" => with("T", "0"),
        "rp_rs" => format!("{}/R_{{★}}", with("R", if owner.is_empty() { "p" } else { "" })),
        "impact_parameter" => with("b", ""),
        "a_rs" => format!("{}/R_{{★}}", with("a", "")),
        "rho_star" => with("ρ", "★"),
        "ecc" => with("e", ""),
        "omega" => with("ω", ""),
        "sqrt_ecc_cos_omega" => format!("{} cos ω", with("√e", "")),
        "sqrt_ecc_sin_omega" => format!("{} sin ω", with("√e", "")),
        "rv_semi_amplitude" => with("K", ""),
        "day" => with("F", "day"),
        "night" => with("F", "night"),
        "beaming" => with("A", "beam"),
        "ellipsoidal" => with("A", "ell"),
        "q1" => with("q", "1"),
        "q2" => with("q", "2"),
        "u1" => with("u", "1"),
        "u2" => with("u", "2"),
        "jitter" => with("σ", "jit"),
        "baseline" => with("F", "0"),
        "baseline_slope" => format!("d{}/dt", with("F", "0")),
        "third_light" => with("D", ""),
        "offset" => with("γ", ""),
        "trend" => format!("d{}/dt", with("γ", "")),
        "curvature" => format!("d^{{2}}{}/dt^{{2}}", with("γ", "")),
        "noise.sigma" => with("σ", "GP"),
        "noise.rho" => with("ρ", "GP"),
        "noise.period" => with("P", "GP"),
        "noise.quality" => with("Q", "GP"),
        "nu" => with("ν", ""),
        last => match last.strip_prefix("transit_times.") {
            Some(number) => with("T", number),
            None => with(&last.replace('_', " "), ""),
        },
    }
}

/// A name that fits below a line.
fn short(name: &str) -> String {
    if name.chars().count() <= 10 { name.into() } else { name.chars().take(9).chain(['…']).collect() }
}

/// A unit as it is printed.
pub fn unit(unit: &str) -> String {
    match unit {
        "solar" => "ρ_{☉}".into(),
        "R_earth" => "R_{⊕}".into(),
        "M_earth" => "M_{⊕}".into(),
        "S_earth" => "S_{⊕}".into(),
        "R_jup" => "R_{J}".into(),
        "M_jup" => "M_{J}".into(),
        "g/cm3" => "g cm^{−3}".into(),
        unit => {
            // m/s/d2 becomes m s⁻¹ d⁻²
            let mut parts = unit.split('/');
            let mut out = parts.next().unwrap_or_default().trim_start_matches('1').to_string();
            for part in parts {
                let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
                let power = &part[letters.len()..];
                let power = if power.is_empty() { "1" } else { power };
                out += &format!("{}{letters}^{{−{power}}}", if out.is_empty() { "" } else { " " });
            }
            out
        }
    }
}

/// Factor and name of the unit in which residuals of this size read well.
pub fn flux_unit(sigma: f64) -> (f64, &'static str) {
    match sigma {
        s if s < 2e-3 => (1e6, "ppm"),
        s if s < 2e-2 => (1e3, "ppt"),
        _ => (1e2, "%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_symbols_and_units_are_printed() {
        for (name, text) in [
            ("planets.b.rp_rs", "R_{b}/R_{★}"),
            ("planets.c.transit_time", "T_{0,c}"),
            ("star.rho_star", "ρ_{★}"),
            ("instruments.TESS.q1", "q_{1,TESS}"),
            ("instruments.TESS.noise.sigma", "σ_{GP,TESS}"),
            ("planets.b.transit_times.3", "T_{3,b}"),
            ("rv.a_long_long_name.offset", "γ_{a_long_lo…}"),
            ("planets.b.new_thing", "new thing_{b}"),
        ] {
            assert_eq!(symbol(name), text);
        }
        for (name, text) in [("m/s/d2", "m s^{−1} d^{−2}"), ("d", "d"), ("", ""), ("1/d", "d^{−1}"), ("solar", "ρ_{☉}")]
        {
            assert_eq!(unit(name), text);
        }
    }
}
