//! The kernel program inside this binary; `build.rs` put it there.

/// The loader reads the object's headers in place, so they must be aligned.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/detector-ebpf"));

/// This binary was built without the eBPF tool chain.
#[derive(Debug, thiserror::Error)]
#[error("this firedamp was built without its kernel program; run `cargo xtask build`")]
pub struct MissingObject;

/// The object to load.
///
/// # Errors
/// [`MissingObject`] if there was none when this binary was built.
pub(super) fn embedded() -> Result<&'static [u8], MissingObject> {
    if OBJECT.is_empty() { Err(MissingObject) } else { Ok(OBJECT) }
}

#[cfg(test)]
mod tests {
    use super::embedded;

    #[test]
    fn the_object_is_an_aligned_elf_file_or_the_error_names_the_command() {
        match embedded() {
            Ok(object) => {
                assert!(object.starts_with(b"\x7fELF"));
                assert_eq!(object.as_ptr().align_offset(align_of::<u64>()), 0);
            }
            Err(error) => assert!(error.to_string().contains("cargo xtask build")),
        }
    }
}
