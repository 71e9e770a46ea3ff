#!/bin/sh
#SBATCH --job-name=antumbra
#SBATCH --cpus-per-task=4
#SBATCH --mem=4G
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=antumbra-%A_%a.log
# One shard a task of the array:
#     export INPUT=/data/sector-1 OUT=/scratch/me/sector-1
#     id=$(sbatch --parsable --array=1-64 slurm.sh)
#     sbatch --dependency=afterok:"$id" --wrap "$PWD/merge.sh 64"
# Run it from this folder: Slurm copies this script elsewhere, and not what stands beside it.
exec "${SLURM_SUBMIT_DIR:-.}/run-shard.sh" "$SLURM_ARRAY_TASK_ID" "$SLURM_ARRAY_TASK_COUNT"
