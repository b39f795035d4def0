//! Reports, found in output that comes in pieces.

use proptest::prelude::{any, proptest};

use super::*;

fn columns() -> Vec<String> {
    ["train_loss", "val_accuracy"].map(str::to_owned).to_vec()
}

fn read_in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Found> {
    let mut metrics = Metrics::new(&columns(), 1);
    let mut found = Vec::new();
    for piece in pieces {
        metrics.feed(piece, &mut |report| found.push(report));
    }
    metrics.finish(&mut |report| found.push(report));
    found
}

/// Epoch, `train_loss`, `val_accuracy`.
type Expected = (Option<u32>, f64, f64);

#[track_caller]
fn check(output: &str, expected: &[Expected]) {
    let found = read_in_pieces([output.as_bytes()]);
    let found: Vec<Expected> = found
        .iter()
        .map(|report| (report.epoch, report.values[0], report.values[1]))
        .collect();
    assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{output}");
}

const NONE: f64 = f64::NAN;

#[test]
fn a_line_with_the_metric_is_a_report() {
    check(
        "val_accuracy=0.5\nval_accuracy=0.6",
        &[(None, NONE, 0.5), (None, NONE, 0.6)],
    );
    check(
        "epoch=1 train_loss=2 val_accuracy=0.5\n",
        &[(Some(1), 2.0, 0.5)],
    );
    check("train_loss=2\nnothing here\n", &[]);
    check("", &[]);
    check("val_accuracy=nan\n", &[(None, NONE, NONE)]);
}

#[test]
fn earlier_lines_of_an_epoch_count_and_those_of_the_last_do_not() {
    check(
        "Epoch 1/2\ntrain_loss=3\ntrain_loss=2\nval_accuracy=0.5\nval_accuracy=0.6\n",
        &[(Some(1), 2.0, 0.5), (None, NONE, 0.6)],
    );
}

#[test]
fn of_a_line_that_is_drawn_over_the_last_state_counts() {
    check(
        "val_accuracy=0.1\rval_accuracy=0.2\r\n",
        &[(None, NONE, 0.2)],
    );
    check(
        "epoch=1 val_accuracy=0.1\repoch=1 val_accuracy=0.2\repoch=2 val_accuracy=0.3\n",
        &[(Some(1), NONE, 0.2), (Some(2), NONE, 0.3)],
    );
    check("val_accuracy=0.1\r     \rdone\n", &[(None, NONE, 0.1)]);
    check("val_accuracy=0.1\r", &[(None, NONE, 0.1)]);
    check(
        "50%\r100%\rval_accuracy=0.4\r\nval_accuracy=0.5\r\n",
        &[(None, NONE, 0.4), (None, NONE, 0.5)],
    );
}

#[test]
fn a_line_that_is_drawn_over_keeps_its_heading_and_earlier_lines() {
    check(
        "Epoch 1/2\n1/9 - val_accuracy: 0.1\r9/9 - val_accuracy: 0.2\nEpoch 2/2\n9/9 - val_accuracy: 0.3\n",
        &[(Some(1), NONE, 0.2), (Some(2), NONE, 0.3)],
    );
    check(
        "train_loss=3\nval_accuracy=0.1\rval_accuracy=0.2\n",
        &[(None, 3.0, 0.2)],
    );
}

#[test]
fn a_value_whose_line_names_another_epoch_is_left_out() {
    check(
        "epoch=1 val_accuracy=0.5\nepoch=1 train_loss=3\nepoch=2 val_accuracy=0.6\n",
        &[(Some(1), NONE, 0.5), (Some(2), NONE, 0.6)],
    );
    check(
        "epoch=1 train_loss=3\nepoch=1 val_accuracy=0.5\n",
        &[(Some(1), 3.0, 0.5)],
    );
}

#[test]
fn a_line_without_an_end_takes_no_more_than_its_share_of_memory() {
    let mut metrics = Metrics::new(&columns(), 1);
    let piece = vec![b'x'; 1 << 20];
    let mut n_found = 0;
    for _ in 0..50 {
        metrics.feed(&piece, &mut |_| n_found += 1);
    }
    metrics.feed(b" val_accuracy=0.5\nval_accuracy=0.6\n", &mut |_| {
        n_found += 1;
    });
    assert_eq!(n_found, 1, "the long line is skipped and the next one read");
    assert!(metrics.line.capacity() <= 4 * LONGEST_LINE);
}

#[test]
fn thousands_of_names_are_read_and_a_limited_number_is_told() {
    let names: Vec<String> = (0..5000).map(|n| format!("m{n}={n} ")).collect();
    let mut line = names.concat();
    line += "val_accuracy=0.5\n";
    let mut metrics = Metrics::new(&columns(), 1);
    let mut n_found = 0;
    metrics.feed(line.as_bytes(), &mut |_| n_found += 1);
    assert_eq!(n_found, 1);
    assert_eq!(metrics.seen().len(), MOST_NAMES);
    assert_eq!(metrics.seen()["m7"].last, 7.0);
}

proptest! {
    #[test]
    fn pieces_of_any_size_give_the_same(bytes in "([a-z=0-9. ]{0,9}|val_accuracy=[0-9.]{1,4}|epoch=[0-9]|\r|\n){0,40}", size in 1_usize..9) {
        let bytes = bytes.as_bytes();
        assert_eq!(
            format!("{:?}", read_in_pieces([bytes])),
            format!("{:?}", read_in_pieces(bytes.chunks(size)))
        );
    }

    #[test]
    fn nothing_makes_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_in_pieces([&bytes[..]]);
    }
}
