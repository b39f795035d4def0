//! A headless Chromium, driven over its DevTools protocol: where FINETOOTH_BROWSER names one.

use std::cell::RefCell;
use std::env;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// How long anything may take to appear.
const PATIENCE: Duration = Duration::from_secs(40);

/// A browser with one tab.
pub(crate) struct Chromium {
    child: Child,
    _profile: TempDir,
    tab: RefCell<Tab>,
}

struct Tab {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    last_id: u64,
    /// Exceptions, and what the page or the browser complained of.
    complaints: Vec<String>,
}

/// The browser of this run; `None` where FINETOOTH_BROWSER is not set.
fn executable() -> Option<PathBuf> {
    let named = env::var_os("FINETOOTH_BROWSER").filter(|value| !value.is_empty())?;
    let path = PathBuf::from(named);
    assert!(
        path.is_file(),
        "FINETOOTH_BROWSER names {}, which is not there",
        path.display()
    );
    Some(path)
}

/// Waits for `look` to find something.
#[track_caller]
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(30));
    }
}

impl Chromium {
    /// Starts one, where one is named.
    pub(crate) fn start() -> Option<Self> {
        let executable = executable()?;
        let profile = tempfile::tempdir().unwrap();
        let child = Command::new(executable)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-quic",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args([
                "--remote-debugging-port=0",
                "--force-device-scale-factor=1",
                "about:blank",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port_file = profile.path().join("DevToolsActivePort");
        let port: u16 = wait_for("the browser's port", || {
            fs::read_to_string(&port_file)
                .ok()?
                .lines()
                .next()?
                .parse()
                .ok()
        });
        let url = wait_for("the browser's tab", || tab_url(port));
        let (socket, _) = tungstenite::connect(url.as_str()).unwrap();
        let tab = Tab {
            socket,
            last_id: 0,
            complaints: Vec::new(),
        };
        let browser = Self {
            child,
            _profile: profile,
            tab: RefCell::new(tab),
        };
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser.resize(1280, 900, false);
        Some(browser)
    }

    /// Calls a method of the protocol.
    pub(crate) fn call(&self, method: &str, parameters: &Json) -> Json {
        let mut tab = self.tab.borrow_mut();
        tab.last_id += 1;
        let id = tab.last_id;
        let text = json!({"id": id, "method": method, "params": parameters}).to_string();
        tab.socket.send(Message::text(text)).unwrap();
        loop {
            let Message::Text(text) = tab.socket.read().unwrap() else {
                continue;
            };
            let message: Json = serde_json::from_str(&text).unwrap();
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            match message["method"].as_str() {
                Some("Runtime.exceptionThrown") => {
                    tab.complaints
                        .push(message["params"]["exceptionDetails"].to_string());
                }
                Some("Log.entryAdded") if message["params"]["entry"]["level"] == "error" => {
                    tab.complaints.push(message["params"]["entry"].to_string());
                }
                _ => {}
            }
        }
    }

    /// Opens `url` and waits until it is loaded.
    pub(crate) fn open(&self, url: &str) {
        self.call("Page.navigate", &json!({"url": url}));
        self.wait(&format!("document.readyState === 'complete' && location.href.startsWith({url:?}.split('?')[0].split('#')[0])"));
    }

    /// Opens a file from disk.
    pub(crate) fn open_file(&self, path: &Path) {
        self.open(&format!(
            "file://{}",
            path.canonicalize().unwrap().display()
        ));
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub(crate) fn value(&self, expression: &str) -> Json {
        let parameters =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", &parameters);
        assert!(
            answer.get("exceptionDetails").is_none(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(crate) fn wait(&self, expression: &str) {
        let begun = Instant::now();
        while self.value(expression) != json!(true) {
            assert!(
                begun.elapsed() < PATIENCE,
                "waited in vain for {expression}; {:?}",
                self.complaints()
            );
            sleep(Duration::from_millis(30));
        }
    }

    /// The window's size, and whether the system prefers dark colours.
    pub(crate) fn resize(&self, width: u32, height: u32, is_dark: bool) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", &features);
    }

    /// Presses the mouse at one place and lets it go at another.
    pub(crate) fn drag(&self, from: (f64, f64), to: (f64, f64)) {
        let event = |kind: &str, (x, y): (f64, f64), buttons: u32| {
            let event = json!({"type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1});
            self.call("Input.dispatchMouseEvent", &event);
        };
        event("mouseMoved", from, 0);
        event("mousePressed", from, 1);
        for step in 1..=8 {
            let part = f64::from(step) / 8.0;
            event(
                "mouseMoved",
                (
                    from.0 + (to.0 - from.0) * part,
                    from.1 + (to.1 - from.1) * part,
                ),
                1,
            );
        }
        event("mouseReleased", to, 0);
    }

    /// Presses a key.
    pub(crate) fn press(&self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key});
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// What the page and the browser complained of: exceptions, refused content, failed requests.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.tab.borrow().complaints.clone()
    }
}

/// Address of the tab's socket.
fn tab_url(port: u16) -> Option<String> {
    use std::io::{Read, Write};
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_millis(500)))
        .ok()?;
    write!(
        stream,
        "GET /json/list HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut answer = Vec::new();
    // The browser may keep the connection: what came by then is the answer.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    let list: Json = serde_json::from_str(answer.split_once("\r\n\r\n")?.1.trim()).ok()?;
    let tab = list.as_array()?.iter().find(|tab| tab["type"] == "page")?;
    Some(tab["webSocketDebuggerUrl"].as_str()?.to_owned())
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
