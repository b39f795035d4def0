//! The geometry of a search: values, domains and the box they span.
//!
//! Everything works in unit coordinates: a [`Domain`] maps \[0, 1\] to values and back, narrowing is a slice
//! inside, widening a slice outside. Logarithms live in scale.rs alone.

mod condition;
mod dimension;
mod domain;
mod params;
mod points;
mod round_off;
mod scale;
mod value;

pub use condition::Condition;
pub use dimension::Dimension;
pub use domain::Domain;
pub use params::Params;
pub use points::Space;
pub use scale::Scale;
pub use value::Value;
