//! Time of each kernel by itself, on every instruction set, in multiplications and additions a
//! second where it is a product, in elements a second where it is not.
//!
//! The kernels are private to the engine; this program compiles them as a module of its own.

#![cfg_attr(test, allow(clippy::unwrap_used))]

use criterion::{criterion_group, criterion_main};

use kernel::Aligned;

#[path = "../src/kernel/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "the engine uses all of it, a bench a part"
)]
mod kernel;

#[path = "../src/seed.rs"]
#[allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "what the kernels' own tests draw from"
)]
mod seed;

#[path = "kernels/convolution.rs"]
mod convolution;
#[path = "kernels/layers.rs"]
mod layers;

/// Values that are no zeros and stay finite.
pub(crate) fn values(n: usize) -> Aligned<f32> {
    let mut values = Aligned::zeros(n);
    for (i, value) in values.iter_mut().enumerate() {
        *value = (i % 17) as f32 / 17.0 - 0.4;
    }
    values
}

criterion_group!(
    benches,
    convolution::first_layers,
    convolution::direct_and_winograd,
    layers::linear,
    layers::pooling,
    layers::batch_norm,
    layers::updates,
);
criterion_main!(benches);
