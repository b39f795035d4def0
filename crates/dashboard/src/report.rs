//! The page as one file, with all that it shows inside: to open from disk, without a network, or to mail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

use crate::assets;
use crate::live::Live;

/// The file: HTML that asks no server for anything. None before the sweep has begun.
///
/// Its content security policy admits the embedded program and looks by their checksums, and nothing else.
///
/// # Errors
/// Where what is shown cannot be written as JSON.
pub fn report(live: &Live) -> Result<Option<String>, serde_json::Error> {
    let Some(update) = live.since(0) else {
        return Ok(None);
    };
    let data = inert(&serde_json::to_string(&update)?);
    let tested = inert(&serde_json::to_string(&live.tested())?);
    let (style, program) = (assets::CSS, assets::JS);
    let charts = assets::ECHARTS;
    let policy = format!(
        "default-src 'none'; script-src {} {}; style-src {}; img-src data: blob:; base-uri 'none'; form-action 'none'",
        checksum(charts),
        checksum(program),
        checksum(style)
    );
    let head = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n<style>{style}</style>"
    );
    let scripts = format!(
        "<script type=\"application/json\" id=\"record\">{data}</script>\n\
         <script type=\"application/json\" id=\"tested\">{tested}</script>\n<script>{charts}</script>\n<script>{program}</script>"
    );
    Ok(Some(assets::page(&head, &scripts)))
}

/// JSON that no HTML reader takes for markup: `<` can stand in its texts alone, where its code says the same.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// How a policy names an inline script or style.
fn checksum(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::{checksum, inert};
    use crate::assets;

    #[test]
    fn no_text_of_the_record_can_end_the_data() {
        let hostile = serde_json::json!({"name": "</script><!--<script>\u{202e}"});
        let text = inert(&hostile.to_string());
        assert!(!text.contains('<'));
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, hostile);
    }

    #[test]
    fn checksums_are_those_that_browsers_compute() {
        // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
        let expected = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
        assert_eq!(checksum("alert(1)"), expected);
    }

    #[test]
    fn the_embedded_program_cannot_end_its_own_element() {
        for text in [assets::JS, assets::ECHARTS, assets::CSS] {
            assert!(!text.contains("</script") && !text.contains("</style"));
            assert!(!text.contains("<!--"));
        }
    }
}
