//! The command line's baseline file: whatever happens to a learner, the file is the old one or the new one, whole.
//!
//! Learners are killed at random moments, and at every single system call; disks fill up, folders are read-only, calls fail. Needs the
//! real binary, and `strace` for what only the kernel can do to it: without that, those tests say aloud that they were not run.
//! What a user is told, links and permissions are in `tests/cli.rs`. `SOAK=10000 cargo test --release --test baseline_file` kills as often.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a panic is the report

mod trace;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use trace::can_trace;

/// What is said where `strace` cannot be used.
const NOT_RUN: &str = "tests/baseline_file.rs was NOT RUN in full";

const HEADER: &str = "user,command,firstTimeSeen,lastTimeSeen,enough_data";

/// Enough for some 70 kB.
const ROWS: usize = 300;

/// A folder with a baseline, and news to learn.
struct Desk {
    folder: TempDir,
    old: String,
    new: String,
}

impl Desk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let day = |number: usize| {
            let rows = (0..ROWS).map(|role| format!("role{role},Call{number},{number}00000\n"));
            format!("user,command,_time\n{}", rows.collect::<String>())
        };
        fs::write(folder.path().join("old.csv"), day(1)).unwrap();
        fs::write(folder.path().join("news.csv"), day(9)).unwrap();
        let mut desk = Self {
            folder,
            old: String::new(),
            new: String::new(),
        };
        assert!(desk.learn("old.csv").output().unwrap().status.success());
        desk.old = desk.baseline();
        assert!(desk.learn("news.csv").output().unwrap().status.success());
        desk.new = desk.baseline();
        assert_eq!(desk.old.lines().count(), 1 + ROWS);
        assert_eq!(desk.new.lines().count(), 1 + 2 * ROWS);
        desk.go_back();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn baseline(&self) -> String {
        fs::read_to_string(self.path("b.csv")).unwrap()
    }

    /// The old baseline, and nothing left of anybody.
    fn go_back(&self) {
        fs::write(self.path("b.csv"), &self.old).unwrap();
        for left in ["b.csv.new", "b.csv.lock"] {
            let _ = fs::remove_file(self.path(left));
        }
    }

    fn learn(&self, news: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unseen"));
        command.args(["learn", "--baseline", "b.csv", news]);
        self.at_home(&mut command);
        command
    }

    /// A learner to whom the kernel does what `inject` says, at calls about `path` or at all.
    fn learn_under(&self, inject: &str, path: Option<&str>) -> Output {
        let mut command = Command::new("strace");
        command
            .args(["-f", "-o", "trace", "-e"])
            .arg(format!("inject={inject}"));
        if let Some(path) = path {
            command.arg("-P").arg(self.path(path));
        }
        command.arg(env!("CARGO_BIN_EXE_unseen"));
        command
            .arg("learn")
            .arg("--baseline")
            .arg(self.path("b.csv"))
            .arg("news.csv");
        self.at_home(&mut command);
        command.output().unwrap()
    }

    fn at_home(&self, command: &mut Command) {
        command
            .current_dir(self.folder.path())
            .env("TZ", "UTC")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    /// Which of the two the file is. Anything else is a failure, and so is a learner that cannot carry on from there.
    #[track_caller]
    fn is_new(&self, after: &str) -> bool {
        let text = self.baseline();
        assert!(
            text == self.old || text == self.new,
            "{after}: {} bytes",
            text.len()
        );
        text == self.new
    }

    #[track_caller]
    fn carries_on(&self, after: &str) {
        let output = self.learn("news.csv").output().unwrap();
        assert!(output.status.success(), "{after}: {output:?}");
        assert_eq!(self.baseline(), self.new, "{after}");
        assert!(!self.path("b.csv.new").exists(), "{after}");
    }
}

#[test]
fn a_learner_killed_at_any_moment_leaves_the_old_file_or_the_new_one() {
    let desk = Desk::new();
    let kills: u32 = std::env::var("SOAK").map_or(100, |times| times.parse().unwrap());
    let begun = Instant::now();
    assert!(desk.learn("news.csv").output().unwrap().status.success());
    let longest = begun.elapsed() * 5 / 4;
    for kill in 0..kills {
        desk.go_back();
        let mut learner = desk.learn("news.csv").spawn().unwrap();
        // Spread over the whole run: neighbours in time are far apart in order.
        let moment = longest * (kill.wrapping_mul(2_654_435_769) >> 16) / (1 << 16);
        std::thread::sleep(moment.min(Duration::from_secs(5)));
        learner.kill().unwrap();
        learner.wait().unwrap();
        desk.is_new(&format!("killed after {moment:?}"));
    }
    desk.carries_on("the last kill");
}

#[test]
fn a_learner_killed_at_any_system_call_leaves_the_old_file_or_the_new_one() {
    if !can_trace(NOT_RUN) {
        return;
    }
    let desk = Desk::new();
    // Those that touch the folder; each is tried at its first, second, … occurrence until there is none.
    let calls = [
        "openat", "write", "fsync", "rename", "unlink", "flock", "fchmod", "close", "statx", "read",
    ];
    let mut both = [0, 0];
    for call in calls {
        for nth in 1.. {
            desk.go_back();
            let output =
                desk.learn_under(&format!("{call}:signal=KILL:when={nth}"), Some("b.csv.new"));
            let after = format!("killed at {call} {nth} of the new file");
            both[usize::from(desk.is_new(&after))] += 1;
            if output.status.success() {
                break;
            }
            assert_eq!(output.status.signal(), Some(9), "{after}: {output:?}");
            desk.carries_on(&after);
        }
    }
    assert!(both[0] >= 5, "too few kills before the rename: {both:?}");
    for call in ["flock", "fsync", "openat"] {
        for nth in 1..=8 {
            desk.go_back();
            desk.learn_under(&format!("{call}:signal=KILL:when={nth}"), None);
            desk.is_new(&format!("killed at {call} {nth}"));
            desk.carries_on(&format!("killed at {call} {nth}"));
        }
    }
}

#[test]
fn a_system_call_that_fails_is_told_and_leaves_the_old_file_and_nothing_else() {
    if !can_trace(NOT_RUN) {
        return;
    }
    let desk = Desk::new();
    for (inject, path, told) in [
        ("write:error=ENOSPC", "b.csv.new", "No space left on device"),
        ("write:error=EDQUOT", "b.csv.new", "quota"),
        ("write:error=EIO", "b.csv.new", "Input/output error"),
        ("fsync:error=EIO", "b.csv.new", "Input/output error"),
        ("fsync:error=ENOSPC", "b.csv.new", "No space left on device"),
        ("openat:error=EROFS", "b.csv.new", "Read-only file system"),
        (
            "rename,renameat,renameat2:error=EACCES",
            "b.csv.new",
            "Permission denied",
        ),
        ("openat:error=EROFS", "b.csv.lock", "cannot lock"),
        ("openat:error=EACCES", "b.csv.lock", "cannot lock"),
        ("flock:error=ENOLCK", "b.csv.lock", "cannot lock"),
        ("openat:error=EIO", "b.csv", "cannot read the baseline"),
        ("read:error=EIO", "b.csv", "cannot read the baseline"),
    ] {
        desk.go_back();
        let output = desk.learn_under(inject, Some(path));
        let stderr = String::from_utf8_lossy(&output.stderr);
        let after = format!("{inject} on {path}: {stderr}");
        assert_eq!(output.status.code(), Some(1), "{after}");
        assert!(stderr.contains(told), "{after}");
        assert_eq!(stderr.matches("error: ").count(), 1, "{after}");
        assert!(!desk.is_new(&after), "{after}");
        assert!(!desk.path("b.csv.new").exists(), "{after}");
        desk.carries_on(&after);
    }
}

#[test]
fn a_file_that_may_not_grow_so_large_stays_as_it_was() {
    // Without strace: the shell limits the size of files to a few kilobytes, and the signal for it is ignored, or not.
    let desk = Desk::new();
    for (ignored, code) in [("trap '' XFSZ;", Some(1)), ("", None)] {
        desk.go_back();
        let script = format!("{ignored} ulimit -f 8; exec \"$0\" learn --baseline b.csv news.csv");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_unseen")]);
        desk.at_home(&mut shell);
        let output = shell.output().unwrap();
        assert_eq!(output.status.code(), code, "{output:?}");
        assert!(!desk.is_new("too large"), "{output:?}");
        desk.carries_on("too large");
    }
}

#[test]
fn a_folder_that_may_not_be_written_is_told_and_the_file_stays_as_it_was() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let folder = desk.folder.path();
    let of = |mode| fs::Permissions::from_mode(mode);
    fs::set_permissions(folder, of(0o555)).unwrap();
    // Root may write anywhere: then the failing calls above are what stands for this.
    let may_write_anywhere = fs::write(folder.join("probe"), "").is_ok();
    let output = desk.learn("news.csv").output().unwrap();
    fs::set_permissions(folder, of(0o755)).unwrap();
    if !may_write_anywhere {
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.contains("cannot lock") && !desk.is_new("read-only"),
            "{stderr}"
        );
    }
    desk.carries_on("read-only");
}

#[test]
fn a_reader_sees_the_old_file_or_the_new_one_at_every_moment_of_a_learner() {
    let desk = Desk::new();
    for _ in 0..20 {
        desk.go_back();
        let mut learner = desk.learn("news.csv").spawn().unwrap();
        let mut was_new = false;
        loop {
            let ended = learner.try_wait().unwrap().is_some();
            let is_new = desk.is_new("while it learns");
            assert!(is_new || !was_new, "the old file came back");
            was_new = is_new;
            if ended {
                break;
            }
        }
        assert!(was_new);
    }
}

#[test]
fn a_foreign_file_beside_the_baseline_is_never_followed() {
    // Whoever can write the folder could put a link where the new version is written.
    let desk = Desk::new();
    fs::write(desk.path("victim"), "precious").unwrap();
    std::os::unix::fs::symlink("victim", desk.path("b.csv.new")).unwrap();
    desk.carries_on("a link in the way");
    assert_eq!(fs::read_to_string(desk.path("victim")).unwrap(), "precious");
    assert!(!fs::symlink_metadata(desk.path("b.csv"))
        .unwrap()
        .is_symlink());
}

#[test]
fn a_file_of_another_kind_is_refused_and_untouched() {
    let desk = Desk::new();
    let large = format!("{HEADER}\n{}", "x".repeat(100_000));
    for text in [
        "",
        "\n",
        "\u{feff}",
        "{\"Records\":[]}",
        "\u{0}\u{1}\u{2}",
        "user,command\na,b\n",
        &large,
        &format!("{HEADER}\na,b,1,2,1\n\"unclosed"),
        &format!("{HEADER},{HEADER}\na,b,1,2,1,a,b,1,2,1\n"),
        &format!("{HEADER}\na,b,1,2,1\na,b,1\n"),
        &format!("{HEADER}\na,b,1e9,2,1\n"),
    ] {
        fs::write(desk.path("b.csv"), text).unwrap();
        let output = desk.learn("news.csv").output().unwrap();
        let start: String = text.chars().take(80).collect();
        assert_eq!(output.status.code(), Some(1), "{start:?}: {output:?}");
        assert_eq!(desk.baseline(), text, "{start:?}");
    }
}
