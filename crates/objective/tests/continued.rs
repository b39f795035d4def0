//! A trial that goes on from rung to rung reports what one trained in one go reports, to the bit.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use finetooth_objective::{Training, columns, key_specs};
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::stop::Watch;
use finetooth_scheduler::sweep::{Purpose, Sweep};
use finetooth_scheduler::trial::{Decision, Ended, Outcome, Report, Trial};
use tempfile::TempDir;

const RUNGS: [u32; 4] = [0, 1, 4, 6];

/// A network with everything that has a state of its own: running statistics and dropout's random numbers.
const STATEFUL: &str = "[model]\nkind = \"layers\"\nlayers = [\"conv 4 3x3\", \"batch_norm\", \"relu\", \"max_pool 2\", \
                        \"flatten\", \"linear 16\", \"batch_norm\", \"relu\", \"dropout 0.3\", \"linear 10\"]\n";

struct Kept(Vec<Report>);

impl Reporter for Kept {
    fn report(&mut self, report: Report) -> Decision {
        self.0.push(report);
        Decision::Continue
    }
}

fn task(training: &Training, from: u32, to: u32) -> Task {
    Task {
        trial: Trial {
            epochs: to,
            seed: 77,
            ..training.single()
        },
        attempt: 1,
        from,
        keep: true,
        watch: Watch::default(),
    }
}

/// Reports as bits, so that numbers that are not equal to themselves compare too.
fn bits(reports: &[Report]) -> Vec<(u32, Vec<u64>)> {
    let bits = |report: &Report| report.values.iter().map(|value| value.to_bits()).collect();
    reports
        .iter()
        .map(|report| (report.epoch, bits(report)))
        .collect()
}

fn open(definition: &str) -> Training {
    let text = format!(
        "name = \"continued\"\n[data]\nsource = \"digits\"\ntrain_limit = 200\n{definition}"
    );
    let (keys, columns, base) = (key_specs(), columns(), Path::new("/"));
    let parsed = Sweep::parse(&text, &keys, &columns, &[], base, Purpose::Train);
    let (sweep, spans) = parsed.unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
    Training::open(&sweep, &spans).unwrap()
}

#[track_caller]
fn check(definition: &str) {
    let dir = TempDir::new().unwrap();
    let training = open(definition).keeping(dir.path(), 1 << 30);
    let mut continued = Kept(Vec::new());
    for rung in RUNGS.windows(2) {
        let task = task(&training, rung[0], rung[1]);
        let checkpoint = dir.path().join("trials/1/checkpoint");
        assert_eq!(checkpoint.exists(), rung[0] > 0, "{definition}");
        let ended = training.run(&task, Context::default(), &mut continued);
        assert_eq!(ended, Ended::Outcome(Outcome::Completed), "{definition}");
    }
    let whole = open(definition);
    let mut at_once = Kept(Vec::new());
    let last = RUNGS[RUNGS.len() - 1];
    whole.run(&task(&whole, 0, last), Context::default(), &mut at_once);
    assert_eq!(continued.0.len() as u32, last + 1, "{definition}");
    assert_eq!(bits(&continued.0), bits(&at_once.0), "{definition}");
}

#[test]
fn every_update_rule_goes_on_as_if_never_left() {
    for optimizer in [
        "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "nadam",
        "lion",
    ] {
        check(&format!(
            "{STATEFUL}[train]\nepochs = 6\noptimizer = \"{optimizer}\"\n"
        ));
    }
}

#[test]
fn every_schedule_goes_on_as_if_never_left() {
    for schedule in [
        "constant",
        "exponential",
        "step",
        "multi_step",
        "linear",
        "cosine",
        "inverse_sqrt",
        "one_cycle",
        "plateau",
    ] {
        let steps = match schedule {
            "step" => "step_epochs = 2\n",
            "multi_step" => "step_epochs = [2, 5]\n",
            "plateau" => "patience = 0\n",
            _ => "",
        };
        for warmup in [0, 2] {
            check(&format!(
                "[model]\nkind = \"mlp\"\ndropout = 0.2\n[train]\nepochs = 6\nl2 = 1e-3\nschedule = \"{schedule}\"\nwarmup_epochs = {warmup}\n{steps}"
            ));
        }
    }
}

#[test]
fn augmented_data_go_on_as_if_never_left() {
    check(
        "flip = true\nshift = 1\njitter = 0.2\ncutout = 2\n[model]\nkind = \"mlp\"\n[train]\nepochs = 6\n",
    );
}

#[test]
fn what_is_trained_again_up_to_where_it_was_stops_when_asked() {
    let training = open("[model]\nkind = \"mlp\"\n[train]\nepochs = 6\n");
    let context = Context::default();
    context.interrupt.raise();
    let mut kept = Kept(Vec::new());
    let ended = training.run(&task(&training, 4, 6), context, &mut kept);
    assert_eq!(ended, Ended::Interrupted { epoch: 1 });
    assert_eq!(kept.0, []);
}
