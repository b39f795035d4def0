//! A record of a TFRecord file: length, its check, data, their check.

use std::io::{self, Write};

/// Writes `data` as one record: its length (8 bytes, little-endian), the masked CRC-32C of these 8 bytes, the data, the
/// masked CRC-32C of the data.
///
/// # Errors
/// Where `output` cannot take it.
pub(super) fn write(output: &mut impl Write, data: &[u8]) -> io::Result<()> {
    let length = (data.len() as u64).to_le_bytes();
    output.write_all(&length)?;
    output.write_all(&masked_crc(&length).to_le_bytes())?;
    output.write_all(data)?;
    output.write_all(&masked_crc(data).to_le_bytes())
}

/// The CRC-32C (Castagnoli) of `data`, rotated right by 15 bits, plus a constant: so that a check of data that hold checks
/// themselves is still one (TensorFlow, `lib/hash/crc32c.h`).
fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::{masked_crc, write};

    /// Undoes the mask.
    fn crc(data: &[u8]) -> u32 {
        masked_crc(data).wrapping_sub(0xa282_ead8).rotate_left(15)
    }

    #[test]
    fn checks_are_those_of_the_rfc() {
        // RFC 3720 (iSCSI), B.4: the CRCs of 32 bytes.
        assert_eq!(crc(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc(&[0xff; 32]), 0x62a8_ab43);
        let rising: Vec<u8> = (0..32).collect();
        assert_eq!(crc(&rising), 0x46dd_794e);
        let falling: Vec<u8> = (0..32).rev().collect();
        assert_eq!(crc(&falling), 0x113f_db5c);
        // The check value of CRC-32/ISCSI in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_record_is_the_one_that_tensorboard_writes() {
        // Written by tensorboard.summary.writer.record_writer.RecordWriter 2.21.
        let mut record = Vec::new();
        write(&mut record, b"finetooth").unwrap();
        let mut expected = vec![9, 0, 0, 0, 0, 0, 0, 0, 0x37, 0xf9, 0x71, 0x39];
        expected.extend(b"finetooth");
        expected.extend([0xb5, 0x35, 0x8c, 0xa6]);
        assert_eq!(record, expected);
    }
}
