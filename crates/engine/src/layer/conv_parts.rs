//! What all forms of the convolution of stride 1 share: the filters, and the scratch for a piece of
//! the batch.

use super::Place;
use super::conv_tiled::TiledFilters;
use crate::kernel::{
    Aligned, Conv2dBackwardInput, Conv2dBackwardWeights, Conv2dForward, Conv2dGeometry, Real, Simd,
    flip_filter, winograd,
};
use crate::threads::{Threads, n_pieces};

/// The filters as the passes over images take them.
pub(super) struct ConvFilters<T> {
    pub(super) geometry: Conv2dGeometry,
    pub(super) place: Place,
    /// Filters turned around; empty where the gradients of the input are not wanted.
    flipped: Aligned<T>,
    /// Where that is the faster way.
    tiled: Option<TiledFilters<T>>,
}

/// What a piece of the batch has for itself while it is worked on.
#[derive(Clone)]
pub(super) struct ConvScratch<T> {
    /// Gradients of one image's convolution, in a halo of zeros.
    pub(super) dz_padded: Aligned<T>,
    /// db of the piece.
    pub(super) dbiases: Aligned<T>,
    /// One image of the convolution's size, for layers that need it.
    pub(super) image: Aligned<T>,
    /// One input in a halo of zeros, for layers that do not keep those of the batch.
    pub(super) padded: Aligned<T>,
    /// Transformed tiles of one image.
    pub(super) tiles: Aligned<T>,
    /// dW of the piece: [kh][kw][channel][filter], or in the basis of the tiles' products.
    dweights: Aligned<T>,
}

impl<T: Real> ConvFilters<T> {
    /// `first` where nobody wants the gradients of the input.
    pub(super) fn new(geometry: Conv2dGeometry, first: bool, place: Place) -> Self {
        Self {
            geometry,
            place,
            flipped: Aligned::zeros(if first { 0 } else { geometry.weights_len() }),
            tiled: winograd::wins(geometry).then(|| TiledFilters::new(geometry, first)),
        }
    }

    /// Whether they are computed by Winograd's tiles.
    pub(super) fn are_tiled(&self) -> bool {
        self.tiled.is_some()
    }

    /// Of the convolution of `n` images, about.
    pub(super) fn n_operations(&self, n: usize) -> usize {
        2 * n * self.geometry.height * self.geometry.width * self.geometry.weights_len()
    }

    /// Where the image starts in `dz_padded`, and the distance between its lines.
    pub(super) fn gradients_start(&self) -> (usize, usize) {
        let line_stride = self.geometry.padded_width() * self.geometry.n_filters;
        let before = self.geometry.gradient_halo_before();
        (
            before * line_stride + before * self.geometry.n_filters,
            line_stride,
        )
    }

    /// Prepares the filters for the images of a batch.
    pub(super) fn begin_forward(&mut self, simd: Simd, parameters: &[T]) {
        if let Some(tiled) = &mut self.tiled {
            tiled.begin_forward(simd, &parameters[self.place.weights.clone()]);
        }
    }

    /// Convolves one image in its halo into (height, width, filters).
    pub(super) fn forward(
        &self,
        simd: Simd,
        parameters: &[T],
        padded: &[T],
        output: &mut [T],
        tiles: &mut [T],
    ) {
        let biases = &parameters[self.place.biases.clone()];
        if let Some(tiled) = &self.tiled {
            tiled.forward(simd, padded, biases, output, tiles);
        } else {
            simd.run(Conv2dForward {
                geometry: self.geometry,
                padded,
                weights: &parameters[self.place.weights.clone()],
                biases,
                output,
            });
        }
    }

    /// Clears the layer's gradients, which the pieces add to, and turns the filters around.
    pub(super) fn begin_backward(&mut self, simd: Simd, parameters: &[T], gradients: &mut [T]) {
        gradients[self.place.weights.clone()].fill(T::ZERO);
        gradients[self.place.biases.clone()].fill(T::ZERO);
        if self.flipped.is_empty() {
            return;
        }
        let weights = &parameters[self.place.weights.clone()];
        flip_filter(self.geometry, weights, &mut self.flipped);
        if let Some(tiled) = &mut self.tiled {
            tiled.begin_backward(simd, &self.flipped);
        }
    }

    /// From the gradients in `dz_padded`: adds one image to the piece's dW, and computes dx.
    pub(super) fn backward(
        &self,
        simd: Simd,
        padded: &[T],
        scratch: &mut ConvScratch<T>,
        dx: Option<&mut [T]>,
    ) {
        let ConvScratch {
            dz_padded,
            dweights,
            tiles,
            ..
        } = scratch;
        self.backward_image(simd, padded, (dz_padded, dweights, tiles), dx);
    }

    /// As [`ConvFilters::backward`], of the image in the scratch.
    pub(super) fn backward_padded(
        &self,
        simd: Simd,
        scratch: &mut ConvScratch<T>,
        dx: Option<&mut [T]>,
    ) {
        let ConvScratch {
            padded,
            dz_padded,
            dweights,
            tiles,
            ..
        } = scratch;
        self.backward_image(simd, padded, (dz_padded, dweights, tiles), dx);
    }

    fn backward_image(
        &self,
        simd: Simd,
        padded: &[T],
        (dz_padded, dweights, tiles): (&[T], &mut [T], &mut [T]),
        dx: Option<&mut [T]>,
    ) {
        if let Some(tiled) = &self.tiled {
            tiled.backward_weights(simd, padded, dz_padded, dweights, tiles);
            if let Some(dx) = dx {
                tiled.backward_input(simd, dz_padded, dx, tiles);
            }
            return;
        }
        simd.run(Conv2dBackwardWeights {
            geometry: self.geometry,
            padded,
            dz_padded,
            dweights,
        });
        if let Some(dx) = dx {
            simd.run(Conv2dBackwardInput {
                geometry: self.geometry,
                dz_padded,
                flipped: &self.flipped,
                dx,
            });
        }
    }

    /// Adds dW and db of a piece to the batch's.
    pub(super) fn add_gradients(&self, simd: Simd, scratch: &ConvScratch<T>, gradients: &mut [T]) {
        let [dweights, dbiases] = self.place.gradients(gradients);
        if self.are_tiled() {
            simd.run(winograd::WinogradFilterGradient {
                transformed: &scratch.dweights,
                dweights,
            });
        } else {
            add(dweights, &scratch.dweights);
        }
        add(dbiases, &scratch.dbiases);
    }
}

fn add<T: Real>(sums: &mut [T], piece: &[T]) {
    for (sum, piece) in sums.iter_mut().zip(piece) {
        *sum += *piece;
    }
}

impl<T: Real> ConvScratch<T> {
    /// Without room for an image or an input.
    pub(super) fn new(filters: &ConvFilters<T>) -> Self {
        let geometry = filters.geometry;
        let (dweights_len, tiles_len) = if filters.are_tiled() {
            (
                winograd::filter_len(geometry),
                winograd::scratch_len::<T>(geometry),
            )
        } else {
            (geometry.weights_len(), 0)
        };
        Self {
            dz_padded: Aligned::zeros(geometry.padded_len(geometry.n_filters)),
            dbiases: Aligned::zeros(geometry.n_filters),
            image: Aligned::zeros(0),
            padded: Aligned::zeros(0),
            tiles: Aligned::zeros(tiles_len),
            dweights: Aligned::zeros(dweights_len),
        }
    }

    /// Forgets the sums of the last piece.
    pub(super) fn clear(&mut self) {
        self.dweights.fill(T::ZERO);
        self.dbiases.fill(T::ZERO);
    }

    fn bytes(&self) -> usize {
        let buffers = [
            &self.dz_padded,
            &self.dbiases,
            &self.image,
            &self.padded,
            &self.tiles,
            &self.dweights,
        ];
        buffers.iter().map(|buffer| size_of_val(&***buffer)).sum()
    }
}

/// Makes scratch for as many pieces of a training batch of `n` as `threads` work on at a time.
pub(super) fn prepare_scratch<T: Real>(
    scratch: &mut Vec<ConvScratch<T>>,
    threads: &Threads,
    n: usize,
) {
    let one = scratch.swap_remove(0);
    let len = threads.n_scratch(n_pieces(n), one.bytes());
    *scratch = vec![one; len];
}
