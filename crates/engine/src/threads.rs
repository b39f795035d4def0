//! The threads of one training, and how its work is cut for them.
//!
//! A batch is cut into pieces by its size alone, and what pieces add up is added in their order: the
//! numbers are the same bits for any number of threads, one included. With one thread there is no
//! pool, no work leaves the calling thread, and nothing is allocated; a pool allocates a little each
//! time that work is handed out.

use std::num::NonZero;
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};
use thiserror::Error;

/// Most threads that one training takes.
pub const MAX_THREADS: usize = 1024;

/// Why a training cannot have its threads.
#[derive(Debug, Error)]
pub enum ThreadsError {
    /// Nobody has so many cores.
    #[error("{n} threads are too many; 1 to {MAX_THREADS} are accepted")]
    TooMany {
        /// Threads asked for.
        n: usize,
    },
    /// The system declined.
    #[error("the system does not start {n} threads ({source}); ask for fewer")]
    NotStarted {
        /// Threads asked for.
        n: usize,
        /// What the system said.
        source: rayon::ThreadPoolBuildError,
    },
}

/// The threads of one training.
#[derive(Debug, Clone, Default)]
pub(crate) struct Threads {
    /// `None` for the calling thread alone.
    pool: Option<Arc<ThreadPool>>,
    /// Work of fewer operations stays on the calling thread.
    worth: usize,
}

/// The calling thread alone.
static ALONE: Threads = Threads {
    pool: None,
    worth: 0,
};

/// Operations from which on work is done sooner by several threads: some 40 µs of one core, as waking
/// another takes about ten.
const WORTH_SHARING: usize = 8_000_000;

/// Scratch that one layer may take for all its threads.
const SCRATCH_BYTES: usize = 256 << 20;

impl Threads {
    /// As many threads, the calling one not counted if they are several: it waits for them.
    ///
    /// # Errors
    /// See [`ThreadsError`].
    pub(crate) fn new(n: NonZero<usize>) -> Result<Self, ThreadsError> {
        let n = n.get();
        if n == 1 {
            return Ok(Self::default());
        }
        if n > MAX_THREADS {
            return Err(ThreadsError::TooMany { n });
        }
        let builder = ThreadPoolBuilder::new()
            .num_threads(n)
            .thread_name(|idx| format!("training-{idx}"));
        match builder.build() {
            Ok(pool) => Ok(Self {
                pool: Some(Arc::new(pool)),
                worth: WORTH_SHARING,
            }),
            Err(source) => Err(ThreadsError::NotStarted { n, source }),
        }
    }

    /// As [`Threads::new`], for tests: shares the least work too.
    #[cfg(test)]
    pub(crate) fn eager(n: usize) -> Self {
        let n = NonZero::new(n).expect("a test has a thread");
        Self {
            worth: 0,
            ..Self::new(n).expect("a test has few threads")
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.pool
            .as_ref()
            .map_or(1, |pool| pool.current_num_threads())
    }

    /// Those for work of about so many operations: all of them, or the calling one alone where the
    /// others would come too late.
    pub(crate) fn worth(&self, n_operations: usize) -> &Self {
        if n_operations < self.worth {
            &ALONE
        } else {
            self
        }
    }

    /// Pieces of scratch, of so many bytes each, that keep all threads busy with `n_pieces` pieces of
    /// work.
    pub(crate) fn n_scratch(&self, n_pieces: usize, bytes: usize) -> usize {
        if self.pool.is_none() {
            return 1;
        }
        // Two each, so that a late thread keeps nobody waiting.
        let most = n_pieces.min(2 * self.count());
        (SCRATCH_BYTES / bytes.max(1)).clamp(1, most.max(1))
    }

    /// Does all of it on one of the threads, from which handing out work to the others is cheapest.
    pub(crate) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            None => work(),
            Some(pool) => pool.install(work),
        }
    }

    /// Does the work of each piece, in any order.
    pub(crate) fn each<P: Send>(&self, pieces: impl Iterator<Item = P>, work: impl Fn(P) + Sync) {
        let Some(pool) = &self.pool else {
            pieces.for_each(work);
            return;
        };
        let work = &work;
        pool.in_place_scope(|scope| {
            for piece in pieces {
                scope.spawn(move |_| work(piece));
            }
        });
    }

    /// As [`Threads::each`], with scratch that a piece has for itself while it is worked on.
    pub(crate) fn each_with<S: Send, P: Send>(
        &self,
        scratch: &mut [S],
        pieces: impl Iterator<Item = P>,
        work: impl Fn(&mut S, P) + Sync,
    ) {
        self.in_order(scratch, pieces, work, |_| {});
    }

    /// As [`Threads::each_with`]; `merge` takes what each piece left in its scratch, in the order of
    /// the pieces.
    ///
    /// As many pieces are worked on at a time as there is scratch.
    pub(crate) fn in_order<S: Send, P: Send>(
        &self,
        scratch: &mut [S],
        mut pieces: impl Iterator<Item = P>,
        work: impl Fn(&mut S, P) + Sync,
        mut merge: impl FnMut(&mut S),
    ) {
        let pool = match &self.pool {
            Some(pool) if scratch.len() > 1 => pool,
            _ => {
                let scratch = scratch.first_mut().expect("a layer has scratch");
                for piece in pieces {
                    work(scratch, piece);
                    merge(scratch);
                }
                return;
            }
        };
        let work = &work;
        loop {
            let mut n = 0;
            pool.in_place_scope(|scope| {
                for (scratch, piece) in scratch.iter_mut().zip(pieces.by_ref()) {
                    n += 1;
                    scope.spawn(move |_| work(scratch, piece));
                }
            });
            scratch[..n].iter_mut().for_each(&mut merge);
            if n < scratch.len() {
                break;
            }
        }
    }
}

/// Samples that are summed up together, at least: fewer would make adding their sums dear.
const FEWEST_SAMPLES: usize = 8;
/// Pieces of a batch, at most.
const MOST_PIECES: usize = 16;

/// Pieces that a batch of `n` is cut into.
pub(crate) fn n_pieces(n: usize) -> usize {
    n.div_ceil(FEWEST_SAMPLES).clamp(1, MOST_PIECES)
}

/// Consecutive samples of a batch of `n` whose sums are one piece of the batch's sums.
pub(crate) fn samples_per_piece(n: usize) -> usize {
    n.div_ceil(n_pieces(n)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(n: usize) -> Threads {
        Threads::new(NonZero::new(n).unwrap()).unwrap()
    }

    #[track_caller]
    fn check_pieces(n: usize, pieces: usize, samples: usize) {
        assert_eq!((n_pieces(n), samples_per_piece(n)), (pieces, samples));
    }

    #[test]
    fn a_batch_is_cut_by_its_size_alone() {
        check_pieces(0, 1, 1);
        check_pieces(1, 1, 1);
        check_pieces(8, 1, 8);
        check_pieces(9, 2, 5);
        check_pieces(50, 7, 8);
        check_pieces(64, 8, 8);
        check_pieces(128, 16, 8);
        check_pieces(1000, 16, 63);
    }

    #[test]
    fn what_pieces_add_up_is_taken_in_their_order() {
        for n in [1, 2, 3, 8] {
            for n_scratch in [1, 2, 5] {
                let mut taken = Vec::new();
                threads(n).in_order(
                    &mut vec![0; n_scratch],
                    0..11,
                    |scratch, piece| *scratch = piece * piece,
                    |scratch| taken.push(*scratch),
                );
                let squares: Vec<i32> = (0..11).map(|piece| piece * piece).collect();
                assert_eq!(taken, squares, "{n} threads, {n_scratch} pieces of scratch");
            }
        }
    }

    #[test]
    fn every_piece_is_worked_on_once() {
        for n in [1, 2, 8] {
            let mut values = [0; 37];
            let threads = threads(n);
            threads.run(|| {
                threads.each(values.chunks_mut(5).enumerate(), |(idx, piece)| {
                    for value in piece {
                        *value += idx;
                    }
                });
            });
            let expected: Vec<usize> = (0..37).map(|idx| idx / 5).collect();
            assert_eq!(values.as_slice(), expected);
        }
    }

    #[test]
    fn little_work_stays_on_the_calling_thread() {
        let several = threads(2);
        assert_eq!(several.worth(WORTH_SHARING - 1).count(), 1);
        assert_eq!(several.worth(WORTH_SHARING).count(), 2);
    }

    #[test]
    fn scratch_is_bounded_by_threads_pieces_and_memory() {
        assert_eq!(Threads::default().n_scratch(8, 1), 1);
        assert_eq!(threads(2).n_scratch(8, 1), 4);
        assert_eq!(threads(2).n_scratch(3, 1), 3);
        assert_eq!(threads(2).n_scratch(8, SCRATCH_BYTES / 3), 3);
        assert_eq!(threads(2).n_scratch(8, usize::MAX), 1);
    }

    #[test]
    fn too_many_threads_are_refused() {
        let error = Threads::new(NonZero::new(5000).unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "5000 threads are too many; 1 to 1024 are accepted"
        );
    }
}
