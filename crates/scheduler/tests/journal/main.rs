//! The record on disk, from outside: what is written is read back, whatever happened in between.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod arbitrary;
mod damage;
mod events;
mod following;
mod format;
mod full_disk;
mod lock;
mod torn;
mod writing;
