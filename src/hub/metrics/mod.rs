//! Figures of the daemon, for Prometheus, on a port of this machine.
//!
//! [`start`] opens the port; the functions of [`record`] set the figures and do nothing where none is open.
//! Labels are jobs, feeds, states and volumes: nothing personal fits into a figure.

mod catalogue;
pub mod record;
mod server;

pub use catalogue::{Figure, FigureKind, figures};
pub use server::{MetricsServer, start};
