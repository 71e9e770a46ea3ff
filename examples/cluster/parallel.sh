#!/bin/sh
# N shards by GNU parallel, two at a time here; with --sshloginfile FILE on the machines in it.
#     INPUT=/data/sector-1 OUT=/scratch/me/sector-1 N=16 ./parallel.sh
set -eu
cd "$(dirname "$0")"
mkdir -p "$OUT"
export INPUT OUT THREADS="${THREADS:-1}"
seq 1 "$N" | parallel --jobs "${JOBS:-2}" --joblog "$OUT/parallel.log" --resume-failed --retries 3 \
    "$PWD/run-shard.sh" {} "$N"
exec ./merge.sh "$N"
