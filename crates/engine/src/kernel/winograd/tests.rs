use proptest::prelude::{ProptestConfig, Strategy, proptest};

use super::*;
use crate::kernel::reference::{self, Noise, assert_near, on_every_simd, padded_image};
use crate::kernel::{Real, Simd, flip_filter};

/// Sizes of every parity, with channels on both sides of every vector's width.
fn geometries() -> impl Strategy<Value = Conv2dGeometry> {
    (2_usize..15, 2_usize..15, 1_usize..36, 1_usize..40).prop_map(
        |(height, width, channels, n_filters)| Conv2dGeometry {
            height,
            width,
            channels,
            n_filters,
            filter_size: 3,
        },
    )
}

fn transformed<T: Real>(simd: Simd, geometry: Conv2dGeometry, weights: &[T]) -> Vec<T> {
    let mut filter = vec![T::ONE; filter_len(geometry)];
    simd.run(WinogradFilter {
        weights,
        transformed: &mut filter,
    });
    filter
}

fn check_forward<T: Real>(simd: Simd, geometry: Conv2dGeometry, seed: u32, tolerance: f64) {
    let mut noise = Noise::new(seed);
    let n_pixels = geometry.height * geometry.width;
    let image = noise.values::<T>(n_pixels * geometry.channels);
    let weights = noise.values(geometry.weights_len());
    let biases = noise.values(geometry.n_filters);
    let mut output = vec![T::ONE; n_pixels * geometry.n_filters];
    simd.run(WinogradForward {
        geometry,
        padded: &padded_image(geometry, geometry.channels, &image),
        filter: &transformed(simd, geometry, &weights),
        biases: Some(&biases),
        output: &mut output,
        // Whatever scratch holds, it is not seen.
        scratch: &mut vec![T::from_f64(f64::NAN); scratch_len::<T>(geometry)],
    });
    let expected = reference::conv2d_forward(geometry, &image, &weights, &biases);
    assert_near(&output, &expected, tolerance);
}

fn check_backward<T: Real>(simd: Simd, geometry: Conv2dGeometry, seed: u32, tolerance: f64) {
    let mut noise = Noise::new(seed);
    let n_pixels = geometry.height * geometry.width;
    let image = noise.values::<T>(n_pixels * geometry.channels);
    let weights = noise.values(geometry.weights_len());
    let dz = noise.values(n_pixels * geometry.n_filters);
    let dz_padded = padded_image(geometry, geometry.n_filters, &dz);
    let mut scratch = vec![T::from_f64(f64::NAN); scratch_len::<T>(geometry)];

    let mut flipped = vec![T::ZERO; weights.len()];
    flip_filter(geometry, &weights, &mut flipped);
    let mut dx = vec![T::ONE; image.len()];
    simd.run(WinogradForward {
        geometry: geometry.turned(),
        padded: &dz_padded,
        filter: &transformed(simd, geometry.turned(), &flipped),
        biases: None,
        output: &mut dx,
        scratch: &mut scratch,
    });

    let mut dfilter = vec![T::ZERO; filter_len(geometry)];
    simd.run(WinogradBackwardWeights {
        geometry,
        padded: &padded_image(geometry, geometry.channels, &image),
        dz_padded: &dz_padded,
        dfilter: &mut dfilter,
        scratch: &mut scratch,
    });
    let mut dweights = vec![T::ONE; weights.len()];
    simd.run(WinogradFilterGradient {
        transformed: &dfilter,
        dweights: &mut dweights,
    });

    let (expected_dw, expected_dx) = reference::conv2d_backward(geometry, &image, &weights, &dz);
    let expected_dw: Vec<T> = expected_dw.iter().map(|value| *value + T::ONE).collect();
    assert_near(&dx, &expected_dx, tolerance);
    assert_near(&dweights, &expected_dw, tolerance);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn forward_equals_its_reference(geometry in geometries(), seed: u32) {
        on_every_simd(|simd| {
            check_forward::<f32>(simd, geometry, seed, 1e-4);
            check_forward::<f64>(simd, geometry, seed, 1e-11);
        });
    }

    #[test]
    fn backward_equals_its_reference(geometry in geometries(), seed: u32) {
        on_every_simd(|simd| {
            check_backward::<f32>(simd, geometry, seed, 1e-4);
            check_backward::<f64>(simd, geometry, seed, 1e-11);
        });
    }
}

#[test]
fn an_image_of_many_blocks_equals_its_reference() {
    // 20 × 17 tiles of 40 and 24 channels are more than one block of every instruction set.
    let geometry = Conv2dGeometry {
        height: 40,
        width: 33,
        channels: 40,
        n_filters: 24,
        filter_size: 3,
    };
    assert!(Tiles::of::<f32>(geometry).per_block < Tiles::of::<f32>(geometry).n());
    on_every_simd(|simd| {
        check_forward::<f32>(simd, geometry, 1, 1e-4);
        check_backward::<f64>(simd, geometry, 1, 1e-11);
    });
}

#[test]
#[should_panic(expected = "the scratch is short")]
fn a_short_scratch_is_refused() {
    let geometry = Conv2dGeometry {
        height: 4,
        width: 4,
        channels: 2,
        n_filters: 2,
        filter_size: 3,
    };
    Simd::detect().run(WinogradForward {
        geometry,
        padded: &[0.0_f32; 72],
        filter: &[0.0; 64],
        biases: None,
        output: &mut [0.0; 32],
        scratch: &mut vec![0.0; scratch_len::<f32>(geometry) - 64],
    });
}

#[test]
fn few_channels_and_other_filters_stay_direct() {
    let geometry = Conv2dGeometry {
        height: 8,
        width: 8,
        channels: 32,
        n_filters: 32,
        filter_size: 3,
    };
    assert!(wins(geometry));
    assert!(!wins(Conv2dGeometry {
        channels: 3,
        ..geometry
    }));
    assert!(!wins(Conv2dGeometry {
        n_filters: 8,
        ..geometry
    }));
    assert!(!wins(Conv2dGeometry {
        filter_size: 5,
        ..geometry
    }));
}
