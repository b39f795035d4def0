//! A number that tells whether data are the same as before.

use xxhash_rust::xxh3::Xxh3;

use super::Dataset;

impl Dataset {
    /// XXH3 (64 bits) over shape, class names, and the labels and features of each part, lengths included.
    ///
    /// Equal for equal data whatever they were read from; notes do not count. A resumed sweep compares it to see
    /// that nobody has changed the files.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Xxh3::new();
        let number = |hash: &mut Xxh3, n: usize| hash.update(&(n as u64).to_le_bytes());
        let shape = self.shape;
        for n in [
            shape.height,
            shape.width,
            shape.channels,
            self.classes.len(),
        ] {
            number(&mut hash, n);
        }
        for class in &self.classes {
            number(&mut hash, class.len());
            hash.update(class.as_bytes());
        }
        for part in [&self.train, &self.validation, &self.test] {
            number(&mut hash, part.len());
            // Bytes as this processor keeps them: a record is resumed on the kind that wrote it.
            hash.update(bytemuck::cast_slice(&part.labels));
            hash.update(bytemuck::cast_slice(&part.features));
        }
        hash.digest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Samples, Shape};

    fn dataset() -> Dataset {
        let part = |x| Samples {
            features: vec![x, 2.0],
            labels: vec![0, 1],
        };
        Dataset {
            shape: Shape {
                height: 1,
                width: 1,
                channels: 1,
            },
            classes: vec!["no".into(), "yes".into()],
            train: part(1.0),
            validation: part(3.0),
            test: part(5.0),
            notes: Vec::new(),
        }
    }

    /// Applies a change and tells whether the fingerprint noticed.
    fn notices(change: impl FnOnce(&mut Dataset)) -> bool {
        let mut changed = dataset();
        change(&mut changed);
        changed.fingerprint() != dataset().fingerprint()
    }

    #[test]
    fn equal_data_have_equal_fingerprints() {
        assert!(!notices(|_| ()));
        assert!(!notices(|data| data
            .notes
            .push("read from elsewhere".into())));
    }

    #[test]
    fn every_change_is_noticed() {
        assert!(notices(|data| data.train.features[0] = 1.000_000_1));
        assert!(notices(|data| data.test.labels[0] = 1));
        assert!(notices(|data| std::mem::swap(
            &mut data.train,
            &mut data.validation
        )));
        assert!(notices(|data| data.classes[1] = "Yes".into()));
        assert!(notices(
            |data| data.classes = vec!["noy".into(), "es".into()]
        ));
        assert!(notices(|data| data.shape.width = 2));
        assert!(notices(|data| data.test = Samples::default()));
    }
}
