//! The terminal that a page tells of.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use super::difference;
use super::page::Command;
use crate::sandbox::Sandbox;

/// What a command came to.
pub(super) struct Ran {
    /// Its exit code, as sh tells it.
    pub(super) code: i32,
    /// What it said.
    pub(super) text: String,
}

/// Directories that programs are looked for in: finetooth's, Python's, and the machine's.
pub(super) fn search_path(python: Option<&OsStr>) -> OsString {
    let parent = |program: &OsStr| Path::new(program).parent().map(Path::to_path_buf);
    let own = [Some(OsStr::new(env!("CARGO_BIN_EXE_finetooth"))), python];
    let own = own.into_iter().flatten().filter_map(parent);
    let machine = env::var_os("PATH").unwrap_or_default();
    let all: Vec<PathBuf> = own.chain(env::split_paths(&machine)).collect();
    env::join_paths(all).expect("no directory has a colon in its name")
}

/// Runs `command` by sh in `sandbox`, after a command that came to `code_before`.
pub(super) fn run(
    sandbox: &Sandbox,
    command: &Command,
    code_before: i32,
    python: Option<&OsStr>,
) -> Ran {
    let interrupted = command.claim.text.split_once("^C\n");
    // sh has its place taken by a command that Ctrl-C is meant for, so that it reaches that.
    let exec = if interrupted.is_some() { "exec " } else { "" };
    let script = format!("exec 2>&1; (exit {code_before}); {exec}{}", command.line);
    let mut child = Process::new("sh")
        .args(["-c", &script])
        .current_dir(sandbox.path())
        .env("PATH", search_path(python))
        .env("NO_COLOR", "1")
        .env("FINETOOTH_SIMD", "portable")
        .env("COLUMNS", "130")
        .env_remove("RUST_LOG")
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    let awaited = interrupted.map(|(before, _)| before.lines().last().unwrap_or_default());
    let mut is_awaited = awaited.is_some();
    let mut text = String::new();
    for line in BufReader::new(child.stdout.take().expect("it is piped")).lines() {
        let line = line.expect("it is UTF-8");
        text += &line;
        text.push('\n');
        if is_awaited && awaited.is_some_and(|awaited| difference(&line, awaited).is_none()) {
            is_awaited = false;
            text += "^C\n";
            let id = child.id().to_string();
            let sent = Process::new("kill").args(["-INT", &id]).status();
            assert!(sent.is_ok_and(|status| status.success()), "it still runs");
        }
    }
    let code = child.wait().expect("it was started").code();
    Ran {
        code: code.expect("no signal ended it"),
        text,
    }
}
