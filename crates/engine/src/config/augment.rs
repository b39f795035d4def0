//! The keys of `[data]` that vary training images.

/// How training images are varied, anew in each epoch; the default leaves them as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Augment {
    /// Whether an image is mirrored, left to right, in half of the epochs.
    pub flip: bool,
    /// Pixels by which an image is moved at most, up or down and left or right; zeros come in.
    pub shift: usize,
    /// Pixels by which an image is padded, by reflection, before one of its size is cut out.
    pub crop: usize,
    /// Largest distance from 1 of the factors on brightness and contrast, 0..=1.
    pub jitter: f64,
    /// Side in pixels of the square that is set to 0.
    pub cutout: usize,
}

impl Augment {
    /// The first key that varies images; none if none does.
    pub fn first_key(&self) -> Option<&'static str> {
        let keys = [
            ("flip", self.flip),
            ("shift", self.shift > 0),
            ("crop", self.crop > 0),
            ("jitter", self.jitter > 0.0),
            ("cutout", self.cutout > 0),
        ];
        keys.into_iter().find(|(_, on)| *on).map(|(key, _)| key)
    }
}
