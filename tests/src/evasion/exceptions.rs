/// Something that is not found, and why not.
#[derive(Clone, Copy, Debug)]
pub struct Exception {
    /// The evasion.
    pub evasion: &'static str,
    /// The title of the conversation in the catalogue.
    pub dialect: &'static str,
    /// How many variants are missed.
    pub missed: usize,
    /// The reason.
    pub why: &'static str,
}

/// All of them.
#[must_use]
pub const fn exceptions() -> &'static [Exception] {
    &[]
}
