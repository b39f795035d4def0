//! A page of the tutorial taken apart into what can be run.

use std::path::Path;

/// A page.
pub(super) struct Page {
    /// Its sections.
    pub(super) sections: Vec<Section>,
}

/// From a heading to the next.
#[derive(Default)]
pub(super) struct Section {
    /// Its fenced blocks, in order.
    pub(super) blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug)]
pub(super) enum Block {
    /// Of a file.
    File {
        /// Its name.
        name: String,
        /// What it holds.
        text: String,
    },
    /// Of a terminal.
    Console(Vec<Command>),
    /// Of a program to be run at once.
    Program {
        /// What it is written in.
        language: Language,
        /// The program.
        text: String,
        /// What it prints.
        claim: Claim,
    },
    /// Of what the engine's documentation tests run.
    Rust,
}

/// What a [`Block::Program`] is written in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Language {
    /// Python.
    Python,
    /// DuckDB's.
    Sql,
}

/// A command in a terminal.
#[derive(Debug)]
pub(super) struct Command {
    /// For sh.
    pub(super) line: String,
    /// What it says.
    pub(super) claim: Claim,
}

/// What a page claims that something says.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// The number of its first line on the page, from 1.
    pub(super) line: usize,
    /// The lines.
    pub(super) text: String,
}

impl Claim {
    /// The page with `said` in the place of the claim.
    pub(super) fn replaced(&self, page: &str, said: &str) -> String {
        let lines: Vec<&str> = page.lines().collect();
        let (before, rest) = lines.split_at(self.line - 1);
        let after = &rest[self.text.lines().count()..];
        let said = said.trim_end().lines().map(str::trim_end);
        let lines = before.iter().copied().chain(said);
        lines
            .chain(after.iter().copied())
            .collect::<Vec<_>>()
            .join("\n")
            + "\n"
    }
}

impl Section {
    /// Whether it can be run with Python only.
    pub(super) fn needs_python(&self) -> bool {
        self.blocks.iter().any(|block| match block {
            Block::File { name, .. } => Path::new(name).extension().is_some_and(|end| end == "py"),
            Block::Program { .. } => true,
            Block::Console(_) | Block::Rust => false,
        })
    }
}

impl Page {
    /// # Errors
    /// LINE: PROBLEM, where a block is none that this knows.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut page = Self {
            sections: vec![Section::default()],
        };
        let mut lines = text.lines().enumerate();
        // A program whose output is still to come.
        let mut pending = None;
        while let Some((at, line)) = lines.next() {
            if line.starts_with('#') {
                page.sections.push(Section::default());
            }
            let Some(info) = line.strip_prefix("```") else {
                if line.trim_start().starts_with("```") {
                    return Err(format!("{}: an indented block is not seen", at + 1));
                }
                continue;
            };
            let mut body = Vec::new();
            loop {
                match lines.next() {
                    Some((_, "```")) => break,
                    Some((_, line)) => body.push(line),
                    None => return Err(format!("{}: the block has no end", at + 1)),
                }
            }
            let section = page.sections.last_mut().expect("there is one at first");
            // Counted from 1, the line below the fence.
            let first = at + 2;
            if info == "text" {
                let (language, text) = pending
                    .take()
                    .ok_or(format!("{first}: nothing says this; name what does"))?;
                section.blocks.push(Block::Program {
                    language,
                    text,
                    claim: claim(first, &body),
                });
                continue;
            }
            if pending.is_some() {
                return Err(format!(
                    "{first}: what the program above prints is not told"
                ));
            }
            let name = body.first().and_then(|line| file_name(line));
            let text = body.join("\n") + "\n";
            match (info, name) {
                ("console", _) => section.blocks.push(Block::Console(commands(first, &body)?)),
                ("toml" | "python" | "sh", Some(name)) => section.blocks.push(Block::File {
                    name: name.to_owned(),
                    text,
                }),
                ("python", None) => pending = Some((Language::Python, text)),
                ("sql", None) => pending = Some((Language::Sql, text)),
                ("rust", _) => section.blocks.push(Block::Rust),
                _ => return Err(format!("{first}: a block of {info:?} that nothing runs")),
            }
        }
        match pending {
            Some(_) => Err("end: what the last program prints is not told".to_owned()),
            None => Ok(page),
        }
    }
}

/// `NAME.EXTENSION` of a first line `# NAME.EXTENSION`.
fn file_name(line: &str) -> Option<&str> {
    let name = line.strip_prefix("# ")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (name.contains('.') && name.chars().all(is_name)).then_some(name)
}

fn claim(line: usize, lines: &[&str]) -> Claim {
    Claim {
        line,
        text: lines.iter().flat_map(|line| [*line, "\n"]).collect(),
    }
}

fn commands(first: usize, lines: &[&str]) -> Result<Vec<Command>, String> {
    let mut commands = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let Some(line) = lines[at].strip_prefix("$ ") else {
            return Err(format!("{}: output of no command", first + at));
        };
        let rest = &lines[at + 1..];
        let n = rest
            .iter()
            .take_while(|line| !line.starts_with("$ "))
            .count();
        commands.push(Command {
            line: line.to_owned(),
            claim: claim(first + at + 1, &rest[..n]),
        });
        at += 1 + n;
    }
    Ok(commands)
}

#[cfg(test)]
mod tests {
    use super::{Block, Language, Page};

    #[track_caller]
    fn check_refused(text: &str, problem: &str) {
        assert_eq!(Page::parse(text).err().as_deref(), Some(problem));
    }

    #[test]
    fn a_block_that_nothing_would_run_is_refused() {
        check_refused(
            "a\n```yaml\nb\n```\n",
            "3: a block of \"yaml\" that nothing runs",
        );
        check_refused("```\nb\n```\n", "2: a block of \"\" that nothing runs");
        check_refused(
            "```toml\nb = 1\n```\n",
            "2: a block of \"toml\" that nothing runs",
        );
        check_refused("```text\nb\n```\n", "2: nothing says this; name what does");
        check_refused("```console\nb\n```\n", "2: output of no command");
        check_refused("```console\n$ b\n", "1: the block has no end");
        check_refused("1. a\n   ```toml\n", "2: an indented block is not seen");
        check_refused(
            "```python\nb\n```\n",
            "end: what the last program prints is not told",
        );
        check_refused(
            "```python\nb\n```\n```console\n```\n",
            "5: what the program above prints is not told",
        );
    }

    #[test]
    fn commands_files_and_programs_are_told_apart() {
        let page = "# T\n```toml\n# a.toml\nx = 1\n```\n## Python\n```sql\nselect 1\n```\n```text\n1\n```\n## C\n\
                    ```console\n$ a\nb\n$ c\n```\n```rust\n```\n";
        let page = Page::parse(page).ok().unwrap();
        let needs: Vec<bool> = page
            .sections
            .iter()
            .map(super::Section::needs_python)
            .collect();
        assert_eq!(needs, [false, false, true, false]);
        let [Block::File { name, text }] = &page.sections[1].blocks[..] else {
            panic!("a file")
        };
        assert_eq!(
            (name.as_str(), text.as_str()),
            ("a.toml", "# a.toml\nx = 1\n")
        );
        let [
            Block::Program {
                language, claim, ..
            },
        ] = &page.sections[2].blocks[..]
        else {
            panic!("a program")
        };
        assert_eq!(
            (*language, claim.line, claim.text.as_str()),
            (Language::Sql, 11, "1\n")
        );
        let [Block::Console(commands), Block::Rust] = &page.sections[3].blocks[..] else {
            panic!("a terminal")
        };
        let told: Vec<_> = commands
            .iter()
            .map(|command| {
                (
                    command.line.as_str(),
                    command.claim.line,
                    command.claim.text.as_str(),
                )
            })
            .collect();
        assert_eq!(told, [("a", 16, "b\n"), ("c", 18, "")]);
    }

    #[test]
    fn a_claim_is_replaced_where_it_stands() {
        let page = "```console\n$ a\nold\nolder\n$ b\n```\n";
        let parsed = Page::parse(page).ok().unwrap();
        let [Block::Console(commands)] = &parsed.sections[0].blocks[..] else {
            panic!("a terminal")
        };
        let mended = commands[0].claim.replaced(page, "new  \n");
        assert_eq!(mended, "```console\n$ a\nnew\n$ b\n```\n");
        let mended = commands[1].claim.replaced(page, "said\n");
        assert_eq!(mended, "```console\n$ a\nold\nolder\n$ b\nsaid\n```\n");
    }
}
