use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use thiserror::Error;

/// The version of the tables below.
const VERSION: i32 = 1;

/// The mark of a store in the header of an SQLite file: `RCal` in ASCII.
const APPLICATION: i32 = 0x5243_616c;

/// The tables. Times are nanoseconds since the epoch; VLANs are identifiers joined by dots, outermost first.
const TABLES: &str = "
CREATE TABLE stays (
    station TEXT NOT NULL, domain INTEGER NOT NULL, vlans TEXT NOT NULL, overlay TEXT NOT NULL,
    place TEXT NOT NULL, confidence TEXT NOT NULL,
    began INTEGER NOT NULL, ended INTEGER NOT NULL, is_open INTEGER NOT NULL,
    frames INTEGER NOT NULL, octets INTEGER NOT NULL,
    PRIMARY KEY (station, began, domain, vlans, overlay, place)
) WITHOUT ROWID;
CREATE INDEX stays_by_end ON stays (ended);
CREATE TABLE claims (
    address TEXT NOT NULL, mac TEXT NOT NULL, domain INTEGER NOT NULL, vlans TEXT NOT NULL, overlay TEXT NOT NULL,
    strength TEXT NOT NULL, began INTEGER NOT NULL, last INTEGER NOT NULL, ended INTEGER,
    PRIMARY KEY (address, began, mac, domain, vlans, overlay)
) WITHOUT ROWID;
CREATE INDEX claims_by_station ON claims (mac, began);
CREATE INDEX claims_by_last ON claims (last);
";

/// A store that is open.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

/// Why a store cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// SQLite cannot do what it is asked to.
    #[error("use store `{}`", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The file is an SQLite database of some other program.
    #[error("`{}` is no store of Rollcall (name another file)", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version of the program has written the file.
    #[error(
        "store `{}` has version {version}, and this program knows versions up to {VERSION} (use a newer program)",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: i32,
    },
}

impl StoreError {
    /// Tells whether the user named the wrong file, rather than that a file cannot be read or written.
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Foreign { .. } | Self::Newer { .. })
    }
}

impl Store {
    /// Opens a store to write to it; makes it where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let store = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        // Readers go on while a run writes; what is committed is safe from a crash of the program.
        store.batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
        if store.version()? == 0 {
            store.batch(&format!(
                "BEGIN; {TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
            ))?;
        }
        Ok(store)
    }

    /// Opens a store to read it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if store.version()? == 0 {
            return Err(StoreError::Foreign { path: path.to_owned() });
        }
        Ok(store)
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(path, flags);
        let connection = opened.map_err(|source| StoreError::Sqlite { path: path.to_owned(), source })?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// Returns the version of the tables, 0 where there are none; refuses what is not for this program.
    fn version(&self) -> Result<i32, StoreError> {
        let pragma = |name: &str| self.connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let read = || Ok((pragma("application_id")?, pragma("user_version")?));
        let tables = "SELECT count(*) FROM sqlite_schema";
        let (application, version) = read().map_err(|source| self.failed(source))?;
        let tables: i64 =
            self.connection.query_row(tables, [], |row| row.get(0)).map_err(|source| self.failed(source))?;
        if application != APPLICATION && (application != 0 || version != 0 || tables != 0) {
            return Err(StoreError::Foreign { path: self.path.clone() });
        }
        if version > VERSION {
            return Err(StoreError::Newer { path: self.path.clone(), version });
        }
        Ok(version)
    }

    pub(super) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(sql).map_err(|source| self.failed(source))
    }

    pub(super) fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Sqlite { path: self.path.clone(), source }
    }
}
