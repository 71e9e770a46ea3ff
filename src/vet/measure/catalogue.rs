//! Every metric with its unit and meaning: the columns of the table of vetting, and what a profile may name.

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricInfo {
    pub name: &'static str,
    /// Empty for a pure number.
    pub unit: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// Whether it comes with an error.
    pub has_err: bool,
}

const fn exact(name: &'static str, unit: &'static str, description: &'static str) -> MetricInfo {
    MetricInfo { name, unit, description, has_err: false }
}

const fn with_err(name: &'static str, unit: &'static str, description: &'static str) -> MetricInfo {
    MetricInfo { name, unit, description, has_err: true }
}

/// The metrics of a candidate, in the order of the tests that use them.
pub const METRICS: &[MetricInfo] = &[
    with_err("depth", "", "Weighted mean depth over the duration searched."),
    with_err("mes_white", "", "Multiple-event statistic under white noise."),
    with_err("mes_red", "", "Multiple-event statistic under measured white and red noise."),
    exact("n_transits", "", "Transits with data."),
    exact("red_noise", "", "Scatter of a mean over one duration beyond white noise."),
    exact("period", "d", "Period that was vetted."),
    exact("duration", "d", "Duration that was vetted, at most half the period."),
    exact("duration_share", "", "Duration over period."),
    exact("n_transits_good", "", "Transits without a fault of their own."),
    exact("mes_good", "", "Multiple-event statistic without the bad transits."),
    exact("coverage_median", "", "Median share of the cadences expected around a transit that are there."),
    exact("share_transits_good", "", "Good transits over all with data."),
    exact(
        "chases_median",
        "",
        "Median over transits of the time to the nearest similar dip or rise, in tenths of a period.",
    ),
    exact("chi2_transit_median", "", "Median over transits of the reduced χ² of the fitted shape."),
    with_err("ses_max", "", "Largest single-event statistic."),
    with_err("ses_to_mes", "", "Largest single-event statistic over the multiple-event statistic."),
    exact("ses_to_mes_excess", "", "`ses_to_mes` over what equal transits give."),
    exact("fa1", "", "Model-Shift threshold for one false alarm among 20,000 light curves."),
    exact("fa2", "", "Model-Shift threshold for one false alarm among the events of this light curve."),
    exact("f_red", "", "Scatter of the significance away from the events: 1 for white noise."),
    exact(
        "shape_share",
        "",
        "Range of brightenings over that of all depths: 0 for dips only, 0.5 where both are alike.",
    ),
    with_err("sig_primary", "", "Significance of the transit in the folded light curve."),
    with_err("sig_secondary", "", "Significance of the strongest other dip."),
    with_err("sig_tertiary", "", "Significance of the strongest dip besides these."),
    with_err("sig_positive", "", "Significance of the strongest brightening."),
    exact("secondary_phase", "", "Phase of the secondary, in periods from mid-transit."),
    with_err("secondary_depth", "", "Depth of the secondary."),
    with_err("secondary_depth_ratio", "", "Depth of the secondary over that of the transit."),
    with_err("albedo", "", "Geometric albedo that would make the secondary a planet's reflected light."),
    with_err("half_phase_ratio", "", "Depth at phase one half over that of the transit."),
    with_err("half_phase_sigma", "", "Difference of these two depths, in its standard deviations."),
    with_err("half_phase_significance", "", "Significance of the dip at phase one half under red noise."),
    with_err(
        "odd_even_depth_sigma",
        "",
        "Difference of the depths of odd and even transits, in its standard deviations.",
    ),
    with_err("odd_even_depth_fraction", "", "The same difference over the deeper of the two."),
    with_err("odd_even_ratio", "", "Shallower over deeper of odd and even."),
    with_err("depth_odd", "", "Fitted depth of odd transits."),
    with_err("depth_even", "", "Fitted depth of even transits."),
    with_err(
        "odd_even_time_sigma",
        "",
        "Difference of the delays of odd and even transits, in its standard deviations.",
    ),
    with_err("odd_even_time_fraction", "", "The same difference over the duration."),
    with_err(
        "asymmetry_sigma",
        "",
        "Difference of the depths before and after mid-transit, in its standard deviations.",
    ),
    with_err("asymmetry_fraction", "", "The same difference over the depth."),
    with_err("rp_rs", "", "Radius ratio that the depth of the fitted trapezoid stands for."),
    with_err("impact_parameter", "", "Impact parameter that its ingress stands for."),
    with_err("v_shape", "", "Radius ratio and impact parameter together: near 1 for grazing transits."),
    with_err("ingress", "", "Share of the duration in ingress: 0 for a box, 0.5 for a V."),
    with_err("t14", "d", "First to last contact of the fitted trapezoid."),
    with_err("radius_rearth", "R_earth", "Radius, where that of the star is known."),
    with_err("a_rs_largest", "", "a/R* of a circular orbit seen edge-on whose transits last as long."),
    with_err("a_rs_star", "", "a/R* from the period and the star's density."),
    with_err("duration_ratio", "", "Duration over that of a central transit on a circular orbit."),
    with_err(
        "depth_chi2_sigma",
        "",
        "χ² of the single depths about their mean less its expectation, in its standard deviations.",
    ),
    exact("depth_scatter", "", "Scatter of the single depths beyond their errors, over their mean."),
    with_err("depth_mean_to_median", "", "Mean of the single depths over their median."),
    with_err(
        "depth_median_to_mean",
        "",
        "Median dip of the cadences in transit over their mean: near 0 where outliers make it up.",
    ),
    with_err(
        "segment_depth_sigma",
        "",
        "Largest difference of a segment's depth from the others', in its standard deviations.",
    ),
    exact("segment_depth_fraction", "", "The same difference over the depth of the others."),
    with_err("sine_sigma", "", "Significance of a sinusoid of half, once or twice the period, before detrending."),
    with_err("sine_amplitude", "", "Semi-amplitude of that sinusoid."),
    with_err("sine_to_depth", "", "Its semi-amplitude over the depth."),
    exact("sine_period_ratio", "", "Its period over the candidate's."),
    exact("delta_aic_line", "", "Akaike's criterion of the transit less that of a straight line."),
    exact("delta_aic_sine", "", "Akaike's criterion of sinusoid and transit less that of the sinusoid alone."),
    exact("chi2_fit", "", "Reduced χ² of the fitted trapezoid."),
    exact("share_at_gaps", "", "Share of the transits at edges of gaps."),
    exact("share_at_gaps_expected", "", "Share of all cadences there."),
    exact("share_at_gaps_log10_chance", "", "log₁₀ of the probability of as many transits there by chance."),
    exact("share_at_times", "", "Share of the transits at flagged times."),
    exact("share_at_times_expected", "", "Share of all cadences there."),
    exact("share_at_times_log10_chance", "", "log₁₀ of the probability of as many transits there by chance."),
    with_err("centroid_shift", "pix", "How far the centroid of the light moves in transit."),
    exact("centroid_shift_sigma", "", "Significance of that motion."),
    with_err("centroid_offset", "pix", "Distance of what dims from the centroid of all light."),
    exact(
        "bootstrap_log10_fap",
        "",
        "log₁₀ of the probability that the light curve's own noise gives this statistic at one ephemeris.",
    ),
    exact("inverted_ratio", "", "Strongest brightening over the transit, in significance."),
];

/// What is known of a candidate only beside the other candidates of its star or its run.
pub const RELATIONS: &[MetricInfo] = &[
    exact("is_secondary_tce", "", "1 if it is the secondary eclipse of an earlier candidate of the star, else 0."),
    exact(
        "same_period_as_not_transit_like_tce",
        "",
        "1 if an earlier candidate with its period is no transit, else 0.",
    ),
    exact("residual_of_tce", "", "1 if it is what is left of an earlier candidate, else 0."),
    exact("has_secondary_tce", "", "1 if a later candidate of the star is its secondary eclipse, else 0."),
    exact(
        "ephemeris_match",
        "",
        "Depth of another target's deeper candidate with this ephemeris over its own; 0 where the run has none.",
    ),
    exact("share_at_crowds", "", "Share of the transits at times when too many stars of the run dip at once."),
];
