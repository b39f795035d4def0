//! What configurations are accepted, and what is said about the others.

use std::path::Path;

use super::*;

fn read(text: &str) -> Result<TrainConfig, Vec<ConfigError>> {
    TrainConfig::from_toml(&text.parse().unwrap(), Path::new("/base"))
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let messages: Vec<String> = read(text)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(messages.join("\n"), expected);
}

#[track_caller]
fn round_trips(text: &str) {
    let config = read(text).unwrap();
    let written = config.to_toml();
    assert_eq!(
        TrainConfig::from_toml(&written, Path::new("/elsewhere")).unwrap(),
        config
    );
    let text = toml::to_string(&written).unwrap();
    assert_eq!(
        TrainConfig::from_toml(&text.parse().unwrap(), Path::new("/elsewhere")).unwrap(),
        config
    );
}

#[test]
fn an_empty_file_is_the_convnet_on_the_digits() {
    let config = read("").unwrap();
    assert_eq!(config, TrainConfig::default());
    assert_eq!(
        (config.data.source, config.model.kind),
        (Source::Digits, ModelKind::ThreeLayerConvnet)
    );
    assert_eq!(
        (config.data.validation, config.data.test),
        (Share::Fraction(0.2), Share::Fraction(0.2))
    );
    assert_eq!(
        (
            config.model.n_filters,
            config.model.filter_size,
            config.model.hidden
        ),
        (16, 3, vec![64])
    );
    assert_eq!(
        (
            config.train.learning_rate,
            config.train.lr_decay,
            config.train.l2
        ),
        (1e-3, 0.95, 0.0)
    );
    assert_eq!(
        (
            config.train.epochs,
            config.train.batch_size,
            config.train.seed
        ),
        (27, 64, 0)
    );
}

#[test]
fn what_is_written_reads_back_to_the_same() {
    round_trips("");
    round_trips(
        "[data]\nsource = 'csv'\npath = 'x.csv'\nlabel = 'class'\nheader = true\ndelimiter = ';'\nmissing = []",
    );
    round_trips("[data]\nsource = 'csv'\npath = 'x.csv'\nlabel = -2\ndelimiter = 'tab'");
    round_trips(
        "[data]\nsource = 'idx'\npath = '/d'\ntest_path = 't'\nvalidation = 100\ntest = 0\ntrain_limit = 7",
    );
    round_trips(
        "[data]\nsource = 'npz'\npath = 'x.npz'\nfeatures = 'images'\nlabel = 'ages'\ntest_path = 't.npz'\n[train]\nloss = 'huber'",
    );
    round_trips("[data]\nsource = 'npz'\npath = 'x.npy'\nlabel_path = 'y.npy'\nlabel = -1");
    round_trips("[data]\nshape = [1, 8, 8]\npreprocess = 'none'");
    round_trips("[data]\nflip = true\nshift = 2\ncrop = 4\njitter = 0.2\ncutout = 8");
    round_trips("[data]\npreprocess = 'pca_whiten'\nflip = false\njitter = 0");
    round_trips("[model]\nkind = 'mlp'\nhidden = [30, 20]\ninit = 'normal'\nweight_scale = 1e-3");
    round_trips("[model]\nkind = 'mlp'\nhidden = []\ninit = 'xavier'");
    round_trips("[model]\nactivation = 'gelu'\nbatch_norm = true\ndropout = 0.25");
    round_trips(
        "[model]\nkind = 'layers'\nlayers = ['conv 8 3x1 stride 2', 'batch_norm', 'relu', 'avg_pool 2', 'dropout 0.1', 'linear 10']",
    );
    round_trips(
        "[train]\nlearning_rate = 1\nl2 = 1e-7\noptimizer = 'momentum'\nschedule = 'constant'\ndtype = 'f64'\nseed = 2147483647",
    );
    round_trips("[train]\noptimizer = 'adamw'\nclip_norm = 5\nclip_value = 0.5");
    round_trips("[train]\noptimizer = 'adadelta'\nweight_decay = 0.1\neps = 1e-4\nrho = 0.5");
    round_trips("[train]\nschedule = 'step'\nstep_epochs = 4\nstep_factor = 0.5");
    round_trips("[train]\nschedule = 'multi_step'\nstep_epochs = [3, 9]\nwarmup_epochs = 2");
    round_trips("[train]\nschedule = 'one_cycle'\nstep_epochs = []");
    round_trips("[train]\nlabel_smoothing = 0.2");
    round_trips("[train]\nschedule = 'plateau'\npatience = 3\nstep_factor = 0.2");
    round_trips("[train]\nl1 = 1e-4\nmax_norm = 3\nema_decay = 0.999");
    for init in InitKind::NAMES {
        round_trips(&format!("[model]\ninit = '{init}'"));
    }
    round_trips("[train]\nloss = 'hinge'");
    round_trips("[data]\nsource = 'csv'\npath = 'x.csv'\n[train]\nloss = 'mse'");
}

#[test]
fn every_written_key_is_in_the_list_and_every_one_is_written() {
    let rest = "[model]\nkind = 'layers'\nlayers = ['linear 10']\ninit = 'normal'\n[train]\nmax_norm = 1\nema_decay = 0.9\nclip_norm = 1\nclip_value = 1\nstep_epochs = 1";
    let of_all = "path = 'x'\ntest_path = 'y'\ntrain_limit = 1\nshape = [1, 1, 1]";
    // No source reads all keys.
    let sources = [
        "source = 'csv'",
        "source = 'npz'\nlabel_path = 'z'\nfeatures = 'a'\nlabel = 'b'",
        "source = 'images'\nresize = [8, 16]",
    ];
    let written = sources.map(|source| {
        let text = format!("[data]\n{source}\n{of_all}\n{rest}");
        read(&text).unwrap().to_toml()
    });
    for table in Table::ALL {
        let all: Vec<&str> = KEYS
            .iter()
            .filter(|key| key.table == table)
            .map(|key| key.name)
            .collect();
        let mut seen = Vec::new();
        for written in &written {
            let names: Vec<&str> = written[table.name()]
                .as_table()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            let in_order: Vec<&str> = all
                .iter()
                .copied()
                .filter(|name| names.contains(name))
                .collect();
            assert_eq!(names, in_order);
            seen.extend(names);
        }
        let unwritten: Vec<&&str> = all.iter().filter(|name| !seen.contains(name)).collect();
        assert!(unwritten.is_empty(), "{unwritten:?}");
    }
}

#[test]
fn relative_paths_start_at_the_base_directory() {
    let config = read("data = { source = 'idx', path = 'mnist', test_path = '/abs' }").unwrap();
    assert_eq!(config.data.path.as_deref(), Some(Path::new("/base/mnist")));
    assert_eq!(config.data.test_path.as_deref(), Some(Path::new("/abs")));
    let config = read("data = { source = 'npz', path = 'x.npy', label_path = 'y.npy' }").unwrap();
    let label_path = config.data.npz.label_path.as_deref();
    assert_eq!(label_path, Some(Path::new("/base/y.npy")));
}

#[test]
fn both_ends_of_every_limit_are_accepted_and_what_lies_beyond_is_not() {
    let searched = KEYS
        .iter()
        .filter(|key| matches!(key.kind, Kind::Float | Kind::Integer));
    for key in searched {
        let (low, high) = key.limits.unwrap();
        let text = |value: f64| {
            let value = if key.kind == Kind::Float {
                format!("{value:?}")
            } else {
                format!("{value}")
            };
            let init = if key.name == "weight_scale" {
                "init = 'normal'\n"
            } else {
                ""
            };
            format!("[{}]\n{init}{} = {value}", key.table.name(), key.name)
        };
        for accepted in [low, high] {
            assert!(read(&text(accepted)).is_ok(), "{}", text(accepted));
        }
        for refused in [low - 1.0, high + 1.0] {
            assert_eq!(
                read(&text(refused)).unwrap_err().len(),
                1,
                "{}",
                text(refused)
            );
        }
    }
}

#[test]
fn defaults_lie_within_their_limits() {
    for key in KEYS {
        let default = match key.default {
            KeyDefault::Float(default) => default,
            KeyDefault::Integer(default) => default as f64,
            _ => continue,
        };
        assert!(
            key.limits
                .is_none_or(|(low, high)| (low..=high).contains(&default)),
            "{}",
            key.name
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    refused(
        "[model]\nn_filters = 0\nhiden = 3\n[train]\nlearning_rate = 'fast'\noptimizer = 'adams'\n[trian]\nx = 1",
        "[trian]: unknown table (did you mean `train`?)\n\
         [model] n_filters: 0 is not accepted (a whole number from 1 to 4096)\n\
         [model] hiden: unknown key (did you mean `hidden`?)\n\
         [train] optimizer: \"adams\" is not known (did you mean \"adam\"? one of sgd, momentum, nesterov, adagrad, adadelta, rmsprop, adam, adamw, nadam, lion)\n\
         [train] learning_rate: \"fast\" is not accepted (a number from 1e-8 to 10.0)",
    );
}

#[test]
fn a_device_is_no_key_as_all_training_runs_on_the_cpu() {
    refused(
        "[train]\ndevice = 'cuda'",
        "[train] device: unknown key (training runs on the CPU; leave it out)",
    );
}

#[test]
fn names_of_later_versions_are_refused_as_such() {
    refused(
        "[data]\nsource = 'synthetic'",
        "[data] source: \"synthetic\" is not supported by this version (one of digits, idx, cifar10, csv, npz, images)",
    );
}

#[test]
fn later_keys_at_their_default_ask_for_nothing_and_are_accepted() {
    let text =
        "[model]\nbatch_norm = false\ndropout = 0\nactivation = 'relu'\n[train]\nloss = 'softmax'";
    assert_eq!(read(text).unwrap(), TrainConfig::default());
}

#[test]
fn images_are_not_varied_after_a_rotation_that_leaves_none() {
    refused(
        "[data]\npreprocess = 'pca'\nflip = false\ncrop = 2",
        "[data] crop: varies images, and preprocess = \"pca\" leaves none \
         (leave it out, or choose another way of preprocessing)",
    );
}

#[test]
fn a_key_of_another_table_is_told_where_it_belongs() {
    refused(
        "[model]\nl2 = 0.1",
        "[model] l2: unknown key (`l2` belongs to [train])",
    );
}

#[test]
fn numbers_that_are_none_are_refused() {
    refused(
        "[train]\nl2 = nan",
        "[train] l2: nan is not accepted (a number from 0.0 to 1000000.0)",
    );
    refused(
        "[train]\nl2 = inf",
        "[train] l2: inf is not accepted (a number from 0.0 to 1000000.0)",
    );
    refused(
        "[train]\nepochs = 2.0",
        "[train] epochs: 2.0 is not accepted (a whole number from 1 to 1000000)",
    );
    refused(
        "[train]\nseed = 2147483648",
        "[train] seed: 2147483648 is not accepted (a whole number from 0 to 2147483647)",
    );
}

#[test]
fn a_value_that_fills_the_screen_is_cut() {
    let text = format!("[train]\nl2 = '{}'", "x".repeat(10_000));
    assert!(read(&text).unwrap_err()[0].message.len() < 100);
}

#[test]
fn sources_have_the_keys_they_need_and_no_others() {
    refused(
        "[data]\nsource = 'csv'",
        "[data] path: is missing; source = \"csv\" reads files (give the file or directory, relative to this file)",
    );
    refused(
        "[data]\npath = 'x'",
        "[data] path: the digits are built in and need no file (leave it out)",
    );
    refused(
        "[data]\nlabel = 'class'",
        "[data] label: is for CSV files and NumPy's arrays alone (leave it out, or set source = \"csv\" or \"npz\")",
    );
    refused(
        "[data]\nsource = 'idx'\npath = ''",
        "[data] path: \"\" is not accepted (a path, relative to this file)",
    );
}

#[test]
fn shares_are_fractions_or_counts() {
    let help = "a fraction from 0.0 to below 1.0, or a count as a whole number";
    refused(
        "[data]\nvalidation = 1.0",
        &format!("[data] validation: 1.0 is not accepted ({help})"),
    );
    refused(
        "[data]\ntest = -1",
        &format!("[data] test: -1 is not accepted ({help})"),
    );
    refused(
        "[data]\nvalidation = 0",
        "[data] validation: is 0; trials are compared by their validation set \
         (a fraction above 0 and below 1, or a count from 1)",
    );
    refused(
        "[data]\nvalidation = 0.5\ntest = 0.5",
        "[data] test: 0.5 for validation and 0.5 for test leave nothing to train on (fractions whose sum is below 1)",
    );
}

#[test]
fn keys_that_only_repeat_their_defaults_are_accepted_anywhere() {
    let text = "[data]\nlabel = -1\nheader = 'auto'\ndelimiter = 'auto'\nmissing = ['', '?', 'NA']\n[model]\nweight_scale = 0.01";
    let table = text.parse().unwrap();
    assert_eq!(
        TrainConfig::from_toml(&table, Path::new("")).unwrap(),
        TrainConfig::default()
    );
}

#[test]
fn hidden_is_an_array_for_the_mlp_alone() {
    assert_eq!(
        read("[model]\nkind = 'mlp'\nhidden = [5, 6]")
            .unwrap()
            .model
            .hidden,
        [5, 6]
    );
    refused(
        "[model]\nhidden = [5, 6]",
        "[model] hidden: 2 numbers; three_layer_convnet has one hidden linear layer \
         (a whole number, or kind = \"mlp\" with an array)",
    );
    refused(
        "[model]\nkind = 'mlp'\nhidden = [5, 0]",
        "[model] hidden: 0 is not accepted (a whole number or an array of them, each from 1 to 65536)",
    );
}

#[test]
fn a_number_is_predicted_from_a_table_alone() {
    let table = "[data]\nsource = 'csv'\npath = 'x.csv'\n";
    let kind = |text: &str| read(&format!("{table}{text}")).unwrap().data.csv.label_kind;
    assert_eq!(kind("[train]\nloss = 'huber'"), LabelKind::Number);
    assert_eq!(kind(""), LabelKind::Class);
    refused(
        "[train]\nloss = 'mse'",
        "[train] loss: \"mse\" predicts a number, and the labels of source = \"digits\" are classes \
         (softmax or hinge, or source = \"csv\" or \"npz\" with a label of numbers)",
    );
}

#[test]
fn labels_are_smoothed_for_softmax_alone() {
    let read = |text: &str| read(&format!("[train]\n{text}")).unwrap().train.loss;
    let label_smoothing = 0.1;
    assert_eq!(
        read("label_smoothing = 0.1"),
        Loss::Softmax { label_smoothing }
    );
    assert_eq!(read("loss = 'hinge'\nlabel_smoothing = 0"), Loss::Hinge);
    refused(
        "[train]\nloss = 'hinge'\nlabel_smoothing = 0.1",
        "[train] label_smoothing: is for loss = \"softmax\" alone (leave it out)",
    );
}

#[test]
fn schedules_that_fall_in_steps_are_told_when() {
    let one = "a whole number: the epochs from one fall to the next";
    let rising = "an array of rising whole numbers: the epochs after which it falls";
    refused(
        "[train]\nschedule = 'step'",
        &format!("[train] step_epochs: is missing; schedule = \"step\" needs it ({one})"),
    );
    refused(
        "[train]\nschedule = 'step'\nstep_epochs = [3, 6]",
        &format!("[train] step_epochs: [3, 6] is not accepted with schedule = \"step\" ({one})"),
    );
    refused(
        "[train]\nschedule = 'multi_step'\nstep_epochs = [6, 3]",
        &format!(
            "[train] step_epochs: [6, 3] is not accepted with schedule = \"multi_step\" ({rising})"
        ),
    );
    refused(
        "[train]\nschedule = 'multi_step'\nstep_epochs = []",
        &format!(
            "[train] step_epochs: [] is not accepted with schedule = \"multi_step\" ({rising})"
        ),
    );
    refused(
        "[train]\nschedule = 'multi_step'\nstep_epochs = [0, 3]",
        "[train] step_epochs: 0 is not accepted \
         (a whole number or an array of them, each from 1 to 1000000)",
    );
}

#[test]
fn lists_of_layers_are_told_layer_by_layer() {
    refused(
        "[model]\nkind = 'layers'\nlayers = ['conv 8 3x3', 'rel', 'linear']",
        &format!(
            "[model] layers: layer 2, \"rel\": no layer is called \"rel\" (did you mean \"relu\"? one of {})\n\
             [model] layers: layer 3, \"linear\": the number of outputs is missing \
             (\"linear OUTPUTS\", for example \"linear 128\")",
            "conv, linear, max_pool, avg_pool, global_avg_pool, batch_norm, layer_norm, dropout, flatten, \
             relu, leaky_relu, elu, gelu, silu, tanh, sigmoid, softplus"
        ),
    );
    let end = "end the list with \"linear C\", where C is the number of classes";
    refused(
        "[model]\nkind = 'layers'\nlayers = ['linear 10', 'relu']",
        &format!("[model] layers: the last layer, \"relu\", gives no scores of classes ({end})"),
    );
    refused(
        "[model]\nkind = 'layers'\nlayers = []",
        &format!("[model] layers: is empty ({end})"),
    );
    refused(
        "[model]\nkind = 'layers'\nlayers = 'linear 10'",
        "[model] layers: \"linear 10\" is not accepted (an array of texts)",
    );
    refused(
        "[model]\nkind = 'layers'",
        "[model] layers: is missing; kind = \"layers\" needs it \
         (a list such as [\"conv 32 3x3\", \"relu\", \"max_pool 2\", \"linear 10\"])",
    );
    let many = format!(
        "[model]\nkind = 'layers'\nlayers = [{}]",
        "'relu', ".repeat(1001)
    );
    refused(
        &many,
        "[model] layers: 1001 layers are more than anyone trains here (at most 1000)",
    );
}

#[test]
fn a_list_of_layers_goes_with_its_kind_alone() {
    refused(
        "[model]\nlayers = ['linear 10']",
        "[model] layers: has no meaning with kind = \"three_layer_convnet\" \
         (leave it out, or set kind = \"layers\")",
    );
    let list = "[model]\nkind = 'layers'\nlayers = ['linear 10']\n";
    refused(
        &format!("{list}dropout = 0.5\nhidden = 3"),
        "[model] hidden: has no meaning with kind = \"layers\" (leave it out; `layers` lists everything)\n\
         [model] dropout: has no meaning with kind = \"layers\" (leave it out; `layers` lists everything)",
    );
    assert!(read(&format!("{list}dropout = 0.0\nhidden = 64")).is_ok());
}

#[test]
fn a_warm_up_leaves_epochs_to_a_schedule_that_ends() {
    refused(
        "[train]\nschedule = 'cosine'\nepochs = 5\nwarmup_epochs = 5",
        "[train] warmup_epochs: 5 of 5 epochs leave none for schedule = \"cosine\" \
         (fewer than `epochs`)",
    );
    for accepted in [
        "schedule = 'cosine'\nepochs = 5\nwarmup_epochs = 4",
        "schedule = 'constant'\nepochs = 5\nwarmup_epochs = 9",
    ] {
        assert!(read(&format!("[train]\n{accepted}")).is_ok(), "{accepted}");
    }
}

#[test]
fn keys_of_the_update_rule_default_to_what_suits_it() {
    let defaults = |optimizer: &str| {
        let train = read(&format!("[train]\noptimizer = '{optimizer}'"))
            .unwrap()
            .train;
        (train.weight_decay, train.beta2, train.rho, train.eps)
    };
    assert_eq!(defaults("adam"), (0.0, 0.999, 0.99, 1e-8));
    assert_eq!(defaults("adamw"), (0.01, 0.999, 0.99, 1e-8));
    assert_eq!(defaults("adadelta"), (0.0, 0.999, 0.9, 1e-6));
    assert_eq!(defaults("adagrad"), (0.0, 0.999, 0.99, 1e-10));
    assert_eq!(defaults("lion"), (0.0, 0.99, 0.99, 1e-8));
    let given = read("[train]\noptimizer = 'adamw'\nweight_decay = 0").unwrap();
    assert_eq!(given.train.weight_decay, 0.0);
}

#[test]
fn a_table_that_is_none_is_told() {
    refused(
        "train = 3",
        "[train]: a value, 3, where a table is expected",
    );
}

#[test]
fn fixed_keys_are_not_searchable() {
    let fixed: Vec<&str> = KEYS
        .iter()
        .filter(|key| key.table != Table::Data && !key.searchable)
        .map(|key| key.name)
        .collect();
    assert_eq!(fixed, ["epochs", "loss", "dtype", "seed"]);
    let data: Vec<&str> = KEYS
        .iter()
        .filter(|key| key.table == Table::Data && key.searchable)
        .map(|key| key.name)
        .collect();
    let images = ["preprocess", "flip", "shift", "crop", "jitter", "cutout"];
    assert_eq!(data, images);
}
