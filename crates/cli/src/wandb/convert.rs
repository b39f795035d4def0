//! A whole definition, and what was not carried over.

use std::fmt::Write as _;

use finetooth_scheduler::number::shortest;
use finetooth_scheduler::sweep::FIXED_COLUMNS;

use super::distribution::{self, Range, toml_text};
use super::spelling::{escaped, name, one_line, toml_key};
use super::yaml::{Item, Node, YamlError};

/// A definition file, and what a person has to know of it, each with the line of the file it came from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Converted {
    pub(crate) text: String,
    /// What means something else now.
    pub(crate) changed: Vec<(usize, String)>,
    /// What is not there any more.
    pub(crate) left_out: Vec<(usize, String)>,
}

/// Names of parameters that say how long a program trains.
const EPOCHS: [&str; 6] = [
    "epochs",
    "epoch",
    "num_epochs",
    "n_epochs",
    "max_epochs",
    "num_train_epochs",
];

/// Keys of a W&B file that say nothing of the search.
const OF_THEIR_SERVICE: [&str; 8] = [
    "project",
    "entity",
    "description",
    "controller",
    "imports",
    "job",
    "image_uri",
    "settings",
];

const KNOWN: [&str; 8] = [
    "program",
    "method",
    "metric",
    "parameters",
    "early_terminate",
    "command",
    "run_cap",
    "name",
];

/// Most trials that a definition here asks for.
const MOST_TRIALS: u64 = 1_000_000;

/// Turns the definition `root` into one of ours; `file` is its name, `stem` what the sweep is named after where it has no name.
///
/// # Errors
/// Where it is no sweep of W&B, or a parameter cannot be read.
pub(crate) fn convert(root: &Node, file: &str, stem: &str) -> Result<Converted, YamlError> {
    let Item::Table(entries) = &root.item else {
        return Err(YamlError::at(
            root.line,
            "a sweep is a table with program, method, metric and parameters",
        ));
    };
    let mut conversion = Conversion {
        root,
        changed: Vec::new(),
        left_out: Vec::new(),
        space: String::new(),
        constants: Vec::new(),
        epochs: None,
        epochs_name: None,
        takes_seed: None,
        n_points: Some(1),
    };
    for (key, node) in entries {
        if OF_THEIR_SERVICE.contains(&key.as_str()) {
            conversion.leave(node.line, format!("`{key}` is about W&B's service"));
        } else if !KNOWN.contains(&key.as_str()) {
            conversion.leave(node.line, format!("`{key}` is not known here"));
        }
    }
    conversion.parameters()?;
    let metric = conversion.metric()?;
    let argv = conversion.argv()?;
    let search = conversion.search()?;
    let style = if conversion.uses_no_hyphens() {
        "style = \"key=value\"\n"
    } else {
        ""
    };
    let name = name(root, stem);
    let Conversion {
        changed,
        left_out,
        space,
        ..
    } = conversion;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "# From {file}, a sweep of Weights & Biases. The program is run as it was there, and its numbers are read from what it prints:\n\
         # beside wandb.log, after each epoch, it has to print a line such as  epoch=3 {metric}=0.91  (docs/programs.md of finetooth tells all).\n\
         # finetooth check runs it once and shows what was read.",
        metric = metric.name
    );
    for (title, told) in [
        ("Means something else here", &changed),
        ("Left out", &left_out),
    ] {
        if !told.is_empty() {
            let _ = writeln!(text, "#\n# {title}:");
            for (line, sentence) in told {
                let _ = writeln!(text, "#   line {line}: {}", one_line(sentence));
            }
        }
    }
    let _ = writeln!(
        text,
        "\nname = {}\nmetric = {}\n\n[command]\nargv = [{}]",
        toml_text(&name),
        metric.written,
        argv.join(", ")
    );
    text.push_str(style);
    text.push_str(&space);
    text.push_str(&search);
    Ok(Converted {
        text,
        changed,
        left_out,
    })
}

struct Metric {
    name: String,
    written: String,
}

struct Conversion<'a> {
    root: &'a Node,
    changed: Vec<(usize, String)>,
    left_out: Vec<(usize, String)>,
    /// Tables of `[space]`.
    space: String,
    /// Names and values that are the same in every trial.
    constants: Vec<(String, String)>,
    /// Epochs of a training, where a parameter says so.
    epochs: Option<u32>,
    epochs_name: Option<String>,
    /// The parameter that takes the seed.
    takes_seed: Option<String>,
    /// Points of a grid, where they can be counted.
    n_points: Option<u64>,
}

impl Conversion<'_> {
    fn change(&mut self, line: usize, sentence: impl Into<String>) {
        self.changed.push((line, sentence.into()));
    }

    fn leave(&mut self, line: usize, sentence: impl Into<String>) {
        self.left_out.push((line, sentence.into()));
    }

    fn parameters(&mut self) -> Result<(), YamlError> {
        let Some(parameters) = self.root.get("parameters") else {
            return Err(YamlError::at(
                self.root.line,
                "there are no `parameters`: nothing would be searched",
            ));
        };
        self.table_of("", parameters)?;
        if self.space.is_empty() {
            return Err(YamlError::at(
                parameters.line,
                "all `parameters` have one value: nothing would be searched",
            ));
        }
        Ok(())
    }

    fn table_of(&mut self, above: &str, parameters: &Node) -> Result<(), YamlError> {
        let Item::Table(entries) = &parameters.item else {
            return Err(YamlError::at(
                parameters.line,
                "`parameters` is not a table of parameters",
            ));
        };
        for (name, node) in entries {
            let name = format!("{above}{name}");
            if !matches!(node.item, Item::Table(_)) {
                return Err(YamlError::at(
                    node.line,
                    format!("`{name}` is not a table with value, values, or min and max"),
                ));
            }
            if let Some(nested) = node.get("parameters") {
                self.change(
                    node.line,
                    format!("the parameters within `{name}` are passed as --{name}.KEY=VALUE, where W&B passes one dictionary"),
                );
                self.table_of(&format!("{name}."), nested)?;
                continue;
            }
            self.parameter(&name, node)?;
        }
        Ok(())
    }

    fn parameter(&mut self, name: &str, node: &Node) -> Result<(), YamlError> {
        let found = distribution::read(name, node)?;
        if EPOCHS.contains(&name) && self.epochs.is_none() {
            let most = match &found.range {
                Range::Constant(text) => text.parse().ok(),
                Range::Searched { .. } => most(node),
            };
            if let Some(epochs) = most.filter(|epochs| *epochs >= 1) {
                let how = match found.range {
                    Range::Constant(_) => "",
                    Range::Searched { .. } => ", the most of its values",
                };
                self.change(
                    node.line,
                    format!("`{name}` is how far a trial is trained, {epochs} at most{how}: trials begin with few epochs, and the best go on"),
                );
                (self.epochs, self.epochs_name) = (Some(epochs), Some(name.to_owned()));
                return Ok(());
            }
        }
        if name == "seed" {
            self.change(
                node.line,
                "`seed` is another one in each trial, and follows from the sweep's own",
            );
            self.takes_seed = Some(name.to_owned());
            return Ok(());
        }
        if let Some(change) = found.change {
            self.change(node.line, format!("`{name}`: {change}"));
        }
        match found.range {
            Range::Constant(value) => self.constants.push((name.to_owned(), value)),
            Range::Searched { lines, n_points } => {
                let (key, passed_as) = if FIXED_COLUMNS.contains(&name) {
                    self.change(
                        node.line,
                        format!("`{name}` is the name of a column of the results, so that the key is `my_{name}`; the program is given `{name}`"),
                    );
                    (format!("my_{name}"), Some(name))
                } else {
                    (name.to_owned(), None)
                };
                let _ = writeln!(self.space, "\n[space.{}]", toml_key(&key));
                for line in lines {
                    let _ = writeln!(self.space, "{line}");
                }
                if let Some(name) = passed_as {
                    let _ = writeln!(self.space, "as = {}", toml_text(name));
                }
                let points = self.n_points.zip(n_points);
                self.n_points = points.and_then(|(all, own)| all.checked_mul(own));
            }
        }
        Ok(())
    }

    fn metric(&mut self) -> Result<Metric, YamlError> {
        let given = self.root.get("metric");
        let name = given
            .and_then(|metric| metric.get("name"))
            .and_then(Node::text);
        let name = match name {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => {
                self.change(
                    given.map_or(self.root.line, |metric| metric.line),
                    "no metric is named; val_loss is taken: write the one that the program prints",
                );
                "val_loss".to_owned()
            }
        };
        let goal = match given.and_then(|metric| metric.get("goal")) {
            None => "minimize",
            Some(goal) => match goal.text() {
                Some("minimize") => "minimize",
                Some("maximize") => "maximize",
                _ => {
                    return Err(YamlError::at(
                        goal.line,
                        "the goal of the metric is neither minimize nor maximize",
                    ));
                }
            },
        };
        let target = given.and_then(|metric| metric.get("target"));
        let target = match target {
            None => String::new(),
            Some(target) => match target.number() {
                Some(number) => format!(", target = {}", shortest(number)),
                None => {
                    return Err(YamlError::at(
                        target.line,
                        "the target of the metric is not a finite number",
                    ));
                }
            },
        };
        Ok(Metric {
            written: format!(
                "{{ name = {}, goal = \"{goal}\"{target} }}",
                toml_text(&name)
            ),
            name,
        })
    }

    /// Program and arguments, as they stand in TOML.
    fn argv(&mut self) -> Result<Vec<String>, YamlError> {
        let program = self.root.get("program").and_then(Node::text);
        let program = program.map(str::to_owned);
        let Some(command) = self.root.get("command") else {
            let Some(program) = program else {
                return Err(YamlError::at(
                    self.root.line,
                    "there is neither `program` nor `command`: nothing could be run",
                ));
            };
            let mut argv = vec![toml_text("python3"), toml_text(&escaped(&program))];
            argv.extend(self.arguments("--"));
            return Ok(argv);
        };
        let Item::List(parts) = &command.item else {
            return Err(YamlError::at(
                command.line,
                "`command` is not a list of its arguments",
            ));
        };
        let mut argv = Vec::new();
        for part in parts {
            let text = match &part.item {
                Item::Text(text) => text.clone(),
                Item::Integer(whole) => whole.to_string(),
                Item::Float(number) => shortest(*number),
                Item::Bool(flag) => flag.to_string(),
                _ => {
                    return Err(YamlError::at(
                        part.line,
                        "an argument of `command` is not a text",
                    ));
                }
            };
            match text.as_str() {
                "${env}" => {}
                "${args}" => argv.extend(self.arguments("--")),
                "${args_no_hyphens}" => argv.extend(self.arguments("")),
                "${args_no_boolean_flags}" => {
                    self.change(
                        part.line,
                        "${args_no_boolean_flags}: switches are passed as --key=true and --key=false too",
                    );
                    argv.extend(self.arguments("--"));
                }
                "${args_json_file}" => self.leave(
                    part.line,
                    "${args_json_file}: the file of the values is named by the variable FINETOOTH_PARAMS, which the program reads",
                ),
                _ => {
                    let filled = self.filled(&text, part.line, program.as_deref())?;
                    argv.push(toml_text(&filled));
                }
            }
        }
        if argv.is_empty() {
            return Err(YamlError::at(
                command.line,
                "`command` has no program to be run",
            ));
        }
        Ok(argv)
    }

    /// An argument with the macros within it replaced.
    fn filled(
        &mut self,
        text: &str,
        line: usize,
        program: Option<&str>,
    ) -> Result<String, YamlError> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            filled.push_str(&escaped(&rest[..start]));
            let Some(end) = rest[start..].find('}') else {
                break;
            };
            let name = &rest[start + 2..start + end];
            rest = &rest[start + end + 1..];
            match name {
                "interpreter" => filled.push_str("python3"),
                "program" => match program {
                    Some(program) => filled.push_str(&escaped(program)),
                    None => {
                        return Err(YamlError::at(
                            line,
                            "`command` has ${program}, and there is no `program`",
                        ));
                    }
                },
                "args_json" => filled.push_str("{params_json}"),
                other => self.leave(
                    line,
                    format!("${{{other}}}: write its value into argv, or under env in [command]"),
                ),
            }
        }
        filled.push_str(&escaped(rest));
        Ok(filled)
    }

    /// What `${args}` stands for: searched keys, epochs and seed, and what is the same in every trial.
    fn arguments(&self, hyphens: &str) -> Vec<String> {
        let mut argv = vec![toml_text("{args}")];
        let mut push = |name: &str, value: &str| {
            argv.push(toml_text(&format!("{hyphens}{}={value}", escaped(name))));
        };
        if let Some(name) = &self.epochs_name {
            push(name, "{epochs}");
        }
        if let Some(name) = &self.takes_seed {
            push(name, "{seed}");
        }
        for (name, value) in &self.constants {
            push(name, &escaped(value));
        }
        argv
    }

    fn search(&mut self) -> Result<String, YamlError> {
        let method = self.root.get("method");
        let line = method.map_or(self.root.line, |method| method.line);
        let run_cap = match self.root.get("run_cap") {
            None => None,
            Some(cap) => match cap.item {
                Item::Integer(n) if n >= 1 => Some(n.unsigned_abs().min(MOST_TRIALS)),
                _ => {
                    return Err(YamlError::at(
                        cap.line,
                        "`run_cap` is not a whole number from 1",
                    ));
                }
            },
        };
        let epochs = self.epochs.unwrap_or(1);
        let told_epochs = if self.epochs.is_some() {
            ""
        } else {
            "  # a report of the program is an epoch; where it reports after each, write how many, and have it train as far as FINETOOTH_EPOCHS says"
        };
        let early = self.root.get("early_terminate");
        let text = match method.and_then(Node::text) {
            Some("bayes") | None => {
                if method.is_some() {
                    self.change(
                        line,
                        "bayes: new points come from a Gaussian process too, in generations",
                    );
                } else {
                    self.change(line, "no method is given; bayes, as W&B takes by default");
                }
                let budget = run_cap.unwrap_or(20).max(6);
                if run_cap.is_none() {
                    self.change(
                        line,
                        "no run_cap is given; the search ends after 20 full trainings' worth",
                    );
                }
                if let Some(early) = early {
                    self.change(early.line, "early_terminate: the search itself trains many trials briefly and goes on with the best");
                }
                format!(
                    "\n[search]\nproposals = \"gp\"\nepochs = {epochs}{told_epochs}\nbudget = {budget}\n"
                )
            }
            Some("random") => {
                let trials = run_cap.unwrap_or(32);
                if run_cap.is_none() {
                    self.change(
                        line,
                        "random without run_cap goes on for ever at W&B; 32 trials here",
                    );
                }
                let pruning = self.pruning(early);
                format!(
                    "\n[[stage]]\nname = \"random\"\nsampler = \"random\"\ntrials = {trials}\nepochs = {epochs}{told_epochs}\n\
                     \n[widen]               # without this table, ranges move where the best lies at an end\nmax_rounds = 0\n{pruning}"
                )
            }
            Some("grid") => {
                let trials = match (self.n_points, run_cap) {
                    (Some(n), Some(cap)) => n.min(cap),
                    (Some(n), None) => n.min(MOST_TRIALS),
                    (None, cap) => {
                        self.change(line, "grid: a range without steps is cut into as many points as the number of trials lets it have");
                        cap.unwrap_or(100)
                    }
                };
                let pruning = self.pruning(early);
                format!(
                    "\n[[stage]]\nname = \"grid\"\nsampler = \"grid\"\ntrials = {trials}\nepochs = {epochs}{told_epochs}\n\
                     \n[widen]\nmax_rounds = 0\n{pruning}"
                )
            }
            Some(other) => {
                return Err(YamlError::at(
                    line,
                    format!("the method `{other}` is not known: grid, random or bayes"),
                ));
            }
        };
        Ok(text)
    }

    fn uses_no_hyphens(&self) -> bool {
        let Some(Item::List(parts)) = self.root.get("command").map(|command| &command.item) else {
            return false;
        };
        parts
            .iter()
            .any(|part| part.text() == Some("${args_no_hyphens}"))
    }

    fn pruning(&mut self, early: Option<&Node>) -> String {
        let Some(early) = early else {
            return String::new();
        };
        let least = early.get("min_iter").and_then(Node::number).unwrap_or(1.0);
        self.change(
            early.line,
            "early_terminate: a trial is stopped whose best so far is worse than the median of the others' at the same epoch",
        );
        format!(
            "\n[prune]\nrule = \"median\"\nmin_epochs = {}\n",
            least.clamp(1.0, 1e6) as u32
        )
    }
}

/// The largest whole number of a parameter.
fn most(node: &Node) -> Option<u32> {
    let numbers: Vec<f64> = match node.get("values").map(|values| &values.item) {
        Some(Item::List(members)) => members.iter().filter_map(Node::number).collect(),
        _ => node.get("max").and_then(Node::number).into_iter().collect(),
    };
    let most = numbers.into_iter().fold(0.0, f64::max);
    (most.fract() == 0.0 && (1.0..1e6).contains(&most)).then_some(most as u32)
}
