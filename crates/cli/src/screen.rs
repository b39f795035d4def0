//! Standard error as people see it: a terminal with progress bars, or a log.

use std::env;
use std::io::{self, IsTerminal};

use indicatif::{MultiProgress, ProgressDrawTarget};

use crate::output;

/// Where everything but results is shown.
///
/// Clones share the bars, so that messages of any of them appear above and never through them.
#[derive(Debug, Clone)]
pub(crate) struct Screen {
    bars: MultiProgress,
    is_terminal: bool,
    has_colour: bool,
}

impl Screen {
    /// Standard error as this process has it. `NO_COLOR` takes the colours; a terminal that calls itself dumb is
    /// taken for a log.
    pub(crate) fn detect() -> Self {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_terminal = io::stderr().is_terminal() && !is_dumb;
        let target = if is_terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            bars: MultiProgress::with_draw_target(target),
            is_terminal,
            has_colour: is_terminal && !is_set("NO_COLOR"),
        }
    }

    /// Shows a line, above the bars where there are any.
    pub(crate) fn line(&self, text: &str) {
        self.show(&format!("{text}\n"));
    }

    /// Shows `text` as it is, above the bars where there are any.
    pub(crate) fn show(&self, text: &str) {
        self.bars.suspend(|| output::message(text));
    }

    /// Takes back what the terminal itself wrote when Ctrl-C was pressed. The cursor rests behind the last bar, at the
    /// end of its line, so that `^C` begins the next one; the bars would then be cleared one line too low.
    pub(crate) fn take_back_ctrl_c(&self) {
        if self.is_terminal && io::stdin().is_terminal() {
            output::message("\r\x1b[K\x1b[A");
        }
    }

    /// The bars, for who draws them.
    pub(crate) fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// Whether lines can be drawn over: a terminal, and not one that calls itself dumb.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether colours are welcome.
    pub(crate) fn has_colour(&self) -> bool {
        self.has_colour
    }
}
