use std::collections::BTreeMap;
use std::path::Path;

use finetooth_scheduler::event::ObjectiveSummary;
use finetooth_scheduler::search::{Ask, Search};
use finetooth_scheduler::space::{Scale, Value};
use finetooth_scheduler::sweep::{KeyKind, KeySpec, Purpose, Sweep};
use finetooth_scheduler::trial::{Ended, Outcome, Report};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::sample::{Room, Sample, choose};
use super::{Page, Standing, importance_of};
use crate::view::Source;

const SWEEP: &str = "name = \"x\"\nwiden.tau = 0.2\nspace.rate = { low = 0.4, high = 0.6 }\n\
    space.depth = { values = [1, 2, \"</script>\"] }\n\
    stage = [{ name = \"a\", trials = 12, epochs = 3 }, { name = \"b\", trials = 3, epochs = 5 }]";

fn sweep() -> Sweep {
    let key = |name: &str, kind: KeyKind, default: Value| KeySpec {
        table: "train".to_owned(),
        name: name.to_owned(),
        kind,
        default: Some(default),
        limits: Some((0.0, 1.0)),
        scale: Scale::Linear,
        searchable: true,
        supported: true,
        doc: String::new(),
    };
    let keys = [
        key("rate", KeyKind::Float, Value::Float(0.5)),
        key("depth", KeyKind::TextOrInteger, Value::Integer(1)),
    ];
    let columns = columns();
    Sweep::parse(SWEEP, &keys, &columns, &[], Path::new("/"), Purpose::Sweep)
        .unwrap()
        .0
}

fn columns() -> Vec<String> {
    vec!["val_accuracy".to_owned(), "val_loss".to_owned()]
}

/// A search that is driven by hand, with the page that follows it.
struct Driven {
    search: Search,
    page: Page,
    now: Timestamp,
}

fn source(search: &Search) -> Source<'_> {
    Source {
        sweep: search.sweep(),
        leaderboard: search.leaderboard(),
        state: search.state(),
    }
}

impl Driven {
    fn new() -> Self {
        let summary = ObjectiveSummary {
            columns: columns(),
            validation_samples: 0,
            data_fingerprint: String::new(),
            instruction_set: String::new(),
            description: Vec::new(),
        };
        let mut driven = Self {
            search: Search::replay(sweep(), summary, Vec::new()).unwrap(),
            page: Page::default(),
            now: Timestamp::UNIX_EPOCH,
        };
        driven.begin();
        driven
    }

    fn begin(&mut self) {
        self.search.begin("0", SWEEP, "here", 2, self.now);
    }

    fn observe(&mut self, told: &mut impl FnMut(&Page, Source<'_>)) {
        for record in self.search.take_records() {
            self.page
                .take(&record.event, record.at, source(&self.search));
            told(&self.page, source(&self.search));
        }
    }

    /// Trains to the end. The metric rises with the rate; the 11th trial fails, every 4th is interrupted at first, every
    /// 7th diverges. `told` sees the page after every change.
    fn run(&mut self, mut told: impl FnMut(&Page, Source<'_>)) {
        let mut n_asked = 0;
        self.observe(&mut told);
        while let Ask::Run(task) = self.search.ask(n_asked % 2, self.now) {
            n_asked += 1;
            assert!(n_asked < 1000, "the sweep comes to an end");
            let (trial, attempt) = (task.trial.id, task.attempt);
            let number = trial.number();
            let rate = task
                .trial
                .params
                .get("rate")
                .and_then(Value::as_f64)
                .unwrap();
            let is_interrupted = number % 4 == 0 && attempt == 1;
            for epoch in task.from + 1..=task.trial.epochs {
                self.now += SignedDuration::from_millis(1500);
                let accuracy = rate + 0.01 * f64::from(epoch);
                let report = Report {
                    epoch,
                    values: vec![accuracy, 1.0 / accuracy],
                };
                self.search.report(trial, attempt, report, self.now);
                self.observe(&mut told);
                if epoch == 2 && (is_interrupted || number % 7 == 0) {
                    break;
                }
            }
            let reason = "numerical: <b>it</b> left the \"finite\" numbers".to_owned();
            let ended = match number {
                _ if is_interrupted => Ended::Interrupted { epoch: 2 },
                11 => Ended::Outcome(Outcome::Failed { reason }),
                _ if number % 7 == 0 => Ended::Outcome(Outcome::Diverged { epoch: 3, reason }),
                _ => Ended::Outcome(Outcome::Completed),
            };
            self.search.tell(trial, attempt, ended, 1.5, self.now);
            self.observe(&mut told);
            if n_asked % 9 == 0 {
                self.begin();
                self.observe(&mut told);
            }
        }
        self.observe(&mut told);
    }
}

/// What a browser holds, put together from updates by the same rules.
#[derive(Debug, Default, PartialEq)]
struct Browser {
    cursor: u64,
    about: Json,
    progress: Json,
    trials: BTreeMap<u64, Json>,
    curves: BTreeMap<u64, Vec<Json>>,
    lists: BTreeMap<&'static str, Vec<Json>>,
}

impl Browser {
    fn look(&mut self, page: &Page, source: Source<'_>) -> usize {
        let update = page.since(self.cursor, Standing::Running, source);
        let text = serde_json::to_string(&update).unwrap();
        let update: Json = serde_json::from_str(&text).unwrap();
        if update["anew"] == true {
            *self = Self::default();
        }
        self.cursor = update["cursor"].as_u64().unwrap();
        self.progress = update["progress"].clone();
        if let Some(about) = update.get("about") {
            self.about = about.clone();
        }
        for trial in update["trials"].as_array().unwrap() {
            self.trials
                .insert(trial["id"].as_u64().unwrap(), trial.clone());
        }
        for curve in update["curves"].as_array().unwrap() {
            let points = self
                .curves
                .entry(curve["trial"].as_u64().unwrap())
                .or_default();
            points.truncate(curve["from"].as_u64().unwrap() as usize);
            for (index, epoch) in curve["epochs"].as_array().unwrap().iter().enumerate() {
                let column = |column: usize| curve["values"][column][index].clone();
                points.push(serde_json::json!([epoch, column(0), column(1)]));
            }
        }
        for list in ["best", "rounds", "moves"] {
            let new = update[list].as_array().unwrap();
            self.lists
                .entry(list)
                .or_default()
                .extend(new.iter().cloned());
        }
        text.len()
    }
}

#[test]
fn whoever_looks_at_times_holds_the_same_as_who_looks_at_the_end() {
    for every in [1, 3, 17, 100] {
        let mut driven = Driven::new();
        let mut browser = Browser::default();
        let mut n_events = 0;
        driven.run(|page, source| {
            n_events += 1;
            if n_events % every == 0 {
                browser.look(page, source);
            }
        });
        let mut late = Browser::default();
        browser.look(&driven.page, source(&driven.search));
        late.look(&driven.page, source(&driven.search));
        assert!(browser == late, "looking at every {every}");
        let state = driven.search.state();
        assert_eq!(late.trials.len(), state.trials().len());
        assert!(
            late.trials.values().any(|trial| trial["stage"] == 1),
            "{:?}",
            state.finished()
        );
        assert!(
            late.lists["moves"]
                .iter()
                .any(|moved| moved["move"] == "widened_high")
        );
        for record in state.trials() {
            let id = u64::from(record.trial.id.number());
            let points = late.curves.get(&id).map_or(0, Vec::len);
            assert_eq!(points, record.reports.len(), "trial {id}");
        }
    }
}

#[test]
fn an_update_costs_what_changed_and_not_what_there_is() {
    let mut driven = Driven::new();
    let mut browser = Browser::default();
    let mut sizes = Vec::new();
    driven.run(|page, source| sizes.push(browser.look(page, source)));
    let whole = Browser::default().look(&driven.page, source(&driven.search));
    sizes.sort_unstable();
    let median = sizes[sizes.len() / 2];
    assert!(median * 8 < whole, "{median} of {whole} bytes");
}

#[test]
fn trials_are_counted_by_what_became_of_them() {
    let mut driven = Driven::new();
    driven.run(|_, _| {});
    let mut browser = Browser::default();
    browser.look(&driven.page, source(&driven.search));
    for state in ["completed", "failed", "diverged"] {
        let shown = browser
            .trials
            .values()
            .filter(|trial| trial["state"] == state);
        let counted = browser.progress["counts"][state].as_u64().unwrap();
        assert_eq!(counted, shown.count() as u64, "{state}");
        assert!(counted > 0, "{state}");
    }
    let retried = driven.search.retry_failed(driven.now);
    driven.observe(&mut |_, _| {});
    browser.look(&driven.page, source(&driven.search));
    let mut late = Browser::default();
    late.look(&driven.page, source(&driven.search));
    assert!(browser == late);
    let failed = browser.progress["counts"]["failed"].as_u64().unwrap();
    let states = browser
        .trials
        .values()
        .filter(|trial| trial["state"] == "failed");
    assert_eq!(failed, states.count() as u64, "{} retried", retried.len());
}

#[test]
fn what_failures_cut_off_is_in_the_results_again_when_they_are_retried() {
    let mut driven = Driven::new();
    // Of two trials at once the first fails when the second is done: a fifth of 12 is reached with trial 5.
    while let Ask::Run(task) = driven.search.ask(0, driven.now) {
        let Ask::Run(beside) = driven.search.ask(1, driven.now) else {
            panic!("an even number of trials is planned");
        };
        let reason = "exit: it ended with code 1".to_owned();
        let ends = [
            (beside.trial.id, Outcome::Completed),
            (task.trial.id, Outcome::Failed { reason }),
        ];
        for (trial, outcome) in ends {
            let ended = Ended::Outcome(outcome);
            driven.search.tell(trial, 1, ended, 1.0, driven.now);
        }
    }
    driven.observe(&mut |_, _| {});
    let mut browser = Browser::default();
    browser.look(&driven.page, source(&driven.search));
    assert_eq!(browser.trials[&6]["state"], "after the end");
    driven.search.retry_failed(driven.now);
    driven.observe(&mut |_, _| {});
    browser.look(&driven.page, source(&driven.search));
    let mut late = Browser::default();
    late.look(&driven.page, source(&driven.search));
    assert!(browser == late, "{:#?}", browser.trials);
    assert_eq!(browser.trials[&6]["state"], "completed");
}

#[test]
fn the_key_that_decides_is_found_to_matter_and_always_by_the_same_share() {
    let mut driven = Driven::new();
    driven.run(|_, _| {});
    let found = importance_of(source(&driven.search)).unwrap();
    let share = |key: &str| {
        let found = found.keys.iter().find(|one| one.key == key);
        found.unwrap().share
    };
    assert!(share("rate") > 0.5, "{found:?}");
    assert!(share("depth") < 0.1, "{found:?}");
    assert_eq!(importance_of(source(&driven.search)), Some(found));
}

#[test]
fn too_few_trials_say_nothing_of_the_keys() {
    let driven = Driven::new();
    assert_eq!(importance_of(source(&driven.search)), None);
}

#[test]
fn a_page_that_is_full_holds_every_so_many_th_trial_and_the_best_and_says_so() {
    let mut driven = Driven::new();
    driven.run(|_, _| {});
    let source = source(&driven.search);
    let n = source.state.trials().len();
    let best = source.state.finished().unwrap().1.unwrap().index() as u32;
    let room = |trials: usize, numbers: usize| Room {
        trials,
        numbers,
        best: 2,
    };
    let told = |changes, anew, room| choose(changes, source, anew, room);

    let all = told(&driven.page.changes, true, room(n, 1_000_000));
    assert_eq!(all.rows, (0..n as u32).collect::<Vec<_>>());
    assert_eq!((all.curves.len(), all.left_out), (n, None));

    let few = told(&driven.page.changes, true, room(n / 4, 1_000_000));
    for index in 0..n as u32 {
        let is_told = few.rows.contains(&index);
        assert!(is_told || index % 8 != 0, "trial {index} is one in eight");
    }
    assert!(
        few.rows.contains(&best) && few.rows.len() < n / 2,
        "{:?}",
        few.rows
    );
    let sentence = few.left_out.unwrap();
    assert!(
        sentence.starts_with(&format!("{n} trials: this page holds one in ")),
        "{sentence}"
    );

    // curves alone are too much; of what changes later the same trials are told
    let rows = told(&driven.page.changes, true, room(n, 40));
    assert_eq!(rows.rows.len(), n);
    assert!(rows.curves.len() < n / 2 && rows.curves.iter().any(|curve| curve.trial == best));
    let later = told(&driven.page.changes, false, room(n, 40));
    let of = |sample: &Sample| {
        sample
            .curves
            .iter()
            .map(|curve| curve.trial)
            .collect::<Vec<_>>()
    };
    assert!(of(&later).iter().all(|trial| of(&rows).contains(trial)));
    assert!(rows.left_out.unwrap().contains("the curves of one in "));
}
