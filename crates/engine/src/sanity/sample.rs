//! The few samples that a check looks at.

use crate::data::{Dataset, Samples};
use crate::seed::{Purpose, Stream};

/// `n` training samples in an order drawn from the seed; all of them where there are fewer.
pub(super) fn sample(dataset: &Dataset, seed: u32, n: usize) -> Samples {
    let len = dataset.shape.len();
    let mut places: Vec<usize> = (0..dataset.train.len()).collect();
    Stream::new(seed, Purpose::SanitySample).shuffle(&mut places);
    places.truncate(n);
    let mut targets = dataset.train.targets.buffer(places.len());
    targets.take(&dataset.train.targets, places.iter().copied());
    Samples {
        targets,
        features: places
            .iter()
            .flat_map(|place| &dataset.train.features[place * len..][..len])
            .copied()
            .collect(),
    }
}

/// A data set of a few samples, which are trained with and looked at.
pub(super) fn few(dataset: &Dataset, samples: Samples) -> Dataset {
    Dataset {
        shape: dataset.shape,
        columns: dataset.columns.clone(),
        task: dataset.task.clone(),
        validation: samples.clone(),
        train: samples,
        test: Samples::default(),
        preprocessing: dataset.preprocessing.clone(),
        notes: Vec::new(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::config::TrainConfig;
    use crate::data;

    /// A configuration with these settings, and the digits as it wants them.
    pub(in crate::sanity) fn digits(settings: &str) -> (TrainConfig, Arc<Dataset>) {
        let config = TrainConfig::from_toml(&settings.parse().unwrap(), Path::new("")).unwrap();
        let digits = data::load(&config.data, 1)
            .unwrap()
            .preprocessed(config.data.preprocess)
            .unwrap();
        (config, Arc::new(digits))
    }

    #[test]
    fn samples_are_drawn_without_repetition_and_keep_their_labels() {
        let (_, digits) = digits("");
        let all = digits.train.len();
        let features = |samples: &Samples| {
            let mut rows: Vec<(Vec<u32>, u32)> = samples
                .features
                .chunks(64)
                .zip(samples.targets.labels().unwrap())
                .map(|(row, label)| (row.iter().map(|x| x.to_bits()).collect(), *label))
                .collect();
            rows.sort();
            rows
        };
        assert_eq!(
            features(&sample(&digits, 3, all + 5)),
            features(&digits.train)
        );
        let few = sample(&digits, 3, 10);
        assert_eq!((few.len(), few.features.len()), (10, 640));
        assert_eq!(few, sample(&digits, 3, 10));
        assert_ne!(few, sample(&digits, 4, 10));
    }
}
