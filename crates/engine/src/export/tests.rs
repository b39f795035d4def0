use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::config::TrainConfig;
use crate::data::{self, Dataset};
use crate::model::EnsembleError;
use crate::solver::{Part, Solver};

fn config(text: &str, directory: &Path) -> TrainConfig {
    TrainConfig::from_toml(&text.parse().unwrap(), directory).unwrap()
}

/// A model after an epoch, and the raw data.
fn trained(text: &str, directory: &Path, seed: u32) -> (Solver, Dataset) {
    let config = config(text, directory);
    let raw = data::load(&config.data, 0).unwrap();
    let prepared = raw.preprocessed(config.data.preprocess).unwrap();
    let mut solver = Solver::new(&config, Arc::new(prepared), seed).unwrap();
    solver.train_epoch();
    (solver, raw)
}

fn saved(model: &Model, format: Format, directory: &TempDir) -> PathBuf {
    let path = directory.path().join("model");
    save(model, format, &path).unwrap();
    path
}

/// Through both formats, predictions stay what they are, to the bit.
#[track_caller]
fn check(text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let (mut solver, raw) = trained(text, directory.path(), 0);
    let mut model = solver.model();
    let said = solver.predictions(Part::Validation);
    assert_eq!(model.predict(&raw.validation.features), said);
    for format in [Format::Safetensors, Format::Onnx] {
        let path = saved(&model, format, &directory);
        let mut again = load(&path).unwrap();
        assert_eq!(again.predict(&raw.validation.features), said, "{format:?}");
        assert_eq!(again.task(), model.task());
        let bytes = fs::read(&path).unwrap();
        save(&again, format, &path).unwrap();
        assert!(
            bytes == fs::read(&path).unwrap(),
            "the same bytes, {format:?}"
        );
    }
}

#[test]
fn networks_of_every_kind_come_back_as_they_were() {
    check("");
    check("[model]\nkind = \"softmax\"\n[train]\nloss = \"hinge\"");
    check(
        "[data]\npreprocess = \"standardize\"\n[model]\nkind = \"mlp\"\nhidden = [9, 7]\nbatch_norm = true\ndropout = 0.3\nactivation = \"gelu\"",
    );
    check("[model]\nbatch_norm = true\nfilter_size = 4");
    check(
        "[data]\npreprocess = \"center_image\"\n[model]\nkind = \"layers\"\nlayers = [\"conv 5 3x2 stride 2 pad 1\", \
         \"layer_norm\", \"silu\", \"conv 7 3x3\", \"batch_norm\", \"relu\", \"max_pool 2\", \"conv 6 1x1\", \"elu\", \"avg_pool 2 stride 1\", \
         \"softplus\", \"flatten\", \"linear 8\", \"leaky_relu\", \"layer_norm\", \"tanh\", \"conv 4 1x1\", \"sigmoid\", \"linear 10\"]",
    );
    check(
        "[data]\npreprocess = \"pca_whiten\"\n[model]\nkind = \"layers\"\nlayers = [\"conv 4 2x2\", \"global_avg_pool\", \"batch_norm\", \"linear 10\"]",
    );
    check("[data]\npreprocess = \"none\"\n[model]\nkind = \"mlp\"");
}

#[test]
fn networks_of_double_precision_keep_it_in_safetensors_and_are_rounded_in_onnx() {
    let directory = tempfile::tempdir().unwrap();
    let (mut solver, raw) = trained("[train]\ndtype = \"f64\"", directory.path(), 0);
    let said = solver.predictions(Part::Validation);
    let predicted = |format| {
        let path = saved(&solver.model(), format, &directory);
        load(&path).unwrap().predict(&raw.validation.features)
    };
    assert_eq!(predicted(Format::Safetensors), said);
    let rounded = predicted(Format::Onnx);
    let differences = rounded.values.iter().zip(&said.values);
    let largest = differences.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(largest > 0.0 && largest < 1e-5, "{largest}");
}

#[test]
fn an_ensemble_predicts_the_mean_of_its_members() {
    let directory = tempfile::tempdir().unwrap();
    let model = |seed, text: &str| trained(text, directory.path(), seed).0.model();
    let models = || {
        [
            (2, model(1, "[data]\npreprocess = \"standardize\"")),
            (0, model(2, "")),
            (1, model(3, "[model]\nkind = \"mlp\"")),
        ]
    };
    let (_, raw) = trained("", directory.path(), 0);
    let samples = &raw.validation.features;
    let said = models().map(|(_, mut model)| model.predict(samples).values);
    let mut together = Model::ensemble(models()).unwrap();
    assert_eq!(together.n_members(), 2);
    let mean = together.predict(samples);
    for (place, value) in mean.values.iter().enumerate() {
        let expected = (2.0 * said[0][place] + said[2][place]) / 3.0;
        assert!((value - expected).abs() < 1e-12);
    }
    for format in [Format::Safetensors, Format::Onnx] {
        let path = saved(&together, format, &directory);
        assert_eq!(load(&path).unwrap().predict(samples), mean, "{format:?}");
    }
    let none = Model::ensemble([(0, model(1, ""))]);
    assert_eq!(none.err(), Some(EnsembleError::Empty));
}

#[test]
fn a_table_with_categories_and_holes_is_predicted_from_further_rows() {
    let directory = tempfile::tempdir().unwrap();
    let rows: Vec<String> = (0..40)
        .map(|i| {
            let size = if i % 7 == 0 {
                "?".to_owned()
            } else {
                format!("{}", i % 9)
            };
            let colour = ["red", "blue", "", "green"][i % 4];
            format!("{size},{colour},{}\n", ["yes", "no"][i % 2])
        })
        .collect();
    let rows = rows.concat();
    fs::write(
        directory.path().join("table.csv"),
        format!("size,colour,bought\n{rows}"),
    )
    .unwrap();
    let text = "[data]\nsource = \"csv\"\npath = \"table.csv\"\nlabel = \"bought\"\nmissing = [\"\", \"?\"]\npreprocess = \"standardize\"\n\
                test = 0\nvalidation = 0.25\n[model]\nkind = \"mlp\"\nhidden = 4";
    let (mut solver, _) = trained(text, directory.path(), 0);
    let model = solver.model();
    let said = solver.predictions(Part::Training);
    for format in [Format::Safetensors, Format::Onnx] {
        let mut again = load(&saved(&model, format, &directory)).unwrap();
        let read = |rows: &str| {
            let columns = again.columns().cloned();
            let bytes = rows.as_bytes().to_vec();
            let name = Path::new("rows");
            data::read_unlabelled_text(name, bytes, again.shape(), columns.as_ref())
                .map(|samples| samples.features)
        };
        // In another order, with another column; a colour that training did not meet.
        let named = read("colour,price,size\nred,1,4\n,2,?\nmauve,3,8\n").unwrap();
        let by_position = read("4,red\n?,\n8,mauve\n").unwrap();
        let with_label = read("4,red,yes\n?,,no\n8,mauve,no\n").unwrap();
        assert_eq!((&named, &named), (&by_position, &with_label));
        let predicted = again.predict(&named);
        assert_eq!((predicted.len(), predicted.n_outputs), (3, 2));
        assert!(predicted.values.iter().all(|value| value.is_finite()));
    }
    assert!(!said.is_empty());
}

#[test]
fn numbers_are_predicted_in_their_own_unit() {
    let directory = tempfile::tempdir().unwrap();
    let rows: Vec<String> = (0..50)
        .map(|i| format!("{},{},{}\n", i, i * i % 11, 1000 + 3 * i))
        .collect();
    let rows = rows.concat();
    fs::write(directory.path().join("table.csv"), rows).unwrap();
    check_at(
        &directory,
        "[data]\nsource = \"csv\"\npath = \"table.csv\"\npreprocess = \"standardize\"\n[model]\nkind = \"mlp\"\n[train]\nloss = \"mse\"",
    );
}

fn check_at(directory: &TempDir, text: &str) {
    let (mut solver, raw) = trained(text, directory.path(), 0);
    let said = solver.predictions(Part::Validation);
    assert!(
        said.values
            .iter()
            .all(|value| (500.0..2000.0).contains(value))
    );
    for format in [Format::Safetensors, Format::Onnx] {
        let mut again = load(&saved(&solver.model(), format, directory)).unwrap();
        assert_eq!(again.predict(&raw.validation.features), said);
    }
}

/// A small model of each format.
fn files() -> [(Format, Vec<u8>); 2] {
    let directory = tempfile::tempdir().unwrap();
    let (solver, _) = trained("[model]\nkind = \"softmax\"", directory.path(), 0);
    let model = solver.model();
    [Format::Safetensors, Format::Onnx].map(|format| {
        let path = saved(&model, format, &directory);
        (format, fs::read(path).unwrap())
    })
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    for (format, bytes) in files() {
        for end in 0..bytes.len() {
            let found = from_bytes(&bytes[..end]);
            assert!(found.is_err(), "{format:?} cut off at {end}");
        }
    }
}

#[test]
fn a_file_with_any_byte_changed_is_refused_or_says_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let (_, raw) = trained("[model]\nkind = \"softmax\"", directory.path(), 0);
    let samples = &raw.validation.features[..64];
    for (format, bytes) in files() {
        let said = from_bytes(&bytes).unwrap().predict(samples);
        let mut n_refused = 0;
        for place in (0..bytes.len()).step_by(7) {
            let mut changed = bytes.clone();
            changed[place] ^= 0x10;
            match from_bytes(&changed) {
                Err(_) => n_refused += 1,
                // Names of nodes, texts for people.
                Ok(mut model) => assert_eq!(model.predict(samples), said, "{format:?} {place}"),
            }
        }
        assert!(n_refused > bytes.len() / 7 / 2, "{format:?} {n_refused}");
    }
}

#[track_caller]
fn refused(bytes: &[u8], expected: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model");
    fs::write(&path, bytes).unwrap();
    let error = load(&path).err().expect("it is refused").to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn what_is_no_model_of_ours_is_refused_with_a_reason() {
    refused(b"", "neither safetensors nor ONNX");
    refused(b"a,b\n1,2\n", "neither safetensors nor ONNX");
    refused(b"\x02\0\0\0\0\0\0\0{}", "does not tell which network");
    // A header that claims 2^60 bytes, and a tensor that does.
    refused(b"\0\0\0\0\0\0\0\x10{}", "damaged or was cut off");
    let header = br#"{"a":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4]}}"#;
    let mut claim = (header.len() as u64).to_le_bytes().to_vec();
    claim.extend(header);
    claim.extend([0; 4]);
    refused(&claim, "damaged or was cut off");
    let [(_, ours), _] = files();
    let later =
        String::from_utf8_lossy(&ours[8..400]).replace("\\\"version\\\":1", "\\\"version\\\":2");
    let mut bytes = ours.clone();
    bytes[8..400].copy_from_slice(later.as_bytes());
    refused(&bytes, "version 2 of the format");
    let directory = tempfile::tempdir().unwrap();
    let error = load(directory.path()).err().unwrap().to_string();
    assert!(error.contains("it is not a file"), "{error}");
    let missing = load(&directory.path().join("missing")).err().unwrap();
    assert!(
        missing.to_string().contains("could not be read"),
        "{missing}"
    );
}

#[test]
fn a_description_of_a_huge_network_takes_no_memory() {
    for (format, bytes) in files() {
        let parts = match format {
            Format::Safetensors => safetensors::parts(&bytes).unwrap(),
            Format::Onnx => onnx::parts(&bytes).unwrap(),
        };
        let mut description = parts.description.clone();
        description.members[0].layers = vec!["linear 65536".to_owned(); 3];
        description.members[0].layers.push("linear 10".to_owned());
        let claimed = Parts {
            description: description.signed(&parts.tensors),
            tensors: parts.tensors,
        };
        let error = claimed.model().err().unwrap().to_string();
        assert!(
            error.contains("has the shape [64, 10] where the network has [64, 65536]"),
            "{error}"
        );
    }
}
