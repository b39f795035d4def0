//! The record on disk: JSON lines, one event a line, appended and never rewritten.
//!
//! The first line is header and first record in one: `{"format":"finetooth-journal","version":2,"seq":0,…}`;
//! every other line is one [`Record`](crate::event::Record). Lines are in the page cache when
//! [`Journal::append`] returns, so they survive the death of the program, and on disk a second later, so they
//! survive the death of the machine. What a crash leaves half-written at the end is cut off when the journal is
//! opened next; damage anywhere else is refused. This module knows nothing of what events mean.

/// Name of the record in a run's directory.
pub const NAME: &str = "journal.jsonl";

mod directory;
mod follower;
mod line;
mod reader;
mod syncer;
mod writer;

pub(crate) use directory::sync_directory;
pub use follower::{Follower, News};
pub use reader::{Contents, JournalError, TornTail, is_in_use, read};
pub use writer::{AppendError, Journal, Opened};
