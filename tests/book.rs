//! The guide holds together: every page is in the book, every link leads somewhere.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

fn has_end(name: &str, end: &str) -> bool {
    Path::new(name).extension().is_some_and(|own| own == end)
}

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Markdown files below a directory, as paths in the repository.
fn pages(directory: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(directory)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{directory}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(pages(&name));
        } else if has_end(&name, "md") {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// `path` without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                assert!(normal.pop(), "{} leaves the repository", path.display());
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

/// The lines of a page that are no code.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code && !line.starts_with("    ") {
            // Of inline code only links around it count.
            prose += line;
            prose.push('\n');
        }
    }
    prose
}

/// Targets of links and pictures.
fn targets(text: &str) -> Vec<String> {
    let prose = prose(text);
    let parts = prose.split("](").skip(1);
    parts
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .filter(|target| !target.contains("://"))
        .collect()
}

/// What a heading is called in an address, on the web view and in the book: letters, digits, `-` and `_`, in lower case.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text)
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect::<Vec<_>>();
    headings.into_iter().collect()
}

/// What is wrong with the links of `page`, whose text is `text`.
fn wrong_links(page: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for target in targets(text) {
        let (file, hash) = target.split_once('#').unwrap_or((&target, ""));
        let path = if file.is_empty() {
            PathBuf::from(page)
        } else {
            normal(&Path::new(page).parent().unwrap().join(file))
        };
        let there = root().join(&path);
        if !there.exists() {
            wrong.push(format!("{page}: {target} leads nowhere"));
        } else if !hash.is_empty() && !anchors(&fs::read_to_string(there).unwrap()).contains(hash) {
            wrong.push(format!("{page}: {target}: no heading is called so"));
        }
    }
    wrong
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut all = pages("docs");
    all.extend(
        [
            "README.md",
            "CONTRIBUTING.md",
            "CHANGELOG.md",
            "results/README.md",
        ]
        .map(str::to_owned),
    );
    let mut n_links = 0;
    for page in all {
        let text = fs::read_to_string(root().join(&page)).unwrap();
        n_links += targets(&text).len();
        assert_eq!(wrong_links(&page, &text), [""; 0]);
    }
    assert!(n_links > 50, "links are found");
}

#[test]
fn a_link_that_leads_nowhere_is_told() {
    let text = "[a](none.md) [b](search.md#none) [c](search.md#before-the-search) `[d](x)`\n```toml\n[e](y)\n```\n";
    assert_eq!(
        wrong_links("docs/README.md", text),
        [
            "docs/README.md: none.md leads nowhere",
            "docs/README.md: search.md#none: no heading is called so",
            "docs/README.md: x leads nowhere",
        ]
    );
    assert_eq!(anchor("What `a_b` is, and why"), "what-a_b-is-and-why");
}

#[test]
fn every_page_and_every_sweep_is_in_the_book_once() {
    let text = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let mut listed: Vec<String> = targets(&text)
        .iter()
        .map(|target| {
            normal(&Path::new("docs").join(target))
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    listed.sort();
    let mut there = pages("docs");
    there.retain(|page| page != "docs/SUMMARY.md");
    there.push("results/README.md".to_owned());
    for entry in fs::read_dir(root().join("sweeps")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if has_end(&name, "toml") {
            there.push(format!("sweeps/{name}"));
        }
    }
    there.sort();
    assert_eq!(listed, there);
}

/// The book's chapters after its preprocessor, as (place, text); `None` where FINETOOTH_PYTHON is not set.
fn preprocessed() -> Option<Vec<(String, String)>> {
    let python = env::var_os("FINETOOTH_PYTHON").filter(|value| !value.is_empty())?;
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let items = targets(&summary).into_iter().map(|target| {
        let content = fs::read_to_string(root().join("docs").join(&target)).unwrap();
        json!({"Chapter": {
            "name": "a chapter", "content": content, "path": target, "source_path": target, "sub_items": [],
        }})
    });
    let book = json!([{}, {"items": items.collect::<Vec<_>>()}]).to_string();
    let mut child = Command::new(python)
        .arg("outside.py")
        .current_dir(root().join("docs"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("FINETOOTH_PYTHON names a python");
    let mut input = child.stdin.take().unwrap();
    input.write_all(book.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let book: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let chapters = book["items"].as_array().unwrap().iter();
    let chapters = chapters.map(|item| &item["Chapter"]);
    Some(
        chapters
            .map(|chapter| (text(&chapter["path"]), text(&chapter["content"])))
            .collect(),
    )
}

#[test]
fn links_hold_inside_the_book_and_none_leaves_it() {
    let Some(chapters) = preprocessed() else {
        return;
    };
    let there: BTreeSet<PathBuf> = chapters
        .iter()
        .map(|(place, _)| PathBuf::from(place))
        .collect();
    assert!(there.contains(Path::new("results/README.md")));
    assert!(there.contains(Path::new("sweeps/digits.toml.md")));
    for (place, text) in &chapters {
        for target in targets(text) {
            let file = target.split_once('#').map_or(&*target, |(file, _)| file);
            let leads = normal(&Path::new(place).parent().unwrap().join(file));
            let is_there = file.is_empty()
                || there.contains(&leads)
                || root().join("docs").join(&leads).is_file();
            assert!(is_there, "{place}: {target}");
        }
    }
    let text_of = |name: &str| &chapters.iter().find(|(place, _)| place == name).unwrap().1;
    assert!(text_of("results/README.md").contains("](../models.md)"));
    assert!(text_of("programs.md").contains("](sweeps/shell.toml.md)"));
    assert!(text_of("tutorial/5-results.md").contains("](../results/README.md)"));
    assert!(text_of("README.md").contains("](design/0001-"));
    let sweep = text_of("sweeps/digits.toml.md");
    assert!(sweep.starts_with("# a chapter\n\n```toml\n# "), "{sweep}");
}
