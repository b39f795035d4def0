//! A disk that takes no more: a process whose files may not grow stands for it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use finetooth_engine::checkpoint::SaveError;
use finetooth_engine::config::TrainConfig;
use finetooth_engine::data;
use finetooth_engine::solver::Solver;

/// Names the checkpoint to the process that this test starts with a limit on its files.
const LIMITED: &str = "FINETOOTH_TEST_LIMITED_CHECKPOINT";

#[test]
fn a_save_that_falls_short_is_told_and_leaves_the_checkpoint_before() {
    if let Some(path) = env::var_os(LIMITED) {
        let error = trained().save(Path::new(&path)).unwrap_err();
        assert!(matches!(error, SaveError::Unwritable { .. }), "{error}");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("checkpoint");
    trained().save(&path).unwrap();
    let before = fs::read(&path).unwrap();
    // 8 blocks are at most 8 KiB.
    assert!(before.len() > 1 << 14, "{} bytes", before.len());
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"])
        .arg(env::current_exe().unwrap())
        .args([
            "--exact",
            "a_save_that_falls_short_is_told_and_leaves_the_checkpoint_before",
        ])
        .env(LIMITED, &path)
        .output()
        .unwrap();
    assert!(
        limited.status.success(),
        "{}",
        String::from_utf8_lossy(&limited.stdout)
    );
    assert!(fs::read(&path).unwrap() == before);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    trained().restore(&path).unwrap();
}

/// A training of the default network on the digits, after an epoch.
fn trained() -> Solver {
    let config = TrainConfig::default();
    let digits = data::load(&config.data, 1)
        .unwrap()
        .preprocessed(config.data.preprocess)
        .unwrap();
    let mut solver = Solver::new(&config, Arc::new(digits), 1).unwrap();
    solver.train_epoch();
    solver
}
