//! How an array's dimensions are samples, rows, columns and channels, and its values in that order.

use super::header::Header;
use crate::data::Shape;

/// Shapes that features may have.
pub(super) const ACCEPTED: &str = "(N, features), (N, height, width), (N, height, width, channels), or (N, channels, height, width) \
     with shape = [channels, height, width]";

/// Where the values of a sample are in a file: strides of its dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Shape of a sample.
    pub(super) shape: Shape,
    /// Sizes and strides of samples, rows, columns and channels.
    axes: [(usize, usize); 4],
    /// Whether the values are in this order already.
    in_order: bool,
}

impl Layout {
    /// The layout of an array of 2 to 4 dimensions, none of them 0; `given` = [channels, height, width] says which
    /// dimension is which, or makes images of rows that hold them plane by plane.
    ///
    /// `None` if the dimensions are not [`ACCEPTED`] or others than `given`.
    ///
    /// # Panics
    /// If there are more values than fit in memory.
    pub(super) fn of(header: &Header, given: Option<[usize; 3]>) -> Option<Self> {
        let sizes: Vec<usize> = header.shape.iter().map(|size| *size as usize).collect();
        let (&n, sample) = sizes.split_first()?;
        let strides = strides(&sizes, header.fortran_order);
        let stride = |dimension: usize| (sample[dimension], strides[dimension + 1]);
        let single = (1, 0);
        let [rows, columns, channels] = match (sample, given) {
            ([_], None) => [single, single, stride(0)],
            ([n_features], Some([channels, height, width])) => {
                let plane = height.checked_mul(width)?;
                if plane.checked_mul(channels)? != *n_features {
                    return None;
                }
                let (_, step) = stride(0);
                [
                    (height, width * step),
                    (width, step),
                    (channels, plane * step),
                ]
            }
            ([_, _], None) => [stride(0), stride(1), single],
            ([height, width], Some(given)) => {
                if given != [1, *height, *width] {
                    return None;
                }
                [stride(0), stride(1), single]
            }
            ([_, _, _], None) => [stride(0), stride(1), stride(2)],
            ([a, b, c], Some(given)) if given == [*c, *a, *b] => [stride(0), stride(1), stride(2)],
            ([a, b, c], Some(given)) if given == [*a, *b, *c] => [stride(1), stride(2), stride(0)],
            _ => return None,
        };
        let axes = [(n, strides[0]), rows, columns, channels];
        Some(Self {
            shape: Shape {
                height: rows.0,
                width: columns.0,
                channels: channels.0,
            },
            in_order: is_in_order(&axes),
            axes,
        })
    }

    /// Values in the order of the file, put in the order of samples, rows, columns and channels.
    pub(super) fn arranged<T: Copy>(&self, values: Vec<T>) -> Vec<T> {
        if self.in_order {
            return values;
        }
        let [samples, rows, columns, channels] = self.axes;
        let mut arranged = Vec::with_capacity(values.len());
        for sample in 0..samples.0 {
            for row in 0..rows.0 {
                for column in 0..columns.0 {
                    let start = sample * samples.1 + row * rows.1 + column * columns.1;
                    arranged.extend(
                        (0..channels.0).map(|channel| values[start + channel * channels.1]),
                    );
                }
            }
        }
        arranged
    }

    /// The sample that holds the value at this position of the file.
    pub(super) fn sample_of(&self, position: u64) -> u64 {
        let (n, stride) = self.axes[0];
        position / stride as u64 % n as u64
    }

    /// Whether the last dimension looks less like channels than the first: images plane by plane.
    pub(super) fn looks_like_planes(&self) -> bool {
        let Shape {
            height, channels, ..
        } = self.shape;
        matches!(height, 1 | 3) && channels > 4
    }
}

/// Values between neighbours along each dimension.
fn strides(sizes: &[usize], fortran_order: bool) -> Vec<usize> {
    let mut strides = vec![1; sizes.len()];
    if fortran_order {
        for dimension in 1..sizes.len() {
            strides[dimension] = strides[dimension - 1] * sizes[dimension - 1];
        }
    } else {
        for dimension in (1..sizes.len()).rev() {
            strides[dimension - 1] = strides[dimension] * sizes[dimension];
        }
    }
    strides
}

/// Whether the last axis varies fastest and the first slowest; axes of one place do not matter.
fn is_in_order(axes: &[(usize, usize)]) -> bool {
    let mut expected = 1;
    for (size, stride) in axes.iter().rev() {
        if *size > 1 && *stride != expected {
            return false;
        }
        expected *= size;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::npz::dtype::Dtype;

    fn layout(shape: &[u64], fortran_order: bool, given: Option<[usize; 3]>) -> Option<Layout> {
        let header = Header {
            dtype: Dtype::named("|u1").unwrap(),
            fortran_order,
            shape: shape.to_vec(),
        };
        Layout::of(&header, given)
    }

    /// Expects values 0, 1, 2, … of the file in this order, and samples of this height, width and channels.
    #[track_caller]
    fn check(
        shape: &[u64],
        fortran_order: bool,
        given: Option<[usize; 3]>,
        sample: [usize; 3],
        expected: &[u8],
    ) {
        let layout = layout(shape, fortran_order, given).unwrap();
        let found = layout.shape;
        assert_eq!([found.height, found.width, found.channels], sample);
        let values = (0..expected.len() as u8).collect();
        assert_eq!(layout.arranged(values), expected);
    }

    #[test]
    fn rows_images_and_planes_are_told_apart() {
        check(&[2, 3], false, None, [1, 1, 3], &[0, 1, 2, 3, 4, 5]);
        check(&[1, 2, 3], false, None, [2, 3, 1], &[0, 1, 2, 3, 4, 5]);
        check(&[1, 1, 3, 2], false, None, [1, 3, 2], &[0, 1, 2, 3, 4, 5]);
        let planes = Some([2, 1, 3]);
        check(&[1, 1, 3, 2], false, planes, [1, 3, 2], &[0, 1, 2, 3, 4, 5]);
        check(&[1, 2, 1, 3], false, planes, [1, 3, 2], &[0, 3, 1, 4, 2, 5]);
        check(&[1, 6], false, planes, [1, 3, 2], &[0, 3, 1, 4, 2, 5]);
        check(
            &[1, 2, 3],
            false,
            Some([1, 2, 3]),
            [2, 3, 1],
            &[0, 1, 2, 3, 4, 5],
        );
    }

    /// Expected by hand: the value of sample n, feature d is at n + N·d.
    #[test]
    fn the_order_of_fortran_is_turned_around() {
        check(&[2, 3], true, None, [1, 1, 3], &[0, 2, 4, 1, 3, 5]);
        check(&[1, 2, 3], true, None, [2, 3, 1], &[0, 2, 4, 1, 3, 5]);
        // Channel c, column w is at c + 2·w.
        check(
            &[1, 2, 1, 3],
            true,
            Some([2, 1, 3]),
            [1, 3, 2],
            &[0, 1, 2, 3, 4, 5],
        );
        check(
            &[2, 4],
            true,
            Some([2, 1, 2]),
            [1, 2, 2],
            &[0, 4, 2, 6, 1, 5, 3, 7],
        );
    }

    #[test]
    fn a_shape_that_is_not_the_arrays_fits_nothing() {
        assert_eq!(layout(&[5], false, None), None);
        assert_eq!(layout(&[], false, None), None);
        assert_eq!(layout(&[1, 2, 3, 4, 5], false, None), None);
        assert_eq!(layout(&[1, 7], false, Some([2, 1, 3])), None);
        assert_eq!(layout(&[1, 3, 2], false, Some([1, 2, 3])), None);
        assert_eq!(layout(&[1, 3, 4, 5], false, Some([4, 3, 5])), None);
        assert_eq!(layout(&[1, 7], false, Some([usize::MAX; 3])), None);
    }

    #[test]
    fn a_position_of_the_file_is_in_a_sample() {
        let c = layout(&[2, 3], false, None).unwrap();
        assert_eq!([0, 2, 3, 5].map(|at| c.sample_of(at)), [0, 0, 1, 1]);
        let fortran = layout(&[2, 3], true, None).unwrap();
        assert_eq!([0, 2, 3, 5].map(|at| fortran.sample_of(at)), [0, 0, 1, 1]);
    }
}
