#!/bin/sh
# Builds argon2 from the source that requirements.txt pins, for processors with AVX2, into the folder "accelerated" of an
# environment: passwords are then hashed in little more than half the time. The published build stays beside it, and is used
# where the processor can't run this one (services/argon2_build.py).
# Usage: accelerate.sh <environment>. Needs a C compiler and Python's headers; pip takes the rest from requirements-accelerate.txt.
set -eu

target=$1/accelerated
here=$(dirname "$0")
case $(uname -m) in
  x86_64 | amd64) ;;
  *) echo "Nothing to accelerate on $(uname -m): the published build of argon2 is used."; exit 0 ;;
esac
command -v cc >/dev/null || { echo "A C compiler is needed. On Debian: apt install gcc libc6-dev" >&2; exit 1; }
python=$1/bin/python
"$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
  { echo "Python's headers are needed. On Debian: apt install python3-dev" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/tools"
pip="$work/tools/bin/python -m pip --disable-pip-version-check --quiet"
$pip install --require-hashes -r "$here/requirements-accelerate.txt"
sed -n '/^argon2-cffi-bindings==/,/[^\\]$/p' "$here/requirements.txt" >"$work/argon2.txt"
PATH=$work/tools/bin:$PATH CFLAGS="-O3 -march=x86-64-v3" $pip install --require-hashes --no-deps --no-build-isolation \
  --no-binary argon2-cffi-bindings --target "$work/accelerated" -r "$work/argon2.txt"
rm -rf "$target"
mv "$work/accelerated" "$target"
echo "Argon2 is built for x86-64-v3 in $target."
