//! A solver around a model, as a training code by hand would have it: what the model is, then how it is trained.
//!
//! `cargo run --release -p finetooth-engine --example solver`
//!
//! The model's numbers shape the network and are searched last; the solver's decide how it converges, learning rate, its decay and
//! regularization before all others.

use std::error::Error;
use std::ops::ControlFlow;
use std::sync::Arc;

use finetooth_engine::config::{Init, ModelKind, OptimizerKind, TrainConfig};
use finetooth_engine::data;
use finetooth_engine::evaluation::Classified;
use finetooth_engine::history::Criterion;
use finetooth_engine::solver::{FitEnd, FitOptions, Part, Progress, Solver};

/// Steps between two lines.
const PRINT_EVERY: u64 = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let mut config = TrainConfig::default();

    // The model.
    config.model.kind = ModelKind::ThreeLayerConvnet;
    config.model.n_filters = 16;
    config.model.filter_size = 3;
    config.model.hidden = vec![64];
    config.model.init = Init::Kaiming;

    // The data: digits of 8 × 8 pixels, split in three, scaled as fits the training part.
    let digits = data::load(&config.data, 0)?.preprocessed(config.data.preprocess)?;
    let digits = Arc::new(digits);

    // The solver.
    config.train.epochs = 10;
    config.train.batch_size = 64;
    config.train.optimizer = OptimizerKind::Adam;
    config.train.learning_rate = 2e-3;
    config.train.lr_decay = 0.95;
    config.train.l2 = 1e-4;
    let mut solver = Solver::new(&config, Arc::clone(&digits), 0)?;
    println!("{}\n", solver.summary());

    // A network that knows nothing guesses: its loss is about log C.
    let classes = digits.task.classes().unwrap_or_default();
    let guessing = (classes.len() as f64).ln();
    println!(
        "untrained: loss {:.4}, guessing costs {guessing:.4}",
        solver.untrained().val_loss
    );

    // Trains, with the weights of the best epoch kept, and tells of it now and then.
    solver.keep_best(Criterion::ValAccuracy);
    let options = FitOptions {
        every_steps: PRINT_EVERY,
        ..FitOptions::to_epoch(config.train.epochs)
    };
    let end = solver.fit(&options, |_, progress| {
        match progress {
            Progress::Step(step) => println!("step {:4}  loss {:.4}", step.step, step.loss),
            Progress::Epoch(epoch) => println!(
                "epoch {:3}  train accuracy {:.4}  validation accuracy {:.4}",
                epoch.epoch, epoch.train_accuracy, epoch.val_accuracy
            ),
        }
        ControlFlow::Continue(())
    });
    if let FitEnd::Diverged(epoch) = end {
        return Err(format!(
            "it diverged in epoch {}: try a lower learning rate",
            epoch.epoch
        )
        .into());
    }

    // Afterwards: the best epoch's weights, and the test set once.
    if let Some(best) = solver.restore_best() {
        println!(
            "\nthe weights of epoch {}, validation accuracy {:.4}",
            best.epoch, best.val_accuracy
        );
    }
    let labels = digits.test.targets.labels().unwrap_or_default();
    let tested = Classified::of(&solver.predictions(Part::Test), labels);
    let (low, high) = tested.interval;
    println!(
        "test accuracy {:.4} (95 %: {low:.4} to {high:.4}) of {} samples",
        tested.accuracy, tested.n_samples
    );
    Ok(())
}
