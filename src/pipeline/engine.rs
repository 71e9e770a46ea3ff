//! Many targets in parallel, their outcomes handed over in the order of the targets.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

/// Runs `work` on every item in `pool` and hands the results to `sink` on the calling thread, in the order of the items,
/// each as soon as all before it are done. The first error of `sink` stops the rest and is returned.
///
/// A panic in `work` becomes the result of `on_panic`, so that one poisoned item costs only itself.
pub fn process_in_order<T, R, E>(
    pool: &rayon::ThreadPool,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    on_panic: impl Fn(&T, String) -> R + Sync,
    mut sink: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E>
where
    T: Sync,
    R: Send,
{
    let stop = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    let mut outcome = Ok(());
    pool.in_place_scope_fifo(|scope| {
        for (position, item) in items.iter().enumerate() {
            let (sender, stop, work, on_panic) = (sender.clone(), &stop, &work, &on_panic);
            scope.spawn_fifo(move |_| {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let result = catch_unwind(AssertUnwindSafe(|| work(item)))
                    .unwrap_or_else(|panic| on_panic(item, panic_message(panic.as_ref())));
                // The receiver is gone only when the sink has failed; then nobody wants the result.
                let _ = sender.send((position, result));
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for (position, result) in receiver {
            waiting.insert(position, result);
            while let Some(result) = waiting.remove(&next) {
                next += 1;
                if outcome.is_ok() {
                    outcome = sink(result);
                    stop.store(outcome.is_err(), Ordering::Relaxed);
                }
            }
        }
    });
    outcome
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
    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        let items: Vec<u64> = (0..200).collect();
        for threads in [1, 2, 3] {
            let mut got = Vec::new();
            let work = |i: &u64| {
                std::thread::sleep(std::time::Duration::from_micros((*i * 7919) % 300));
                i * i
            };
            process_in_order(
                &pool(threads),
                &items,
                work,
                |_, _| 0,
                |r| {
                    got.push(r);
                    Ok::<(), ()>(())
                },
            )
            .unwrap();
            assert_eq!(got, items.iter().map(|i| i * i).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_panic_costs_only_its_own_item() {
        let mut got = Vec::new();
        let work = |i: &i32| if *i == 3 { panic!("poison") } else { format!("{i}") };
        let on_panic = |_: &i32, message: String| message;
        process_in_order(&pool(2), &[1, 2, 3, 4], work, on_panic, |r| {
            got.push(r);
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!(got, ["1", "2", "poison", "4"]);
    }

    #[test]
    fn the_sink_can_stop_the_run() {
        let items: Vec<u32> = (0..100).collect();
        let result = process_in_order(&pool(2), &items, |i| *i, |_, _| 0, |r| if r == 5 { Err(r) } else { Ok(()) });
        assert_eq!(result, Err(5));
    }
}
