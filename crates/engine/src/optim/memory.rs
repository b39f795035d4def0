//! What a rule remembers from step to step, lent by name to whoever saves and restores it.

/// A rule's memory, each part with its name.
///
/// Two rules never give one name to different things, so that a name tells what a saved buffer is.
pub(crate) struct Memory<Buffer, Count, Factor> {
    /// Buffers laid out as the weights.
    pub(crate) buffers: Vec<(&'static str, Buffer)>,
    /// Whole numbers.
    pub(crate) counts: Vec<(&'static str, Count)>,
    /// Numbers that steps multiply.
    pub(crate) factors: Vec<(&'static str, Factor)>,
}

/// Lent to be read.
pub(crate) type MemoryRef<'a, T> = Memory<&'a [T], u64, f64>;

/// Lent to be overwritten.
pub(crate) type MemoryMut<'a, T> = Memory<&'a mut [T], &'a mut u64, &'a mut f64>;

impl<Buffer, Count, Factor> Memory<Buffer, Count, Factor> {
    /// That of a rule which remembers nothing.
    pub(super) fn none() -> Self {
        Self {
            buffers: Vec::new(),
            counts: Vec::new(),
            factors: Vec::new(),
        }
    }
}

/// Gives a rule `memory` and `memory_mut`, from one list of its fields.
macro_rules! remembers {
    ($rule:ident: $($buffer:ident),+ $(; counts: $($count:ident),+)? $(; factors: $($factor:ident),+)?) => {
        impl<T: crate::kernel::Real> $rule<T> {
            pub(super) fn memory(&self) -> super::memory::MemoryRef<'_, T> {
                super::memory::Memory {
                    buffers: vec![$((stringify!($buffer), &*self.$buffer)),+],
                    counts: vec![$($((stringify!($count), self.$count)),+)?],
                    factors: vec![$($((stringify!($factor), self.$factor)),+)?],
                }
            }

            pub(super) fn memory_mut(&mut self) -> super::memory::MemoryMut<'_, T> {
                super::memory::Memory {
                    buffers: vec![$((stringify!($buffer), &mut *self.$buffer)),+],
                    counts: vec![$($((stringify!($count), &mut self.$count)),+)?],
                    factors: vec![$($((stringify!($factor), &mut self.$factor)),+)?],
                }
            }
        }
    };
}

pub(super) use remembers;
