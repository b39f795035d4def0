//! `[search]`, and how it goes with `[[stage]]`.

use insta::assert_snapshot;

use super::{Purpose, parse_with, sweep, told, told_of, told_with};
use crate::sweep::{Generations, Override, Procedure, Proposals, Sweep};

const STAGE: &str = "[[stage]]\nname = \"a\"\ntrials = 8\nepochs = 1\n";

/// What is told of `[search]` with these lines; the first of them is line 3.
fn search(lines: &str) -> String {
    told_of(&format!("[search]\n{lines}"))
}

#[track_caller]
fn generations(sweep: &Sweep) -> Generations {
    let Procedure::Generations(generations) = sweep.procedure() else {
        panic!("stages")
    };
    *generations
}

#[test]
fn without_stages_the_search_goes_in_generations() {
    let default = Generations {
        epochs: 27,
        budget: 20,
        parallel: 4,
        proposals: Proposals::Random,
        n0: 32,
        explore: 0.1,
        first_order: 10,
        confirm: 3,
    };
    assert_eq!(generations(&sweep("name = \"x\"")), default);
    assert_eq!(generations(&sweep("name = \"x\"\n[search]")), default);
    let given = sweep(
        "name = \"x\"\n[search]\nepochs = 9\nbudget = 12\nparallel = 1\nproposals = \"gp\"\nn0 = 8\nexplore = 0.5\n\
         first_order = 11\nconfirm = 0",
    );
    let expected = Generations {
        epochs: 9,
        budget: 12,
        parallel: 1,
        proposals: Proposals::Gp,
        n0: 8,
        explore: 0.5,
        first_order: 11,
        confirm: 0,
    };
    assert_eq!(generations(&given), expected);
}

#[test]
fn half_of_a_small_budget_goes_to_the_first_order() {
    let first_order = |budget: u32| {
        let text = format!("name = \"x\"\n[search]\nbudget = {budget}");
        generations(&sweep(&text)).first_order
    };
    assert_eq!([6, 19, 20, 100].map(first_order), [3, 9, 10, 10]);
}

#[track_caller]
fn check_epochs(lines: &str, purpose: Purpose, search: u32, train: i64) {
    let (sweep, _) = parse_with(&format!("name = \"x\"\n{lines}"), &[], purpose).unwrap();
    assert_eq!(generations(&sweep).epochs, search);
    let epochs = &sweep.settings()["train"]["epochs"];
    assert_eq!(epochs.as_integer(), Some(train));
}

#[test]
fn one_training_is_as_long_as_the_search_says_and_else_as_train_does() {
    check_epochs("", Purpose::Sweep, 27, 27);
    check_epochs("[train]\nepochs = 5", Purpose::Sweep, 5, 5);
    check_epochs("[search]\nepochs = 9", Purpose::Sweep, 9, 9);
    check_epochs(
        "[train]\nepochs = 5\n[search]\nepochs = 9",
        Purpose::Sweep,
        9,
        9,
    );
    check_epochs(
        "[train]\nepochs = 5\n[search]\nepochs = 9",
        Purpose::Train,
        9,
        5,
    );
}

#[test]
fn stages_have_their_own_names_and_generations_those_of_their_phases() {
    let names = |sweep: &Sweep| [0, 1, 2, 3, 4].map(|index| sweep.stage_name(index).to_owned());
    let in_generations = sweep("name = \"x\"");
    assert!(in_generations.stages().is_empty());
    assert_eq!(
        names(&in_generations),
        ["coarse", "fine", "second", "confirm", ""]
    );
    let in_stages = sweep(&format!("name = \"x\"\n{STAGE}"));
    assert_eq!(in_stages.stages().len(), 1);
    assert_eq!(names(&in_stages), ["a", "", "", "", ""]);
}

#[test]
fn a_sweep_has_one_way_to_search() {
    assert_snapshot!(told_of(&format!("[search]\nbudget = 20\n{STAGE}")), @r#"
    2:1 [search] and [[stage]] are two ways to search, and a sweep has one
      4:1 the search in stages
      help: keep [search] for generations, or the [[stage]] tables for a procedure of your own
    "#);
    assert_snapshot!(told_of(&format!("{STAGE}[search]\nbudget = 2")), @r#"
    6:1 [search] and [[stage]] are two ways to search, and a sweep has one
      2:1 the search in stages
      help: keep [search] for generations, or the [[stage]] tables for a procedure of your own
    7:10 search.budget takes a whole number from 6 to 1000000, found 2
    "#);
    let given = [Override::parse("search.budget=20").unwrap()];
    assert_snapshot!(told_with(&format!("name = \"x\"\n{STAGE}"), &given, Purpose::Sweep), @r#"
    - in `--set search.budget=20`: [search] and [[stage]] are two ways to search, and a sweep has one
      2:1 the search in stages
      help: keep [search] for generations, or the [[stage]] tables for a procedure of your own
    "#);
    assert_snapshot!(told("name = \"x\"\nstage = 3\nsearch = 3"), @r#"
    2:9 stages are a list: each begins with [[stage]], in double brackets
    3:10 [search] and [[stage]] are two ways to search, and a sweep has one
      2:9 the search in stages
      help: keep [search] for generations, or the [[stage]] tables for a procedure of your own
    3:10 search takes a table with epochs, budget and others, found 3
    "#);
}

#[test]
fn settings_have_bounds() {
    assert_snapshot!(told_of("search = 3"), @"2:10 search takes a table with epochs, budget and others, found 3");
    assert_snapshot!(search("epochs = 0\nbudget = 5\nparallel = 0\nn0 = 7\nfirst_order = 0\nconfirm = -1"), @r#"
    3:10 search.epochs takes a whole number from 1 to 1000000, found 0
    4:10 search.budget takes a whole number from 6 to 1000000, found 5
    5:12 search.parallel takes a whole number from 1 to 1024, found 0
    6:6 search.n0 takes a whole number from 8 to 1000000, found 7
    7:15 search.first_order takes a whole number from 1 to 1000000, found 0
    8:11 search.confirm takes a whole number from 0 to 1000000, found -1
    "#);
    assert_snapshot!(search("budget = 10\nfirst_order = 10\nconfirm = 10"), @r#"
    4:15 search.first_order takes a whole number from 1 to 9, found 10
    5:11 search.confirm takes a whole number from 0 to 9, found 10
    "#);
    assert_snapshot!(search("proposals = \"Random\"\nexplore = 1"), @r#"
    3:13 search.proposals takes "random" or "gp", found "Random"
      help: did you mean "random"?
    4:11 search.explore takes a share above 0 and below 1, found 1
    "#);
    assert_snapshot!(search("explore = 0"), @"3:11 search.explore takes a share above 0 and below 1, found 0");
    assert_snapshot!(search("budgte = 20\ntrials = 30\nlearning_rate = 1"), @r#"
    3:1 [search] has no key `budgte`
      help: did you mean `budget`?
    4:1 [search] has no key `trials`
      help: it belongs in [[stage]]
    5:1 [search] has no key `learning_rate`
      help: it belongs in [train]
    "#);
    assert_snapshot!(told_of("[limits]\nbudget = 20"), @r#"
    3:1 [limits] has no key `budget`
      help: it belongs in [search]
    "#);
}

#[test]
fn orders_are_two_and_go_with_generations() {
    let l2 = "[space.l2]\nlow = 0.1\nhigh = 1\n";
    assert_snapshot!(told_of(&format!("{l2}order = 3")), @"5:9 space.l2.order takes a whole number from 1 to 2, found 3");
    assert_snapshot!(told_of(&format!("{l2}order = 2\n[space.bias]\nvalues = [true, false]\norder = 2")), @r#"
    5:9 all searched keys are of order 2
      help: keys of order 2 are opened when those of order 1 are settled: remove `order` from one or more
    "#);
    assert_snapshot!(told_of(&format!("{l2}order = 2\n[space.bias]\nvalues = [true, false]")), @"nothing is wrong");
    assert_snapshot!(told_of(&format!("{l2}order = 2\n{STAGE}")), @r#"
    5:9 space.l2.order has no effect with [[stage]]
      help: remove it, and name the keys that a stage searches in its `keys`
    "#);
    let read = sweep(&format!(
        "name = \"x\"\n{l2}order = 2\n[space.bias]\nvalues = [true, false]"
    ));
    let orders: Vec<u8> = read
        .space()
        .0
        .iter()
        .map(|dimension| dimension.order)
        .collect();
    assert_eq!(orders, [2, 1]);
}
