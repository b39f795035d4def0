//! The affine layer, optionally with the rectifier that follows it.

use super::{Backward, Batch, Forward, Mover, Place};
use crate::kernel::{
    Aligned, LinearBackwardInput, LinearBackwardWeights, LinearForward, PANEL_LEN, Real,
    ReluBackward, Simd,
};
use crate::threads::Threads;

/// y = x·W + b, or y = max(0, x·W + b).
///
/// dW = xᵀ·dy, db = Σₙ dy, dx = dy·Wᵀ, where with the rectifier dy counts only where y > 0.
/// - x: (N, inputs), y: (N, outputs), W: (inputs, outputs) row-major, b: (outputs).
pub(crate) struct Linear<T> {
    inputs: usize,
    outputs: usize,
    relu: bool,
    place: Place,
    /// One for each thread.
    panels: Vec<Aligned<T>>,
    /// Gradients of the weights of some inputs, until they are moved.
    piece: Aligned<T>,
}

/// Weights that are moved at a time, about: as many as stay in a core's own cache with what moves them.
const WEIGHTS_PER_PIECE: usize = 16 << 10;

impl<T: Real> Linear<T> {
    pub(crate) fn new(inputs: usize, outputs: usize, relu: bool, place: Place) -> Self {
        Self {
            inputs,
            outputs,
            relu,
            place,
            panels: vec![Aligned::zeros(PANEL_LEN)],
            piece: Aligned::zeros(inputs_per_piece(inputs, outputs) * outputs),
        }
    }

    /// Whether the rectifier is part of it.
    pub(crate) fn relu(&self) -> bool {
        self.relu
    }

    pub(super) fn prepare(&mut self, threads: &Threads) {
        self.panels = vec![Aligned::zeros(PANEL_LEN); threads.count()];
    }

    /// Who works on a batch of `n`: products cut by samples or by inputs sum over neither, so that
    /// there may be as many pieces as threads.
    fn threads<'a>(&self, threads: &'a Threads, n: usize) -> &'a Threads {
        threads.worth(2 * n * self.inputs * self.outputs)
    }

    pub(super) fn forward(&mut self, pass: Forward<'_, T>) {
        let (simd, n, x, y) = (pass.simd, pass.n, pass.x, pass.y);
        let (x_stride, y_stride) = (x.stride(), y.stride());
        let threads = self.threads(pass.threads, n);
        let per = n.div_ceil(threads.count());
        let inputs = x.rows(n).chunks(per * x_stride);
        let pieces = inputs.zip(y.rows_mut(n).chunks_mut(per * y_stride));
        threads.each(pieces, |(x, y)| {
            simd.run(LinearForward {
                n: y.len() / y_stride,
                inputs: self.inputs,
                outputs: self.outputs,
                x,
                x_stride,
                weights: &pass.parameters[self.place.weights.clone()],
                biases: &pass.parameters[self.place.biases.clone()],
                y,
                y_stride,
                relu: self.relu,
            });
        });
    }

    pub(super) fn backward(&mut self, pass: Backward<'_, T>) {
        let (simd, n, dy) = (pass.simd, pass.n, pass.dy);
        if self.relu {
            simd.run(ReluBackward {
                y: pass.y.rows(n),
                gradients: dy.rows_mut(n),
            });
        }
        if let Some(dx) = pass.dx {
            let weights = &pass.parameters[self.place.weights.clone()];
            self.backward_input(simd, pass.threads, (n, dy, dx), weights);
        }
        let threads = self.threads(pass.threads, n);
        match pass.mover {
            Some(mover) if threads.count() == 1 => {
                let weights = &mut pass.parameters[self.place.weights.clone()];
                let dbiases = &mut pass.gradients[self.place.biases.clone()];
                self.backward_moving(simd, (n, pass.x, dy), weights, dbiases, mover);
            }
            mover => {
                self.backward_weights(simd, threads, (n, pass.x, dy), pass.gradients);
                if let Some(mover) = mover {
                    let place = self.place.weights.clone();
                    let weights = &mut pass.parameters[place.clone()];
                    let dweights = &mut pass.gradients[place.clone()];
                    mover.advance(true, place, weights, dweights);
                }
            }
        }
    }

    /// dW of some inputs at a time, each moved before the next; db with the first. The sums are those of
    /// [`Linear::backward_weights`].
    fn backward_moving(
        &mut self,
        simd: Simd,
        (n, x, dy): (usize, &Batch<T>, &Batch<T>),
        weights: &mut [T],
        dbiases: &mut [T],
        mover: &mut dyn Mover<T>,
    ) {
        let per = inputs_per_piece(self.inputs, self.outputs);
        let mut dbiases = Some(dbiases);
        for (idx, weights) in weights.chunks_mut(per * self.outputs).enumerate() {
            let first = idx * per;
            let dweights = &mut self.piece[..weights.len()];
            simd.run(LinearBackwardWeights {
                n,
                inputs: weights.len() / self.outputs,
                outputs: self.outputs,
                x: &x.rows(n)[first..],
                x_stride: x.stride(),
                dy: dy.rows(n),
                dy_stride: dy.stride(),
                dweights,
                dbiases: dbiases.take(),
            });
            let start = self.place.weights.start + first * self.outputs;
            mover.advance(true, start..start + weights.len(), weights, dweights);
        }
    }

    /// dW by ranges of inputs, each with all samples; db with the first.
    fn backward_weights(
        &self,
        simd: Simd,
        threads: &Threads,
        (n, x, dy): (usize, &Batch<T>, &Batch<T>),
        gradients: &mut [T],
    ) {
        let [dweights, dbiases] = self.place.gradients(gradients);
        let per = self.inputs.div_ceil(threads.count());
        let mut dbiases = Some(dbiases);
        let pieces = dweights
            .chunks_mut(per * self.outputs)
            .enumerate()
            .map(|(idx, dweights)| (idx * per, dweights, dbiases.take()));
        threads.each(pieces, |(first, dweights, dbiases)| {
            simd.run(LinearBackwardWeights {
                n,
                inputs: dweights.len() / self.outputs,
                outputs: self.outputs,
                x: &x.rows(n)[first..],
                x_stride: x.stride(),
                dy: dy.rows(n),
                dy_stride: dy.stride(),
                dweights,
                dbiases,
            });
        });
    }

    /// dx by samples.
    fn backward_input(
        &mut self,
        simd: Simd,
        threads: &Threads,
        (n, dy, dx): (usize, &Batch<T>, &mut Batch<T>),
        weights: &[T],
    ) {
        let threads = self.threads(threads, n);
        let (dy_stride, dx_stride) = (dy.stride(), dx.stride());
        let per = n.div_ceil(threads.count());
        let gradients = dy.rows(n).chunks(per * dy_stride);
        let pieces = gradients.zip(dx.rows_mut(n).chunks_mut(per * dx_stride));
        let (inputs, outputs) = (self.inputs, self.outputs);
        threads.each_with(&mut self.panels, pieces, |panel, (dy, dx)| {
            simd.run(LinearBackwardInput {
                n: dx.len() / dx_stride,
                inputs,
                outputs,
                weights,
                dy,
                dy_stride,
                dx,
                dx_stride,
                panel,
            });
        });
    }
}

/// Inputs whose weights are moved at a time.
fn inputs_per_piece(inputs: usize, outputs: usize) -> usize {
    (WEIGHTS_PER_PIECE / outputs).clamp(1, inputs)
}
