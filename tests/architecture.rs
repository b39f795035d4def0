//! The invariants of the README's section "Architecture", executed.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the workspace exists")
}

/// A Rust file of the workspace: path from the root, and its code without comments and texts.
struct Source {
    path: String,
    text: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for folder in ["crates", "tests"] {
        collect(&root().join(folder), &mut found);
    }
    assert!(found.len() > 50, "only {} Rust files found", found.len());
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace can be read") {
        let path = entry.expect("a folder of the workspace can be read").path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("source files are UTF-8");
            let relative = path.strip_prefix(root()).expect("found below the root");
            let relative = relative
                .to_str()
                .expect("source paths are UTF-8")
                .to_owned();
            found.push(Source {
                path: relative,
                code: without_comments_and_texts(&text),
                text,
            });
        }
    }
}

/// Rust code with line comments and the contents of one-line string literals blanked out.
fn without_comments_and_texts(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        let mut in_text = false;
        let mut previous = ' ';
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            if !in_text && character == '/' && characters.peek() == Some(&'/') {
                break;
            }
            if character == '"' && previous != '\\' && previous != '\'' {
                in_text = !in_text;
            } else if !in_text {
                code.push(character);
            }
            previous = if previous == '\\' { ' ' } else { character };
        }
        code.push('\n');
    }
    code
}

/// Files below `folder` whose code holds `word` as a word of its own, but for those below `allowed`.
#[track_caller]
fn check_absent(folder: &str, words: &[&str], allowed: &[&str]) {
    let sources = sources();
    let inside: Vec<&Source> = sources
        .iter()
        .filter(|source| source.path.starts_with(folder))
        .collect();
    assert!(!inside.is_empty(), "no file below {folder}");
    let mut offenders = Vec::new();
    for source in inside {
        if allowed
            .iter()
            .any(|place| source.path.starts_with(&format!("{folder}{place}")))
        {
            continue;
        }
        for word in words {
            if holds(&source.code, word) {
                offenders.push(format!("{} uses {word}", source.path));
            }
        }
    }
    assert!(offenders.is_empty(), "{offenders:#?}");
}

fn holds(code: &str, word: &str) -> bool {
    let is_part =
        |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word).any(|(at, _)| {
        !is_part(code[..at].chars().next_back()) && !is_part(code[at + word.len()..].chars().next())
    })
}

fn dependencies(krate: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join("crates").join(krate).join("Cargo.toml"))
        .expect("a manifest");
    let manifest: toml::Table = manifest.parse().expect("manifests are TOML");
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = tables
        .iter()
        .filter_map(|name| manifest.get(*name)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn the_scanner_sees_code_and_neither_comments_nor_texts() {
    let code =
        without_comments_and_texts("let a = \"unsafe\"; // unsafe\nunsafe_name(); tokio::spawn()");
    assert!(!holds(&code, "unsafe"));
    assert!(holds(&code, "tokio"));
}

#[test]
fn engine_and_scheduler_depend_on_no_crate_of_ours() {
    for krate in ["engine", "scheduler"] {
        let ours: Vec<String> = dependencies(krate)
            .into_iter()
            .filter(|name| name.starts_with("finetooth"))
            .collect();
        assert!(ours.is_empty(), "{krate} depends on {ours:?}");
    }
}

#[test]
fn dashboard_never_sees_the_engine() {
    let dependencies = dependencies("dashboard");
    assert!(
        dependencies
            .iter()
            .any(|name| name == "finetooth-scheduler")
    );
    assert!(
        !dependencies
            .iter()
            .any(|name| name == "finetooth-engine" || name == "finetooth-objective")
    );
}

#[test]
fn scheduler_waits_only_in_run_and_executor() {
    check_absent(
        "crates/scheduler/src/",
        &["tokio", "async", "await"],
        &["run.rs", "executor/"],
    );
}

#[test]
fn scheduler_touches_files_only_where_files_are_its_job() {
    check_absent(
        "crates/scheduler/src/",
        &["std::fs", "fs", "File", "OpenOptions"],
        &["sweep/", "journal/", "results/", "executor/"],
    );
}

#[test]
fn scheduler_looks_at_the_clock_only_in_run_and_executor() {
    check_absent(
        "crates/scheduler/src/",
        &["Instant", "SystemTime", "Timestamp::now"],
        &["run.rs", "executor/"],
    );
}

#[test]
fn engine_has_no_clock_no_async_and_no_global_state() {
    check_absent(
        "crates/engine/src/",
        &[
            "Instant",
            "SystemTime",
            "async",
            "await",
            "tokio",
            "static mut",
            "thread_local",
            "lazy_static",
            "LazyLock",
        ],
        &[],
    );
}

#[test]
fn engine_touches_files_only_in_data_checkpoint_and_export() {
    check_absent(
        "crates/engine/src/",
        &["std::fs", "fs", "File", "OpenOptions"],
        &["data/", "checkpoint/", "export/"],
    );
}

#[test]
fn unsafe_code_stays_in_the_engines_kernels() {
    check_absent(
        "crates/",
        &["unsafe"],
        &["engine/src/kernel/", "engine/tests/"],
    );
}

#[test]
fn randomness_starts_only_from_a_seed() {
    check_absent(
        "crates/",
        &[
            "rand::rng",
            "thread_rng",
            "from_os_rng",
            "OsRng",
            "SysRng",
            "getrandom",
        ],
        // a token of the page is no part of a search
        &["cli/src/command/serve.rs"],
    );
}

#[test]
fn libraries_print_nothing() {
    for krate in ["engine", "scheduler", "objective", "dashboard"] {
        check_absent(
            &format!("crates/{krate}/src/"),
            &["println!", "eprintln!", "print!", "eprint!", "dbg!"],
            &[],
        );
    }
}

#[test]
fn no_file_is_a_drawer() {
    let drawers = ["utils", "util", "common", "helpers", "misc", "types"];
    for source in sources() {
        let mut parts = source.path.trim_end_matches(".rs").split('/');
        assert!(
            !parts.any(|part| drawers.contains(&part)),
            "{} names no idea",
            source.path
        );
    }
}

#[test]
fn no_file_is_longer_than_six_hundred_lines() {
    for source in sources() {
        let n_lines = source.text.lines().count();
        assert!(
            n_lines <= 600,
            "{} has {n_lines} lines: split it by idea",
            source.path
        );
    }
}

#[test]
fn cargo_run_runs_the_binary_without_naming_it() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has one");
    let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
    let members = &manifest["workspace"]["default-members"];
    assert_eq!(members.to_string(), r#"["crates/cli"]"#);
}
