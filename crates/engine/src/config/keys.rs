//! Every key of `[data]`, `[model]` and `[train]`: the one list that reading, writing and searching
//! go by.

use super::data::{Preprocess, Source};
use super::key::{Key, KeyDefault, Kind};
use super::loss::LossKind;
use super::model::{Activation, InitKind, ModelKind};
use super::optimizer::OptimizerKind;
use super::train::{Dtype, ScheduleKind};

/// A choice whose names are those of an enum, and those of later versions.
const fn choice(names: &'static [&'static str], later: &'static [&'static str]) -> Kind {
    Kind::Choice { names, later }
}

use KeyDefault::{
    Absent, Boolean as Flag, Float as Real, Integer as Whole, Text, TextList as Texts,
};
use Kind::{
    Boolean, BooleanOrAuto, Column, Delimiter, Float, Integer, IntegerOrList, Path, Shape, Share,
    TextList,
};

/// Largest seed: 31 bits, so that NumPy, R and every language read it.
const MAX_SEED: f64 = i32::MAX as f64;

/// Every key, in the order in which they are documented and written.
pub const KEYS: &[Key] = &[
    Key::data(
        "source",
        choice(Source::NAMES, &["synthetic"]),
        Text("digits"),
        "where the samples come from",
    ),
    Key::data(
        "path",
        Path,
        Absent,
        "file or directory of the source, relative to this file",
    ),
    Key::data(
        "validation",
        Share,
        Real(0.2),
        "size of the validation set: a fraction or a count",
    )
    .within(0.0, 1e9),
    Key::data(
        "test",
        Share,
        Real(0.2),
        "size of the test set: a fraction or a count; 0 for none",
    )
    .within(0.0, 1e9),
    Key::data(
        "test_path",
        Path,
        Absent,
        "test set of data that bring their own, relative to this file",
    ),
    Key::data(
        "label_path",
        Path,
        Absent,
        "npz: labels of a path that is a single .npy, relative to this file",
    ),
    Key::data(
        "preprocess",
        choice(Preprocess::NAMES, &[]),
        Text("standardize_channel"),
        "how features are transformed; fitted on training data only",
    )
    .searchable(),
    Key::data(
        "flip",
        Boolean,
        Flag(false),
        "mirror training images at random",
    )
    .searchable(),
    Key::data(
        "shift",
        Integer,
        Whole(0),
        "move training images by up to so many pixels",
    )
    .within(0.0, 4096.0)
    .searchable(),
    Key::data(
        "crop",
        Integer,
        Whole(0),
        "cut training images out of a frame padded by so many pixels",
    )
    .within(0.0, 4096.0)
    .searchable(),
    Key::data(
        "jitter",
        Float,
        Real(0.0),
        "vary brightness and contrast of training images by up to this share",
    )
    .within(0.0, 1.0)
    .searchable(),
    Key::data(
        "cutout",
        Integer,
        Whole(0),
        "blank a square of so many pixels a side in training images",
    )
    .within(0.0, 4096.0)
    .searchable(),
    Key::data(
        "train_limit",
        Integer,
        Absent,
        "keep at most this many training samples",
    )
    .within(1.0, 1e9),
    Key::data(
        "resize",
        Shape,
        Absent,
        "images: [height, width] that all are brought to",
    )
    .within(1.0, 1024.0),
    Key::data(
        "shape",
        Shape,
        Absent,
        "[channels, height, width] of the samples",
    )
    .within(1.0, 65536.0),
    Key::data(
        "label",
        Column,
        Whole(-1),
        "csv: column of the label, by name or position; npz: name of the array",
    ),
    Key::data(
        "features",
        Kind::Text,
        Absent,
        "npz: name of the array of features; x or x_train if not given",
    ),
    Key::data(
        "header",
        BooleanOrAuto,
        Text("auto"),
        "csv: whether the first line names the columns",
    ),
    Key::data(
        "delimiter",
        Delimiter,
        Text("auto"),
        "csv: what separates the fields",
    ),
    Key::data(
        "missing",
        TextList,
        Texts(&["", "?", "NA"]),
        "csv: cells that mean \"missing\"",
    ),
    //
    Key::model(
        "kind",
        choice(ModelKind::NAMES, &[]),
        Text("three_layer_convnet"),
        "which network",
    ),
    Key::model(
        "n_filters",
        Integer,
        Whole(16),
        "filters of the convolution",
    )
    .within(1.0, 4096.0),
    Key::model(
        "filter_size",
        Integer,
        Whole(3),
        "rows and columns of a filter",
    )
    .within(1.0, 64.0),
    Key::model(
        "hidden",
        IntegerOrList,
        Whole(64),
        "hidden units; for mlp an array, one per layer",
    )
    .within(1.0, 65536.0),
    Key::model(
        "activation",
        choice(Activation::NAMES, &[]),
        Text("relu"),
        "what follows each hidden layer",
    ),
    Key::model(
        "init",
        choice(InitKind::NAMES, &[]),
        Text("kaiming"),
        "how the weights are drawn",
    ),
    Key::model(
        "weight_scale",
        Float,
        Real(0.01),
        "standard deviation of the weights, with init = \"normal\"",
    )
    .within(1e-9, 100.0)
    .log(),
    Key::model(
        "batch_norm",
        Boolean,
        Flag(false),
        "normalise each hidden layer over the batch",
    ),
    Key::model(
        "dropout",
        Float,
        Real(0.0),
        "share of hidden units dropped in training",
    )
    .within(0.0, 0.999),
    Key::model(
        "layers",
        TextList,
        Absent,
        "the layers one by one, with kind = \"layers\"",
    ),
    //
    Key::train("epochs", Integer, Whole(27), "epochs of one full training")
        .within(1.0, 1e6)
        .fixed(),
    Key::train(
        "optimizer",
        choice(OptimizerKind::NAMES, &[]),
        Text("adam"),
        "update rule",
    ),
    Key::train(
        "learning_rate",
        Float,
        Real(1e-3),
        "learning rate after the warm-up; the highest of one_cycle",
    )
    .within(1e-8, 10.0)
    .log(),
    Key::train(
        "schedule",
        choice(ScheduleKind::NAMES, &[]),
        Text("exponential"),
        "how the learning rate goes on",
    ),
    Key::train(
        "warmup_epochs",
        Integer,
        Whole(0),
        "epochs in which the learning rate rises",
    )
    .within(0.0, 1e6),
    Key::train(
        "lr_decay",
        Float,
        Real(0.95),
        "exponential: factor on the learning rate each epoch",
    )
    .within(1e-6, 1.0),
    Key::train("l2", Float, Real(0.0), "penalty ½·l2·ΣW² on weights")
        .within(0.0, 1e6)
        .log(),
    Key::train("l1", Float, Real(0.0), "penalty l1·Σ|W| on weights")
        .within(0.0, 1e6)
        .log(),
    Key::train(
        "max_norm",
        Float,
        Absent,
        "largest norm of a unit's weights",
    )
    .within(1e-6, 1e6)
    .log(),
    Key::train(
        "ema_decay",
        Float,
        Absent,
        "decay of the moving average of the weights that is evaluated and kept in their place",
    )
    .within(0.0, 0.999_999_9),
    Key::train(
        "weight_decay",
        Float,
        Absent,
        "decoupled weight decay; adamw 0.01, others 0",
    )
    .within(0.0, 1.0)
    .log(),
    Key::train("batch_size", Integer, Whole(64), "samples of a step").within(1.0, 65536.0),
    Key::train(
        "loss",
        choice(LossKind::NAMES, &[]),
        Text("softmax"),
        "what is minimised",
    )
    .fixed(),
    Key::train(
        "label_smoothing",
        Float,
        Real(0.0),
        "softmax: share of the label spread over all classes",
    )
    .within(0.0, 0.999),
    Key::train(
        "dtype",
        choice(Dtype::NAMES, &[]),
        Text("f32"),
        "precision of all computation",
    )
    .fixed(),
    Key::train(
        "momentum",
        Float,
        Real(0.9),
        "momentum, nesterov: share of the velocity kept",
    )
    .within(0.0, 0.999_999),
    Key::train(
        "beta1",
        Float,
        Real(0.9),
        "adam, adamw, nadam, lion: decay of the mean gradient",
    )
    .within(0.0, 0.999_999),
    Key::train(
        "beta2",
        Float,
        Absent,
        "adam, adamw, nadam: decay of the mean squared gradient, 0.999; lion: of the momentum, 0.99",
    )
    .within(0.0, 0.999_999_9),
    Key::train(
        "rho",
        Float,
        Absent,
        "decay of the mean squared gradient; rmsprop 0.99, adadelta 0.9",
    )
    .within(0.0, 0.999_999),
    Key::train(
        "eps",
        Float,
        Absent,
        "added to the denominator; adam, adamw, nadam, rmsprop 1e-8, adadelta 1e-6, adagrad 1e-10",
    )
    .within(1e-16, 1.0)
    .log(),
    Key::train(
        "clip_norm",
        Float,
        Absent,
        "largest norm of all gradients together",
    )
    .within(1e-6, 1e6)
    .log(),
    Key::train(
        "clip_value",
        Float,
        Absent,
        "largest magnitude of a gradient",
    )
    .within(1e-6, 1e6)
    .log(),
    Key::train(
        "step_epochs",
        IntegerOrList,
        Absent,
        "step, multi_step: after how many epochs the learning rate falls",
    )
    .within(1.0, 1e6),
    Key::train(
        "step_factor",
        Float,
        Real(0.1),
        "step, multi_step, plateau: factor on the learning rate each time",
    )
    .within(1e-6, 1.0),
    Key::train(
        "patience",
        Integer,
        Whole(10),
        "plateau: epochs without a fall of the validation loss that leave the learning rate",
    )
    .within(0.0, 1e6),
    Key::train(
        "seed",
        Integer,
        Whole(0),
        "seed of the training's own random streams",
    )
    .within(0.0, MAX_SEED)
    .fixed(),
];
