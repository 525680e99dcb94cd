//! What a named path stands for: itself, or the files of a directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::SourceError;

/// A file to be read.
pub(super) struct Named {
    pub(super) path: PathBuf,
    /// Which of the named paths was its directory; `None` where the file was named itself.
    pub(super) directory: Option<usize>,
}

/// Puts the files of each directory in its place.
pub(super) fn expand(paths: &[PathBuf]) -> Result<Vec<Named>, SourceError> {
    let mut files = Vec::with_capacity(paths.len());
    for (index, path) in paths.iter().enumerate() {
        if path.is_dir() {
            let listed = list(path)
                .map_err(|source| SourceError::List { name: path.to_string_lossy().into_owned(), source })?;
            files.extend(listed.into_iter().map(|path| Named { path, directory: Some(index) }));
        } else {
            files.push(Named { path: path.clone(), directory: None });
        }
    }
    Ok(files)
}

/// Returns the visible files of a directory in the order of their names.
fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !is_hidden && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
