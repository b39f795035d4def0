//! The affine layer, optionally with the rectifier that follows it.

use super::{Backward, Forward, Place};
use crate::kernel::{
    Aligned, LinearBackwardInput, LinearBackwardWeights, LinearForward, PANEL_LEN, Real,
    ReluBackward,
};

/// y = x·W + b, or y = max(0, x·W + b).
///
/// dW = xᵀ·dy, db = Σₙ dy, dx = dy·Wᵀ, where with the rectifier dy counts only where y > 0.
/// - x: (N, inputs), y: (N, outputs), W: (inputs, outputs) row-major, b: (outputs).
pub(crate) struct Linear<T> {
    inputs: usize,
    outputs: usize,
    relu: bool,
    place: Place,
    panel: Aligned<T>,
}

impl<T: Real> Linear<T> {
    pub(crate) fn new(inputs: usize, outputs: usize, relu: bool, place: Place) -> Self {
        Self {
            inputs,
            outputs,
            relu,
            place,
            panel: Aligned::zeros(PANEL_LEN),
        }
    }

    /// Whether the rectifier is part of it.
    pub(crate) fn relu(&self) -> bool {
        self.relu
    }

    pub(super) fn forward(&mut self, pass: Forward<'_, T>) {
        let (x_stride, y_stride) = (pass.x.stride(), pass.y.stride());
        pass.simd.run(LinearForward {
            n: pass.n,
            inputs: self.inputs,
            outputs: self.outputs,
            x: pass.x.rows(pass.n),
            x_stride,
            weights: &pass.parameters[self.place.weights.clone()],
            biases: &pass.parameters[self.place.biases.clone()],
            y: pass.y.rows_mut(pass.n),
            y_stride,
            relu: self.relu,
        });
    }

    pub(super) fn backward(&mut self, pass: Backward<'_, T>) {
        let Backward {
            simd,
            n,
            parameters,
            gradients,
            x,
            y,
            dy,
            dx,
        } = pass;
        if self.relu {
            simd.run(ReluBackward {
                y: y.rows(n),
                gradients: dy.rows_mut(n),
            });
        }
        let [dweights, dbiases] = gradients
            .get_disjoint_mut([self.place.weights.clone(), self.place.biases.clone()])
            .expect("weights and biases have places of their own");
        simd.run(LinearBackwardWeights {
            n,
            inputs: self.inputs,
            outputs: self.outputs,
            x: x.rows(n),
            x_stride: x.stride(),
            dy: dy.rows(n),
            dy_stride: dy.stride(),
            dweights,
            dbiases,
        });
        if let Some(dx) = dx {
            let dx_stride = dx.stride();
            simd.run(LinearBackwardInput {
                n,
                inputs: self.inputs,
                outputs: self.outputs,
                weights: &parameters[self.place.weights.clone()],
                dy: dy.rows(n),
                dy_stride: dy.stride(),
                dx: dx.rows_mut(n),
                dx_stride,
                panel: &mut self.panel,
            });
        }
    }
}
