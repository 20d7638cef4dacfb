//! What asks the program to end: Ctrl-C, and on Unix SIGTERM and SIGHUP as well.
//!
//! While recipients are simulated the first signal stops that, after the batches under way. At any other moment, and at the second signal,
//! the program ends at once. Either way it leaves nothing temporary, says what has become of its work, and ends with 128 and the number of
//! the signal.

use super::output;
use crate::files;
use crate::sim::Progress;
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A disk or a terminal that hangs keeps the program no longer than this.
const AT_MOST: Duration = Duration::from_secs(2);
/// What is said while there is nothing to keep.
pub(super) const NOTHING: &str = "interrupted; nothing was written";

/// What is said once the report is in its place.
const WRITTEN: &str = "interrupted; the report is written";

/// What a signal finds.
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

/// The exit code of the signal that has come.
pub(super) fn code() -> u8 {
    CODE.load(Ordering::Relaxed)
}

/// Says from now on what has become of the program's work when a signal ends it.
pub(super) fn say(message: impl Into<Cow<'static, str>>) {
    state().message = message.into();
}

/// Recipients are simulated until this is dropped.
pub(super) struct Simulating;

/// The first signal from now on stops `progress`.
pub(super) fn simulating(progress: &Arc<Progress>) -> Simulating {
    state().simulating = Some(Arc::clone(progress));
    Simulating
}

impl Drop for Simulating {
    fn drop(&mut self) {
        state().simulating = None;
    }
}

/// A signal has come that asks the program to end with `code`.
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

/// Removes what is temporary, says so, and ends the program.
fn end(code: u8, message: Cow<'static, str>) {
    IS_ENDING.store(true, Ordering::SeqCst);
    let (done, finished) = channel::<()>();
    let last_words = move || {
        let message = if files::clean_up() { WRITTEN } else { &message };
        output::say(message, None);
        drop(done);
    };
    // Where there is no thread to be had, the program ends without a word.
    if std::thread::Builder::new().spawn(last_words).is_ok() {
        let _ = finished.recv_timeout(AT_MOST);
    }
    std::process::exit(code.into())
}

/// Waits for the end where a signal is about to end the program: what then fails, fails for that.
pub(super) fn let_it_end() {
    while IS_ENDING.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// Listens to signals from now on. Where it cannot, they end the program as they end any other.
#[cfg(unix)]
pub(super) fn listen() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| is_heard(signal));
    let Ok(mut signals) = signal_hook::iterator::Signals::new(heard) else { return };
    let listening = move || signals.forever().for_each(|signal| received(128 | signal as u8));
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(listening);
}

/// Whether the program was started without this signal being ignored: `nohup` ignores SIGHUP, and shells have what runs in the background
/// ignore SIGINT. Where nobody tells, SIGHUP is left to whoever started the program.
#[cfg(unix)]
fn is_heard(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.map_or(signal != signal_hook::consts::SIGHUP, |mask| mask >> (signal - 1) & 1 == 0)
}

/// Listens to Ctrl-C from now on. Where it cannot, that ends the program as it ends any other.
#[cfg(not(unix))]
pub(super) fn listen() {
    let _ = ctrlc::set_handler(|| received(130));
}
