//! A program's output in a file of limited size, of which the beginning and the end are kept.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::line::plain;

/// Bytes kept from the beginning, and of the end.
const KEPT: usize = 1 << 20;
/// Bytes at the end that messages look at.
const LAST: usize = 8 << 10;

/// Output on its way to a file: the first mebibyte as it comes, the last one at the end.
#[derive(Debug)]
pub(super) struct Output {
    file: Option<File>,
    n_head: usize,
    tail: VecDeque<u8>,
    n_left_out: u64,
    /// The end of all that came, for messages.
    last: VecDeque<u8>,
}

impl Output {
    /// Writes to `path` from the beginning.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: Some(File::create(path)?),
            n_head: 0,
            tail: VecDeque::new(),
            n_left_out: 0,
            last: VecDeque::new(),
        })
    }

    /// Takes what came.
    ///
    /// # Errors
    /// Where it cannot be written, once: the file is given up then, and the rest is only looked at.
    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        keep_last(&mut self.last, bytes, LAST);
        let n_head = bytes.len().min(KEPT - self.n_head);
        let (head, rest) = bytes.split_at(n_head);
        self.n_head += n_head;
        self.n_left_out += keep_last(&mut self.tail, rest, KEPT);
        self.write(head)
    }

    /// Writes the end.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if self.n_left_out > 0 {
            let note = format!("\n[… {} bytes left out …]\n", self.n_left_out);
            self.write(note.as_bytes())?;
        }
        let tail = std::mem::take(&mut self.tail);
        let (first, second) = tail.as_slices();
        self.write(first)?;
        self.write(second)
    }

    /// The last lines, at most `n`, fit for a terminal.
    pub(super) fn last_lines(&self, n: usize) -> Vec<String> {
        let bytes: Vec<u8> = self.last.iter().copied().collect();
        let text = plain(&String::from_utf8_lossy(&bytes));
        let lines = text.lines().map(|line| {
            // Of a line that was drawn over, what is to be seen.
            let seen = line.trim_end().rsplit('\r').next().unwrap_or_default();
            let safe = seen
                .chars()
                .filter(|character| !character.is_control() || *character == '\t');
            safe.take(300).collect::<String>()
        });
        let lines: Vec<String> = lines.filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(n)..].to_vec()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let written = file.write_all(bytes);
        if written.is_err() {
            self.file = None;
        }
        written
    }
}

/// Appends `bytes` and drops what is before the last `most`; how many were dropped.
fn keep_last(kept: &mut VecDeque<u8>, bytes: &[u8], most: usize) -> u64 {
    let skipped = bytes.len().saturating_sub(most);
    let bytes = &bytes[skipped..];
    let dropped = (kept.len() + bytes.len()).saturating_sub(most);
    kept.drain(..dropped);
    kept.extend(bytes);
    (skipped + dropped) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_beginning_and_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        let mut output = Output::create(&path).unwrap();
        let line = [b"0123456789abcde\n".repeat(1 << 12), b"x".to_vec()].concat();
        for _ in 0..100 {
            output.take(&line).unwrap();
        }
        let last = b"last \x1b[31mwords\x1b[0m\x07 here\n10%\r100%\n\n";
        output.take(last).unwrap();
        assert_eq!(output.last_lines(2), ["xlast words here", "100%"]);
        output.finish().unwrap();
        let kept = std::fs::read(&path).unwrap();
        let left_out = 100 * line.len() + last.len() - 2 * KEPT;
        let note = format!("\n[… {left_out} bytes left out …]\n");
        let at = kept
            .windows(note.len())
            .position(|window| window == note.as_bytes());
        assert_eq!(at, Some(KEPT));
        assert_eq!(kept.len(), 2 * KEPT + note.len());
        assert!(kept.starts_with(b"0123456789abcde\n") && kept.ends_with(b"100%\n\n"));
    }

    #[test]
    fn short_output_is_kept_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        let mut output = Output::create(&path).unwrap();
        output.take(b"one\n").unwrap();
        output.take(b"two").unwrap();
        assert_eq!(
            std::fs::read(&path).unwrap(),
            b"one\ntwo",
            "it can be read while the program runs"
        );
        output.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo");
    }
}
