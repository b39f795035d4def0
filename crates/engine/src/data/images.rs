//! Folders of images: a directory for each class, PNG or JPEG files anywhere in it.
//!
//! `folder` finds the files, `picture` decodes one, `jpeg` says whether a JPEG file is whole.

mod error;
mod folder;
mod jpeg;
mod picture;

use std::path::Path;

use rayon::prelude::*;

pub use self::error::ImageError;
use self::folder::Folder;
use self::picture::{Header, Wanted};
use super::input::check_values;
use super::raw::{Cells, Raw};
use super::{DataError, Shape, Targets};

/// Reads all images of a folder, (height, width) given or their own.
///
/// Classes are the directories in the order of their names' bytes, images of a class those of their paths'. Images are grey where all
/// are, else red, green and blue; what is transparent is taken as it lies below.
pub(super) fn read(path: &Path, resize: Option<[usize; 2]>) -> Result<Raw, DataError> {
    let folder = Folder::read(path)?;
    let files: Vec<&Path> = folder.files().collect();
    let headers = each(&files, picture::header)?;
    let size = match resize {
        Some(size) => size,
        None => common_size(&files, &headers)?,
    };
    let is_colour = headers.iter().any(|header| header.is_colour);
    let wanted = Wanted { size, is_colour };
    let pixels = decoded(path, &files, wanted)?;
    let labels = folder.classes.iter().enumerate();
    let labels =
        labels.flat_map(|(label, class)| std::iter::repeat_n(label as u32, class.files.len()));
    Ok(Raw {
        shape: wanted.shape(),
        targets: Targets::Labels(labels.collect()),
        notes: notes(&folder, &headers, wanted),
        classes: folder.classes.into_iter().map(|class| class.name).collect(),
        cells: Cells::Pixels(pixels),
        columns: None,
    })
}

/// Reads an image, or all of a directory in the order of their paths, at the size and with the channels of `shape`; and the names of
/// the files.
pub(super) fn read_unlabelled(
    path: &Path,
    shape: Shape,
) -> Result<(Vec<u8>, Vec<String>), DataError> {
    let found;
    let files: Vec<&Path> = if path.is_dir() {
        found = folder::images_below(path)?;
        found.iter().map(AsRef::as_ref).collect()
    } else {
        vec![path]
    };
    let wanted = Wanted {
        size: [shape.height, shape.width],
        is_colour: shape.channels == 3,
    };
    let pixels = decoded(path, &files, wanted)?;
    let names = files.iter().map(|file| file.display().to_string());
    Ok((pixels, names.collect()))
}

/// Whether a file begins as an image.
pub(super) fn begins_as_one(start: &[u8]) -> bool {
    picture::begins_as_one(start)
}

fn decoded(path: &Path, files: &[&Path], wanted: Wanted) -> Result<Vec<u8>, DataError> {
    let shape = wanted.shape();
    check_values(path, files.len() as u64, shape.len() as u64)?;
    Ok(each(files, |file| picture::pixels(file, wanted))?.concat())
}

/// Does the same with every file, on all cores; the first mistake in the order of the files is told.
fn each<R: Send>(
    files: &[&Path],
    read: impl Fn(&Path) -> Result<R, ImageError> + Send + Sync,
) -> Result<Vec<R>, DataError> {
    let all = || files.par_iter().map(|file| read(file)).collect::<Vec<_>>();
    // Threads of its own: whoever loads data may be on a pool that trains.
    let results = match rayon::ThreadPoolBuilder::new().build() {
        Ok(pool) => pool.install(all),
        Err(_) => files.iter().map(|file| read(file)).collect(),
    };
    Ok(results.into_iter().collect::<Result<_, _>>()?)
}

/// The size of all images, (height, width).
fn common_size(files: &[&Path], headers: &[Header]) -> Result<[usize; 2], ImageError> {
    let first = headers[0].size;
    let other = headers.iter().position(|header| header.size != first);
    match other {
        None => Ok(first),
        Some(other) => Err(ImageError::SizesDiffer {
            first: files[0].to_path_buf(),
            first_size: first,
            other: files[other].to_path_buf(),
            other_size: headers[other].size,
        }),
    }
}

/// What was found and decided.
fn notes(folder: &Folder, headers: &[Header], wanted: Wanted) -> Vec<String> {
    let count = |is: &dyn Fn(&Header) -> bool| headers.iter().filter(|header| is(header)).count();
    let mut notes = vec![format!("{} images", headers.len())];
    let mut tell = |n: usize, what: &str| {
        if n > 0 {
            notes.push(format!("{n} {what}"));
        }
    };
    let [height, width] = wanted.size;
    tell(
        count(&|header| header.size != wanted.size),
        &format!("of another size, brought to {height} × {width} pixels"),
    );
    if wanted.is_colour {
        tell(
            count(&|header| !header.is_colour),
            "grey, among others in colour",
        );
    }
    tell(
        count(&|header| header.has_alpha),
        "with transparency, which is left out",
    );
    tell(folder.n_others, "files that are no images left alone");
    notes
}

#[cfg(test)]
mod tests;
