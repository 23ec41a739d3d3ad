#!/usr/bin/env bash
# Put the peers into .venv-peers, away from our own libraries; the second run only checks.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=$(sha256sum benchmarks/peers.txt)
if [ "$(cat .venv-peers/installed 2>/dev/null || true)" = "$wanted" ]; then exit 0; fi
for python in "${PEERS_PYTHON:-python3.11}" python3.10 python3.12; do
    command -v "$python" >/dev/null && break
done
"$python" -m venv --clear .venv-peers
printf '*\n' >.venv-peers/.gitignore  # so that git never sees it
.venv-peers/bin/pip install --quiet --prefer-binary -r benchmarks/peers.txt
printf '%s\n' "$wanted" >.venv-peers/installed
