//! Adagrad with a forgetting memory and steps in units of past steps.

use super::Part;
use super::memory::remembers;
use crate::kernel::{Aligned, Real, Rule};

/// s ← ρ s + (1 − ρ) g²; u = g √(d + ε) / √(s + ε); d ← ρ d + (1 − ρ) u²; w ← w − η u.
///
/// η = 1 is the paper's rule.
///
/// Source: M. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1; η as in
/// PyTorch's `Adadelta`.
pub(crate) struct Adadelta<T> {
    rho: f64,
    eps: f64,
    mean_square: Aligned<T>,
    mean_square_step: Aligned<T>,
}

remembers!(Adadelta: mean_square, mean_square_step);

impl<T: Real> Adadelta<T> {
    pub(super) fn new(rho: f64, eps: f64, n: usize) -> Self {
        Self {
            rho,
            eps,
            mean_square: Aligned::zeros(n),
            mean_square_step: Aligned::zeros(n),
        }
    }

    pub(super) fn update(&mut self, part: Part<'_, T>) {
        let rule = InUnitsOfSteps {
            learning_rate: T::from_f64(part.step.learning_rate),
            rho: T::from_f64(self.rho),
            one_minus_rho: T::from_f64(1.0 - self.rho),
            eps: T::from_f64(self.eps),
        };
        part.apply(rule, [&mut self.mean_square, &mut self.mean_square_step]);
    }
}

#[derive(Clone, Copy)]
struct InUnitsOfSteps<T> {
    learning_rate: T,
    rho: T,
    one_minus_rho: T,
    eps: T,
}

impl<T: Real> Rule<T, 2> for InUnitsOfSteps<T> {
    #[inline(always)]
    fn update(self, g: T, [s, d]: [&mut T; 2]) -> T {
        *s = self.rho * *s + self.one_minus_rho * (g * g);
        let u = (*d + self.eps).sqrt() / (*s + self.eps).sqrt() * g;
        *d = self.rho * *d + self.one_minus_rho * (u * u);
        -(self.learning_rate * u)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference_steps::check;
    use crate::config::OptimizerKind;

    #[test]
    fn follows_the_formula() {
        // Python, by the published formula, with lr 0.1, rho 0.9 and eps 1e-6:
        //   def run(l2):
        //       w, s, d = 1.0, 0.0, 0.0
        //       for g in [1, 1, -2]:
        //           g += l2 * w; s = 0.9*s + 0.1*g*g; u = (d + 1e-6)**0.5 / (s + 1e-6)**0.5 * g
        //           d = 0.9*d + 0.1*u*u; w -= 0.1 * u; print(w)
        //   run(0.5); run(0.0)
        check(
            OptimizerKind::Adadelta,
            [
                (0.999_683_772_936_709_2, 0.999_683_773_815_110_1),
                (0.999_359_347_035_378_1, 0.999_359_332_637_74),
                (0.999_689_477_011_792_3, 0.999_814_126_646_643_7),
            ],
        );
    }
}
