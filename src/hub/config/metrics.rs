//! `[metrics]`: where the daemon's figures can be read.

use std::net::SocketAddr;

use renkei_core::declared::{Located, Problems, Table, Value};

/// What `[metrics]` declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsConfig {
    /// Where to listen.
    pub listen: SocketAddr,
}

/// Reads `[metrics]`, which may be missing.
pub(super) fn take(hub: &mut Table<'_>, problems: &Problems) -> Option<MetricsConfig> {
    let mut table = hub.optional("metrics")?.table()?;
    let listen = table.required("listen").and_then(Value::located_text);
    let is_remote_allowed = table.optional("allow_remote").and_then(Value::boolean);
    table.finish();
    let listen = address(&listen?, is_remote_allowed == Some(true), problems)?;
    Some(MetricsConfig { listen })
}

fn address(written: &Located<String>, is_remote_allowed: bool, problems: &Problems) -> Option<SocketAddr> {
    let Ok(address) = written.value.parse::<SocketAddr>() else {
        let hint = "such as 127.0.0.1:9630 or [::1]:9630".to_owned();
        problems.report_with(&written.spot, "must be an address and a port", hint);
        return None;
    };
    if !address.ip().is_loopback() && !is_remote_allowed {
        let hint = "anybody who reaches the port may read; allow_remote = true if that is meant".to_owned();
        problems.report_with(&written.spot, "is open to other machines", hint);
        return None;
    }
    Some(address)
}
