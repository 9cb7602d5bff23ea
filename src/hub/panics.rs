//! A panic becomes an exit code and a line that names the place. Its message is not shown: it may quote a
//! value, and values may be personal.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use crate::console::{Console, Lang};
use crate::exit::Exit;
use crate::failure::{Failure, HubError};

/// Runs `work`, and ends with [`Exit::Bug`] where it panics.
pub(crate) fn guard(lang: Lang, work: impl FnOnce() -> Exit) -> Exit {
    let place = Arc::new(Mutex::new(String::from("?")));
    let noted = Arc::clone(&place);
    panic::set_hook(Box::new(move |panic| {
        let location = panic.location().map_or_else(|| "?".to_owned(), ToString::to_string);
        *noted.lock().unwrap_or_else(PoisonError::into_inner) = location;
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let place = place.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let failure = Failure::from(HubError::Panic { place });
        Console::standard(lang).failure(&failure);
        failure.exit()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_with_70() {
        let before = panic::take_hook();
        let exit = guard(Lang::En, || panic!("a value that must not be shown"));
        panic::set_hook(before);
        assert_eq!(exit, Exit::Bug);
    }
}
