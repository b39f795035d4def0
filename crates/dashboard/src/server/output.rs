//! What a trial's program printed: the end of it, as text.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path as FilePath;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::runs::Runs;

/// Bytes of each stream that are told at most.
const MOST_BYTES: u64 = 64 << 10;

#[derive(Debug, Serialize)]
struct Output {
    stdout: String,
    stderr: String,
    /// Whether there is more before.
    is_cut: bool,
}

/// The end of what the program of a trial printed; trials are named by number, so that no path comes from a request.
pub(super) async fn output(
    State(runs): State<Arc<Runs>>,
    Path((run, trial)): Path<(usize, u32)>,
) -> Response {
    let read = tokio::task::spawn_blocking(move || {
        let directory = runs.directory(run)?;
        let trial = directory.join("trials").join(trial.to_string());
        let ends = ["stdout", "stderr"].map(|name| end(&directory, &trial.join(name)));
        let [Ok((stdout, cut)), Ok((stderr, also_cut))] = ends else {
            return None;
        };
        let is_cut = cut || also_cut;
        Some(Output {
            stdout,
            stderr,
            is_cut,
        })
    });
    match read.await {
        Ok(Some(output)) => Json(output).into_response(),
        _ => (
            StatusCode::NOT_FOUND,
            "that trial printed nothing that is kept\n",
        )
            .into_response(),
    }
}

/// The end of a file in `directory`, and whether there is more before. A link that leads out of it is none.
fn end(directory: &FilePath, path: &FilePath) -> io::Result<(String, bool)> {
    if !path.canonicalize()?.starts_with(directory.canonicalize()?) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok((text, length > MOST_BYTES))
}
