//! What a trial of a user's program costs beside the program: starting `true` under a supervisor, and by itself.
//!
//! Aim: at most 5 ms more. The supervisor is this program executed again, which is about as large as finetooth.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group};
use finetooth_objective::process::{Child, End, Spec, supervise};

/// Set in the supervisor's environment.
const IS_SUPERVISOR: &str = "FINETOOTH_BENCH_SUPERVISOR";

fn process(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("process");
    group.bench_function("by itself", |bencher| {
        bencher.iter(|| {
            let mut command = Command::new("true");
            let output = command.stdin(Stdio::null()).output().unwrap();
            assert!(output.status.success());
        });
    });
    let spec = Spec {
        argv: vec!["true".to_owned()],
        directory: PathBuf::from("/"),
        grace_seconds: 1.0,
        seconds: None,
        memory_bytes: None,
    };
    let supervisor = [env::current_exe().unwrap().into_os_string()];
    let environment = [(IS_SUPERVISOR.to_owned(), "1".into())];
    group.bench_function("under a supervisor", |bencher| {
        bencher.iter(|| {
            let mut child = Child::start(&spec, &supervisor, &environment).unwrap();
            assert_eq!(child.wait(), End::Exited(0));
        });
    });
    group.finish();
}

criterion_group!(benches, process);

fn main() {
    if env::var_os(IS_SUPERVISOR).is_some() {
        return supervise().unwrap();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
