//! The command line's baseline file: whatever happens to a learner, the file is the old one or the new one, whole.
//!
//! Learners are killed at random moments, and at every single system call; disks fill up, become read-only, calls fail. Needs the
//! real binary; `strace` for what only the kernel can do to it, and the right to mount disks of its own: without these, tests say aloud
//! that they were not run.
//! What a user is told, links and permissions are in `tests/cli.rs`. `SOAK=10000 cargo test --release --test suite baseline_file` kills as often.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout)] // a figure is printed for whoever measures

use crate::disk::Shell;
use crate::trace::can_trace;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What is said where `strace` cannot be used, or nothing be mounted.
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
            let rows = (0..ROWS).map(|role| format!("role{role},Call{number},1700{number}00000\n"));
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

    /// A learner whose baseline lies on a disk of its own, and another after `mend`. What was true of the disk in between is told.
    fn learn_on_disk(&self, shell: &Shell, options: &str, spoil: &str, mend: &str) -> OnDisk {
        for left in ["then.csv", "mended.csv"] {
            let _ = fs::remove_file(self.path(left));
        }
        fs::create_dir_all(self.path("disk")).unwrap();
        let script = format!(
            "mount -t tmpfs -o {options} none disk; cp b.csv disk/
             {spoil}
             code=0; \"$0\" learn --baseline disk/b.csv news.csv || code=$?
             ls -A disk
             if [ -e disk/b.csv ]; then cp disk/b.csv then.csv; fi
             {mend}
             \"$0\" learn --baseline disk/b.csv news.csv; cp disk/b.csv mended.csv
             exit $code"
        );
        let mut command = shell.command(&script);
        self.at_home(&mut command);
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        let told = format!("{options}, {spoil}: {:?}: {stderr}", output.status);
        let mended = fs::read_to_string(self.path("mended.csv"));
        assert!(mended.is_ok_and(|text| text == self.new), "{told}");
        OnDisk {
            code: output.status.code(),
            names: stdout.lines().map(str::to_owned).collect(),
            baseline: fs::read_to_string(self.path("then.csv")).ok(),
            stderr,
            told,
        }
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

/// What a learner did, and what it left on its disk.
struct OnDisk {
    code: Option<i32>,
    stderr: String,
    names: Vec<String>,
    baseline: Option<String>,
    /// All of it, for a failure.
    told: String,
}

impl OnDisk {
    /// It failed, said so once, and left `old` and no more than `names`.
    #[track_caller]
    fn failed(&self, says: [&str; 2], old: Option<&String>, names: &[&str]) {
        let Self { told, stderr, .. } = self;
        assert_eq!(self.code, Some(1), "{told}");
        assert!(says.iter().all(|text| stderr.contains(text)), "{told}");
        assert_eq!(stderr.matches("error: ").count(), 1, "{told}");
        assert!(self.baseline.as_ref() == old, "{told}");
        assert_eq!(self.names, names, "{told}");
    }

    #[track_caller]
    fn succeeded(&self, desk: &Desk) {
        assert_eq!(self.code, Some(0), "{}", self.told);
        assert!(self.baseline.as_ref() == Some(&desk.new), "{}", self.told);
        assert_eq!(self.names, ["b.csv", "b.csv.lock"], "{}", self.told);
    }
}

#[test]
fn a_learner_killed_at_any_moment_leaves_the_old_file_or_the_new_one() {
    let desk = Desk::new();
    let kills: u32 = std::env::var("SOAK").map_or(100, |times| times.parse().unwrap());
    // The quickest of a few: a machine that was busy for a moment would have most learners killed when they are done.
    let quickest = (0..5).map(|_| {
        desk.go_back();
        let begun = Instant::now();
        assert!(desk.learn("news.csv").output().unwrap().status.success());
        begun.elapsed()
    });
    let longest = quickest.min().unwrap() * 5 / 4;
    let mut left = [0, 0];
    for kill in 0..kills {
        desk.go_back();
        let mut learner = desk.learn("news.csv").spawn().unwrap();
        // Spread over the whole run: neighbours in time are far apart in order.
        let moment = longest * (kill.wrapping_mul(2_654_435_769) >> 16) / (1 << 16);
        std::thread::sleep(moment.min(Duration::from_secs(5)));
        learner.kill().unwrap();
        learner.wait().unwrap();
        left[usize::from(desk.is_new(&format!("killed after {moment:?}")))] += 1;
    }
    println!(
        "{kills} kills within {longest:?}: {} left the old file, {} the new one",
        left[0], left[1]
    );
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
fn a_system_call_that_fails_is_reported_and_leaves_the_old_file_and_nothing_else() {
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

const FULL: &str = "No space left on device";

/// How many bytes of a disk a text takes.
fn blocks(text: &str) -> usize {
    text.len().next_multiple_of(4_096)
}

#[test]
fn a_full_disk_is_reported_and_leaves_the_old_file_and_nothing_else_however_much_room_is_left() {
    let Some(shell) = Shell::new(NOT_RUN) else {
        return;
    };
    let desk = Desk::new();
    let make_room = "mount -t tmpfs -o remount,size=1m,nr_inodes=100 none disk";
    // The write stops earlier or later, until there is room for all of it.
    let mut failures = 0;
    loop {
        let size = format!("size={}", blocks(&desk.old) + failures * 4_096);
        let after = desk.learn_on_disk(&shell, &size, "", make_room);
        if after.code == Some(0) {
            after.succeeded(&desk);
            break;
        }
        let says = ["cannot write the baseline `", FULL];
        after.failed(says, Some(&desk.old), &["b.csv", "b.csv.lock"]);
        failures += 1;
    }
    assert!(failures >= 10, "too few failures: {failures}");
    // No room for one file more: for the lock, then for the new version. The folder itself is one, the old file another.
    for (files, what, names) in [
        (2, "cannot lock `", &["b.csv"][..]),
        (3, "cannot write the baseline `", &["b.csv", "b.csv.lock"]),
    ] {
        let options = format!("nr_inodes={files}");
        let after = desk.learn_on_disk(&shell, &options, "", make_room);
        after.failed([what, FULL], Some(&desk.old), names);
    }
    desk.learn_on_disk(&shell, "nr_inodes=4", "", make_room)
        .succeeded(&desk);
    // A first baseline is not begun.
    let take_away = "rm disk/b.csv; mount -t tmpfs -o remount,size=8k none disk";
    let bring_back = format!("{make_room}; cp b.csv disk/");
    let after = desk.learn_on_disk(&shell, "size=1m", take_away, &bring_back);
    after.failed(["cannot write the baseline `", FULL], None, &["b.csv.lock"]);
    // What a run that died has left makes room.
    let size = format!("size={}", blocks(&desk.old) + blocks(&desk.new));
    let fill = "head -c 9999999 /dev/zero >disk/b.csv.new 2>/dev/null || true";
    desk.learn_on_disk(&shell, &size, fill, "").succeeded(&desk);
}

#[test]
fn a_disk_that_is_read_only_is_reported_and_read_and_the_file_stays_as_it_was() {
    let Some(shell) = Shell::new(NOT_RUN) else {
        return;
    };
    let desk = Desk::new();
    let judge = "\"$0\" detect --baseline disk/b.csv news.csv 2>/dev/null";
    for (spoil, mend, says, names) in [
        (
            "mount -t tmpfs -o remount,ro none disk",
            "mount -t tmpfs -o remount,rw none disk",
            ["cannot lock `", "Read-only file system"],
            &["b.csv"][..],
        ),
        (
            "touch disk/b.csv.lock; mount -t tmpfs -o remount,ro none disk",
            "mount -t tmpfs -o remount,rw none disk",
            ["cannot lock `", "Read-only file system"],
            &["b.csv", "b.csv.lock"],
        ),
        // The folder alone.
        (
            "mount --bind disk disk; mount -o remount,bind,ro disk",
            "umount disk",
            ["cannot lock `", "Read-only file system"],
            &["b.csv"],
        ),
        // The file alone, as a container may be given it.
        (
            "mount --bind disk/b.csv disk/b.csv",
            "umount disk/b.csv",
            ["cannot write the baseline `", "Device or resource busy"],
            &["b.csv", "b.csv.lock"],
        ),
    ] {
        let mend = format!("{judge}; {mend}");
        let after = desk.learn_on_disk(&shell, "size=1m", spoil, &mend);
        after.failed(says, Some(&desk.old), names);
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
fn a_folder_that_may_not_be_written_is_reported_and_the_file_stays_as_it_was() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let folder = desk.folder.path();
    let of = |mode| fs::Permissions::from_mode(mode);
    fs::set_permissions(folder, of(0o555)).unwrap();
    // Root may write anywhere: then the read-only disk above is what stands for this.
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
        &format!("{HEADER}\na,b,soon,2,1\n"),
    ] {
        fs::write(desk.path("b.csv"), text).unwrap();
        let output = desk.learn("news.csv").output().unwrap();
        let start: String = text.chars().take(80).collect();
        assert_eq!(output.status.code(), Some(1), "{start:?}: {output:?}");
        assert_eq!(desk.baseline(), text, "{start:?}");
    }
}
