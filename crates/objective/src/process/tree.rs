//! The processes below this one.

use std::collections::HashMap;
use std::fs;

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, wait};

/// A process below this one.
struct Process {
    parent: i32,
    resident_pages: u64,
    is_zombie: bool,
}

/// Resident memory of all descendants of this process, in bytes; 0 where the system does not tell.
pub(super) fn resident_bytes() -> u64 {
    let pages: u64 = descendants()
        .iter()
        .map(|(_, process)| process.resident_pages)
        .sum();
    pages * rustix::param::page_size() as u64
}

/// Kills all descendants of this process and waits until none is left, those that they start meanwhile included.
pub(super) fn kill_all() {
    while is_any_left() {
        for (pid, process) in descendants() {
            if let Some(pid) = Pid::from_raw(pid)
                && !process.is_zombie
            {
                // It may be gone by now.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// Takes note of every child that has ended; whether there are others.
fn is_any_left() -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            // There is no child.
            Err(_) => return false,
        }
    }
}

fn descendants() -> Vec<(i32, Process)> {
    let mut all: HashMap<i32, Process> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.parse().ok());
        if let Some(pid) = pid
            && let Ok(stat) = fs::read_to_string(entry.path().join("stat"))
            && let Some(process) = parse(&stat)
        {
            all.insert(pid, process);
        }
    }
    let own = getpid().as_raw_nonzero().get();
    let is_below = |pid: i32| {
        let mut at = pid;
        // A chain that was read while it changed may not end.
        for _ in 0..1000 {
            match all.get(&at) {
                Some(process) if process.parent == own => return true,
                Some(process) => at = process.parent,
                None => return false,
            }
        }
        false
    };
    let below: Vec<i32> = all.keys().copied().filter(|pid| is_below(*pid)).collect();
    let mut found = Vec::new();
    for pid in below {
        found.extend(all.remove(&pid).map(|process| (pid, process)));
    }
    found
}

/// A line of /proc/PID/stat; the name in it may hold anything, parentheses too.
fn parse(stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat
        .get(stat.rfind(')')? + 1..)?
        .split_whitespace()
        .collect();
    Some(Process {
        is_zombie: *fields.first()? == "Z",
        parent: fields.get(1)?.parse().ok()?,
        resident_pages: fields.get(21)?.parse().unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_a_line_of_stat() {
        let stat = "4242 (a) b) S 17 4242 4242 0 -1 4194560 101 0 0 0 0 0 0 0 20 0 1 0 9 2000000 300 1844 1 1 0 0";
        let process = parse(stat).unwrap();
        assert_eq!(
            (process.parent, process.resident_pages, process.is_zombie),
            (17, 300, false)
        );
        assert!(parse("no such line").is_none());
    }
}
