//! `finetooth completions` and `finetooth man`: what shells and manual readers want of the command line.

use std::io;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth completions bash > ~/.local/share/bash-completion/completions/finetooth
  finetooth completions zsh > \"${fpath[1]}/_finetooth\"
  finetooth completions fish > ~/.config/fish/completions/finetooth.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Prints a script that completes finetooth's command line.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut args::Args::command(),
        "finetooth",
        &mut text,
    );
    output::result(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::DONE)
}

/// Prints the manual page: the program, then each command.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn man() -> Result<ExitCode, Failure> {
    let page = manual().map_err(Failure::not_written)?;
    output::result(&String::from_utf8_lossy(&page))?;
    Ok(ExitCode::DONE)
}

fn manual() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let mut command = args::Args::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
    {
        let name = format!("finetooth {}", sub.get_name());
        let man = clap_mangen::Man::new(sub.clone().display_name(name));
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    Ok(page)
}
