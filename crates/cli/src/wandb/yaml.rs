//! A YAML document as a tree whose nodes know where they stand.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use finetooth_scheduler::sweep::Mistake;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};

use super::told::{mistake, shown};
use super::word::plain;

/// Nodes of a document with all aliases followed.
const MAX_NODES: usize = 50_000;
/// How deep nodes may lie in each other.
const MAX_DEPTH: usize = 32;

/// Where something stands: bytes of the file, and its line, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) bytes: Range<usize>,
    pub(super) line: usize,
}

/// A value, list or table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) item: Item,
}

/// A key with what it holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Where the key stands.
    pub(super) place: Place,
    pub(super) node: Node,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    /// A word like `1e-5`, which is a text in YAML 1.1 and a number to everyone else.
    NearNumber(String, f64),
    List(Vec<Node>),
    /// Keys in their order, each once.
    Table(Vec<Entry>),
}

impl Node {
    /// Its entries; none where it is no table.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.item {
            Item::Table(entries) => entries,
            _ => &[],
        }
    }

    /// Its entry for `key`.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.name == key)
    }

    /// What its entry for `key` holds.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// Its text.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.item {
            Item::Text(text) | Item::NearNumber(text, _) => Some(text),
            _ => None,
        }
    }

    fn size(&self) -> usize {
        1 + match &self.item {
            Item::List(members) => members.iter().map(Self::size).sum(),
            Item::Table(entries) => entries.iter().map(|entry| entry.node.size()).sum(),
            _ => 0,
        }
    }
}

/// Reads the one document of a file.
///
/// # Errors
/// The first thing that cannot be read, at its place.
pub(super) fn parse(text: &str) -> Result<Node, Box<Mistake>> {
    // The mark of some editors is no part of the document.
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = text.len() - body.len();
    let mut reader = Reader {
        parser: Parser::new_from_str(body),
        starts: Starts::of(body, offset),
        anchors: HashMap::new(),
        n_nodes: 0,
    };
    loop {
        let (event, place) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) => {}
            Event::StreamEnd => {
                return Err(mistake(
                    &Place::default(),
                    "the file is empty",
                    "",
                    "a sweep of W&B has method, metric and parameters",
                ));
            }
            first => {
                let node = reader.node(first, place, 0)?;
                return reader.end().map(|()| node);
            }
        }
    }
}

/// Bytes where lines and characters begin; the parser counts in characters.
struct Starts<'a> {
    text: &'a str,
    offset: usize,
    lines: Vec<usize>,
    /// None where every character is a byte.
    characters: Option<Vec<usize>>,
}

impl<'a> Starts<'a> {
    fn of(text: &'a str, offset: usize) -> Self {
        let after = text.match_indices('\n').map(|(at, _)| at + 1);
        let characters = || text.char_indices().map(|(at, _)| at).collect();
        Self {
            text,
            offset,
            lines: std::iter::once(0).chain(after).collect(),
            characters: (!text.is_ascii()).then(characters),
        }
    }

    fn byte(&self, marker: Marker) -> usize {
        let index = marker.index();
        let at = match &self.characters {
            Some(characters) => characters.get(index).copied(),
            None => Some(index),
        };
        at.unwrap_or(self.text.len()).min(self.text.len())
    }

    fn place(&self, span: Span) -> Place {
        let line = span.start.line().max(1);
        let start = self.byte(span.start);
        // Of what goes over several lines the first is marked.
        let next = self.lines.get(line).copied();
        let line_end = next.map_or(self.text.len(), |next| next - 1).max(start);
        let end = self.byte(span.end).clamp(start, line_end);
        Place {
            bytes: self.offset + start..self.offset + end,
            line,
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    starts: Starts<'a>,
    /// What stands at each anchor, and of how many nodes it is.
    anchors: HashMap<usize, (Node, usize)>,
    n_nodes: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Place), Box<Mistake>> {
        match self.parser.next() {
            Some(Ok((event, span))) => {
                let place = self.starts.place(span);
                Ok((event, place))
            }
            Some(Err(error)) => {
                let at = *error.marker();
                let place = self.starts.place(Span::empty(at));
                Err(self.not_yaml(&place, error.info()))
            }
            None => Ok((Event::StreamEnd, Place::default())),
        }
    }

    fn not_yaml(&self, place: &Place, what: &str) -> Box<Mistake> {
        let index = place.line.saturating_sub(1);
        let start = self.starts.lines.get(index).copied().unwrap_or_default();
        let line = self.starts.text[start..].lines().next().unwrap_or_default();
        let indent = &line[..line.len() - line.trim_start().len()];
        let help = if indent.contains('\t') {
            "the line is indented by a tab, which YAML does not take: put spaces in its place"
        } else {
            "mend the file so that W&B, too, can read it"
        };
        mistake(place, &format!("this is not YAML: {what}"), "here", help)
    }

    /// Refuses a second document.
    fn end(&mut self) -> Result<(), Box<Mistake>> {
        loop {
            match self.next()? {
                (Event::DocumentEnd, _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (_, place) => {
                    return Err(mistake(
                        &place,
                        "another document begins here",
                        "the second",
                        "a sweep is one document: keep each in a file of its own",
                    ));
                }
            }
        }
    }

    fn node(&mut self, first: Event<'a>, place: Place, depth: usize) -> Result<Node, Box<Mistake>> {
        self.count(1, &place)?;
        if depth > MAX_DEPTH {
            return Err(mistake(
                &place,
                &format!("lists and tables lie more than {MAX_DEPTH} deep in each other"),
                "too deep",
                "a sweep has its parameters, and theirs, and no more",
            ));
        }
        let (anchor, item) = match first {
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, scalar(&text, style, tag.as_deref(), &place)?)
            }
            Event::SequenceStart(anchor, tag) => {
                check_tag(tag.as_deref(), "seq", &place)?;
                let mut members = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, place) => members.push(self.node(event, place, depth + 1)?),
                    }
                }
                (anchor, Item::List(members))
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(tag.as_deref(), "map", &place)?;
                (anchor, Item::Table(self.entries(depth)?))
            }
            Event::Alias(anchor) => {
                let Some(size) = self.anchors.get(&anchor).map(|(_, size)| *size) else {
                    return Err(mistake(
                        &place,
                        "the alias stands within what it refers to",
                        "here",
                        "write the value out",
                    ));
                };
                self.count(size, &place)?;
                let item = self.anchors[&anchor].0.item.clone();
                return Ok(Node { place, item });
            }
            _ => {
                return Err(mistake(
                    &place,
                    "a value is missing",
                    "here",
                    "write it behind the key",
                ));
            }
        };
        let node = Node { place, item };
        if anchor > 0 {
            let size = node.size();
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok(node)
    }

    fn entries(&mut self, depth: usize) -> Result<Vec<Entry>, Box<Mistake>> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged: Vec<Entry> = Vec::new();
        let mut names = HashSet::new();
        loop {
            let (event, place) = self.next()?;
            let (name, is_merge) = match event {
                Event::MappingEnd => break,
                Event::Scalar(name, style, ..) => {
                    let is_merge = style == ScalarStyle::Plain && name == "<<";
                    (name.into_owned(), is_merge)
                }
                _ => {
                    return Err(mistake(
                        &place,
                        "a key is a list or a table",
                        "here",
                        "a key is a name: write it as one",
                    ));
                }
            };
            let (event, of_value) = self.next()?;
            let node = self.node(event, of_value, depth + 1)?;
            if is_merge {
                merge(&mut merged, node)?;
                continue;
            }
            if !names.insert(name.clone()) {
                return Err(mistake(
                    &place,
                    &format!("`{}` is given twice", shown(&name)),
                    "the second",
                    "W&B takes the last one without a word: remove the one that is not meant",
                ));
            }
            entries.push(Entry { name, place, node });
        }
        entries.extend(
            merged
                .into_iter()
                .filter(|entry| names.insert(entry.name.clone())),
        );
        Ok(entries)
    }

    fn count(&mut self, n: usize, place: &Place) -> Result<(), Box<Mistake>> {
        self.n_nodes = self.n_nodes.saturating_add(n);
        if self.n_nodes > MAX_NODES {
            return Err(mistake(
                place,
                &format!(
                    "the file has more than {MAX_NODES} values, with all its aliases written out"
                ),
                "here",
                "a sweep has some dozens",
            ));
        }
        Ok(())
    }
}

/// `<<: *defaults`, or a list of such, of which the first that has a key gives it.
fn merge(merged: &mut Vec<Entry>, node: Node) -> Result<(), Box<Mistake>> {
    match node.item {
        Item::Table(entries) => {
            merged.extend(entries);
            Ok(())
        }
        Item::List(members) => members.into_iter().try_for_each(|node| merge(merged, node)),
        _ => Err(mistake(
            &node.place,
            "`<<` is followed by no table",
            "here",
            "write <<: *name, of a table with &name",
        )),
    }
}

fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    place: &Place,
) -> Result<Item, Box<Mistake>> {
    let read = || match style {
        ScalarStyle::Plain => plain(text),
        _ => Item::Text(text.to_owned()),
    };
    let Some(tag) = tag else { return Ok(read()) };
    match (tag.is_yaml_core_schema(), tag.suffix.as_str()) {
        (true, "str") => Ok(Item::Text(text.to_owned())),
        (true, "int" | "float" | "bool" | "null") => Ok(match plain(text) {
            Item::NearNumber(_, number) => Item::Float(number),
            Item::Integer(whole) if tag.suffix == "float" => Item::Float(whole as f64),
            item => item,
        }),
        _ => Err(refused_tag(tag, place)),
    }
}

fn check_tag(tag: Option<&Tag>, expected: &str, place: &Place) -> Result<(), Box<Mistake>> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema() || tag.suffix != expected => {
            Err(refused_tag(tag, place))
        }
        _ => Ok(()),
    }
}

fn refused_tag(tag: &Tag, place: &Place) -> Box<Mistake> {
    let tag = shown(&format!("{}{}", tag.handle, tag.suffix));
    mistake(
        place,
        &format!("the tag {tag} makes something else of the value than YAML has"),
        "here",
        "remove the tag; W&B refuses it too",
    )
}

#[cfg(test)]
mod tests;
