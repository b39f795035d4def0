//! What is no definition, or hardly TOML.

use insta::assert_snapshot;

use proptest::prelude::*;

use super::{Mistakes, parse, told};

#[test]
fn mistakes_of_the_syntax_are_told_with_the_others() {
    assert_snapshot!(told("name = x"), @r#"
    1:8 `x` is not a value
      help: text stands in double quotes
    "#);
    assert_snapshot!(told("name ="), @r#"
    1:7 there is no value after `=`
      help: write the value, or remove the key for its default
    "#);
    assert_snapshot!(told("name"), @r#"
    1:5 a key stands without `=` and a value
      help: write key = value; tables begin with [name]
    "#);
    assert_snapshot!(told("name = \"x"), @r#"1:10 not valid TOML: invalid basic string, expected `"`"#);
    assert_snapshot!(told("name = \"x\"\n[train"), @"2:7 not valid TOML: unclosed table, expected `]`");
    assert_snapshot!(told("name = \"x\"\nlearning rate = 3"), @r#"
    2:10 a key stands without `=` and a value
      help: write key = value; tables begin with [name]
    "#);
    assert_snapshot!(told("name = \"x\"\n[space.l2]\nlow = 1e-5 high = 2"), @r#"
    3:7 `1e-5 high` is not a value
      help: text stands in double quotes, and each key on a line of its own
    3:17 not valid TOML: unexpected key or value, expected newline, `#`
    "#);
    assert_snapshot!(told("name = \"x\"\n[train]\nbatch_size = 012\nlr_decay = 3"), @r#"
    3:14 not valid TOML: unexpected leading zero, expected nothing
    4:12 train.lr_decay takes a number from 1e-6 to 1, found 3
    "#);
    assert_snapshot!(told("name = \"x\"\nseed: 3"), @r#"
    2:5 not valid TOML: invalid unquoted key, expected letters, numbers, `-`, `_`
    2:7 a key stands without `=` and a value
      help: write key = value; tables begin with [name]
    "#);
    assert_snapshot!(told("name = \"x\"\n[space.l2]\nlow = ?\nhigh = 0.1\n[train]\nbatch_size = 0"), @r#"
    3:7 `?` is not a value
      help: text stands in double quotes
    6:14 train.batch_size takes a whole number from 1 to 65536, found 0
    "#);
    assert_snapshot!(told("name = \"x\"\nb == 4"), @r#"
    2:4 not valid TOML: extra `=`, expected nothing
    2:6 not valid TOML: unexpected key or value, expected newline, `#`
    "#);
    assert_snapshot!(told("= 3\n= 4"), @r#"
    1:1 not valid TOML: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`
    2:1 not valid TOML: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`
    2:1 `` is given twice
      help: keep one of the two
    "#);
    assert_snapshot!(told("a = 1_\nb = tru"), @r#"
    1:6 not valid TOML: `_` may only go between digits, expected nothing
    2:5 not valid TOML: invalid boolean, expected `true`
    "#);
}

#[test]
fn what_is_given_twice_is_told_with_both_places() {
    assert_snapshot!(told("name = \"x\"\nname = \"y\""), @r#"
    2:1 `name` is given twice, first on line 1
      1:1 first given here
      help: keep one of the two
    "#);
    assert_snapshot!(told("name = \"x\"\n[train]\nbatch_size = 3\n[model]\n[train]\nl2 = 1.0"), @r#"
    5:2 `train` is given twice, first on line 2
      2:2 first given here
      help: keep one of the two
    "#);
    assert_snapshot!(told("name = \"x\"\n[space.l2]\nlow = 1e-5\nhigh = 1\n[space.learning_rate]\nlow = 1e-5\nhigh = 1e-1 # low = 3\nlow = 1e-4"), @r#"
    8:1 `low` is given twice, first on line 6
      6:1 first given here
      help: keep one of the two
    "#);
    assert_snapshot!(told("name = \"x\"\n[space]\nl2 = { low = 1e-5, high = 1, low = 1e-4 }"), @r#"
    3:30 `low` is given twice, first on line 3
      3:8 first given here
      help: keep one of the two
    "#);
    assert_snapshot!(told("name = \"x\"\n[[stage]]\nname = \"a\"\ntrials = 1\nepochs = 1\n[[stage]]\nname = \"b\"\ntrials = 1\nepochs = 2\ntrials = 3"), @r#"
    10:1 `trials` is given twice, first on line 8
      8:1 first given here
      help: keep one of the two
    "#);
    assert_snapshot!(told("name = \"x\"\n[stage]\n[[stage]]\nname = \"b\""), @r#"
    2:1 stages are a list: each begins with [[stage]], in double brackets
    3:3 `stage` is given twice, first on line 2
      2:2 first given here
      help: keep one of the two
    "#);
    assert_snapshot!(told("name = \"x\"\ntrain.l2 = 1\n[train]\nl2 = 2"), @r#"
    3:2 `train` is given twice, first on line 2
      2:1 first given here
      help: keep one of the two
    4:1 `l2` is given twice
      help: keep one of the two
    "#);
}

#[test]
fn windows_files_are_files() {
    assert_snapshot!(told("\u{feff}name = \"x\"\r\nseed = 1\r\n"), @"nothing is wrong");
    assert_snapshot!(told("\u{feff}name = \"x\"\r\nseed = -1\r\n[train]\r\nbatch_size = 0\r\n"), @r#"
    2:8 seed takes a whole number from 0 to 2147483647, found -1
    4:14 train.batch_size takes a whole number from 1 to 65536, found 0
    "#);
}

#[test]
fn junk_is_told_as_such() {
    assert_snapshot!(told("\u{0}\u{1}\u{2}"), @r#"
    1:1 not valid TOML: invalid unquoted key, expected letters, numbers, `-`, `_`
    1:4 a key stands without `=` and a value
      help: write key = value; tables begin with [name]
    "#);
    assert_snapshot!(told("PK\u{3}\u{4}\u{14}\u{0}"), @r#"
    1:3 not valid TOML: invalid unquoted key, expected letters, numbers, `-`, `_`
    1:7 a key stands without `=` and a value
      help: write key = value; tables begin with [name]
    "#);
    assert_snapshot!(told("{\"name\": \"x\"}"), @"1:1 not valid TOML: invalid key-value pair, expected key");
    assert_snapshot!(told("<html>"), @r#"
    1:1 not valid TOML: invalid unquoted key, expected letters, numbers, `-`, `_`
    1:6 not valid TOML: invalid unquoted key, expected letters, numbers, `-`, `_`
    1:7 a key stands without `=` and a value
      help: write key = value; tables begin with [name]
    "#);
    assert_snapshot!(told("é = ü"), @r#"
    1:1 not valid TOML: invalid unquoted key, expected letters, numbers, `-`, `_`
    1:5 `ü` is not a value
      help: text stands in double quotes
    "#);
}

#[test]
fn a_megabyte_of_anything_is_refused_without_harm() {
    let sizes = [
        "x\n".repeat(500_000),
        "a = ?\n".repeat(150_000),
        "name = 1\n".repeat(110_000),
        "[a]\n".repeat(250_000),
        "[[[[".repeat(250_000),
        format!("a = {}", "[".repeat(1_000_000)),
        format!("a = {}", "{a=".repeat(300_000)),
        format!("{}a = 1", "a.".repeat(500_000)),
        format!("[{}a]", "a.".repeat(500_000)),
        format!("name = \"{}\"", "é".repeat(500_000)),
        "\u{1}\u{7f}\"'".repeat(250_000),
        "a".repeat(2_000_000),
    ];
    for text in sizes {
        let Mistakes(mistakes) = parse(&text).unwrap_err();
        assert!((1..=101).contains(&mistakes.len()));
        assert!(mistakes.iter().all(|mistake| mistake.message.len() < 500));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(\\PC|\n|[a-z=\\[\\]\".{},0-9 ]){0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn any_cut_of_a_definition_is_read_or_refused(cut in 0..FULL.len(), other in 0..FULL.len()) {
        let _ = parse(&FULL[..cut]);
        let _ = parse(&format!("{}{}", &FULL[..cut], &FULL[other..]));
    }
}

const FULL: &str = r#"name = "x"
seed = 3
metric = { name = "val_loss", goal = "minimize" }
[data]
source = "digits"
[model]
hidden = [64, 32]
[train]
optimizer = "adam"
[space.learning_rate]
low = 1e-5
high = 1e-1
limits = [1e-8, 10.0]
[space]
l2 = { low = 1e-6, high = 0.1, zero = 0.1 }
[[stage]]
name = "coarse"
trials = 32
epochs = 3
keys = ["l2"]
[widen]
tau = 0.1
[limits]
workers = "auto"
"#;
