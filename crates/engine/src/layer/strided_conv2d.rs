//! The convolution of any filter, stride and padding.

use super::{Backward, Forward, Place};
use crate::kernel::{
    Aligned, Real, StridedBackwardInput, StridedBackwardWeights, StridedForward, StridedGeometry,
    copy_from_padding, copy_into_padding, transpose_taps,
};

/// z[y, x, o] = b[o] + Σ W[i, j, c, o] · x[y·stride + i − before, x·stride + j − before, c], zero
/// outside the image.
///
/// dW = Σ x · dz and dx = Σ W · dz over the same products, db = Σ dz.
/// - x: (N, height, width, channels), z: (N, rows, columns, filters), W: (kh, kw, channels,
///   filters), b: (filters).
///
/// One image lies in its padding at a time; the backward pass puts it there again.
pub(crate) struct StridedConv2d<T> {
    geometry: StridedGeometry,
    place: Place,
    padded: Aligned<T>,
    /// Filters for the gradients of the input, and those in their padding; empty where they are not
    /// wanted.
    transposed: Aligned<T>,
    dpadded: Aligned<T>,
}

impl<T: Real> StridedConv2d<T> {
    pub(crate) fn new(geometry: StridedGeometry, first: bool, place: Place) -> Self {
        let unless_first = |len: usize| if first { 0 } else { len };
        Self {
            geometry,
            place,
            padded: Aligned::zeros(geometry.padded_len()),
            transposed: Aligned::zeros(unless_first(geometry.weights_len())),
            dpadded: Aligned::zeros(unless_first(geometry.padded_len())),
        }
    }

    pub(super) fn forward(&mut self, pass: Forward<'_, T>) {
        for sample in 0..pass.n {
            copy_into_padding(self.geometry, pass.x.row(sample), &mut self.padded);
            pass.simd.run(StridedForward {
                geometry: self.geometry,
                padded: &self.padded,
                weights: &pass.parameters[self.place.weights.clone()],
                biases: &pass.parameters[self.place.biases.clone()],
                output: pass.y.row_mut(sample),
            });
        }
    }

    pub(super) fn backward(&mut self, pass: Backward<'_, T>) {
        let Backward {
            simd,
            n,
            parameters,
            gradients,
            x,
            dy,
            mut dx,
            ..
        } = pass;
        let [dweights, dbiases] = self.place.gradients(gradients);
        dweights.fill(T::ZERO);
        dbiases.fill(T::ZERO);
        if dx.is_some() {
            let weights = &parameters[self.place.weights.clone()];
            transpose_taps(self.geometry, weights, &mut self.transposed);
        }
        for sample in 0..n {
            copy_into_padding(self.geometry, x.row(sample), &mut self.padded);
            simd.run(StridedBackwardWeights {
                geometry: self.geometry,
                padded: &self.padded,
                dz: dy.row(sample),
                dweights,
                dbiases,
            });
            if let Some(dx) = &mut dx {
                simd.run(StridedBackwardInput {
                    geometry: self.geometry,
                    dz: dy.row(sample),
                    transposed: &self.transposed,
                    dpadded: &mut self.dpadded,
                });
                copy_from_padding(self.geometry, &self.dpadded, dx.row_mut(sample));
            }
        }
    }
}
