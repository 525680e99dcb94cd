use std::process::ExitCode;

/// How a command ended, as its exit status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    /// 0: nothing to complain about.
    #[default]
    Fine,
    /// 1: discrepancies were found where the command was asked to judge.
    Found,
    /// 2: the command line, the configuration or an inventory is wrong.
    Usage,
    /// 3: an input is damaged; everything before the damage was handled.
    Damaged,
    /// 4: a file or device could not be read or written.
    Io,
}

impl ExitStatus {
    /// Returns the number that the process ends with.
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Found => 1,
            Self::Usage => 2,
            Self::Damaged => 3,
            Self::Io => 4,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        status.code().into()
    }
}
