//! Values from the command line.

use insta::assert_snapshot;

use super::{Purpose, parse_with, told_with};
use crate::sweep::Override;

fn set(arguments: &[&str], text: &str) -> String {
    let overrides: Vec<Override> = arguments
        .iter()
        .map(|argument| Override::parse(argument).unwrap())
        .collect();
    told_with(text, &overrides, Purpose::Sweep)
}

#[test]
fn overrides_are_held_to_the_files_rules() {
    assert_snapshot!(set(&["train.batch_size=abc"], "name = \"x\""), @"- in `--set train.batch_size=abc`: train.batch_size takes a whole number from 1 to 65536, found abc");
    assert_snapshot!(set(&["train.batch_size=abc"], "name = \"x\"\n[train]\nbatch_size = 64"), @"- in `--set train.batch_size=abc`: train.batch_size takes a whole number from 1 to 65536, found abc");
    assert_snapshot!(set(&["trian.batch_size=3"], "name = \"x\""), @r#"
    - in `--set trian.batch_size=3`: there is no key or table `trian`
      help: did you mean `train`?
    "#);
    assert_snapshot!(set(&["train.batchsize=3"], "name = \"x\""), @r#"
    - in `--set train.batchsize=3`: [train] has no key `batchsize`
      help: did you mean `batch_size`?
    "#);
    assert_snapshot!(set(&["train.device=cuda"], "name = \"x\""), @r#"
    - in `--set train.device=cuda`: [train] has no key `device`
      help: built-in training runs on the CPU, so leave it out; to train on GPUs, let trials be runs of your own program, with [command] gpus and [limits] gpus (finetooth init FILE --template command)
    "#);
    assert_snapshot!(set(&["name.x=3"], "name = \"x\""), @"- in `--set name.x=3`: name is not a table of keys");
    assert_snapshot!(set(&["stage.7.epochs=3"], "name = \"x\"\n[[stage]]\nname = \"a\"\ntrials = 1\nepochs = 1"), @"- in `--set stage.7.epochs=3`: stage has 1 members, counted from 0, and no 7");
    assert_snapshot!(set(&["train=3"], "name = \"x\""), @"- in `--set train=3`: train takes a table of keys, found 3");
    assert_snapshot!(set(&["space.l2.low=1"], "name = \"x\"\n[space.l2]\nlow = 1e-6\nhigh = 0.1"), @r#"
    - in `--set space.l2.low=1`: space.l2.low = 1 is above high = 0.1
      help: exchange the two
    "#);
    assert_snapshot!(set(&["train.dropout=0.1", "model.dropout=0.1"], "name = \"x\""), @r#"
    - in `--set model.dropout=0.1`: model.dropout is not supported by this version
      help: leave it out
    - in `--set train.dropout=0.1`: [train] has no key `dropout`
      help: it belongs in [model]
    "#);
    assert_snapshot!(set(&["data.path=2026-01-01"], "name = \"x\""), @"nothing is wrong");
    assert_snapshot!(set(&["train.learning_rate=\"1\""], "name = \"x\""), @r#"
    - in `--set train.learning_rate="1"`: train.learning_rate takes a number from 1e-8 to 10, found "1"
      help: numbers stand without quotes: 1
    "#);
    assert_snapshot!(set(&["train.batch_size=3"], "name = \"x\"\nsede = 3"), @r#"
    2:1 there is no key or table `sede`
      help: did you mean `seed`?
    "#);
}

#[test]
fn the_later_override_holds_and_the_options_names_are_told() {
    let overrides = [
        Override::parse("train.optimizer=sgd").unwrap(),
        Override::parse("train.optimizer=momentum").unwrap(),
        Override::parse("stage.0.trials=5").unwrap(),
        Override::parse("model.hidden=[8, 4]").unwrap(),
        Override::seed(7),
        Override::workers(3),
    ];
    let text = "name = \"x\"\nseed = 1\n[[stage]]\nname = \"a\"\ntrials = 1\nepochs = 1";
    let (sweep, spans) = parse_with(text, &overrides, Purpose::Sweep).unwrap();
    assert_eq!(
        sweep.settings()["train"]["optimizer"].as_str(),
        Some("momentum")
    );
    assert_eq!(sweep.settings()["model"]["hidden"].to_string(), "[8, 4]");
    assert_eq!(sweep.stages()[0].trials, 5);
    assert_eq!(sweep.seed(), 7);
    assert_eq!(sweep.limits().workers, Some(3));
    assert_eq!(spans.overridden("seed").unwrap().to_string(), "--seed 7");
    assert_eq!(spans.overridden("stage.0.epochs"), None);
    let mistake = spans.mistake("train.optimizer", "no such rule", "here", None);
    assert_eq!(
        mistake.message,
        "in `--set train.optimizer=momentum`: no such rule"
    );
    assert_eq!(mistake.span, None);
    let too_large = told_with("name = \"x\"", &[Override::seed(1 << 40)], Purpose::Sweep);
    assert_snapshot!(too_large, @"- in `--seed 1099511627776`: seed takes a whole number from 0 to 2147483647, found 1099511627776");
}
