use proptest::prelude::{ProptestConfig, any, proptest};

use super::*;
use crate::kernel::reference::{Noise, assert_near, on_every_simd};

/// Sums of one channel's values: how many, mean and Σ (v − mean)².
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    (mean, values.map(|value| (value - mean).powi(2)).sum())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn moments_equal_their_definition(n_pixels in 1_usize..40, channels in 1_usize..70, seed: u32) {
        on_every_simd(|simd| {
            let z = Noise::new(seed).values::<f64>(n_pixels * channels);
            let (mut mean, mut squares) = (vec![9.0; channels], vec![9.0; channels]);
            simd.run(ChannelMoments { z: &z, mean: &mut mean, squares: &mut squares });
            let expected: Vec<(f64, f64)> = (0..channels)
                .map(|c| moments(z.iter().skip(c).step_by(channels).copied()))
                .collect();
            assert_near(&mean, &expected.iter().map(|(mean, _)| *mean).collect::<Vec<_>>(), 1e-13);
            assert_near(&squares, &expected.iter().map(|(_, squares)| *squares).collect::<Vec<_>>(), 1e-13);
        });
    }

    #[test]
    fn normalized_is_scaled_and_shifted(n_pixels in 1_usize..40, channels in 1_usize..70, relu in any::<bool>(), seed: u32) {
        on_every_simd(|simd| {
            let mut noise = Noise::new(seed);
            let z = noise.values::<f32>(n_pixels * channels);
            let (scale, shift) = (noise.values::<f32>(channels), noise.values::<f32>(channels));
            let mut y = vec![9.0; z.len()];
            simd.run(Normalize { z: &z, scale: &scale, shift: &shift, relu, y: &mut y });
            let expected: Vec<f32> = z
                .iter()
                .enumerate()
                .map(|(i, z)| z * scale[i % channels] + shift[i % channels])
                .map(|y| if relu { y.max(0.0) } else { y })
                .collect();
            assert_near(&y, &expected, 1e-5);
        });
    }

    #[test]
    fn backward_equals_its_formulas(height in 1_usize..7, width in 1_usize..7, channels in 1_usize..70, gated in any::<bool>(), seed: u32) {
        on_every_simd(|simd| {
            let mut noise = Noise::new(seed);
            let n = height * width * channels;
            let (z, dy) = (noise.values::<f64>(n), noise.values::<f64>(n));
            let [mean, scale, shift, a, b, c] = [(); 6].map(|()| noise.values::<f64>(channels));
            let gate = gated.then_some(Gate { scale: &scale, shift: &shift });
            let g: Vec<f64> = (0..n)
                .map(|i| if gated && z[i] * scale[i % channels] + shift[i % channels] <= 0.0 { 0.0 } else { dy[i] })
                .collect();

            let (mut sum, mut product) = (vec![9.0; channels], vec![9.0; channels]);
            simd.run(BatchNormSums { z: &z, dy: &dy, mean: &mean, gate, sum: &mut sum, product: &mut product });
            let (mut expected_sum, mut expected_product) = (vec![0.0; channels], vec![0.0; channels]);
            for i in 0..n {
                expected_sum[i % channels] += g[i];
                expected_product[i % channels] += g[i] * (z[i] - mean[i % channels]);
            }
            assert_near(&sum, &expected_sum, 1e-12);
            assert_near(&product, &expected_product, 1e-12);

            // What lies between the lines is not touched.
            let line_stride = (width + 2) * channels;
            let mut dz = vec![9.0; height * line_stride];
            let mut expected = dz.clone();
            simd.run(BatchNormBackward {
                z: &z, dy: &dy, mean: &mean, gate, by_gradient: &a, by_deviation: &b, constant: &c, width, dz: &mut dz, line_stride,
            });
            for i in 0..n {
                let k = i % channels;
                let to = i / (width * channels) * line_stride + i % (width * channels);
                expected[to] = g[i] * a[k] + (z[i] - mean[k]) * b[k] + c[k];
            }
            assert_near(&dz, &expected, 1e-12);
        });
    }
}

#[test]
fn a_large_mean_does_not_drown_the_deviations() {
    // 10⁶ ± 1: Σ z² would need 13 digits, of which f32 has 7.
    let z = [1e6_f32 - 1.0, 1e6 + 1.0, 1e6 - 1.0, 1e6 + 1.0];
    on_every_simd(|simd| {
        let (mut mean, mut squares) = ([0.0_f32], [0.0]);
        simd.run(ChannelMoments {
            z: &z,
            mean: &mut mean,
            squares: &mut squares,
        });
        assert_eq!((mean, squares), ([1e6], [4.0]));
    });
}

#[test]
#[should_panic(expected = "has no 3 channels")]
fn half_a_pixel_is_refused() {
    crate::kernel::Simd::detect().run(ChannelMoments {
        z: &[0.0_f32; 7],
        mean: &mut [0.0; 3],
        squares: &mut [0.0; 3],
    });
}
