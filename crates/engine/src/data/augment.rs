//! Variation of training images: each epoch sees each of them a little differently.
//!
//! Images are varied as they are loaded, one at a time, after preprocessing; the data set is neither changed nor
//! copied.

use thiserror::Error;

use super::{Dataset, Shape};
use crate::config::Augment;
use crate::seed::{Purpose, Stream};

/// Varies training images, in this order:
///
/// - `jitter`: x′ = m + c·(b·x̃ − m), with x̃ the values counted from what black (a raw 0) has become, m the mean
///   of b·x̃, b (brightness) and c (contrast) uniform in [1 − s, 1 + s). Then x′ is counted from 0 again.
/// - `flip`: left and right change places, with probability ½.
/// - `crop`: padded by n pixels on each side, by reflection about the edge pixels, and cut out at random.
/// - `shift`: moved by −n..=n rows and columns; zeros come in.
/// - `cutout`: a square of n × n pixels anywhere within the image is 0, in all channels.
///
/// An image is a function of (trial's seed, epoch, sample), whatever the batches and the epochs before: a training
/// that is continued sees what an uninterrupted one would. The numbers of one setting do not depend on the others.
///
/// Source: A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet Classification with Deep Convolutional Neural Networks",
/// 2012, section 4.1; T. DeVries, G. Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout",
/// 2017.
#[derive(Debug)]
pub(crate) struct Augmenter {
    settings: Augment,
    shape: Shape,
    seed: u32,
    /// What a black image has become by preprocessing (height, width, channels).
    black: Vec<f32>,
    /// The varied image (height, width, channels).
    image: Vec<f32>,
}

/// Why training images cannot be varied as the configuration says; [`AugmentError::key`] names the key to change.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AugmentError {
    /// The samples are no images.
    #[error(
        "{key} varies images, and the samples are rows of {n_features} features; leave it out, or give the columns a shape"
    )]
    NoImages {
        /// The key.
        key: &'static str,
        /// Features of a sample.
        n_features: usize,
    },
    /// The images are too small.
    #[error(
        "{key} = {found} is too much for images of {height} × {width} pixels; accepted: 0 to {accepted}"
    )]
    TooMuch {
        /// The key.
        key: &'static str,
        /// Its value.
        found: usize,
        /// The largest value accepted.
        accepted: usize,
        /// Rows of an image.
        height: usize,
        /// Columns of an image.
        width: usize,
    },
}

impl AugmentError {
    /// The key of `[data]` to change.
    pub fn key(&self) -> &'static str {
        match self {
            Self::NoImages { key, .. } | Self::TooMuch { key, .. } => key,
        }
    }
}

/// What is drawn for an image.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Draw {
    flip: bool,
    /// Rows and columns, −n..=n, from which the cut-out lies off the middle of the padded image.
    crop: [isize; 2],
    /// Rows down and columns to the right, −n..=n.
    shift: [isize; 2],
    brightness: f64,
    contrast: f64,
    /// First row and column of the square.
    cutout: [usize; 2],
}

impl Augmenter {
    /// Prepares the variation of a data set's training images; none where none is asked for.
    ///
    /// - `seed`: the trial's.
    ///
    /// # Errors
    /// See [`AugmentError`].
    pub(crate) fn new(
        settings: Augment,
        dataset: &Dataset,
        seed: u32,
    ) -> Result<Option<Self>, AugmentError> {
        let Some(key) = settings.first_key() else {
            return Ok(None);
        };
        let shape = dataset.shape;
        let Shape { height, width, .. } = shape;
        if height * width == 1 {
            return Err(AugmentError::NoImages {
                key,
                n_features: shape.len(),
            });
        }
        let shorter = height.min(width);
        for (key, found, accepted) in [
            // At least one row and column of the image stay.
            ("shift", settings.shift, shorter - 1),
            // The reflection goes as far as the opposite edge.
            ("crop", settings.crop, shorter - 1),
            ("cutout", settings.cutout, shorter),
        ] {
            if found > accepted {
                return Err(AugmentError::TooMuch {
                    key,
                    found,
                    accepted,
                    height,
                    width,
                });
            }
        }
        Ok(Some(Self {
            settings,
            shape,
            seed,
            black: dataset.preprocessing.apply(&vec![0.0; shape.len()]),
            image: vec![0.0; shape.len()],
        }))
    }

    /// A training sample as an epoch sees it.
    ///
    /// - `sample`: its place in the training part.
    /// - `features`: what it is in the data set (height, width, channels).
    pub(crate) fn augmented(&mut self, epoch: u32, sample: u32, features: &[f32]) -> &[f32] {
        let draw = self.draw(epoch, sample);
        self.vary(&draw, features);
        &self.image
    }

    fn vary(&mut self, draw: &Draw, features: &[f32]) {
        let light = self.light(draw, features);
        let Shape {
            height,
            width,
            channels,
        } = self.shape;
        for row in 0..height {
            let from_row = source(row, draw.shift[0], draw.crop[0], height);
            for column in 0..width {
                let pixel = &mut self.image[(row * width + column) * channels..][..channels];
                let from_column = source(column, draw.shift[1], draw.crop[1], width);
                let (Some(from_row), Some(from_column)) = (from_row, from_column) else {
                    pixel.fill(0.0);
                    continue;
                };
                let from_column = if draw.flip {
                    width - 1 - from_column
                } else {
                    from_column
                };
                let from = (from_row * width + from_column) * channels;
                let values = &features[from..][..channels];
                match light {
                    None => pixel.copy_from_slice(values),
                    Some(light) => {
                        let blacks = &self.black[from..][..channels];
                        for ((x, value), black) in pixel.iter_mut().zip(values).zip(blacks) {
                            *x = light.of(*value, *black);
                        }
                    }
                }
            }
        }
        self.cut_out(draw.cutout);
    }

    /// Always draws everything, so that a setting does not change what is drawn for another.
    fn draw(&self, epoch: u32, sample: u32) -> Draw {
        let number = u64::from(epoch) << 32 | u64::from(sample);
        let mut stream = Stream::numbered(self.seed, Purpose::Augment, number);
        let Augment {
            shift,
            crop,
            jitter,
            cutout,
            ..
        } = self.settings;
        let mut place = |n: usize| stream.below(n as u64) as usize;
        let flip = place(2) == 1 && self.settings.flip;
        let mut offset = |n: usize| place(2 * n + 1) as isize - n as isize;
        let crop = [offset(crop), offset(crop)];
        let shift = [offset(shift), offset(shift)];
        let cutout = [
            place(self.shape.height - cutout + 1),
            place(self.shape.width - cutout + 1),
        ];
        let mut factor = || 1.0 + jitter * (2.0 * stream.uniform() - 1.0);
        Draw {
            flip,
            crop,
            shift,
            brightness: factor(),
            contrast: factor(),
            cutout,
        }
    }

    /// What `jitter` does to the values of a sample; none where it does nothing.
    fn light(&self, draw: &Draw, features: &[f32]) -> Option<Light> {
        if self.settings.jitter == 0.0 {
            return None;
        }
        let mut sum = 0.0;
        for (value, black) in features.iter().zip(&self.black) {
            sum += f64::from(*value) - f64::from(*black);
        }
        Some(Light {
            brightness: draw.brightness,
            contrast: draw.contrast,
            mean: draw.brightness * sum / features.len() as f64,
        })
    }

    fn cut_out(&mut self, [top, left]: [usize; 2]) {
        let (side, channels) = (self.settings.cutout, self.shape.channels);
        for row in top..top + side {
            let first = (row * self.shape.width + left) * channels;
            self.image[first..][..side * channels].fill(0.0);
        }
    }
}

/// Brightness and contrast of one image.
#[derive(Debug, Clone, Copy)]
struct Light {
    brightness: f64,
    contrast: f64,
    /// Mean of the image, counted from black, at this brightness.
    mean: f64,
}

impl Light {
    /// A value of the image in this light; `black` is what it would be in none.
    fn of(self, value: f32, black: f32) -> f32 {
        let bright = self.brightness * (f64::from(value) - f64::from(black));
        let seen = self.mean + self.contrast * (bright - self.mean);
        // As preprocessed values, these too stay finite.
        (f64::from(black) + seen).clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
    }
}

/// The row (or column) of the image, of `n`, that row `place` of the varied one comes from; none where a shift has
/// moved nothing there.
fn source(place: usize, shift: isize, crop: isize, n: usize) -> Option<usize> {
    let before_shift = place.checked_add_signed(-shift).filter(|row| *row < n)?;
    Some(reflected(before_shift as isize + crop, n))
}

/// A place up to n − 1 outside 0..n, reflected about the edge: −1 is 1, n is n − 2.
fn reflected(place: isize, n: usize) -> usize {
    let last = n as isize - 1;
    let inside = if place < 0 {
        -place
    } else if place > last {
        2 * last - place
    } else {
        place
    };
    inside as usize
}

#[cfg(test)]
mod tests;
