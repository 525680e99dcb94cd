//! The object as it is kept: what the kernel and the sensor need of what the linker wrote.

use anyhow::{Context as _, Result};
use object::build::elf::{Builder, SectionData};

/// How long the header of `.BTF.ext` is, and where it tells the places and lengths of its parts (linux/btf.h): of the
/// lines, and of what is adapted to the kernel's own types.
const HEADER_OCTETS: usize = 32;
const LINES_AT: usize = 16;
const LINES_LEN_AT: usize = 20;
const ADAPTED_AT: usize = 24;
const ADAPTED_LEN_AT: usize = 28;

/// Takes out what only debuggers read: their sections, and the lines of the source in the type information. The kernel
/// wants the types of functions, because one of them is called back, but not the lines.
///
/// # Errors
/// It is no ELF object with type information.
pub(super) fn strip(linked: &[u8]) -> Result<Vec<u8>> {
    let mut builder = Builder::read(linked).context("read the object")?;
    let mut has_types = false;
    for section in &mut builder.sections {
        let name = section.name.to_string();
        if name.starts_with(".debug") || name.starts_with(".rel.debug") || name.starts_with(".rel.BTF") {
            section.delete = true;
        }
        if name == ".BTF.ext"
            && let SectionData::Data(data) = &mut section.data
        {
            cut_lines(data.to_mut()).context("read the head of the type information")?;
            has_types = true;
        }
    }
    anyhow::ensure!(has_types, "the object has no type information");
    if !builder.sections.iter().any(|section| matches!(section.data, SectionData::SectionString)) {
        // The linker keeps the names of sections among those of symbols; here they stand apart.
        let names = builder.sections.add();
        names.name = ".shstrtab".into();
        names.sh_type = object::elf::SHT_STRTAB;
        names.sh_addralign = 1;
        names.data = SectionData::SectionString;
    }
    builder.delete_orphans();
    builder.delete_unused_versions();
    let mut stripped = Vec::new();
    builder.write(&mut stripped).context("write the object")?;
    Ok(stripped)
}

/// Cuts the lines off, which stand behind the functions; none where something else stands behind them.
fn cut_lines(data: &mut Vec<u8>) -> Option<()> {
    let number = |at: usize| data.get(at..)?.first_chunk().map(|octets| u32::from_le_bytes(*octets));
    let (lines, adapted) = (number(LINES_AT)?, number(ADAPTED_LEN_AT)?);
    if adapted != 0 {
        return None;
    }
    data.get_mut(LINES_LEN_AT..LINES_LEN_AT + 4)?.fill(0);
    data.get_mut(ADAPTED_AT..ADAPTED_AT + 4)?.copy_from_slice(&lines.to_le_bytes());
    data.truncate(HEADER_OCTETS + usize::try_from(lines).ok()?);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell;

    #[test]
    fn the_object_that_is_kept_is_stripped_already() {
        let path = shell::root().join(super::super::OBJECT);
        let kept = std::fs::read(path).unwrap();
        assert_eq!(strip(&kept).unwrap(), kept);
        let words = String::from_utf8_lossy(&kept);
        assert!(!words.contains(".debug") && !words.contains(&shell::root().display().to_string()));
        assert!(!words.contains("registry"), "it does not depend on where packages come from");
        assert!(strip(b"no object").is_err());
    }
}
