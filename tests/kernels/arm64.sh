#!/usr/bin/env bash
# The recorded bits on arm64, on any Linux with x86-64: `make test-arm64`. It fetches Debian's Python for arm64 and the wheels of
# constraints.txt into a directory (200 MB; once), and runs the programs below by QEMU's emulation, in some minutes.
#     apt-get install qemu-user-static debootstrap      # what it needs, as root
#     tests/kernels/arm64.sh DIRECTORY                  # as root, because debootstrap asks for it
set -euo pipefail
cd "$(dirname "$0")/../.."
place=$(realpath -m "${1:-.arm64}")
if [ ! -e "$place/ready" ]; then
    mkdir -p "$place/root"
    debootstrap --download-only --arch=arm64 --variant=minbase --include=python3 bookworm "$place/packages" > "$place/debootstrap.log"
    for package in "$place"/packages/var/cache/apt/archives/*.deb; do dpkg-deb --extract "$package" "$place/root"; done
    sed 's/;.*//' constraints.txt > "$place/versions.txt"
    wheels=(--platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux2014_aarch64)
    python3 -m pip install --quiet --target "$place/site" "${wheels[@]}" --only-binary=:all: --python-version 3.11 \
        --constraint "$place/versions.txt" numpy scipy numba matplotlib pillow threadpoolctl tqdm pytest
    touch "$place/ready"
fi
export XDG_CACHE_HOME=$place/cache OPENBLAS_NUM_THREADS=1 PYTHONPATH=$place/site:$PWD
emulated() { qemu-aarch64-static -cpu cortex-a72 -L "$place/root" "$place/root/usr/bin/python3.11" "$@"; }
# The digests of tests/kernels/test_same_bits.py, and what is drawn: starts, distortions, noise.
emulated -c "
from tests.kernels.test_same_bits import DRAWN, RECORDED, computed, drawn
made = computed(all_ways=True)
assert made['flags'] == [], made['flags']
for name, digest in {**made['found'], **drawn()}.items():
    print(f'{name}: {digest}', 'as recorded' if digest == {**RECORDED, **DRAWN}[name] else 'DIFFERS')
assert made['found'] == RECORDED and drawn() == DRAWN
"
# A whole recorded pass over MNIST, where its files are.
if [ -n "${LENET1998_DATA:-}" ]; then
    emulated -m lenet1998 check experiments/results/fig5_error_curves.json --passes 1
fi
