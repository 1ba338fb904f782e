/// The agent was built without the kernel program.
#[derive(Debug, thiserror::Error)]
#[error("this firedamp was built without its kernel program; run `cargo xtask build`")]
pub struct MissingObject;

pub(super) fn embedded() -> Result<&'static [u8], MissingObject> {
    const OBJECT: &[u8] =
        aya::include_bytes_aligned!("../../../target/ebpf/bpfel-unknown-none/ebpf/detector-ebpf");
    if OBJECT.is_empty() { Err(MissingObject) } else { Ok(OBJECT) }
}
