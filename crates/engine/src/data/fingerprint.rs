//! A number that tells whether data are the same as before.

use xxhash_rust::xxh3::Xxh3;

use super::{Dataset, Targets, Task};

impl Dataset {
    /// XXH3 (64 bits) over shape, class names or the number's unit, and the targets and features of each part,
    /// lengths included.
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
            self.task.classes().map_or(0, <[String]>::len),
        ] {
            number(&mut hash, n);
        }
        match &self.task {
            Task::Classification { classes } => {
                for class in classes {
                    number(&mut hash, class.len());
                    hash.update(class.as_bytes());
                }
            }
            Task::Regression { scale } => {
                hash.update(&scale.mean.to_le_bytes());
                hash.update(&scale.deviation.to_le_bytes());
            }
        }
        for part in [&self.train, &self.validation, &self.test] {
            number(&mut hash, part.len());
            // Bytes as this processor keeps them: a record is resumed on the kind that wrote it.
            hash.update(match &part.targets {
                Targets::Labels(labels) => bytemuck::cast_slice(labels),
                Targets::Values(values) => bytemuck::cast_slice(values),
            });
            hash.update(bytemuck::cast_slice(&part.features));
        }
        hash.digest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Preprocessing, Samples, Shape, TargetScale};

    fn classes(names: [&str; 2]) -> Task {
        Task::Classification {
            classes: names.map(str::to_owned).to_vec(),
        }
    }

    fn numbers(mean: f64, values: [f32; 2]) -> Dataset {
        let deviation = 1.0;
        Dataset {
            columns: None,
            task: Task::Regression {
                scale: TargetScale { mean, deviation },
            },
            train: Samples {
                features: vec![1.0, 2.0],
                targets: Targets::Values(values.to_vec()),
            },
            validation: Samples::default(),
            test: Samples::default(),
            ..dataset()
        }
    }

    fn dataset() -> Dataset {
        let part = |x| Samples {
            features: vec![x, 2.0],
            targets: Targets::Labels(vec![0, 1]),
        };
        Dataset {
            columns: None,
            shape: Shape {
                height: 1,
                width: 1,
                channels: 1,
            },
            task: classes(["no", "yes"]),
            train: part(1.0),
            validation: part(3.0),
            test: part(5.0),
            preprocessing: Preprocessing::default(),
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
        assert!(notices(
            |data| data.test.targets = Targets::Labels(vec![1, 1])
        ));
        assert!(notices(|data| std::mem::swap(
            &mut data.train,
            &mut data.validation
        )));
        assert!(notices(|data| data.task = classes(["no", "Yes"])));
        assert!(notices(|data| data.task = classes(["noy", "es"])));
        assert!(notices(|data| data.shape.width = 2));
        assert!(notices(|data| data.test = Samples::default()));
    }

    #[test]
    fn numbers_and_their_unit_count() {
        let of = |mean, values| numbers(mean, values).fingerprint();
        assert_eq!(of(1.0, [-1.0, 1.0]), of(1.0, [-1.0, 1.0]));
        assert_ne!(of(1.0, [-1.0, 1.0]), of(2.0, [-1.0, 1.0]));
        assert_ne!(of(1.0, [-1.0, 1.0]), of(1.0, [1.0, -1.0]));
    }
}
