//! The results on disk: tables for spreadsheets and statistics, and the winner as a definition file.
//!
//! Each file is a fold over [`State`](crate::state::State), written whole: beside, synced, renamed. Nothing is
//! read back from them. `trials.csv`, `epochs.csv` and `stages.csv` tell only what cannot change any more and
//! hold no clock, host or worker; all of that is in `timings.csv`. results/README.md explains every column.

mod best;
mod cells;
mod epochs;
mod replace;
mod stages;
mod tables;
mod timings;
mod trials;

pub use best::write_best;
pub use replace::{ResultsError, replace_text};
pub use tables::Tables;

#[cfg(test)]
mod tests;
