//! What holds of the adapter for PostgreSQL alone, on a real server; what holds of every server is in [`crate::servers`].

mod advice;
mod attacks;
mod bodies;
mod layouts;
mod limits;
mod places;
mod powers;
mod settling;
mod standby;
mod tenants;
mod whole;
