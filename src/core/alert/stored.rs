//! Moments as alerts are stored.

/// A moment in JSON, `2026-10-02T01:30:00+09:00`.
pub(super) mod written {
    use chrono::DateTime;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::moment::Moment;

    pub(in crate::alert) fn serialize<S: Serializer>(
        moment: &Moment,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(moment)
    }

    pub(in crate::alert) fn deserialize<'d, D: Deserializer<'d>>(
        deserializer: D,
    ) -> Result<Moment, D::Error> {
        let text = String::deserialize(deserializer)?;
        let instant = DateTime::parse_from_rfc3339(&text).map_err(|_| D::Error::custom("no moment"))?;
        Moment::from_unix(instant.timestamp()).ok_or_else(|| D::Error::custom("no moment"))
    }
}

/// The same where there may be none.
pub(super) mod maybe_written {
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    use crate::moment::Moment;

    #[derive(serde::Serialize, Deserialize)]
    struct Written(#[serde(with = "super::written")] Moment);

    #[expect(clippy::ref_option, reason = "serde gives the field by reference")]
    pub(in crate::alert) fn serialize<S: Serializer>(
        moment: &Option<Moment>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        moment.map(Written).serialize(serializer)
    }

    pub(in crate::alert) fn deserialize<'d, D: Deserializer<'d>>(
        deserializer: D,
    ) -> Result<Option<Moment>, D::Error> {
        Ok(Option::<Written>::deserialize(deserializer)?.map(|written| written.0))
    }
}
