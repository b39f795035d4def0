use std::fmt::Write as _;

use super::*;

#[track_caller]
fn refused(text: &str, line: usize, expected: &str) {
    let mistake = parse(text).unwrap_err();
    assert!(mistake.message.contains(expected), "{}", mistake.message);
    assert!(mistake.help.is_some());
    let at = mistake.span.map_or(0, |span| span.start);
    assert_eq!(text[..at].matches('\n').count() + 1, line, "{expected}");
}

#[test]
fn nodes_know_their_places_also_behind_letters_of_several_bytes() {
    let text = "größe: ä\nnext: [1,\n  zwölf]\n";
    let node = parse(text).unwrap();
    let next = node.entry("next").unwrap();
    assert_eq!(
        (next.place.line, &text[next.place.bytes.clone()]),
        (2, "next")
    );
    let Item::List(members) = &next.node.item else {
        panic!("a list")
    };
    let last = &members[1].place;
    assert_eq!((last.line, &text[last.bytes.clone()]), (3, "zwölf"));
    let marked = "\u{feff}a: b\n";
    let node = parse(marked).unwrap();
    assert_eq!(&marked[node.get("a").unwrap().place.bytes.clone()], "b");
}

#[test]
fn json_is_yaml() {
    let node = parse("{\"a\": [1, 2.5, \"x\", true, null]}").unwrap();
    let Item::List(members) = &node.get("a").unwrap().item else {
        panic!("a list")
    };
    let items: Vec<&Item> = members.iter().map(|member| &member.item).collect();
    let text = Item::Text("x".to_owned());
    assert_eq!(
        items,
        [
            &Item::Integer(1),
            &Item::Float(2.5),
            &text,
            &Item::Bool(true),
            &Item::Null
        ]
    );
}

#[test]
fn aliases_and_merged_tables_are_followed() {
    let node = parse("a: &x {b: 1, c: 2}\nd: *x\ne:\n  <<: *x\n  b: 3\n").unwrap();
    let value = |table: &str, key: &str| node.get(table).unwrap().get(key).unwrap().item.clone();
    assert_eq!(value("d", "b"), Item::Integer(1));
    assert_eq!(value("e", "b"), Item::Integer(3));
    assert_eq!(value("e", "c"), Item::Integer(2));
}

#[test]
fn quotes_and_tags_make_texts_and_numbers() {
    let node = parse("[\"12\", !!str 12, !!float 1e-5, !!int 3, '1e-5']").unwrap();
    let Item::List(members) = &node.item else {
        panic!("a list")
    };
    let items: Vec<&Item> = members.iter().map(|member| &member.item).collect();
    let (twelve, small) = (Item::Text("12".to_owned()), Item::Text("1e-5".to_owned()));
    assert_eq!(
        items,
        [
            &twelve,
            &twelve,
            &Item::Float(1e-5),
            &Item::Integer(3),
            &small
        ]
    );
}

#[test]
fn what_is_no_document_is_refused_at_its_line() {
    refused("", 1, "the file is empty");
    refused("# nothing\n", 1, "the file is empty");
    refused("a: 1\na: 2\n", 2, "`a` is given twice");
    refused("a: 1\nb: [1, 2\n", 3, "not YAML");
    refused("a:\n  b: 1\n c: 2\n", 3, "not YAML");
    refused("a: 1\n--- \nb: 2\n", 2, "another document begins here");
    refused("a: 1\n? [b]\n: 2\n", 2, "a key is a list or a table");
    refused("a: *nowhere\n", 1, "not YAML");
    refused(
        "a: &a [*a]\n",
        1,
        "the alias stands within what it refers to",
    );
    refused(
        "a: !!python/object:os.system x\n",
        1,
        "makes something else",
    );
    refused("a: 1\n<<: 3\n", 2, "followed by no table");
    let tab = parse("a:\n\tb: 1\n").unwrap_err();
    assert!(tab.help.unwrap().contains("indented by a tab"));
}

#[test]
fn no_file_of_bombs_takes_time_or_memory() {
    refused(&"[".repeat(100_000), 1, "recursion limit");
    refused(&"[".repeat(100), 1, "more than 32 deep");
    refused(&"{a: ".repeat(100_000), 1, "recursion limit");
    refused(&"{a: ".repeat(100), 1, "more than 32 deep");
    let mut steps = String::new();
    for depth in 0..200 {
        writeln!(steps, "{}a:", " ".repeat(depth)).unwrap();
    }
    refused(&steps, 34, "more than 32 deep");
    let laughs = (1..30).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned(),
        |text, n| {
            let of = vec![format!("*a{}", n - 1); 8].join(", ");
            text + &format!("a{n}: &a{n} [{of}]\n")
        },
    );
    refused(&laughs, 6, "more than 50000 values");
    refused(&"- 1\n".repeat(200_000), 50_000, "more than 50000 values");
    let mut keys = String::new();
    for n in 0..60_000 {
        writeln!(keys, "k{n}: 1").unwrap();
    }
    refused(&keys, 50_000, "more than 50000 values");
    refused(
        &format!("[{}]", "1,".repeat(400_000)),
        1,
        "more than 50000 values",
    );
}
