//! Items read and worked on by several threads, in bounded memory.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

/// When a result is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// As soon as it is there.
    AsDone,
    /// After those of all items before it.
    InOrder,
}

/// Items that are on their way at a time, for each thread: one is worked on, one is read ahead, two wait for their turn.
const ON_THE_WAY: usize = 4;
/// How often `sink` hears that nothing has come.
const TICK: Duration = Duration::from_millis(250);

/// Turns of the threads: who works, what has been begun, what has been handed over.
struct Turns {
    next: usize,
    handed_over: usize,
    working: usize,
    stopped: bool,
}

struct Gate {
    turns: Mutex<Turns>,
    changed: Condvar,
    items: usize,
    threads: usize,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, turns: MutexGuard<'a, Turns>) -> MutexGuard<'a, Turns> {
        self.changed.wait(turns).unwrap_or_else(PoisonError::into_inner)
    }

    /// The next item to read; waits while too many are on their way.
    fn begin(&self) -> Option<usize> {
        let mut turns = self.lock();
        loop {
            if turns.stopped || turns.next == self.items {
                return None;
            }
            if turns.next < turns.handed_over + ON_THE_WAY * self.threads {
                turns.next += 1;
                return Some(turns.next - 1);
            }
            turns = self.wait(turns);
        }
    }

    /// Waits for a thread's worth of processor; `None` when nobody wants the result any more.
    fn work(&self) -> Option<Working<'_>> {
        let mut turns = self.lock();
        while turns.working == self.threads && !turns.stopped {
            turns = self.wait(turns);
        }
        if turns.stopped {
            return None;
        }
        turns.working += 1;
        Some(Working(self))
    }

    fn update(&self, change: impl FnOnce(&mut Turns)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }
}

struct Working<'a>(&'a Gate);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.update(|turns| turns.working -= 1);
    }
}

/// Takes every item through `read`, `work` and `keep` and hands the result to `sink` on the calling thread.
///
/// `threads` threads are in `work` at a time, while others, as many again, read ahead or wait for the disk in `keep`. No more than four items a thread are on their way,
/// results that wait for their turn included: behind a slow item the rest waits, rather than fill the memory. `sink` is
/// called with `None` now and then, to show progress. Its first error stops the rest and is returned.
pub fn process<T, R, W, O, E>(
    threads: usize,
    items: &[T],
    delivery: Delivery,
    read: impl Fn(&T) -> R + Sync,
    work: impl Fn(&T, R) -> W + Sync,
    keep: impl Fn(W) -> O + Sync,
    mut sink: impl FnMut(Option<O>) -> Result<(), E>,
) -> Result<(), E>
where
    T: Sync,
    O: Send,
{
    let threads = threads.max(1);
    let turns = Turns { next: 0, handed_over: 0, working: 0, stopped: false };
    let gate = Gate { turns: Mutex::new(turns), changed: Condvar::new(), items: items.len(), threads };
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..(2 * threads).min(items.len()) {
            let (sender, gate, read, work, keep) = (sender.clone(), &gate, &read, &work, &keep);
            scope.spawn(move || {
                while let Some(position) = gate.begin() {
                    let item = &items[position];
                    let data = read(item);
                    let Some(working) = gate.work() else { return };
                    let worked = work(item, data);
                    drop(working);
                    // The receiver is gone only when the sink has failed; then nobody wants the result.
                    let _ = sender.send((position, keep(worked)));
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        let mut take = || -> Result<(), E> {
            loop {
                match receiver.recv_timeout(TICK) {
                    Ok((position, result)) => waiting.insert(position, result),
                    Err(mpsc::RecvTimeoutError::Timeout) => {
                        sink(None)?;
                        continue;
                    }
                    Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
                };
                while let Some((position, result)) = waiting.pop_first() {
                    if delivery == Delivery::InOrder && position != next {
                        waiting.insert(position, result);
                        break;
                    }
                    next += 1;
                    sink(Some(result))?;
                    gate.update(|turns| turns.handed_over += 1);
                }
            }
        };
        let outcome = take();
        gate.update(|turns| turns.stopped = true);
        outcome
    })
}

/// Runs `work`; a panic in it becomes the result of `on_panic`, so that one poisoned target costs only itself.
pub fn or_on_panic<O>(work: impl FnOnce() -> O, on_panic: impl FnOnce(String) -> O) -> O {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| on_panic(panic_message(panic.as_ref())))
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_string())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn nap(i: u64) {
        std::thread::sleep(Duration::from_micros((i * 7919) % 300));
    }

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        let items: Vec<u64> = (0..200).collect();
        for threads in [1, 2, 3] {
            for delivery in [Delivery::InOrder, Delivery::AsDone] {
                let mut got = Vec::new();
                let work = |i: &u64, read: u64| {
                    nap(*i);
                    read * i
                };
                process(
                    threads,
                    &items,
                    delivery,
                    |i| *i,
                    work,
                    |w| w,
                    |r| {
                        got.extend(r);
                        Ok::<(), ()>(())
                    },
                )
                .unwrap();
                if delivery == Delivery::AsDone {
                    got.sort_unstable();
                }
                assert_eq!(got, items.iter().map(|i| i * i).collect::<Vec<_>>());
            }
        }
    }

    /// Item 0 takes as long as all others together; until it is done no more than the window may be begun.
    #[test]
    fn behind_a_slow_item_results_do_not_pile_up() {
        let items: Vec<usize> = (0..100).collect();
        let (alive, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let working = AtomicUsize::new(0);
        let read = |i: &usize| {
            most.fetch_max(alive.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            *i
        };
        let work = |i: &usize, read: usize| {
            assert!(working.fetch_add(1, Ordering::SeqCst) < 2, "no more than `threads` work at a time");
            std::thread::sleep(Duration::from_millis(if *i == 0 { 60 } else { 1 }));
            working.fetch_sub(1, Ordering::SeqCst);
            read
        };
        let mut got = Vec::new();
        process(
            2,
            &items,
            Delivery::InOrder,
            read,
            work,
            |w| w,
            |r| {
                if let Some(r) = r {
                    alive.fetch_sub(1, Ordering::SeqCst);
                    got.push(r);
                }
                Ok::<(), ()>(())
            },
        )
        .unwrap();
        assert_eq!(got, items);
        assert!(most.load(Ordering::SeqCst) <= 2 * ON_THE_WAY + 1, "{most:?} at a time");
    }

    #[test]
    fn a_panic_becomes_a_result() {
        let message = or_on_panic(|| panic!("poison {}", 3), |message| message);
        assert_eq!(message, "poison 3");
    }

    #[test]
    fn the_sink_can_stop_the_run() {
        let items: Vec<u32> = (0..100).collect();
        let sink = |r: Option<u32>| match r {
            Some(5) => Err(5),
            _ => Ok(()),
        };
        assert_eq!(process(2, &items, Delivery::InOrder, |i| *i, |i, _| *i, |w| w, sink), Err(5));
    }
}
