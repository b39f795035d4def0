//! Checkpoints: a training in a file, to be continued to the bit.
//!
//! A checkpoint is a list of named sections (`section`), one of which tells which training it is of
//! (`identity`), in a file that is replaced as a whole (`file`). What a training consists of is the
//! solver's to list; nothing here knows a network or an update rule.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `0x89`, `FTCKPT`, newline |
//! | 4 | version of the format, little endian as all numbers |
//! | | the sections: length of the name (1), name, element type (1), number of elements (8), elements |
//! | 8 | XXH3 (64 bits) of everything before |

mod error;
mod file;
mod identity;
mod section;

pub use error::{Difference, RestoreError, SaveError, Unusable};
pub(crate) use file::{read, replace, replace_unsynced};
pub(crate) use identity::Identity;
pub(crate) use section::{Element, Sections, Values, Writer};
