//! The program and its arguments: W&B's `program` and `command` as `[command] argv`.

use std::fmt::Write as _;

use super::literal::{Passing, toml_text};
use super::told::{Told, mistake, shown};
use super::yaml::{Item, Node};

/// What stands for the trial's values where a command has such a place.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Given {
    /// Whether any key is searched that `{args}` would write.
    pub(super) has_searched: bool,
    /// Arguments beside `{args}`: name, value (a template), and whether it is a flag that is on or off.
    pub(super) fixed: Vec<(String, String, Option<bool>)>,
    /// All values as one JSON object (a template).
    pub(super) json: String,
}

/// One argument.
#[derive(Debug, Clone, PartialEq)]
enum Argument {
    /// `{args}`.
    Searched,
    /// A template of ours.
    Text(String),
    /// With variables of the environment in it.
    Variables(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Variable(String),
}

/// How the command gives the program its values.
pub(super) fn passing(root: &Node) -> Passing {
    let holds = |word: &str| {
        members(root)
            .iter()
            .any(|node| node.text().is_some_and(|text| text.contains(word)))
    };
    if holds("${args_json}") {
        Passing::Json
    } else if holds("${args_json_file}") {
        Passing::File
    } else {
        Passing::Arguments
    }
}

/// Whether `{args}` writes no hyphens.
pub(super) fn is_bare(root: &Node) -> bool {
    let is_macro = |node: &Node| node.text() == Some("${args_no_hyphens}");
    members(root).iter().any(is_macro)
}

fn members(root: &Node) -> &[Node] {
    match root.get("command").map(|command| &command.item) {
        Some(Item::List(members)) => members,
        _ => &[],
    }
}

/// `argv` as TOML; mistakes and what changed are told.
pub(super) fn argv(root: &Node, given: &Given, told: &mut Told) -> String {
    let program = program(root, told);
    let mut arguments = Vec::new();
    match root.entry("command") {
        None => match &program {
            Some(program) => {
                arguments = ["python3", program]
                    .map(|text| Argument::Text(escaped(text)))
                    .to_vec();
                arguments.extend(listed(given, "--", false));
            }
            None => told.wrong(mistake(
                &root.place,
                "there is neither `program` nor `command`: nothing could be run",
                "",
                "write program: train.py; of a sweep that a notebook runs, the file that trains",
            )),
        },
        Some(entry) => {
            told.carry(&entry.place, "command: argv");
            match &entry.node.item {
                Item::List(members) if !members.is_empty() => {
                    for member in members {
                        arguments.extend(of_command(member, given, program.as_deref(), told));
                    }
                }
                _ => told.wrong(mistake(
                    &entry.node.place,
                    "`command` is not a list of arguments",
                    "here",
                    "write one argument a line, each behind a hyphen: - ${program}",
                )),
            }
        }
    }
    written(&arguments)
}

fn program(root: &Node, told: &mut Told) -> Option<String> {
    let entry = root.entry("program")?;
    match entry.node.text() {
        Some(text) if !text.is_empty() && !text.contains('\0') => {
            told.carry(&entry.place, format!("program: {}", shown(text)));
            Some(text.to_owned())
        }
        _ => {
            told.wrong(mistake(
                &entry.node.place,
                "`program` is not the name of a file",
                "here",
                "write program: train.py",
            ));
            None
        }
    }
}

/// What one member of `command` becomes.
fn of_command(node: &Node, given: &Given, program: Option<&str>, told: &mut Told) -> Vec<Argument> {
    let text = match &node.item {
        Item::Text(text) | Item::NearNumber(text, _) => text.clone(),
        Item::Integer(_) | Item::Float(_) | Item::Bool(_) => super::literal::argument(&node.item),
        _ => {
            told.wrong(mistake(
                &node.place,
                "an argument of `command` is not a text",
                "here",
                "write it in quotes",
            ));
            return Vec::new();
        }
    };
    match text.as_str() {
        "${env}" => Vec::new(),
        "${args}" => listed(given, "--", false),
        "${args_no_hyphens}" => listed(given, "", false),
        "${args_no_boolean_flags}" => {
            told.change(
                &node.place,
                "${args_no_boolean_flags}: a flag that is searched is passed as --NAME=True and --NAME=False, and has to be read so",
            );
            listed(given, "--", true)
        }
        _ => vec![filled(&text, node, given, program, told)],
    }
}

/// `{args}` and what stands beside it.
fn listed(given: &Given, hyphens: &str, are_flags_bare: bool) -> Vec<Argument> {
    let searched = given.has_searched.then_some(Argument::Searched);
    let fixed = given.fixed.iter().filter_map(|(name, value, flag)| {
        let name = escaped(name);
        match flag {
            Some(true) if are_flags_bare => Some(format!("{hyphens}{name}")),
            Some(false) if are_flags_bare => None,
            _ => Some(format!("{hyphens}{name}={value}")),
        }
    });
    searched
        .into_iter()
        .chain(fixed.map(Argument::Text))
        .collect()
}

/// An argument with its macros replaced.
fn filled(
    text: &str,
    node: &Node,
    given: &Given,
    program: Option<&str>,
    told: &mut Told,
) -> Argument {
    let mut parts: Vec<Part> = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        plain.push_str(&escaped(before));
        let Some((name, behind)) = after.split_once('}') else {
            rest = &rest[before.len()..];
            break;
        };
        rest = behind;
        match name {
            "interpreter" => plain.push_str("python3"),
            "env" => plain.push_str("/usr/bin/env"),
            "args_json" => plain.push_str(&given.json),
            "program" => match program {
                Some(program) => plain.push_str(&escaped(program)),
                None => told.wrong(mistake(
                    &node.place,
                    "`command` has ${program}, and there is no `program`",
                    "here",
                    "write program: train.py",
                )),
            },
            _ => {
                let variable = match name {
                    "args_json_file" => Some("FINETOOTH_PARAMS"),
                    _ => name
                        .strip_prefix("envvar:")
                        .filter(|name| is_variable(name)),
                };
                if let Some(variable) = variable {
                    told.change(
                        &node.place,
                        format!("${{{name}}}: a shell puts the variable {variable} there when a trial begins"),
                    );
                    parts.extend(part(std::mem::take(&mut plain)));
                    parts.push(Part::Variable(variable.to_owned()));
                } else {
                    told.change(
                        &node.place,
                        format!(
                            "${{{}}} is no macro of W&B's, and is passed as it stands",
                            shown(name)
                        ),
                    );
                    plain.push_str(&escaped(&format!("${{{name}}}")));
                }
            }
        }
    }
    plain.push_str(&escaped(rest));
    if parts.is_empty() {
        return Argument::Text(plain);
    }
    parts.extend(part(plain));
    Argument::Variables(parts)
}

fn part(text: String) -> Option<Part> {
    (!text.is_empty()).then_some(Part::Text(text))
}

fn is_variable(name: &str) -> bool {
    let is_in_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && !name.as_bytes()[0].is_ascii_digit() && name.bytes().all(is_in_name)
}

/// All arguments as TOML. Where one has variables, a shell puts them in, which gets all others as its own arguments, and nothing of
/// them as its text.
fn written(arguments: &[Argument]) -> String {
    let has_variables = arguments
        .iter()
        .any(|argument| matches!(argument, Argument::Variables(_)));
    let mut texts: Vec<String> = Vec::new();
    let mut searched = None;
    let mut words = String::new();
    for argument in arguments {
        match argument {
            Argument::Searched => {
                words.push_str(" \"$@\"");
                searched = Some("{args}".to_owned());
                if !has_variables {
                    texts.push("{args}".to_owned());
                }
            }
            Argument::Text(text) => {
                texts.push(text.clone());
                let _ = write!(words, " \"$a{}\"", texts.len());
            }
            Argument::Variables(parts) => {
                words.push_str(" \"");
                for part in parts {
                    match part {
                        Part::Text(text) => {
                            texts.push(text.clone());
                            let _ = write!(words, "${{a{}}}", texts.len());
                        }
                        Part::Variable(name) => {
                            let _ = write!(words, "${{{name}?}}");
                        }
                    }
                }
                words.push('"');
            }
        }
    }
    if has_variables {
        let names: Vec<String> = (1..=texts.len())
            .map(|n| format!("a{n}=\"${{{n}}}\""))
            .collect();
        let script = format!("{}; shift {}; exec{words}", names.join(" "), texts.len());
        let front = [
            "sh".to_owned(),
            "-c".to_owned(),
            escaped(&script),
            "sh".to_owned(),
        ];
        texts = front.into_iter().chain(texts).chain(searched).collect();
    }
    let texts: Vec<String> = texts.iter().map(|text| toml_text(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// Braces of a text doubled, as they stand for themselves in a template.
pub(super) fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}
