# What a look at a page needs: Chromium, the release binary, and the npm packages of the lock file. Sourced in this folder by the
# scripts that look; sets CHROMIUM and UNSEEN.
#
# Wants Node 20 and npm, cargo (or UNSEEN=<path of the binary>), and Chromium (CHROMIUM=<path>, else `chromium`): as root it
# installs Debian's.
root=$(cd ../.. && pwd)

quiet() { # its output only if it fails
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
}

for tool in node npm; do
    command -v $tool >/dev/null || { echo "$tool is missing: install Node 20 or later, with npm" >&2; exit 1; }
done
if ! command -v "${CHROMIUM:=chromium}" >/dev/null; then
    if [ "$CHROMIUM" = chromium ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing chromium"
        export DEBIAN_FRONTEND=noninteractive
        quiet apt-get update
        quiet apt-get install -y --no-install-recommends chromium fonts-liberation
    else
        echo "Chromium is missing: install it (Debian: apt-get install chromium) or set CHROMIUM=<path>" >&2
        exit 1
    fi
fi
CHROMIUM=$(command -v "$CHROMIUM")
export CHROMIUM

if [ -z "${UNSEEN:-}" ]; then
    echo "building the binary"
    (cd "$root" && quiet cargo build --release --quiet)
    UNSEEN=${CARGO_TARGET_DIR:-$root/target}/release/unseen
fi
export UNSEEN

lock=$(sha256sum package-lock.json)
if [ "$(cat node_modules/.installed 2>/dev/null)" != "$lock" ]; then
    echo "installing the framework"
    quiet npm ci --no-audit --no-fund
    echo "$lock" >node_modules/.installed
fi
