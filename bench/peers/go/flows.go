package main

import (
	"bytes"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/creack/pty"
)

const bufferSize = 256 * 1024

// drain returns how many bytes it read; a terminal ends with an error.
func drain(from io.Reader) int {
	buffer := make([]byte, bufferSize)
	got := 0
	for {
		n, err := from.Read(buffer)
		got += n
		if err != nil {
			return got
		}
	}
}

func flood(args arguments) {
	how := args.word()
	size := args.number()
	command := exec.Command(args.words[0], args.words[1:]...)
	p := startPhase()
	got := 0
	if how == "pty" {
		terminal, err := pty.Start(command)
		check(err)
		got = drain(terminal)
	} else {
		var errors bytes.Buffer
		command.Stderr = &errors
		out, err := command.StdoutPipe()
		check(err)
		check(command.Start())
		got = drain(out)
	}
	check(command.Wait())
	expect(got == size, "output is missing")
	p.reportFlow(size)
}

func feed(args arguments) {
	size := args.number()
	block := bytes.Repeat([]byte("x"), args.number())
	command := exec.Command(args.words[0], args.words[1:]...)
	var answer bytes.Buffer
	command.Stdout = &answer
	p := startPhase()
	in, err := command.StdinPipe()
	check(err)
	check(command.Start())
	for left := size; left > 0; {
		if left < len(block) {
			block = block[:left]
		}
		_, err := in.Write(block)
		check(err)
		left -= len(block)
	}
	check(in.Close())
	check(command.Wait())
	got, err := strconv.Atoi(strings.TrimSpace(answer.String()))
	check(err)
	expect(got == size, "input is missing")
	p.reportFlow(size)
}

func fanout(args arguments) {
	subscribers := make([]chan []byte, args.number())
	size := args.number()
	command := exec.Command(args.words[0], args.words[1:]...)
	in, err := command.StdinPipe()
	check(err)
	out, err := command.StdoutPipe()
	check(err)
	check(command.Start())
	p := startPhase()
	var all sync.WaitGroup
	for i := range subscribers {
		blocks := make(chan []byte, 16)
		subscribers[i] = blocks
		all.Add(1)
		go func() {
			got := 0
			for block := range blocks {
				got += len(block)
			}
			expect(got == size, "output is missing")
			all.Done()
		}()
	}
	_, err = in.Write([]byte("x"))
	check(err)
	for {
		block := make([]byte, 64*1024)
		n, err := out.Read(block)
		for _, subscriber := range subscribers {
			subscriber <- block[:n]
		}
		if err != nil {
			break
		}
	}
	for _, subscriber := range subscribers {
		close(subscriber)
	}
	all.Wait()
	check(command.Wait())
	p.reportFlow(size)
}
