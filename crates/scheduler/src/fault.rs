//! Points at which a test lets the program die, as kill -9 at the worst moment would.
//!
//! In builds with debug assertions, `FINETOOTH_FAULT=NAME:N` ends the program the N-th time it passes the point of that
//! name. Other builds have no such points.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whether the program is to die at `name` now.
pub fn is_due(name: &str) -> bool {
    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);
    if !cfg!(debug_assertions) {
        return false;
    }
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("FINETOOTH_FAULT").ok()?;
        let (name, times) = text.split_once(':')?;
        Some((name.to_owned(), times.parse().ok()?))
    });
    match wanted {
        Some((wanted, times)) if wanted == name => {
            PASSED.fetch_add(1, Ordering::Relaxed) + 1 == *times
        }
        _ => false,
    }
}

/// Dies where the point `name` is due.
pub fn point(name: &str) {
    if is_due(name) {
        std::process::abort();
    }
}
