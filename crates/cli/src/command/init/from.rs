//! `finetooth init --from`: reads a sweep configuration of Weights & Biases, and tells what became of it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::definition::Definition;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::wandb::{Converted, Note, convert};

/// Largest file that is read.
const MOST_BYTES: u64 = 1 << 20;

/// The definition that `from` becomes; `file` is where it will be written.
///
/// # Errors
/// Where `from` cannot be read; all that is wrong with it, drawn.
pub(super) fn read(from: &Path, file: &Path) -> Result<Converted, Failure> {
    let name = from.display().to_string();
    let text = text(from, &name)?;
    let own_name = from.file_name().unwrap_or_default().to_string_lossy();
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let converted = convert(&text, &own_name, &stem)
        .map_err(|mistakes| Failure::mistakes(&name, &text, mistakes))?;
    Definition::check_program(&converted.text).map_err(|mistakes| {
        Failure::usage(format!(
            "`{name}` says something that no definition of finetooth can: {mistakes}; nothing was written"
        ))
    })?;
    Ok(converted)
}

fn text(from: &Path, name: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    File::open(from)
        .and_then(|opened| opened.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| {
            Failure::usage(format!(
                "`{name}` could not be read: {error}; --from takes a sweep configuration of Weights & Biases"
            ))
        })?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Failure::usage(format!(
            "`{name}` is longer than 1 MiB, which no sweep configuration of Weights & Biases is; name that one with --from"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let read = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = read.split(|byte| *byte == b'\n').count();
        Failure::usage(format!(
            "`{name}`, line {line}: this is not UTF-8 text; save the file as UTF-8"
        ))
    })
}

/// Shows what became of each part of the file.
pub(super) fn tell(converted: &Converted, screen: &Screen) {
    let Converted {
        carried,
        changed,
        left_out,
        ..
    } = converted;
    show("carried over", carried, screen);
    show("means something else now", changed, screen);
    show("left out", left_out, screen);
    screen.line(
        "to do: the program has to print its metric and take its values from its arguments; the first lines of the file tell how",
    );
}

fn show(title: &str, notes: &[Note], screen: &Screen) {
    if notes.is_empty() {
        return;
    }
    screen.line(&format!("{title}:"));
    for note in notes {
        screen.line(&format!("  line {:<4} {}", note.line, note.text));
    }
}
