use proptest::prelude::*;

use super::*;
use crate::config::Preprocess;
use crate::data::{Preprocessing, Samples, Targets, Task};

/// One training image of this shape, preprocessed.
fn dataset([height, width, channels]: [usize; 3], image: &[f32], method: Preprocess) -> Dataset {
    let raw = Dataset {
        columns: None,
        shape: Shape {
            height,
            width,
            channels,
        },
        task: Task::Classification {
            classes: vec!["a".into(), "b".into()],
        },
        train: Samples {
            features: image.to_vec(),
            targets: Targets::Labels(vec![0; image.len() / (height * width * channels)]),
        },
        validation: Samples::default(),
        test: Samples::default(),
        preprocessing: Preprocessing::default(),
        notes: Vec::new(),
    };
    raw.preprocessed(method).unwrap()
}

fn augmenter(shape: [usize; 3], settings: Augment) -> Augmenter {
    let image = vec![0.0; shape.iter().product()];
    let dataset = dataset(shape, &image, Preprocess::None);
    Augmenter::new(settings, &dataset, 1).unwrap().unwrap()
}

/// Leaves every image as it is.
const NOTHING: Draw = Draw {
    flip: false,
    crop: [0, 0],
    shift: [0, 0],
    brightness: 1.0,
    contrast: 1.0,
    cutout: [0, 0],
};

const EVERYTHING: Augment = Augment {
    flip: true,
    shift: 1,
    crop: 1,
    jitter: 0.5,
    cutout: 1,
};

/// Expects what a draw makes of the image of three rows and columns, of one channel.
#[track_caller]
fn check(draw: Draw, cutout: usize, expected: [f32; 9]) {
    let settings = Augment {
        cutout,
        ..EVERYTHING
    };
    let mut augmenter = augmenter(
        [3, 3, 1],
        Augment {
            jitter: 0.0,
            ..settings
        },
    );
    augmenter.vary(&draw, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    assert_eq!(augmenter.image, expected);
}

#[test]
#[rustfmt::skip]
fn a_flip_changes_left_and_right() {
    let draw = Draw { flip: true, ..NOTHING };
    check(draw, 0, [
        3.0, 2.0, 1.0,
        6.0, 5.0, 4.0,
        9.0, 8.0, 7.0,
    ]);
}

#[test]
#[rustfmt::skip]
fn a_shift_moves_down_and_right_and_zeros_come_in() {
    check(Draw { shift: [1, -1], ..NOTHING }, 0, [
        0.0, 0.0, 0.0,
        2.0, 3.0, 0.0,
        5.0, 6.0, 0.0,
    ]);
    check(Draw { shift: [-2, 1], ..NOTHING }, 0, [
        0.0, 7.0, 8.0,
        0.0, 0.0, 0.0,
        0.0, 0.0, 0.0,
    ]);
}

#[test]
#[rustfmt::skip]
fn a_crop_is_filled_by_reflection_about_the_edge_pixels() {
    check(Draw { crop: [1, 0], ..NOTHING }, 0, [
        4.0, 5.0, 6.0,
        7.0, 8.0, 9.0,
        4.0, 5.0, 6.0,
    ]);
    check(Draw { crop: [0, -2], ..NOTHING }, 0, [
        3.0, 2.0, 1.0,
        6.0, 5.0, 4.0,
        9.0, 8.0, 7.0,
    ]);
}

#[test]
#[rustfmt::skip]
fn a_cutout_is_a_square_of_zeros() {
    check(Draw { cutout: [1, 0], ..NOTHING }, 2, [
        1.0, 2.0, 3.0,
        0.0, 0.0, 6.0,
        0.0, 0.0, 9.0,
    ]);
}

#[test]
#[rustfmt::skip]
fn first_mirrored_then_cropped_then_shifted_then_cut_out() {
    let draw = Draw { flip: true, crop: [0, 1], shift: [1, 0], cutout: [2, 2], ..NOTHING };
    // Mirrored: 3 2 1; cropped: 2 1 2; then down by one row.
    check(draw, 1, [
        0.0, 0.0, 0.0,
        2.0, 1.0, 2.0,
        5.0, 4.0, 0.0,
    ]);
}

#[test]
fn the_channels_of_a_pixel_stay_together() {
    let mut augmenter = augmenter(
        [1, 3, 2],
        Augment {
            flip: true,
            ..Augment::default()
        },
    );
    augmenter.vary(
        &Draw {
            flip: true,
            ..NOTHING
        },
        &[1.0, 10.0, 2.0, 20.0, 3.0, 30.0],
    );
    assert_eq!(augmenter.image, [3.0, 30.0, 2.0, 20.0, 1.0, 10.0]);
}

#[test]
fn jitter_multiplies_values_and_their_distance_from_the_mean() {
    let mut augmenter = augmenter(
        [2, 2, 1],
        Augment {
            jitter: 1.0,
            ..Augment::default()
        },
    );
    let draw = Draw {
        brightness: 2.0,
        contrast: 0.5,
        ..NOTHING
    };
    augmenter.vary(&draw, &[0.0, 1.0, 2.0, 3.0]);
    // Twice as bright: 0 2 4 6, with mean 3.
    assert_eq!(augmenter.image, [1.5, 2.5, 3.5, 4.5]);
}

#[test]
fn jitter_does_to_preprocessed_images_what_it_does_to_raw_ones() {
    let raw = [0.0, 10.0, 20.0, 50.0];
    let draw = Draw {
        brightness: 1.3,
        contrast: 0.6,
        ..NOTHING
    };
    let varied = |method| {
        let dataset = dataset([2, 2, 1], &raw, method);
        let settings = Augment {
            jitter: 0.5,
            ..Augment::default()
        };
        let mut augmenter = Augmenter::new(settings, &dataset, 1).unwrap().unwrap();
        augmenter.vary(&draw, &dataset.train.features);
        (augmenter.image, dataset.preprocessing)
    };
    let (raw_varied, _) = varied(Preprocess::None);
    for method in [
        Preprocess::Scale,
        Preprocess::CenterChannel,
        Preprocess::StandardizeChannel,
    ] {
        let (found, preprocessing) = varied(method);
        for (found, expected) in found.iter().zip(preprocessing.apply(&raw_varied)) {
            assert!(
                (found - expected).abs() < 1e-5,
                "{method:?}: {found} {expected}"
            );
        }
    }
}

#[test]
fn half_of_the_images_are_mirrored() {
    let mut augmenter = augmenter(
        [1, 2, 1],
        Augment {
            flip: true,
            ..Augment::default()
        },
    );
    let mirrored = (0..10_000).filter(|sample| {
        let varied = augmenter.augmented(1, *sample, &[1.0, 2.0]);
        assert!([[1.0, 2.0], [2.0, 1.0]].iter().any(|image| image == varied));
        varied == [2.0, 1.0]
    });
    // Standard deviation: √(10000 · ½ · ½) = 50.
    assert!(mirrored.count().abs_diff(5000) < 200);
}

#[test]
fn an_image_mirrored_twice_is_the_image() {
    let image: Vec<f32> = (0..24).map(|x| x as f32).collect();
    let mut augmenter = augmenter(
        [2, 4, 3],
        Augment {
            flip: true,
            ..Augment::default()
        },
    );
    for sample in 0..20 {
        let once = augmenter.augmented(3, sample, &image).to_vec();
        assert_eq!(augmenter.augmented(3, sample, &once), image);
    }
}

#[test]
fn every_move_and_every_place_of_the_square_is_drawn_equally() {
    let augmenter = augmenter(
        [4, 5, 1],
        Augment {
            cutout: 3,
            ..EVERYTHING
        },
    );
    let (mut shifts, mut crops, mut squares) = ([0; 9], [0; 9], [0; 6]);
    for sample in 0..9000 {
        let draw = augmenter.draw(1, sample);
        let place = |[rows, columns]: [isize; 2]| ((rows + 1) * 3 + columns + 1) as usize;
        shifts[place(draw.shift)] += 1;
        crops[place(draw.crop)] += 1;
        squares[draw.cutout[0] * 3 + draw.cutout[1]] += 1;
    }
    // Standard deviations: √(9000 · 1/9 · 8/9) = 30 and √(9000 · 1/6 · 5/6) = 35.
    let near = |counts: &[i32], expected: i32| counts.iter().all(|n| (n - expected).abs() < 150);
    assert!(near(&shifts, 1000) && near(&crops, 1000) && near(&squares, 1500));
}

#[test]
fn factors_lie_about_1_and_reach_both_ends() {
    let augmenter = augmenter([2, 2, 1], EVERYTHING);
    let factors: Vec<f64> = (0..1000)
        .flat_map(|sample| {
            let draw = augmenter.draw(1, sample);
            [draw.brightness, draw.contrast]
        })
        .collect();
    assert!(factors.iter().all(|factor| (0.5..1.5).contains(factor)));
    assert!(
        factors.iter().any(|factor| *factor < 0.52) && factors.iter().any(|factor| *factor > 1.48)
    );
}

#[test]
fn what_is_drawn_depends_on_seed_epoch_and_sample_alone() {
    let image: Vec<f32> = (0..64).map(|x| x as f32).collect();
    let mut one = augmenter([8, 8, 1], EVERYTHING);
    let mut other = augmenter([8, 8, 1], EVERYTHING);
    // The one meets the samples in another order, and has met others before.
    one.augmented(1, 7, &image);
    one.augmented(2, 4, &image);
    let varied = one.augmented(2, 3, &image).to_vec();
    assert_eq!(other.augmented(2, 3, &image), varied);
    assert_ne!(other.augmented(2, 4, &image), varied);
    assert_ne!(other.augmented(3, 3, &image), varied);
    other.seed = 2;
    assert_ne!(other.augmented(2, 3, &image), varied);
}

#[test]
fn a_setting_does_not_change_what_is_drawn_for_another() {
    let alone = augmenter(
        [8, 8, 1],
        Augment {
            cutout: 2,
            ..Augment::default()
        },
    );
    let among_others = augmenter(
        [8, 8, 1],
        Augment {
            cutout: 2,
            ..EVERYTHING
        },
    );
    for sample in 0..20 {
        assert_eq!(
            alone.draw(1, sample).cutout,
            among_others.draw(1, sample).cutout
        );
    }
}

#[test]
fn nothing_is_prepared_where_nothing_is_asked_for() {
    let dataset = dataset([2, 2, 1], &[0.0; 4], Preprocess::None);
    assert!(
        Augmenter::new(Augment::default(), &dataset, 1)
            .unwrap()
            .is_none()
    );
}

/// Expects an error at this key that says this.
#[track_caller]
fn refused(shape: [usize; 3], settings: Augment, key: &str, says: &str) {
    let dataset = dataset(shape, &vec![0.0; shape.iter().product()], Preprocess::None);
    let error = Augmenter::new(settings, &dataset, 1).unwrap_err();
    assert_eq!(error.key(), key);
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn tables_have_nothing_to_vary() {
    refused(
        [1, 1, 5],
        EVERYTHING,
        "flip",
        "flip varies images, and the samples are rows of 5 features",
    );
    let jitter = Augment {
        jitter: 0.1,
        ..Augment::default()
    };
    refused([1, 1, 5], jitter, "jitter", "jitter varies images");
}

#[test]
fn images_are_not_moved_or_cut_out_of_sight() {
    let says = "is too much for images of 4 × 6 pixels; accepted: 0 to";
    let off = Augment::default();
    refused(
        [4, 6, 1],
        Augment { shift: 4, ..off },
        "shift",
        &format!("shift = 4 {says} 3"),
    );
    refused(
        [4, 6, 1],
        Augment { crop: 9, ..off },
        "crop",
        &format!("crop = 9 {says} 3"),
    );
    refused(
        [4, 6, 1],
        Augment { cutout: 5, ..off },
        "cutout",
        &format!("cutout = 5 {says} 4"),
    );
    augmenter(
        [4, 6, 1],
        Augment {
            shift: 3,
            crop: 3,
            cutout: 4,
            ..off
        },
    );
}

proptest! {
    #[test]
    fn finite_images_stay_finite_and_flips_and_moves_invent_nothing(
        height in 1_usize..6,
        width in 2_usize..6,
        sizes in prop::array::uniform3(0_usize..6),
        jitter in prop::sample::select(vec![0.0, 1.0]),
        values in prop::collection::vec(any::<f32>().prop_filter("finite", |x| x.is_finite()), 75),
        sample: u32,
    ) {
        let shorter = height.min(width);
        let settings = Augment {
            flip: true,
            shift: sizes[0].min(shorter - 1),
            crop: sizes[1].min(shorter - 1),
            jitter,
            cutout: sizes[2].min(shorter),
        };
        let image = &values[..height * width * 3];
        let mut augmenter = augmenter([height, width, 3], settings);
        let varied = augmenter.augmented(1, sample, image);
        prop_assert!(varied.iter().all(|x| x.is_finite()));
        prop_assert!(jitter > 0.0 || varied.iter().all(|x| *x == 0.0 || image.contains(x)));
        let zeros = varied.iter().filter(|x| **x == 0.0).count();
        prop_assert!(zeros >= settings.cutout * settings.cutout * 3);
    }
}
