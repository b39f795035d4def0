//! Samples as a reader leaves them: before the split, at the width they have in the file.

use std::path::Path;

use super::{Columns, DataError, Samples, Shape, Targets};

/// All samples of one file.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) shape: Shape,
    /// Class names, in label order; none where the label is a number.
    pub(super) classes: Vec<String>,
    /// Numbers are as they are in the file.
    pub(super) targets: Targets,
    pub(super) cells: Cells,
    /// What the columns became, of a table.
    pub(super) columns: Option<Columns>,
    /// What the reader found and decided, one sentence each.
    pub(super) notes: Vec<String>,
}

/// Features (N, height, width, channels) of all samples. Pixels stay bytes until the split: a quarter of the memory.
#[derive(Debug)]
pub(super) enum Cells {
    /// 0..=255.
    Pixels(Vec<u8>),
    /// NaN where a cell is missing, finite elsewhere.
    Numbers(Vec<f32>),
}

impl Raw {
    /// Bytes whose labels are the class names themselves, as integers: the classes are those that occur.
    pub(super) fn from_bytes(shape: Shape, pixels: Vec<u8>, labels: &[u8]) -> Self {
        let mut occurs = [false; 256];
        for &label in labels {
            occurs[usize::from(label)] = true;
        }
        let classes: Vec<u8> = (0..=u8::MAX).filter(|&c| occurs[usize::from(c)]).collect();
        let mut label_of = [0; 256];
        for (label, &class) in classes.iter().enumerate() {
            label_of[usize::from(class)] = label as u32;
        }
        Self {
            shape,
            classes: classes.iter().map(u8::to_string).collect(),
            targets: Targets::Labels(labels.iter().map(|&l| label_of[usize::from(l)]).collect()),
            cells: Cells::Pixels(pixels),
            columns: None,
            notes: Vec::new(),
        }
    }

    /// The samples at these positions, in this order.
    pub(super) fn part(&self, positions: &[u32]) -> Samples {
        let n_features = self.shape.len();
        let mut features = Vec::with_capacity(positions.len() * n_features);
        let mut targets = self.targets.buffer(positions.len());
        targets.take(
            &self.targets,
            positions.iter().map(|&position| position as usize),
        );
        for &position in positions {
            let start = position as usize * n_features;
            let range = start..start + n_features;
            match &self.cells {
                Cells::Pixels(all) => features.extend(all[range].iter().map(|&p| f32::from(p))),
                Cells::Numbers(all) => features.extend_from_slice(&all[range]),
            }
        }
        Samples { features, targets }
    }

    /// All samples, in the file's order.
    pub(super) fn whole(&self) -> Samples {
        let positions: Vec<u32> = (0..self.targets.len() as u32).collect();
        self.part(&positions)
    }

    /// Renumbers the labels of a test file to the classes of the data it tests.
    pub(super) fn relabel(&mut self, classes: &[String], path: &Path) -> Result<(), DataError> {
        let mut label_of = Vec::with_capacity(self.classes.len());
        for class in &self.classes {
            match classes.iter().position(|known| known == class) {
                Some(label) => label_of.push(label as u32),
                None => {
                    return Err(DataError::UnknownClass {
                        path: path.to_path_buf(),
                        place: String::new(),
                        found: class.clone(),
                        accepted: listed(classes),
                    });
                }
            }
        }
        if let Targets::Labels(labels) = &mut self.targets {
            for label in labels {
                *label = label_of[*label as usize];
            }
        }
        self.classes = classes.to_vec();
        Ok(())
    }
}

/// The first few names of a list, quoted, and how many more there are.
pub(super) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("\"{name}\""))
        .collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(labels: &[u8]) -> Raw {
        let shape = Shape {
            height: 1,
            width: 2,
            channels: 1,
        };
        let pixels = (0..2 * labels.len() as u8).collect();
        Raw::from_bytes(shape, pixels, labels)
    }

    #[test]
    fn labels_that_do_not_begin_at_zero_are_renumbered() {
        let raw = raw(&[26, 1, 3, 1]);
        assert_eq!(raw.classes, ["1", "3", "26"]);
        assert_eq!(raw.targets, Targets::Labels(vec![2, 0, 1, 0]));
    }

    #[test]
    fn a_part_holds_the_samples_asked_for_in_the_order_asked() {
        let part = raw(&[0, 1, 2]).part(&[2, 0]);
        assert_eq!(part.features, [4.0, 5.0, 0.0, 1.0]);
        assert_eq!(part.targets, Targets::Labels(vec![2, 0]));
    }

    #[test]
    fn a_test_file_takes_the_classes_of_the_data_it_tests() {
        let known = raw(&[0, 1, 2]).classes;
        let mut test = raw(&[2, 1]);
        test.relabel(&known, Path::new("t")).unwrap();
        assert_eq!(test.targets, Targets::Labels(vec![2, 1]));
        let error = raw(&[1, 9]).relabel(&known, Path::new("t")).unwrap_err();
        assert!(error.to_string().contains("class \"9\""), "{error}");
    }
}
