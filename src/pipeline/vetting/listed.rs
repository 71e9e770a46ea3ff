//! Candidates of a list vetted on light curves: `antumbra vet`.

use std::collections::HashMap;
use std::path::Path;

use super::relate::{OfRun, Parent};
use super::rows::{metric_list, write_vetting};
use super::vet_target;
use crate::ephemeris::{Candidate, Ephemeris};
use crate::io::candidate_list::ListedCandidate;
use crate::io::read::{OpenFiles, TargetRead, Unit, read_targets};
use crate::io::table::{TableRows, TableWriter, VETTING, vetting_columns};
use crate::lightcurve::TimeSystem;
use crate::pipeline::config::RunConfig;
use crate::pipeline::engine::{Delivery, or_on_panic, process};
use crate::pipeline::error::RunError;
use crate::pipeline::manifest::{Counts, target_seed};
use crate::pipeline::prepare::{ErrorRow, Prepared};
use crate::pipeline::progress::{Live, Progress};
use crate::pipeline::run::{Execution, Run};
use crate::vet::{RunCandidate, Vetted};

/// What became of one candidate of a list.
#[derive(Clone, Debug)]
pub struct ListedOutcome {
    pub candidate: ListedCandidate,
    pub vetted: Result<Vetted, String>,
    /// Target of the list with the same ephemeris and a deeper signal.
    pub parent: Option<String>,
}

/// A candidate of the list with its parent.
type Listed = (ListedCandidate, Option<Parent>);
/// A target with what became of its candidates.
type TargetVetted = (String, Vec<ListedOutcome>);

impl Run<'_> {
    /// Vets every candidate of `list` on the light curve of its target: one row each into `file`, by target in the order of
    /// the light curves, those without a light curve last. `each` sees them in that order. Without a profile in the
    /// configuration nothing is written.
    pub fn vet_to(
        &self,
        file: &Path,
        list: Vec<ListedCandidate>,
        execution: &Execution,
        progress: &dyn Progress,
        mut each: impl FnMut(&ListedOutcome),
    ) -> Result<Counts, RunError> {
        let Some(profile) = self.config.vet.profile.profile() else { return Ok(Counts::default()) };
        let parents = parents(&list, self.config);
        let mut by_target: HashMap<String, Vec<Listed>> = HashMap::new();
        for (candidate, parent) in list.into_iter().zip(parents) {
            by_target.entry(candidate.target_id.clone()).or_default().push((candidate, parent));
        }
        let mut table = TableWriter::create_file(file.to_path_buf(), VETTING, vetting_columns(&metric_list()))?;
        let mut write = |outcomes: &[ListedOutcome]| -> Result<(), RunError> {
            let mut rows = TableRows::new(VETTING, vetting_columns(&metric_list()));
            for of in outcomes {
                let (id, number) = (&of.candidate.target_id, of.candidate.number);
                let vetted = of.vetted.as_ref().map_err(String::clone);
                write_vetting(&mut rows, id, number, profile.name(), vetted, of.parent.as_deref())?;
                each(of);
            }
            let failed = |source| RunError::Part { path: file.to_path_buf(), source };
            if let Some(batch) = rows.take().map_err(failed)? {
                let batch = crate::pipeline::assemble::with_run_id(&batch, &self.run_id).map_err(failed)?;
                table.write(batch)?;
            }
            Ok(())
        };
        let live = Live::new(self.n_targets());
        let open = OpenFiles::default();
        let mut counts = Counts::default();
        let mut seen: Vec<String> = Vec::new();
        let read = |unit: &Unit| -> Result<Vec<(String, TargetRead)>, RunError> {
            let targets = self.plan.targets_of(unit).map_err(RunError::Scratch)?;
            let wanted: Vec<_> = targets.into_iter().filter(|t| by_target.contains_key(&t.target_id)).collect();
            let read = read_targets(&wanted, &self.config.read, &open);
            Ok(wanted.into_iter().map(|t| t.target_id).zip(read).collect())
        };
        let work = |_: &Unit, read: Result<Vec<(String, TargetRead)>, RunError>| -> Result<Vec<_>, RunError> {
            let one = |(target_id, read): (String, TargetRead)| {
                let of = by_target.get(&target_id).map_or(&[][..], Vec::as_slice);
                let failed = |m: String| of.iter().map(|_| Err(format!("internal error: {m}"))).collect();
                let vetted = or_on_panic(|| vet_listed(read, of, self.config), failed);
                let outcomes: Vec<ListedOutcome> = of
                    .iter()
                    .zip(vetted)
                    .map(|((c, p), vetted)| ListedOutcome { candidate: c.clone(), vetted, parent: target_of(p) })
                    .collect();
                (target_id, outcomes)
            };
            Ok(read?.into_iter().map(one).collect())
        };
        process(
            execution.threads(),
            &self.plan.units,
            Delivery::InOrder,
            read,
            work,
            |outcomes| outcomes,
            |done: Option<Result<Vec<TargetVetted>, RunError>>| {
                for (target_id, outcomes) in done.transpose()?.into_iter().flatten() {
                    write(&outcomes)?;
                    let of = Counts { targets: 1, ..counts_of(&outcomes) };
                    counts.add(&of);
                    live.add(&of);
                    seen.push(target_id);
                }
                progress.update(&live.tally());
                Ok::<(), RunError>(())
            },
        )?;
        seen.iter().for_each(|id| drop(by_target.remove(id)));
        let mut rest: Vec<_> = by_target.into_values().flatten().collect();
        rest.sort_by(|a, b| (&a.0.target_id, a.0.number).cmp(&(&b.0.target_id, b.0.number)));
        for (candidate, parent) in rest {
            let vetted = Err("no light curve of this target in the inputs".to_string());
            let outcome = [ListedOutcome { candidate, vetted, parent: target_of(&parent) }];
            write(&outcome)?;
            counts.add(&counts_of(&outcome));
        }
        progress.finished(&live.tally());
        table.finish()?;
        Ok(counts)
    }
}

fn counts_of(outcomes: &[ListedOutcome]) -> Counts {
    let mut counts = Counts { candidates: outcomes.len(), ..Counts::default() };
    outcomes.iter().for_each(|of| counts.add_verdict(of.vetted.as_ref().ok()));
    counts
}

fn target_of(parent: &Option<Parent>) -> Option<String> {
    parent.as_ref().map(|p| p.target_id.clone())
}

fn parents(list: &[ListedCandidate], config: &RunConfig) -> Vec<Option<Parent>> {
    let of_run = |c: &ListedCandidate| RunCandidate {
        target_id: c.target_id.clone(),
        number: c.number,
        ephemeris: Ephemeris { period: c.period, transit_time: c.transit_time + c.time_offset.unwrap_or(0.0) },
        depth: c.depth,
    };
    Parent::of_all(&list.iter().map(of_run).collect::<Vec<_>>(), config)
}

fn vet_listed(read: TargetRead, listed: &[Listed], config: &RunConfig) -> Vec<Result<Vetted, String>> {
    let all = |reason: String| listed.iter().map(|_| Err(reason.clone())).collect();
    let mut errors: Vec<ErrorRow> = read.errors.iter().map(ErrorRow::from).collect();
    let Some(raw) = read.target else {
        return all(errors.pop().map_or_else(|| "the light curve cannot be read".into(), |e| e.reason));
    };
    let (prepared, _) = match Prepared::new(&raw, config, &mut errors) {
        Ok(prepared) => prepared,
        Err(row) => return all(row.reason),
    };
    let system = prepared.light_curve.time_system();
    let candidates: Vec<Candidate> = listed.iter().map(|(c, _)| candidate(c, system)).collect();
    let flat = match prepared.without_transits(&candidates, config) {
        Ok(flat) => flat,
        Err(e) => return all(e.to_string()),
    };
    let Some(profile) = config.vet.profile.profile() else { return all("there is no profile".into()) };
    let seed = target_seed(config.seed, &raw.target_id);
    vet_target(&prepared, &flat, &candidates, config)
        .into_iter()
        .zip(listed)
        .map(|(vetted, (listed, parent))| {
            let Vetted { metrics, score, .. } = vetted.map_err(|e| e.to_string())?;
            let of_run = OfRun { parent: parent.as_ref(), share_at_crowds: None };
            let seed = seed.wrapping_add(u64::from(listed.number));
            Ok(of_run.judge(metrics, score, profile, &config.vet, seed))
        })
        .collect()
}

/// In the times of the light curve, where both say which these are.
fn candidate(listed: &ListedCandidate, system: TimeSystem) -> Candidate {
    let shift = match (listed.time_offset, system.offset()) {
        (Some(of_list), Some(of_curve)) => of_list - of_curve,
        _ => 0.0,
    };
    let ephemeris = Ephemeris { period: listed.period, transit_time: listed.transit_time + shift };
    let depth = if listed.depth.is_nan() { 0.0 } else { listed.depth };
    Candidate { number: listed.number, ..Candidate::known(ephemeris, listed.duration, depth) }
}
