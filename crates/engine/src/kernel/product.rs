//! The matrix product behind linear layers and convolutions: register tiles over strided operands.

use super::lanes::Lanes;
use super::real::Real;

/// C[m, n] = start + Σₛ Σₖ A[m, s, k] · B[s, k, n], then optionally max(0, ·).
///
/// A is read element by element (broadcast), so its rows and terms may lie at any two-level
/// strides: this makes a convolution over a padded image a plain product, without copying patches.
/// B and C have their columns side by side. The sum of one element runs over (s, k) in order,
/// whatever the other sizes are.
pub(crate) struct Product<'a, T> {
    /// Left operand.
    pub(super) a: &'a [T],
    /// Where the rows of A lie.
    pub(super) rows: Rows,
    /// Where the terms of the sum lie in A and B.
    pub(super) terms: Terms,
    /// Right operand; columns are adjacent.
    pub(super) b: &'a [T],
    /// Columns of B and C.
    pub(super) n_columns: usize,
    /// Result (rows at `c_stride`).
    pub(super) c: &'a mut [T],
    /// Elements from one row of C to the next.
    pub(super) c_stride: usize,
    /// What the sum starts from.
    pub(super) start: Start<'a, T>,
    /// Whether negative results become 0.
    pub(super) relu: bool,
}

/// Row m of A starts at (m / group) · outer + (m mod group) · inner.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) n: usize,
    pub(super) group: usize,
    pub(super) outer: usize,
    pub(super) inner: usize,
}

/// Term (s, k) lies s · a_outer + k · a_inner after its row's start in A, and its row of B starts
/// at s · b_outer + k · b_inner.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) n_outer: usize,
    pub(super) n_inner: usize,
    pub(super) a_outer: usize,
    pub(super) a_inner: usize,
    pub(super) b_outer: usize,
    pub(super) b_inner: usize,
}

/// What the sums of a product start from.
#[derive(Clone, Copy)]
pub(super) enum Start<'a, T> {
    /// 0.
    Zero,
    /// One value per column.
    Bias(&'a [T]),
    /// What C holds.
    Add,
}

impl Rows {
    /// `n` rows at one stride.
    pub(super) fn strided(n: usize, stride: usize) -> Self {
        Self {
            n,
            group: n.max(1),
            outer: 0,
            inner: stride,
        }
    }

    fn last(self) -> usize {
        let full = (self.n - 1) / self.group * self.outer;
        full + (self.n.min(self.group) - 1) * self.inner
    }

    /// Offsets of `R` rows from `first` on; one division for all of them, which counts where sums
    /// are short.
    #[inline(always)]
    fn offsets<const R: usize>(self, first: usize) -> [usize; R] {
        let (mut group, mut within) = if first < self.group {
            (0, first)
        } else {
            (first / self.group, first % self.group)
        };
        let mut offsets = [group * self.outer + within * self.inner; R];
        if within + R <= self.group {
            // Known at once; below each waits for the last.
            for (row, offset) in offsets.iter_mut().enumerate() {
                *offset += row * self.inner;
            }
            return offsets;
        }
        for offset in &mut offsets {
            *offset = group * self.outer + within * self.inner;
            within += 1;
            if within == self.group {
                within = 0;
                group += 1;
            }
        }
        offsets
    }
}

impl Terms {
    /// `n` terms at one stride in each operand.
    pub(super) fn strided(n: usize, a: usize, b: usize) -> Self {
        Self {
            n_outer: 1,
            n_inner: n,
            a_outer: 0,
            a_inner: a,
            b_outer: 0,
            b_inner: b,
        }
    }
}

/// Long sums are cut so that the part of B in use stays in the first-level cache.
const TERMS_PER_PASS: usize = 256;

impl<T: Real> Product<'_, T> {
    /// Computes the product.
    ///
    /// # Panics
    /// If an operand is shorter than its sizes and strides say.
    #[inline(always)]
    pub(super) fn run<L: Lanes<Element = T>>(self) {
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set.
        unsafe { L::product(self) }
    }

    /// The body of [`Lanes::product`], compiled once for each type of vector.
    #[inline(always)]
    pub(super) fn run_inlined<L: Lanes<Element = T>>(mut self) {
        if self.rows.n == 0 || self.n_columns == 0 {
            return;
        }
        self.assert_shapes();
        let terms = self.terms;
        let per_pass = if terms.n_outer == 1 {
            TERMS_PER_PASS
        } else {
            terms.n_inner
        };
        let mut first = 0;
        loop {
            let n_inner = per_pass.min(terms.n_inner - first);
            let start = if first == 0 { self.start } else { Start::Add };
            let last = first + n_inner == terms.n_inner;
            // SAFETY: the shapes were asserted, and first + n_inner does not pass the end of the
            // asserted terms; `Lanes::product`'s caller vouches for the instruction set.
            unsafe { self.pass::<L>(first, Terms { n_inner, ..terms }, start, self.relu && last) };
            first += n_inner;
            if last {
                break;
            }
        }
    }

    #[inline(always)]
    fn assert_shapes(&self) {
        let Terms {
            n_outer,
            n_inner,
            a_outer,
            a_inner,
            b_outer,
            b_inner,
        } = self.terms;
        if n_outer > 0 && n_inner > 0 {
            let last_a = self.rows.last() + (n_outer - 1) * a_outer + (n_inner - 1) * a_inner;
            assert!(
                last_a < self.a.len(),
                "left operand has {} elements, {last_a} is read",
                self.a.len()
            );
            let last_b = (n_outer - 1) * b_outer + (n_inner - 1) * b_inner + self.n_columns - 1;
            assert!(
                last_b < self.b.len(),
                "right operand has {} elements, {last_b} is read",
                self.b.len()
            );
        }
        let last_c = (self.rows.n - 1) * self.c_stride + self.n_columns - 1;
        assert!(
            last_c < self.c.len(),
            "result has {} elements, {last_c} is written",
            self.c.len()
        );
        assert!(
            self.rows.n == 1 || self.c_stride >= self.n_columns,
            "rows of the result overlap"
        );
        if let Start::Bias(bias) = self.start {
            assert!(
                bias.len() >= self.n_columns,
                "bias has {} of {} values",
                bias.len(),
                self.n_columns
            );
        }
    }

    /// One pass over the whole result with the terms from `first` on.
    ///
    /// # Safety
    /// `assert_shapes` holds for the product, and `terms` from `first` on lie within its terms.
    #[inline(always)]
    unsafe fn pass<L: Lanes<Element = T>>(
        &mut self,
        first: usize,
        terms: Terms,
        start: Start<'_, T>,
        relu: bool,
    ) {
        let widest = L::TILE_ROWS.iter().filter(|rows| **rows > 0).count();
        let mut column = 0;
        while column < self.n_columns {
            let left = self.n_columns - column;
            let n_vectors = tile_vectors(left.div_ceil(L::WIDTH), widest);
            let n_columns = left.min(n_vectors * L::WIDTH);
            let mask = L::mask(n_columns - (n_vectors - 1) * L::WIDTH);
            let most_rows = L::TILE_ROWS[n_vectors - 1];
            let n_tiles = self.rows.n.div_ceil(most_rows);
            let mut row = 0;
            for tile_idx in 0..n_tiles {
                // Rows are dealt evenly: a last tile of one row would wait for its own additions.
                let n_rows = (self.rows.n - row).div_ceil(n_tiles - tile_idx);
                // SAFETY: row and column lie within C, so the elements of the tile are covered by
                // the asserted shapes; a pointer is read and written only where the mask allows.
                unsafe {
                    let c = self.c.as_mut_ptr().add(row * self.c_stride + column);
                    let (start, start_stride) = match start {
                        Start::Zero => (std::ptr::null(), 0),
                        Start::Bias(bias) => (bias.as_ptr().add(column), 0),
                        Start::Add => (c.cast_const(), self.c_stride),
                    };
                    let tile = Tile {
                        a: self.a.as_ptr().add(first * terms.a_inner),
                        rows: self.rows,
                        first_row: row,
                        terms,
                        b: self.b.as_ptr().add(first * terms.b_inner + column),
                        c,
                        c_stride: self.c_stride,
                        start,
                        start_stride,
                        relu,
                    };
                    tile.run_sized::<L>(n_rows, n_vectors, mask);
                }
                row += n_rows;
            }
            column += n_columns;
        }
    }
}

/// Vectors of the next tile where `left` remain: the widest, but never leaving a single one after a
/// wide tile.
#[inline(always)]
fn tile_vectors(left: usize, widest: usize) -> usize {
    if left <= widest {
        left
    } else if left == widest + 1 && widest > 2 {
        widest - 1
    } else {
        widest
    }
}

struct Tile<T> {
    a: *const T,
    rows: Rows,
    first_row: usize,
    terms: Terms,
    b: *const T,
    c: *mut T,
    c_stride: usize,
    start: *const T,
    start_stride: usize,
    relu: bool,
}

impl<T: Real> Tile<T> {
    /// # Safety
    /// All elements of an `n_rows` × `n_vectors` tile, the last vector masked, lie within the
    /// operands.
    #[inline(always)]
    unsafe fn run_sized<L: Lanes<Element = T>>(
        &self,
        n_rows: usize,
        n_vectors: usize,
        mask: L::Mask,
    ) {
        macro_rules! by_rows {
            ($vectors:literal: $($rows:literal)*) => {
                match n_rows {
                    // Tiles that the registers do not hold are not compiled.
                    $($rows if $rows <= L::TILE_ROWS[$vectors - 1] => {
                        // SAFETY: the caller's.
                        unsafe { self.run::<L, $rows, $vectors>(mask) }
                    })*
                    _ => unreachable!("a tile has at most {} rows", L::TILE_ROWS[$vectors - 1]),
                }
            };
        }
        match n_vectors {
            1 => by_rows!(1: 1 2 3 4 5 6 7 8 9),
            2 => by_rows!(2: 1 2 3 4 5 6 7 8),
            3 => by_rows!(3: 1 2 3 4 5 6 7 8),
            _ => by_rows!(4: 1 2 3 4 5 6),
        }
    }

    /// # Safety
    /// As `run_sized`.
    #[expect(
        clippy::needless_range_loop,
        reason = "constant ranges are what becomes registers"
    )]
    #[inline(always)]
    unsafe fn run<L: Lanes<Element = T>, const R: usize, const V: usize>(&self, mask: L::Mask) {
        let Terms {
            n_outer,
            n_inner,
            a_outer,
            a_inner,
            b_outer,
            b_inner,
        } = self.terms;
        // SAFETY: the caller vouches for every element that is touched below.
        unsafe {
            let rows: [*const T; R] = self
                .rows
                .offsets(self.first_row)
                .map(|offset| self.a.add(offset));
            let mut sums = [[L::zero(); V]; R];
            if !self.start.is_null() {
                for (row, sums) in sums.iter_mut().enumerate() {
                    let start = self.start.add(row * self.start_stride);
                    for v in 0..V - 1 {
                        sums[v] = L::load(start.add(v * L::WIDTH));
                    }
                    sums[V - 1] = L::load_masked(start.add((V - 1) * L::WIDTH), mask);
                }
            }
            for outer in 0..n_outer {
                let mut b = self.b.add(outer * b_outer);
                let mut at = outer * a_outer;
                for _ in 0..n_inner {
                    let mut right = [L::zero(); V];
                    for v in 0..V - 1 {
                        right[v] = L::load(b.add(v * L::WIDTH));
                    }
                    right[V - 1] = L::load_masked(b.add((V - 1) * L::WIDTH), mask);
                    for row in 0..R {
                        let left = L::splat(*rows[row].add(at));
                        for v in 0..V {
                            sums[row][v] = left.mul_add(right[v], sums[row][v]);
                        }
                    }
                    // Wrapping: after the last term these may lie past the operand's end, where
                    // they are not read.
                    b = b.wrapping_add(b_inner);
                    at += a_inner;
                }
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let c = self.c.add(row * self.c_stride);
                if self.relu {
                    for sum in sums.iter_mut() {
                        *sum = sum.relu();
                    }
                }
                for v in 0..V - 1 {
                    sums[v].store(c.add(v * L::WIDTH));
                }
                sums[V - 1].store_masked(c.add((V - 1) * L::WIDTH), mask);
            }
        }
    }
}
