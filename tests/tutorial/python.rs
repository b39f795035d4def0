//! Programs of a page that look at results.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::console::search_path;
use super::page::Language;
use crate::sandbox::Sandbox;

/// A Python with pandas and DuckDB; `None` where FINETOOTH_PYTHON is not set.
pub(super) fn interpreter() -> Option<OsString> {
    env::var_os("FINETOOTH_PYTHON").filter(|value| !value.is_empty())
}

/// What a program prints.
#[track_caller]
pub(super) fn run(sandbox: &Sandbox, python: &OsStr, language: Language, text: &str) -> String {
    let program = match language {
        Language::Python => "import sys; exec(sys.stdin.read())",
        // As the command line tool does: each statement's rows as a table.
        Language::Sql => {
            "import sys, duckdb\nfor s in duckdb.extract_statements(sys.stdin.read()): duckdb.sql(s.query).show()"
        }
    };
    let mut child = Command::new(python)
        .args(["-c", program])
        .current_dir(sandbox.path())
        .env("PATH", search_path(Some(python)))
        .env("PYTHONIOENCODING", "utf-8")
        .env("COLUMNS", "130")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("FINETOOTH_PYTHON names a python");
    let mut input = child.stdin.take().expect("it is piped");
    input
        .write_all(text.as_bytes())
        .expect("it reads the program");
    drop(input);
    let output = child.wait_with_output().expect("it was started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{said}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}
