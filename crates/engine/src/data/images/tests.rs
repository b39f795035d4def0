use std::fs;
use std::path::Path;

use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;

/// A folder with a class of grey and one of coloured images, 3 × 2 pixels (height × width).
fn folder() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    for n in 0..3_u8 {
        let grey = GrayImage::from_fn(2, 3, |x, y| Luma([n * 10 + x as u8 + 2 * y as u8]));
        grey.save(place(&format!("cat/{n}.png"))).unwrap();
        let colour = RgbImage::from_fn(2, 3, |x, y| Rgb([n, x as u8, y as u8]));
        colour.save(place(&format!("dog/deeper/{n}.png"))).unwrap();
    }
    fs::write(place("cat/.DS_Store"), "x").unwrap();
    fs::write(place("cat/notes.txt"), "x").unwrap();
    fs::write(place("Thumbs.db"), "x").unwrap();
    directory
}

#[track_caller]
fn refused(path: &Path, resize: Option<[usize; 2]>, expected: &str) {
    let error = read(path, resize).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn directories_are_classes_and_grey_becomes_colour_among_colours() {
    let directory = folder();
    let raw = read(directory.path(), None).unwrap();
    assert_eq!(raw.classes, ["cat", "dog"]);
    assert_eq!(raw.targets, Targets::Labels(vec![0, 0, 0, 1, 1, 1]));
    assert_eq!(
        [raw.shape.height, raw.shape.width, raw.shape.channels],
        [3, 2, 3]
    );
    let Cells::Pixels(pixels) = &raw.cells else {
        panic!("bytes")
    };
    let of = |sample: usize| &pixels[sample * 18..][..18];
    // Pixel by pixel, row by row: 20 + x + 2y in all three channels.
    let grey: Vec<u8> = (20..26).flat_map(|value| [value; 3]).collect();
    assert_eq!(of(2), grey);
    assert_eq!(of(4)[..9], [1, 0, 0, 1, 1, 0, 1, 0, 1]);
    assert_eq!(
        raw.notes,
        [
            "6 images",
            "3 grey, among others in colour",
            "1 files that are no images left alone"
        ]
    );
    fs::remove_dir_all(directory.path().join("dog")).unwrap();
    assert_eq!(read(directory.path(), None).unwrap().shape.channels, 1);
}

#[test]
fn jpeg_is_told_by_its_content_and_alpha_and_16_bits_are_brought_down() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("a")).unwrap();
    let grey = GrayImage::from_pixel(8, 8, Luma([100]));
    grey.save_with_format(directory.path().join("a/one.png"), ImageFormat::Jpeg)
        .unwrap();
    let clear = RgbaImage::from_pixel(8, 8, Rgba([10, 20, 30, 0]));
    clear.save(directory.path().join("a/two.png")).unwrap();
    let wide = image::ImageBuffer::<Luma<u16>, Vec<u16>>::from_pixel(8, 8, Luma([0x8080]));
    wide.save(directory.path().join("a/wide.png")).unwrap();
    let raw = read(directory.path(), None).unwrap();
    let Cells::Pixels(pixels) = &raw.cells else {
        panic!("bytes")
    };
    assert!(pixels[..192].iter().all(|value| value.abs_diff(100) <= 2));
    assert_eq!(pixels[192..195], [10, 20, 30]);
    assert_eq!(pixels[384], 0x80);
    assert!(
        raw.notes
            .iter()
            .any(|note| note == "1 with transparency, which is left out")
    );
}

#[test]
fn images_of_several_sizes_ask_for_a_size() {
    let directory = folder();
    let small = GrayImage::from_pixel(1, 1, Luma([7]));
    small.save(directory.path().join("cat/small.png")).unwrap();
    refused(
        directory.path(),
        None,
        "small.png has 1 × 1; resize = [HEIGHT, WIDTH] brings all to one",
    );
    assert_eq!(read(directory.path(), None).unwrap_err().key(), "resize");
    let raw = read(directory.path(), Some([4, 6])).unwrap();
    assert_eq!([raw.shape.height, raw.shape.width], [4, 6]);
    let Cells::Pixels(pixels) = &raw.cells else {
        panic!("bytes")
    };
    // The small one is the fourth cat: one value wherever it is seen.
    assert_eq!(pixels[3 * 72..4 * 72], [7; 72]);
    assert_eq!(raw.notes[1], "7 of another size, brought to 4 × 6 pixels");
}

#[test]
fn halving_takes_the_mean_of_what_lies_below() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("a")).unwrap();
    let even = GrayImage::from_fn(64, 64, |x, _| Luma([if x % 2 == 0 { 0 } else { 200 }]));
    even.save(directory.path().join("a/x.png")).unwrap();
    let raw = read(directory.path(), Some([8, 8])).unwrap();
    let Cells::Pixels(pixels) = &raw.cells else {
        panic!("bytes")
    };
    assert!(
        pixels.iter().all(|value| value.abs_diff(100) <= 4),
        "{pixels:?}"
    );
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let directory = folder();
    let first = format!("{:?}", read(directory.path(), Some([5, 5])).unwrap().cells);
    for _ in 0..5 {
        assert_eq!(
            format!("{:?}", read(directory.path(), Some([5, 5])).unwrap().cells),
            first
        );
    }
}

#[test]
fn what_is_no_folder_of_images_is_refused() {
    let directory = folder();
    let place = |name: &str| directory.path().join(name);
    refused(&place("missing"), None, "No such file");
    refused(&place("cat/0.png"), None, "it is no directory");
    refused(&place("dog/deeper"), None, "it has no directories");
    fs::create_dir(place("empty")).unwrap();
    refused(directory.path(), None, "there is no PNG or JPEG file in it");
    fs::remove_dir(place("empty")).unwrap();
    let whole = fs::read(place("cat/1.png")).unwrap();
    for end in [0, 4, 20, whole.len() / 2] {
        fs::write(place("cat/1.png"), &whole[..end]).unwrap();
        refused(
            directory.path(),
            None,
            "cat/1.png: it is damaged, cut off, or no image",
        );
    }
    fs::write(place("cat/1.png"), "a text").unwrap();
    refused(directory.path(), None, "begins neither as PNG nor as JPEG");
}

#[test]
fn a_jpeg_file_that_was_cut_off_is_refused_wherever() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("a")).unwrap();
    let path = directory.path().join("a/x.jpg");
    let picture = RgbImage::from_fn(40, 30, |x, y| {
        Rgb([x as u8 * 6, y as u8 * 8, (x * y) as u8])
    });
    picture.save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    read(directory.path(), None).unwrap();
    for end in (0..whole.len())
        .step_by(3)
        .chain([whole.len() - 1, whole.len() - 2])
    {
        fs::write(&path, &whole[..end]).unwrap();
        refused(
            directory.path(),
            None,
            "it is damaged, cut off, or no image",
        );
    }
}

#[test]
fn an_image_that_claims_to_be_huge_takes_no_memory() {
    let directory = folder();
    let path = directory.path().join("cat/1.png");
    let mut bytes = fs::read(&path).unwrap();
    // Width and height are the first fields of the header, behind 16 bytes; the checksum is made right again.
    bytes[16..24].copy_from_slice(&[0x3f, 0xff, 0xff, 0xff, 0x3f, 0xff, 0xff, 0xff]);
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    fs::write(&path, &bytes).unwrap();
    let error = read(directory.path(), Some([2, 2]))
        .unwrap_err()
        .to_string();
    assert!(error.contains("cat/1.png"), "{error}");
}

#[test]
fn links_that_lead_back_are_followed_once() {
    let directory = folder();
    std::os::unix::fs::symlink("..", directory.path().join("dog/deeper/back")).unwrap();
    let raw = read(directory.path(), None).unwrap();
    assert_eq!(raw.targets.len(), 6);
}

#[test]
fn further_images_take_the_size_and_channels_of_the_network() {
    let directory = folder();
    let shape = Shape {
        height: 4,
        width: 4,
        channels: 1,
    };
    let (pixels, names) = read_unlabelled(directory.path(), shape).unwrap();
    assert_eq!((pixels.len(), names.len()), (6 * 16, 6));
    assert!(names[0].ends_with("cat/0.png") && names[5].ends_with("dog/deeper/2.png"));
    let (one, _) = read_unlabelled(&directory.path().join("cat/0.png"), shape).unwrap();
    assert_eq!(one, pixels[..16]);
}
