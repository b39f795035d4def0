//! What browsers are given: the page's text, looks and program, and the library its pictures are drawn with.

/// The page, with places for its looks, its data and its program.
pub(crate) const HTML: &str = include_str!("../assets/page.html");

/// Its looks.
pub(crate) const CSS: &str = include_str!("../assets/page.css");

/// Apache ECharts; assets/echarts/README.md tells its version and licences.
pub(crate) const ECHARTS: &str = include_str!("../assets/echarts/echarts.min.js");

/// Its program: files that see each other and nothing of the rest of the window.
pub(crate) const JS: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("../assets/js/model.js"),
    include_str!("../assets/js/text.js"),
    include_str!("../assets/js/colours.js"),
    include_str!("../assets/js/picture.js"),
    include_str!("../assets/js/curves.js"),
    include_str!("../assets/js/keys.js"),
    include_str!("../assets/js/overview.js"),
    include_str!("../assets/js/save.js"),
    include_str!("../assets/js/table.js"),
    include_str!("../assets/js/words.js"),
    include_str!("../assets/js/output.js"),
    include_str!("../assets/js/main.js"),
    "})();\n"
);

/// The page with `head` (policy and looks) and `scripts` (data and program) in their places.
pub(crate) fn page(head: &str, scripts: &str) -> String {
    HTML.replacen("<!-- head -->", head, 1)
        .replacen("<!-- scripts -->", scripts, 1)
}
