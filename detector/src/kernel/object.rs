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
    use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SymbolKind};

    use super::embedded;

    /// The frame pointer's number.
    const FRAME: u8 = 10;

    /// Bytes of stack that a function uses, by its accesses and the addresses it takes.
    fn stack(code: &[u8]) -> i32 {
        let instructions: Vec<_> = code.as_chunks::<8>().0.iter().collect();
        let accessed = instructions.iter().map(|[code, registers, offset @ .., _, _, _, _]| {
            let frame = match code & 7 {
                1 => registers >> 4 == FRAME,
                2 | 3 => registers & 15 == FRAME,
                _ => false,
            };
            if frame { i32::from(i16::from_le_bytes(*offset)) } else { 0 }
        });
        let taken = instructions.windows(2).map(|pair| {
            let [[0xbf, registers, ..], [0x07, added, _, _, by @ ..]] = pair else { return 0 };
            let frame = registers >> 4 == FRAME && registers & 15 == added & 15;
            if frame { i32::from_le_bytes(*by) } else { 0 }
        });
        -accessed.chain(taken).min().unwrap_or(0)
    }

    /// The verifier of Linux 6.1 adds up the stacks of a program and of the callbacks it passes on, each in steps of 32 bytes,
    /// and refuses more than 512 bytes. Later ones are less strict, so that loading the program here does not tell.
    #[test]
    fn the_stack_is_small_enough_for_older_kernels() {
        let Ok(bytes) = embedded() else { return };
        let file = object::File::parse(bytes).unwrap();
        let functions =
            file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0);
        let functions: Vec<(&str, &str, i32)> = functions
            .map(|symbol| {
                let section = file.section_by_index(symbol.section_index().unwrap()).unwrap();
                let code = section.data_range(symbol.address(), symbol.size()).unwrap().unwrap();
                let bytes = (stack(code).max(1) + 31) / 32 * 32;
                (section.name().unwrap(), symbol.name().unwrap(), bytes)
            })
            .collect();
        // What is made for the packets of one kind of program is not called by the other.
        for (kind, count, foreign) in [("xdp", 3, "SocketBuffer"), ("classifier", 1, "XdpPacket")] {
            let is_own = |name: &str| !name.contains(foreign);
            let (mut programs, mut callbacks, mut others) = (Vec::new(), Vec::new(), Vec::new());
            for (section, name, bytes) in &functions {
                match *section {
                    section if section.starts_with(kind) => programs.push(*bytes),
                    ".text" if is_own(name) && name.contains("callback") => callbacks.push(*bytes),
                    ".text" if is_own(name) => others.push(*bytes),
                    _ => {}
                }
            }
            callbacks.sort_unstable_by(|one, other| other.cmp(one));
            let program = programs.iter().max().unwrap();
            assert!(
                programs.len() == count && callbacks.len() > 2,
                "{kind} {programs:?} {callbacks:?} {others:?}"
            );
            // A callback calls another, or a function that copies bytes, whose stack is the smallest.
            let deepest =
                (program + callbacks.iter().take(2).sum::<i32>()).max(program + others.iter().max().unwrap());
            assert!(deepest <= 512, "{kind} {programs:?} {callbacks:?} {others:?}");
        }
    }

    /// What is not blocked costs nothing, for the recogniser has nothing of the gate.
    #[test]
    fn without_a_gate_nothing_of_it_is_run() {
        let Ok(bytes) = embedded() else { return };
        let file = object::File::parse(bytes).unwrap();
        let tables = |program: &str| -> Vec<String> {
            let symbol = file.symbols().find(|symbol| symbol.name() == Ok(program)).unwrap();
            let range = symbol.address()..symbol.address() + symbol.size();
            let section = file.section_by_index(symbol.section_index().unwrap()).unwrap();
            let used = section.relocations().filter(|(at, _)| range.contains(at));
            used.filter_map(|(_, relocation)| match relocation.target() {
                RelocationTarget::Symbol(index) => {
                    Some(file.symbol_by_index(index).unwrap().name().unwrap().to_owned())
                }
                _ => None,
            })
            .collect()
        };
        let of_the_gate = ["CONTROL", "BLOCKS", "BLOCKED", "ALLOWED", "WORK", "NEXT"].map(str::to_owned);
        let (recogniser, gate) = (tables("firedamp"), tables("firedamp_gate"));
        assert!(recogniser.iter().any(|name| name == "FLOWS"), "{recogniser:?}");
        assert!(["BLOCKS", "NEXT"].iter().all(|name| gate.iter().any(|known| known == name)), "{gate:?}");
        assert!(!of_the_gate.iter().any(|name| recogniser.contains(name)), "{recogniser:?}");
    }

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
