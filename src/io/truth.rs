//! The truth table of a simulated collection: what is really in it, one row a planet, binary or quiet star.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

pub use crate::inject::Truth as TruthRow;

/// Name of the table in the file metadata, by which a reader of light curves knows that this is none.
pub const TRUTH_TABLE: &str = "truth";
/// File name in the folder of a collection.
pub const TRUTH_FILE: &str = "truth.parquet";
const SCHEMA_VERSION: &str = "1";

/// Why a truth table could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TruthError {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    Parquet { path: PathBuf, source: parquet::errors::ParquetError },
    #[error("{path}: {source}")]
    Arrow { path: PathBuf, source: arrow::error::ArrowError },
    #[error("{path} has no column {column} of the right type")]
    Column { path: PathBuf, column: &'static str },
}

/// What one needs of a row to compare results with it; a quiet star has neither period nor radius ratio.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    pub target_id: String,
    /// `planet`, `binary` or `quiet`.
    pub kind: String,
    /// 1, 2, … within the target; 0 for a quiet star.
    pub planet: i64,
    /// Days.
    pub period: Option<f64>,
    /// Days, less the offset of the light curve.
    pub transit_time: Option<f64>,
    /// Days.
    pub duration: Option<f64>,
    pub depth: Option<f64>,
    pub rp_rs: Option<f64>,
    pub impact_parameter: Option<f64>,
    pub a_rs: Option<f64>,
    /// Expected under white noise, with transit and level known.
    pub snr_white: Option<f64>,
    pub n_transits: i64,
}

type FloatColumn = (&'static str, &'static str, &'static str, fn(&TruthRow) -> f64);

/// Every column of numbers: name, unit, description, value. NaN is written as null.
const FLOATS: [FloatColumn; 23] = [
    ("period", "d", "Orbital period", |r| r.period),
    ("transit_time", "d", "First transit or primary eclipse at or after the first cadence, less time_offset", |r| {
        r.transit_time
    }),
    ("duration", "d", "First to last contact (T14)", |r| r.duration),
    ("depth", "", "Largest dip of the relative flux, not averaged over exposures", |r| r.depth),
    ("secondary_depth", "", "Largest dip of the secondary eclipse of a binary", |r| r.secondary_depth),
    ("rp_rs", "", "Radius of the planet or companion over that of the star", |r| r.rp_rs),
    ("impact_parameter", "", "Projected distance of the centres at transit_time in stellar radii", |r| {
        r.impact_parameter
    }),
    ("a_rs", "", "Semi-major axis over the radius of the star", |r| r.a_rs),
    ("ecc", "", "Eccentricity", |r| r.ecc),
    ("omega", "rad", "Argument of periastron of the star's orbit", |r| r.omega),
    ("rho_star", "solar density", "Mean density of the star over that of the Sun (1408 kg m-3)", |r| r.rho_star),
    ("q1", "", "Limb darkening, (u1 + u2)^2 of the quadratic law", |r| r.q1),
    ("q2", "", "Limb darkening, u1 / 2 (u1 + u2) of the quadratic law", |r| r.q2),
    ("snr_white", "", "Root of the sum over cadences of (dip / white noise)^2", |r| r.snr_white),
    ("star_mass_msun", "solMass", "Stellar mass", |r| r.star_mass_msun),
    ("star_radius_rsun", "solRad", "Stellar radius", |r| r.star_radius_rsun),
    ("star_teff_k", "K", "Effective temperature", |r| r.star_teff_k),
    ("white_noise", "", "Standard deviation of the white noise of one cadence, relative flux", |r| r.white_noise),
    ("rotation_amplitude", "", "Standard deviation of the rotational modulation, relative flux", |r| {
        r.rotation_amplitude
    }),
    ("rotation_period", "d", "Rotation period", |r| r.rotation_period),
    ("granulation_amplitude", "", "Standard deviation of granulation, relative flux", |r| r.granulation_amplitude),
    ("granulation_timescale", "d", "Timescale of granulation", |r| r.granulation_timescale),
    ("time_offset", "d", "Add it to a time to get BJD_TDB", |r| r.time_offset),
];

fn field(name: &str, data_type: DataType, unit: &str, description: &str) -> Field {
    let nullable = data_type == DataType::Float64;
    Field::new(name, data_type, nullable)
        .with_metadata(HashMap::from([("unit".into(), unit.into()), ("description".into(), description.into())]))
}

/// Writes the table; same rows, same bytes.
pub fn write_truth(path: &Path, rows: &[TruthRow]) -> Result<(), TruthError> {
    let parquet = |source| TruthError::Parquet { path: path.into(), source };
    let mut fields = vec![
        field("target_id", DataType::Utf8, "", "Name of the target"),
        field("kind", DataType::Utf8, "", "planet, binary (eclipsing stars) or quiet (neither)"),
        field("planet", DataType::Int64, "", "Number within the target: 1, 2, ...; 0 for a quiet star"),
        field("n_transits", DataType::Int64, "", "Transits with a cadence between first and last contact"),
    ];
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &r.target_id))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.kind.name()))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| i64::from(r.planet)))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.n_transits as i64))),
    ];
    for (name, unit, description, value) in FLOATS {
        fields.push(field(name, DataType::Float64, unit, description));
        columns.push(Arc::new(Float64Array::from_iter(rows.iter().map(|r| Some(value(r)).filter(|v| !v.is_nan())))));
    }
    let metadata = HashMap::from([
        ("antumbra.table".into(), TRUTH_TABLE.into()),
        ("antumbra.schema_version".into(), SCHEMA_VERSION.into()),
    ]);
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let batch = RecordBatch::try_new(schema.clone(), columns)
        .map_err(|source| TruthError::Arrow { path: path.into(), source })?;
    let file = File::create(path).map_err(|source| TruthError::File { path: path.into(), source })?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(file, schema, Some(properties)).map_err(parquet)?;
    writer.write(&batch).map_err(parquet)?;
    writer.close().map_err(parquet)?;
    Ok(())
}

/// Whether a file with this schema is a truth table, and so no light curves.
pub fn is_truth(schema: &Schema) -> bool {
    schema.metadata().get("antumbra.table").is_some_and(|t| t == TRUTH_TABLE)
}

/// Reads a truth table.
pub fn read_truth(path: &Path) -> Result<Vec<Truth>, TruthError> {
    let parquet = |source| TruthError::Parquet { path: path.into(), source };
    let file = File::open(path).map_err(|source| TruthError::File { path: path.into(), source })?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.build()).map_err(parquet)?;
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|source| TruthError::Arrow { path: path.into(), source })?;
        let missing = |column| TruthError::Column { path: path.into(), column };
        let text = |name| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).ok_or(missing(name));
        let count =
            |name| batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Int64Type>()).ok_or(missing(name));
        let float =
            |name| batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Float64Type>()).ok_or(missing(name));
        let (target_id, kind) = (text("target_id")?, text("kind")?);
        let (planet, n_transits) = (count("planet")?, count("n_transits")?);
        let (period, transit_time, duration) = (float("period")?, float("transit_time")?, float("duration")?);
        let (depth, rp_rs, a_rs) = (float("depth")?, float("rp_rs")?, float("a_rs")?);
        let (impact_parameter, snr_white) = (float("impact_parameter")?, float("snr_white")?);
        let at = |column: &Float64Array, i: usize| column.is_valid(i).then(|| column.value(i));
        rows.extend((0..batch.num_rows()).map(|i| Truth {
            target_id: target_id.value(i).into(),
            kind: kind.value(i).into(),
            planet: planet.value(i),
            period: at(period, i),
            transit_time: at(transit_time, i),
            duration: at(duration, i),
            depth: at(depth, i),
            rp_rs: at(rp_rs, i),
            impact_parameter: at(impact_parameter, i),
            a_rs: at(a_rs, i),
            snr_white: at(snr_white, i),
            n_transits: n_transits.value(i),
        }));
    }
    Ok(rows)
}
