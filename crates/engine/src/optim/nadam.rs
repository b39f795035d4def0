//! Adaptive moments with Nesterov's momentum.

use super::Part;
use super::memory::remembers;
use crate::kernel::{Aligned, Real, Rule};

/// m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − η (c g + d m) / (√v̂ + ε), where after step
/// t: v̂ = v / (1 − β₂ᵗ), μₜ = β₁ (1 − ½ · 0.96^(0.004 t)), Pₜ = μ₁ ⋯ μₜ, c = (1 − μₜ) / (1 − Pₜ)
/// and d = μₜ₊₁ / (1 − Pₜ₊₁).
///
/// Source: T. Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 2, with the
/// warming μₜ of PyTorch's `NAdam`.
pub(crate) struct Nadam<T> {
    beta1: f64,
    beta2: f64,
    eps: f64,
    n_steps: u64,
    /// Pₜ.
    product: f64,
    first_moment: Aligned<T>,
    second_moment: Aligned<T>,
}

remembers!(Nadam: first_moment, second_moment; counts: n_steps; factors: product);

impl<T: Real> Nadam<T> {
    pub(super) fn new(beta1: f64, beta2: f64, eps: f64, n: usize) -> Self {
        Self {
            beta1,
            beta2,
            eps,
            n_steps: 0,
            product: 1.0,
            first_moment: Aligned::zeros(n),
            second_moment: Aligned::zeros(n),
        }
    }

    pub(super) fn begin_step(&mut self) {
        self.n_steps += 1;
        self.product *= self.momentum_at(self.n_steps as f64);
    }

    pub(super) fn update(&mut self, part: Part<'_, T>) {
        let t = self.n_steps as f64;
        let (now, next) = (self.momentum_at(t), self.momentum_at(t + 1.0));
        let gradient_rate = part.step.learning_rate * (1.0 - now) / (1.0 - self.product);
        let momentum_rate = part.step.learning_rate * next / (1.0 - self.product * next);
        let rule = MomentsAhead {
            beta1: T::from_f64(self.beta1),
            one_minus_beta1: T::from_f64(1.0 - self.beta1),
            beta2: T::from_f64(self.beta2),
            one_minus_beta2: T::from_f64(1.0 - self.beta2),
            gradient_rate: T::from_f64(gradient_rate),
            momentum_rate: T::from_f64(momentum_rate),
            second_correction: T::from_f64(1.0 / (1.0 - libm::pow(self.beta2, t))),
            eps: T::from_f64(self.eps),
        };
        part.apply(rule, [&mut self.first_moment, &mut self.second_moment]);
    }

    /// μₜ.
    fn momentum_at(&self, t: f64) -> f64 {
        self.beta1 * (1.0 - 0.5 * libm::pow(0.96, 0.004 * t))
    }
}

#[derive(Clone, Copy)]
struct MomentsAhead<T> {
    beta1: T,
    one_minus_beta1: T,
    beta2: T,
    one_minus_beta2: T,
    /// η c.
    gradient_rate: T,
    /// η d.
    momentum_rate: T,
    /// 1 / (1 − β₂ᵗ).
    second_correction: T,
    eps: T,
}

impl<T: Real> Rule<T, 2> for MomentsAhead<T> {
    #[inline(always)]
    fn update(self, g: T, [m, v]: [&mut T; 2]) -> T {
        *m = self.beta1 * *m + self.one_minus_beta1 * g;
        *v = self.beta2 * *v + self.one_minus_beta2 * (g * g);
        let ahead = self.gradient_rate * g + self.momentum_rate * *m;
        -(ahead / ((*v * self.second_correction).sqrt() + self.eps))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference_steps::check;
    use crate::config::OptimizerKind;

    #[test]
    fn follows_the_formula() {
        // Python, by the formula in PyTorch's documentation of NAdam, with lr, b1, b2, eps = 0.1,
        // 0.9, 0.999, 1e-8 and psi = 0.004:
        //   def mu(t): return b1 * (1 - 0.5 * 0.96**(t * psi))
        //   def run(l2):
        //       w, m, v, p = 1.0, 0.0, 0.0, 1.0
        //       for t, g in enumerate([1, 1, -2], 1):
        //           g += l2 * w; p *= mu(t); m = b1*m + (1-b1)*g; v = b2*v + (1-b2)*g*g
        //           d = (v / (1 - b2**t))**0.5 + eps
        //           w -= lr * (1 - mu(t)) / (1 - p) * g / d
        //           w -= lr * mu(t+1) / (1 - p*mu(t+1)) * m / d; print(w)
        //   run(0.5); run(0.0)
        check(
            OptimizerKind::Nadam,
            [
                (0.894_354_822_868_762_3, 0.894_354_823_220_913),
                (0.817_242_860_483_176_1, 0.815_986_388_325_475_1),
                (0.877_956_256_594_696, 0.902_482_038_164_648_4),
            ],
        );
    }
}
