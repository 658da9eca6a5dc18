package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/creack/pty"
)

// The first echoes also load pages and caches.
const warmUp = 100

func roundTrip(to io.Writer, from io.Reader, message []byte) float64 {
	start := time.Now()
	_, err := to.Write(message)
	check(err)
	_, err = io.ReadFull(from, message)
	check(err)
	return time.Since(start).Seconds()
}

func echo(args arguments) {
	how := args.word()
	message := bytes.Repeat([]byte("x"), args.number())
	count := args.number()
	command := exec.Command(args.words[0], args.words[1:]...)
	var in io.Writer
	var out io.Reader
	if how == "pty" {
		terminal, err := pty.Start(command)
		check(err)
		in, out = terminal, terminal
	} else {
		var err error
		in, err = command.StdinPipe()
		check(err)
		out, err = command.StdoutPipe()
		check(err)
		check(command.Start())
	}
	_, err := io.ReadFull(out, make([]byte, 1))
	check(err)
	for i := 0; i < warmUp; i++ {
		roundTrip(in, out, message)
	}
	times := make([]float64, 0, count)
	p := startPhase()
	for len(times) < count {
		times = append(times, roundTrip(in, out, message))
	}
	p.report(float64(count))
	printTimes(times)
	end(command)
}

func end(command *exec.Cmd) {
	check(command.Process.Kill())
	command.Wait()
}

type shell struct {
	command *exec.Cmd
	file    *os.File
	lines   *bufio.Reader
	times   []float64
}

func (s *shell) readLine() {
	_, err := s.lines.ReadString('\n')
	check(err)
}

func (s *shell) ask(text string) float64 {
	start := time.Now()
	_, err := fmt.Fprintf(s.file, "echo %s\n", text)
	check(err)
	s.readLine()
	return time.Since(start).Seconds()
}

func agent(args arguments) {
	shells := make([]shell, args.number())
	echoes := args.number()
	for i := range shells {
		command := exec.Command(args.words[0], args.words[1:]...)
		file, err := pty.Start(command)
		check(err)
		shells[i] = shell{command, file, bufio.NewReader(file), nil}
	}
	inParallel := func(work func(s *shell)) {
		var all sync.WaitGroup
		for i := range shells {
			all.Add(1)
			go func(s *shell) {
				work(s)
				all.Done()
			}(&shells[i])
		}
		all.Wait()
	}
	inParallel(func(s *shell) {
		s.readLine()
		s.ask("ready")
	})
	p := startPhase()
	inParallel(func(s *shell) {
		for i := 0; i < echoes; i++ {
			s.times = append(s.times, s.ask(fmt.Sprintf("done-%d", i)))
		}
	})
	p.report(float64(len(shells) * echoes))
	var times []float64
	for _, s := range shells {
		times = append(times, s.times...)
		end(s.command)
	}
	printTimes(times)
}

func runToEnd(words []string) {
	command := exec.Command(words[0], words[1:]...)
	var out, err bytes.Buffer
	command.Stdout = &out
	command.Stderr = &err
	check(command.Run())
}

func spawn(args arguments) {
	atOnce := args.number()
	others := make([]*exec.Cmd, args.number())
	ballast := bytes.Repeat([]byte("x"), args.number()<<20)
	count := args.number()
	for i := range others {
		others[i] = exec.Command("/bin/sleep", "infinity")
		_, err := others[i].StdoutPipe()
		check(err)
		check(others[i].Start())
	}
	runToEnd(args.words)
	left := int64(count)
	p := startPhase()
	var all sync.WaitGroup
	for i := 0; i < atOnce; i++ {
		all.Add(1)
		go func() {
			for atomic.AddInt64(&left, -1) >= 0 {
				runToEnd(args.words)
			}
			all.Done()
		}()
	}
	all.Wait()
	p.reportRate(count)
	for _, x := range others {
		end(x)
	}
	if len(ballast) > 0 && ballast[0] != 'x' {
		fail("the memory is gone")
	}
}

func idle(args arguments) {
	count := args.number()
	var all sync.WaitGroup
	start := func() *exec.Cmd {
		command := exec.Command(args.words[0], args.words[1:]...)
		_, err := command.StdinPipe()
		check(err)
		out, err := command.StdoutPipe()
		check(err)
		errors, err := command.StderrPipe()
		check(err)
		check(command.Start())
		all.Add(1)
		go func() {
			io.Copy(io.Discard, out)
			io.Copy(io.Discard, errors)
			command.Wait()
			all.Done()
		}()
		return command
	}
	children := []*exec.Cmd{start()}
	memory, descriptors := privateMemory(), openDescriptors()
	p := startPhase()
	for len(children) <= count {
		children = append(children, start())
	}
	p.report(float64(count))
	each := func(now float64, before float64) float64 {
		return math.Max(0, now-before) / float64(count)
	}
	print("kib_each", each(privateMemory(), memory))
	print("descriptors_each", each(openDescriptors(), descriptors))
	for _, x := range children {
		check(x.Process.Kill())
	}
	all.Wait()
}
