//! Decides which trial runs next and remembers everything. Knows no network.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

pub mod event;
pub mod executor;
pub mod fault;
pub mod gate;
pub mod interrupt;
pub mod journal;
pub mod number;
pub mod objective;
pub mod observer;
mod proposal;
pub mod results;
pub mod run;
pub mod sampler;
pub mod search;
mod seed;
pub mod space;
pub mod stage;
pub mod state;
pub mod stop;
pub mod sweep;
pub mod trial;
