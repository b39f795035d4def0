//! The results on disk: tables for spreadsheets and statistics, and the winner as a definition file.
//!
//! Each file is a fold over [`State`](crate::state::State), written whole: beside, synced, renamed. Nothing is
//! read back from them. `trials.csv`, `epochs.csv` and `stages.csv` tell only what cannot change any more and
//! hold no clock, host or worker; all of that is in `timings.csv`. results/README.md explains every column.
//!
//! A [`Table`] is made of rows of typed [`Cell`]s, which other forms than CSV take as they are.

mod best;
mod cell;
mod column;
mod csv;
mod epochs;
mod layout;
mod replace;
mod stages;
mod table;
mod tables;
mod timings;
mod trials;

pub use best::write_best;
pub use cell::{Cell, Kind};
pub use column::{Column, Origin};
pub use layout::Layout;
pub use replace::{ResultsError, is_same, replace_text};
pub use table::Table;
pub use tables::Tables;

#[cfg(test)]
mod tests;
