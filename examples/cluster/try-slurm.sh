#!/bin/bash
# Runs the Slurm files of this folder on a Slurm of its own, on this machine and its loopback interface alone: N shards,
# one of them killed with -9 on the way and requeued by Slurm, merged, and compared byte for byte with a run that was not
# split. Needs root, slurmctld, slurmd, munged (Debian: slurm-wlm, munge); says so and ends with 77 where they are missing.
#     INPUT=/data/sector-1 OUT=$(mktemp -d) N=4 ANTUMBRA=target/release/antumbra examples/cluster/try-slurm.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for tool in slurmctld slurmd munged sbatch scontrol squeue; do
    command -v $tool > /dev/null || { echo "skipped: no $tool here"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
INPUT=$(realpath "$INPUT") OUT=$(realpath "$OUT") ANTUMBRA=$(realpath "${ANTUMBRA:-$(command -v antumbra)}")
OPTIONS=${OPTIONS:-}
N=${N:-4}
export INPUT OUT ANTUMBRA OPTIONS THREADS=1

slurm=$(mktemp -d /tmp/slurm.XXXXXX)
export SLURM_CONF=$slurm/slurm.conf
daemons=()
clean() {
    [ "$1" = 0 ] || tail -n 20 "$slurm"/*.log "$OUT"/*.log 2> /dev/null || true
    for pid in "${daemons[@]}"; do kill "$pid" 2> /dev/null || true; done
    wait 2> /dev/null || true
    rm -rf "$slurm"
}
trap 'clean $?' EXIT

chmod 755 "$slurm"
mkdir -m 755 "$slurm/munge" "$slurm/state" "$slurm/spool"
head -c 1024 /dev/urandom > "$slurm/munge/key"
chmod 600 "$slurm/munge/key"
munged --foreground --force --key-file "$slurm/munge/key" --socket "$slurm/munge/socket" --pid-file "$slurm/munge/pid" \
    --log-file "$slurm/munged.log" --seed-file "$slurm/munge/seed" > /dev/null 2>&1 &
daemons+=($!)
host=$(hostname -s)
cat > "$SLURM_CONF" << END
ClusterName=try
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$slurm/munge/socket,cred_expire=5
CredType=cred/munge
SlurmctldPort=${SLURMCTLD_PORT:-26817}
SlurmdPort=${SLURMD_PORT:-26818}
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd.log
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
MpiDefault=none
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
for _ in $(seq 50); do [ -S "$slurm/munge/socket" ] && break; sleep 0.1; done
slurmctld -D > /dev/null 2>&1 &
daemons+=($!)
slurmd -D > /dev/null 2>&1 &
daemons+=($!)
for _ in $(seq 100); do
    scontrol show node "$host" 2> /dev/null | grep -q "State=IDLE" && break
    sleep 0.2
done

"$ANTUMBRA" run "$INPUT" --out "$OUT/whole" --threads 1 --progress none $OPTIONS > /dev/null || [ $? -ge 3 ]
cd "$here"
id=$(sbatch --parsable --array=1-"$N" --cpus-per-task=1 --mem=0 --output="$OUT/task-%a.log" slurm.sh)
echo "job $id: $N shards"
# The second shard is killed as soon as it has something, and requeued.
victim=$OUT/shard-2
for _ in $(seq 600); do
    [ "$(find "$victim/units" -name '*.part' 2> /dev/null | wc -l)" -ge 2 ] && break
    sleep 0.05
done
pid=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' "$victim/status.json")
parts=$(find "$victim/units" -name '*.part' | wc -l)
kill -9 "$pid" 2> /dev/null || echo "(shard 2 had just ended)"
scontrol requeue "${id}_2"
echo "shard 2 killed (process $pid) with $parts of its units done, and requeued"
for _ in $(seq 1200); do
    [ -z "$(squeue --noheader --jobs "$id" 2> /dev/null)" ] && break
    sleep 0.25
done
restarts=$(scontrol show job "${id}_2" 2> /dev/null | sed -n 's/.*Restarts=\([0-9]*\).*/\1/p' | head -n 1)
echo "shard 2 was started again ${restarts:-0} time(s)"
merge=$(sbatch --parsable --cpus-per-task=1 --mem=0 --output="$OUT/merge.log" --wrap "$here/merge.sh $N")
for _ in $(seq 240); do
    [ -z "$(squeue --noheader --jobs "$merge" 2> /dev/null)" ] && break
    sleep 0.25
done
for table in "$OUT"/whole/*.parquet; do
    cmp "$table" "$OUT/merged/$(basename "$table")"
done
grep '"kept"' "$victim/manifest.json" | sed 's/.*: *//; s/,//; s/^/units that the second start of shard 2 took over: /'
echo "merged shards and the whole run are the same bytes"
