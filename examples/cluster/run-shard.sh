#!/bin/sh
# One shard: run-shard.sh I N. Starts, or goes on where it was killed.
set -u
threads=${THREADS:-${SLURM_CPUS_PER_TASK:-1}}
# shellcheck disable=SC2086  # INPUT may be several paths
"${ANTUMBRA:-antumbra}" run $INPUT --out "$OUT/shard-$1" --shard "$1/$2" --resume --threads "$threads" \
    --progress plain ${OPTIONS:-}
code=$?
# 3: done, with error rows; 4: done, but a fit has not converged.
case $code in 0 | 3 | 4) exit 0 ;; *) exit $code ;; esac
