//! `finetooth predict`: what a model file says of samples.

use std::io::{self, BufWriter, Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::Args;
use finetooth_objective::{
    Model, Predictions, Unlabelled, export, read_unlabelled, read_unlabelled_text,
};
use finetooth_scheduler::number::shortest;
use finetooth_scheduler::results::replace_text;
use indicatif::ProgressBar;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::counted;
use crate::fitting;
use crate::output;
use crate::screen::Screen;

/// Largest table that is taken from standard input, in bytes.
const MOST_BYTES: u64 = 2 << 30;

/// Samples that are predicted between two looks at the bar.
const BATCH: usize = 4096;

/// Arguments of `predict`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth predict results/digits/export/digits.onnx new.csv              to standard output
  finetooth predict results/digits/final/model.safetensors new.npy --out said.csv
  finetooth predict model.onnx pictures/                     a file a row, brought to the size that was trained on
  cat new.csv | finetooth predict model.onnx -

Of classes a row is the likeliest class, then the probability of each; of a number, the number. Samples are as in the data file
that was trained on, not preprocessed, labels or not: columns by name where the first line has names, images as NumPy's arrays,
MNIST's or CIFAR-10's files, PNG and JPEG files or a directory of them, or rows of pixels, plane by plane.")]
pub(crate) struct PredictArgs {
    /// The model: a .safetensors or .onnx file that `finetooth export` or `train --to` wrote
    model: PathBuf,
    /// The samples; `-` is a table on standard input
    data: PathBuf,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Threads; does not change the results [default: one for each core]
    #[arg(long, value_name = "N", value_parser = fitting::threads, allow_negative_numbers = true)]
    threads: Option<NonZero<usize>>,
}

/// Predicts, a row a sample, in the order of the samples.
///
/// # Errors
/// Where the model or the samples cannot be used, or the predictions cannot be written.
pub(crate) fn predict(args: &PredictArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    if args.model.is_dir() {
        let name = args.model.display();
        return Err(Failure::usage(format!(
            "`{name}` is a directory: `finetooth export {name} --format safetensors` writes the model of a sweep into a file"
        )));
    }
    let mut model = export::load(&args.model).map_err(Failure::usage)?;
    let threads = args.threads.unwrap_or_else(fitting::one_for_each_core);
    model.use_threads(threads).map_err(Failure::usage)?;
    let samples = samples(&args.data, &model)?;
    let said = said(&mut model, &samples.features, screen);
    let rows = Rows {
        model: &model,
        said: &said,
        files: samples.files.as_deref(),
    };
    match &args.out {
        None => match rows.write(BufWriter::new(io::stdout().lock())) {
            // A reader that has seen enough is no failure.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written.map_err(|error| {
                Failure::not_written(format!("standard output could not be written: {error}"))
            })?,
        },
        Some(path) => {
            write_file(&rows, path)?;
            output::message(&format!(
                "{} holds {}\n",
                path.display(),
                counted(said.len(), "prediction")
            ));
        }
    }
    Ok(ExitCode::DONE)
}

fn samples(data: &Path, model: &Model) -> Result<Unlabelled, Failure> {
    let (shape, columns) = (model.shape(), model.columns());
    let found = if data == Path::new("-") {
        let name = Path::new("standard input");
        let mut bytes = Vec::new();
        let mut input = io::stdin().lock().take(MOST_BYTES + 1);
        input.read_to_end(&mut bytes).map_err(|error| {
            Failure::usage(format!("standard input could not be read: {error}"))
        })?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Failure::usage(format!(
                "standard input has more than {MOST_BYTES} bytes: give it in portions, or as a file"
            )));
        }
        read_unlabelled_text(name, bytes, shape, columns)
    } else {
        read_unlabelled(data, shape, columns)
    };
    found.map_err(|error| Failure::usage(format!("failed to {error}")))
}

/// In portions, so that a bar can tell how far it is; the same numbers.
fn said(model: &mut Model, features: &[f32], screen: &Screen) -> Predictions {
    let len = model.shape().len();
    let n = features.len() / len;
    let bar = if screen.is_terminal() && n > BATCH {
        screen.bars().add(ProgressBar::new(n as u64))
    } else {
        ProgressBar::hidden()
    };
    let mut whole = Predictions {
        values: Vec::new(),
        n_outputs: model.task().n_outputs(),
    };
    for portion in features.chunks(BATCH * len) {
        whole.values.extend(model.predict(portion).values);
        bar.inc((portion.len() / len) as u64);
    }
    bar.finish_and_clear();
    whole
}

/// Predictions as CSV.
struct Rows<'a> {
    model: &'a Model,
    said: &'a Predictions,
    /// Where each sample is a file: its name.
    files: Option<&'a [String]>,
}

impl Rows<'_> {
    fn write(&self, mut out: impl Write) -> io::Result<()> {
        let file = |place: usize| match self.files {
            Some(files) => cell(&files[place]) + ",",
            None => String::new(),
        };
        let column = self.files.map_or("", |_| "file,");
        let Some(classes) = self.model.task().classes() else {
            writeln!(out, "{column}prediction")?;
            for (place, row) in self.said.rows().enumerate() {
                writeln!(out, "{}{}", file(place), shortest(row[0]))?;
            }
            return out.flush();
        };
        let named: Vec<String> = classes.iter().map(|class| cell(class)).collect();
        let columns = classes.iter().map(|class| cell(&format!("p_{class}")));
        writeln!(
            out,
            "{column}class,{}",
            columns.collect::<Vec<_>>().join(",")
        )?;
        for (place, row) in self.said.rows().enumerate() {
            let likeliest = (0..row.len())
                .rev()
                .max_by(|a, b| row[*a].total_cmp(&row[*b]));
            write!(out, "{}{}", file(place), named[likeliest.unwrap_or(0)])?;
            for probability in row {
                write!(out, ",{}", shortest(*probability))?;
            }
            writeln!(out)?;
        }
        out.flush()
    }
}

/// A text as a cell of RFC 4180.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn write_file(rows: &Rows<'_>, path: &Path) -> Result<(), Failure> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name.filter(|_| !path.is_dir()) else {
        return Err(Failure::usage(format!(
            "`{}` is no name of a file: name one in a directory",
            path.display()
        )));
    };
    let mut text = Vec::new();
    rows.write(&mut text).map_err(Failure::not_written)?;
    let text = String::from_utf8(text).map_err(Failure::not_written)?;
    replace_text(directory, name, &text).map_err(Failure::not_written)
}
