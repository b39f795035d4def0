//! Analytic gradients against numeric ones.

use crate::config::{Init, Loss, ModelConfig};
use crate::data::{Samples, Shape, Targets};
use crate::kernel::Simd;
use crate::network::{Network, NetworkError, Sizes};
use crate::penalty::Penalties;
use crate::seed::{Purpose, Stream};

/// How gradients are checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GradientCheck {
    /// Data loss.
    pub loss: Loss,
    /// Strength of the penalty on absolute values.
    pub l1: f64,
    /// Strength of the penalty on squares.
    pub l2: f64,
    /// Weights looked at in each tensor, at most.
    pub per_tensor: usize,
    /// Seed of the network's weights and of the choice of those looked at.
    pub seed: u32,
}

/// How far the gradients of one tensor are off.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorCheck {
    /// `layer.weights` or `layer.biases`.
    pub tensor: String,
    /// Weights looked at.
    pub n_checked: usize,
    /// Those of them with a kink nearer than the smallest step.
    pub n_at_kinks: usize,
    /// Largest relative error where the loss is smooth; below 1e-6 for correct gradients.
    pub max_error: f64,
    /// Largest relative error at kinks, where both sides count half; below 1e-4 is usual for
    /// correct gradients, but a kink within rounding of the weight itself can show any.
    pub max_error_at_kinks: f64,
}

impl GradientCheck {
    /// Compares the gradients of data loss + l1·Σ|W| + ½·l2·ΣW² in every tensor of a configuration's
    /// network, in `f64`.
    ///
    /// Numeric: (8 (L(w+h) − L(w−h)) − (L(w+2h) − L(w−2h))) / 12h, with h from 1e-3 down to 1e-6
    /// until no rectifier, no maximum, no piece of the loss and no |W| changes its branch within 2h.
    /// Relative error: |a − n| / max(|a|, |n|, g), where g is a thousandth of the largest gradient
    /// of the tensor.
    ///
    /// # Errors
    /// See [`NetworkError`].
    ///
    /// # Panics
    /// If features, targets, shape, outputs and loss do not belong together.
    pub fn run(
        &self,
        model: &ModelConfig,
        samples: &Samples,
        shape: Shape,
        n_outputs: usize,
    ) -> Result<Vec<TensorCheck>, NetworkError> {
        let n = samples.len();
        let sizes = Sizes {
            training: n,
            capacity: n,
            n_buffers: 0,
        };
        let mut network = Network::new(model, shape, n_outputs, &sizes, Simd::detect())?;
        Ok(self.run_on(&mut network, model.init, samples))
    }

    pub(crate) fn run_on(
        &self,
        network: &mut Network<f64>,
        init: Init,
        samples: &Samples,
    ) -> Vec<TensorCheck> {
        let per_sample = samples.features.len() / samples.len();
        network.initialize(init, self.seed);
        for (sample, features) in samples.features.chunks_exact(per_sample).enumerate() {
            network.load(sample, features);
        }
        let mut stream = Stream::new(self.seed, Purpose::GradientCheck);
        // Biases start at 0, where they would hide mistakes.
        let tensors = network.tensors().to_vec();
        let (_, parameters, _) = network.update_parts();
        for tensor in tensors.iter().filter(|tensor| !tensor.is_weight) {
            parameters[tensor.range.clone()].fill_with(|| 0.1 * stream.normal());
        }
        network.loss_and_gradients(self.loss, &samples.targets);
        let mut analytic = network.gradients().to_vec();
        self.penalties()
            .add_gradients(&tensors, network.parameters(), &mut analytic);
        let mut checks = Vec::with_capacity(tensors.len());
        for tensor in &tensors {
            let mut places: Vec<usize> = tensor.range.clone().collect();
            stream.shuffle(&mut places);
            places.truncate(self.per_tensor);
            let largest = analytic[tensor.range.clone()]
                .iter()
                .fold(0.0, |largest: f64, gradient| largest.max(gradient.abs()));
            let mut check = TensorCheck {
                tensor: tensor.name.clone(),
                n_checked: places.len(),
                n_at_kinks: 0,
                max_error: 0.0,
                max_error_at_kinks: 0.0,
            };
            for place in places {
                let weight = network.parameters()[place];
                let (numeric, at_kink) = numeric_gradient(|step| {
                    network.update_parts().1[place] = weight + step;
                    let (loss, branches) = self.loss(network, &samples.targets);
                    // |w| has a kink at 0.
                    let positive = self.l1 > 0.0 && tensor.is_weight && weight + step > 0.0;
                    (loss, branches ^ u64::from(positive))
                });
                network.update_parts().1[place] = weight;
                let scale = analytic[place]
                    .abs()
                    .max(numeric.abs())
                    .max(1e-3 * largest)
                    .max(f64::MIN_POSITIVE);
                let error = (analytic[place] - numeric).abs() / scale;
                check.n_at_kinks += usize::from(at_kink);
                let worst = if at_kink {
                    &mut check.max_error_at_kinks
                } else {
                    &mut check.max_error
                };
                // Not-a-number must not pass for a small error.
                *worst = if error.is_nan() {
                    f64::INFINITY
                } else {
                    worst.max(error)
                };
            }
            checks.push(check);
        }
        checks
    }

    fn penalties(&self) -> Penalties {
        Penalties {
            l1: self.l1,
            l2: self.l2,
        }
    }

    /// Loss with its penalty, and the branches taken.
    fn loss(&self, network: &mut Network<f64>, targets: &Targets) -> (f64, u64) {
        let loss = network.loss(self.loss, targets).sum / targets.len() as f64;
        let penalty = self
            .penalties()
            .value(network.tensors(), network.parameters());
        (loss + penalty, network.branch_digest(self.loss, targets))
    }
}

/// Gradient at 0 of a function that tells its branches, and whether a kink is nearer than the
/// smallest step.
fn numeric_gradient(mut loss: impl FnMut(f64) -> (f64, u64)) -> (f64, bool) {
    let (_, branches) = loss(0.0);
    let mut gradient = f64::NAN;
    for h in [1e-3, 1e-4, 1e-5, 1e-6] {
        let [far_below, below, above, far_above] = [-2.0 * h, -h, h, 2.0 * h].map(&mut loss);
        gradient = (8.0 * (above.0 - below.0) - (far_above.0 - far_below.0)) / (12.0 * h);
        if [far_below, below, above, far_above]
            .iter()
            .all(|(_, there)| *there == branches)
        {
            return (gradient, false);
        }
    }
    (gradient, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_of_a_smooth_function_is_exact() {
        // d/dx sin(1 + 2x) at 0 = 2 cos 1.
        let (gradient, at_kink) = numeric_gradient(|x| (libm::sin(1.0 + 2.0 * x), 0));
        assert!(
            (gradient - 2.0 * libm::cos(1.0)).abs() < 1e-11 && !at_kink,
            "{gradient}"
        );
    }

    #[test]
    fn steps_shrink_until_they_stay_on_one_branch() {
        let kinked = |x: f64| if x > 5e-5 { (100.0, 1) } else { (3.0 * x, 0) };
        let (gradient, at_kink) = numeric_gradient(kinked);
        assert!((gradient - 3.0).abs() < 1e-9 && !at_kink, "{gradient}");
    }

    #[test]
    fn a_kink_at_the_point_itself_is_told() {
        assert!(numeric_gradient(|x| (x.abs(), u64::from(x > 0.0))).1);
    }
}
