//! From what a graph is given to what a network sees: columns to features, and preprocessing.

use super::graph::Graph;
use super::layers::Batch;
use super::messages::{AttributeProto, DOUBLE, FLOAT, STRING};
use crate::data::{Columns, Content, Shape};
use crate::export::description::Method;
use crate::export::parts::{AXES, FACTORS, MEANS, ORIGINS};

/// Names of a graph's outputs, which no input may have.
pub(super) const OUTPUTS: [&str; 3] = ["class", "probabilities", "prediction"];

/// The samples as they are in a data file.
///
/// Images are (N, channels, height, width), tables of numbers (N, features), both `input`; a table with categories has one input
/// (N, 1) for each column, texts for categories, missing texts as they were in the training file, missing numbers NaN.
pub(super) fn given(graph: &mut Graph, columns: Option<&Columns>, shape: Shape) -> Batch {
    let is_planes = shape.height * shape.width > 1;
    let Some(columns) = columns.filter(|columns| !columns.are_numbers()) else {
        let whole = if is_planes {
            vec![shape.channels, shape.height, shape.width]
        } else {
            vec![shape.channels]
        };
        let mut name = graph.input("input", FLOAT, &whole);
        if let Some(columns) = columns {
            // Rows are plane by plane, as the input is.
            let means = graph.floats(&whole, &columns.means());
            name = filled(graph, &name, &means);
        }
        return Batch {
            name,
            shape,
            is_planes,
        };
    };
    let mut taken: Vec<String> = OUTPUTS.map(str::to_owned).to_vec();
    let mut features = Vec::new();
    for (idx, column) in columns.columns.iter().enumerate() {
        let mut name = column.name.clone().unwrap_or(format!("column_{idx}"));
        while name.is_empty() || taken.contains(&name) {
            name.push('_');
        }
        match &column.content {
            Content::Label => continue,
            Content::Number { mean } => {
                let input = graph.input(&name, FLOAT, &[1]);
                let mean = graph.floats(&[1], &[*mean]);
                features.push(filled(graph, &input, &mean));
            }
            Content::Category {
                values,
                has_missing,
            } => {
                let input = graph.input(&name, STRING, &[1]);
                let missing = if *has_missing {
                    &columns.missing[..]
                } else {
                    &[]
                };
                features.push(one_hot(graph, &input, values, missing));
            }
        }
        taken.push(name);
    }
    let features: Vec<&str> = features.iter().map(String::as_str).collect();
    let mut name = graph.node("Concat", &features, vec![AttributeProto::int("axis", 1)]);
    if is_planes {
        let sizes = graph.whole(&[4], &[0, shape.channels, shape.height, shape.width]);
        name = graph.node("Reshape", &[&name, &sizes], Vec::new());
    }
    Batch {
        name,
        shape,
        is_planes,
    }
}

/// `means` where the input is NaN.
fn filled(graph: &mut Graph, input: &str, means: &str) -> String {
    let is_missing = graph.node("IsNaN", &[input], Vec::new());
    graph.node("Where", &[&is_missing, means, input], Vec::new())
}

/// (N, values) and one more for what is missing: 1 for the text's own, all 0 for one that training did not meet.
fn one_hot(graph: &mut Graph, input: &str, values: &[String], missing: &[String]) -> String {
    let depth = values.len() + usize::from(!missing.is_empty());
    let keys: Vec<String> = values.iter().chain(missing).cloned().collect();
    let places = (0..values.len()).chain(missing.iter().map(|_| values.len()));
    let place = graph.node(
        "LabelEncoder",
        &[input],
        vec![
            AttributeProto::strings("keys_strings", &keys),
            AttributeProto::ints("values_int64s", places),
            // Out of range, so that no feature is 1.
            AttributeProto::int("default_int64", depth as i64),
        ],
    );
    let depth = graph.whole(&[1], &[depth]);
    let off_and_on = graph.floats(&[2], &[0.0, 1.0]);
    let hot = graph.node("OneHot", &[&place, &depth, &off_and_on], Vec::new());
    graph.node("Flatten", &[&hot], Vec::new())
}

/// The samples as the network of the member sees them. In double precision, as training computes it.
pub(super) fn preprocessed(
    graph: &mut Graph,
    prefix: &str,
    method: Method,
    given: &Batch,
) -> Batch {
    let given = Batch {
        name: given.name.clone(),
        ..*given
    };
    let named = |what: &str| format!("{prefix}{what}");
    match method {
        Method::None => given,
        Method::Affine => {
            let wide = cast(graph, &given.name, DOUBLE);
            let less = graph.node("Sub", &[&wide, &named(ORIGINS)], Vec::new());
            let scaled = graph.node("Mul", &[&less, &named(FACTORS)], Vec::new());
            Batch {
                name: cast(graph, &scaled, FLOAT),
                ..given
            }
        }
        Method::Pca => {
            let rows = given.into_rows(graph);
            let wide = cast(graph, &rows.name, DOUBLE);
            let less = graph.node("Sub", &[&wide, &named(MEANS)], Vec::new());
            let turned = graph.node("MatMul", &[&less, &named(AXES)], Vec::new());
            Batch {
                name: cast(graph, &turned, FLOAT),
                ..rows
            }
        }
    }
}

/// The same numbers as another type.
pub(super) fn cast(graph: &mut Graph, input: &str, to: i32) -> String {
    let to = AttributeProto::int("to", i64::from(to));
    graph.node("Cast", &[input], vec![to])
}
