//! Numbers under a name.

use bytemuck::Pod;

use super::error::Unusable;

/// A tensor, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) dims: Vec<usize>,
    pub(super) values: Values,
}

/// Numbers of either precision.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Values {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Little endian, as the machines are that this runs on.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::F32(values) => bytemuck::cast_slice(values),
            Self::F64(values) => bytemuck::cast_slice(values),
        }
    }

    /// Numbers of single precision from their bytes, wherever these lie.
    pub(super) fn f32s(bytes: &[u8]) -> Self {
        let (values, _) = bytes.as_chunks::<4>();
        Self::F32(
            values
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect(),
        )
    }

    /// Numbers of double precision from their bytes, wherever these lie.
    pub(super) fn f64s(bytes: &[u8]) -> Self {
        let (values, _) = bytes.as_chunks::<8>();
        Self::F64(
            values
                .iter()
                .map(|bytes| f64::from_le_bytes(*bytes))
                .collect(),
        )
    }

    pub(super) fn are_finite(&self) -> bool {
        match self {
            Self::F32(values) => values.iter().all(|value| value.is_finite()),
            Self::F64(values) => values.iter().all(|value| value.is_finite()),
        }
    }

    /// The nearest numbers of single precision.
    pub(super) fn in_single_precision(&self) -> Self {
        match self {
            Self::F32(values) => Self::F32(values.clone()),
            Self::F64(values) => Self::F32(values.iter().map(|value| *value as f32).collect()),
        }
    }

    /// Copies numbers of one type to their place in a network.
    pub(super) fn copy_to<T: Pod>(&self, to: &mut [T]) -> Result<(), Unusable> {
        let bytes = self.bytes();
        let into: &mut [u8] = bytemuck::cast_slice_mut(to);
        if bytes.len() != into.len() {
            return Err(Unusable::damaged(&"a tensor has another precision"));
        }
        into.copy_from_slice(bytes);
        Ok(())
    }

    /// The same numbers, with the axes of `dims` in another order.
    pub(super) fn transposed(&self, dims: &[usize], order: &[usize]) -> Self {
        match self {
            Self::F32(values) => Self::F32(transposed(values, dims, order)),
            Self::F64(values) => Self::F64(transposed(values, dims, order)),
        }
    }
}

/// y\[j₀, j₁, …\] = x\[i\] where axis k of y is axis `order[k]` of x.
fn transposed<T: Pod>(x: &[T], dims: &[usize], order: &[usize]) -> Vec<T> {
    let mut strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis];
    }
    let mut y = Vec::with_capacity(x.len());
    let mut place = vec![0; dims.len()];
    for _ in 0..x.len() {
        let from: usize = (place.iter().zip(order))
            .map(|(at, axis)| at * strides[*axis])
            .sum();
        y.push(x[from]);
        for (at, axis) in place.iter_mut().zip(order).rev() {
            *at += 1;
            if *at < dims[*axis] {
                break;
            }
            *at = 0;
        }
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_put_in_another_order_and_back() {
        // (2, 3) → (3, 2).
        let x = Values::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let y = x.transposed(&[2, 3], &[1, 0]);
        assert_eq!(y, Values::F32(vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
        assert_eq!(y.transposed(&[3, 2], &[1, 0]), x);
        // Pixels (row, column, channel) of a 1 × 2 image with 3 channels, to planes.
        let planes = x.transposed(&[1, 2, 3], &[2, 0, 1]);
        assert_eq!(planes, Values::F32(vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
    }
}
