//! Pure: what the search commands do to the machine they run on, as the kernel sees it.
//!
//! Each conversation runs under `strace`. Once the first request is read, a command may read stdin, write stdout, ask for memory, start a
//! thread and look up the time zone: nothing else. Before that there is only what the system does to start any program. Where `strace` is missing these
//! tests are not run and say so past the harness; in CI, where `CI` is set, they fail.

#![cfg(target_os = "linux")]

use crate::pipe;
use crate::trace::can_trace;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

/// What is said where `strace` cannot be used.
const NOT_RUN: &str = "tests/pure.rs was NOT RUN";

/// What a command may ask of the kernel once it has begun to read, besides files.
const HARMLESS: &[&str] = &[
    // Memory.
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "madvise",
    "mprotect",
    // Its own two pipes; the descriptors are checked.
    "read",
    "write",
    "writev",
    "close",
    "fcntl",
    "fstat",
    "statx",
    "newfstatat",
    "lseek",
    "ioctl",
    "poll",
    // Time, chance for hash seeds, the end.
    "clock_gettime",
    "getrandom",
    "sigaltstack",
    "rt_sigaction",
    "rt_sigprocmask",
    "exit_group",
    "exit",
    // A thread of its own; that it is one, and no process, is checked.
    "clone",
    "clone3",
    "set_robust_list",
    "rseq",
    "sched_getaffinity",
    "sched_yield",
    "gettid",
    "futex",
    // Files are opened, but which ones is checked below.
    "open",
    "openat",
    "readlink",
    "access",
    "getcwd",
];

/// Where a system keeps its time zones.
const ZONES: &[&str] = &[
    "/etc/localtime",
    "/etc/timezone",
    "/usr/share/zoneinfo",
    "/usr/lib/zoneinfo",
    "/usr/share/lib/zoneinfo",
    "/etc/zoneinfo",
];

/// The system calls of one conversation, in order.
fn traced(command: &str, zone: Option<&str>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("trace");
    let args: &[&str] = match command {
        "seen" => &["user", "command", "forget_window=-90d@d", "start=true"],
        _ => &["user", "command", "forget_window=-90d@d"],
    };
    let mut input = pipe::frame(&pipe::getinfo(command, args), b"");
    let observations = b"user,command,firstTime,lastTime\nadmin,CreateUser,1700000000,1700000100\n";
    input.extend(pipe::frame(&pipe::execute(false), observations));
    let baseline = b"user,command,firstTimeSeen,lastTimeSeen,enough_data\nadmin,GetObject,1600000000,1700000000,1\n";
    input.extend(pipe::frame(&pipe::execute(true), baseline));
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-s", "200", "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_unseen"));
    strace
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(zone) = zone {
        strace.env("TZ", zone);
    }
    if let Some(path) = std::env::var_os("PATH") {
        strace.env("PATH", path);
    }
    let mut child = strace.spawn().expect("strace starts; is it installed?");
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.starts_with(b"chunked 1.0,"));
    let text = fs::read_to_string(&log).unwrap();
    let calls = text.lines().filter_map(|line| line.split_once(' '));
    // A call that another thread's broke in two has its arguments in the first part.
    calls
        .map(|(_, call)| call.trim_start().to_owned())
        .filter(|call| !call.starts_with("<... "))
        .collect()
}

fn name(call: &str) -> &str {
    call.split('(').next().unwrap()
}

/// The first argument.
fn first(call: &str) -> &str {
    let arguments = call.split_once('(').map_or("", |(_, arguments)| arguments);
    arguments.split([',', ')']).next().unwrap()
}

/// Whether a call starts another process. A thread is none.
fn starts_another(call: &str) -> bool {
    match name(call) {
        "fork" | "vfork" => true,
        "clone" | "clone3" => !call.contains("CLONE_THREAD"),
        _ => false,
    }
}

/// The path in a call, between its first quotes.
fn path(call: &str) -> &str {
    call.split('"').nth(1).unwrap_or_default()
}

#[test]
fn a_command_reads_stdin_writes_stdout_and_touches_nothing_else_but_the_time_zone() {
    if !can_trace(NOT_RUN) {
        return;
    }
    for command in ["seen", "unseen"] {
        for zone in [None, Some("Europe/Berlin"), Some("UTC")] {
            let calls = traced(command, zone);
            let begins = calls
                .iter()
                .position(|call| call.starts_with("read(0, \"chunked 1.0,"));
            let begins = begins.expect("the first request is read");
            let mut opened = Vec::new();
            for call in &calls[begins..] {
                let told = format!("{command} in {zone:?}: {call}");
                if call.starts_with("+++") {
                    continue;
                }
                assert!(
                    HARMLESS.contains(&name(call)) && !starts_another(call),
                    "{told}"
                );
                match name(call) {
                    "open" | "openat" => {
                        let is_zone = ZONES.iter().any(|zones| path(call).starts_with(zones));
                        assert!(is_zone && call.contains("O_RDONLY"), "{told}");
                        if let Some((_, descriptor)) = call.rsplit_once("= ") {
                            opened.push(descriptor.to_owned());
                        }
                    }
                    "read" => assert!(
                        first(call) == "0" || opened.contains(&first(call).to_owned()),
                        "{told}"
                    ),
                    "write" | "writev" => assert_eq!(first(call), "1", "{told}"),
                    // Debug builds look at a descriptor before they close it.
                    "fcntl" => assert!(call.contains("F_GETFD"), "{told}"),
                    "mmap" => assert!(call.contains("MAP_ANONYMOUS"), "{told}"),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn from_its_very_start_a_command_writes_no_file_and_opens_no_socket() {
    if !can_trace(NOT_RUN) {
        return;
    }
    for command in ["seen", "unseen"] {
        for call in traced(command, None) {
            let opens_a_socket =
                ["socket", "connect", "bind", "sendto", "sendmsg"].contains(&name(&call));
            let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"]
                .iter()
                .any(|flag| call.contains(flag));
            let changes = [
                "creat",
                "unlink",
                "unlinkat",
                "rename",
                "renameat",
                "renameat2",
                "mkdir",
                "mkdirat",
                "link",
                "symlink",
                "truncate",
                "ftruncate",
                "chmod",
                "fchmod",
            ];
            assert!(!starts_another(&call), "{command}: {call}");
            assert!(
                !opens_a_socket && !writes && !changes.contains(&name(&call)),
                "{command}: {call}"
            );
        }
    }
}

#[test]
fn where_no_thread_can_be_started_the_rows_are_the_same() {
    if !can_trace(NOT_RUN) {
        return;
    }
    let mut rows = b"user,command,firstTime,lastTime\n".to_vec();
    for key in 0..5_000 {
        writeln!(rows, "role{},Call{key},1700000000,1700000100", key % 70).unwrap();
    }
    let args = ["user", "command", "start=true", "as_of=1700000200"];
    let mut input = pipe::frame(&pipe::getinfo("seen", &args), b"");
    input.extend(pipe::frame(&pipe::execute(true), &rows));

    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("trace");
    let run_with = |inject: &[&str]| {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-e", "trace=clone,clone3", "-o"]);
        strace.arg(&log).args(inject);
        strace.arg(env!("CARGO_BIN_EXE_unseen")).env("TZ", "UTC");
        strace.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = strace.spawn().unwrap();
        child.stdin.take().unwrap().write_all(&input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        (output.stdout, fs::read_to_string(&log).unwrap())
    };
    let (with_threads, calls) = run_with(&[]);
    assert_eq!(calls.matches("CLONE_THREAD").count(), 2, "{calls}");
    let (without, calls) = run_with(&["-e", "inject=clone,clone3:error=EAGAIN"]);
    assert!(
        calls.contains("EAGAIN") && calls.contains("INJECTED"),
        "{calls}"
    );
    let is_same = without == with_threads;
    assert!(is_same, "{}", String::from_utf8_lossy(&without[..200]));
    assert!(without.split(|&byte| byte == b'\n').count() > 5_000);
}

#[test]
fn nothing_of_the_environment_but_the_time_zone_makes_a_difference() {
    let answer = |environment: &[(&str, &str)]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_unseen"))
            .env_clear()
            .env("TZ", "UTC")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = pipe::frame(
            &pipe::getinfo("seen", &["user", "as_of=1700000000", "start=t"]),
            b"",
        );
        input.extend(pipe::frame(
            &pipe::execute(true),
            b"user,_time\na,1600000000\n",
        ));
        child.stdin.take().unwrap().write_all(&input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.stderr.is_empty());
        output.stdout
    };
    let hostile = [
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "full"),
        ("LANG", "tr_TR.UTF-8"),
        ("LC_ALL", "de_DE"),
        ("HOME", "/nowhere"),
        ("SPLUNK_HOME", "/nowhere"),
        ("COLUMNS", "1"),
        ("NO_COLOR", "1"),
        ("CLICOLOR_FORCE", "1"),
        ("http_proxy", "http://127.0.0.1:9"),
        ("TMPDIR", "/nowhere"),
        ("UPDATE", "1"),
    ];
    assert_eq!(answer(&hostile), answer(&[]));
}
