//! Hub and agent as two processes over one shared folder, for many nights.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod flawed;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod late;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod mending;
#[cfg(test)]
mod month;
#[cfg(test)]
mod nights;
#[cfg(test)]
mod other_layouts;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod reconcile;
#[cfg(test)]
#[path = "../daemon/running.rs"]
#[allow(dead_code, reason = "each test program uses its own part")]
mod running;
#[cfg(test)]
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[cfg(test)]
#[path = "../../src/store/tests/postgres/server.rs"]
mod server;
#[cfg(test)]
mod staying;
#[cfg(test)]
mod stuck;
#[cfg(test)]
mod taking;
