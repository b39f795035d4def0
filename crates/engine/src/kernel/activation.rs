//! Smooth and bent functions of one element, and their derivatives. The rectifier has its own file.

use super::lanes::{Kernel, Lanes};
use super::real::Real;

/// A function of one element.
///
/// Implementations are `#[inline(always)]`, so that their loops are compiled for the instruction
/// set. Not-a-number stays not-a-number, so that a diverged network is seen.
pub(crate) trait Function<T>: Copy {
    /// f(x).
    fn value(self, x: T) -> T;
    /// f′(x), given y = f(x).
    fn derivative(self, x: T, y: T) -> T;
}

/// y = f(x), element by element.
pub(crate) struct FunctionForward<'a, T, F> {
    /// f.
    pub(crate) function: F,
    /// Any shape.
    pub(crate) x: &'a [T],
    /// As `x`, overwritten.
    pub(crate) y: &'a mut [T],
}

impl<T: Real, F: Function<T>> Kernel<T> for FunctionForward<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        assert_eq!(
            self.x.len(),
            self.y.len(),
            "input and output differ in size"
        );
        for (y, x) in self.y.iter_mut().zip(self.x) {
            *y = self.function.value(*x);
        }
    }
}

/// dx = f′(x) · dy, element by element.
pub(crate) struct FunctionBackward<'a, T, F> {
    /// f.
    pub(crate) function: F,
    /// Input of the forward pass.
    pub(crate) x: &'a [T],
    /// Its output.
    pub(crate) y: &'a [T],
    /// Gradients of the output.
    pub(crate) dy: &'a [T],
    /// Gradients of the input, overwritten.
    pub(crate) dx: &'a mut [T],
}

impl<T: Real, F: Function<T>> Kernel<T> for FunctionBackward<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let n = self.dx.len();
        assert!(
            [self.x.len(), self.y.len(), self.dy.len()] == [n; 3],
            "inputs, outputs and gradients differ in size"
        );
        for i in 0..n {
            self.dx[i] = self.function.derivative(self.x[i], self.y[i]) * self.dy[i];
        }
    }
}

/// max(0, x) + slope · min(0, x).
#[derive(Clone, Copy)]
pub(crate) struct LeakyRelu {
    /// Slope of the negative side, above 0.
    pub(crate) slope: f64,
}

impl<T: Real> Function<T> for LeakyRelu {
    #[inline(always)]
    fn value(self, x: T) -> T {
        if x <= T::ZERO {
            T::from_f64(self.slope) * x
        } else {
            x
        }
    }

    #[inline(always)]
    fn derivative(self, _: T, y: T) -> T {
        if y > T::ZERO {
            T::ONE
        } else {
            T::from_f64(self.slope)
        }
    }
}

/// x where x > 0, else eˣ − 1 (α = 1).
#[derive(Clone, Copy)]
pub(crate) struct Elu;

impl<T: Real> Function<T> for Elu {
    #[inline(always)]
    fn value(self, x: T) -> T {
        if x <= T::ZERO { x.exp_m1() } else { x }
    }

    #[inline(always)]
    fn derivative(self, _: T, y: T) -> T {
        if y > T::ZERO { T::ONE } else { y + T::ONE }
    }
}

/// x · Φ(x), with the normal distribution's Φ(x) = ½ erfc(−x / √2).
#[derive(Clone, Copy)]
pub(crate) struct Gelu;

/// Φ(x).
#[inline(always)]
fn normal_share_below<T: Real>(x: T) -> T {
    T::from_f64(0.5) * (x * T::from_f64(-std::f64::consts::FRAC_1_SQRT_2)).erfc()
}

impl<T: Real> Function<T> for Gelu {
    #[inline(always)]
    fn value(self, x: T) -> T {
        x * normal_share_below(x)
    }

    /// Φ(x) + x · φ(x), φ(x) = e^(−x²/2) / √2π.
    #[inline(always)]
    fn derivative(self, x: T, _: T) -> T {
        let density = (T::from_f64(-0.5) * x * x).exp() * T::from_f64(0.398_942_280_401_432_7);
        normal_share_below(x) + x * density
    }
}

/// x · σ(x).
#[derive(Clone, Copy)]
pub(crate) struct Silu;

/// σ(x) = 1 / (1 + e⁻ˣ); where e⁻ˣ is ∞ it is 0.
#[inline(always)]
fn logistic<T: Real>(x: T) -> T {
    T::ONE / (T::ONE + (-x).exp())
}

impl<T: Real> Function<T> for Silu {
    #[inline(always)]
    fn value(self, x: T) -> T {
        x * logistic(x)
    }

    /// σ(x) · (1 + x · (1 − σ(x))).
    #[inline(always)]
    fn derivative(self, x: T, _: T) -> T {
        let sigma = logistic(x);
        sigma * (T::ONE + x * (T::ONE - sigma))
    }
}

/// tanh x.
#[derive(Clone, Copy)]
pub(crate) struct Tanh;

impl<T: Real> Function<T> for Tanh {
    #[inline(always)]
    fn value(self, x: T) -> T {
        x.tanh()
    }

    #[inline(always)]
    fn derivative(self, _: T, y: T) -> T {
        T::ONE - y * y
    }
}

/// σ(x) = 1 / (1 + e⁻ˣ).
#[derive(Clone, Copy)]
pub(crate) struct Sigmoid;

impl<T: Real> Function<T> for Sigmoid {
    #[inline(always)]
    fn value(self, x: T) -> T {
        logistic(x)
    }

    #[inline(always)]
    fn derivative(self, _: T, y: T) -> T {
        y * (T::ONE - y)
    }
}

/// log(1 + eˣ), computed as max(0, x) + log(1 + e^−|x|).
#[derive(Clone, Copy)]
pub(crate) struct Softplus;

impl<T: Real> Function<T> for Softplus {
    #[inline(always)]
    fn value(self, x: T) -> T {
        let (above, magnitude) = if x < T::ZERO { (T::ZERO, -x) } else { (x, x) };
        above + (-magnitude).exp().ln_1p()
    }

    #[inline(always)]
    fn derivative(self, x: T, _: T) -> T {
        logistic(x)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Simd;
    use super::super::reference::on_every_simd;
    use super::*;

    /// Values and derivatives from Python's math module: math.erf, math.exp, math.tanh, math.log1p
    /// in their formulas, at x = −2, 0.5 and 3.
    #[track_caller]
    fn check(function: impl Function<f64> + Function<f32>, values: [f64; 3], slopes: [f64; 3]) {
        const AT: [f64; 3] = [-2.0, 0.5, 3.0];
        on_every_simd(|simd| {
            let (mut y, mut dx) = ([9.0; 3], [9.0; 3]);
            simd.run(FunctionForward {
                function,
                x: &AT,
                y: &mut y,
            });
            simd.run(FunctionBackward {
                function,
                x: &AT,
                y: &y,
                dy: &[2.0; 3],
                dx: &mut dx,
            });
            for place in 0..3 {
                assert!((y[place] - values[place]).abs() < 1e-14, "{y:?}");
                assert!((dx[place] - 2.0 * slopes[place]).abs() < 1e-14, "{dx:?}");
                let single = Function::<f32>::value(function, AT[place] as f32);
                assert!((f64::from(single) - values[place]).abs() < 1e-6, "{single}");
            }
        });
        // The far ends neither overflow nor lose their sign of trouble.
        for x in [-1e4_f32, 1e4] {
            let y = function.value(x);
            assert!(y.is_finite() && function.derivative(x, y).is_finite());
        }
        let mut y = [0.0_f64];
        Simd::detect().run(FunctionForward {
            function,
            x: &[f64::NAN],
            y: &mut y,
        });
        assert!(y[0].is_nan());
    }

    #[test]
    fn leaky_relu_keeps_a_hundredth_of_the_negative_side() {
        check(
            LeakyRelu { slope: 0.01 },
            [-0.02, 0.5, 3.0],
            [0.01, 1.0, 1.0],
        );
    }

    #[test]
    fn elu_ends_at_minus_one() {
        check(
            Elu,
            [-0.864_664_716_763_387_3, 0.5, 3.0],
            [0.135_335_283_236_612_7, 1.0, 1.0],
        );
    }

    #[test]
    fn gelu_weighs_by_the_normal_distribution() {
        check(
            Gelu,
            [
                -0.045_500_263_896_358_42,
                0.345_731_230_637_000_7,
                2.995_950_305_905_11,
            ],
            [
                -0.085_231_801_078_196_92,
                0.867_495_124_656_162_9,
                1.011_945_647_204_184,
            ],
        );
    }

    #[test]
    fn silu_weighs_by_the_logistic_function() {
        check(
            Silu,
            [
                -0.238_405_844_044_235_18,
                0.311_229_665_600_927_2,
                2.857_722_380_467_299_8,
            ],
            [
                -0.090_784_248_784_895_47,
                0.739_961_187_302_651_9,
                1.088_104_106_015_169_3,
            ],
        );
    }

    #[test]
    fn tanh_is_itself() {
        check(
            Tanh,
            [
                -0.964_027_580_075_816_9,
                0.462_117_157_260_009_74,
                0.995_054_753_686_730_5,
            ],
            [
                0.070_650_824_853_164_47,
                0.786_447_732_965_927_4,
                0.009_866_037_165_440_192,
            ],
        );
    }

    #[test]
    fn sigmoid_is_the_logistic_function() {
        check(
            Sigmoid,
            [
                0.119_202_922_022_117_55,
                0.622_459_331_201_854_6,
                0.952_574_126_822_433_3,
            ],
            [
                0.104_993_585_403_506_5,
                0.235_003_712_201_594_46,
                0.045_176_659_730_912,
            ],
        );
    }

    #[test]
    fn softplus_nears_the_rectifier() {
        check(
            Softplus,
            [
                0.126_928_011_042_972_5,
                0.974_076_984_180_106_7,
                3.048_587_351_573_742,
            ],
            [
                0.119_202_922_022_117_55,
                0.622_459_331_201_854_6,
                0.952_574_126_822_433_3,
            ],
        );
    }
}
