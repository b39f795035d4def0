//! The tutorial does what it says: its files are written, its commands run, their output compared with what is printed.
//!
//! Each page runs from top to bottom in a directory of its own. A fenced block is
//! - `console`: lines that begin with `$ ` are run by sh, what stands below is what they say, standard error included; `[..]` stands for
//!   anything within a line, `...` for any lines, and `^C` for Ctrl-C once the line above it was printed;
//! - `toml`, `python` or `sh` with a first line `# NAME.EXTENSION`: the file of that name;
//! - `python` without a name, or `sql`, run by DuckDB: what it prints stands in the `text` block that follows;
//! - `rust`: compiled and run by the engine's own documentation tests.
//!
//! A section (from one heading to the next) with a `python` or `sql` block is run where FINETOOTH_PYTHON names a Python with pandas and
//! DuckDB, and left out where it does not. `SNAPSHOTS=overwrite` writes outputs that differ into the pages, for a person to look at.

mod console;
mod page;
mod python;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use snapbox::{Assert, IntoData as _};

use crate::sandbox::Sandbox;
use page::{Block, Page};

/// What a block says, and what the page claims that it does.
struct Shown {
    /// What is printed on the page; an edit goes here.
    claimed: page::Claim,
    /// What was said.
    said: String,
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/tutorial")
        .join(name)
}

/// `None` where they agree, wildcards taken into account; otherwise the differences.
fn difference(said: &str, claimed: &str) -> Option<String> {
    let tidy = |text: &str| {
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned()
    };
    let compared = Assert::new().try_eq(
        Some(&"said"),
        tidy(said).into_data(),
        tidy(claimed).into_data(),
    );
    compared.err().map(|error| error.to_string())
}

/// What the blocks of a page say, in order.
fn run(page: &Page, sandbox: &Sandbox) -> Vec<Shown> {
    let python = python::interpreter();
    let mut shown = Vec::new();
    let mut code = 0;
    for section in &page.sections {
        if section.needs_python() && python.is_none() {
            continue;
        }
        for block in &section.blocks {
            match block {
                Block::File { name, text } => sandbox.write(name, text),
                Block::Console(commands) => {
                    for command in commands {
                        let said = console::run(sandbox, command, code, python.as_deref());
                        code = said.code;
                        shown.push(Shown {
                            claimed: command.claim.clone(),
                            said: said.text,
                        });
                    }
                }
                Block::Program {
                    language,
                    text,
                    claim,
                } => {
                    let python = python
                        .as_deref()
                        .expect("such a section is left out otherwise");
                    shown.push(Shown {
                        claimed: claim.clone(),
                        said: python::run(sandbox, python, *language, text),
                    });
                }
                Block::Rust => {}
            }
        }
    }
    shown
}

#[track_caller]
fn check(name: &str) {
    let text = fs::read_to_string(path(name)).unwrap();
    let page =
        Page::parse(&text).unwrap_or_else(|problem| panic!("docs/tutorial/{name}:{problem}"));
    let shown = run(&page, &Sandbox::new());
    let (mut wrong, mut mended) = (String::new(), text.clone());
    // From the end, so that an edit moves no line that is still to be edited.
    for Shown { claimed, said } in shown.iter().rev() {
        if let Some(difference) = difference(said, &claimed.text) {
            let _ = writeln!(wrong, "docs/tutorial/{name}:{}\n{difference}", claimed.line);
            mended = claimed.replaced(&mended, said);
        }
    }
    if env::var("SNAPSHOTS").is_ok_and(|action| action == "overwrite") {
        fs::write(path(name), mended).unwrap();
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
}

#[test]
fn part_1_trains_a_network() {
    check("1-train.md");
}

#[test]
fn part_2_tells_a_broken_set_up() {
    check("2-checks.md");
}

#[test]
fn part_3_searches_widens_and_goes_on() {
    check("3-sweep.md");
}

#[test]
fn part_4_runs_programs() {
    check("4-program.md");
}

#[test]
fn part_5_reads_results() {
    check("5-results.md");
}

#[test]
fn an_output_that_differs_in_a_digit_is_told() {
    assert!(difference("best 0.9306", "best 0.9306").is_none());
    assert!(difference("best 0.9306 \n\n", "best 0.9306").is_none());
    assert!(difference("best 0.9306 at epoch 3", "best [..] at epoch 3").is_none());
    assert!(difference("a\nb\nc\nd", "a\n...\nd").is_none());
    let told = difference("best 0.9306", "best 0.9307").unwrap();
    assert!(told.contains("0.9306") && told.contains("0.9307"), "{told}");
    assert!(difference("a\nb", "a").is_some());
    assert!(difference("a", "a\nb").is_some());
}
