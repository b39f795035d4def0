//! What is shown of a sweep: pure folds of its events, without a clock. Knows the scheduler's events and no network.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

mod view;

pub use view::{Source, View};
