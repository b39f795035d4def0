//! What is shown of a sweep: folds of its events, a page made from them, as one file or live. Knows the scheduler's
//! events and no network.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

mod assets;
mod live;
mod page;
mod report;
pub mod server;
mod view;

pub use live::{Live, ReadDefinition};
pub use page::{Importance, KeyImportance, Page, Standing, Update};
pub use report::report;
pub use view::{Source, View};
