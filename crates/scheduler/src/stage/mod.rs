//! What a stage concludes from its trials: who leads, where the best lie, which ranges come next.

mod curves;
mod edge;
mod evidence;
mod leaderboard;
mod median;
mod narrow;
mod plan;
mod refine;
mod rungs;
#[cfg(test)]
mod tests;

pub(crate) use curves::Curves;
pub use evidence::Evidence;
pub(crate) use evidence::{Told, ranking};
pub use leaderboard::{Best, Leaderboard, Ranking};
pub(crate) use leaderboard::{Place, Standing};
pub(crate) use plan::slabs;
pub use plan::{first_round, widening_round};
pub use refine::{Next, Results, refine};
pub(crate) use rungs::Rungs;
pub use rungs::ladder;
