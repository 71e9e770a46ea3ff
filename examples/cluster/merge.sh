#!/bin/sh
# Puts N shards together: merge.sh N.
set -u
shards=""
for i in $(seq 1 "$1"); do shards="$shards $OUT/shard-$i"; done
# shellcheck disable=SC2086
"${ANTUMBRA:-antumbra}" merge $shards --out "$OUT/merged"
code=$?
case $code in 0 | 3 | 4) exit 0 ;; *) exit $code ;; esac
