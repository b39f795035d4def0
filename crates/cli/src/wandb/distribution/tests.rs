use super::super::yaml::parse;
use super::*;
use finetooth_scheduler::number::shortest;

#[track_caller]
fn read_of(distribution: &str, rest: &str) -> Result<Read, Box<Mistake>> {
    let node = parse(&format!("a: {{{rest}}}")).unwrap();
    read(&node.entries()[0], distribution)
}

/// `low high`, then what the range is beside.
#[track_caller]
fn check(distribution: &str, rest: &str, expected: &str) {
    let found = match read_of(distribution, rest).unwrap().values {
        Values::Range(range) => {
            let mut text = format!("{} {}", shortest(range.low), shortest(range.high));
            if range.is_whole {
                text += " whole";
            }
            if range.is_log {
                text += " log";
            }
            if let Some(step) = range.step {
                text = format!("{text} step {}", shortest(step));
            }
            text
        }
        Values::Choice(items) => {
            let items = items.iter().map(super::super::literal::argument);
            items.collect::<Vec<_>>().join(" ")
        }
        Values::Constant(item) => format!("={}", super::super::literal::argument(&item)),
    };
    assert_eq!(found, expected, "{distribution} {rest}");
}

#[test]
fn uniform_ranges_are_ranges() {
    check("uniform", "min: 0, max: 1", "0.0 1.0");
    check("int_uniform", "min: -1, max: 9", "-1.0 9.0 whole");
    check("uniform", "min: 0.5, max: 0.5", "=0.5");
    check("int_uniform", "min: 5, max: 5", "=5");
}

/// NumPy's round(x / q) · q at both ends, which rounds halves to even ones.
#[test]
fn steps_end_on_multiples_of_theirs() {
    check(
        "q_uniform",
        "min: 8, max: 64, q: 8",
        "8.0 64.0 whole step 8.0",
    );
    check(
        "q_uniform",
        "min: 1, max: 30, q: 8",
        "0.0 32.0 whole step 8.0",
    );
    check(
        "q_uniform",
        "min: 0, max: 0.5, q: 0.05",
        "0.0 0.5 step 0.05",
    );
    check(
        "q_uniform",
        "min: 0.1, max: 0.7, q: 0.2",
        "0.0 0.6 step 0.2",
    );
    check("q_uniform", "min: 1, max: 9", "1.0 9.0 whole");
    check("q_uniform", "min: 0, max: 1, q: 10", "=0");
    check("q_uniform", "min: 0, max: 1, q: 1.0e-9", "0.0 1.0");
}

/// e^-9.2103404 = 1e-4 and e^-2.3025851 = 0.1 to eight digits.
#[test]
fn exponents_of_e_become_values() {
    check(
        "log_uniform",
        "min: -9.2103404, max: -2.3025851",
        "0.0001 0.1 log",
    );
    check(
        "inv_log_uniform",
        "min: 2.3025851, max: 9.2103404",
        "0.0001 0.1 log",
    );
    check(
        "log_uniform_values",
        "min: 1.0e-5, max: 0.1",
        "1e-5 0.1 log",
    );
    check(
        "inv_log_uniform_values",
        "min: 0.9, max: 0.999",
        "0.9 0.999 log",
    );
    let changes = read_of("log_uniform", "min: 0.0001, max: 0.1")
        .unwrap()
        .changes;
    assert!(
        changes[0].contains("if min and max are meant as values"),
        "{changes:?}"
    );
}

/// 16·(512/16)^(k/11) to the next multiple of 16.
#[test]
fn logarithmic_ranges_with_steps_are_lists() {
    check(
        "q_log_uniform_values",
        "min: 16, max: 512, q: 16",
        "16 32 48 64 80 112 144 192 272 368 512",
    );
    check(
        "q_log_uniform_values",
        "min: 1, max: 1000, q: 1",
        "1.0 1000.0 whole log",
    );
    check(
        "q_log_uniform",
        "min: 0, max: 6.9077553",
        "1.0 1000.0 whole log",
    );
    check(
        "q_log_uniform_values",
        "min: 0.1, max: 0.12, q: 0.1",
        "=0.1",
    );
    check("q_log_uniform_values", "min: 0.1, max: 0.2, q: 5", "=5");
}

/// Two standard deviations around the mean; of beta(2, 2) these are 0.5 ± 2·√0.05, of beta(1, 1) more than all.
#[test]
fn bell_curves_become_the_middle_of_them() {
    check("normal", "mu: 0.5, sigma: 0.1", "0.3 0.7");
    check("normal", "", "-2.0 2.0");
    check(
        "q_normal",
        "mu: 64, sigma: 10, q: 8",
        "48.0 80.0 whole step 8.0",
    );
    check(
        "log_normal",
        "mu: -4.6051702, sigma: 1.1512925",
        "0.001 0.1 log",
    );
    check("q_log_normal", "mu: 3, sigma: 0.5", "7.0 55.0 whole log");
    check("beta", "a: 2, b: 2", "0.05279 0.9472");
    check("beta", "", "0.0 1.0");
    check("q_beta", "a: 1, b: 1, q: 0.25", "0.0 1.0 step 0.25");
    check("normal", "mu: 3, sigma: 0", "=3.0");
}

#[track_caller]
fn refused(distribution: &str, rest: &str, expected: &str) {
    let mistake = read_of(distribution, rest).unwrap_err();
    assert!(mistake.message.contains(expected), "{}", mistake.message);
    assert!(mistake.help.is_some() && mistake.span.is_some());
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    refused("uniform", "min: 1", "`a` has no max");
    refused("uniform", "min: 2, max: 1", "min = 2 above max = 1");
    refused(
        "uniform",
        "min: .nan, max: 1",
        "min of `a` is not a finite number",
    );
    refused(
        "uniform",
        "min: 0, max: .inf",
        "max of `a` is not a finite number",
    );
    refused(
        "uniform",
        "min: inf, max: 1",
        "min of `a` is not a finite number",
    );
    refused(
        "uniform",
        "min: [1], max: 1",
        "min of `a` is not a finite number",
    );
    refused("uniform", "min: -1.0e+308, max: 1.0e+308", "wider than");
    refused(
        "int_uniform",
        "min: 1, max: 1.5",
        "max of `a` is no whole number",
    );
    refused(
        "int_uniform",
        "min: 1, max: 9223372036854775807",
        "up to 2^53",
    );
    refused(
        "log_uniform_values",
        "min: 0, max: 1",
        "no logarithmic scale",
    );
    refused("log_uniform", "min: 1, max: 1000", "no logarithmic scale");
    refused(
        "q_uniform",
        "min: 0, max: 1, q: 0",
        "q of `a` is a number above 0",
    );
    refused(
        "normal",
        "sigma: -1",
        "sigma of `a` is a number of at least 0",
    );
    refused("beta", "a: 0", "a of `a` is a number above 0");
}

#[test]
fn a_number_that_yaml_takes_for_a_text_is_one_and_told() {
    let read = read_of("log_uniform_values", "min: 1e-5, max: '0.1'").unwrap();
    let Values::Range(range) = read.values else {
        panic!("a range")
    };
    assert_eq!((range.low, range.high), (1e-5, 0.1));
    assert_eq!(read.changes.len(), 2, "{:?}", read.changes);
    assert!(read.changes[0].starts_with("min: 1e-5 is a text in YAML"));
}
