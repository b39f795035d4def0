//! Training allocates nothing after its preparation. The allocator counts, so this test is alone in
//! its program.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use finetooth_engine::config::{Loss, TrainConfig};
use finetooth_engine::data::{self, Dataset, TargetScale, Targets, Task};
use finetooth_engine::history::EpochEnd;
use finetooth_engine::solver::Solver;

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const EVERY_LAYER: &str = "model.kind = 'layers'
model.layers = ['conv 6 3x3', 'relu', 'max_pool 2', 'conv 5 3x2 stride 1x2 pad 1', 'batch_norm', 'leaky_relu',
    'max_pool 2 stride 1', 'elu', 'conv 4 1x1', 'gelu', 'avg_pool 2 stride 1', 'silu', 'layer_norm', 'dropout 0.2',
    'global_avg_pool', 'flatten', 'linear 30', 'tanh', 'linear 20', 'sigmoid', 'linear 20', 'softplus', 'linear 10']";
/// The digits, for a loss of numbers the numbers 0 to 9 around their middle.
fn digits(config: &TrainConfig) -> Dataset {
    let mut dataset = data::load(&config.data, 1)
        .unwrap()
        .preprocessed(config.data.preprocess)
        .unwrap();
    if matches!(config.train.loss, Loss::Mse | Loss::Huber) {
        let scale = TargetScale {
            mean: 4.5,
            deviation: 1.0,
        };
        dataset.task = Task::Regression { scale };
        for part in [&mut dataset.train, &mut dataset.validation] {
            let labels = part.targets.labels().unwrap().iter();
            part.targets = Targets::Values(labels.map(|label| *label as f32 - 4.5).collect());
        }
    }
    dataset
}

fn check(config: &TrainConfig) {
    let mut solver = Solver::new(config, Arc::new(digits(config)), 1).unwrap();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let untrained = solver.untrained();
    let ends = [solver.train_epoch(), solver.train_epoch()];
    let counted = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!(counted, 0, "{config:?}");
    assert!(
        untrained.val_loss > 0.0 && ends.iter().all(|end| matches!(end, EpochEnd::Completed(_)))
    );
}

#[test]
fn epochs_allocate_nothing() {
    for settings in [
        "model = { kind = 'softmax' }\ntrain = { optimizer = 'sgd' }",
        "model = { kind = 'mlp', hidden = [50, 20] }\ntrain = { optimizer = 'momentum', l2 = 1e-3 }",
        "model = { n_filters = 20, filter_size = 5 }\ntrain = { batch_size = 50 }",
        "train = { dtype = 'f64' }",
        "train = { optimizer = 'nesterov', schedule = 'multi_step', step_epochs = [1, 2] }",
        "train = { optimizer = 'adagrad', schedule = 'cosine', warmup_epochs = 1 }",
        "train = { optimizer = 'adadelta', schedule = 'one_cycle' }",
        "train = { optimizer = 'rmsprop', weight_decay = 0.1 }",
        "train = { optimizer = 'nadam', clip_norm = 1.0, clip_value = 0.1 }",
        "train = { optimizer = 'lion' }",
        "model = { activation = 'gelu', batch_norm = true, dropout = 0.5 }",
        EVERY_LAYER,
        "train = { schedule = 'plateau', patience = 0 }",
        "train = { label_smoothing = 0.1 }",
        "train = { l1 = 1e-4, max_norm = 2.0 }",
        "train = { loss = 'hinge' }",
        "data = { flip = true, shift = 2, crop = 1, jitter = 0.3, cutout = 3 }",
    ] {
        let config = TrainConfig::from_toml(&settings.parse().unwrap(), Path::new("")).unwrap();
        check(&config);
    }
    for loss in [Loss::Mse, Loss::Huber] {
        let mut config = TrainConfig::default();
        config.train.loss = loss;
        check(&config);
    }
}
