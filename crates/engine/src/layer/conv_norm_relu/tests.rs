use proptest::prelude::{ProptestConfig, any, proptest};

use super::*;
use crate::kernel::Simd;
use crate::kernel::reference::{self, Noise, assert_near, on_every_simd};

/// What the block computes, from its parts' references, in `f64`.
struct Unfused {
    y: Vec<f64>,
    dx: Vec<f64>,
    dweights: Vec<f64>,
    dscale: Vec<f64>,
    dshift: Vec<f64>,
    mean: Vec<f64>,
    /// Unbiased.
    variance: Vec<f64>,
}

struct Case {
    geometry: Conv2dGeometry,
    n: usize,
    pool: bool,
    x: Vec<f64>,
    weights: Vec<f64>,
    biases: Vec<f64>,
    scale: Vec<f64>,
    shift: Vec<f64>,
    dy: Vec<f64>,
}

impl Case {
    fn new(geometry: Conv2dGeometry, n: usize, pool: bool, seed: u32) -> Self {
        let mut noise = Noise::new(seed);
        let n_pixels = geometry.height * geometry.width;
        let (rows, columns) = geometry.pooled();
        let outputs = if pool { rows * columns } else { n_pixels };
        Self {
            geometry,
            n,
            pool,
            x: noise.values(n * n_pixels * geometry.channels),
            weights: noise.values(geometry.weights_len()),
            biases: noise.values(geometry.n_filters),
            scale: noise.values(geometry.n_filters),
            shift: noise.values(geometry.n_filters),
            dy: noise.values(n * outputs * geometry.n_filters),
        }
    }

    fn image_len(&self) -> usize {
        self.x.len() / self.n
    }

    fn z(&self) -> Vec<f64> {
        let convolve =
            |image| reference::conv2d_forward(self.geometry, image, &self.weights, &self.biases);
        self.x.chunks(self.image_len()).flat_map(convolve).collect()
    }

    /// Normalised by a mean and variance, rectified, pooled; and which of each window was largest.
    fn output(&self, z: &[f64], mean: &[f64], variance: &[f64]) -> (Vec<f64>, Vec<u8>) {
        let filters = self.geometry.n_filters;
        let normalized: Vec<f64> = z
            .iter()
            .enumerate()
            .map(|(i, z)| {
                let c = i % filters;
                let y = (z - mean[c]) / (variance[c] + 1e-5).sqrt() * self.scale[c] + self.shift[c];
                y.max(0.0)
            })
            .collect();
        if !self.pool {
            return (normalized, Vec::new());
        }
        let (mut y, mut argmax) = (Vec::new(), Vec::new());
        for image in normalized.chunks(z.len() / self.n) {
            let pooled =
                reference::max_pool(self.geometry.height, self.geometry.width, filters, image);
            y.extend(pooled.0);
            argmax.extend(pooled.1);
        }
        (y, argmax)
    }

    fn unfused(&self) -> Unfused {
        let (filters, z) = (self.geometry.n_filters, self.z());
        let n_pixels = (z.len() / filters) as f64;
        let of_channels = |values: &dyn Fn(usize) -> f64| {
            let mut sums = vec![0.0; filters];
            (0..z.len()).for_each(|i| sums[i % filters] += values(i));
            sums
        };
        let mean: Vec<f64> = of_channels(&|i| z[i])
            .iter()
            .map(|sum| sum / n_pixels)
            .collect();
        let squares = of_channels(&|i| (z[i] - mean[i % filters]).powi(2));
        let variance: Vec<f64> = squares.iter().map(|sum| sum / n_pixels).collect();
        let (y, argmax) = self.output(&z, &mean, &variance);

        let g = self.through_rectifier(&z, &y, &argmax);
        let deviation: Vec<f64> = variance.iter().map(|v| (v + 1e-5).sqrt()).collect();
        let normal = |i: usize| (z[i] - mean[i % filters]) / deviation[i % filters];
        let dshift = of_channels(&|i| g[i]);
        let dscale = of_channels(&|i| g[i] * normal(i));
        let dz: Vec<f64> = (0..z.len())
            .map(|i| {
                let c = i % filters;
                let rest = (dshift[c] + normal(i) * dscale[c]) / n_pixels;
                self.scale[c] / deviation[c] * (g[i] - rest)
            })
            .collect();
        let (mut dweights, mut dx) = (vec![0.0; self.weights.len()], Vec::new());
        for (image, dz) in self
            .x
            .chunks(self.image_len())
            .zip(dz.chunks(z.len() / self.n))
        {
            let (of_weights, of_image) =
                reference::conv2d_backward(self.geometry, image, &self.weights, dz);
            dweights
                .iter_mut()
                .zip(of_weights)
                .for_each(|(sum, dw)| *sum += dw);
            dx.extend(of_image);
        }
        let unbiased = squares
            .iter()
            .map(|sum| sum / (n_pixels - 1.0).max(1.0))
            .collect();
        Unfused {
            y,
            dx,
            dweights,
            dscale,
            dshift,
            mean,
            variance: unbiased,
        }
    }

    /// dy at the rectifier's input.
    fn through_rectifier(&self, z: &[f64], y: &[f64], argmax: &[u8]) -> Vec<f64> {
        let positive: Vec<f64> = (0..y.len())
            .map(|i| if y[i] > 0.0 { self.dy[i] } else { 0.0 })
            .collect();
        if !self.pool {
            return positive;
        }
        let Conv2dGeometry {
            height,
            width,
            n_filters,
            ..
        } = self.geometry;
        let pooled_len = y.len() / self.n;
        let images = positive
            .chunks(pooled_len.max(1))
            .zip(argmax.chunks(pooled_len.max(1)));
        let g: Vec<f64> = images
            .flat_map(|(dy, argmax)| {
                reference::max_pool_backward(height, width, n_filters, dy, argmax)
            })
            .collect();
        if g.is_empty() { vec![0.0; z.len()] } else { g }
    }

    fn check<T: Real>(&self, simd: Simd, tolerance: f64) {
        let filters = self.geometry.n_filters;
        let mut parameters =
            of(&[&self.weights[..], &self.biases, &self.scale, &self.shift].concat());
        let at = |tensor: usize| {
            self.weights.len() + tensor * filters..self.weights.len() + (tensor + 1) * filters
        };
        let place = Place {
            weights: 0..self.weights.len(),
            biases: at(0),
        };
        let place = NormedPlace {
            conv: place,
            norm: Place {
                weights: at(1),
                biases: at(2),
            },
            running: 0..2 * filters,
        };
        let mut block = ConvNormRelu::new(self.geometry, self.n, false, place, self.pool);

        let (x, mut dx) = (batch::<T>(self.n, &self.x), batch::<T>(self.n, &self.x));
        let (mut y, mut dy) = (batch::<T>(self.n, &self.dy), batch::<T>(self.n, &self.dy));
        let mut running = of(&vec![0.5; 2 * filters]);
        let mut gradients = of(&vec![7.0; parameters.len()]);

        // Twice, to see that nothing of the first pass is left.
        for _ in 0..2 {
            running[..filters].fill(T::from_f64(0.5));
            running[filters..].fill(T::ONE);
            block.forward(Forward {
                simd,
                threads: &Threads::default(),
                n: self.n,
                mode: Mode::Training { seed: 0, step: 0 },
                parameters: &parameters,
                running: &mut running,
                x: &x,
                y: &mut y,
            });
            block.backward(Backward {
                simd,
                threads: &Threads::default(),
                n: self.n,
                parameters: &mut parameters,
                gradients: &mut gradients,
                mover: None,
                x: &x,
                y: &y,
                dy: &mut dy,
                dx: Some(&mut dx),
            });
        }
        let expected = self.unfused();
        if let Some(argmax) = block.argmax(self.n) {
            assert!(
                rows(self.n, &y)
                    .iter()
                    .zip(argmax)
                    .all(|(y, at)| (*y > 0.0) == (*at != NO_MAXIMUM))
            );
        }
        assert_near(&rows(self.n, &y), &expected.y, tolerance);
        assert_near(&rows(self.n, &dx), &expected.dx, tolerance);
        let gradients = back(&gradients);
        assert_near(
            &gradients[..self.weights.len()],
            &expected.dweights,
            tolerance,
        );
        assert_eq!(gradients[at(0)], vec![0.0; filters]);
        assert_near(&gradients[at(1)], &expected.dscale, tolerance);
        assert_near(&gradients[at(2)], &expected.dshift, tolerance);
        let (mean, variance) = (back(&running[..filters]), back(&running[filters..]));
        assert_near(&mean, &followed(0.5, &expected.mean), tolerance);
        assert_near(&variance, &followed(1.0, &expected.variance), tolerance);

        block.forward(Forward {
            simd,
            threads: &Threads::default(),
            n: self.n,
            mode: Mode::Evaluation,
            parameters: &parameters,
            running: &mut running,
            x: &x,
            y: &mut y,
        });
        let (expected, _) = self.output(&self.z(), &mean, &variance);
        assert_near(&rows(self.n, &y), &expected, tolerance);
    }
}

fn of<T: Real>(values: &[f64]) -> Vec<T> {
    values.iter().map(|value| T::from_f64(*value)).collect()
}

fn back<T: Real>(values: &[T]) -> Vec<f64> {
    values.iter().map(|value| value.to_f64()).collect()
}

fn batch<T: Real>(n: usize, values: &[f64]) -> Batch<T> {
    let columns = values.len() / n;
    let mut batch = Batch::zeros(n, columns);
    for (sample, row) in values.chunks(columns).enumerate() {
        batch.row_mut(sample).copy_from_slice(&of(row));
    }
    batch
}

fn rows<T: Real>(n: usize, batch: &Batch<T>) -> Vec<f64> {
    (0..n).flat_map(|sample| back(batch.row(sample))).collect()
}

/// A running average after one batch.
fn followed(start: f64, of_batch: &[f64]) -> Vec<f64> {
    of_batch.iter().map(|v| 0.9 * start + 0.1 * v).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn equals_its_parts(
        height in 3_usize..9, width in 3_usize..9, channels in 1_usize..5, n_filters in 1_usize..36, filter_size in 1_usize..5,
        n in 1_usize..4, pool in any::<bool>(), seed: u32,
    ) {
        let geometry = Conv2dGeometry { height, width, channels, n_filters, filter_size };
        let case = Case::new(geometry, n, pool, seed);
        on_every_simd(|simd| case.check::<f64>(simd, 1e-9));
    }

    #[test]
    fn equals_its_parts_by_tiles(
        height in 3_usize..9, width in 3_usize..9, channels in 16_usize..20, n_filters in 16_usize..36,
        n in 1_usize..4, pool in any::<bool>(), seed: u32,
    ) {
        let geometry = Conv2dGeometry { height, width, channels, n_filters, filter_size: 3 };
        let case = Case::new(geometry, n, pool, seed);
        on_every_simd(|simd| case.check::<f64>(simd, 1e-9));
    }
}

#[test]
fn single_precision_is_near() {
    let geometry = Conv2dGeometry {
        height: 8,
        width: 8,
        channels: 16,
        n_filters: 20,
        filter_size: 3,
    };
    let case = Case::new(geometry, 3, false, 5);
    on_every_simd(|simd| case.check::<f32>(simd, 3e-4));
}
