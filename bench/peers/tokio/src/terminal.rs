//! A child on a pseudo-terminal.
use std::io::{Error, Result};
use std::os::unix::io::{AsRawFd, FromRawFd, OwnedFd};
use std::process::Stdio;
use std::ptr::null_mut;
use tokio::io::unix::AsyncFd;
use tokio::process::{Child, Command};

pub struct Terminal {
    master: AsyncFd<OwnedFd>,
    pub child: Child,
}

fn checked(result: isize) -> Result<usize> {
    usize::try_from(result).map_err(|_| Error::last_os_error())
}

impl Terminal {
    pub fn start(words: &[String]) -> Terminal {
        let (mut master, mut slave) = (-1, -1);
        let (master, slave) = unsafe {
            let opened = libc::openpty(&mut master, &mut slave, null_mut(), null_mut(), null_mut());
            assert_eq!(opened, 0);
            libc::fcntl(master, libc::F_SETFD, libc::FD_CLOEXEC);
            libc::fcntl(slave, libc::F_SETFD, libc::FD_CLOEXEC);
            libc::fcntl(master, libc::F_SETFL, libc::O_RDWR | libc::O_NONBLOCK);
            (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave))
        };
        let end = || Stdio::from(slave.try_clone().unwrap());
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .kill_on_drop(true);
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        Terminal {
            master: AsyncFd::new(master).unwrap(),
            child,
        }
    }

    /// Returns 0 at the end, which the terminal reports as an error.
    pub async fn read(&self, to: &mut [u8]) -> usize {
        loop {
            let mut ready = self.master.readable().await.unwrap();
            let done = ready.try_io(|fd| {
                checked(unsafe { libc::read(fd.as_raw_fd(), to.as_mut_ptr().cast(), to.len()) })
            });
            if let Ok(result) = done {
                return result.unwrap_or(0);
            }
        }
    }

    pub async fn read_exact(&self, to: &mut [u8]) {
        let mut had = 0;
        while had < to.len() {
            let n = self.read(&mut to[had..]).await;
            assert!(n > 0, "the child ended early");
            had += n;
        }
    }

    pub async fn write(&self, mut from: &[u8]) {
        while !from.is_empty() {
            // Almost always there is room: a write before the wait is quicker.
            let fd = self.master.get_ref().as_raw_fd();
            match checked(unsafe { libc::write(fd, from.as_ptr().cast(), from.len()) }) {
                Ok(n) => from = &from[n..],
                Err(_) => self.master.writable().await.unwrap().clear_ready(),
            }
        }
    }
}
