//! What can be wrong with a cron expression.

/// Why a text is no cron expression of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CronError {
    /// Too few or too many fields.
    #[error(
        "a cron expression has 5 fields (minute hour day-of-month month day-of-week), or 6 with seconds first, not {found}"
    )]
    Fields {
        /// How many there were.
        found: usize,
    },
    /// `@daily` and the like.
    #[error("{found:?} is not read: write the five fields out, such as \"30 21 * * *\"")]
    Shorthand {
        /// The word.
        found: String,
    },
    /// A sign of other programs' cron: `L`, `W`, `#`, `?`.
    #[error(
        "{field}: {found:?} is not cron of every system; rules such as \"last day of month\" are written with at and days"
    )]
    Foreign {
        /// The field.
        field: &'static str,
        /// The part.
        found: String,
    },
    /// Neither a number nor a name.
    #[error("{field}: {found:?} is no {expected}")]
    NotAValue {
        /// The field.
        field: &'static str,
        /// The part.
        found: String,
        /// What could stand there.
        expected: &'static str,
    },
    /// A number beyond the field's range.
    #[error("{field}: must be {from} to {through}, not {found}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// The number.
        found: String,
        /// The smallest.
        from: u32,
        /// The largest.
        through: u32,
    },
    /// A range from a larger to a smaller value.
    #[error("{field}: {found:?} runs backwards; write it as two ranges with a comma")]
    Backwards {
        /// The field.
        field: &'static str,
        /// The range.
        found: String,
    },
    /// A step without a range to step through, or a step of nothing.
    #[error("{field}: {found:?} must be a step of 1 or more through * or a range, such as */5 or 8-20/2")]
    Step {
        /// The field.
        field: &'static str,
        /// The part.
        found: String,
    },
    /// A `*` with a step or in a list, in one field of days while the other is limited: programs differ on what that means.
    #[error(
        "*/{step} in one of day-of-month and day-of-week with a limit in the other: some programs run on either day, some \
         only where both agree; write the days out, such as 1-31/{step}"
    )]
    StarDays {
        /// The step.
        step: u32,
    },
    /// 31 February and the like.
    #[error("no year has such a day")]
    Never,
    /// More slots than anybody could look at.
    #[error("{found} slots a day; at most one a minute, 1440")]
    TooMany {
        /// How many.
        found: usize,
    },
    /// The engine's own words; it would be a defect of ours.
    #[error("not understood: {words}")]
    Engine {
        /// What it said.
        words: String,
    },
}
