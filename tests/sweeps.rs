//! The files in sweeps/ work: those on embedded data always, the others where FINETOOTH_DATA names a folder of data sets.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn finetooth(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finetooth"));
    command
        .args(arguments)
        .current_dir(dir)
        .output()
        .expect("the program starts")
}

fn sweep_file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../sweeps")
        .join(name);
    path.to_str()
        .expect("the checkout's path is UTF-8")
        .to_owned()
}

#[track_caller]
fn assert_success(output: &Output) {
    let (said, told) = (
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout),
    );
    assert!(output.status.success(), "{said}\n{told}");
}

#[track_caller]
fn check_embedded(name: &str) {
    let dir = TempDir::new().expect("a temporary directory");
    let output = finetooth(dir.path(), &["check", &sweep_file(name)]);
    assert_success(&output);
    assert!(
        dir.path()
            .read_dir()
            .expect("the directory is there")
            .next()
            .is_none(),
        "check wrote something"
    );
}

#[test]
fn sweeps_on_the_embedded_digits_pass_the_check() {
    check_embedded("digits.toml");
    check_embedded("digits-misplaced.toml");
    check_embedded("digits-ensemble.toml");
}

#[test]
fn the_program_in_shell_passes_the_check() {
    check_embedded("shell.toml");
}

/// The folder of data sets, where the tests on real data are switched on.
fn data() -> Option<PathBuf> {
    std::env::var_os("FINETOOTH_DATA")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
}

/// Runs the sweep's stages as they are but with few samples, trials and epochs; the best accuracy must reach `least`.
#[track_caller]
fn check_on_real_data(name: &str, path: &str, test_path: Option<&str>, least: f64) {
    if let Some(accuracy) = best_on_real_data(name, path, test_path) {
        assert!(accuracy >= least, "{name}: {accuracy}");
    }
}

fn best_on_real_data(name: &str, path: &str, test_path: Option<&str>) -> Option<f64> {
    let data = data()?;
    let given = |key: &str, path: &str| format!("data.{key}={}", data.join(path).display());
    let mut settings = vec![
        given("path", path),
        "data.train_limit=1000".to_owned(),
        "data.validation=1000".to_owned(),
    ];
    settings.extend(test_path.map(|path| given("test_path", path)));
    for (stage, trials) in [(0, 8), (1, 4), (2, 2)] {
        settings.push(format!("stage.{stage}.trials={trials}"));
        settings.push(format!("stage.{stage}.epochs={}", 2 * (stage + 1)));
    }
    let file = sweep_file(name);
    let mut arguments = vec!["run", &file, "--quiet", "--out", "out"];
    for setting in &settings {
        arguments.extend(["--set", setting]);
    }
    let dir = TempDir::new().expect("a temporary directory");
    assert_success(&finetooth(dir.path(), &arguments));
    let best = finetooth(dir.path(), &["best", "out", "--json"]);
    assert_success(&best);
    let best: serde_json::Value = serde_json::from_slice(&best.stdout).expect("--json prints JSON");
    let metric = best["trials"][0]["metric"].as_f64();
    Some(metric.expect("the best trial has a metric"))
}

#[test]
fn mnist_learns() {
    check_on_real_data("mnist.toml", "mnist", Some("mnist"), 0.85);
}

#[test]
fn fashion_mnist_learns() {
    check_on_real_data(
        "fashion-mnist.toml",
        "fashion-mnist",
        Some("fashion-mnist"),
        0.7,
    );
}

#[test]
fn cifar10_learns() {
    check_on_real_data("cifar10.toml", "cifar-10", Some("cifar-10"), 0.25);
}

#[test]
fn adult_learns() {
    check_on_real_data("csv-adult.toml", "uci/adult.data.gz", None, 0.78);
}

#[test]
fn california_housing_learns() {
    let name = "california-housing.toml";
    if let Some(rmse) = best_on_real_data(name, "uci/cal_housing.data.gz", None) {
        // The deviation of the prices is 115,393 dollars: what always telling the mean would give.
        assert!(rmse <= 85_000.0, "{name}: {rmse}");
    }
}
