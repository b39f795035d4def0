//! `[search]`: the default search, generation by generation.

use super::reader::Reader;
use super::tree::Node;

const FIELDS: [&str; 8] = [
    "epochs",
    "budget",
    "parallel",
    "proposals",
    "n0",
    "explore",
    "first_order",
    "confirm",
];
const MOST_EPOCHS: i64 = 1_000_000;
const MOST_BUDGET: i64 = 1_000_000;
const MOST_PARALLEL: i64 = 1024;
const MOST_POINTS: i64 = 1_000_000;
const PROPOSALS: [Proposals; 2] = [Proposals::Random, Proposals::Gp];

/// The phases of a search in generations, in their order; the CSVs' `stage` column.
pub(super) const PHASES: [&str; 4] = ["coarse", "fine", "second", "confirm"];

/// The settings of a search in generations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Generations {
    /// Epochs of one full training, R.
    pub epochs: u32,
    /// Epochs to spend, in full trainings; at least 6.
    pub budget: u32,
    /// Trials at once for which the search is laid out; at least 1. The number of workers is another one.
    pub parallel: u32,
    /// Where new points come from.
    pub proposals: Proposals,
    /// Points of the first generation; at least 8.
    pub n0: u32,
    /// Share of each generation's new points that comes from the whole box, in (0, 1).
    pub explore: f64,
    /// Full trainings spent on the keys of order 1 before those of order 2 are opened; below `budget`.
    pub first_order: u32,
    /// How many of the best are trained once more with another seed; 0: none.
    pub confirm: u32,
}

/// Where a generation's new points come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposals {
    /// Low-discrepancy random points of the narrowed box.
    Random,
    /// Draws from a Gaussian process fitted to the results so far.
    Gp,
}

impl Generations {
    /// New trials of a generation.
    pub fn n_new(&self) -> u32 {
        (4 * self.parallel).max(12)
    }
}

impl Proposals {
    /// The word of the definition file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Gp => "gp",
        }
    }
}

/// Reads `[search]`, where the file has one. `epochs`: those of one training, where it names none.
pub(super) fn read(
    reader: &mut Reader<'_>,
    table: Option<&Node>,
    epochs: u32,
) -> Option<Generations> {
    if let Some(table) = table {
        if !reader.is_table(table, "a table with epochs, budget and others") {
            return None;
        }
        reader.check_keys(table, &FIELDS, &[]);
    }
    let given = |key: &str| table.and_then(|table| table.get(key));
    let mut count = |key, least, most, default| match given(key) {
        Some(node) => reader.whole(node, least..=most).map(|whole| whole as u32),
        None => Some(default),
    };
    let epochs = count("epochs", 1, MOST_EPOCHS, epochs);
    let budget = count("budget", 6, MOST_BUDGET, 20);
    let parallel = count("parallel", 1, MOST_PARALLEL, 4);
    let n0 = count("n0", 8, MOST_POINTS, 32);
    // What a wrong budget would allow is not told besides.
    let below = budget.map_or(MOST_BUDGET, |budget| i64::from(budget) - 1);
    let half = budget.map_or(10, |budget| if budget < 20 { budget / 2 } else { 10 });
    let first_order = count("first_order", 1, below, half);
    let confirm = count("confirm", 0, below, 3);
    let proposals = match given("proposals") {
        Some(node) => reader
            .word(node, &PROPOSALS.map(Proposals::as_str))
            .map(|index| PROPOSALS[index]),
        None => Some(Proposals::Random),
    };
    let explore = match given("explore") {
        Some(node) => reader.real(node, "a share above 0 and below 1", |share| {
            0.0 < share && share < 1.0
        }),
        None => Some(0.1),
    };
    Some(Generations {
        epochs: epochs?,
        budget: budget?,
        parallel: parallel?,
        proposals: proposals?,
        n0: n0?,
        explore: explore?,
        first_order: first_order?,
        confirm: confirm?,
    })
}
