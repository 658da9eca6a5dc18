//! Echoes, shells and short processes.
use crate::report::{open_descriptors, print, print_times, private_memory, Phase};
use crate::terminal::Terminal;
use crate::{piped, Arguments};
use std::process::Stdio;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout};

/// The first echoes also load pages and caches.
const WARM_UP: usize = 100;

/// A child that echoes.
enum Echoer {
    Pipes(Child, ChildStdin, ChildStdout),
    Terminal(Terminal),
}

impl Echoer {
    fn start(how: &str, words: &[String]) -> Echoer {
        if how == "pty" {
            return Echoer::Terminal(Terminal::start(words));
        }
        let mut child = piped(words, Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = child.stdout.take().unwrap();
        Echoer::Pipes(child, input, output)
    }

    async fn read_exact(&mut self, to: &mut [u8]) {
        match self {
            Echoer::Pipes(_, _, out) => drop(out.read_exact(to).await.unwrap()),
            Echoer::Terminal(x) => x.read_exact(to).await,
        }
    }

    async fn round_trip(&mut self, message: &mut [u8]) -> f64 {
        let start = Instant::now();
        match self {
            Echoer::Pipes(_, input, _) => input.write_all(message).await.unwrap(),
            Echoer::Terminal(x) => x.write(message).await,
        }
        self.read_exact(message).await;
        start.elapsed().as_secs_f64()
    }

    async fn kill(self) {
        match self {
            Echoer::Pipes(mut child, _, _) => child.kill().await.unwrap(),
            Echoer::Terminal(mut x) => x.child.kill().await.unwrap(),
        }
    }
}

pub async fn echo(mut args: Arguments) {
    let how = args.word();
    let mut message = vec![b'x'; args.number()];
    let count = args.number();
    let mut child = Echoer::start(&how, &args.command());
    child.read_exact(&mut [0]).await;
    for _ in 0..WARM_UP {
        child.round_trip(&mut message).await;
    }
    let mut times = Vec::with_capacity(count);
    let phase = Phase::start();
    while times.len() < count {
        times.push(child.round_trip(&mut message).await);
    }
    phase.report(count);
    print_times(times);
    child.kill().await;
}

async fn read_line(shell: &Terminal) {
    let mut buffer = [0; 4096];
    loop {
        let n = shell.read(&mut buffer).await;
        assert!(n > 0, "a shell ended early");
        if buffer[..n].contains(&b'\n') {
            return;
        }
    }
}

async fn ask(shell: &Terminal, text: &str) -> f64 {
    let start = Instant::now();
    shell.write(format!("echo {text}\n").as_bytes()).await;
    read_line(shell).await;
    start.elapsed().as_secs_f64()
}

pub async fn agent(mut args: Arguments) {
    let count = args.number();
    let echoes = args.number();
    let words = args.command();
    let start = |_| {
        let shell = Terminal::start(&words);
        tokio::spawn(async move {
            read_line(&shell).await;
            ask(&shell, "ready").await;
            shell
        })
    };
    let starts: Vec<_> = (0..count).map(start).collect();
    let mut shells = Vec::new();
    for x in starts {
        shells.push(x.await.unwrap());
    }
    let phase = Phase::start();
    let talk = |shell: Terminal| {
        tokio::spawn(async move {
            let mut times = Vec::new();
            for i in 0..echoes {
                times.push(ask(&shell, &format!("done-{i}")).await);
            }
            (shell, times)
        })
    };
    let talks: Vec<_> = shells.into_iter().map(talk).collect();
    let mut ended = Vec::new();
    let mut times = Vec::new();
    for x in talks {
        let (shell, more) = x.await.unwrap();
        ended.push(shell);
        times.extend(more);
    }
    phase.report(count * echoes);
    print_times(times);
    for mut shell in ended {
        shell.child.kill().await.unwrap();
    }
}

async fn run_to_end(words: &[String]) {
    let ended = piped(words, Stdio::null()).output().await.unwrap();
    assert!(ended.status.success());
}

pub async fn spawn(mut args: Arguments) {
    let at_once = args.number();
    let live = args.number();
    let ballast = vec![b'x'; args.number() << 20];
    let count = args.number();
    let words = Arc::new(args.command());
    let sleeping = ["/bin/sleep".to_string(), "infinity".to_string()];
    let start = |_| piped(&sleeping, Stdio::null()).spawn().unwrap();
    let mut others: Vec<_> = (0..live).map(start).collect();
    run_to_end(&words).await;
    let phase = Phase::start();
    if at_once == 1 {
        for _ in 0..count {
            run_to_end(&words).await;
        }
    } else {
        let left = Arc::new(AtomicIsize::new(count as isize));
        let work = |_| {
            let (left, words) = (left.clone(), words.clone());
            tokio::spawn(async move {
                while left.fetch_sub(1, Ordering::Relaxed) > 0 {
                    run_to_end(&words).await;
                }
            })
        };
        let workers: Vec<_> = (0..at_once).map(work).collect();
        for x in workers {
            x.await.unwrap();
        }
    }
    phase.report_rate(count);
    for x in &mut others {
        x.kill().await.unwrap();
    }
    drop(ballast);
}

pub async fn idle(mut args: Arguments) {
    let count = args.number();
    let words = args.command();
    let start = || piped(&words, Stdio::piped()).spawn().unwrap();
    let mut children = Vec::with_capacity(count + 1);
    children.push(start());
    let before = (private_memory(), open_descriptors());
    let phase = Phase::start();
    for _ in 0..count {
        children.push(start());
    }
    phase.report(count);
    let each = |now: f64, before: f64| (now - before).max(0.0) / count as f64;
    print("kib_each", each(private_memory(), before.0));
    print("descriptors_each", each(open_descriptors(), before.1));
    for x in &mut children {
        x.kill().await.unwrap();
    }
}
