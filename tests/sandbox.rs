//! A directory of its own for a test, and the program run in it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A definition that runs in a fraction of a second: six trials of a small network on the digits.
pub(crate) const SMALL: &str = r#"name = "small"
[model]
kind = "mlp"
hidden = 8
[[stage]]
name = "coarse"
trials = 4
epochs = 1
[[stage]]
name = "fine"
trials = 2
epochs = 2
[limits]
workers = 2
"#;

/// A table of forty rows, two features and a label, the two classes in turn.
pub(crate) fn table(classes: [&str; 2]) -> String {
    let row = |row: usize| format!("{row},{},{}\n", row * row % 17, classes[row % 2]);
    "a,b,class\n".to_owned() + &(0..40).map(row).collect::<Vec<_>>().concat()
}

/// An empty directory, removed at the end of the test.
pub(crate) struct Sandbox(TempDir);

/// What the program said, paths of the sandbox replaced by `[dir]`.
pub(crate) struct Said {
    /// Its exit code.
    pub(crate) code: i32,
    /// What it wrote to standard output.
    pub(crate) out: String,
    /// What it wrote to standard error.
    pub(crate) err: String,
}

impl Sandbox {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One with [`SMALL`] as small.toml, run to its end.
    pub(crate) fn with_small_run() -> Self {
        let sandbox = Self::new();
        sandbox.write("small.toml", SMALL);
        let said = sandbox.run(&["run", "small.toml"]);
        assert_eq!(said.code, 0, "{}", said.err);
        sandbox
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file into it.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    /// The text of a file in it.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Names of what lies in a directory of it, sorted.
    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path().join(directory)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The program with `arguments`, to be run in it: no terminal, no colours, nothing of the user's settings.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_finetooth"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("NO_COLOR", "1")
            .env_remove("RUST_LOG")
            .env_remove("RUST_BACKTRACE")
            .env_remove("COLUMNS")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.said(&self.program(arguments).output().unwrap())
    }

    /// What a run of the program came to.
    pub(crate) fn said(&self, output: &Output) -> Said {
        let path = self.path().canonicalize().unwrap();
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.replace(path.to_str().unwrap(), "[dir]")
        };
        let code = output.status.code().expect("it ended by itself");
        Said {
            code,
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}
