//! The passes over one image, between the convolution and the output.

use super::channels::Channels;
use crate::kernel::batch_norm::{BatchNormBackward, BatchNormSums, Gate, Normalize};
use crate::kernel::{Conv2dGeometry, MaxPoolBackward, MaxPoolForward, Real, Simd};

/// What they read of the block. Where there is pooling, `argmax` is some.
#[derive(Clone, Copy)]
pub(super) struct ImagePasses<'a, T> {
    pub(super) simd: Simd,
    pub(super) geometry: Conv2dGeometry,
    pub(super) channels: &'a Channels<T>,
}

impl<'a, T: Real> ImagePasses<'a, T> {
    /// From z to the output; with pooling by way of `image`.
    pub(super) fn normalize(
        self,
        z: &[T],
        y: &mut [T],
        argmax: Option<&mut [u8]>,
        image: &mut [T],
    ) {
        let (scale, shift) = (&self.channels.scale, &self.channels.shift);
        let Some(argmax) = argmax else {
            self.simd.run(Normalize {
                z,
                scale,
                shift,
                relu: true,
                y,
            });
            return;
        };
        self.simd.run(Normalize {
            z,
            scale,
            shift,
            relu: false,
            y: image,
        });
        self.simd.run(MaxPoolForward {
            height: self.geometry.height,
            width: self.geometry.width,
            channels: self.geometry.n_filters,
            input: image,
            pooled: y,
            argmax,
            relu: true,
        });
    }

    /// Σ g and Σ g (z − μ).
    pub(super) fn sums(
        self,
        z: &[T],
        dy: &[T],
        argmax: Option<&mut [u8]>,
        image: &mut [T],
        [sum, product]: [&mut [T]; 2],
    ) {
        let pooled = argmax.is_some();
        self.unpool(dy, argmax, image);
        self.simd.run(BatchNormSums {
            z,
            dy: if pooled { image } else { dy },
            mean: &self.channels.mean,
            gate: self.gate(pooled),
            sum,
            product,
        });
    }

    /// dz, into lines at `line_stride`.
    pub(super) fn backward(
        self,
        z: &[T],
        dy: &[T],
        argmax: Option<&mut [u8]>,
        image: &mut [T],
        (dz, line_stride): (&mut [T], usize),
    ) {
        let pooled = argmax.is_some();
        self.unpool(dy, argmax, image);
        self.simd.run(BatchNormBackward {
            z,
            dy: if pooled { image } else { dy },
            mean: &self.channels.mean,
            gate: self.gate(pooled),
            by_gradient: &self.channels.scale,
            by_deviation: &self.channels.by_deviation,
            constant: &self.channels.constant,
            width: self.geometry.width,
            dz,
            line_stride,
        });
    }

    /// What the rectifier saw, where it is not part of the pooling.
    fn gate(self, pooled: bool) -> Option<Gate<'a, T>> {
        (!pooled).then_some(Gate {
            scale: &self.channels.scale,
            shift: &self.channels.shift,
        })
    }

    /// Where there is pooling, sends gradients back through it and the rectifier into `image`.
    fn unpool(self, dpooled: &[T], argmax: Option<&mut [u8]>, image: &mut [T]) {
        let Some(argmax) = argmax else { return };
        let Conv2dGeometry {
            height,
            width,
            n_filters,
            ..
        } = self.geometry;
        let line = width * n_filters;
        if height % 2 == 1 {
            // Normalised values of the forward pass lie where no window is.
            image[(height - 1) * line..].fill(T::ZERO);
        }
        if width % 2 == 1 {
            for row in image.chunks_exact_mut(line) {
                row[line - n_filters..].fill(T::ZERO);
            }
        }
        self.simd.run(MaxPoolBackward {
            height,
            width,
            channels: n_filters,
            dpooled,
            argmax,
            dinput: image,
            line_stride: line,
            dbiases: None,
        });
    }
}
