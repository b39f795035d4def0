//! What a person has to know of a conversion: what is wrong with the file, and what became of its parts.

use finetooth_scheduler::number::shortest;
use finetooth_scheduler::sweep::{Mistake, Mistakes};

use super::yaml::Place;

/// A sentence about a line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// Everything that is told, in the order it was found.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) carried: Vec<Note>,
    pub(super) changed: Vec<Note>,
    pub(super) left_out: Vec<Note>,
    mistakes: Vec<Mistake>,
}

impl Told {
    pub(super) fn carry(&mut self, place: &Place, text: impl AsRef<str>) {
        self.carried.push(note(place, text.as_ref()));
    }

    pub(super) fn change(&mut self, place: &Place, text: impl AsRef<str>) {
        self.changed.push(note(place, text.as_ref()));
    }

    pub(super) fn leave(&mut self, place: &Place, text: impl AsRef<str>) {
        self.left_out.push(note(place, text.as_ref()));
    }

    #[expect(clippy::boxed_local, reason = "as `mistake` makes them")]
    pub(super) fn wrong(&mut self, mistake: Box<Mistake>) {
        self.mistakes.push(*mistake);
    }

    /// Whether nothing was wrong so far.
    pub(super) fn is_sound(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// The value, or else its mistake noted.
    pub(super) fn sound<T>(&mut self, read: Result<T, Box<Mistake>>) -> Option<T> {
        read.map_err(|mistake| self.wrong(mistake)).ok()
    }

    /// All notes in the order of the file; the mistakes where there are any.
    pub(super) fn end(mut self) -> Result<Self, Mistakes> {
        if !self.mistakes.is_empty() {
            let start = |mistake: &Mistake| mistake.span.as_ref().map_or(0, |span| span.start);
            self.mistakes.sort_by_key(start);
            return Err(Mistakes(self.mistakes));
        }
        for notes in [&mut self.carried, &mut self.changed, &mut self.left_out] {
            notes.sort_by_key(|note| note.line);
        }
        Ok(self)
    }
}

fn note(place: &Place, text: &str) -> Note {
    Note {
        line: place.line,
        text: one_line(text),
    }
}

/// A mistake with its remedy.
pub(super) fn mistake(place: &Place, message: &str, label: &str, help: &str) -> Box<Mistake> {
    Box::new(Mistake {
        message: one_line(message),
        // An empty file has no place.
        span: (place.line > 0).then(|| place.bytes.clone()),
        label: label.to_owned(),
        other: None,
        help: Some(one_line(help)),
    })
}

/// A text of the file as sentences hold it: without line ends and whatever else moves a cursor, and not endless.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = one_line(text).chars().take(MOST).collect();
    if text.chars().count() > MOST {
        shown.push('…');
    }
    shown
}

/// Without what would end a comment or be obeyed by a terminal.
pub(super) fn one_line(text: &str) -> String {
    text.replace(
        |c: char| c.is_control() || "\u{2028}\u{2029}".contains(c),
        " ",
    )
}

/// A number as sentences hold it: whole ones without a point.
pub(super) fn number(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e15 {
        format!("{x:.0}")
    } else {
        shortest(x)
    }
}

/// `a`, `b` and `c` as a sentence holds them.
pub(super) fn listed(words: &[impl AsRef<str>], last: &str) -> String {
    match words {
        [] => String::new(),
        [word] => word.as_ref().to_owned(),
        [words @ .., end] => {
            let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
            format!("{} {last} {}", words.join(", "), end.as_ref())
        }
    }
}

/// The known word that a misspelt one probably means.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['_', '-', ' '], "");
    let likeness = |known: &str| strsim::jaro_winkler(&plain(word), &plain(known));
    let best = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= 0.85).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_a_file_do_not_leave_their_line() {
        assert_eq!(shown("a\nb\u{1b}[2J\u{85}c"), "a b [2J c");
        assert_eq!(shown(&"x".repeat(70)).chars().count(), 61);
    }

    #[test]
    fn a_misspelt_word_finds_the_one_that_was_meant() {
        let known = [
            "uniform",
            "log_uniform",
            "log_uniform_values",
            "categorical",
        ];
        assert_eq!(nearest("logUniform", &known), Some("log_uniform"));
        assert_eq!(
            nearest("loguniform_values", &known),
            Some("log_uniform_values")
        );
        assert_eq!(nearest("categoric", &known), Some("categorical"));
        assert_eq!(nearest("zipf", &known), None);
    }
}
