//! Definitions to begin with.

use insta::assert_snapshot;

use crate::commands::check_code;
use crate::sandbox::{Sandbox, table};

#[test]
fn init_writes_a_definition_that_is_right_and_never_over_another() {
    let sandbox = Sandbox::new();
    check_code(&sandbox.run(&["init"]), 0);
    check_code(&sandbox.run(&["check", "finetooth.toml"]), 0);
    sandbox.write("finetooth.toml", "mine");
    let said = sandbox.run(&["init"]);
    check_code(&said, 2);
    assert_snapshot!(said.err, @"error: `finetooth.toml` exists and is left as it is; name another file, or replace it with --force");
    assert_eq!(sandbox.read("finetooth.toml"), "mine");
    check_code(&sandbox.run(&["init", "--force"]), 0);
    assert!(sandbox.read("finetooth.toml").contains("name = \"digits\""));
}

#[test]
fn init_for_a_table_is_right_once_there_is_one() {
    let sandbox = Sandbox::new();
    check_code(&sandbox.run(&["init", "wine.toml", "--template", "csv"]), 0);
    let rows = table(["red", "white"]);
    sandbox.write("table.csv", &rows);
    let said = sandbox.run(&["check", "wine.toml"]);
    check_code(&said, 0);
    assert!(
        said.out.starts_with("wine.toml is right: the sweep wine"),
        "{}",
        said.out
    );
}

#[test]
fn templates_of_programs_are_right() {
    for template in ["command", "slurm"] {
        let sandbox = Sandbox::new();
        check_code(
            &sandbox.run(&["init", "mine.toml", "--template", template]),
            0,
        );
        // A simulation reads the definition and runs nothing.
        check_code(&sandbox.run(&["simulate", "mine.toml"]), 0);
        let all: Vec<String> = sandbox
            .read("mine.toml")
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if is_setting(rest) => rest.to_owned(),
                _ => line.to_owned(),
            })
            .collect();
        sandbox.write("mine.toml", &all.join("\n"));
        check_code(&sandbox.run(&["simulate", "mine.toml"]), 0);
    }
}

/// `key = value`, or the header of a table.
fn is_setting(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default();
    let is_key = word
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    line.starts_with('[') || is_key && line[word.len()..].trim_start().starts_with("= ")
}
