//! The definitions that README and guide print are right, and the defaults they tell are the defaults.

use std::fs;
use std::path::Path;

use finetooth_objective::{Vocabulary, columns, key_specs};
use finetooth_scheduler::sweep::{ExecutorKind, Purpose, Sweep};

use crate::sandbox::Sandbox;

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name);
    fs::read_to_string(path).unwrap()
}

/// The TOML blocks of a Markdown text.
fn blocks(text: &str) -> Vec<&str> {
    let begun = text.split("```toml\n").skip(1);
    begun
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// Without the lines that say of themselves to be examples: their files do not exist.
fn without_examples(block: &str) -> String {
    let is_example = |line: &&str| !line.starts_with('[') && line.contains("# example");
    let lines: Vec<&str> = block.lines().filter(|line| !is_example(line)).collect();
    lines.join("\n")
}

/// Without tables that are examples as well.
fn defaults(block: &str) -> String {
    let mut in_example = false;
    let mut kept = Vec::new();
    for line in block.lines() {
        if line.starts_with('[') {
            in_example = line.contains("# example");
        }
        if !in_example {
            kept.push(line);
        }
    }
    without_examples(&kept.join("\n"))
}

#[track_caller]
fn check(name: &str, n_blocks: usize) {
    let text = text(name);
    let blocks = blocks(&text);
    assert_eq!(blocks.len(), n_blocks);
    for block in blocks {
        let sandbox = Sandbox::new();
        sandbox.write("sweep.toml", &without_examples(block));
        let said = sandbox.run(&["check", "sweep.toml"]);
        assert_eq!(said.code, 0, "{block}\n{}", said.err);
    }
}

#[test]
fn every_definition_that_is_printed_passes_the_check() {
    check("README.md", 1);
    check("docs/sweep-file.md", 2);
}

#[test]
fn definitions_of_programs_that_are_printed_are_right() {
    let base = Path::new("/");
    let guide = text("docs/programs.md");
    let printed = blocks(&guide);
    assert_eq!(printed.len(), 1);
    for definition in printed {
        let vocabulary = Vocabulary::of(definition, base);
        assert!(vocabulary.is_command);
        let (keys, columns) = (&vocabulary.keys, &vocabulary.columns);
        let parsed = Sweep::parse(definition, keys, columns, &[], base, Purpose::Sweep);
        let written = parsed
            .unwrap_or_else(|mistakes| panic!("{mistakes}"))
            .0
            .to_toml(keys);
        for key in keys.iter().filter(|key| key.table == "command") {
            assert!(
                guide.contains(&format!("| `{}` |", key.name)),
                "{} is not told",
                key.name
            );
        }
        let again = Vocabulary::of(&written, base);
        let read = Sweep::parse(&written, &again.keys, columns, &[], base, Purpose::Sweep);
        assert_eq!(read.unwrap().0.to_toml(&again.keys), written);
    }
}

#[test]
fn the_executor_that_is_printed_is_right_and_reads_back() {
    let guide = text("docs/slurm.md");
    let printed = blocks(&guide);
    assert_eq!(printed.len(), 1);
    let read = sweep(&format!("name = \"x\"\n{}", printed[0]));
    let again = sweep(&read.to_toml(&key_specs()));
    assert_eq!(again.executor(), read.executor());
    let shortest = sweep("name = \"x\"\n[executor]\nkind = \"slurm\"\n");
    let ExecutorKind::Slurm(default) = shortest.executor() else {
        unreachable!("it is slurm")
    };
    assert_eq!(default.max_pending, 32);
}

fn sweep(definition: &str) -> Sweep {
    let (keys, columns) = (key_specs(), columns());
    let base = Path::new("/");
    let parsed = Sweep::parse(definition, &keys, &columns, &[], base, Purpose::Sweep);
    parsed
        .unwrap_or_else(|mistakes| panic!("{mistakes}\n{definition}"))
        .0
}

#[test]
fn what_the_guide_calls_a_default_is_the_default() {
    let guide = text("docs/sweep-file.md");
    let told = sweep(&defaults(blocks(&guide)[0]));
    let is = sweep("name = \"digits\"");
    assert_eq!(told.name(), is.name());
    assert_eq!(told.seed(), is.seed());
    assert_eq!(told.metric(), is.metric());
    assert_eq!(told.settings(), is.settings());
    assert_eq!(told.space(), is.space());
    assert_eq!(told.procedure(), is.procedure());
    assert_eq!(told.prune(), is.prune());
    assert_eq!(told.widen(), is.widen());
    assert_eq!(told.limits(), is.limits());
}
