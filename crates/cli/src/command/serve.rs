//! `finetooth serve`: the page of one run or many, live.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use clap::Args;
use finetooth_dashboard::server::{self, Bound, Options, ServeError};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::record::{RESULTS, directory_of, read_definition};
use crate::screen::Screen;
use crate::signals::StopSignals;

/// Arguments of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth serve                          every run in results/, on http://127.0.0.1:8711/
  finetooth serve results/digits --port 8080
  finetooth serve --host 0.0.0.0           for other machines too: with a token, which is printed

Over SSH keep it on this machine and forward the port: ssh -L 8711:127.0.0.1:8711 HOST")]
pub(crate) struct ServeArgs {
    /// Directories of runs, or directories that hold some [default: results]
    dirs: Vec<PathBuf>,
    /// Address to listen on; other than this machine's own asks for a token
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port to listen on [default: 8711, or the next that is free]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Answer only who knows this; without a value one is made [default on other addresses than this machine's own]
    #[arg(long, value_name = "TOKEN", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = token)]
    token: Option<String>,
}

/// Serves until it is interrupted.
///
/// # Errors
/// Where a directory is missing, or nothing can listen on the address.
pub(crate) fn serve(args: &ServeArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    let named = |given: &PathBuf| directory_of(Some(given));
    let mut directories: Vec<PathBuf> = args.dirs.iter().map(named).collect::<Result<_, _>>()?;
    if let Some(directory) = directories.iter().find(|directory| !directory.is_dir()) {
        let directory = directory.display();
        return Err(Failure::usage(format!(
            "`{directory}` is no directory: name one of a run, or one that holds runs"
        )));
    }
    if directories.is_empty() {
        // It need not be there yet: the page waits for the first run.
        directories.push(PathBuf::from(RESULTS));
    }
    let token = match &args.token {
        Some(given) if !given.is_empty() => Some(given.clone()),
        None if args.host.is_loopback() => None,
        _ => Some(new_token()?),
    };
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut signals = StopSignals::listen()
            .map_err(|error| Failure::usage(format!("the system gives no signals: {error}")))?;
        let bound = Bound::take(args.host, args.port)
            .await
            .map_err(Failure::usage)?;
        screen.line(&format!(
            "watch it on {}",
            bound.url(&host_name(), token.as_deref())
        ));
        screen.line("Ctrl-C ends this; runs go on without it");
        let options = options(token, directories);
        let stop = async {
            signals.next().await;
        };
        server::serve(bound, options, stop)
            .await
            .map_err(Failure::usage)
    })?;
    Ok(ExitCode::DONE)
}

/// Serves one run beside it, on a thread that ends with the program.
///
/// # Errors
/// Where nothing can listen.
pub(crate) fn beside(directory: &Path, port: Option<u16>, screen: &Screen) -> Result<(), Failure> {
    let runtime = runtime()?;
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let bound = runtime
        .block_on(Bound::take(address, port))
        .map_err(Failure::usage)?;
    screen.line(&format!("watch it on {}", bound.url(&host_name(), None)));
    let options = options(None, vec![directory.to_owned()]);
    let serving = move || {
        let served: Result<(), ServeError> =
            runtime.block_on(server::serve(bound, options, std::future::pending()));
        if let Err(error) = served {
            tracing::warn!("{error}");
        }
    };
    thread::Builder::new()
        .name("page".to_owned())
        .spawn(serving)
        .map_err(|error| Failure::usage(format!("the system gives no thread: {error}")))?;
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("the system gives no sockets: {error}")))
}

fn options(token: Option<String>, directories: Vec<PathBuf>) -> Options {
    Options {
        token,
        names: vec![host_name()],
        directories,
        definition: Arc::new(read_definition),
    }
}

fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// A token that nobody guesses: 128 bits from the system.
fn new_token() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::usage(format!(
            "the system gives no random numbers for a token ({error}): give one with --token=TOKEN"
        ))
    })?;
    let mut token = String::new();
    for byte in bytes {
        let _ = write!(token, "{byte:02x}");
    }
    Ok(token)
}

/// A token that can stand in an address and a cookie as it is.
fn token(given: &str) -> Result<String, String> {
    let is_plain = given
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    match given.len() {
        _ if !is_plain => Err("a token is made of letters, digits, `-`, `_` and `.`".to_owned()),
        1..8 => Err("a token has at least 8 characters".to_owned()),
        _ => Ok(given.to_owned()),
    }
}
