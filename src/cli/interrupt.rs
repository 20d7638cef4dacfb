//! The signals that ask the program to end: Ctrl-C, and on Unix SIGTERM and SIGHUP as well.
//!
//! While recipients are simulated, the first signal stops the simulation after the batches under way. At any other time, and at the second
//! signal, the program ends at once. Either way it leaves nothing temporary behind, says what has become of its work, and exits with 128
//! plus the number of the signal.

use super::output;
use crate::files;
use crate::sim::Progress;
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest time that a disk or terminal that hangs can delay the end of the program.
const AT_MOST: Duration = Duration::from_secs(2);
/// The message while there is nothing to keep.
pub(super) const NOTHING: &str = "interrupted; nothing was written";

/// The message once the report is in place.
const WRITTEN: &str = "interrupted; the report is written";

/// The state in which a signal finds the program.
struct State {
    simulating: Option<Arc<Progress>>,
    message: Cow<'static, str>,
}

static STATE: Mutex<State> = Mutex::new(State { simulating: None, message: Cow::Borrowed(NOTHING) });
/// The exit code of the last signal.
static CODE: AtomicU8 = AtomicU8::new(130);
static IS_ENDING: AtomicBool = AtomicBool::new(false);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The exit code for the signal that was received.
pub(super) fn code() -> u8 {
    CODE.load(Ordering::Relaxed)
}

/// Sets the message for when a signal ends the program: what has become of its work.
pub(super) fn say(message: impl Into<Cow<'static, str>>) {
    state().message = message.into();
}

/// Recipients are being simulated until this is dropped.
pub(super) struct Simulating;

/// From now on, the first signal stops `progress`.
pub(super) fn simulating(progress: &Arc<Progress>) -> Simulating {
    state().simulating = Some(Arc::clone(progress));
    Simulating
}

impl Drop for Simulating {
    fn drop(&mut self) {
        state().simulating = None;
    }
}

/// Handles a signal that asks the program to end with `code`.
fn received(code: u8) {
    CODE.store(code, Ordering::Relaxed);
    let state = state();
    match &state.simulating {
        Some(progress) if !progress.stopped() => progress.stop(),
        _ => {
            let message = state.message.clone();
            drop(state);
            end(code, message)
        }
    }
}

/// Removes temporary files, says what has become of the work, and ends the program.
fn end(code: u8, message: Cow<'static, str>) {
    IS_ENDING.store(true, Ordering::SeqCst);
    let (done, finished) = channel::<()>();
    let last_words = move || {
        let message = if files::clean_up() { WRITTEN } else { &message };
        output::say(message, None);
        drop(done);
    };
    // If no thread can be started, the program ends without a message.
    if std::thread::Builder::new().spawn(last_words).is_ok() {
        let _ = finished.recv_timeout(AT_MOST);
    }
    std::process::exit(code.into())
}

/// Blocks while a signal is ending the program, so that failures that result from it are not reported.
pub(super) fn let_it_end() {
    while IS_ENDING.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// Handles signals from now on. If that fails, signals end the program in the default way.
#[cfg(unix)]
pub(super) fn listen() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| is_heard(signal));
    let Ok(mut signals) = signal_hook::iterator::Signals::new(heard) else { return };
    let listening = move || signals.forever().for_each(|signal| received(128 | signal as u8));
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(listening);
}

/// Whether this signal was not ignored when the program was started: `nohup` ignores SIGHUP, and shells ignore SIGINT for background jobs.
/// Where this cannot be determined, SIGHUP keeps the handling that the program was started with.
#[cfg(unix)]
fn is_heard(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.map_or(signal != signal_hook::consts::SIGHUP, |mask| mask >> (signal - 1) & 1 == 0)
}

/// Handles Ctrl-C from now on. If that fails, Ctrl-C ends the program in the default way.
#[cfg(not(unix))]
pub(super) fn listen() {
    let _ = ctrlc::set_handler(|| received(130));
}
