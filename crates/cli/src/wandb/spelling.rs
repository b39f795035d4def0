//! How names and texts are spelled in a definition file.

use super::yaml::Node;

/// The name of the sweep, as a directory may be named.
pub(super) fn name(root: &Node, stem: &str) -> String {
    let mut given = ["name", "project"].into_iter();
    let given = given.find_map(|key| root.get(key)?.text());
    let slug: String = given
        .unwrap_or(stem)
        .to_lowercase()
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() {
                one
            } else {
                '-'
            }
        })
        .take(64)
        .collect();
    let slug = slug.trim_matches('-');
    if slug.is_empty() {
        "wandb".to_owned()
    } else {
        slug.to_owned()
    }
}

/// Braces of an argument, doubled, as they stand for themselves.
pub(super) fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// A key as TOML has it, quoted where it has to be.
pub(super) fn toml_key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_bare) {
        name.to_owned()
    } else {
        // A basic string, whatever is in it.
        serde_json::Value::String(name.to_owned()).to_string()
    }
}

/// Without line ends, which would end a comment.
pub(super) fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
