//! The page, live: over HTTP, by default for this machine alone.
//!
//! A browser is given the page once, then a stream of changes (server-sent events). Each carries its place in the record;
//! a browser that lost the connection asks from there. Who may ask is `guard`'s affair, what there is to see `runs`'s.

mod guard;
mod output;
mod pages;
mod runs;
mod stream;

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::live::ReadDefinition;
use guard::Guard;
use runs::Runs;

/// The port that is tried first; those after it follow where it is taken.
const FIRST_PORT: u16 = 8711;

const PORTS_TRIED: u16 = 32;

/// What is to be served, and to whom.
pub struct Options {
    /// What who asks must know. Without one, everyone who reaches the address is answered.
    pub token: Option<String>,
    /// Names by which this machine may be called, besides its addresses.
    pub names: Vec<String>,
    /// Directories of runs, and directories that hold such.
    pub directories: Vec<PathBuf>,
    /// Reads the definitions in records.
    pub definition: Arc<ReadDefinition>,
}

/// The page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is taken.
    #[error(
        "port {port} of {address} is in use: name another one (--port), or none to have one chosen"
    )]
    InUse {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
    },
    /// The system does not let us listen there.
    #[error("nothing can listen on {address}, port {port}")]
    Listen {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The server stopped by itself.
    #[error("the page could not be served any longer")]
    Stopped {
        /// What the system said.
        source: io::Error,
    },
}

/// A place to serve the page from.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Takes a port. Without a wish the first free one of a few that stay the same, so that addresses can be kept, else
    /// any.
    ///
    /// # Errors
    /// [`ServeError::InUse`], [`ServeError::Listen`].
    pub async fn take(address: IpAddr, port: Option<u16>) -> Result<Self, ServeError> {
        let candidates: Vec<u16> = match port {
            Some(port) => vec![port],
            None => (FIRST_PORT..FIRST_PORT + PORTS_TRIED).chain([0]).collect(),
        };
        for candidate in &candidates {
            match TcpListener::bind((address, *candidate)).await {
                Ok(listener) => {
                    let bound = listener.local_addr();
                    let address = bound.unwrap_or_else(|_| (address, *candidate).into());
                    return Ok(Self { listener, address });
                }
                Err(error) if error.kind() == ErrorKind::AddrInUse && port.is_none() => {}
                Err(error) if error.kind() == ErrorKind::AddrInUse => {
                    let port = *candidate;
                    return Err(ServeError::InUse { address, port });
                }
                Err(source) => {
                    let port = *candidate;
                    return Err(ServeError::Listen {
                        address,
                        port,
                        source,
                    });
                }
            }
        }
        let port = FIRST_PORT;
        Err(ServeError::InUse { address, port })
    }

    /// The address to open in a browser; of a server on all addresses of the machine, by its `name`.
    pub fn url(&self, name: &str, token: Option<&str>) -> String {
        let query = token.map_or(String::new(), |token| format!("?token={token}"));
        let port = self.address.port();
        if self.address.ip().is_unspecified() {
            format!("http://{name}:{port}/{query}")
        } else {
            format!("http://{}/{query}", self.address)
        }
    }
}

/// Serves the page until `shutdown` resolves.
///
/// # Errors
/// [`ServeError::Stopped`].
pub async fn serve(
    bound: Bound,
    options: Options,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let guard = Arc::new(Guard::new(bound.address, options.token, options.names));
    let runs = Arc::new(Runs::new(options.directories, options.definition));
    let app = Router::new()
        .route("/", get(pages::page))
        .route("/page.css", get(pages::style))
        .route("/page.js", get(pages::program))
        .route("/echarts.js", get(pages::charts))
        .route("/runs", get(pages::list))
        .route("/runs/{run}/changes", get(stream::changes))
        .route("/runs/{run}/trials/{trial}/output", get(output::output))
        .with_state(runs)
        .layer(axum::middleware::from_fn_with_state(guard, guard::check));
    tokio::select! {
        served = async { axum::serve(bound.listener, app).await } => {
            served.map_err(|source| ServeError::Stopped { source })
        }
        () = shutdown => Ok(()),
    }
}
