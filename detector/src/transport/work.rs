//! How much work bytes make, for tests of its bounds: nobody may make more than a little of it with a byte.

#[cfg(test)]
thread_local! {
    static EXAMINED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// So many bytes are looked at, or copied.
pub(super) fn count(bytes: usize) {
    #[cfg(test)]
    EXAMINED.set(EXAMINED.get() + bytes);
    #[cfg(not(test))]
    let _ = bytes;
}

/// The bytes that were looked at by this thread since it was last asked.
#[cfg(test)]
pub(super) fn examined() -> usize {
    EXAMINED.take()
}
