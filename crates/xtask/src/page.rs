//! The page of measurements: prose by hand, tables between marks by these chores.

use std::path::Path;

use miette::{Context, IntoDiagnostic, Result, miette};

/// Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->` in a page.
pub(crate) fn write_section(page: &Path, name: &str, section: &str) -> Result<()> {
    let context = || format!("failed to write the tables into {}", page.display());
    let text = std::fs::read_to_string(page)
        .into_diagnostic()
        .wrap_err_with(context)?;
    let replaced = replaced(&text, name, section).wrap_err_with(context)?;
    std::fs::write(page, replaced)
        .into_diagnostic()
        .wrap_err_with(context)?;
    println!("{section}");
    Ok(())
}

fn replaced(page: &str, name: &str, section: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let parts = page
        .split_once(&begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) = parts.ok_or_else(|| miette!("it has no marks {begin} and {end}"))?;
    Ok(format!(
        "{before}{begin}\n{}\n{end}{after}",
        section.trim_end()
    ))
}

/// The processor's name.
pub(crate) fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    let name = name.map_or("unknown processor", |(_, name)| name.trim());
    format!("{name}, {n_cores} cores")
}

/// The date, UTC.
pub(crate) fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let page = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n";
        let expected = "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n";
        assert_eq!(replaced(page, "x", "new\n").ok().as_deref(), Some(expected));
    }

    #[test]
    fn a_page_without_marks_is_refused() {
        assert!(replaced("a", "x", "new").is_err());
    }
}
