//! Which texts are layers, and what is said about the others.

use proptest::prelude::{ProptestConfig, proptest};

use super::parse::{CONV, LINEAR, MAX_POOL, WORDS};
use super::*;

#[track_caller]
fn reads(text: &str, written: &str) {
    let layer = LayerSpec::parse(text).unwrap();
    assert_eq!(layer.to_string(), written);
    assert_eq!(LayerSpec::parse(written), Ok(layer));
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = LayerSpec::parse(text).unwrap_err();
    assert_eq!(format!("{error} ({})", error.help()), expected);
}

#[test]
fn every_layer_reads_back_to_itself() {
    reads("conv 32 3x3", "conv 32 3x3");
    reads(" conv  32\t3 ", "conv 32 3x3");
    reads(
        "conv 8 5x1 pad valid stride 2",
        "conv 8 5x1 stride 2 pad valid",
    );
    reads("conv 8 5×1 stride 1x2 pad 0", "conv 8 5x1 stride 1x2 pad 0");
    reads("conv 8 3 stride 1 pad same", "conv 8 3x3");
    reads("linear 10", "linear 10");
    reads("max_pool 2", "max_pool 2");
    reads("max_pool 3 stride 2", "max_pool 3 stride 2");
    reads("avg_pool 2x3 stride 2x3", "avg_pool 2x3");
    reads("dropout 0.50", "dropout 0.5");
    reads("dropout 0", "dropout 0");
    for word in &WORDS[4..] {
        if *word != "dropout" {
            reads(word, word);
        }
    }
}

#[test]
fn every_activation_is_a_layer() {
    assert!(Activation::NAMES.iter().all(|name| WORDS.contains(name)));
}

#[test]
fn an_unknown_layer_is_told_with_the_nearest() {
    let known = WORDS.join(", ");
    refused(
        "convv 32 3x3",
        &format!("no layer is called \"convv\" (did you mean \"conv\"? one of {known})"),
    );
    refused("", &format!("is empty (one of {known})"));
    refused("42", &format!("no layer is called \"42\" (one of {known})"));
}

#[test]
fn a_wrong_value_is_told_with_what_is_accepted() {
    refused(
        "conv",
        &format!("the number of filters is missing ({CONV})"),
    );
    refused("conv 32", &format!("the filter's size is missing ({CONV})"));
    refused(
        "conv 0 3x3",
        "the number of filters cannot be \"0\" (a whole number from 1 to 4096)",
    );
    refused(
        "conv 8 3x",
        "the filter's size cannot be \"3x\" (a whole number from 1 to 64, or rows and columns such as 3x5)",
    );
    refused(
        "conv 8 3 pad -1",
        "the padding cannot be \"-1\" (same, valid or a whole number from 0 to 63)",
    );
    refused("conv 8 3 pad", &format!("the padding is missing ({CONV})"));
    refused(
        "linear +5",
        "the number of outputs cannot be \"+5\" (a whole number from 1 to 65536)",
    );
    refused(
        "dropout nan",
        "the rate cannot be \"nan\" (a number from 0.0 to 0.999)",
    );
    refused(
        "dropout 1",
        "the rate cannot be \"1\" (a number from 0.0 to 0.999)",
    );
    refused(
        "linear 99999999999999999999999999999999999999",
        "the number of outputs cannot be \"999999999999999999999999999999…\" (a whole number from 1 to 65536)",
    );
}

#[test]
fn words_too_many_and_options_twice_are_told() {
    refused("relu 3", "\"3\" has no meaning there (the word alone)");
    refused(
        "linear 3 4",
        &format!("\"4\" has no meaning there ({LINEAR})"),
    );
    refused(
        "max_pool 2 pad 1",
        &format!("\"pad\" has no meaning there ({MAX_POOL})"),
    );
    refused(
        "conv 8 3 stride 2 stride 2",
        &format!("stride is given twice ({CONV})"),
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_a_layer_or_a_clear_error(text in "(conv|linear|max_pool|avg_pool|dropout|relu|flatten|\\PC{0,8})( [0-9x×.e+-]{0,6}| stride| pad| same| \\PC{0,4}){0,6}") {
        match LayerSpec::parse(&text) {
            Ok(layer) => assert_eq!(LayerSpec::parse(&layer.to_string()), Ok(layer)),
            Err(error) => assert!(!error.help().is_empty() && error.to_string().len() < 200),
        }
    }
}
