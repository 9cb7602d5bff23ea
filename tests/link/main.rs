//! Hub and agent as two processes over one shared folder, for many nights.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod mending;
#[cfg(test)]
mod nights;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod reconcile;
#[cfg(test)]
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[cfg(test)]
#[path = "../../src/store/tests/postgres/server.rs"]
mod server;
#[cfg(test)]
mod taking;
