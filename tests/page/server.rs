//! The page's server, started for a test and asked over a bare socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value as Json;

use crate::sandbox::Sandbox;

/// `finetooth serve`, killed at the end of the test.
pub(crate) struct Server {
    child: Child,
    /// The address it printed.
    pub(crate) url: String,
    /// Where it listens.
    pub(crate) port: u16,
}

/// What it answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Headers as sent, in lower case.
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Server {
    /// Starts `finetooth` with `arguments` in `sandbox` and waits for the address it prints.
    pub(crate) fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let mut program = sandbox.program(arguments);
        let mut child = program
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut all = String::new();
        let url = loop {
            let mut line = String::new();
            assert!(
                said.read_line(&mut line).unwrap() > 0,
                "it printed no address:\n{all}"
            );
            all.push_str(&line);
            if let Some((_, url)) = line.trim_end().split_once("watch it on ") {
                break url.to_owned();
            }
        };
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let port = url
            .split(['/', ':', '?'])
            .find_map(|part| part.parse().ok());
        Self {
            child,
            port: port.unwrap(),
            url,
        }
    }

    /// Sends `request` line and headers as they are, and reads the whole answer.
    pub(crate) fn ask(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let text = format!(
            "{}\r\nConnection: close\r\n\r\n",
            request.replace('\n', "\r\n")
        );
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            headers: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    /// Asks for `path` as the page itself does.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(&format!(
            "GET {path} HTTP/1.1\nHost: 127.0.0.1:{}",
            self.port
        ))
    }

    /// The changes that are told at `path` to who has seen `last`: the id and the data of each, as they come.
    pub(crate) fn changes(
        &self,
        path: &str,
        last: Option<&str>,
    ) -> impl Iterator<Item = (String, Json)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let last = last.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{last}\r\n",
            self.port
        );
        stream.write_all(request.as_bytes()).unwrap();
        let lines = BufReader::new(stream).lines().map(Result::unwrap);
        // An event ends with an empty line; those of other kinds have no id.
        let (mut id, mut data) = (None, None);
        lines.filter_map(move |line| {
            if let Some(found) = line.strip_prefix("id: ") {
                id = Some(found.to_owned());
            } else if let Some(found) = line.strip_prefix("data: ") {
                data = Some(found.to_owned());
            } else if line.is_empty() {
                let (id, data) = (id.take(), data.take());
                return Some((id?, serde_json::from_str(&data?).unwrap()));
            }
            None
        })
    }

    /// The first of them.
    pub(crate) fn first_event(&self, path: &str, last: Option<&str>) -> (String, Json) {
        self.changes(path, last).next().expect("the stream goes on")
    }
}

impl Server {
    /// Kills it.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
