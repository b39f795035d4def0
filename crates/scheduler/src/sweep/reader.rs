//! Reads typed values out of the tree and collects what is wrong with them.

use std::ops::{Range, RangeInclusive};

use toml::de::DeTable;

use super::file::Terms;
use super::nearest::{enumerate, nearest};
use super::spans;
use super::tree::{Entry, Item, NoPath, Node, Place};
use super::{KeySpec, Mistake, Mistakes, syntax};
use crate::number::shortest;
use crate::space::Value;

/// Mistakes told of one file; a file with more is not a definition.
const MOST_MISTAKES: usize = 100;

/// The file's text, what it is read against, and the mistakes so far.
pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) terms: &'a Terms<'a>,
    syntax: Vec<Mistake>,
    found: Vec<Found>,
}

struct Found {
    mistake: Mistake,
    /// Something is not there; where the TOML itself is broken it may only seem so.
    missing: bool,
}

impl<'a> Reader<'a> {
    /// The tree of `text` with the overrides put on, and the reader that holds the mistakes of both.
    pub(super) fn open(text: &'a str, terms: &'a Terms<'a>) -> (Self, Node) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut root = Node::of_file(table.get_ref());
        let mut reader = Self {
            text,
            terms,
            syntax: errors
                .iter()
                .take(MOST_MISTAKES + 1)
                .map(|error| syntax::mistake(text, error))
                .collect(),
            found: Vec::new(),
        };
        for (index, given) in terms.overrides.iter().enumerate() {
            if let Err(NoPath(obstacle)) = root.put(given, index) {
                reader.report(&Place::Option(index), &obstacle, "", None);
            }
        }
        (reader, root)
    }

    /// The mistakes, if any: in the order of the file, those of command-line options last.
    pub(super) fn finish(self) -> Result<(), Mistakes> {
        let Self {
            text,
            syntax,
            found,
            ..
        } = self;
        // What the TOML reader could not make sense of leaves holes; mistakes that such a hole explains are not told.
        let line = |at: usize| text[..at].rfind('\n');
        let broken: Vec<_> = syntax
            .iter()
            .flat_map(|mistake| &mistake.span)
            .map(|span| line(span.start))
            .collect();
        let explained = |found: &Found| {
            let hole = |span: &Range<usize>| span.is_empty() || broken.contains(&line(span.start));
            !syntax.is_empty() && (found.missing || found.mistake.span.as_ref().is_some_and(hole))
        };
        let told: Vec<Mistake> = found
            .into_iter()
            .filter(|found| !explained(found))
            .map(|found| found.mistake)
            .collect();
        let mut mistakes: Vec<Mistake> = syntax.into_iter().chain(told).collect();
        mistakes.sort_by_key(|mistake| mistake.span.as_ref().map_or(usize::MAX, |span| span.start));
        if mistakes.len() > MOST_MISTAKES {
            mistakes.truncate(MOST_MISTAKES);
            mistakes.push(Mistake {
                message: format!(
                    "there are more than {MOST_MISTAKES} mistakes; is this a sweep definition?"
                ),
                span: None,
                label: String::new(),
                other: None,
                help: Some("`finetooth init` writes one to begin with".to_owned()),
            });
        }
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(Mistakes(mistakes))
        }
    }

    /// Notes a mistake.
    pub(super) fn report(
        &mut self,
        place: &Place,
        message: &str,
        label: &str,
        help: impl Into<Option<String>>,
    ) {
        let mistake = spans::mistake(self.terms.overrides, place, message, label, help.into());
        self.found.push(Found {
            mistake,
            missing: false,
        });
    }

    /// Adds a second place to the mistake just noted, and what stands under it.
    pub(super) fn and(&mut self, place: &Place, label: &str) {
        let last = self.found.last_mut().expect("a mistake was just noted");
        match place {
            Place::File(span) => last.mistake.other = Some((span.clone(), label.to_owned())),
            Place::Option(index) => {
                let option = &self.terms.overrides[*index];
                last.mistake.message = format!("{} (`{option}`)", last.mistake.message);
            }
        }
    }

    /// Notes that `table` lacks `key`; there is then no value of it.
    pub(super) fn missing<T>(&mut self, table: &Node, key: &str, example: &str) -> Option<T> {
        let path = table.key();
        let message = if path.is_empty() {
            format!("`{key}` is missing")
        } else {
            format!("{path}.{key} is missing")
        };
        let label = format!("`{key}` is missing");
        self.report(
            &table.place,
            &message,
            &label,
            format!("add a line like {key} = {example}"),
        );
        self.found.last_mut().expect("just pushed").missing = true;
        None
    }

    /// Notes that `node` holds something else than `accepted`.
    pub(super) fn takes(&mut self, node: &Node, accepted: &str) {
        let help = match &node.item {
            Item::Scalar(Value::Text(text))
                if accepted.contains("number") && text.trim().parse::<f64>().is_ok() =>
            {
                Some(format!("numbers stand without quotes: {}", text.trim()))
            }
            Item::Scalar(Value::Float(real))
                if accepted.contains("whole number")
                    && !accepted.contains("fraction")
                    && real.fract() == 0.0
                    && real.abs() < 1e15 =>
            {
                Some(format!("write it as {real}"))
            }
            Item::TooLarge => Some("it does not fit 64 bits".to_owned()),
            _ => None,
        };
        let message = format!(
            "{} takes {accepted}, found {}",
            node.key(),
            self.shown(node)
        );
        self.report(&node.place, &message, &format!("expected {accepted}"), help);
    }

    /// Notes that this version does not know what a later one will.
    pub(super) fn later(&mut self, place: &Place, what: &str, help: impl Into<Option<String>>) {
        self.report(
            place,
            &format!("{what} is not supported by this version"),
            "not supported yet",
            help,
        );
    }

    /// `node` as it was written, where that is short enough for a sentence.
    pub(super) fn shown(&self, node: &Node) -> String {
        let written = match &node.place {
            Place::File(span) => &self.text[span.clone()],
            Place::Option(index) => &self.terms.overrides[*index].value,
        };
        let is_short = written.chars().count() <= 40 && !written.contains(['\n', '\r']);
        match &node.item {
            Item::Table(_) => "a table".to_owned(),
            _ if is_short && !written.is_empty() => written.to_owned(),
            Item::List(_) => "a list".to_owned(),
            Item::Date => "a date".to_owned(),
            Item::TooLarge => "a longer number".to_owned(),
            Item::Scalar(Value::Text(text)) => {
                let start: String = text.chars().take(40).collect();
                format!("{start:?}…")
            }
            Item::Scalar(value) => value.to_string(),
        }
    }

    /// Refuses every entry of `table` that is not one of `known`; those of `later` as not supported yet.
    pub(super) fn check_keys(&mut self, table: &Node, known: &[&str], later: &[&str]) {
        for entry in table.entries() {
            let name = entry.name.as_str();
            if known.contains(&name) {
                continue;
            }
            let path = entry.node.key();
            if later.contains(&name) {
                self.later(&entry.place, &path, "leave it out".to_owned());
            } else {
                let is_dimension = table.path.starts_with("space.");
                let help = elsewhere(self.terms.keys, &table.key(), name)
                    .filter(|_| !is_dimension)
                    .or_else(|| {
                        nearest(name, known.iter().copied())
                            .map(|near| format!("did you mean `{near}`?"))
                    })
                    .unwrap_or_else(|| format!("{} takes {}", title(&table.key()), listed(known)));
                self.unknown(entry, help);
            }
        }
    }

    /// Notes a key that is none.
    pub(super) fn unknown(&mut self, entry: &Entry, help: String) {
        let message = match entry.node.key().rsplit_once('.') {
            Some((table, _)) => format!("{} has no key `{}`", title(table), entry.name),
            None => format!("there is no key or table `{}`", entry.name),
        };
        self.report(&entry.place, &message, "unknown", help);
    }

    /// The entries of a node that must be a table; empty, and noted, where it is not.
    pub(super) fn is_table(&mut self, node: &Node, accepted: &str) -> bool {
        let is_table = matches!(node.item, Item::Table(_));
        if !is_table {
            self.takes(node, accepted);
        }
        is_table
    }

    /// A text; noted where it is none.
    pub(super) fn text<'n>(&mut self, node: &'n Node, accepted: &str) -> Option<&'n str> {
        let text = node.text();
        if text.is_none() {
            self.takes(node, accepted);
        }
        text
    }

    /// One of `words`, as its index.
    pub(super) fn word(&mut self, node: &Node, words: &[&str]) -> Option<usize> {
        let index = node
            .text()
            .and_then(|text| words.iter().position(|word| *word == text));
        if index.is_none() {
            let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            self.takes(node, &enumerate(&quoted));
            self.suggest(node, words.iter().copied());
        }
        index
    }

    /// Adds the nearest of `words` to the mistake just noted about `node`.
    pub(super) fn suggest<'w>(&mut self, node: &Node, words: impl IntoIterator<Item = &'w str>) {
        if let Some(near) = node.text().and_then(|text| nearest(text, words)) {
            self.help(format!("did you mean \"{near}\"?"));
        }
    }

    /// Puts another help to the mistake just noted.
    pub(super) fn help(&mut self, help: String) {
        let last = self.found.last_mut().expect("a mistake was just noted");
        last.mistake.help = Some(help);
    }

    /// A whole number of `range`.
    pub(super) fn whole(&mut self, node: &Node, range: RangeInclusive<i64>) -> Option<i64> {
        match node.item {
            Item::Scalar(Value::Integer(whole)) if range.contains(&whole) => Some(whole),
            _ => {
                self.takes(
                    node,
                    &format!("a whole number from {} to {}", range.start(), range.end()),
                );
                None
            }
        }
    }

    /// A finite number for which `holds`; whole numbers are read as such.
    pub(super) fn real(
        &mut self,
        node: &Node,
        accepted: &str,
        holds: impl Fn(f64) -> bool,
    ) -> Option<f64> {
        let real = match &node.item {
            Item::Scalar(value) => value.as_f64(),
            _ => None,
        };
        let real = real.filter(|real| real.is_finite() && holds(*real));
        if real.is_none() {
            self.takes(node, accepted);
        }
        real
    }
}

/// A table as messages name it.
fn title(path: &str) -> String {
    if path == "stage" {
        "[[stage]]".to_owned()
    } else {
        format!("[{path}]")
    }
}

/// Keys by which other trainers are told where to train.
const DEVICES: [&str; 5] = ["device", "gpu", "gpus", "cuda", "accelerator"];

/// What to do in the place of a key, named with its table, that other programs have.
pub(super) fn foreign(path: &str) -> Option<String> {
    let name = path.strip_prefix("train.")?;
    DEVICES.contains(&name).then(|| {
        "built-in training runs on the CPU, so leave it out; to train on GPUs, let trials be runs of your own program, with \
         [command] gpus and [limits] gpus (finetooth init FILE --template command)"
            .to_owned()
    })
}

/// Where a key stands that was written into `table`.
pub(super) fn elsewhere(keys: &[KeySpec], table: &str, name: &str) -> Option<String> {
    const OWN: [(&str, &str); 19] = [
        ("name", "at the top of the file"),
        ("seed", "at the top of the file"),
        ("metric", "at the top of the file"),
        ("trials", "in [[stage]]"),
        ("sampler", "in [[stage]]"),
        ("max_rounds", "in [widen]"),
        ("tau", "in [widen]"),
        ("workers", "in [limits]"),
        ("max_failures", "in [limits]"),
        ("sweep_seconds", "in [limits]"),
        ("keep_bytes", "in [limits]"),
        ("budget", "in [search]"),
        ("parallel", "in [search]"),
        ("proposals", "in [search]"),
        ("n0", "in [search]"),
        ("first_order", "in [search]"),
        ("confirm", "in [search]"),
        ("min_trials", "in [prune]"),
        ("min_epochs", "in [prune]"),
    ];
    if let Some((_, place)) = OWN
        .iter()
        .find(|(own, place)| *own == name && !(table.is_empty() && place.starts_with("at")))
    {
        return Some(format!("it belongs {place}"));
    }
    keys.iter()
        .find(|spec| spec.name == name && spec.table != table)
        .map(|spec| format!("it belongs in [{}]", spec.table))
}

/// Names for a sentence.
pub(super) fn listed(names: &[&str]) -> String {
    names.join(", ")
}

/// A number as sentences show it: whole ones without a point.
pub(super) fn plain(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        format!("{number}")
    } else {
        shortest(number)
    }
}
