//! Real interfaces for tests: network namespaces, pairs of virtual interfaces, and the program on one end of them.
//!
//! Needs root. Whoever uses it asks [`Lab::try_new`] first and skips loudly where there is none.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use pcap::{Active, Capture, Direction};

/// How long something may take that should happen at once.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A network namespace with a pair of interfaces: what is sent into `near` comes out of `far`, where the program listens.
#[derive(Debug)]
pub struct Lab {
    name: String,
    folder: PathBuf,
}

impl Lab {
    /// The end into which a test sends.
    pub const NEAR: &str = "near";
    /// The end on which the program captures.
    pub const FAR: &str = "far";

    /// Makes one; says why where this machine does not allow it.
    ///
    /// # Errors
    /// The reason for skipping: the user is not root, or the kernel has no namespaces.
    pub fn try_new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        ensure!(geteuid().is_root(), "not root, so that no network namespace can be made");
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rollcall-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder)?;
        run("ip", &["netns", "add", &name]).context("no network namespace can be made")?;
        let lab = Self { name, folder };
        lab.ip(&["link", "set", "lo", "up"])?;
        lab.make_pair()?;
        Ok(lab)
    }

    /// Makes the pair of interfaces, silent ones that are up.
    ///
    /// # Errors
    /// What `ip` says.
    pub fn make_pair(&self) -> Result<()> {
        self.ip(&["link", "add", Self::NEAR, "type", "veth", "peer", "name", Self::FAR])?;
        for end in [Self::NEAR, Self::FAR] {
            // The system itself is to send nothing there.
            let setting = format!("net.ipv6.conf.{end}.disable_ipv6=1");
            run("ip", &["netns", "exec", &self.name, "sysctl", "-qw", &setting])?;
            self.ip(&["link", "set", end, "arp", "off", "up"])?;
        }
        Ok(())
    }

    /// Runs `ip` in the namespace.
    ///
    /// # Errors
    /// What it says.
    pub fn ip(&self, arguments: &[&str]) -> Result<()> {
        run("ip", &[&["-n", &self.name], arguments].concat())
    }

    /// Returns what `ip` prints in the namespace.
    ///
    /// # Errors
    /// It fails.
    pub fn ip_said(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("ip").args(["-n", &self.name]).args(arguments).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Returns a file of this test alone.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file of this test alone; returns its path.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.file(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Does something on a thread that is in the namespace.
    ///
    /// # Errors
    /// The thread cannot enter it, or panics; what the deed gives.
    pub fn within<T: Send>(&self, act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let namespace = File::open(Path::new("/run/netns").join(&self.name))?;
        thread::scope(|scope| {
            let inside = scope.spawn(move || {
                setns(namespace, CloneFlags::CLONE_NEWNET)?;
                act()
            });
            inside.join().map_err(|_| anyhow::anyhow!("the thread in the namespace panicked"))?
        })
    }

    /// Sends frames into the near end, so many milliseconds apart.
    ///
    /// # Errors
    /// They cannot be sent.
    pub fn send(&self, frames: &[Vec<u8>], millis_between: u64) -> Result<()> {
        self.within(|| {
            let mut near = open(Self::NEAR)?;
            for frame in frames {
                near.sendpacket(frame.as_slice())?;
                thread::sleep(Duration::from_millis(millis_between));
            }
            Ok(())
        })
    }

    /// Opens the near end to see what comes out of it, which is what was sent into the far end.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn listen(&self) -> Result<Capture<Active>> {
        self.within(|| {
            let near = open(Self::NEAR)?.setnonblock()?;
            near.direction(Direction::In)?;
            Ok(near)
        })
    }

    /// Starts a program in the namespace whose words nobody wants to hear.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start_silently(&self, program: &Path, arguments: &[&str]) -> Result<Program> {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program).args(arguments);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Program { child, said: Default::default() })
    }

    /// Starts a program in the namespace.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self, program: &Path, arguments: &[&str]) -> Result<Program> {
        let child = Command::new("ip")
            .args(["netns", "exec", &self.name])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(File::create(self.file("stdout"))?)
            .stderr(File::create(self.file("stderr"))?)
            .spawn()?;
        Ok(Program { child, said: [self.file("stdout"), self.file("stderr")] })
    }

    /// Asks for a page over HTTP in the namespace; returns status and body.
    ///
    /// # Errors
    /// Nobody answers.
    pub fn get(&self, port: u16, path: &str) -> Result<(u16, String)> {
        self.within(|| {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let mut stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            write!(stream, "GET {path} HTTP/1.0\r\nhost: here\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
            let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
            status.zip(body).context("the answer is no HTTP")
        })
    }

    /// Waits until a page has this status; returns its body.
    ///
    /// # Errors
    /// It has not in time; with what it said last.
    pub fn wait_for(&self, port: u16, path: &str, status: u16) -> Result<String> {
        let mut last = None;
        wait(|| {
            last = self.get(port, path).ok();
            last.as_ref().is_some_and(|(found, _)| *found == status)
        })
        .with_context(|| format!("{path} is not {status} but {last:?}"))?;
        Ok(last.map_or_else(String::new, |(_, body)| body))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // What is left behind disturbs nobody: names are never used again.
        drop(run("ip", &["netns", "del", &self.name]));
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// A program that was started.
#[derive(Debug)]
pub struct Program {
    child: Child,
    said: [PathBuf; 2],
}

impl Program {
    /// Returns its process's number. `ip netns exec` becomes the program, so that it has no other.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// It has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?)
    }

    /// Ends it by SIGTERM; returns its exit status.
    ///
    /// # Errors
    /// It does not end in time.
    pub fn stop(&mut self) -> Result<i32> {
        self.signal(Signal::SIGTERM)?;
        self.wait()
    }

    /// Waits for its end; returns its exit status.
    ///
    /// # Errors
    /// It does not end in time.
    pub fn wait(&mut self) -> Result<i32> {
        let mut code = None;
        wait(|| {
            code = self.child.try_wait().ok().flatten();
            code.is_some()
        })
        .context("the program does not end")?;
        code.and_then(|status| status.code()).context("it was killed")
    }

    /// Returns what it printed, and what it said on standard error.
    pub fn said(&self) -> [String; 2] {
        self.said.each_ref().map(|path| std::fs::read_to_string(path).unwrap_or_default())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until something is so.
///
/// # Errors
/// It is not within [`PATIENCE`].
pub fn wait(mut is_so: impl FnMut() -> bool) -> Result<()> {
    let begun = Instant::now();
    while !is_so() {
        ensure!(begun.elapsed() < PATIENCE, "waited for {PATIENCE:?} in vain");
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn open(interface: &str) -> Result<Capture<Active>> {
    Ok(Capture::from_device(interface)?.snaplen(65_535).promisc(true).immediate_mode(true).open()?)
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).output()?;
    if !output.status.success() {
        bail!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
