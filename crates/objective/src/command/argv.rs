//! A program's arguments: a template, and what a trial makes of it.

use finetooth_scheduler::space::Params;

/// The arguments as the definition gives them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Template {
    arguments: Vec<Argument>,
}

/// How searched keys are written where `{args}` stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `--key=value`.
    Equals,
    /// `--key value`, two arguments.
    Apart,
    /// `key=value`.
    Bare,
}

/// What fills the placeholders beside the searched keys.
#[derive(Clone, Copy)]
pub(super) struct Fill<'a> {
    /// The searched keys that the trial has.
    pub(super) params: &'a Params,
    /// The name by which the program is given a key.
    pub(super) passed_as: &'a dyn Fn(&str) -> String,
    pub(super) epochs: u32,
    pub(super) seed: u32,
    pub(super) trial: u32,
}

/// A placeholder that there is not, or that is not closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    /// Nothing of that name.
    #[error("`{{{name}}}` is none of the placeholders")]
    Unknown {
        /// The name.
        name: String,
        /// Which argument, from 0.
        argument: usize,
    },
    /// `{` without `}`, or the other way round.
    #[error("a brace has no partner; a brace that is meant as such is written twice")]
    Brace {
        /// Which argument, from 0.
        argument: usize,
    },
    /// `{args}` within a longer argument.
    #[error("`{{args}}` becomes several arguments and stands alone")]
    ArgsWithin {
        /// Which argument, from 0.
        argument: usize,
    },
}

impl TemplateError {
    /// Which argument, from 0.
    pub(super) fn argument(&self) -> usize {
        match self {
            Self::Unknown { argument, .. }
            | Self::Brace { argument }
            | Self::ArgsWithin { argument } => *argument,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Argument {
    /// `{args}`.
    All,
    /// Text with placeholders.
    Parts(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Epochs,
    Seed,
    Trial,
    ParamsJson,
    Key(String),
}

/// The placeholders that are always there.
pub(super) const PLACEHOLDERS: [&str; 5] = ["args", "epochs", "seed", "trial", "params_json"];

impl Template {
    /// Reads the arguments; `keys` are the searched ones.
    ///
    /// # Errors
    /// [`TemplateError`] for the first placeholder that is wrong.
    pub(super) fn parse(arguments: &[String], keys: &[&str]) -> Result<Self, TemplateError> {
        let arguments = arguments.iter().enumerate();
        let arguments = arguments.map(|(index, text)| argument(text, index, keys));
        Ok(Self {
            arguments: arguments.collect::<Result<_, _>>()?,
        })
    }

    /// The arguments of a trial. A value is always one argument, or a part of one, whatever it holds.
    pub(super) fn filled(&self, style: Style, fill: Fill<'_>) -> Vec<String> {
        let mut filled = Vec::new();
        for argument in &self.arguments {
            match argument {
                Argument::All => {
                    for (key, value) in fill.params.iter() {
                        let name = (fill.passed_as)(key);
                        match style {
                            Style::Equals => filled.push(format!("--{name}={value}")),
                            Style::Apart => filled.extend([format!("--{name}"), value.to_string()]),
                            Style::Bare => filled.push(format!("{name}={value}")),
                        }
                    }
                }
                Argument::Parts(parts) => {
                    filled.push(parts.iter().map(|part| part.filled(fill)).collect());
                }
            }
        }
        filled
    }
}

impl Part {
    fn filled(&self, fill: Fill<'_>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Epochs => fill.epochs.to_string(),
            Self::Seed => fill.seed.to_string(),
            Self::Trial => fill.trial.to_string(),
            Self::ParamsJson => params_json(fill.params, fill.passed_as),
            // A key whose condition does not hold has no value.
            Self::Key(key) => fill
                .params
                .get(key)
                .map(ToString::to_string)
                .unwrap_or_default(),
        }
    }
}

/// The searched keys as a JSON object, numbers in full.
pub(super) fn params_json(params: &Params, passed_as: &dyn Fn(&str) -> String) -> String {
    let pairs = params.iter().map(|(key, value)| {
        let value = serde_json::to_value(value).expect("a value is JSON");
        (passed_as(key), value)
    });
    serde_json::Value::Object(pairs.collect()).to_string()
}

fn argument(text: &str, index: usize, keys: &[&str]) -> Result<Argument, TemplateError> {
    if text == "{args}" {
        return Ok(Argument::All);
    }
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '{' | '}' if characters.peek() == Some(&character) => {
                characters.next();
                plain.push(character);
            }
            '{' => {
                let mut name = String::new();
                loop {
                    match characters.next() {
                        Some('}') => break,
                        Some(next) => name.push(next),
                        None => return Err(TemplateError::Brace { argument: index }),
                    }
                }
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(placeholder(name, index, keys)?);
            }
            '}' => return Err(TemplateError::Brace { argument: index }),
            _ => plain.push(character),
        }
    }
    if !plain.is_empty() || parts.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(Argument::Parts(parts))
}

fn placeholder(name: String, index: usize, keys: &[&str]) -> Result<Part, TemplateError> {
    Ok(match name.as_str() {
        "args" => return Err(TemplateError::ArgsWithin { argument: index }),
        "epochs" => Part::Epochs,
        "seed" => Part::Seed,
        "trial" => Part::Trial,
        "params_json" => Part::ParamsJson,
        key if keys.contains(&key) => Part::Key(name),
        _ => {
            return Err(TemplateError::Unknown {
                name,
                argument: index,
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use finetooth_scheduler::space::Value;

    use super::*;

    const HOSTILE: &str = "a b; $(rm -r /) \"'\n-x {seed} ü";

    fn filled(arguments: &[&str], style: Style) -> Vec<String> {
        let params = Params::from_iter([
            (Arc::from("learning_rate"), Value::Float(1e-4)),
            (
                Arc::from("layers"),
                Value::List(vec![Value::Integer(8), Value::Integer(4)]),
            ),
            (Arc::from("note"), Value::Text(HOSTILE.to_owned())),
        ]);
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let template = Template::parse(&arguments, &["learning_rate", "layers", "note"]).unwrap();
        let passed_as = |key: &str| {
            if key == "note" {
                "n".to_owned()
            } else {
                key.to_owned()
            }
        };
        let fill = Fill {
            params: &params,
            passed_as: &passed_as,
            epochs: 9,
            seed: 7,
            trial: 3,
        };
        template.filled(style, fill)
    }

    #[test]
    fn every_style_keeps_a_value_in_one_piece() {
        let equals = [
            "x",
            "--learning_rate=0.0001",
            "--layers=[8,4]",
            &format!("--n={HOSTILE}"),
        ];
        assert_eq!(filled(&["x", "{args}"], Style::Equals), equals);
        let apart = [
            "--learning_rate",
            "0.0001",
            "--layers",
            "[8,4]",
            "--n",
            HOSTILE,
        ];
        assert_eq!(filled(&["{args}"], Style::Apart), apart);
        let bare = [
            "learning_rate=0.0001",
            "layers=[8,4]",
            &format!("n={HOSTILE}"),
        ];
        assert_eq!(filled(&["{args}"], Style::Bare), bare);
    }

    #[test]
    fn placeholders_stand_anywhere_and_braces_are_doubled() {
        assert_eq!(
            filled(
                &["lr={learning_rate},{epochs}/{seed}#{trial}", "{{x}}", ""],
                Style::Equals
            ),
            ["lr=0.0001,9/7#3", "{x}", ""]
        );
        let json = &filled(&["{params_json}"], Style::Equals)[0];
        let read: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(
            read,
            serde_json::json!({"learning_rate": 1e-4, "layers": [8, 4], "n": HOSTILE})
        );
    }

    #[track_caller]
    fn check_wrong(argument: &str, expected: &str) {
        let error = Template::parse(&["ok".to_owned(), argument.to_owned()], &["lr"]).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.argument()),
            (expected, 1)
        );
    }

    #[test]
    fn what_is_no_placeholder_is_told() {
        check_wrong("{learning}", "`{learning}` is none of the placeholders");
        check_wrong(
            "--lr={lr",
            "a brace has no partner; a brace that is meant as such is written twice",
        );
        check_wrong(
            "lr}",
            "a brace has no partner; a brace that is meant as such is written twice",
        );
        check_wrong(
            "a {args}",
            "`{args}` becomes several arguments and stands alone",
        );
    }
}
