//! `finetooth simulate`.

use std::fmt::Write as _;

use crate::sandbox::{Said, Sandbox};

const SWEEP: &str = r#"
name = "s"
seed = 3
[model]
kind = "mlp"
[space.learning_rate]
low = 1e-4
high = 1e-1
scale = "log"
[space.l2]
low = 1e-6
high = 1e-1
scale = "log"
zero = 0.1
[space.optimizer]
values = ["sgd", "adam"]
[space.beta1]
low = 0.8
high = 0.99
when = { optimizer = "adam" }
[space.hidden]
low = 16
high = 128
order = 2
"#;

#[track_caller]
fn check_code(said: &Said, code: i32) {
    assert_eq!(said.code, code, "{}", said.err);
}

fn json(said: &Said) -> serde_json::Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.out))
}

fn results(sandbox: &Sandbox, directory: &str) -> Vec<String> {
    let names = ["trials.csv", "epochs.csv", "stages.csv", "best.toml"];
    names
        .map(|name| sandbox.read(&format!("{directory}/{name}")))
        .to_vec()
}

#[test]
fn results_are_the_same_for_any_number_of_virtual_workers() {
    let sandbox = Sandbox::new();
    for proposals in ["random", "gp"] {
        let sweep = format!("{SWEEP}[search]\nproposals = \"{proposals}\"\n");
        sandbox.write("s.toml", &sweep);
        let one = format!("{proposals}-1");
        check_code(&sandbox.run(&["simulate", "s.toml", "--out", &one]), 0);
        for workers in ["2", "5", "16", "64"] {
            let other = format!("{proposals}-{workers}");
            let mut args = vec!["simulate", "s.toml", "--out", &other];
            args.extend(["--workers", workers, "--stragglers", "0.1"]);
            check_code(&sandbox.run(&args), 0);
            assert!(
                results(&sandbox, &one) == results(&sandbox, &other),
                "{proposals} with {workers} workers"
            );
        }
    }
}

#[test]
fn a_misplaced_range_is_found_out_of() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", SWEEP);
    let said = sandbox.run(&["simulate", "s.toml", "--misplaced", "1", "--json"]);
    check_code(&said, 0);
    let told = json(&said);
    let regret = told["regret"].as_f64().expect("a number");
    assert!(regret < 0.05, "{told}");
    let stages = sandbox.read("results/s-simulated/stages.csv");
    assert!(stages.contains("widened"));
    let first = told["anytime"][0]["regret"].as_f64().expect("a number");
    assert!(first > regret, "{told}");
}

/// The coarse and the last part, in which workers wait, are short beside the rest.
#[test]
fn workers_are_busy() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", SWEEP);
    for (workers, parallel, least) in [(2, 4, 0.97), (16, 8, 0.80), (16, 16, 0.93), (64, 64, 0.90)]
    {
        let (workers, parallel) = (workers.to_string(), format!("search.parallel={parallel}"));
        let mut args = vec!["simulate", "s.toml", "--json", "--workers", &workers];
        args.extend([
            "--set",
            &parallel,
            "--set",
            "search.budget=1000",
            "--out",
            &parallel,
        ]);
        let said = sandbox.run(&args);
        check_code(&said, 0);
        let busy = json(&said)["utilisation"].as_f64().expect("a number");
        println!("{workers} workers, {parallel}: {busy}");
        assert!(busy > least, "{workers} workers, {parallel}: {busy}");
    }
}

#[test]
fn recorded_curves_are_searched() {
    let sandbox = Sandbox::new();
    let mut table = "learning_rate,l2,epoch,val_accuracy\n".to_owned();
    for place in 0..=40 {
        let rate = 10_f64.powf(-4.0 + 3.0 * f64::from(place) / 40.0);
        for l2 in ["0.0", "0.001", "0.1"] {
            for epoch in 1..=9 {
                let quality = 0.9 - 0.3 * (rate.log10() + 2.5).powi(2);
                let accuracy = quality * f64::from(epoch) / (1.0 + f64::from(epoch));
                let _ = writeln!(table, "{rate},{l2},{epoch},{accuracy}");
            }
        }
    }
    sandbox.write("curves.csv", &table);
    let sweep = "name = \"c\"\n[space]\nlearning_rate = { low = 1e-4, high = 1e-1, scale = \"log\" }\n\
                 l2 = { low = 1e-4, high = 1e-1, scale = \"log\", zero = 0.2 }\n[search]\nepochs = 9\n";
    sandbox.write("c.toml", sweep);
    let said = sandbox.run(&["simulate", "c.toml", "--curves", "curves.csv", "--json"]);
    check_code(&said, 0);
    let regret = json(&said)["regret"].as_f64().expect("a number");
    assert!(regret < 0.01, "{}", said.out);

    sandbox.write("curves.csv", &table.replace("epoch,val", "epoch,"));
    let said = sandbox.run(&["simulate", "c.toml", "--curves", "curves.csv"]);
    check_code(&said, 2);
    let told = "`curves.csv`: line 1 has no column `val_accuracy`";
    assert!(said.err.contains(told), "{}", said.err);
    let said = sandbox.run(&["simulate", "c.toml", "--curves", "nowhere.csv"]);
    check_code(&said, 2);
    assert!(
        said.err.contains("cannot read `nowhere.csv`"),
        "{}",
        said.err
    );
}
