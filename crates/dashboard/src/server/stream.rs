//! What changes in a run, as a stream of server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_stream::wrappers::ReceiverStream;

use super::runs::{Run, Runs};
use crate::live::Live;

/// Least time between two events: what happens meanwhile is told together.
const PAUSE: Duration = Duration::from_millis(250);

/// How far who looks has seen: which record, and the place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    identity: i64,
    cursor: u64,
}

/// The changes of a run, from the place that the browser names (`Last-Event-ID`) or from the beginning.
pub(super) async fn changes(
    State(runs): State<Arc<Runs>>,
    Path(run): Path<usize>,
    headers: HeaderMap,
) -> Response {
    let looked = tokio::task::spawn_blocking({
        let handle = tokio::runtime::Handle::current();
        move || {
            let _inside = handle.enter();
            runs.look_at(run)
        }
    });
    let Ok(Some((run, news))) = looked.await else {
        return (StatusCode::NOT_FOUND, "there is no run of that number\n").into_response();
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(tell(run, news, last.and_then(seen), sender));
    Sse::new(ReceiverStream::new(receiver))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response()
}

fn seen(id: &str) -> Option<Seen> {
    let (identity, cursor) = id.split_once('.')?;
    Some(Seen {
        identity: identity.parse().ok()?,
        cursor: cursor.parse().ok()?,
    })
}

/// Tells of `run` until nobody listens.
async fn tell(
    run: Arc<Run>,
    mut news: watch::Receiver<u64>,
    mut last: Option<Seen>,
    sender: mpsc::Sender<Result<Event, Infallible>>,
) {
    loop {
        news.mark_unchanged();
        let of = Arc::clone(&run);
        let made = tokio::task::spawn_blocking(move || of.with(|live| events(live, last)));
        let Ok((events, seen)) = made.await else {
            return;
        };
        last = seen;
        for event in events {
            if sender.send(Ok(event)).await.is_err() {
                return;
            }
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            () = sender.closed() => return,
        }
        sleep(PAUSE).await;
    }
}

/// What to tell to somebody who has seen so far, and how far they then are.
fn events(live: &Live, last: Option<Seen>) -> (Vec<Event>, Option<Seen>) {
    let mut events = Vec::new();
    let mut seen = last;
    if let Some(identity) = live.identity() {
        let cursor = last.filter(|seen| seen.identity == identity);
        let update = live.since(cursor.map_or(0, |seen| seen.cursor));
        if let Some((update, json)) =
            update.and_then(|update| Some((update.cursor, serde_json::to_string(&update).ok()?)))
        {
            events.push(
                Event::default()
                    .id(format!("{identity}.{update}"))
                    .data(json),
            );
            seen = Some(Seen {
                identity,
                cursor: update,
            });
        }
    }
    if last.is_none()
        && let Some(tested) = live.tested()
    {
        events.push(Event::default().event("tested").data(tested.to_string()));
    }
    if let Some(problem) = live.problem() {
        let told = Event::default().event("problem").data(one_line(problem));
        events.push(told);
    }
    (events, seen)
}

/// Events hold no line breaks of their own in what we send.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::{Seen, seen};

    #[test]
    fn a_place_is_a_record_and_a_number_in_it() {
        let place = Seen {
            identity: -5,
            cursor: 17,
        };
        assert_eq!(seen("-5.17"), Some(place));
        for wrong in ["", "17", "5.", ".5", "5.-1", "5.x", "1.2.3"] {
            assert_eq!(seen(wrong), None, "{wrong}");
        }
    }
}
