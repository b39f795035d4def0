//! `finetooth predict`: what it takes, and what it refuses.

use std::io::Write;
use std::process::Stdio;

use super::{digits_pixels, done, refused, with_digits};
use crate::sandbox::Sandbox;

const MODEL: &str = "results/digits/final/model.safetensors";

/// What the program says of a table on its standard input.
fn of_input(sandbox: &Sandbox, table: &str) -> (i32, String, String) {
    let mut child = sandbox
        .program(&["predict", MODEL, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(table.as_bytes())
        .unwrap();
    let said = sandbox.said(&child.wait_with_output().unwrap());
    (said.code, said.out, said.err)
}

#[test]
fn a_table_is_predicted_from_a_file_and_from_standard_input() {
    let sandbox = with_digits();
    let table = digits_pixels();
    sandbox.write("digits.csv", &table);
    let said = done(&sandbox, &["predict", MODEL, "digits.csv"]);
    assert_eq!(
        (0, said.out.clone(), String::new()),
        of_input(&sandbox, &table)
    );
    let rows: Vec<&str> = said.out.lines().collect();
    assert_eq!(rows.len(), 1798);
    assert_eq!(rows[0], "class,p_0,p_1,p_2,p_3,p_4,p_5,p_6,p_7,p_8,p_9");
    for row in &rows[1..] {
        let cells: Vec<f64> = row.split(',').map(|cell| cell.parse().unwrap()).collect();
        assert!((cells[1..].iter().sum::<f64>() - 1.0).abs() < 1e-9, "{row}");
        let largest = cells[1..].iter().copied().fold(0.0, f64::max);
        assert_eq!(cells[1 + cells[0] as usize], largest);
    }
    let written = done(
        &sandbox,
        &["predict", MODEL, "digits.csv", "--out", "said.csv"],
    );
    assert_eq!(written.err, "said.csv holds 1797 predictions\n");
    assert_eq!(sandbox.read("said.csv"), said.out);
    assert!(
        of_input(&sandbox, "0,1\n")
            .2
            .contains("they have 2 cells; accepted: 64, the pixels of 8 × 8, row by row")
    );
    assert!(of_input(&sandbox, "").2.contains("standard input"));
    let odd = table.lines().take(2).collect::<Vec<_>>().join("\n") + "\n" + &["x"; 64].join(",");
    let (code, out, err) = of_input(&sandbox, &odd);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("\"x\" in line 3, column 0"), "{err}");
    let infinite = ["inf"; 64].join(",");
    assert!(of_input(&sandbox, &infinite).2.contains("line 1"));
}

#[test]
fn what_is_no_model_or_no_samples_is_refused() {
    let sandbox = with_digits();
    sandbox.write("digits.csv", &digits_pixels());
    refused(
        &sandbox,
        &["predict", "digits.toml", "digits.csv"],
        "neither safetensors nor ONNX",
    );
    refused(
        &sandbox,
        &["predict", "results/digits", "digits.csv"],
        "finetooth export results/digits --format safetensors",
    );
    refused(
        &sandbox,
        &["predict", "missing.onnx", "digits.csv"],
        "could not be read",
    );
    refused(
        &sandbox,
        &["predict", MODEL, "missing.csv"],
        "failed to read missing.csv",
    );
    let whole = std::fs::read(sandbox.path().join(MODEL)).unwrap();
    std::fs::write(
        sandbox.path().join("cut.safetensors"),
        &whole[..whole.len() - 9],
    )
    .unwrap();
    refused(
        &sandbox,
        &["predict", "cut.safetensors", "digits.csv"],
        "damaged or was cut off",
    );
    let mut changed = whole;
    let place = changed.len() - 100;
    changed[place] ^= 1;
    std::fs::write(sandbox.path().join("changed.safetensors"), &changed).unwrap();
    refused(
        &sandbox,
        &["predict", "changed.safetensors", "digits.csv"],
        "its numbers are not those that were written",
    );
    refused(
        &sandbox,
        &["predict", MODEL, "digits.csv", "--out", "results"],
        "is no name of a file",
    );
}

#[test]
fn a_model_of_other_data_is_not_tested() {
    let sandbox = with_digits();
    sandbox.write("other.toml", "name = \"other\"\n[data]\nsource = \"csv\"\npath = \"table.csv\"\n[model]\nkind = \"softmax\"\n");
    sandbox.write("table.csv", &crate::sandbox::table(["yes", "no"]));
    done(
        &sandbox,
        &[
            "train",
            "other.toml",
            "--to",
            "other",
            "--quiet",
            "--set",
            "train.epochs=1",
        ],
    );
    let other = ["test", "digits", "--model", "other/model.safetensors"];
    refused(
        &sandbox,
        &other,
        "predicts something else, or from other samples",
    );
    let said = done(&sandbox, &["test", "digits", "--model", MODEL]);
    assert!(said.out.contains("model "), "{}", said.out);
    // It is the final model by another name, and another question all the same.
    refused(&sandbox, &["test", "digits"], "--again uses it once more");
}

#[test]
fn folders_of_images_are_searched_and_predicted() {
    let sandbox = Sandbox::new();
    // Bright and dark squares, those of the test set larger.
    for (class, low) in [("bright", 150_u8), ("dark", 0)] {
        for set in ["train", "test"] {
            let directory = sandbox.path().join(set).join(class);
            std::fs::create_dir_all(&directory).unwrap();
            for n in 0..20_u8 {
                let pixel =
                    |x: u32, y: u32| image::Luma([low + (n * 7 + x as u8 * 3 + y as u8) % 100]);
                let size = if set == "train" { 6 } else { 9 };
                let square = image::GrayImage::from_fn(size, size, pixel);
                square.save(directory.join(format!("{n}.png"))).unwrap();
            }
        }
    }
    sandbox.write(
        "squares.toml",
        "name = \"squares\"\n[data]\nsource = \"images\"\npath = \"train\"\ntest_path = \"test\"\nresize = [6, 6]\nvalidation = 0.25\n\
         [model]\nkind = \"mlp\"\nhidden = 4\n[train]\nbatch_size = 8\n[sanity]\non_failure = \"warn\"\n\
         [[stage]]\nname = \"only\"\ntrials = 4\nepochs = 4\n[after]\nepochs = 8\n",
    );
    let said = done(&sandbox, &["check", "squares.toml"]);
    assert!(
        said.out.contains("6 × 6 pixels, one channel"),
        "{}",
        said.out
    );
    done(&sandbox, &["run", "squares.toml", "--quiet"]);
    let said = done(&sandbox, &["test", "squares"]);
    assert!(
        said.out.starts_with("test set: accuracy 1 "),
        "{}",
        said.out
    );
    let said = done(
        &sandbox,
        &["predict", "results/squares/final/model.safetensors", "test"],
    );
    let rows: Vec<&str> = said.out.lines().collect();
    assert_eq!((rows.len(), rows[0]), (41, "file,class,p_bright,p_dark"));
    assert!(
        rows[1].starts_with("test/bright/0.png,bright,"),
        "{}",
        rows[1]
    );
    assert!(
        rows[40].starts_with("test/dark/9.png,dark,"),
        "{}",
        rows[40]
    );
    let one = done(
        &sandbox,
        &[
            "predict",
            "results/squares/final/model.safetensors",
            "test/dark/9.png",
        ],
    );
    assert_eq!(one.out.lines().nth(1), Some(rows[40]));
    refused(
        &sandbox,
        &[
            "predict",
            "results/squares/final/model.safetensors",
            "results",
        ],
        "no PNG or JPEG file",
    );
}
