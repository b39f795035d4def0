//! Whether a JPEG file is whole: decoders fill what was cut off with grey and say nothing.

/// Whether the markers of a JPEG file lead to its end marker.
///
/// Source: ITU-T T.81, sections B.1.1 and B.2.1.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 0;
    loop {
        let Some(marker_at) = next_marker(bytes, at) else {
            return false;
        };
        let marker = bytes[marker_at];
        at = marker_at + 1;
        match marker {
            END => return true,
            _ if stands_alone(marker) => {}
            _ => {
                let Some(&[high, low]) = bytes.get(at..at + 2) else {
                    return false;
                };
                // The length counts its own two bytes.
                at += usize::from(u16::from_be_bytes([high, low])).max(2);
                if marker == SCAN {
                    at = end_of_scan(bytes, at);
                }
            }
        }
    }
}

/// Position of the next marker's second byte: the first that is neither 0xff, which may be repeated, nor 0.
fn next_marker(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let pairs = rest
        .windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff));
    pairs.map(|place| from + place + 1)
}

/// Markers without a segment: TEM, the restarts, and the start of the image.
fn stands_alone(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xd0..=0xd8)
}

/// Position of the marker after the entropy-coded data of a scan, which have stuffed zeros and restarts among them.
fn end_of_scan(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(marker_at) = next_marker(bytes, at) {
        if !matches!(bytes[marker_at], 0xd0..=0xd7) {
            return marker_at - 1;
        }
        at = marker_at + 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start, a comment that looks like an end, a scan with a stuffed zero and a restart, end.
    const WHOLE: [u8; 24] = [
        0xff, 0xd8, 0xff, 0xfe, 0, 4, 0xff, 0xd9, 0xff, 0xff, 0xda, 0, 2, 7, 0xff, 0, 8, 0xff,
        0xd3, 9, 0xff, 0, 0xff, 0xd9,
    ];

    #[test]
    fn a_file_is_whole_if_its_markers_lead_to_the_end() {
        assert!(is_whole(&WHOLE));
        assert!(is_whole(&[&WHOLE[..], b"appended by a camera"].concat()));
    }

    #[test]
    fn a_file_cut_anywhere_is_not() {
        for n in 0..WHOLE.len() {
            assert!(!is_whole(&WHOLE[..n]), "{n}");
        }
    }
}
