#!/bin/bash
# What `make run` shows: the vectors on this build, and a code beside oathtool's.
set -euo pipefail
latchkey=${LATCHKEY_BINARY:?make run sets it}
"$latchkey" --version
