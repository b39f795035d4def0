//! Weights before the first step.

use crate::config::Init;
use crate::kernel::Real;
use crate::network::Tensor;
use crate::seed::{Purpose, Stream};

/// Standard deviation of the normal distribution that a tensor's weights are drawn from.
///
/// σ = √(k / D_in), where D_in is the number of inputs of one output (of a convolution: channels ×
/// kh × kw).
/// - kaiming: k = 2 where a ReLU follows, which halves the variance, else 1.
/// - xavier: k = 1.
/// - normal: σ = `weight_scale`, whatever the layer.
///
/// Sources: K. He et al., "Delving Deep into Rectifiers", 2015; X. Glorot and Y. Bengio,
/// "Understanding the difficulty of training deep feedforward neural networks", 2010, in the form
/// of the CS231n notes.
pub(crate) fn standard_deviation(init: Init, fan_in: usize, relu_follows: bool) -> f64 {
    let fan_in = fan_in as f64;
    match init {
        Init::Kaiming if relu_follows => (2.0 / fan_in).sqrt(),
        Init::Kaiming | Init::Xavier => (1.0 / fan_in).sqrt(),
        Init::Normal { weight_scale } => weight_scale,
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
        let sigma = standard_deviation(init, tensor.fan_in, tensor.relu_follows);
        for weight in &mut weights[tensor.range.clone()] {
            *weight = T::from_f64(sigma * stream.normal());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(init: Init, relu_follows: bool, expected: f64) {
        // 50 inputs: √(2/50) = 0.2, √(1/50) = 0.1414…
        assert!((standard_deviation(init, 50, relu_follows) - expected).abs() < 1e-15);
        let tensor = Tensor::weight("w", 0..20_000, 50, relu_follows);
        let mut weights = vec![9.0_f32; 20_010];
        initialize(init, 5, &[tensor], &mut weights);
        let variance = weights
            .iter()
            .map(|w| f64::from(*w) * f64::from(*w))
            .sum::<f64>()
            / 20_000.0;
        // Standard error of the deviation: σ / √(2 · 20000) = 0.005 σ.
        assert!(
            (variance.sqrt() / expected - 1.0).abs() < 0.02,
            "{} is not {expected}",
            variance.sqrt()
        );
        assert!(weights[20_000..].iter().all(|bias| *bias == 0.0));
    }

    #[test]
    fn kaiming_doubles_the_variance_where_a_relu_follows() {
        check(Init::Kaiming, true, 0.2);
        check(Init::Kaiming, false, 0.02_f64.sqrt());
    }

    #[test]
    fn xavier_does_not_look_at_what_follows() {
        check(Init::Xavier, true, 0.02_f64.sqrt());
        check(Init::Xavier, false, 0.02_f64.sqrt());
    }

    #[test]
    fn normal_takes_its_scale_as_it_is() {
        check(Init::Normal { weight_scale: 0.01 }, true, 0.01);
    }

    #[test]
    fn the_same_seed_draws_the_same_weights_in_both_precisions() {
        let tensors = [Tensor::weight("w", 0..3, 1, true)];
        let (mut single, mut double) = ([0.0_f32; 3], [0.0_f64; 3]);
        initialize(Init::Kaiming, 9, &tensors, &mut single);
        initialize(Init::Kaiming, 9, &tensors, &mut double);
        assert_eq!(single, double.map(|weight| weight as f32));
    }
}
