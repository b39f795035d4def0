//! The far side: starts the program, waits for its end or for an order, and leaves nothing behind.

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};

use rustix::process::{Pid, Signal, kill_process_group};

use super::end::NotStarted;
use super::{End, Spec, Word, tree};

/// How often the memory of a program with a limit is looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(250);

/// What the supervisor waits for.
enum Event {
    /// The program is over.
    Exited(io::Result<ExitStatus>),
    /// It is to end.
    Terminate,
    /// Whoever wants it is gone.
    Gone,
}

/// Runs the program that standard input, a socket, asks for; for the hidden command that [`super::Child`] starts.
/// Returns an error where nobody asks.
///
/// # Errors
/// Where standard input is no socket that holds a request.
pub fn supervise() -> io::Result<()> {
    // What the program leaves behind becomes a child of this process.
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    // A batch system signals all of a job's processes at once. The program gets its own; this one waits for orders. Handlers, other
    // than ignored signals, are not inherited.
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] {
        signal_hook::flag::register(signal, Arc::default())?;
    }
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut orders = BufReader::new(socket.try_clone()?);
    let mut request = String::new();
    orders.read_line(&mut request)?;
    let spec: Spec = serde_json::from_str(&request)?;
    let (sender, events) = channel();
    let end = match start(&spec, &sender) {
        Ok(group) => {
            say(&socket, &Word::Started(group.as_raw_nonzero().get()))?;
            thread::spawn(move || listen(orders, &sender));
            let end = watch(&spec, &events, group);
            tree::kill_all();
            end
        }
        Err(why) => End::NotStarted(why),
    };
    // Nobody may be there to hear it.
    let _ = say(&socket, &Word::Ended(end));
    Ok(())
}

fn say(mut socket: &UnixStream, word: &Word) -> io::Result<()> {
    let mut line = serde_json::to_string(word)?;
    line.push('\n');
    socket.write_all(line.as_bytes())
}

/// Starts the program in a process group of its own, and a thread that waits for it.
fn start(spec: &Spec, sender: &Sender<Event>) -> Result<Pid, NotStarted> {
    if !spec.directory.is_dir() {
        return Err(NotStarted::NoDirectory);
    }
    let (program, arguments) = spec.argv.split_first().ok_or(NotStarted::NoProgram)?;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(&spec.directory)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => NotStarted::NoProgram,
            io::ErrorKind::PermissionDenied => NotStarted::NotExecutable,
            _ => NotStarted::Refused,
        })?;
    let group = Pid::from_child(&child);
    let sender = sender.clone();
    thread::spawn(move || {
        // The receiver lives until the process ends.
        let _ = sender.send(Event::Exited(child.wait()));
    });
    Ok(group)
}

/// Passes orders on until their end.
fn listen(orders: BufReader<UnixStream>, sender: &Sender<Event>) {
    for line in orders.lines() {
        if line.is_err() || sender.send(Event::Terminate).is_err() {
            break;
        }
    }
    let _ = sender.send(Event::Gone);
}

/// Waits for the program's end, and brings it about where it must.
fn watch(spec: &Spec, events: &Receiver<Event>, group: Pid) -> End {
    let started = Instant::now();
    let deadline = spec
        .seconds
        .map(|seconds| started + Duration::from_secs(seconds));
    let cause = loop {
        let sample = spec.memory_bytes.map(|_| Instant::now() + SAMPLE_EVERY);
        match next(events, deadline.into_iter().chain(sample).min()) {
            Some(Event::Exited(status)) => return ended(&status),
            Some(Event::Terminate) => break End::Terminated,
            Some(Event::Gone) => {
                let _ = kill_process_group(group, Signal::KILL);
                return End::Terminated;
            }
            None if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                break End::TimedOut;
            }
            None => {
                let most = spec.memory_bytes.unwrap_or(u64::MAX);
                if tree::resident_bytes() > most {
                    // There may be no memory left to end in good order.
                    let _ = kill_process_group(group, Signal::KILL);
                    break End::OutOfMemory;
                }
            }
        }
    };
    let _ = kill_process_group(group, Signal::TERM);
    // A stopped program does not see the signal before it goes on.
    let _ = kill_process_group(group, Signal::CONT);
    let grace = Duration::try_from_secs_f64(spec.grace_seconds).unwrap_or_default();
    let last = Instant::now() + grace;
    loop {
        match next(events, Some(last)) {
            Some(Event::Terminate) => {}
            Some(Event::Exited(status)) => {
                let by_itself = ended(&status);
                // One that ended well just before the order came has said all it had to say.
                return if by_itself == End::Exited(0) && cause == End::Terminated {
                    by_itself
                } else {
                    cause
                };
            }
            Some(Event::Gone) | None => {
                let _ = kill_process_group(group, Signal::KILL);
                return cause;
            }
        }
    }
}

/// The next event, or none up to `until`.
fn next(events: &Receiver<Event>, until: Option<Instant>) -> Option<Event> {
    let Some(until) = until else {
        return Some(events.recv().unwrap_or(Event::Gone));
    };
    match events.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(event) => Some(event),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(Event::Gone),
    }
}

fn ended(status: &io::Result<ExitStatus>) -> End {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => End::Exited(code),
            (None, Some(signal)) => End::Signalled(signal),
            (None, None) => End::Lost,
        },
        Err(_) => End::Lost,
    }
}

/// The socket's descriptor, as the standard input of a process.
pub(super) fn as_stdin(socket: UnixStream) -> Stdio {
    Stdio::from(OwnedFd::from(socket))
}
