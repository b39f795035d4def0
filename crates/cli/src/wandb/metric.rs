//! The metric: its name, its direction, its target, and how a program prints it.

use finetooth_scheduler::number::shortest;

use super::literal::toml_text;
use super::told::{Told, mistake, shown};
use super::yaml::{Item, Node};

/// The metric of a sweep.
pub(super) struct Metric {
    pub(super) name: String,
    /// Its value in the definition.
    pub(super) written: String,
}

impl Metric {
    fn new(name: &str, goal: &str, target: &str) -> Self {
        Self {
            written: format!(
                "{{ name = {}, goal = \"{goal}\"{target} }}",
                toml_text(name)
            ),
            name: name.to_owned(),
        }
    }

    /// A line of Python that prints it.
    pub(super) fn example(&self, has_epoch: bool) -> String {
        if is_readable(&self.name) {
            let epoch = if has_epoch { "epoch={epoch} " } else { "" };
            return format!("print(f\"{epoch}{}={{value}}\", flush=True)", self.name);
        }
        let epoch = if has_epoch { "\"epoch\": epoch, " } else { "" };
        let name = serde_json::Value::from(self.name.as_str());
        format!("print(json.dumps({{{epoch}{name}: value}}), flush=True)")
    }
}

/// Whether `name=0.9` is read as that name.
fn is_readable(name: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    name.starts_with(begins) && name.chars().all(is_in_name)
}

/// Reads `metric`; val_loss, minimised, where there is none.
pub(super) fn read(root: &Node, told: &mut Told) -> Metric {
    let default = Metric::new("val_loss", "minimize", "");
    let Some(entry) = root.entry("metric") else {
        told.change(
            &root.place,
            "metric: there is none; val_loss is minimised here, write the one that the program prints",
        );
        return default;
    };
    let Item::Table(entries) = &entry.node.item else {
        told.wrong(mistake(
            &entry.node.place,
            "`metric` is not a table with name and goal",
            "here",
            "write metric: {name: val_loss, goal: minimize}",
        ));
        return default;
    };
    for other in entries {
        match other.name.as_str() {
            "name" | "goal" | "target" => {}
            "impute" | "impute_while_running" => told.leave(
                &other.place,
                format!(
                    "{}: trials that failed come last, whatever they reported",
                    other.name
                ),
            ),
            name => told.leave(
                &other.place,
                format!("`{}` of metric: W&B has no such key", shown(name)),
            ),
        }
    }
    let name = entry.node.get("name");
    let Some(name) = name.and_then(Node::text).filter(|name| is_name(name)) else {
        let place = name.map_or(&entry.place, |name| &name.place);
        told.wrong(mistake(
            place,
            "the metric has no name that a program could print",
            "here",
            "write name: val_loss, as the program calls it",
        ));
        return default;
    };
    let goal = match entry.node.get("goal") {
        None => "minimize",
        Some(goal) => match goal.text() {
            Some("minimize") => "minimize",
            Some("maximize") => "maximize",
            _ => {
                told.wrong(mistake(
                    &goal.place,
                    "the goal of the metric is neither minimize nor maximize",
                    "here",
                    "write goal: minimize, or goal: maximize",
                ));
                return default;
            }
        },
    };
    let target = match entry.node.get("target").map(|node| (node, &node.item)) {
        None => String::new(),
        Some((_, Item::Integer(whole))) => format!(", target = {}", shortest(*whole as f64)),
        Some((_, Item::Float(number) | Item::NearNumber(_, number))) if number.is_finite() => {
            format!(", target = {}", shortest(*number))
        }
        Some((node, _)) => {
            told.wrong(mistake(
                &node.place,
                "the target of the metric is not a finite number",
                "here",
                "write a number, like target: 0.95, or remove it",
            ));
            return default;
        }
    };
    told.carry(&entry.place, format!("metric: {}, {goal}", shown(name)));
    if !is_readable(name) {
        told.change(
            &entry.place,
            format!(
                "metric: a name like {} is read from a line of JSON alone",
                shown(name)
            ),
        );
    }
    Metric::new(name, goal, &target)
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(char::is_control)
}
