//! Who is answered by the page's server, and with what.

use std::fs;
use std::net::{TcpListener, TcpStream};

use super::server::Server;
use crate::sandbox::{SMALL, Sandbox};

#[test]
fn the_page_and_a_run_are_served_with_headers_that_keep_a_browser_strict() {
    let sandbox = Sandbox::with_small_run();
    let server = Server::start(&sandbox, &["serve"]);
    assert_eq!(server.url, format!("http://127.0.0.1:{}/", server.port));
    let page = server.get("/");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<script src=\"page.js\"></script>"));
    for (path, kind) in [
        ("/page.js", "text/javascript"),
        ("/page.css", "text/css"),
        ("/echarts.js", "text/javascript"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer.headers.contains(&format!("content-type: {kind}")),
            "{}",
            answer.headers
        );
        assert!(
            answer
                .headers
                .contains("content-security-policy: default-src 'none'; script-src 'self';")
        );
        assert!(answer.headers.contains("x-content-type-options: nosniff"));
        assert!(!answer.headers.contains("access-control-allow-origin"));
    }
    let runs: serde_json::Value = serde_json::from_str(&server.get("/runs").body).unwrap();
    assert_eq!(runs[0]["name"], "small");
    assert_eq!(runs.as_array().unwrap().len(), 1);
}

#[test]
fn a_stream_begins_where_the_browser_was() {
    let sandbox = Sandbox::with_small_run();
    let server = Server::start(&sandbox, &["serve", "small"]);
    let (id, whole) = server.first_event("/runs/0/changes", None);
    assert_eq!(whole["anew"], true);
    assert_eq!(whole["trials"].as_array().unwrap().len(), 6);
    assert_eq!(whole["standing"]["is"], "finished");
    let (same, rest) = server.first_event("/runs/0/changes", Some(&id));
    assert_eq!(same, id);
    assert_eq!(rest["anew"], false);
    assert_eq!(rest["trials"].as_array().unwrap().len(), 0);
    // a place in another record, and none at all
    for strange in ["1.2", "x"] {
        assert_eq!(
            server.first_event("/runs/0/changes", Some(strange)).1["anew"],
            true
        );
    }
}

#[test]
fn what_the_keys_matter_is_told_when_it_is_found_though_nothing_else_happens() {
    let sandbox = Sandbox::new();
    sandbox.write("small.toml", &SMALL.replace("trials = 4", "trials = 14"));
    assert_eq!(sandbox.run(&["run", "small.toml", "--quiet"]).code, 0);
    let server = Server::start(&sandbox, &["serve"]);
    let told = |last: Option<&str>| {
        let mut changes = server.changes("/runs/0/changes", last);
        changes
            .find(|(_, told)| told.get("importance").is_some())
            .unwrap()
    };
    let (id, first) = told(None);
    assert!(first["importance"]["trials"].as_u64().unwrap() >= 14);
    // who had seen the last event before it was found, and who comes later
    assert_eq!(told(Some(&id)).1["importance"], first["importance"]);
    assert_eq!(told(None).1["importance"], first["importance"]);
}

#[track_caller]
fn refused(server: &Server, request: &str, status: u16) {
    let request = request.replace("PORT", &server.port.to_string());
    let answer = server.ask(&request);
    assert_eq!(answer.status, status, "{request}\n{}", answer.body);
    assert!(!answer.body.contains("small"), "{request} told something");
    assert!(answer.headers.contains("content-security-policy"));
}

#[test]
fn other_names_origins_and_methods_are_refused() {
    let sandbox = Sandbox::with_small_run();
    let server = Server::start(&sandbox, &["serve"]);
    refused(&server, "GET /runs HTTP/1.1\nHost: evil.example:PORT", 403);
    refused(&server, "GET /runs HTTP/1.1\nHost: 127.0.0.1:1", 403);
    refused(&server, "GET /runs HTTP/1.0", 403);
    let own = "Host: 127.0.0.1:PORT";
    refused(
        &server,
        &format!("GET /runs HTTP/1.1\n{own}\nOrigin: http://evil.example"),
        403,
    );
    refused(
        &server,
        &format!("GET /runs HTTP/1.1\n{own}\nOrigin: null"),
        403,
    );
    refused(
        &server,
        &format!(
            "GET /runs/0/changes HTTP/1.1\n{own}\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors"
        ),
        403,
    );
    refused(
        &server,
        &format!("POST /runs HTTP/1.1\n{own}\nContent-Length: 0"),
        405,
    );
    refused(
        &server,
        &format!("DELETE /runs/0/changes HTTP/1.1\n{own}"),
        405,
    );
    assert_eq!(server.get("/runs").status, 200);
}

#[test]
fn no_path_leads_out_of_the_given_directories() {
    let sandbox = Sandbox::with_small_run();
    sandbox.write("secret.txt", "hidden words");
    let server = Server::start(&sandbox, &["serve", "results/small"]);
    for path in [
        "/../secret.txt",
        "/..%2f..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "//etc/passwd",
        "/runs/../secret.txt",
        "/runs/..%2f..%2fsecret.txt/changes",
        "/runs/%2fetc%2fpasswd/changes",
        "/runs/-1/changes",
        "/runs/1/changes",
        "/runs/99999999999999999999999/changes",
        "/runs/0%00/changes",
        "/journal.jsonl",
        "/page.css/../../secret.txt",
    ] {
        let answer = server.get(path);
        assert!(
            [400, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        assert!(
            !answer.body.contains("hidden words") && !answer.body.contains("root:"),
            "{path}"
        );
    }
}

#[test]
fn output_is_told_of_trials_alone_and_links_lead_nowhere() {
    let sandbox = Sandbox::with_small_run();
    let trial = sandbox.path().join("results/small/trials/7");
    fs::create_dir_all(&trial).unwrap();
    sandbox.write(
        "results/small/trials/7/stdout",
        &format!("{}the end", "x".repeat(70_000)),
    );
    sandbox.write("results/small/trials/7/stderr", "");
    sandbox.write("secret.txt", "hidden words");
    let linked = sandbox.path().join("results/small/trials/8");
    fs::create_dir_all(&linked).unwrap();
    std::os::unix::fs::symlink(sandbox.path().join("secret.txt"), linked.join("stdout")).unwrap();
    sandbox.write("results/small/trials/8/stderr", "");
    let server = Server::start(&sandbox, &["serve", "small"]);
    server.get("/runs");
    let told: serde_json::Value =
        serde_json::from_str(&server.get("/runs/0/trials/7/output").body).unwrap();
    assert!(told["stdout"].as_str().unwrap().ends_with("the end"));
    assert_eq!(told["stdout"].as_str().unwrap().len(), 64 << 10);
    assert_eq!(told["is_cut"], true);
    for path in [
        "/runs/0/trials/8/output",
        "/runs/0/trials/9/output",
        "/runs/1/trials/7/output",
        "/runs/0/trials/..%2f7/output",
    ] {
        let answer = server.get(path);
        assert!(
            [400, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.body.contains("hidden words"), "{path}");
    }
}

#[test]
fn with_a_token_only_who_knows_it_is_answered() {
    let sandbox = Sandbox::with_small_run();
    let server = Server::start(&sandbox, &["serve", "--token=open-sesame"]);
    assert!(
        server.url.ends_with("/?token=open-sesame"),
        "{}",
        server.url
    );
    let own = "Host: 127.0.0.1:PORT";
    for path in [
        "/",
        "/runs",
        "/runs/0/changes",
        "/page.js",
        "/?token=open-sesam",
        "/?token=",
        "/runs?token=open-sesame",
    ] {
        refused(&server, &format!("GET {path} HTTP/1.1\n{own}"), 401);
    }
    refused(
        &server,
        &format!("GET /runs HTTP/1.1\n{own}\nAuthorization: Bearer wrong"),
        401,
    );
    let port = server.port;
    let own = own.replace("PORT", &port.to_string());
    let moved = server.ask(&format!("GET /?token=open-sesame HTTP/1.1\n{own}"));
    assert_eq!(moved.status, 303);
    let cookie =
        format!("set-cookie: finetooth-{port}=open-sesame; path=/; httponly; samesite=strict");
    assert!(moved.headers.contains(&cookie), "{}", moved.headers);
    let with_cookie = server.ask(&format!(
        "GET /runs HTTP/1.1\n{own}\nCookie: finetooth-{port}=open-sesame"
    ));
    assert_eq!(with_cookie.status, 200);
    let bearer = server.ask(&format!(
        "GET /runs HTTP/1.1\n{own}\nAuthorization: Bearer open-sesame"
    ));
    assert_eq!(bearer.status, 200);
}

#[test]
fn other_addresses_than_this_machines_own_have_a_token_made() {
    let sandbox = Sandbox::with_small_run();
    let server = Server::start(&sandbox, &["serve", "--host", "0.0.0.0"]);
    let (_, token) = server.url.split_once("?token=").unwrap();
    assert_eq!(token.len(), 32);
    assert_eq!(server.get("/runs").status, 401);
    let another = Server::start(&sandbox, &["serve", "--host", "0.0.0.0"]);
    assert!(
        !another.url.contains(token),
        "every start makes another one"
    );
    assert_ne!(another.port, server.port);
}

#[test]
fn a_port_that_is_taken_and_a_directory_that_is_none_are_told() {
    let sandbox = Sandbox::with_small_run();
    let server = Server::start(&sandbox, &["serve"]);
    let port = server.port.to_string();
    let said = sandbox.run(&["serve", "--port", &port]);
    assert_eq!(said.code, 2);
    assert_eq!(
        said.err,
        format!(
            "error: port {port} of 127.0.0.1 is in use: name another one (--port), or none to have one chosen\n"
        )
    );
    let said = sandbox.run(&["serve", "nowhere"]);
    assert_eq!(said.code, 2);
    assert_eq!(
        said.err,
        "error: `nowhere` is no directory: name one of a run, or one that holds runs\n"
    );
    let said = sandbox.run(&["serve", "--token=short"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("at least 8 characters"), "{}", said.err);
}

#[test]
fn a_record_that_is_damaged_or_not_there_yet_is_told_and_the_server_goes_on() {
    let sandbox = Sandbox::with_small_run();
    let journal = sandbox.read("results/small/journal.jsonl");
    fs::create_dir(sandbox.path().join("results/damaged")).unwrap();
    let lines: Vec<&str> = journal.lines().collect();
    sandbox.write(
        "results/damaged/journal.jsonl",
        &format!("{}\n{}\n?\n{}\n", lines[0], lines[1], lines[2]),
    );
    let server = Server::start(&sandbox, &["serve", "results"]);
    let (_, told) = server.first_event("/runs/0/changes", None);
    assert_eq!(told["about"]["name"], "small");
    assert_eq!(told["trials"].as_array().unwrap().len(), 0);
    let (_, whole) = server.first_event("/runs/1/changes", None);
    assert_eq!(whole["trials"].as_array().unwrap().len(), 6);
    let said = sandbox.run(&["report", "damaged"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.err
            .starts_with("warning: the report shows what stands before this: "),
        "{}",
        said.err
    );
    assert!(said.err.contains("is damaged on line 3"), "{}", said.err);
}

#[test]
fn a_server_may_be_there_before_the_first_run() {
    let sandbox = Sandbox::new();
    let server = Server::start(&sandbox, &["serve"]);
    assert_eq!(server.get("/runs").body, "[]");
    sandbox.write("small.toml", SMALL);
    assert_eq!(sandbox.run(&["run", "small.toml", "--quiet"]).code, 0);
    let runs: serde_json::Value = serde_json::from_str(&server.get("/runs").body).unwrap();
    assert_eq!(runs[0]["name"], "small");
}

#[test]
fn a_report_of_nothing_says_so() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(&["report"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("there is no sweep in results/"),
        "{}",
        said.err
    );
    fs::create_dir_all(sandbox.path().join("results/empty")).unwrap();
    sandbox.write("results/empty/journal.jsonl", "");
    let said = sandbox.run(&["report", "empty"]);
    assert_eq!(said.code, 2);
    assert_eq!(
        said.err,
        "error: `results/empty` has nothing to show: no sweep has begun there\n"
    );
}

#[test]
fn a_run_is_served_beside_it() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "small.toml",
        &SMALL.replace("trials = 4\nepochs = 1", "trials = 4\nepochs = 100000"),
    );
    let mut server = Server::start(&sandbox, &["run", "small.toml", "--serve"]);
    let (_, told) = server.first_event("/runs/0/changes", None);
    assert_eq!(told["about"]["name"], "small");
    assert_eq!(told["standing"]["is"], "running");
    // The page ends with the run.
    server.stop();
    assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let said = sandbox.run(&["run", "small.toml", &format!("--serve={port}")]);
    assert_eq!(said.code, 2);
    assert!(
        said.err
            .contains(&format!("port {port} of 127.0.0.1 is in use")),
        "{}",
        said.err
    );
}
