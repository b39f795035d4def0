//! Affine layers: y = x·W + b, with W (inputs, outputs) row-major.

use super::lanes::{Kernel, Lanes};
use super::product::{Product, Rows, Start, Terms};
use super::real::Real;

/// y = x·W + b, then optionally max(0, ·).
pub(crate) struct LinearForward<'a, T> {
    /// Samples N.
    pub(crate) n: usize,
    /// Inputs D.
    pub(crate) inputs: usize,
    /// Outputs M.
    pub(crate) outputs: usize,
    /// (N, D), rows at `x_stride`.
    pub(crate) x: &'a [T],
    /// Elements from one sample to the next.
    pub(crate) x_stride: usize,
    /// (D, M).
    pub(crate) weights: &'a [T],
    /// (M).
    pub(crate) biases: &'a [T],
    /// (N, M), rows at `y_stride`.
    pub(crate) y: &'a mut [T],
    /// Elements from one sample to the next.
    pub(crate) y_stride: usize,
    /// Whether negative outputs become 0.
    pub(crate) relu: bool,
}

impl<T: Real> Kernel<T> for LinearForward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        Product {
            a: self.x,
            rows: Rows::strided(self.n, self.x_stride),
            terms: Terms::strided(self.inputs, 1, self.outputs),
            b: self.weights,
            n_columns: self.outputs,
            c: self.y,
            c_stride: self.y_stride,
            start: Start::Bias(self.biases),
            relu: self.relu,
        }
        .run::<L>();
    }
}

/// dW = xᵀ·dy and db = Σₙ dy.
pub(crate) struct LinearBackwardWeights<'a, T> {
    /// Samples N.
    pub(crate) n: usize,
    /// Inputs D.
    pub(crate) inputs: usize,
    /// Outputs M.
    pub(crate) outputs: usize,
    /// (N, D), rows at `x_stride`.
    pub(crate) x: &'a [T],
    /// Elements from one sample to the next.
    pub(crate) x_stride: usize,
    /// (N, M), rows at `dy_stride`.
    pub(crate) dy: &'a [T],
    /// Elements from one sample to the next.
    pub(crate) dy_stride: usize,
    /// (D, M), overwritten.
    pub(crate) dweights: &'a mut [T],
    /// (M), overwritten; `None` where another part of the inputs brings it.
    pub(crate) dbiases: Option<&'a mut [T]>,
}

impl<T: Real> Kernel<T> for LinearBackwardWeights<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        Product {
            a: self.x,
            rows: Rows::strided(self.inputs, 1),
            terms: Terms::strided(self.n, self.x_stride, self.dy_stride),
            b: self.dy,
            n_columns: self.outputs,
            c: self.dweights,
            c_stride: self.outputs,
            start: Start::Zero,
            relu: false,
        }
        .run::<L>();
        let Some(dbiases) = self.dbiases else { return };
        dbiases.fill(T::ZERO);
        for dy in self.dy.chunks(self.dy_stride).take(self.n) {
            for (sum, gradient) in dbiases.iter_mut().zip(dy) {
                *sum += *gradient;
            }
        }
    }
}

/// dx = dy·Wᵀ.
pub(crate) struct LinearBackwardInput<'a, T> {
    /// Samples N.
    pub(crate) n: usize,
    /// Inputs D.
    pub(crate) inputs: usize,
    /// Outputs M.
    pub(crate) outputs: usize,
    /// (D, M).
    pub(crate) weights: &'a [T],
    /// (N, M), rows at `dy_stride`.
    pub(crate) dy: &'a [T],
    /// Elements from one sample to the next.
    pub(crate) dy_stride: usize,
    /// (N, D), rows at `dx_stride`, overwritten.
    pub(crate) dx: &'a mut [T],
    /// Elements from one sample to the next.
    pub(crate) dx_stride: usize,
    /// Room for a transposed piece of the weights, [`PANEL_LEN`] elements.
    pub(crate) panel: &'a mut [T],
}

/// Inputs transposed at a time.
const PANEL_INPUTS: usize = 64;
/// Outputs transposed at a time.
const PANEL_OUTPUTS: usize = 256;
/// Elements of the scratch panel of [`LinearBackwardInput`].
pub(crate) const PANEL_LEN: usize = PANEL_INPUTS * PANEL_OUTPUTS;

impl<T: Real> Kernel<T> for LinearBackwardInput<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        for input in (0..self.inputs).step_by(PANEL_INPUTS) {
            let n_inputs = PANEL_INPUTS.min(self.inputs - input);
            for output in (0..self.outputs).step_by(PANEL_OUTPUTS) {
                let n_outputs = PANEL_OUTPUTS.min(self.outputs - output);
                let weights = &self.weights[input * self.outputs + output..];
                transpose_into::<L>(self.panel, weights, self.outputs, n_inputs, n_outputs);
                Product {
                    a: &self.dy[output..],
                    rows: Rows::strided(self.n, self.dy_stride),
                    terms: Terms::strided(n_outputs, 1, PANEL_INPUTS),
                    b: self.panel,
                    n_columns: n_inputs,
                    c: &mut self.dx[input..],
                    c_stride: self.dx_stride,
                    start: if output == 0 { Start::Zero } else { Start::Add },
                    relu: false,
                }
                .run::<L>();
            }
        }
    }
}

/// panel[o, i] = weights[i, o], in blocks of 8×8 and element by element at the edges.
///
/// # Panics
/// If an operand is short.
#[inline(always)]
fn transpose_into<L: Lanes>(
    panel: &mut [L::Element],
    weights: &[L::Element],
    stride: usize,
    n_inputs: usize,
    n_outputs: usize,
) {
    const BLOCK: usize = 8;
    let (inputs, outputs) = (n_inputs / BLOCK * BLOCK, n_outputs / BLOCK * BLOCK);
    assert!(
        weights.len() >= (n_inputs - 1) * stride + n_outputs,
        "weights are short"
    );
    assert!(
        panel.len() >= (n_outputs - 1) * PANEL_INPUTS + n_inputs && n_inputs <= PANEL_INPUTS,
        "the panel is short"
    );
    for input in (0..inputs).step_by(BLOCK) {
        for output in (0..outputs).step_by(BLOCK) {
            let from = weights[input * stride + output..].as_ptr();
            let to = panel[output * PANEL_INPUTS + input..].as_mut_ptr();
            // SAFETY: `Kernel::run`'s caller vouches for the instruction set; the block lies within
            // both operands by the assertions above.
            unsafe { L::transpose_8x8(from, stride, to, PANEL_INPUTS) };
        }
    }
    for input in 0..n_inputs {
        let done = if input < inputs { outputs } else { 0 };
        for output in done..n_outputs {
            panel[output * PANEL_INPUTS + input] = weights[input * stride + output];
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, proptest};

    use super::*;
    use crate::kernel::reference::{self, Noise, assert_near, on_every_simd};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn forward_equals_its_reference(n in 1_usize..40, d in 1_usize..300, m in 1_usize..90, relu in any::<bool>(), seed: u32) {
            on_every_simd(|simd| {
                let mut noise = Noise::new(seed);
                let (x, w, b) = (noise.values::<f32>(n * (d + 3)), noise.values(d * m), noise.values(m));
                let mut y = vec![0.0; n * (m + 1)];
                let mut expected = y.clone();
                let sizes = reference::Linear { n, d, m, x_stride: d + 3, y_stride: m + 1 };
                simd.run(LinearForward {
                    n, inputs: d, outputs: m, x: &x, x_stride: d + 3, weights: &w, biases: &b, y: &mut y, y_stride: m + 1, relu,
                });
                reference::linear_forward(&sizes, &x, &w, &b, &mut expected, relu);
                assert_near(&y, &expected, 1e-4);
            });
        }

        #[test]
        fn backward_equals_its_reference(n in 1_usize..40, d in 1_usize..150, m in 1_usize..300, seed: u32) {
            on_every_simd(|simd| {
                let mut noise = Noise::new(seed);
                let (x, w, dy) = (noise.values::<f64>(n * (d + 2)), noise.values(d * m), noise.values(n * (m + 5)));
                let sizes = reference::Linear { n, d, m, x_stride: d + 2, y_stride: m + 5 };
                let (mut dw, mut db, mut dx) = (vec![1.0; d * m], vec![1.0; m], vec![1.0; n * (d + 2)]);
                let (mut dw_expected, mut db_expected, mut dx_expected) = (dw.clone(), db.clone(), dx.clone());
                simd.run(LinearBackwardWeights {
                    n, inputs: d, outputs: m, x: &x, x_stride: d + 2, dy: &dy, dy_stride: m + 5, dweights: &mut dw, dbiases: Some(&mut db),
                });
                simd.run(LinearBackwardInput {
                    n, inputs: d, outputs: m, weights: &w, dy: &dy, dy_stride: m + 5, dx: &mut dx, dx_stride: d + 2,
                    panel: &mut vec![0.0; PANEL_LEN],
                });
                reference::linear_backward(&sizes, &x, &w, &dy, &mut dw_expected, &mut db_expected, &mut dx_expected);
                assert_near(&dw, &dw_expected, 1e-12);
                assert_near(&db, &db_expected, 1e-12);
                assert_near(&dx, &dx_expected, 1e-12);
            });
        }
    }

    #[test]
    #[should_panic(expected = "left operand")]
    fn a_short_input_is_refused() {
        Simd::detect().run(LinearForward {
            n: 2,
            inputs: 3,
            outputs: 1,
            x: &[0.0_f32; 5],
            x_stride: 3,
            weights: &[0.0; 3],
            biases: &[0.0],
            y: &mut [0.0; 2],
            y_stride: 1,
            relu: false,
        });
    }

    use crate::kernel::Simd;
}
