//! What a sweep does: stage after stage as the file lists them, or generations.

use super::generations::{self, Generations, PHASES};
use super::reader::Reader;
use super::tree::{Item, Node, Place};
use super::{Stage, space, stages};

/// How a sweep goes about its search.
#[derive(Debug, Clone, PartialEq)]
pub enum Procedure {
    /// The `[[stage]]` tables, one after the other; at least one.
    Stages(Vec<Stage>),
    /// `[search]`, the default: generations of new trials and of the best ones trained further.
    Generations(Generations),
}

impl Procedure {
    /// The stages; none of a search in generations.
    pub fn stages(&self) -> &[Stage] {
        match self {
            Self::Stages(stages) => stages,
            Self::Generations(_) => &[],
        }
    }

    /// Names of all stages or phases.
    pub fn stage_names(&self) -> Vec<String> {
        match self {
            Self::Stages(stages) => stages.iter().map(|stage| stage.name.clone()).collect(),
            Self::Generations(_) => PHASES.map(str::to_owned).to_vec(),
        }
    }

    /// Name of the stage, or of the phase of a search in generations, at `index` from 0; empty beyond the last.
    pub fn stage_name(&self, index: usize) -> &str {
        match self {
            Self::Stages(stages) => stages.get(index).map_or("", |stage| &stage.name),
            Self::Generations(_) => PHASES.get(index).copied().unwrap_or_default(),
        }
    }
}

/// Reads `[[stage]]` or `[search]`. `epochs`: those of one training, where `[search]` names none.
pub(super) fn read(
    reader: &mut Reader<'_>,
    root: &Node,
    searched: &space::Read,
    epochs: u32,
) -> Option<Procedure> {
    let search = root.get("search");
    let Some(stage) = root.get("stage") else {
        check_first_order(reader, root, searched);
        return generations::read(reader, search, epochs).map(Procedure::Generations);
    };
    if let Some(search) = search {
        let first = match &stage.item {
            Item::List(tables) => tables.first().map_or(&stage.place, |table| &table.place),
            _ => &stage.place,
        };
        refuse_both(reader, &search.place, first);
        generations::read(reader, Some(search), epochs);
    }
    refuse_order(reader, root);
    Some(Procedure::Stages(stages::read(reader, stage, searched)))
}

fn refuse_both(reader: &mut Reader<'_>, search: &Place, stage: &Place) {
    reader.report(
        search,
        "[search] and [[stage]] are two ways to search, and a sweep has one",
        "the search in generations",
        "keep [search] for generations, or the [[stage]] tables for a procedure of your own"
            .to_owned(),
    );
    reader.and(stage, "the search in stages");
}

/// Stages name the keys they search.
fn refuse_order(reader: &mut Reader<'_>, root: &Node) {
    let entries = root.get("space").map_or(&[] as &[_], Node::entries);
    for order in entries.iter().filter_map(|entry| entry.node.get("order")) {
        reader.report(
            &order.place,
            &format!("{} has no effect with [[stage]]", order.key()),
            "not with stages",
            "remove it, and name the keys that a stage searches in its `keys`".to_owned(),
        );
    }
}

fn check_first_order(reader: &mut Reader<'_>, root: &Node, searched: &space::Read) {
    let dimensions = &searched.space.0;
    let is_whole = dimensions.len() == searched.names.len();
    let is_second = is_whole && dimensions.iter().all(|dimension| dimension.order > 1);
    let first = dimensions
        .first()
        .and_then(|dimension| root.get("space")?.get(&dimension.key)?.get("order"));
    if let Some(order) = first.filter(|_| is_second) {
        reader.report(
            &order.place,
            "all searched keys are of order 2",
            "none is of order 1",
            "keys of order 2 are opened when those of order 1 are settled: remove `order` from one or more"
                .to_owned(),
        );
    }
}
