#!/usr/bin/env bash
# Make a bare machine ready: system libraries for Qt and a virtual screen, .venv, this package with its tools.
# Run by make before everything else; the second run only checks and takes a fraction of a second.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# library or command → Debian/Ubuntu package (Qt 6, OpenGL in software, a virtual screen for machines without one; from
# libnss3 on: the browser engine that tests open reports in; libasound2 itself has another name on newer systems)
needs="
libGL.so.1            libgl1
libEGL.so.1           libegl1
libglib-2.0.so.0      libglib2.0-0
libfontconfig.so.1    libfontconfig1
libdbus-1.so.3        libdbus-1-3
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libxcb-cursor.so.0    libxcb-cursor0
libxcb-icccm.so.4     libxcb-icccm4
libxcb-keysyms.so.1   libxcb-keysyms1
libxcb-shape.so.0     libxcb-shape0
Xvfb                  xvfb
xvfb-run              xvfb
xauth                 xauth
xwininfo              x11-utils
libnss3.so            libnss3
libgbm.so.1           libgbm1
libgssapi_krb5.so.2   libgssapi-krb5-2
libXcomposite.so.1    libxcomposite1
libXdamage.so.1       libxdamage1
libXfixes.so.3        libxfixes3
libXrandr.so.2        libxrandr2
libXtst.so.6          libxtst6
libxcb-dri3.so.0      libxcb-dri3-0
libxkbfile.so.1       libxkbfile1
libasound.so.2        libasound2-dev
"

find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
}

missing_packages() {
    local known need package python
    known=$( (/sbin/ldconfig -p || ldconfig -p) 2>/dev/null || true)
    while read -r need package; do
        case $need in
        "") ;;
        *.so | *.so.*) grep -qF "$need " <<<"$known" || echo "$package" ;;
        *) command -v "$need" >/dev/null || echo "$package" ;;
        esac
    done <<<"$needs"
    [ -x .venv/bin/python ] && return
    python=$(find_python)
    if [ -z "$python" ]; then
        printf 'python3\npython3-venv\n'
    elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
    fi
}

install_system_packages() {
    local packages run=()
    packages=$(missing_packages | sort -u | tr '\n' ' ')
    [ -z "$packages" ] && return
    command -v apt-get >/dev/null || die "please install what these Debian packages hold, then try again: $packages"
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
            run=(sudo)
        else
            die "please ask an administrator for: apt-get install $packages"
        fi
    fi
    say "installing from the system: $packages"
    run+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
    # stale package lists are fine if they still serve; refresh them otherwise
    # shellcheck disable=SC2086
    "${run[@]}" install -y --no-install-recommends $packages </dev/null >/dev/null 2>&1 || {
        "${run[@]}" update </dev/null >&2
        "${run[@]}" install -y --no-install-recommends $packages </dev/null >&2
    } || die "apt-get could not install: $packages"
}

make_venv() {
    .venv/bin/python -m pip --version >/dev/null 2>&1 && return
    local python
    python=$(find_python)
    [ -n "$python" ] || die "Python 3.11, 3.12 or 3.13 is needed; name one with PYTHON=/path/to/python3"
    say "creating .venv with $python"
    rm -rf .venv
    "$python" -m venv .venv
}

install_package() {
    local torch wanted pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check --retries 5)
    wanted="$PWD $(cat setup.cfg setup.py constraints.txt | sha256sum)"
    [ "$(cat .venv/.installed 2>/dev/null)" = "$wanted" ] && return
    torch=$(grep '^torch==' constraints.txt)
    say "installing $torch"
    "${pip[@]}" -c constraints.txt "$torch" </dev/null
    say "installing napari-hicstruct and its tools (minutes, once)"
    "${pip[@]}" -c constraints.txt -e '.[dev]' </dev/null
    echo "$wanted" >.venv/.installed
}

install_system_packages
make_venv
install_package
