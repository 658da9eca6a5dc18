//! Floods of bytes.
use crate::report::Phase;
use crate::terminal::Terminal;
use crate::{piped, Arguments};
use bytes::{Bytes, BytesMut};
use std::process::Stdio;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

const BUFFER: usize = 256 * 1024;

async fn flood_of_pipes(words: &[String]) -> usize {
    let mut child = piped(words, Stdio::null()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut buffer = vec![0; BUFFER];
    let mut got = 0;
    loop {
        let n = out.read(&mut buffer).await.unwrap();
        if n == 0 {
            break;
        }
        got += n;
    }
    let rest = child.wait_with_output().await.unwrap();
    assert!(rest.status.success());
    got
}

async fn flood_of_terminal(words: &[String]) -> usize {
    let mut terminal = Terminal::start(words);
    let mut buffer = vec![0; BUFFER];
    let mut got = 0;
    loop {
        let n = terminal.read(&mut buffer).await;
        if n == 0 {
            break;
        }
        got += n;
    }
    assert!(terminal.child.wait().await.unwrap().success());
    got
}

pub async fn flood(mut args: Arguments) {
    let how = args.word();
    let bytes = args.number();
    let words = args.command();
    let phase = Phase::start();
    let got = if how == "pty" {
        flood_of_terminal(&words).await
    } else {
        flood_of_pipes(&words).await
    };
    assert_eq!(got, bytes);
    phase.report_flow(bytes);
}

pub async fn feed(mut args: Arguments) {
    let bytes = args.number();
    let block = vec![b'x'; args.number()];
    let words = args.command();
    let phase = Phase::start();
    let mut child = piped(&words, Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut left = bytes;
    while left > 0 {
        let n = left.min(block.len());
        input.write_all(&block[..n]).await.unwrap();
        left -= n;
    }
    drop(input);
    let answer = child.wait_with_output().await.unwrap();
    assert!(answer.status.success());
    let text = String::from_utf8(answer.stdout).unwrap();
    assert_eq!(text.trim().parse(), Ok(bytes));
    phase.report_flow(bytes);
}

pub async fn fanout(mut args: Arguments) {
    let subscribers = args.number();
    let bytes = args.number();
    let words = args.command();
    let mut child = piped(&words, Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut out = child.stdout.take().unwrap();
    let phase = Phase::start();
    let mut senders = Vec::new();
    let mut readers = Vec::new();
    for _ in 0..subscribers {
        let (sender, mut receiver) = mpsc::channel::<Bytes>(16);
        senders.push(sender);
        readers.push(tokio::spawn(async move {
            let mut got = 0;
            while let Some(block) = receiver.recv().await {
                got += block.len();
            }
            got
        }));
    }
    input.write_all(b"x").await.unwrap();
    loop {
        let mut block = BytesMut::with_capacity(64 * 1024);
        if out.read_buf(&mut block).await.unwrap() == 0 {
            break;
        }
        let block = block.freeze();
        for sender in &senders {
            sender.send(block.clone()).await.unwrap();
        }
    }
    drop(senders);
    for reader in readers {
        assert_eq!(reader.await.unwrap(), bytes);
    }
    assert!(child.wait().await.unwrap().success());
    phase.report_flow(bytes);
}
