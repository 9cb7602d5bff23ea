//! Deliveries as the hub does them: which adapter carries what, one at a time for each destination.

mod command;
mod courier;
mod request;
mod rest;
mod way;

pub(crate) use courier::Couriers;
pub(crate) use request::{Asked, Request};
pub(crate) use rest::Rests;
pub(crate) use way::{Keeper, open_way};
