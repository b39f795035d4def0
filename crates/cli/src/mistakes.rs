//! Mistakes of a definition file, drawn under its lines.

use std::fmt;

use finetooth_scheduler::sweep::{Mistake, Mistakes};
use miette::{
    Diagnostic, GraphicalTheme, LabeledSpan, MietteHandler, MietteHandlerOpts, NamedSource,
    ReportHandler, SourceCode, ThemeCharacters, ThemeStyles,
};

use crate::screen::Screen;

/// Longest line that is drawn, in bytes: what is longer was not written by a person.
const LONGEST_LINE: usize = 400;

/// All mistakes of a definition, drawn: each with file, line and column, the line itself with a mark under what it
/// is about, and the remedy.
///
/// In a log the drawing is of plain ASCII, so that it survives whatever shows the log.
pub(crate) struct Drawing<'a> {
    /// The file's name, as it was given.
    pub(crate) file: &'a str,
    /// Its text.
    pub(crate) text: &'a str,
    /// What is wrong with it.
    pub(crate) mistakes: &'a Mistakes,
    /// Where it is shown.
    pub(crate) screen: &'a Screen,
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handler = handler(self.screen);
        let source = NamedSource::new(self.file, self.text.to_owned());
        for mistake in &self.mistakes.0 {
            let marked = Marked {
                mistake,
                source: &source,
                labels: labels(mistake, self.text),
            };
            writeln!(f, "{}", Shown(&handler, &marked))?;
        }
        let has = match self.mistakes.0.len() {
            1 => "a mistake".to_owned(),
            n => format!("{n} mistakes"),
        };
        writeln!(
            f,
            "error: {} has {has}; nothing was run, nothing was written",
            self.file
        )
    }
}

fn handler(screen: &Screen) -> MietteHandler {
    let characters = if screen.is_terminal() {
        ThemeCharacters::unicode()
    } else {
        ThemeCharacters {
            error: "error:".to_owned(),
            ..ThemeCharacters::ascii()
        }
    };
    let styles = if screen.has_colour() {
        ThemeStyles::ansi()
    } else {
        ThemeStyles::none()
    };
    let options = MietteHandlerOpts::new()
        .force_graphical(true)
        .terminal_links(false)
        .graphical_theme(GraphicalTheme { characters, styles });
    // A log is searched by lines, and whatever shows it wraps them.
    options.wrap_lines(screen.is_terminal()).build()
}

/// What to mark in `text`; nothing where the mistake has no place in it, or one that cannot be drawn.
fn labels(mistake: &Mistake, text: &str) -> Vec<LabeledSpan> {
    let places = mistake.span.iter().map(|span| (span, &mistake.label));
    let places = places.chain(mistake.other.iter().map(|(span, label)| (span, label)));
    let label = |(span, label): (&std::ops::Range<usize>, &String)| {
        let start = text.floor_char_boundary(span.start);
        let end = text.ceil_char_boundary(span.end).max(start);
        let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let last = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let is_drawable = text[first..last]
            .split('\n')
            .all(|line| line.len() <= LONGEST_LINE);
        let named = (!label.is_empty()).then(|| label.clone());
        (is_drawable && !text.is_empty()).then(|| LabeledSpan::new(named, start, end - start))
    };
    places.filter_map(label).collect()
}

struct Shown<'a>(&'a MietteHandler, &'a Marked<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug(self.1, f)
    }
}

/// A mistake with the text it is in.
#[derive(Debug)]
struct Marked<'a> {
    mistake: &'a Mistake,
    source: &'a NamedSource<String>,
    labels: Vec<LabeledSpan>,
}

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mistake.message)
    }
}

impl std::error::Error for Marked<'_> {}

impl Diagnostic for Marked<'_> {
    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        let help = self.mistake.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.labels.is_empty()).then_some(self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
