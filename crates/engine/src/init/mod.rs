//! Weights before the first step.

mod orthogonal;

use crate::config::Init;
use crate::kernel::Real;
use crate::network::Tensor;
use crate::seed::{Purpose, Stream};

/// What the weights of a tensor are drawn from.
///
/// D is the number of inputs of one output (of a convolution: channels × kh × kw), and k = 2 where a
/// ReLU follows, which halves the variance, or its like (leaky_relu, elu, gelu, silu), else 1.
/// - kaiming: σ² = k/D; xavier: σ² = 1/D; normal: σ = `weight_scale`, whatever the layer.
/// - the uniform kinds have the same σ: U(−a, a) has σ² = a²/3.
/// - orthogonal: gain √k.
///
/// Sources: K. He et al., "Delving Deep into Rectifiers", 2015; X. Glorot and Y. Bengio,
/// "Understanding the difficulty of training deep feedforward neural networks", 2010, in the form
/// of the CS231n notes; A. Saxe et al., "Exact solutions to the nonlinear dynamics of learning in
/// deep linear neural networks", 2014.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Distribution {
    /// Normal, of that standard deviation.
    Normal(f64),
    /// Uniform between ± this.
    Uniform(f64),
    /// Orthogonal vectors of that norm.
    Orthogonal(f64),
    /// Always 0.
    Zero,
}

impl Distribution {
    fn of(init: Init, tensor: &Tensor) -> Self {
        let gain = if tensor.relu_follows { 2.0_f64 } else { 1.0 };
        let inputs = tensor.fan_in as f64;
        match init {
            Init::Kaiming => Self::Normal((gain / inputs).sqrt()),
            Init::KaimingUniform => Self::Uniform((3.0 * gain / inputs).sqrt()),
            Init::Xavier => Self::Normal((1.0 / inputs).sqrt()),
            Init::XavierUniform => Self::Uniform((3.0 / inputs).sqrt()),
            Init::Normal { weight_scale } => Self::Normal(weight_scale),
            Init::Orthogonal => Self::Orthogonal(gain.sqrt()),
            Init::Zeros => Self::Zero,
        }
    }

    /// Draws the weights (D, outputs) of a tensor.
    fn draw<T: Real>(self, stream: &mut Stream, tensor: &Tensor, weights: &mut [T]) {
        match self {
            Self::Normal(sigma) => {
                weights.fill_with(|| T::from_f64(sigma * stream.normal()));
            }
            Self::Uniform(bound) => {
                weights.fill_with(|| T::from_f64(bound * (2.0 * stream.uniform() - 1.0)));
            }
            Self::Orthogonal(norm) => orthogonal::draw(stream, norm, tensor.fan_in, weights),
            Self::Zero => weights.fill(T::ZERO),
        }
    }
}

/// Draws all weights, tensor by tensor, from the seed's own stream; biases become 0, scales of
/// normalisations 1.
pub(crate) fn initialize<T: Real>(init: Init, seed: u32, tensors: &[Tensor], weights: &mut [T]) {
    let mut stream = Stream::new(seed, Purpose::Init);
    weights.fill(T::ZERO);
    for tensor in tensors.iter().filter(|tensor| tensor.starts_at_one()) {
        weights[tensor.range.clone()].fill(T::ONE);
    }
    for tensor in tensors.iter().filter(|tensor| tensor.is_weight()) {
        Distribution::of(init, tensor).draw(
            &mut stream,
            tensor,
            &mut weights[tensor.range.clone()],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20,000 weights of 50 inputs each, and ten biases that are not 0 yet.
    fn drawn(init: Init, relu_follows: bool) -> Vec<f32> {
        let tensor = Tensor::weight("w", 0..20_000, 50, relu_follows);
        let mut weights = vec![9.0; 20_010];
        initialize(init, 5, &[tensor], &mut weights);
        assert!(weights[20_000..].iter().all(|bias| *bias == 0.0));
        weights.truncate(20_000);
        weights
    }

    /// Whether the weights have this standard deviation.
    #[track_caller]
    fn check(init: Init, relu_follows: bool, expected: f64) {
        let squares = drawn(init, relu_follows);
        let squares = squares.iter().map(|w| f64::from(*w) * f64::from(*w));
        let deviation = (squares.sum::<f64>() / 20_000.0).sqrt();
        // Standard error of the deviation: σ / √(2 · 20000) = 0.005 σ.
        assert!(
            (deviation / expected - 1.0).abs() < 0.02,
            "{deviation} is not {expected}"
        );
    }

    /// Whether the weights lie between ± this, and reach to it.
    #[track_caller]
    fn check_bound(init: Init, relu_follows: bool, bound: f32) {
        let largest = drawn(init, relu_follows)
            .iter()
            .fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
        assert!(
            largest <= bound && largest > 0.999 * bound,
            "{largest} is not {bound}"
        );
    }

    // 50 inputs: √(2/50) = 0.2, √(1/50) = 0.1414…

    #[test]
    fn kaiming_doubles_the_variance_where_a_relu_follows() {
        for init in [Init::Kaiming, Init::KaimingUniform] {
            check(init, true, 0.2);
            check(init, false, 0.02_f64.sqrt());
        }
    }

    #[test]
    fn xavier_does_not_look_at_what_follows() {
        for init in [Init::Xavier, Init::XavierUniform] {
            check(init, true, 0.02_f64.sqrt());
            check(init, false, 0.02_f64.sqrt());
        }
    }

    #[test]
    fn normal_takes_its_scale_as_it_is() {
        check(Init::Normal { weight_scale: 0.01 }, true, 0.01);
    }

    #[test]
    fn uniform_weights_end_at_the_root_of_three_deviations() {
        // √3 · 0.2 and √3 · √0.02.
        check_bound(Init::KaimingUniform, true, 0.346_410_17);
        check_bound(Init::XavierUniform, true, 0.244_948_97);
    }

    #[test]
    fn orthogonal_weights_have_the_variance_of_their_vectors() {
        // 50 rows of 400 with norm 1 or √2: σ² = 1/400 or 2/400.
        check(Init::Orthogonal, false, 0.05);
        check(Init::Orthogonal, true, 0.005_f64.sqrt());
    }

    #[test]
    fn zeros_are_zeros() {
        assert!(drawn(Init::Zeros, true).iter().all(|w| *w == 0.0));
    }

    #[test]
    fn the_same_seed_draws_the_same_weights_in_both_precisions() {
        for init in [Init::Kaiming, Init::XavierUniform, Init::Orthogonal] {
            let tensors = [Tensor::weight("w", 0..6, 2, true)];
            let (mut single, mut double) = ([0.0_f32; 6], [0.0_f64; 6]);
            initialize(init, 9, &tensors, &mut single);
            initialize(init, 9, &tensors, &mut double);
            assert_eq!(single, double.map(|weight| weight as f32));
        }
    }
}
