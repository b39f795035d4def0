//! Analytic gradients against numeric ones.

use crate::config::{Init, Loss, ModelConfig};
use crate::data::{Samples, Shape, Targets};
use crate::kernel::Simd;
use crate::network::{Network, NetworkError, Sizes, Tensor};
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
    /// For instance `linear_1.weights`; `input` for the samples themselves.
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
    /// Compares the gradients of data loss + l1·Σ|W| + ½·l2·ΣW² by every tensor of a configuration's network
    /// and by the samples, in `f64`, as a step of training computes them: batch normalisation by the
    /// batch, dropout with the masks of the first step.
    ///
    /// Numeric: (8 (L(w+h) − L(w−h)) − (L(w+2h) − L(w−2h))) / 12h, with h from 1e-3 down to 1e-6
    /// until no rectifier, no maximum, no piece of the loss and no |W| changes its branch within 2h,
    /// and (L(w+h) − L(w−h)) / 2h agrees to 1e-4.
    ///
    /// Relative error: |a − n| / max(|a|, |n|, g), where g is a thousandth of the largest gradient
    /// of the tensor, but at least 1e-4 of the largest of all: behind a bias that batch
    /// normalisation takes out again there is nothing but rounding. What the rounding of L explains,
    /// some ε·|L|/h, is taken off |a − n| first. Batches of two or three samples that
    /// normalisation makes all but the same are beyond this.
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
        let simd = Simd::detect();
        let mut network = Network::with_input_gradients(model, shape, n_outputs, &sizes, simd)?;
        Ok(self.run_on(&mut network, model.init, samples))
    }

    fn run_on(
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
        let tensors = network.tensors().to_vec();
        move_from_their_start(network.update_parts().1, &tensors, &mut stream);
        network.loss_and_gradients(self.loss, &samples.targets, 0);
        let mut by_tensor = network.gradients().to_vec();
        self.penalties()
            .add_gradients(&tensors, network.parameters(), &mut by_tensor);
        let by_input: Vec<f64> = (0..samples.targets.len())
            .filter_map(|sample| network.input_gradients(sample))
            .flatten()
            .copied()
            .collect();
        let largest_of_all = largest(&by_tensor).max(largest(&by_input));
        let mut checks: Vec<TensorCheck> = tensors
            .iter()
            .map(|tensor| Checked {
                name: &tensor.name,
                analytic: &by_tensor[tensor.range.clone()],
                largest_of_all,
            })
            .zip(&tensors)
            .map(|(checked, tensor)| {
                self.check(&checked, &mut stream, |place, step| {
                    let place = tensor.range.start + place;
                    let before = network.parameters()[place];
                    network.update_parts().1[place] = before + step;
                    let (loss, branches) = self.loss(network, &samples.targets);
                    network.update_parts().1[place] = before;
                    // |w| has a kink at 0.
                    let positive = self.l1 > 0.0 && tensor.is_weight() && before + step > 0.0;
                    (loss, branches ^ u64::from(positive))
                })
            })
            .collect();
        let input = Checked {
            name: "input",
            analytic: &by_input,
            largest_of_all,
        };
        checks.push(self.check(&input, &mut stream, |place, step| {
            let (sample, feature) = (place / per_sample, place % per_sample);
            let before = network.input_mut(sample)[feature];
            network.input_mut(sample)[feature] = before + step;
            let loss = self.loss(network, &samples.targets);
            network.input_mut(sample)[feature] = before;
            loss
        }));
        checks
    }

    /// Compares some gradients of one tensor; `loss` tells the loss, and the branches taken, with
    /// one of its numbers moved by a step.
    fn check(
        &self,
        checked: &Checked<'_>,
        stream: &mut Stream,
        mut loss: impl FnMut(usize, f64) -> (f64, u64),
    ) -> TensorCheck {
        let mut places: Vec<usize> = (0..checked.analytic.len()).collect();
        stream.shuffle(&mut places);
        places.truncate(self.per_tensor);
        let mut check = TensorCheck {
            tensor: checked.name.to_owned(),
            n_checked: places.len(),
            n_at_kinks: 0,
            max_error: 0.0,
            max_error_at_kinks: 0.0,
        };
        let least = (1e-3 * largest(checked.analytic)).max(1e-4 * checked.largest_of_all);
        for place in places {
            let analytic = checked.analytic[place];
            let numeric = numeric_gradient(|step| loss(place, step));
            let scale = analytic
                .abs()
                .max(numeric.gradient.abs())
                .max(least)
                .max(f64::MIN_POSITIVE);
            let off = (analytic - numeric.gradient).abs() - numeric.rounding;
            check.n_at_kinks += usize::from(numeric.at_kink);
            let worst = if numeric.at_kink {
                &mut check.max_error_at_kinks
            } else {
                &mut check.max_error
            };
            // Not-a-number must not pass for a small error.
            *worst = if off.is_nan() {
                f64::INFINITY
            } else {
                worst.max(off / scale)
            };
        }
        check
    }

    fn penalties(&self) -> Penalties {
        Penalties {
            l1: self.l1,
            l2: self.l2,
        }
    }

    /// Loss with its penalty, and the branches taken.
    fn loss(&self, network: &mut Network<f64>, targets: &Targets) -> (f64, u64) {
        let loss = network.training_loss(self.loss, targets, 0).sum / targets.len() as f64;
        let penalty = self
            .penalties()
            .value(network.tensors(), network.parameters());
        (loss + penalty, network.branch_digest(self.loss, targets))
    }
}

/// The gradients of one tensor.
struct Checked<'a> {
    name: &'a str,
    analytic: &'a [f64],
    largest_of_all: f64,
}

/// Biases and shifts start at 0 and scales at 1, where they would hide mistakes.
fn move_from_their_start(parameters: &mut [f64], tensors: &[Tensor], stream: &mut Stream) {
    for tensor in tensors.iter().filter(|tensor| !tensor.is_weight()) {
        for value in &mut parameters[tensor.range.clone()] {
            *value += 0.1 * stream.normal();
        }
    }
}

fn largest(gradients: &[f64]) -> f64 {
    gradients
        .iter()
        .fold(0.0, |largest: f64, gradient| largest.max(gradient.abs()))
}

/// A gradient by differences.
struct Numeric {
    gradient: f64,
    /// How far the rounding of the loss alone may put it off.
    rounding: f64,
    /// Whether a kink is nearer than the smallest step.
    at_kink: bool,
}

/// Gradient at 0 of a function that tells its branches.
fn numeric_gradient(mut loss: impl FnMut(f64) -> (f64, u64)) -> Numeric {
    let (value, branches) = loss(0.0);
    let mut last = Numeric {
        gradient: f64::NAN,
        rounding: 0.0,
        at_kink: true,
    };
    for h in [1e-3, 1e-4, 1e-5, 1e-6] {
        let [far_below, below, above, far_above] = [-2.0 * h, -h, h, 2.0 * h].map(&mut loss);
        let wide = (above.0 - below.0) / (2.0 * h);
        let gradient = (8.0 * (above.0 - below.0) - (far_above.0 - far_below.0)) / (12.0 * h);
        let rounding = 16.0 * f64::EPSILON * (1.0 + value.abs()) / h;
        let is_smooth = [far_below, below, above, far_above]
            .iter()
            .all(|(_, there)| *there == branches);
        // Once smooth, smaller steps only serve a steep curve, and never where a step was smooth
        // and this one, by rounding, is not.
        if !is_smooth && !last.at_kink {
            break;
        }
        last = Numeric {
            gradient,
            rounding,
            at_kink: !is_smooth,
        };
        if is_smooth && (wide - gradient).abs() <= 1e-4 * gradient.abs() + rounding {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(function: impl FnMut(f64) -> (f64, u64), expected: f64, tolerance: f64) {
        let Numeric {
            gradient, at_kink, ..
        } = numeric_gradient(function);
        assert!(
            (gradient - expected).abs() < tolerance && !at_kink,
            "{gradient}"
        );
    }

    #[test]
    fn the_gradient_of_a_smooth_function_is_exact() {
        // d/dx sin(1 + 2x) at 0 = 2 cos 1.
        let smooth = |x: f64| (libm::sin(1.0 + 2.0 * x), 0);
        check(smooth, 2.0 * libm::cos(1.0), 1e-11);
    }

    #[test]
    fn steps_shrink_until_they_stay_on_one_branch() {
        let kinked = |x: f64| if x > 5e-5 { (100.0, 1) } else { (3.0 * x, 0) };
        check(kinked, 3.0, 1e-9);
    }

    #[test]
    fn steps_shrink_on_steep_curves() {
        // d/dx sin(1000x) at 0 = 1000; with h = 1e-3 nothing of it would be seen.
        check(|x| (libm::sin(1e3 * x), 0), 1e3, 1e-4);
    }

    #[test]
    fn a_kink_at_the_point_itself_is_told() {
        assert!(numeric_gradient(|x| (x.abs(), u64::from(x > 0.0))).at_kink);
    }
}
