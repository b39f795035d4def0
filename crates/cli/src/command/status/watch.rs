//! `finetooth status --watch`: a run in another terminal, until it is finished.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use finetooth_dashboard::{Source, View};

use super::{counts, standing, text};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::{brief, duration};
use crate::output;
use crate::record::{Recorded, directory_of};

/// Time between two looks at a record that grows.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Least time between two lines where the output is no terminal, unless the sweep stands otherwise.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Characters of the bar.
const BAR: usize = 30;

/// Shows the sweep in `directory` anew whenever its record has grown. On a terminal the newest state takes the place of the
/// one before; elsewhere a line is added now and then.
///
/// # Errors
/// Where there is no record, or it cannot be read.
pub(super) fn watch(directory: Option<&Path>) -> Result<ExitCode, Failure> {
    let directory = directory_of(directory)?;
    let is_terminal = io::stdout().is_terminal();
    let mut pace = Pace::default();
    let mut last: Option<(String, &str, Instant)> = None;
    loop {
        let begun = Instant::now();
        let recorded = Recorded::read(Some(&directory))?;
        let is_over = recorded.state.finished().is_some();
        let shown = if is_terminal {
            format!("{}\n{}", text(&recorded), pace.bar(&recorded))
        } else {
            line(&recorded)
        };
        let stands = standing(&recorded);
        let is_news = last.as_ref().is_none_or(|(text, stood, at)| {
            *stood != stands || *text != shown && (is_terminal || at.elapsed() >= LINE_EVERY)
        });
        if is_news {
            // Up and clear, then the whole at once: nothing flickers.
            let up = if is_terminal {
                "\x1b[H\x1b[2J\x1b[3J"
            } else {
                ""
            };
            output::result(&format!("{up}{shown}"))?;
            last = Some((shown, stands, begun));
        }
        if is_over {
            return Ok(ExitCode::DONE);
        }
        // A long record takes its time: looking at it may take a tenth of ours.
        let cost = begun.elapsed();
        thread::sleep(LOOK_EVERY.max(cost * 10));
    }
}

/// `digits: running; 12 ended, 2 running, 40 planned so far; best 0.9722`.
fn line(recorded: &Recorded) -> String {
    let best = recorded.best().map_or(String::new(), |(record, best)| {
        let metric = &recorded.sweep.metric().name;
        format!(
            "; best {metric} {} (trial {})",
            brief(best.value),
            record.trial.id
        )
    });
    format!(
        "{}: {}; {}{best}\n",
        recorded.sweep.name(),
        standing(recorded),
        counts(recorded)
    )
}

/// How fast epochs went by while this was watching.
#[derive(Debug, Default)]
struct Pace {
    begun: Option<(Instant, u64)>,
}

impl Pace {
    /// `━━━━━━╸      516 of 636 epochs, about 12 s left`.
    fn bar(&mut self, recorded: &Recorded) -> String {
        let view = View::new(Source {
            sweep: &recorded.sweep,
            leaderboard: &recorded.leaderboard,
            state: &recorded.state,
        });
        let reported = recorded
            .state
            .trials()
            .iter()
            .map(|record| u64::from(record.epochs()));
        let (done, planned) = (reported.sum::<u64>(), view.epochs_planned.max(1));
        let (since, at_first) = *self.begun.get_or_insert((Instant::now(), done));
        let filled = (BAR as u64 * done.min(planned) / planned) as usize;
        let mut text = format!(
            "  {}{}  {done} of {planned} epochs",
            "━".repeat(filled),
            " ".repeat(BAR - filled)
        );
        let new = done - at_first.min(done);
        if recorded.is_in_use && new >= 3 && done < planned {
            let seconds = since.elapsed().as_secs_f64() / new as f64 * (planned - done) as f64;
            if let Ok(left) = Duration::try_from_secs_f64(seconds) {
                let _ = write!(text, ", about {} left", duration(left));
            }
        }
        text.push('\n');
        text
    }
}
