//! How long a full training of a sweep is.

use finetooth_scheduler::sweep::{Procedure, Sweep};

/// Epochs of one full training: those of `[search]`, or of the longest stage.
pub fn full_training(sweep: &Sweep) -> u32 {
    match sweep.procedure() {
        Procedure::Generations(search) => search.epochs,
        Procedure::Stages(stages) => {
            let epochs = stages.iter().map(|stage| stage.epochs);
            epochs.max().unwrap_or(1)
        }
    }
}
