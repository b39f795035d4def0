//! A YAML document as a tree whose nodes know their lines. Plain words are read as PyYAML reads them, which W&B uses.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

/// Nodes of a document with all aliases followed.
const MAX_NODES: usize = 100_000;
/// How deep nodes may lie in each other.
const MAX_DEPTH: usize = 32;

/// A node with its line, from 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) item: Item,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// Keys in their order, each once.
    Table(Vec<(String, Node)>),
}

/// What is wrong with a file; reads after its name and line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub(crate) struct YamlError {
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl YamlError {
    pub(crate) fn at(line: usize, message: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
        }
    }
}

impl Node {
    /// The value of a key, where it is a table that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Item::Table(entries) = &self.item else {
            return None;
        };
        entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    /// Its text, of a text alone.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.item {
            Item::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its number; also of a text like `1e-5`, which YAML 1.1 does not take for one.
    pub(crate) fn number(&self) -> Option<f64> {
        match &self.item {
            Item::Integer(whole) => Some(*whole as f64),
            Item::Float(number) => Some(*number),
            Item::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
        .filter(|number| number.is_finite())
    }
}

/// Reads one document.
pub(crate) fn parse(text: &str) -> Result<Node, YamlError> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        n_nodes: 0,
    };
    loop {
        let (event, line) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) => {}
            Event::StreamEnd => return Err(YamlError::at(1, "the file is empty")),
            first => {
                let node = reader.node(first, line, 0)?;
                return reader.end().map(|()| node);
            }
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    n_nodes: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, usize), YamlError> {
        match self.parser.next() {
            Some(Ok((event, span))) => Ok((event, span.start.line().max(1))),
            Some(Err(error)) => Err(YamlError::at(
                error.marker().line().max(1),
                format!("it is not YAML: {}", error.info()),
            )),
            None => Ok((Event::StreamEnd, 1)),
        }
    }

    /// Refuses a second document.
    fn end(&mut self) -> Result<(), YamlError> {
        loop {
            match self.next()? {
                (Event::DocumentEnd, _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (_, line) => {
                    return Err(YamlError::at(
                        line,
                        "another document begins here; a sweep is one",
                    ));
                }
            }
        }
    }

    fn node(&mut self, first: Event<'a>, line: usize, depth: usize) -> Result<Node, YamlError> {
        self.count(1, line)?;
        if depth > MAX_DEPTH {
            return Err(YamlError::at(line, "values lie too deep in each other"));
        }
        let (anchor, item) = match first {
            Event::Scalar(text, style, anchor, _) => {
                let item = match style {
                    ScalarStyle::Plain => plain(&text),
                    _ => Item::Text(text.into_owned()),
                };
                (anchor, item)
            }
            Event::SequenceStart(anchor, _) => {
                let mut members = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, line) => members.push(self.node(event, line, depth + 1)?),
                    }
                }
                (anchor, Item::List(members))
            }
            Event::MappingStart(anchor, _) => (anchor, Item::Table(self.entries(depth)?)),
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let node = known.ok_or_else(|| {
                    YamlError::at(line, "the anchor that is referred to is not complete")
                })?;
                self.count(size(&node), line)?;
                return Ok(node);
            }
            _ => return Err(YamlError::at(line, "a value is missing")),
        };
        let node = Node { line, item };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn entries(&mut self, depth: usize) -> Result<Vec<(String, Node)>, YamlError> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        loop {
            let (event, line) = self.next()?;
            let name = match event {
                Event::MappingEnd => return Ok(entries),
                Event::Scalar(name, ..) => name.into_owned(),
                _ => return Err(YamlError::at(line, "a key is a word or a text")),
            };
            if entries.iter().any(|(known, _)| *known == name) {
                return Err(YamlError::at(line, format!("`{name}` is given twice")));
            }
            let (event, of_value) = self.next()?;
            let mut node = self.node(event, of_value, depth + 1)?;
            // Where a person looks for it.
            node.line = line;
            entries.push((name, node));
        }
    }

    fn count(&mut self, n: usize, line: usize) -> Result<(), YamlError> {
        self.n_nodes += n;
        if self.n_nodes > MAX_NODES {
            return Err(YamlError::at(
                line,
                format!("the file has more than {MAX_NODES} values"),
            ));
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.item {
        Item::List(members) => members.iter().map(size).sum(),
        Item::Table(entries) => entries.iter().map(|(_, node)| size(node)).sum(),
        _ => 0,
    }
}

/// A word without quotes, by the rules of YAML 1.1: a float has a point.
fn plain(text: &str) -> Item {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Item::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Item::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Item::Bool(false);
        }
        _ => {}
    }
    let digits = text.replace('_', "");
    let is_numeric = text.starts_with(|first: char| "+-.0123456789".contains(first));
    if is_numeric && let Ok(whole) = digits.parse() {
        return Item::Integer(whole);
    }
    let special = text.trim_start_matches(['+', '-']).to_lowercase();
    if is_numeric && (digits.contains('.') || special == ".inf" || special == ".nan") {
        let number = match special.as_str() {
            ".inf" if text.starts_with('-') => Some(f64::NEG_INFINITY),
            ".inf" => Some(f64::INFINITY),
            ".nan" => Some(f64::NAN),
            _ => digits.parse().ok(),
        };
        if let Some(number) = number {
            return Item::Float(number);
        }
    }
    Item::Text(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &Item) {
        assert_eq!(&parse(text).unwrap().item, expected);
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn words_are_read_as_w_and_b_reads_them() {
        check("12", &Item::Integer(12));
        check("1_000", &Item::Integer(1000));
        check("-.5", &Item::Float(-0.5));
        check("1.0e-5", &Item::Float(1e-5));
        check("1e-5", &Item::Text("1e-5".to_owned()));
        check("'12'", &Item::Text("12".to_owned()));
        check("yes", &Item::Bool(true));
        check("~", &Item::Null);
        check(".inf", &Item::Float(f64::INFINITY));
        check("adam", &Item::Text("adam".to_owned()));
        assert_eq!(parse("1e-5").unwrap().number(), Some(1e-5));
        assert_eq!(parse(".nan").unwrap().number(), None);
    }

    #[test]
    fn nodes_know_their_lines_and_aliases_are_followed() {
        let node = parse("a: &x\n  b: 1\nc: *x\n").unwrap();
        let again = node.get("c").unwrap();
        assert_eq!(again.get("b").unwrap().item, Item::Integer(1));
        assert_eq!(node.get("a").unwrap().get("b").unwrap().line, 2);
    }

    #[test]
    fn hostile_files_are_refused() {
        refused("", "line 1: the file is empty");
        refused("a: 1\na: 2\n", "line 2: `a` is given twice");
        refused("a: [1, 2\n", "it is not YAML");
        refused("a:\n\t- 1\n", "it is not YAML");
        refused("--- 1\n--- 2\n", "another document begins here");
        refused(&"[".repeat(40), "too deep");
        let bomb = (1..20).fold(
            "a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned(),
            |text, n| {
                let of = vec![format!("*a{}", n - 1); 8].join(", ");
                text + &format!("a{n}: &a{n} [{of}]\n")
            },
        );
        refused(&bomb, "more than 100000 values");
    }
}
