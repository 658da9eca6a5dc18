//! The items with tokio: tokio::process, and for a terminal openpty and AsyncFd.
//! The arguments are those of bench/limit/measured.hpp.
mod flows;
mod report;
mod sessions;
mod terminal;

use std::process::Stdio;
use tokio::process::Command;

/// The words of the command line, taken one after the other.
pub struct Arguments(std::vec::IntoIter<String>);

impl Arguments {
    pub fn word(&mut self) -> String {
        self.0.next().expect("an argument is missing")
    }

    pub fn number(&mut self) -> usize {
        self.word().parse().expect("not a number")
    }

    /// Takes all other words: the command that is measured.
    pub fn command(&mut self) -> Vec<String> {
        self.0.by_ref().collect()
    }
}

/// Returns a command with pipes for both outputs.
pub fn piped(words: &[String], stdin: Stdio) -> Command {
    let mut result = Command::new(&words[0]);
    result
        .args(&words[1..])
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    result
}

fn raise_descriptor_limit() {
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
}

#[tokio::main]
async fn main() {
    raise_descriptor_limit();
    let mut args = Arguments(std::env::args().skip(1).collect::<Vec<_>>().into_iter());
    match args.word().as_str() {
        "flood" => flows::flood(args).await,
        "feed" => flows::feed(args).await,
        "fanout" => flows::fanout(args).await,
        "echo" => sessions::echo(args).await,
        "agent" => sessions::agent(args).await,
        "spawn" => sessions::spawn(args).await,
        "idle" => sessions::idle(args).await,
        other => {
            eprintln!("no such item: {other}");
            std::process::exit(2);
        }
    }
}
