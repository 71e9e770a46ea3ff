//! The draws of a finished fit, weighed for a changed configuration.

use std::fs::File;
use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{JointOutcome, JointRunError, LoadedJoint, lock, read, write};
use crate::fit::joint::{JointError, JointPosterior, reweight};

/// Loads the fit in `dir`, puts `assignments` on top of its configuration, and writes what its draws say then to `out`. The
/// data are read anew, from where the fit found them.
pub fn reweight_joint(dir: &Path, assignments: &[String], out: &Path) -> Result<JointOutcome, JointRunError> {
    let document = dir.join("config.toml");
    let old = LoadedJoint::load(&document, &[])?;
    let new = LoadedJoint::load(&document, assignments)?;
    let draws = floats(&dir.join("posterior.parquet"))?;
    let (data, inputs) = read::data(&new)?;
    let refuse = |e: JointError| match e {
        JointError::Value { .. } | JointError::NothingFree => JointRunError::Config(new.blame(&e)),
        JointError::NoData { ref name } if !data.photometry.contains_key(name) => {
            let reason = format!("no column `{name}`: not the posterior of this configuration");
            JointRunError::File { path: dir.join("posterior.parquet"), reason }
        }
        e => e.into(),
    };
    let fit = reweight(&old.config, &new.config, &data, &draws).map_err(refuse)?;
    let posterior = JointPosterior::new(&new.config, &data)?;
    let _lock = lock(out)?;
    write::results(&new, &posterior, &fit, &inputs, out)?;
    Ok(JointOutcome { fit, inputs })
}

/// All columns of floating-point numbers, by name.
fn floats(path: &Path) -> Result<Vec<(String, Vec<f64>)>, JointRunError> {
    let file = File::open(path).map_err(|source| JointRunError::Read { path: path.to_path_buf(), source })?;
    let unreadable =
        |e: &dyn std::fmt::Display| JointRunError::File { path: path.to_path_buf(), reason: e.to_string() };
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| unreadable(&e))?;
    let mut out: Vec<(String, Vec<f64>)> = Vec::new();
    for batch in builder.build().map_err(|e| unreadable(&e))? {
        let batch = batch.map_err(|e| unreadable(&e))?;
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let Some(numbers) = column.as_primitive_opt::<Float64Type>() else { continue };
            let values = numbers.iter().map(|v| v.unwrap_or(f64::NAN));
            match out.iter_mut().find(|c| c.0 == *field.name()) {
                Some(known) => known.1.extend(values),
                None => out.push((field.name().clone(), values.collect())),
            }
        }
    }
    Ok(out)
}
