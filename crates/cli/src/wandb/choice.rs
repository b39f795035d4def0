//! A parameter's list of values.

use finetooth_scheduler::sweep::Mistake;

use super::distribution::{Read, Values};
use super::literal::argument;
use super::told::{listed, mistake, shown};
use super::yaml::{Entry, Item, Node};

/// Reads `values` of `entry`.
///
/// # Errors
/// Where they are no list, none, or not a number; where `probabilities` does not fit them.
pub(super) fn read(entry: &Entry, values: &Node) -> Result<Read, Box<Mistake>> {
    let name = shown(&entry.name);
    let Item::List(members) = &values.item else {
        let message = format!("the values of `{name}` are not a list");
        return Err(mistake(
            &values.place,
            &message,
            "here",
            "write values: [1, 2, 3]; a single one is value: 1",
        ));
    };
    let mut changes = Vec::new();
    let mut items: Vec<Item> = Vec::new();
    let mut passed: Vec<String> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    let mut n_repeated = 0;
    for member in members {
        let item = number_of_text(&member.item, &mut texts);
        check_number(entry, member, &item)?;
        let text = argument(&item);
        // The program could not tell the two apart.
        if passed.contains(&text) {
            n_repeated += 1;
        } else {
            passed.push(text);
            items.push(item);
        }
    }
    changes.extend(were_texts(&texts));
    if n_repeated > 0 {
        changes.push(
            "values that stood there more than once are drawn as often as the others".to_owned(),
        );
    }
    if let Some(probabilities) = entry.node.get("probabilities") {
        check_probabilities(entry, probabilities, members.len())?;
        if !is_even(probabilities) {
            changes.push(
                "its probabilities are left out: all values are drawn equally often".to_owned(),
            );
        }
    }
    let values = match items.len() {
        0 => {
            let message = format!("`{name}` has no values");
            return Err(mistake(
                &values.place,
                &message,
                "empty",
                "list them: values: [1, 2, 3]",
            ));
        }
        1 => Values::Constant(items.remove(0)),
        _ => Values::Choice(items),
    };
    Ok(Read { values, changes })
}

/// Reads `value` of `entry`.
///
/// # Errors
/// Where it is not a number.
pub(super) fn constant(entry: &Entry, value: &Node) -> Result<Read, Box<Mistake>> {
    let mut texts = Vec::new();
    let item = number_of_text(&value.item, &mut texts);
    check_number(entry, value, &item)?;
    Ok(Read {
        values: Values::Constant(item),
        changes: were_texts(&texts).into_iter().collect(),
    })
}

fn number_of_text(item: &Item, texts: &mut Vec<String>) -> Item {
    match item {
        Item::NearNumber(text, number) if number.is_finite() => {
            texts.push(shown(text));
            Item::Float(*number)
        }
        item => item.clone(),
    }
}

fn were_texts(texts: &[String]) -> Option<String> {
    let (what, is) = match texts {
        [] => return None,
        [_] => ("a text", "is"),
        _ => ("texts", "are"),
    };
    let here = if texts.len() == 1 {
        "a number"
    } else {
        "numbers"
    };
    Some(format!(
        "{} {is} {what} in YAML, which wants 1.0e-5, and {here} here",
        listed(texts, "and")
    ))
}

fn check_number(entry: &Entry, node: &Node, item: &Item) -> Result<(), Box<Mistake>> {
    let is_nan = matches!(item, Item::Float(number) if number.is_nan());
    if is_nan || argument(item).contains('\0') {
        let message = format!(
            "`{}` has a value that no program is given: {}",
            shown(&entry.name),
            if is_nan {
                "not a number"
            } else {
                "it holds the character 0"
            }
        );
        return Err(mistake(&node.place, &message, "here", "remove the value"));
    }
    Ok(())
}

fn check_probabilities(entry: &Entry, node: &Node, n_values: usize) -> Result<(), Box<Mistake>> {
    let is_share = |node: &Node| match &node.item {
        Item::Integer(whole) => *whole >= 0,
        Item::Float(share) => share.is_finite() && *share >= 0.0,
        Item::NearNumber(_, share) => *share >= 0.0,
        _ => false,
    };
    let is_right = matches!(&node.item, Item::List(members) if members.len() == n_values && members.iter().all(is_share));
    if is_right {
        return Ok(());
    }
    let message = format!(
        "`{}` has {n_values} values, and probabilities that are not so many numbers of at least 0",
        shown(&entry.name)
    );
    Err(mistake(
        &node.place,
        &message,
        "here",
        "give one for each value, or remove them: they are not used here",
    ))
}

fn is_even(probabilities: &Node) -> bool {
    let Item::List(members) = &probabilities.item else {
        return false;
    };
    members
        .windows(2)
        .all(|two| argument(&two[0].item) == argument(&two[1].item))
}
