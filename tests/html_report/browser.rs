//! A headless Chromium, told what to do over its DevTools protocol: commands through its file 3, answers from its file 4,
//! each ended by a zero byte.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long an answer may take before the browser counts as stuck.
const PATIENCE: Duration = Duration::from_secs(120);

/// Chromium may reach nothing but the file, and asks nobody for anything of its own accord.
const START: &str = "exec chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --remote-debugging-pipe \
    --user-data-dir=\"$1\" 3<&0 4>&1 </dev/null >/dev/null 2>&1";

/// One tab of a browser of its own.
pub struct Tab {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    calls: u64,
    session: Option<String>,
    events: Vec<Value>,
    _profile: TempDir,
}

impl Tab {
    /// Opens a browser with an empty profile, and a tab of that size.
    pub fn open(width: u32, height: u32, dark: bool) -> Self {
        let profile = TempDir::new().expect("a folder");
        let mut child = Command::new("sh")
            .args(["-c", START, "sh"])
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let (to, out) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let (send, from) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(out).split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("JSON of the browser");
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        let events = Vec::new();
        let mut tab = Self { child, to, from, calls: 0, session: None, events, _profile: profile };
        let target = tab.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = tab.call("Target.attachToTarget", attach);
        tab.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab.call("Page.setLifecycleEventsEnabled", json!({"enabled": true}));
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        tab.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = json!({"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }});
        tab.call("Emulation.setEmulatedMedia", json!({"features": [scheme]}));
        tab
    }

    fn message(&mut self) -> Value {
        self.from
            .recv_timeout(PATIENCE)
            .expect("an answer of Chromium, which has to be installed as `chromium`")
    }

    /// One command; its result.
    #[track_caller]
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut command = json!({"id": self.calls, "method": method, "params": params});
        if let Some(session) = &self.session {
            command["sessionId"] = session.as_str().into();
        }
        // A browser that is not there is told of by the answer that does not come.
        let _ = self.to.write_all(format!("{command}\0").as_bytes());
        loop {
            let mut message = self.message();
            if message["id"] == self.calls {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    /// Opens a file and waits until its script has run.
    pub fn load(&mut self, file: &Path, fragment: &str) {
        self.events.clear();
        // A question mark and a number, because the same file with another fragment would only be scrolled.
        let url = format!("file://{}?{}{fragment}", file.display(), self.calls);
        let loader = self.call("Page.navigate", json!({"url": url}))["loaderId"].take();
        let loaded = |event: &Value| {
            let params = &event["params"];
            event["method"] == "Page.lifecycleEvent"
                && params["name"] == "load"
                && params["loaderId"] == loader
        };
        while !self.events.iter().any(loaded) {
            let event = self.message();
            self.events.push(event);
        }
        let ready = self.eval("document.documentElement.classList.contains('ready')");
        assert_eq!(ready, true, "the page's script did not reach its end: {:?}", self.problems());
    }

    /// The value of an expression, in the page's own scope.
    #[track_caller]
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.call("Runtime.evaluate", params);
        assert_eq!(answer["exceptionDetails"], Value::Null, "{}", &expression[..expression.len().min(500)]);
        answer["result"]["value"].take()
    }

    /// Waits until an expression is true: what the browser does when it draws is done soon, but not at once.
    #[track_caller]
    pub fn until(&mut self, expression: &str) {
        let wait = format!(
            "new Promise((done, left) => {{ let frames = 0; const look = () => ({expression}) ? done(true) \
             : frames++ > 600 ? done(false) : requestAnimationFrame(look); look(); }})"
        );
        assert_eq!(self.eval(&wait), true, "never came true: {expression}");
    }

    /// Types a text where the focus is.
    pub fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    /// Presses a key: `Tab`, `ArrowDown`, ...
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            "ArrowUp" => 38,
            "ArrowDown" => 40,
            other => panic!("no code for {other}"),
        };
        let mut event = json!({"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code});
        if key == "Enter" {
            event["text"] = "\r".into();
        }
        self.call("Input.dispatchKeyEvent", event.clone());
        event["type"] = "keyUp".into();
        self.call("Input.dispatchKeyEvent", event);
    }

    /// What the page complained of, and what it asked for beside itself, since it was loaded.
    pub fn problems(&mut self) -> Vec<String> {
        // Whatever the page did has been told once a later command is answered.
        self.eval("0");
        let told = |event: &Value| {
            let params = &event["params"];
            match event["method"].as_str()? {
                "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
                "Runtime.consoleAPICalled" => Some(params["args"].to_string()),
                "Log.entryAdded" => Some(params["entry"].to_string()),
                "Network.requestWillBeSent" if params["type"] != "Document" => {
                    Some(params["request"]["url"].to_string())
                }
                "Page.javascriptDialogOpening" => Some(params.to_string()),
                _ => None,
            }
        };
        self.events.iter().filter_map(told).collect()
    }

    /// Leaves a picture where the environment asks for them: of the window, or of the whole page.
    pub fn picture(&mut self, name: &str, whole: bool) {
        let Some(folder) = std::env::var_os("HTML_REPORT_PICTURES").map(PathBuf::from) else { return };
        let mut how = json!({"captureBeyondViewport": whole});
        if whole {
            how["clip"] = self.call("Page.getLayoutMetrics", json!({}))["cssContentSize"].take();
            how["clip"]["scale"] = 1.into();
        }
        let taken = self.call("Page.captureScreenshot", how);
        let bytes = BASE64_STANDARD.decode(taken["data"].as_str().expect("a picture")).expect("base64");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(format!("{name}.png")), bytes).expect("a file");
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
