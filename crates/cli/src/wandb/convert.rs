//! A whole definition, and what became of every part of the file it was made from.

use std::fmt::Write as _;

use finetooth_scheduler::sweep::{FIXED_COLUMNS, Mistakes};

use super::command::{Given, escaped};
use super::distribution::{Range, Values};
use super::literal::{Passing, argument, toml_text};
use super::parameter::Parameter;
use super::search::Size;
use super::space::Space;
use super::told::{Note, Told, mistake, nearest, one_line, shown};
use super::yaml::{Item, Node};
use super::{command, metric, parameter, search, yaml};

/// A definition file, and what a person has to know of it, each with the line of W&B's file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Converted {
    pub(crate) text: String,
    /// What says the same here.
    pub(crate) carried: Vec<Note>,
    /// What means something else.
    pub(crate) changed: Vec<Note>,
    /// What is not there any more.
    pub(crate) left_out: Vec<Note>,
}

/// Names of parameters that say how long a program trains.
const EPOCHS: [&str; 8] = [
    "epochs",
    "epoch",
    "n_epochs",
    "num_epochs",
    "max_epochs",
    "nb_epochs",
    "train_epochs",
    "num_train_epochs",
];
/// Most epochs of a training.
const MOST_EPOCHS: i64 = 1_000_000;

/// Keys of W&B's that are read by a file of their own.
const READ: [&str; 7] = [
    "program",
    "method",
    "metric",
    "parameters",
    "early_terminate",
    "command",
    "run_cap",
];

/// Turns the sweep configuration `text` of W&B, from a file of that name, into a definition; `stem` is what the sweep is called where
/// the file does not say so.
///
/// # Errors
/// Everything in it that is wrong, each at its place.
pub(crate) fn convert(text: &str, file: &str, stem: &str) -> Result<Converted, Mistakes> {
    let root = yaml::parse(text).map_err(|mistake| Mistakes(vec![*mistake]))?;
    let mut told = Told::default();
    if !matches!(root.item, Item::Table(_)) {
        return Err(Mistakes(vec![*mistake(
            &root.place,
            "this is no sweep of W&B, which is a table",
            "here",
            "it has keys like program, method, metric and parameters",
        )]));
    }
    let name = name(&root, stem, &mut told);
    let description = others(&root, &mut told);
    let passing = command::passing(&root);
    let parameters = parameter::read(&root, passing, &mut told);
    let metric = metric::read(&root, &mut told);
    let plan = plan(&parameters, passing, &metric.name, &mut told);
    if plan.sizes.is_empty()
        && told.is_sound()
        && let Some(entry) = root.entry("parameters")
    {
        told.wrong(mistake(
            &entry.place,
            "none of the `parameters` has more than one value: nothing would be searched",
            "here",
            "give one of them values, or min and max",
        ));
    }
    let argv = command::argv(&root, &plan.given, &mut told);
    let (search, length) = search::search(
        &root,
        plan.epochs.as_ref().map(|(_, n)| *n),
        &plan.sizes,
        &mut told,
    );
    let told = told.end()?;
    let mut text = head(file, &metric, &plan, length.is_known);
    if let Some(description) = description {
        let _ = writeln!(text, "#\n# {description}");
    }
    list(&mut text, "What means something else now", &told.changed);
    list(&mut text, "What was left out", &told.left_out);
    let _ = writeln!(text, "\nname   = {}", toml_text(&name));
    if let Some(seed) = plan.sweep_seed {
        let _ = writeln!(text, "seed   = {seed}");
    }
    let _ = writeln!(text, "metric = {}", metric.written);
    let style = if command::is_bare(&root) {
        "style = \"key=value\"\n"
    } else {
        ""
    };
    let _ = writeln!(
        text,
        "\n[command]\nargv = {argv}\n{style}# directory = \".\"           # where it runs, relative to this file; W&B runs it where its agent was started\n\
         # env = {{ WANDB_MODE = \"offline\" }}   # where it calls wandb.init"
    );
    text.push_str(&plan.space);
    text.push_str(&search);
    Ok(Converted {
        text,
        carried: told.carried,
        changed: told.changed,
        left_out: told.left_out,
    })
}

/// What the parameters come to.
#[derive(Default)]
struct Plan {
    /// Tables of `[space]`.
    space: String,
    sizes: Vec<Size>,
    given: Given,
    /// The parameter that says how long a program trains, and how many epochs that is.
    epochs: Option<(String, u32)>,
    sweep_seed: Option<i64>,
}

fn plan(parameters: &[Parameter], passing: Passing, metric: &str, told: &mut Told) -> Plan {
    let mut plan = Plan::default();
    let names: Vec<String> = parameters.iter().map(Parameter::name).collect();
    let mut leaves: Vec<(&[String], String)> = Vec::new();
    let mut has_seed = false;
    for (parameter, name) in parameters.iter().zip(&names) {
        let (place, shown_name) = (&parameter.place, shown(name));
        let last = name.rsplit('.').next().unwrap_or_default();
        let mut fixed = |value: String, flag| {
            plan.given.fixed.push((name.clone(), value, flag));
        };
        if EPOCHS.contains(&last)
            && plan.epochs.is_none()
            && let Some(epochs) = most(&parameter.values)
        {
            let of = match parameter.values {
                Values::Constant(_) => "",
                _ => ", the most of its values",
            };
            told.change(
                place,
                format!(
                    "{shown_name}: how far a trial is trained, {epochs} at most{of}; W&B passes it as it is, here trials may begin with few \
                     epochs, and be continued"
                ),
            );
            fixed("{epochs}".to_owned(), None);
            leaves.push((&parameter.path, "{epochs}".to_owned()));
            plan.epochs = Some((name.clone(), epochs));
            continue;
        }
        if last == "seed" && !has_seed {
            has_seed = true;
            fixed("{seed}".to_owned(), None);
            leaves.push((&parameter.path, "{seed}".to_owned()));
            if let Values::Constant(Item::Integer(seed @ 0..=0x7fff_ffff)) = parameter.values {
                plan.sweep_seed = Some(seed);
            }
            told.change(
                place,
                format!(
                    "{shown_name}: another one in each trial, which follows from the sweep's own"
                ),
            );
            continue;
        }
        if let Values::Constant(item) = &parameter.values
            && passing != Passing::File
        {
            let flag = match item {
                Item::Bool(flag) => Some(*flag),
                _ => None,
            };
            fixed(escaped(&argument(item)), flag);
            leaves.push((
                &parameter.path,
                escaped(&super::literal::json(item).to_string()),
            ));
            match parameter.changes.as_slice() {
                [] => told.carry(
                    place,
                    format!("{shown_name}: the same in every trial, in argv"),
                ),
                changes => told.change(place, format!("{shown_name}: {}", changes.join("; "))),
            }
            continue;
        }
        let key = key(name, &names, metric, passing);
        let space = Space::of(parameter, &key, passing);
        leaves.push((&parameter.path, space.placeholder.clone()));
        match space.changes.as_slice() {
            [] => told.carry(place, format!("{shown_name}: {}", space.summary)),
            changes => told.change(place, format!("{shown_name}: {}", changes.join("; "))),
        }
        plan.given.has_searched = true;
        if !matches!(parameter.values, Values::Constant(_)) {
            plan.sizes.push(size(&parameter.values));
        }
        plan.space.push_str(&space.text);
    }
    if passing == Passing::File && (plan.epochs.is_some() || has_seed) {
        let place = &parameters[0].place;
        told.change(
            place,
            "the file of the values does not hold epochs and seed: FINETOOTH_EPOCHS and FINETOOTH_SEED do",
        );
    }
    plan.given.json = object(&leaves, 0);
    plan
}

/// The key of `[space]`: the name itself, unless a column of the results or a placeholder has it.
fn key(name: &str, names: &[String], metric: &str, passing: Passing) -> String {
    const KEPT: [&str; 4] = ["train_loss", "train_accuracy", "val_loss", "val_accuracy"];
    let is_taken = FIXED_COLUMNS.contains(&name)
        || KEPT.contains(&name)
        || name == metric
        || passing == Passing::Json && ["args", "params_json"].contains(&name);
    let mut key = name.to_owned();
    while is_taken && (key == name || names.contains(&key)) {
        key = format!("my_{key}");
    }
    key
}

fn size(values: &Values) -> Size {
    match values {
        Values::Constant(_) => Size::Listed(1),
        Values::Choice(items) => Size::Listed(items.len() as u64),
        Values::Range(Range {
            low,
            high,
            is_whole,
            is_log,
            step,
            ..
        }) => match step {
            Some(step) => Size::Counted(((high - low) / step).round() as u64 + 1),
            None if *is_whole && !is_log => Size::Counted((high - low) as u64 + 1),
            None => Size::Continuum,
        },
    }
}

/// The largest of values that are all whole numbers of epochs.
fn most(values: &Values) -> Option<u32> {
    let whole = |item: &Item| match item {
        Item::Integer(whole @ 1..=MOST_EPOCHS) => Some(*whole as u32),
        Item::Float(real) if real.fract() == 0.0 && (1.0..=MOST_EPOCHS as f64).contains(real) => {
            Some(*real as u32)
        }
        _ => None,
    };
    match values {
        Values::Constant(item) => whole(item),
        Values::Choice(items) => items
            .iter()
            .map(whole)
            .collect::<Option<Vec<u32>>>()?
            .into_iter()
            .max(),
        Values::Range(range) if range.is_whole && range.low >= 1.0 => {
            whole(&Item::Float(range.high))
        }
        Values::Range(_) => None,
    }
}

/// A JSON object as a template; names that lie in others become objects of their own.
fn object(leaves: &[(&[String], String)], depth: usize) -> String {
    let mut members: Vec<String> = Vec::new();
    let mut done: Vec<&str> = Vec::new();
    for (path, template) in leaves {
        let name = path[depth].as_str();
        if done.contains(&name) {
            continue;
        }
        done.push(name);
        let value = if path.len() == depth + 1 {
            template.clone()
        } else {
            let within = leaves
                .iter()
                .filter(|(path, _)| path.get(depth).is_some_and(|first| first == name));
            object(&within.cloned().collect::<Vec<_>>(), depth + 1)
        };
        let name = serde_json::Value::from(name).to_string();
        members.push(format!("{}: {value}", escaped(&name)));
    }
    format!("{{{{{}}}}}", members.join(", "))
}

/// What is neither read elsewhere nor here; the description.
fn others(root: &Node, told: &mut Told) -> Option<String> {
    let mut description = None;
    for entry in root.entries() {
        let name = entry.name.as_str();
        let why = match name {
            "name" => continue,
            name if READ.contains(&name) => continue,
            "description" => {
                if let Some(text) = entry.node.text() {
                    told.carry(&entry.place, "description: a comment");
                    description = Some(one_line(text));
                }
                continue;
            }
            "entity" | "project" | "controller" | "apiVersion" | "kind" => {
                format!("{name}: of W&B's service, which takes no part here")
            }
            "job" | "image_uri" => {
                format!("{name}: trials run where finetooth does, or as jobs of a Slurm cluster")
            }
            "imports" => "imports: nothing is imported into the program".to_owned(),
            "metrics" => "metrics: a sweep has one metric; name it under `metric`".to_owned(),
            "scheduler" => "scheduler: finetooth is the scheduler itself".to_owned(),
            _ => {
                let known = [&READ[..], &["name", "description"]].concat();
                let near = nearest(name, &known);
                let near = near.map_or(String::new(), |near| format!("; is `{near}` meant?"));
                format!("{}: W&B has no such key{near}", shown(name))
            }
        };
        told.leave(&entry.place, why);
    }
    description
}

/// The name of the sweep, as a directory may be called.
fn name(root: &Node, stem: &str, told: &mut Told) -> String {
    let entry = ["name", "project"]
        .into_iter()
        .filter_map(|key| root.entry(key))
        .find(|entry| entry.node.text().is_some_and(|text| !slug(text).is_empty()));
    let Some(entry) = entry else {
        let slug = slug(stem);
        let is_own = !slug.is_empty() && slug != "finetooth";
        return if is_own { slug } else { "wandb".to_owned() };
    };
    let given = entry.node.text().unwrap_or_default();
    let slug = slug(given);
    if entry.name == "name" {
        told.carry(&entry.place, format!("name: results go to results/{slug}"));
    }
    slug
}

fn slug(text: &str) -> String {
    let plain = |c: char| {
        let is_allowed = c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        if is_allowed { c } else { '-' }
    };
    let slug: String = text.to_lowercase().chars().map(plain).collect();
    let slug = slug.trim_matches(|c: char| "-.".contains(c));
    slug.chars().take(64).collect()
}

/// The first lines: what the file is, and what its program has to do.
fn head(file: &str, metric: &metric::Metric, plan: &Plan, is_known: bool) -> String {
    let file = one_line(file);
    let mut text = format!(
        "# From {file}, a sweep of Weights & Biases, by finetooth init --from.\n#\n\
         # What the program has to do, which no definition can do for it (docs/programs.md):\n\
         #   - Print its metric: what it gives to wandb.log is not read. {}\n",
        if is_known {
            "After each epoch, counted from 1, a line such as"
        } else {
            "A line such as"
        }
    );
    let _ = writeln!(text, "#       {}", metric.example(is_known));
    text.push_str(
        "#   - Take the values from its arguments, as argv below gives them. wandb.config is filled by W&B's agent, which does not run\n\
         #     here; the JSON file that FINETOOTH_PARAMS names holds the searched ones too.\n",
    );
    match &plan.epochs {
        Some((name, _)) => {
            let _ = writeln!(text, "#   - Train up to the epoch that `{}` says, counted from the trial's beginning.", shown(name));
        }
        None => text.push_str("#   - Train up to the epoch that FINETOOTH_EPOCHS says, if it can train for more than one.\n"),
    }
    text.push_str(
        "#   - It may keep files in FINETOOTH_CHECKPOINT_DIR, and go on from them where FINETOOTH_RESUME is 1; else it begins anew each\n\
         #     time a trial is continued.\n\
         # finetooth check FILE runs it once and shows every number that was read.\n",
    );
    text
}

fn list(text: &mut String, title: &str, notes: &[Note]) {
    if !notes.is_empty() {
        let _ = writeln!(text, "#\n# {title}, with the lines it came from:");
    }
    for note in notes {
        let _ = writeln!(text, "#   {}: {}", note.line, note.text);
    }
}
