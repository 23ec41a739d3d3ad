#!/usr/bin/env bash
# Put the peers into .venv-peers and others beside it, away from our own libraries; the second run only checks.
set -euo pipefail
cd "$(dirname "$0")/.."

for python in "${PEERS_PYTHON:-python3.11}" python3.10 python3.12; do
    command -v "$python" >/dev/null && break
done

install() { # ENVIRONMENT LIST
    local wanted
    wanted=$(sha256sum "$2")
    if [ "$(cat "$1/installed" 2>/dev/null || true)" = "$wanted" ]; then return; fi
    "$python" -m venv --clear "$1"
    printf '*\n' >"$1/.gitignore" # so that git never sees it
    "$1/bin/pip" install --quiet --prefer-binary -r "$2"
    printf '%s\n' "$wanted" >"$1/installed"
}

install .venv-peers benchmarks/peers.txt
install .venv-peers-stripepy benchmarks/peers-stripepy.txt
install .venv-peers-coolpuppy benchmarks/peers-coolpuppy.txt
