//! The model of a sweep, or of a file, as safetensors or ONNX.

use std::fs;
use std::path::{Path, PathBuf};

use finetooth_objective::{Format, Model, Part, Quality, export as files};
use finetooth_scheduler::interrupt::Interrupt;

use super::ExportArgs;
use crate::chosen::Finished;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::{brief, counted};
use crate::output;
use crate::screen::Screen;
use crate::signals;

/// Writes the model that is wished for.
///
/// # Errors
/// Where the sweep is not finished or there is no model, and where the file cannot be written.
pub(super) fn export(
    args: &ExportArgs,
    format: Format,
    screen: &Screen,
) -> Result<ExitCode, Failure> {
    if args.out.as_deref() == Some(Path::new("-")) {
        return Err(Failure::usage(
            "a model is not a text for standard output: name a file with --out",
        ));
    }
    if args.dir.is_none()
        && let Some(file) = args.wish.file()
    {
        let model = files::load(file).map_err(Failure::usage)?;
        let default = file.with_extension(args.format.word());
        let place = place(args, default)?;
        return write(&model, format, &place, "");
    }
    let finished = Finished::open(args.dir.as_deref())?;
    let recorded = &finished.recorded;
    let default = recorded.directory.join("export").join(format!(
        "{}.{}",
        recorded.sweep.name(),
        args.format.word()
    ));
    let place = place(args, default)?;
    let candidates = finished.candidates(&args.wish)?;
    let names: Vec<String> = candidates
        .iter()
        .map(|candidate| match candidate.trial {
            Some(trial) => format!("trial {} after epoch {}", trial.id, candidate.epoch),
            None => "the model given".to_owned(),
        })
        .collect();
    let interrupt = Interrupt::default();
    signals::raise(interrupt.clone()).map_err(Failure::not_written)?;
    let mut models = finished.train(candidates, &interrupt, screen)?;
    let (ensemble, said) = finished.weigh(&mut models);
    let quality = finished
        .training
        .quality(Part::Validation, &ensemble.mean(&said));
    let members = names.iter().zip(&ensemble.weights);
    let members: Vec<String> = members
        .filter(|(_, weight)| **weight > 0)
        .map(|(name, weight)| match weight {
            1 => name.clone(),
            weight => format!("{weight} × {name}"),
        })
        .collect();
    let told = format!(", {}; {}", members.join(", "), figures(&quality));
    let model =
        Model::ensemble(ensemble.weights.into_iter().zip(models)).map_err(Failure::usage)?;
    write(&model, format, &place, &told)
}

fn figures(quality: &Quality) -> String {
    match quality {
        Quality::Classes(found) => format!(
            "on the validation set accuracy {}, loss {}",
            brief(found.accuracy),
            brief(found.loss)
        ),
        Quality::Number(found) => format!("on the validation set rmse {}", brief(found.rmse)),
    }
}

/// Where the file goes: nothing is overwritten that is no model.
fn place(args: &ExportArgs, default: PathBuf) -> Result<PathBuf, Failure> {
    let path = args.out.clone().unwrap_or(default);
    let name = path.display();
    if path.is_dir() || path.file_name().is_none() {
        return Err(Failure::usage(format!(
            "`{name}` is a directory, and a model is one file: name a file with --out"
        )));
    }
    if let Some(named) = Format::named(&path).filter(|named| Some(*named) != args.format.of_model())
    {
        return Err(Failure::usage(format!(
            "`{name}` is named as {named:?}, and --format says {}: name it otherwise, or export the other format",
            args.format.word()
        )));
    }
    if path.exists() && !args.force && files::load(&path).is_err() {
        return Err(Failure::usage(format!(
            "`{name}` is there and is no model of finetooth: name another file with --out, or overwrite it with --force"
        )));
    }
    Ok(path)
}

fn write(model: &Model, format: Format, path: &Path, told: &str) -> Result<ExitCode, Failure> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| {
            Failure::not_written(format!(
                "`{}` could not be made ({error}): name another place with --out",
                parent.display()
            ))
        })?;
    }
    files::save(model, format, path).map_err(Failure::not_written)?;
    let networks = counted(model.n_members(), "network");
    let rounded = if format == Format::Onnx && model.is_double() {
        "; weights of double precision were rounded to single"
    } else {
        ""
    };
    output::result(&format!(
        "{} holds {networks}{told}{rounded}\n",
        path.display()
    ))?;
    Ok(ExitCode::DONE)
}
