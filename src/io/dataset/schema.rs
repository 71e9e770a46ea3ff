//! The columns of a light-curve dataset, with units and descriptions.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

/// Version of the table's columns; raised when one changes its meaning.
pub const SCHEMA_VERSION: &str = "1";
/// Name of the table in the file metadata.
pub const TABLE: &str = "light_curves";

/// The star columns, in the order of the fields of [`crate::star::Star`]: name, unit, description.
pub(super) const STAR_COLUMNS: [(&str, &str, &str); 5] = [
    ("star_mass_msun", "solMass", "Stellar mass"),
    ("star_radius_rsun", "solRad", "Stellar radius"),
    ("star_teff_k", "K", "Effective temperature"),
    ("star_logg", "dex(cm s-2)", "log10 of the surface gravity"),
    ("star_rho", "solar density", "Mean density of the star over that of the Sun (1408 kg m-3)"),
];

fn described(name: &str, data_type: DataType, nullable: bool, unit: &str, description: &str) -> Field {
    Field::new(name, data_type, nullable)
        .with_metadata(HashMap::from([("unit".into(), unit.into()), ("description".into(), description.into())]))
}

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, true)))
}

/// How exactly times, fluxes and errors are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// To the last bit.
    #[default]
    Exact,
    /// Times to a third of a millisecond, fluxes and centroids to a twentieth of their scatter, errors to half a per cent.
    Compact,
}

/// Columns of a compact table that turn counts into numbers.
const COMPACT_COLUMNS: [(&str, &str, &str); 9] = [
    ("time_zero", "d", "time = time_zero + time_step × count"),
    ("time_step", "d", "See time_zero"),
    ("flux_zero", "", "flux = flux_zero + flux_step × count"),
    ("flux_step", "", "See flux_zero"),
    ("flux_err_step", "", "flux_err = flux_err_step × count"),
    ("centroid_column_zero", "pix", "centroid_column = centroid_column_zero + centroid_column_step × count"),
    ("centroid_column_step", "pix", "See centroid_column_zero"),
    ("centroid_row_zero", "pix", "centroid_row = centroid_row_zero + centroid_row_step × count"),
    ("centroid_row_step", "pix", "See centroid_row_zero"),
];

/// Schema of an exact table.
pub fn schema() -> SchemaRef {
    schema_of(Precision::Exact)
}

/// Schema of the table, units and descriptions in the metadata of each field.
pub fn schema_of(precision: Precision) -> SchemaRef {
    let (time, flux) = match precision {
        Precision::Exact => (DataType::Float64, DataType::Float64),
        Precision::Compact => (DataType::Int64, DataType::Int32),
    };
    let mut fields = vec![
        described("target_id", DataType::Utf8, false, "", "Name of the target, such as TIC 261136679"),
        described(
            "segment",
            DataType::Utf8,
            false,
            "",
            "Quarter, sector or campaign (Q13, S1, C5), or the file's name",
        ),
        described("source", DataType::Utf8, false, "", "File (and row or HDU) that the segment was read from"),
        described(
            "band",
            DataType::Utf8,
            true,
            "",
            "Photometric band or instrument; null where the source does not say",
        ),
        described("time_offset", DataType::Float64, true, "d", "Add it to time to get BJD_TDB; null where unknown"),
        described("exposure_time", DataType::Float64, true, "d", "Time one cadence spans; null where unknown"),
        described(
            "preference",
            DataType::UInt8,
            false,
            "",
            "Of several products of the same photons, higher is preferred",
        ),
        described("time", list(time), false, "d", "Mid-exposure times, in the order of the source"),
        described("flux", list(flux.clone()), false, "", "Flux in the unit of the source; NaN where missing"),
        described("flux_err", list(flux.clone()), true, "", "One-sigma errors in the unit of flux; null where none"),
        described(
            "flagged",
            list(DataType::Boolean),
            true,
            "",
            "True where quality flags call the cadence bad; null where none",
        ),
        described(
            "centroid_column",
            list(flux.clone()),
            true,
            "pix",
            "Centroid of the light in the aperture along the columns; null where none",
        ),
        described("centroid_row", list(flux), true, "pix", "The same along the rows"),
        described(
            "momentum_dumps",
            list(DataType::Float64),
            true,
            "d",
            "Times when the spacecraft dumped momentum, as of time; null where none",
        ),
    ];
    for (name, unit, description) in STAR_COLUMNS {
        fields.push(described(name, DataType::Float64, true, unit, description));
        let err = format!("One-sigma error of {name}");
        fields.push(described(&format!("{name}_err"), DataType::Float64, true, unit, &err));
    }
    if precision == Precision::Compact {
        for (name, unit, description) in COMPACT_COLUMNS {
            fields.push(described(name, DataType::Float64, true, unit, description));
        }
    }
    let metadata = HashMap::from([("table".into(), TABLE.into()), ("schema_version".into(), SCHEMA_VERSION.into())]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// Whether a file with this schema is a dataset of ours (of any version).
pub fn is_dataset(schema: &Schema) -> bool {
    schema.metadata().get("table").is_some_and(|t| t == TABLE) && schema.metadata().contains_key("schema_version")
}
