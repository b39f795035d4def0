//! The known name a misspelt one probably means.

/// The one of `known` that `name` is most like; `None` where none is near.
///
/// Near: its words' initials (`lr` for learning_rate), at most a third of the letters wrong, or the same beginning
/// (Jaro-Winkler similarity of 0.85 and more). The likest wins, of equals the earlier.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in known {
        let edits = strsim::damerau_levenshtein(&name, candidate);
        let likeness = if is_initials(&name, candidate) {
            1.0
        } else {
            strsim::jaro_winkler(&name, candidate)
        };
        let near = edits * 3 <= candidate.chars().count().max(3) || likeness >= 0.85;
        if near && best.is_none_or(|(most, _)| likeness > most) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn is_initials(name: &str, candidate: &str) -> bool {
    let initials = candidate.split('_').filter_map(|word| word.chars().next());
    candidate.contains('_') && name.chars().eq(initials)
}

/// `a`, `b` or `c` as a sentence holds them.
pub(super) fn enumerate(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [word] => word.clone(),
        [words @ .., last] => format!("{} or {last}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const KNOWN: [&str; 4] = ["learning_rate", "lr_decay", "batch_size", "l2"];

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        assert_eq!(nearest(name, KNOWN), expected);
    }

    #[test]
    fn finds_the_name_that_was_meant() {
        check("learning-rate", Some("learning_rate"));
        check("learningrate", Some("learning_rate"));
        check("Learning_Rate", Some("learning_rate"));
        check("batch", Some("batch_size"));
        check("btach_size", Some("batch_size"));
        check("l1", Some("l2"));
        check("lr", Some("learning_rate"));
        check("bs", Some("batch_size"));
        check("lr_decy", Some("lr_decay"));
    }

    #[test]
    fn stays_silent_where_nothing_is_near() {
        check("dropout", None);
        check("", None);
        check(&"x".repeat(1000), None);
    }
}
