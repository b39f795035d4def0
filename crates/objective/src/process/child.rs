//! The near side: a program as its starter sees it.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{ChildStderr, ChildStdout, Command, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process_group};

use super::supervisor::as_stdin;
use super::{End, Spec, TERMINATE, Word};

/// A program under a supervisor. It is killed when this is dropped.
#[derive(Debug)]
pub struct Child {
    supervisor: std::process::Child,
    socket: Arc<UnixStream>,
}

/// Ends a program from another thread.
#[derive(Debug, Clone)]
pub struct Terminator(Arc<UnixStream>);

/// The supervisor itself could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no process to supervise a program")]
pub struct StartError(#[from] std::io::Error);

impl Child {
    /// Starts what `spec` asks for with `environment` added to this process's; `supervisor` is the command that calls
    /// [`super::supervise`].
    ///
    /// # Errors
    /// [`StartError`] where no supervisor can be had; that the program itself cannot be started is told by
    /// [`Child::wait`].
    pub fn start(
        spec: &Spec,
        supervisor: &[OsString],
        environment: &[(String, OsString)],
    ) -> Result<Self, StartError> {
        let (near, far) = UnixStream::pair()?;
        let (program, arguments) = supervisor
            .split_first()
            .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))?;
        let started = Command::new(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(as_stdin(far))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C on the terminal is not for it.
            .process_group(0)
            .spawn()?;
        let child = Self {
            supervisor: started,
            socket: Arc::new(near),
        };
        let mut request = serde_json::to_string(spec).map_err(std::io::Error::from)?;
        request.push('\n');
        (&*child.socket).write_all(request.as_bytes())?;
        Ok(child)
    }

    /// Takes the program's standard output; the first time alone.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.supervisor.stdout.take()
    }

    /// Takes the program's standard error; the first time alone.
    pub fn stderr(&mut self) -> Option<ChildStderr> {
        self.supervisor.stderr.take()
    }

    /// What ends it from elsewhere.
    pub fn terminator(&self) -> Terminator {
        Terminator(Arc::clone(&self.socket))
    }

    /// Waits until the program is over and nothing of it is left.
    pub fn wait(&mut self) -> End {
        let mut group = None;
        let mut end = None;
        for line in BufReader::new(&*self.socket).lines() {
            match line.map(|line| serde_json::from_str(&line)) {
                Ok(Ok(Word::Started(number))) => group = Pid::from_raw(number),
                Ok(Ok(Word::Ended(how))) => {
                    end = Some(how);
                    break;
                }
                Ok(Err(_)) | Err(_) => break,
            }
        }
        // It ends by itself after its last word, or is gone.
        let _ = self.supervisor.wait();
        end.unwrap_or_else(|| {
            if let Some(group) = group {
                let _ = kill_process_group(group, Signal::KILL);
            }
            End::Lost
        })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The supervisor kills everything at the end of the socket, whoever holds copies of this one.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        let _ = self.supervisor.wait();
    }
}

impl Terminator {
    /// Asks the program to end: SIGTERM, and SIGKILL after its grace. May be asked again, and after the end.
    pub fn terminate(&self) {
        // It may be over.
        let _ = (&*self.0).write_all(TERMINATE.as_bytes());
    }
}
