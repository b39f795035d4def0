//! What a stage concludes from its trials: who leads, where the best lie, which ranges come next.

mod edge;
mod evidence;
mod leaderboard;
mod narrow;
mod plan;
mod refine;
#[cfg(test)]
mod tests;

pub use leaderboard::{Best, Leaderboard, Ranking};
pub use plan::{first_round, widening_round};
pub use refine::{Results, refine};
