//! The most that a core can do: what kernels are measured against.

use super::lanes::{Kernel, Lanes};

/// Independent sums, so that none waits for its own last addition; they fill half of the registers.
const SUMS: usize = 12;

/// `rounds` times a multiply-add on each of a number of vectors that stay in registers; the operations made, two for
/// each multiply-add of an element.
pub(crate) struct MultiplyAdds {
    /// How often.
    pub(crate) rounds: u64,
}

impl Kernel<f32> for MultiplyAdds {
    type Output = u64;

    #[inline(always)]
    fn run<L: Lanes<Element = f32>>(self) -> u64 {
        let factor = std::hint::black_box(1.0 - 1e-7);
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set; the last store is to a local of its size.
        unsafe {
            let (factor, summand) = (L::splat(factor), L::splat(1e-7));
            let mut sums = [L::splat(1.0); SUMS];
            for _ in 0..self.rounds {
                for sum in &mut sums {
                    *sum = sum.mul_add(factor, summand);
                }
            }
            let mut total = L::zero();
            for sum in sums {
                total = total.add(sum);
            }
            let mut left = [0.0; 64];
            assert!(L::WIDTH <= left.len(), "a vector is longer than any known");
            total.store(left.as_mut_ptr());
            std::hint::black_box(left);
        }
        2 * self.rounds * (SUMS * L::WIDTH) as u64
    }
}
