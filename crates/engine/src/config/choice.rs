//! Closed sets of named values.

/// Gives an enum its names in files: `NAMES`, `name` and `named`.
macro_rules! choice {
    ($type:ident { $($variant:ident = $name:literal),* $(,)? }) => {
        impl $type {
            /// All names, in the order in which they are documented.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// Its name in files.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),*
                }
            }

            /// The value of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

pub(super) use choice;
