//! One process at a time in a directory, by a lock that the operating system lets go of when the process ends, however it does.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

/// Held for its lock, which ends with it or with the process.
pub(super) struct DirectoryLock {
    _file: File,
}

/// Why a directory cannot be had.
pub(super) enum LockError {
    /// Another process has it.
    InUse,
    Io(io::Error),
}

impl DirectoryLock {
    /// Makes `dir` where it is missing and locks the file `name` in it. The file stays: removed, it could be locked by one
    /// process that has opened it before and, made anew, by another.
    pub(super) fn acquire(dir: &Path, name: &str) -> Result<Self, LockError> {
        fs::create_dir_all(dir).map_err(LockError::Io)?;
        let file = File::create(dir.join(name)).map_err(LockError::Io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::InUse),
            // Some network file systems have no locks; the scheduler must then see to it.
            Err(TryLockError::Error(error)) => {
                tracing::warn!("cannot lock {}: {error}", dir.display());
                Ok(Self { _file: file })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_had_by_one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().join("made");
        let first = DirectoryLock::acquire(&inside, "lock");
        assert!(first.is_ok() && inside.join("lock").exists());
        assert!(matches!(DirectoryLock::acquire(&inside, "lock"), Err(LockError::InUse)));
        drop(first);
        assert!(DirectoryLock::acquire(&inside, "lock").is_ok());
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(matches!(DirectoryLock::acquire(&dir.path().join("file"), "lock"), Err(LockError::Io(_))));
    }
}
