//! How a sweep goes: W&B's `method`, `run_cap` and `early_terminate` as `[search]` or `[[stage]]`, `[widen]` and `[prune]`.

use std::fmt::Write as _;

use super::told::{Told, mistake, nearest, shown};
use super::yaml::{Entry, Item, Node, Place};

/// Most trials and epochs that a definition of ours takes.
const MOST: i64 = 1_000_000;
/// Trials of a random search that has no end, full trainings of one by a model.
const ENDLESS: (u32, u32) = (32, 20);
/// Trials of a grid over a continuum.
const OF_CONTINUUM: u32 = 100;
const METHODS: [&str; 3] = ["grid", "random", "bayes"];

/// How many values a searched key has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// A list of so many.
    Listed(u64),
    /// A range of so many whole numbers or steps.
    Counted(u64),
    /// A range without steps.
    Continuum,
}

/// How long a program trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) epochs: u32,
    /// Whether the file says so.
    pub(super) is_known: bool,
}

/// What `early_terminate` asks for.
struct Early {
    place: Place,
    /// Where trials may first be stopped.
    first: u32,
    last: Option<u32>,
}

/// The tables, and how long a trial trains; `epochs` are those that a parameter names.
pub(super) fn search(
    root: &Node,
    epochs: Option<u32>,
    sizes: &[Size],
    told: &mut Told,
) -> (String, Length) {
    let early = early(root, told);
    let logged = early.as_ref().and_then(|early| early.last);
    let length = Length {
        epochs: epochs.or(logged).unwrap_or(1),
        is_known: epochs.or(logged).is_some(),
    };
    let cap = run_cap(root, told);
    let Some((entry, method)) = method(root, told) else {
        return (String::new(), length);
    };
    let text = match method {
        "bayes" => bayes(entry, cap, early, length, told),
        "random" => {
            let trials = cap.unwrap_or(ENDLESS.0);
            if cap.is_none() {
                told.change(
                    &entry.place,
                    format!(
                        "method: random goes on for ever without run_cap; here {trials} trials"
                    ),
                );
            } else {
                told.carry(&entry.place, "method: random, as a stage");
            }
            stage("random", "random", trials, length) + &prune(early, length, told)
        }
        _ => {
            let (sampler, trials) = grid(entry, cap, sizes, told);
            stage("grid", sampler, trials, length) + &prune(early, length, told)
        }
    };
    (text, length)
}

fn method<'a>(root: &'a Node, told: &mut Told) -> Option<(&'a Entry, &'static str)> {
    let Some(entry) = root.entry("method") else {
        told.wrong(mistake(
            &root.place,
            "there is no `method`",
            "",
            "write method: grid, random or bayes",
        ));
        return None;
    };
    let word = entry.node.text().unwrap_or_default();
    if let Some(known) = METHODS.iter().find(|known| **known == word) {
        return Some((entry, known));
    }
    let help = match nearest(word, &METHODS) {
        Some(near) => format!("did you mean {near}?"),
        None => "write grid, random or bayes".to_owned(),
    };
    let message = match word {
        "custom" => {
            "the method `custom` leaves the search to a scheduler of its own, which is not run here"
                .to_owned()
        }
        _ => format!("the method `{}` is not known", shown(word)),
    };
    told.wrong(mistake(&entry.node.place, &message, "here", &help));
    None
}

fn run_cap(root: &Node, told: &mut Told) -> Option<u32> {
    let entry = root.entry("run_cap")?;
    if let Item::Integer(cap @ 1..=MOST) = entry.node.item {
        told.carry(&entry.place, format!("run_cap: {cap}"));
        return Some(cap as u32);
    }
    told.wrong(mistake(
        &entry.node.place,
        &format!("`run_cap` is a whole number from 1 to {MOST}"),
        "here",
        "write how many trials there may be, like run_cap: 40",
    ));
    None
}

fn bayes(
    entry: &Entry,
    cap: Option<u32>,
    early: Option<Early>,
    length: Length,
    told: &mut Told,
) -> String {
    told.change(
        &entry.place,
        "method: bayes is [search] with proposals = \"gp\": points from a Gaussian process too, in generations that begin brief, \
         with run_cap as its budget in full trainings",
    );
    let budget = cap.unwrap_or(ENDLESS.1).max(6);
    match cap {
        None => told.change(
            &entry.place,
            format!(
                "bayes goes on for ever without run_cap; here a budget of {budget} full trainings"
            ),
        ),
        Some(cap) if cap < budget => told.change(
            &entry.place,
            format!("run_cap: {cap} full trainings are no search; here {budget}, the least"),
        ),
        Some(_) => {}
    }
    if let Some(early) = early {
        if length.epochs > 1 {
            told.change(
                &early.place,
                "early_terminate: the search itself trains all trials briefly and goes on with the best third, three times; its brackets are \
                 those of [search]",
            );
        } else {
            told.leave(&early.place, NO_EPOCHS);
        }
    }
    format!(
        "\n[search]\nproposals = \"gp\"\nepochs    = {:<12} {}\nbudget    = {budget:<12} # in full trainings\n{}",
        length.epochs,
        epochs_comment(length),
        widen()
    )
}

const NO_EPOCHS: &str = "early_terminate: how many epochs the program trains is not known; once `epochs` below says so, [search] sorts trials \
                         out by itself, and beside [[stage]] a table [prune] with rule = \"median\" does";

fn stage(name: &str, sampler: &str, trials: u32, length: Length) -> String {
    format!(
        "\n[[stage]]\nname    = \"{name}\"\nsampler = \"{sampler}\"\ntrials  = {trials}\nepochs  = {:<12} {}\n{}",
        length.epochs,
        epochs_comment(length),
        widen()
    )
}

fn epochs_comment(length: Length) -> &'static str {
    if length.is_known {
        "# of one full training"
    } else {
        "# lines with the metric that the program prints: the first alone counts; write how many if it prints one an epoch"
    }
}

fn widen() -> &'static str {
    "\n[widen]\nmax_rounds = 0             # ranges stay where they are, as at W&B; without this table one moves outward where the best lie at its end\n"
}

/// Sampler and number of trials of a grid.
fn grid(entry: &Entry, cap: Option<u32>, sizes: &[Size], told: &mut Told) -> (&'static str, u32) {
    let product = |of: &dyn Fn(Size) -> u64| {
        let counts = sizes.iter().map(|size| of(*size));
        counts.fold(1, u64::saturating_mul)
    };
    // Both ends of ranges, and every value of lists.
    let least = product(&|size| match size {
        Size::Listed(n) => n,
        Size::Counted(_) | Size::Continuum => 2,
    });
    let all = product(&|size| match size {
        Size::Listed(n) | Size::Counted(n) => n,
        Size::Continuum => 1,
    });
    let is_continuous = sizes.contains(&Size::Continuum);
    let most = u64::from(cap.unwrap_or(MOST as u32));
    if least > most {
        let trials = most as u32;
        told.change(
            &entry.place,
            format!(
                "method: grid has at least {least} points, of which W&B would take the first {trials}; here {trials} that are spread over all of them"
            ),
        );
        return ("sobol", trials);
    }
    if is_continuous {
        let trials = cap.unwrap_or_else(|| OF_CONTINUUM.max(least as u32));
        told.change(
            &entry.place,
            format!("method: grid, of ranges without steps so many evenly spaced values as fit into {trials} trials"),
        );
        return ("grid", trials);
    }
    if all > most {
        let trials = most as u32;
        told.change(
            &entry.place,
            format!(
                "method: grid has {all} points; here a coarser one that fits into {trials} trials"
            ),
        );
        return ("grid", trials);
    }
    told.carry(&entry.place, format!("method: grid, of {all} points"));
    ("grid", all as u32)
}

fn prune(early: Option<Early>, length: Length, told: &mut Told) -> String {
    let Some(early) = early else {
        return String::new();
    };
    if length.epochs < 2 {
        told.leave(&early.place, NO_EPOCHS);
        return String::new();
    }
    told.change(
        &early.place,
        "early_terminate: a trial is stopped where its best so far is worse than the median of the others' at that epoch ([prune])",
    );
    let mut text = "\n[prune]\nrule       = \"median\"     # was hyperband\n".to_owned();
    let _ = writeln!(text, "min_epochs = {}", early.first.clamp(1, length.epochs));
    text
}

fn early(root: &Node, told: &mut Told) -> Option<Early> {
    const KEYS: [&str; 6] = ["type", "min_iter", "max_iter", "s", "eta", "strict"];
    let entry = root.entry("early_terminate")?;
    if entry.node.item == Item::Null {
        return None;
    }
    if !matches!(entry.node.item, Item::Table(_)) {
        told.wrong(mistake(
            &entry.node.place,
            "`early_terminate` is not a table",
            "here",
            "write type: hyperband and min_iter: 3 below it, or remove it",
        ));
        return None;
    }
    for other in entry.node.entries() {
        if !KEYS.contains(&other.name.as_str()) {
            told.leave(
                &other.place,
                format!(
                    "`{}` of early_terminate: W&B has no such key",
                    shown(&other.name)
                ),
            );
        }
    }
    let kind = entry.node.get("type").and_then(Node::text);
    if kind != Some("hyperband") {
        let kind = shown(kind.unwrap_or_default());
        told.leave(
            &entry.place,
            format!("early_terminate: the type `{kind}` is not known, W&B has hyperband"),
        );
        return None;
    }
    let mut number = |key: &str, least: f64, accepted: &str| {
        let node = entry.node.get(key)?;
        let number = match node.item {
            Item::Integer(whole) => Some(whole as f64),
            Item::Float(number) => Some(number),
            _ => None,
        };
        let number = number.filter(|number| (least..=MOST as f64).contains(number));
        if number.is_none() {
            told.wrong(mistake(
                &node.place,
                &format!("`{key}` of early_terminate is {accepted}"),
                "here",
                "write such a number, or remove it",
            ));
        }
        number
    };
    let min = number("min_iter", 1.0, "a whole number from 1");
    let max = number("max_iter", 1.0, "a whole number from 1");
    let (s, eta) = (
        number("s", 0.0, "a number of at least 0"),
        number("eta", 1.0, "a number above 1"),
    );
    // The first bracket of s from the end, each η times the one before.
    let from_end = max.map(|max| max / eta.unwrap_or(3.0).powf(s.unwrap_or(0.0)));
    let first = min.or(from_end).unwrap_or(1.0);
    Some(Early {
        place: entry.place.clone(),
        first: (first as u32).max(1),
        last: max.map(|max| max as u32),
    })
}
