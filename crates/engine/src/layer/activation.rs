//! Activation functions on their own, element by element.

use super::{Backward, Forward};
use crate::config::Activation;
use crate::kernel::{
    Elu, Function, FunctionBackward, FunctionForward, Gelu, LeakyRelu, Real, ReluBackward,
    ReluForward, Sigmoid, Silu, Softplus, Tanh,
};

/// Slope of leaky_relu below 0.
const SLOPE: f64 = 0.01;

/// y = f(x). Any shape.
pub(super) fn forward<T: Real>(activation: Activation, pass: Forward<'_, T>) {
    match activation {
        Activation::Relu => pass.simd.run(ReluForward {
            x: pass.x.rows(pass.n),
            y: pass.y.rows_mut(pass.n),
        }),
        Activation::LeakyRelu => apply(LeakyRelu { slope: SLOPE }, pass),
        Activation::Elu => apply(Elu, pass),
        Activation::Gelu => apply(Gelu, pass),
        Activation::Silu => apply(Silu, pass),
        Activation::Tanh => apply(Tanh, pass),
        Activation::Sigmoid => apply(Sigmoid, pass),
        Activation::Softplus => apply(Softplus, pass),
    }
}

/// dx = f′(x) · dy.
pub(super) fn backward<T: Real>(activation: Activation, pass: Backward<'_, T>) {
    match activation {
        Activation::Relu => relu_backward(pass),
        Activation::LeakyRelu => apply_derivative(LeakyRelu { slope: SLOPE }, pass),
        Activation::Elu => apply_derivative(Elu, pass),
        Activation::Gelu => apply_derivative(Gelu, pass),
        Activation::Silu => apply_derivative(Silu, pass),
        Activation::Tanh => apply_derivative(Tanh, pass),
        Activation::Sigmoid => apply_derivative(Sigmoid, pass),
        Activation::Softplus => apply_derivative(Softplus, pass),
    }
}

/// Whether the function or its slope has a bend at 0.
pub(super) fn bends(activation: Activation) -> bool {
    matches!(
        activation,
        Activation::Relu | Activation::LeakyRelu | Activation::Elu
    )
}

fn relu_backward<T: Real>(pass: Backward<'_, T>) {
    if let Some(dx) = pass.dx {
        let gradients = dx.rows_mut(pass.n);
        gradients.copy_from_slice(pass.dy.rows(pass.n));
        pass.simd.run(ReluBackward {
            y: pass.y.rows(pass.n),
            gradients,
        });
    }
}

fn apply<T: Real>(function: impl Function<T>, pass: Forward<'_, T>) {
    for sample in 0..pass.n {
        pass.simd.run(FunctionForward {
            function,
            x: pass.x.row(sample),
            y: pass.y.row_mut(sample),
        });
    }
}

fn apply_derivative<T: Real>(function: impl Function<T>, pass: Backward<'_, T>) {
    let Some(dx) = pass.dx else { return };
    for sample in 0..pass.n {
        pass.simd.run(FunctionBackward {
            function,
            x: pass.x.row(sample),
            y: pass.y.row(sample),
            dy: pass.dy.row(sample),
            dx: dx.row_mut(sample),
        });
    }
}
