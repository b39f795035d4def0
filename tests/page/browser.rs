//! The page in a browser: what is drawn, what can be done with it, and that nothing of a record becomes a part of it.

use std::fs::{self, File};
use std::io::Write;

use serde_json::{Value as Json, json};

use super::chromium::Chromium;
use super::server::Server;
use crate::sandbox::Sandbox;

/// Twenty trials of a small network, most of them of two epochs, and ranges that are narrowed.
const SWEEP: &str = r#"name = "seen"
[model]
kind = "mlp"
hidden = 8
[[stage]]
name = "coarse"
trials = 16
epochs = 2
[[stage]]
name = "fine"
trials = 4
epochs = 3
[widen]
max_rounds = 0
"#;

fn seen() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("seen.toml", SWEEP);
    let said = sandbox.run(&["run", "seen.toml", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.err);
    sandbox
}

/// Columns of a table of results.
fn rows(sandbox: &Sandbox, table: &str) -> Vec<Vec<String>> {
    let text = sandbox.read(table);
    let lines = text.lines().skip(1);
    lines
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

/// Brings every picture into view, so that it is drawn.
const LOOK_AT_ALL: &str = "(async () => {
    for (const figure of document.querySelectorAll('figure')) {
        figure.scrollIntoView();
        await new Promise((done) => setTimeout(done, 80));
    }
    scrollTo(0, 0);
    return [...document.querySelectorAll('figure')].map((figure) => figure.id);
})()";

/// How many marks each series of a picture holds.
fn marks(browser: &Chromium, picture: &str) -> Vec<u64> {
    let chart =
        format!("document.getElementById('picture-{picture}').querySelector('.canvas').chart");
    let counts = browser.value(&format!(
        "{chart}.getModel().getSeries().map((one) => one.getData().count())"
    ));
    counts
        .as_array()
        .unwrap()
        .iter()
        .map(|count| count.as_u64().unwrap())
        .collect()
}

/// Share of a picture's points that something is drawn on.
fn ink(browser: &Chromium, picture: &str) -> f64 {
    let script = format!(
        "(() => {{
            const canvas = document.getElementById('picture-{picture}').querySelector('canvas');
            const {{ data }} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            let inked = 0;
            for (let at = 3; at < data.length; at += 4) inked += data[at] > 0;
            return inked / (data.length / 4);
        }})()"
    );
    browser.value(&script).as_f64().unwrap()
}

#[test]
fn a_report_opens_from_disk_and_draws_a_mark_for_each_trial_and_epoch() {
    let Some(browser) = Chromium::start() else {
        return;
    };
    let sandbox = seen();
    assert_eq!(sandbox.run(&["report"]).out, "results/seen/report.html\n");
    for (width, is_dark) in [(1280, false), (390, true)] {
        browser.resize(width, 900, is_dark);
        browser.open_file(&sandbox.path().join("results/seen/report.html"));
        let pictures = browser.value(LOOK_AT_ALL);
        let expected = [
            "curve-accuracy",
            "curve-loss",
            "best",
            "distribution",
            "key-learning_rate",
            "key-lr_decay",
            "key-l2",
            "parallel",
            "map",
            "importance",
            "timeline",
            "curve-learning_rate",
            "curve-update_ratio",
        ];
        let expected = expected.map(|id| format!("picture-{id}"));
        assert_eq!(pictures, json!(expected));

        // three trials are chosen, each with a line of training and one of validation
        let trials = rows(&sandbox, "results/seen/trials.csv");
        assert_eq!(trials.len(), 20);
        let epochs_of = |trial: &str| {
            let epochs = rows(&sandbox, "results/seen/epochs.csv");
            epochs
                .iter()
                .filter(|row| row[0] == trial && row[2] != "0")
                .count() as u64
        };
        let chips = browser.value(
            "[...document.querySelectorAll('.chip')].map((chip) => chip.textContent.split(' ')[1])",
        );
        let chosen: Vec<&str> = chips
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_str().unwrap())
            .collect();
        assert_eq!(chosen.len(), 3);
        let points: Vec<u64> = chosen
            .iter()
            .flat_map(|trial| [epochs_of(trial), epochs_of(trial)])
            .collect();
        assert_eq!(marks(&browser, "curve-accuracy"), points);
        assert_eq!(marks(&browser, "curve-loss"), points);
        // 16 coarse and 4 fine trials, and the ranges of two rounds
        for key in ["learning_rate", "lr_decay", "l2"] {
            assert_eq!(marks(&browser, &format!("key-{key}")), [16, 4, 2], "{key}");
        }
        assert_eq!(marks(&browser, "parallel"), [20]);
        assert_eq!(marks(&browser, "map"), [20]);
        assert_eq!(marks(&browser, "importance"), [4]);
        assert_eq!(marks(&browser, "distribution"), [16, 4]);
        assert_eq!(marks(&browser, "timeline"), [20]);
        for picture in expected.iter().map(|id| &id["picture-".len()..]) {
            let inked = ink(&browser, picture);
            assert!(inked > 0.005, "{picture} at {width}: {inked}");
        }
        let widths = browser
            .value("[document.documentElement.scrollWidth, document.documentElement.clientWidth]");
        assert_eq!(widths[0], widths[1], "nothing sticks out at {width}");
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

#[test]
fn brushing_filters_the_table_sorts_and_the_keyboard_chooses() {
    let Some(browser) = Chromium::start() else {
        return;
    };
    let sandbox = seen();
    sandbox.run(&["report"]);
    browser.open_file(&sandbox.path().join("results/seen/report.html"));
    browser.value(LOOK_AT_ALL);
    let first_column = |browser: &Chromium, column: usize| {
        let script = format!(
            "[...document.querySelectorAll('#table tbody tr[data-id]')].map((row) => row.children[{column}].textContent)"
        );
        let texts = browser.value(&script);
        texts
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(first_column(&browser, 1).len(), 20);

    // the metric is the fifth column of the table, behind the mark
    browser.value("document.querySelectorAll('#table th button')[4].click()");
    assert_eq!(
        browser.value("document.querySelector('#table th[aria-sort]').getAttribute('aria-sort')"),
        "descending"
    );
    let metrics: Vec<f64> = first_column(&browser, 5)
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    assert!(
        metrics.is_sorted_by(|one, other| one >= other),
        "{metrics:?}"
    );
    browser.value("document.querySelectorAll('#table th button')[4].click()");
    assert_eq!(
        browser.value("document.querySelector('#table th[aria-sort]').getAttribute('aria-sort')"),
        "ascending"
    );

    browser.value("(() => { const find = document.getElementById('find'); find.value = 'fine'; find.dispatchEvent(new Event('input')); })()");
    assert_eq!(
        browser.value("document.getElementById('count').textContent"),
        "4 of 20 trials"
    );
    browser.value("(() => { const find = document.getElementById('find'); find.value = ''; find.dispatchEvent(new Event('input')); })()");

    // a brush over the upper half of the first axis, learning_rate
    browser
        .value("document.getElementById('picture-parallel').scrollIntoView({ block: 'center' })");
    let place = browser.value(
        "(() => {
            const canvas = document.getElementById('picture-parallel').querySelector('.canvas');
            const { left, top } = canvas.getBoundingClientRect();
            const system = canvas.chart.getModel().getComponent('parallel').coordinateSystem;
            const layout = system.getAxisLayout('dim0');
            return { x: left + layout.position[0], top: top + 42, height: canvas.clientHeight - 68 };
        })()",
    );
    let number = |key: &str| place[key].as_f64().unwrap();
    let (x, top, height) = (number("x"), number("top"), number("height"));
    browser.drag((x, top + 2.0), (x, top + height / 2.0));
    browser.wait("!document.getElementById('unbrush').hidden");
    let rates: Vec<f64> = first_column(&browser, 8)
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let all: Vec<f64> = rows(&sandbox, "results/seen/trials.csv")
        .iter()
        .map(|row| row[4].parse().unwrap())
        .collect();
    let (low, high) = (
        all.iter().copied().fold(f64::MAX, f64::min),
        all.iter().copied().fold(0.0, f64::max),
    );
    let middle = (low * high).sqrt();
    let above = all.iter().filter(|rate| **rate > middle).count();
    assert!(
        rates.iter().all(|rate| *rate > middle * 0.9),
        "{rates:?} above {middle}"
    );
    assert!(
        rates.len().abs_diff(above) <= 1,
        "{} of {above}",
        rates.len()
    );
    browser.value("document.getElementById('unbrush').click()");
    assert_eq!(
        browser.value("document.getElementById('count').textContent"),
        "20 trials"
    );

    // down one row, then choose it
    browser.value("document.querySelector('#table tbody tr[data-id]').focus()");
    browser.press("ArrowDown");
    browser.press("Enter");
    let focused = browser.value("document.activeElement.dataset.id");
    browser.wait(&format!("[...document.querySelectorAll('.chip')].some((chip) => chip.textContent.startsWith('trial {}'))", focused.as_str().unwrap()));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn pictures_and_tables_are_saved() {
    let Some(browser) = Chromium::start() else {
        return;
    };
    let sandbox = seen();
    assert_eq!(sandbox.run(&["test", "seen"]).code, 0);
    sandbox.run(&["report"]);
    let downloads = sandbox.path().join("downloads");
    fs::create_dir(&downloads).unwrap();
    browser.open_file(&sandbox.path().join("results/seen/report.html"));
    browser.value(LOOK_AT_ALL);
    browser.call(
        "Browser.setDownloadBehavior",
        &json!({"behavior": "allow", "downloadPath": downloads}),
    );
    let arrives = |name: &str| {
        let path = downloads.join(name);
        for _ in 0..600 {
            if let Ok(bytes) = fs::read(&path)
                && !bytes.is_empty()
            {
                return bytes;
            }
            browser.value("new Promise((done) => setTimeout(done, 30))");
        }
        panic!("{name} did not arrive: {:?}", sandbox.names("downloads"));
    };
    browser.value("document.querySelector('#picture-curve-accuracy .tools button').click()");
    let svg = String::from_utf8(arrives("seen-curve-accuracy.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    assert!(svg.matches("<path").count() > 10, "lines are drawn");
    browser.value(
        "document.querySelector('#picture-key-learning_rate .tools button:last-child').click()",
    );
    let png = arrives("seen-key-learning_rate.png");
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    browser.value("document.getElementById('save-trials').click()");
    let csv = String::from_utf8(arrives("seen-trials.csv")).unwrap();
    let trials = sandbox.read("results/seen/trials.csv");
    let (saved, recorded) = (csv.lines().nth(3).unwrap(), trials.lines().nth(3).unwrap());
    let part = |line: &str| {
        line.split(',')
            .take(4)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(part(saved), part(recorded));
    assert_eq!(csv.lines().count(), 21);
    browser.value("document.getElementById('save-gate').click()");
    let checks = String::from_utf8(arrives("seen-checks.csv")).unwrap();
    assert!(
        checks.starts_with("verdict,name,measured,sentence\r\npassed,data,"),
        "{checks}"
    );
    browser.value("document.getElementById('save-test').click()");
    let uses = String::from_utf8(arrives("seen-test.csv")).unwrap();
    let used: Json = serde_json::from_str(&sandbox.read("results/seen/test.json")).unwrap();
    let accuracy = used["uses"][0]["test"]["accuracy"].to_string();
    assert!(
        uses.lines().nth(1).unwrap().contains(&accuracy),
        "{uses} has {accuracy}"
    );
    browser.value("document.getElementById('save-confusion').click()");
    let classes = String::from_utf8(arrives("seen-classes.csv")).unwrap();
    assert_eq!(classes.lines().count(), 11);
}

#[test]
fn a_run_appears_and_grows_without_a_reload_whatever_its_record_ends_with() {
    let Some(browser) = Chromium::start() else {
        return;
    };
    let sandbox = seen();
    let journal = sandbox.read("results/seen/journal.jsonl").into_bytes();
    fs::create_dir_all(sandbox.path().join("runs")).unwrap();
    let server = Server::start(&sandbox, &["serve", "runs"]);
    browser.open(&server.url);
    browser.wait(
        "document.getElementById('notice').textContent.startsWith('No sweep has begun here yet')",
    );
    browser.value("(() => { window.kept = 'not reloaded'; })()");
    let directory = sandbox.path().join("runs/late");
    fs::create_dir(&directory).unwrap();
    let mut file = File::create(directory.join("journal.jsonl")).unwrap();
    let shown = "Number((document.getElementById('count').textContent.match(/of ([0-9,]+)|^([0-9,]+)/) ?? ['0', '0', '0']).slice(1).find(Boolean) ?? 0)";
    let mut written = 0;
    for part in 1..=7 {
        let end = journal.len() * part / 7;
        file.write_all(&journal[written..end]).unwrap();
        written = end;
        let text = String::from_utf8_lossy(&journal[..written]).into_owned();
        let whole = &text[..=text.rfind('\n').unwrap_or(0)];
        let begun = whole.matches("\"trial_started\"").count();
        browser.wait(&format!("{shown} >= {begun}"));
    }
    browser.wait("document.getElementById('standing').textContent === 'finished'");
    assert_eq!(browser.value(shown), 20);
    assert_eq!(browser.value("window.kept"), "not reloaded");
    // looked at when there was nothing more to read, and told nevertheless
    browser.value(LOOK_AT_ALL);
    browser.wait("document.querySelector('#picture-importance .canvas').chart !== undefined");
    assert_eq!(marks(&browser, "importance"), [4]);
    // What a crash leaves behind is waited with; another record in its place is shown instead.
    file.write_all(b"{\"seq\":99,\"at\":\"20").unwrap();
    let fresh = directory.join("fresh");
    fs::write(
        &fresh,
        journal
            .split_inclusive(|byte| *byte == b'\n')
            .take(8)
            .collect::<Vec<_>>()
            .concat(),
    )
    .unwrap();
    fs::rename(fresh, directory.join("journal.jsonl")).unwrap();
    let few = String::from_utf8_lossy(&journal)
        .lines()
        .take(8)
        .filter(|line| line.contains("\"trial_started\""))
        .count();
    browser.wait(&format!("{shown} === {few}"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn the_use_of_the_test_set_is_shown_in_the_file_and_live() {
    let Some(browser) = Chromium::start() else {
        return;
    };
    let sandbox = seen();
    let server = Server::start(&sandbox, &["serve"]);
    browser.open(&server.url);
    browser.wait("document.getElementById('standing').textContent === 'finished'");
    assert_eq!(
        browser.value("document.getElementById('test').hidden"),
        true
    );
    assert_eq!(sandbox.run(&["test", "seen"]).code, 0);
    sandbox.run(&["report"]);
    let accuracy: Json = serde_json::from_str(&sandbox.read("results/seen/test.json")).unwrap();
    let accuracy = accuracy["uses"][0]["test"]["accuracy"].as_f64().unwrap();
    for is_live in [false, true] {
        if is_live {
            browser.open(&server.url);
        } else {
            browser.open_file(&sandbox.path().join("results/seen/report.html"));
        }
        browser.wait("!document.getElementById('test').hidden");
        let shown =
            browser.value("document.querySelector('#uses tbody tr').children[2].textContent");
        let shown: f64 = shown.as_str().unwrap().parse().unwrap();
        assert!((shown - accuracy).abs() < 1e-3, "{shown} for {accuracy}");
        assert_eq!(
            browser.value("document.querySelectorAll('#confusion tbody tr').length"),
            10
        );
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

#[test]
fn nothing_of_a_record_becomes_a_part_of_the_page() {
    let Some(browser) = Chromium::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "hostile.sh",
        "echo '{\"val_accuracy\": 0.5, \"<b>x</b>\": 3}'; echo '<script>window.hit = 1</script>'",
    );
    sandbox.write(
        "hostile.toml",
        r#"name = "hostile"
metric = { name = "val_accuracy", goal = "maximize" }
[command]
argv = ["sh", "hostile.sh", "{args}"]
metrics = ["<b>x</b>"]
[space."<img src=x onerror='window.hit=2'>"]
values = ["<script>window.hit=3</script>", "a\"b'c&lt;", "\u202Eevil", "🦷", "</script><script>window.hit=4</script>"]
[space.rate]
low = 0.1
high = 1.0
[[stage]]
name = "coarse"
trials = 6
epochs = 1
"#,
    );
    let said = sandbox.run(&["run", "hostile.toml", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = sandbox.run(&["report", "hostile"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let server = Server::start(&sandbox, &["serve"]);
    for is_live in [false, true] {
        if is_live {
            browser.open(&server.url);
        } else {
            browser.open_file(&sandbox.path().join("results/hostile/report.html"));
        }
        browser.wait("document.querySelectorAll('#table tbody tr[data-id]').length === 6");
        browser.value(LOOK_AT_ALL);
        assert_eq!(browser.value("window.hit ?? null"), Json::Null);
        assert_eq!(
            browser.value("document.querySelectorAll('main img, main b, main script').length"),
            0
        );
        let table = browser.value("document.getElementById('table').textContent");
        let table = table.as_str().unwrap();
        for text in [
            "<img src=x onerror='window.hit=2'>",
            "<script>window.hit=3</script>",
            "🦷",
            "\u{202e}evil",
        ] {
            assert!(table.contains(text), "{text} is shown as it is");
        }
        let titles = browser
            .value("[...document.querySelectorAll('figure h2')].map((title) => title.textContent)");
        assert!(
            titles.as_array().unwrap().contains(&json!("<b>x</b>")),
            "{titles}"
        );
        if is_live {
            browser.wait("document.getElementById('output-text').textContent.includes('<script>window.hit = 1</script>')");
        }
        assert_eq!(
            browser.value("document.getElementById('output').hidden"),
            !is_live
        );
        // tooltips are drawn: no element of the page holds them
        browser.value("document.querySelectorAll('figure')[2].scrollIntoView({ block: 'center' })");
        browser.value("document.querySelectorAll('#picture-map .canvas, #picture-importance .canvas').forEach((canvas) => canvas.chart?.dispatchAction({ type: 'showTip', seriesIndex: 0, dataIndex: 0 }))");
        assert_eq!(browser.value("window.hit ?? null"), Json::Null);
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}
