//! What the program says of itself.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn help_of_the_program() {
    let said = Sandbox::new().run(&["--help"]);
    assert_eq!(said.code, 0);
    assert_snapshot!(said.out, @"
    Finds the hyperparameters a network trains best with: coarse to fine, widening a range where the
    best lies on its edge. What was run is recorded and can be resumed at any moment

    Usage: finetooth [OPTIONS] <COMMAND>

    Commands:
      init         Write a commented definition file to begin with
      check        Say whether a definition is right and what it would run; writes nothing
      run          Run a sweep, or resume what was interrupted, to the end
      status       Tell how far a sweep is
      best         Show the best trials of a sweep, and why its ranges moved
      show         Show one trial: its values and its epochs
      logs         Print what a trial's program printed
      report       Write the pictures of a sweep into one HTML file
      serve        Show the pictures of runs in a browser, live
      export       Write a sweep's results as CSV, JSON, Parquet or for TensorBoard, or its model as
                   safetensors or ONNX
      simulate     Run the search over synthetic or recorded learning curves: judge its settings before
                   spending a night on them
      rerun        Train a trial again and say whether its numbers come out the same
      test         Evaluate the best trial, or several together, on the test set: once
      train        Train once, with the values of a file
      predict      Predict from samples with a model file, as CSV
      completions  Print a script that completes finetooth's commands in a shell
      man          Print the manual page
      help         Print this message or the help of the given subcommand(s)

    Options:
      -v, --verbose...  Show more of what is going on (-v ends of stages and trials, -vv epochs);
                        RUST_LOG says it precisely
      -h, --help        Print help
      -V, --version     Print version

    Examples:
      finetooth init                    write finetooth.toml, a definition to begin with
      finetooth check finetooth.toml    is it right? what would be run?
      finetooth run finetooth.toml      run it, or go on with it
      finetooth best                    the best trials, and why the ranges moved
      finetooth serve                   watch it in a browser, live

    Exit codes:
      0 done    1 negative verdict    2 definition, usage or data wrong    3 sanity check failed
      4 directory in use    5 record or results could not be written    130 interrupted, can be resumed
    ");
}

#[test]
fn help_of_run() {
    let said = Sandbox::new().run(&["run", "--help"]);
    assert_eq!(said.code, 0);
    assert_snapshot!(said.out, @"
    Run a sweep, or resume what was interrupted, to the end

    Usage: finetooth run [OPTIONS] <FILE>

    Arguments:
      <FILE>  The definition

    Options:
          --workers <N>      Trials at once; does not change the results [default: limits.workers, else
                             one for each core]
          --executor <KIND>  Where trials run, other than the definition says: local or slurm [possible
                             values: local, slurm]
          --out <DIR>        Directory of the run [default: results/NAME]
          --seed <N>         Another seed than the definition's
          --set <KEY=VALUE>  Another value than the definition's, such as train.batch_size=128; may be
                             repeated
          --quiet            Show warnings only
          --json             Print what the sweep came to as JSON
          --fresh            Begin anew; what is in the directory is moved aside to NAME.old-1, -2, …
          --extend           Plan anew by a changed definition and keep every result that it asks for
                             again
          --serve[=<PORT>]   Show the page beside the run, on this machine alone [port: 8711, or the
                             next that is free]
          --retry-failed     Try failed trials again, where nothing was concluded from their failure yet
      -v, --verbose...       Show more of what is going on (-v ends of stages and trials, -vv epochs);
                             RUST_LOG says it precisely
      -h, --help             Print help

    Examples:
      finetooth run sweeps/digits.toml                  run it; after an interruption, go on with it
      finetooth run sweeps/digits.toml --workers 8      eight trials at once: the same results, sooner
      finetooth run sweeps/digits.toml --serve          and watch it in a browser
      finetooth run sweeps/digits.toml --fresh          begin anew; the old run is kept beside
      finetooth run sweeps/digits.toml --extend         plan anew, by a larger budget say; results are
      kept
      finetooth run sweeps/digits.toml --out /tmp/try --set train.batch_size=128 --set model.kind=mlp

    Ctrl-C stops at the end of the epoch, twice at once. Either way the same command goes on with the
    sweep.
    ");
}

#[test]
fn help_of_export() {
    let said = Sandbox::new().run(&["export", "--help"]);
    assert_eq!(said.code, 0);
    assert_snapshot!(said.out, @"
    Write a sweep's results as CSV, JSON, Parquet or for TensorBoard, or its model as safetensors or
    ONNX

    Usage: finetooth export [OPTIONS] --format <FORMAT> [DIR]

    Arguments:
      [DIR]
              Directory of the sweep, or its name in results/ [default: the one written to last]

    Options:
          --ensemble <K>
              So many of the best different trials, averaged: those of them, as often as it helps on the
              validation set

          --checkpoints <K>
              The best trial as it was after its K best epochs, averaged in the same way

          --model <FILE>
              The model of this file instead, as `train --to` or `export` writes it

          --format <FORMAT>
              What to write

              Possible values:
              - csv:         The four tables as a run writes them
              - json:        One document of everything: definition, trials, epochs, stages, timings
              - parquet:     The four tables with types, for pandas, Polars, DuckDB, Spark and others
              - tensorboard: A log directory with curves and the HPARAMS tab
              - safetensors: The model: weights under their names, and all that `finetooth predict`
                needs
              - onnx:        The model as a graph with preprocessing inside, for ONNX Runtime and others

          --out <PATH>
              Where to: a directory, of JSON a file or `-`, of a model a file [default:
              DIR/export/FORMAT, of one file DIR/export/NAME.FORMAT]

          --force
              Overwrite files that export did not write

      -v, --verbose...
              Show more of what is going on (-v ends of stages and trials, -vv epochs); RUST_LOG says it
              precisely

      -h, --help
              Print help (see a summary with '-h')

    Examples:
      finetooth export --format csv                  the sweep in results/ that was written to last
      finetooth export digits --format parquet       into results/digits/export/parquet
      finetooth export digits --format json --out -  to standard output
      finetooth export digits --format tensorboard --out logs/digits
      finetooth export digits --format onnx          the final model of [after], else the best trial,
      which is trained again
      finetooth export digits --format onnx --ensemble 5
      finetooth export --model net/model.safetensors --format onnx   one model file as another

    A sweep that runs is exported as far as it is. The same command again replaces the files.
    ");
}

#[test]
fn every_command_shows_examples() {
    for command in [
        "init", "check", "run", "status", "best", "show", "export", "rerun", "train",
    ] {
        let said = Sandbox::new().run(&[command, "--help"]);
        assert!(
            said.code == 0 && said.out.contains("Examples:"),
            "{command}: {}",
            said.out
        );
    }
}
