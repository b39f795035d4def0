//! What other programs make of exported models, where FINETOOTH_PYTHON names a python with onnx, onnxruntime and safetensors.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{digits_pixels, done, with_digits};
use crate::sandbox::Sandbox;

fn python() -> Option<OsString> {
    env::var_os("FINETOOTH_PYTHON").filter(|value| !value.is_empty())
}

/// A data set of the folder that FINETOOTH_DATA names.
fn data_set(name: &str) -> Option<PathBuf> {
    let folder = env::var_os("FINETOOTH_DATA").filter(|value| !value.is_empty())?;
    let path = PathBuf::from(folder).join(name);
    assert!(path.exists(), "{} is missing", path.display());
    Some(path)
}

/// Predicts with the program, and has the reference readers predict the same to 1e-5.
#[track_caller]
fn check(sandbox: &Sandbox, how: &str, model: &str, samples: &str) {
    done(sandbox, &["predict", model, samples, "--out", "said.csv"]);
    let Some(python) = python() else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/models/compare.py");
    let compared = Command::new(python)
        .args([script, how, model, samples, "said.csv"])
        .current_dir(sandbox.path())
        .output()
        .expect("FINETOOTH_PYTHON names a python");
    let said = String::from_utf8_lossy(&compared.stderr);
    assert!(compared.status.success(), "{how} {model}: {said}");
}

/// From nothing to predictions in Python: a sweep, the final training, an ensemble, the test, ONNX.
#[test]
fn from_nothing_to_the_same_predictions_elsewhere() {
    let sandbox = with_digits();
    assert!(
        sandbox
            .read("results/digits/final/history.csv")
            .lines()
            .count()
            > 4
    );
    let said = done(&sandbox, &["test", "digits", "--ensemble", "3"]);
    assert!(said.out.contains(", final"), "{}", said.out);
    sandbox.write("digits.csv", &digits_pixels());
    for format in ["onnx", "safetensors"] {
        let exported = format!("results/digits/export/digits.{format}");
        done(
            &sandbox,
            &["export", "digits", "--format", format, "--ensemble", "3"],
        );
        check(&sandbox, format, &exported, "digits.csv");
        let n = sandbox.read("said.csv").lines().count();
        assert_eq!(n, 1798);
        done(&sandbox, &["export", "digits", "--format", format]);
        check(&sandbox, format, &exported, "digits.csv");
    }
}

/// A training of an epoch with these settings, as ONNX.
#[track_caller]
fn trained(sandbox: &Sandbox, settings: &str) {
    sandbox.write("net.toml", settings);
    done(
        sandbox,
        &[
            "train",
            "net.toml",
            "--to",
            "net",
            "--fresh",
            "--quiet",
            "--set",
            "train.epochs=1",
        ],
    );
    let arguments = [
        "export",
        "--model",
        "net/model.safetensors",
        "--format",
        "onnx",
        "--out",
        "net.onnx",
    ];
    done(sandbox, &arguments);
}

#[test]
fn every_layer_is_computed_alike() {
    let sandbox = Sandbox::new();
    sandbox.write("digits.csv", &digits_pixels());
    for layers in [
        r#""conv 5 3x2 stride 2 pad 1", "layer_norm", "silu", "conv 7 3x3", "batch_norm", "relu", "max_pool 2", "conv 6 1x1", "elu", "linear 10""#,
        r#""conv 6 4x4", "gelu", "avg_pool 2 stride 1", "softplus", "flatten", "linear 8", "leaky_relu", "layer_norm", "tanh", "conv 4 1x1", "sigmoid", "batch_norm", "linear 10""#,
        r#""conv 4 2x2", "max_pool 3 stride 2", "dropout 0.5", "conv 8 3x3 pad valid", "global_avg_pool", "batch_norm", "linear 10""#,
    ] {
        for preprocess in ["standardize_channel", "center_image", "pca_whiten", "none"] {
            let settings = format!(
                "[data]\npreprocess = \"{preprocess}\"\n[model]\nkind = \"layers\"\nlayers = [{layers}]\n[train]\nlearning_rate = 1e-3\n"
            );
            trained(&sandbox, &settings);
            check(&sandbox, "onnx", "net.onnx", "digits.csv");
        }
    }
    trained(
        &sandbox,
        "[model]\nkind = \"mlp\"\n[train]\ndtype = \"f64\"\nema_decay = 0.9\n",
    );
    check(&sandbox, "onnx", "net.onnx", "digits.csv");
    check(
        &sandbox,
        "safetensors",
        "net/model.safetensors",
        "digits.csv",
    );
}

#[test]
fn images_of_several_channels_are_planes_there() {
    let Some(folder) = data_set("cifar-10") else {
        return;
    };
    let sandbox = Sandbox::new();
    let batch = folder.join("test_batch.bin.gz");
    let settings = |path: &str| {
        format!(
            "[data]\nsource = \"cifar10\"\npath = {path:?}\ntrain_limit = 500\nvalidation = 200\n[model]\nkind = \"layers\"\n\
             layers = [\"conv 8 5x5 stride 2\", \"relu\", \"max_pool 2\", \"linear 10\"]\n"
        )
    };
    trained(&sandbox, &settings(batch.to_str().unwrap()));
    let rows = done(&sandbox, &["predict", "net.onnx", batch.to_str().unwrap()]).out;
    assert_eq!(rows.lines().count(), 10_001);
    assert!(rows.starts_with("class,p_airplane,p_automobile,"));
    // The same images as rows of a table, plane by plane, as the file has them.
    let mut bytes = Vec::new();
    let file = fs::File::open(&batch).unwrap();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut bytes).unwrap();
    let records = bytes.chunks_exact(3073).take(300);
    let rows_of = records.map(|record| {
        record[1..]
            .iter()
            .map(u8::to_string)
            .collect::<Vec<_>>()
            .join(",")
    });
    let header: Vec<String> = (0..3072).map(|pixel| format!("p{pixel}")).collect();
    sandbox.write(
        "images.csv",
        &format!(
            "{}\n{}\n",
            header.join(","),
            rows_of.collect::<Vec<_>>().join("\n")
        ),
    );
    check(&sandbox, "onnx", "net.onnx", "images.csv");
    let first: Vec<&str> = rows.lines().take(301).collect();
    assert_eq!(sandbox.read("said.csv").lines().collect::<Vec<_>>(), first);
}

#[test]
fn tables_of_categories_and_of_numbers_are_taken_as_they_are() {
    let sandbox = Sandbox::new();
    let rows: String = (0..60)
        .map(|i| {
            let size = if i % 7 == 0 {
                "?".to_owned()
            } else {
                format!("{}", i % 9)
            };
            let colour = ["red", "blue", "", "green"][i % 4];
            format!(
                "{size},{colour},{},{}\n",
                i * i % 13,
                ["yes", "no, never"][i % 2]
            )
        })
        .map(|row| row.replace("no, never", "\"no, never\""))
        .collect();
    sandbox.write("table.csv", &format!("size,colour,class,bought\n{rows}"));
    let shared = "[data]\nsource = \"csv\"\npath = \"table.csv\"\nmissing = [\"\", \"?\"]\npreprocess = \"standardize\"\nvalidation = 0.3\n\
                  [model]\nkind = \"mlp\"\nhidden = 6\n[train]\nbatch_size = 8\n";
    trained(
        &sandbox,
        &shared.replace("[model]", "label = \"bought\"\n[model]"),
    );
    // A column that training did not have, another order, a colour that it did not meet.
    sandbox.write(
        "new.csv",
        "colour,price,class,size\nred,1,4,3\n,2,0,?\nmauve,3,12,8\n",
    );
    check(&sandbox, "onnx", "net.onnx", "new.csv");
    assert!(
        sandbox
            .read("said.csv")
            .starts_with("class,\"p_no, never\",p_yes\n")
    );
    let numbers: Vec<String> = (0..60)
        .map(|i| {
            let second = if i % 9 == 0 {
                String::new()
            } else {
                format!("{}", i * i % 11)
            };
            format!("{i},{second},{}\n", 1000 + 3 * i)
        })
        .collect();
    let numbers = numbers.concat();
    sandbox.write("table.csv", &format!("a,b,price\n{numbers}"));
    trained(
        &sandbox,
        &format!(
            "{}loss = \"mse\"\n",
            shared.replace("[model]", "label = \"price\"\n[model]")
        ),
    );
    sandbox.write("new.csv", "a,b\n1,2\n59,\n30,5.5\n");
    check(&sandbox, "onnx", "net.onnx", "new.csv");
    assert!(sandbox.read("said.csv").starts_with("prediction\n"));
}

#[test]
fn real_tables_and_images_are_predicted_alike() {
    let Some(adult) = data_set("uci/adult.data.gz") else {
        return;
    };
    let sandbox = Sandbox::new();
    let mut text = String::new();
    let file = fs::File::open(&adult).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
    let header: Vec<String> = (0..15).map(|column| format!("c{column}")).collect();
    let rows: Vec<String> = text
        .lines()
        .filter(|row| !row.is_empty())
        .map(|row| row.replace(", ", ","))
        .take(4000)
        .collect();
    sandbox.write(
        "adult.csv",
        &format!("{}\n{}\n", header.join(","), rows.join("\n")),
    );
    trained(
        &sandbox,
        "[data]\nsource = \"csv\"\npath = \"adult.csv\"\nlabel = \"c14\"\nmissing = [\"?\"]\npreprocess = \"standardize\"\n[model]\nkind = \"mlp\"\n",
    );
    check(&sandbox, "onnx", "net.onnx", "adult.csv");
    let fashion = data_set("fashion-mnist").unwrap();
    trained(
        &sandbox,
        &format!(
            "[data]\nsource = \"idx\"\npath = {:?}\ntrain_limit = 1000\nvalidation = 500\n[model]\nkind = \"three_layer_convnet\"\nn_filters = 8\n",
            fashion.to_str().unwrap()
        ),
    );
    let images = fashion.join("t10k-images-idx3-ubyte.gz");
    let rows = done(&sandbox, &["predict", "net.onnx", images.to_str().unwrap()]).out;
    assert_eq!(rows.lines().count(), 10_001);
    let mut bytes = Vec::new();
    let file = fs::File::open(&images).unwrap();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut bytes).unwrap();
    let pixels: Vec<String> = bytes[16..]
        .chunks_exact(784)
        .take(1000)
        .map(|image| {
            image
                .iter()
                .map(u8::to_string)
                .collect::<Vec<_>>()
                .join(",")
        })
        .collect();
    let header: Vec<String> = (0..784).map(|pixel| format!("p{pixel}")).collect();
    sandbox.write(
        "images.csv",
        &format!("{}\n{}\n", header.join(","), pixels.join("\n")),
    );
    check(&sandbox, "onnx", "net.onnx", "images.csv");
}
