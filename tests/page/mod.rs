//! The page, as one file and live: asked over a socket, and looked at in a browser where there is one.

mod browser;
mod chromium;
mod server;
mod serving;
