// The items with os/exec, and for a terminal with creack/pty. The arguments are
// those of bench/limit/measured.hpp.
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// words of the command line, taken one after the other.
type arguments struct {
	words []string
}

func (a *arguments) word() string {
	if len(a.words) == 0 {
		fail("an argument is missing")
	}
	result := a.words[0]
	a.words = a.words[1:]
	return result
}

func (a *arguments) number() int {
	result, err := strconv.Atoi(a.word())
	check(err)
	return result
}

func fail(what string) {
	fmt.Fprintln(os.Stderr, what)
	os.Exit(1)
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func expect(right bool, what string) {
	if !right {
		fail(what)
	}
}

func raiseDescriptorLimit() {
	var limit syscall.Rlimit
	check(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	limit.Cur = limit.Max
	check(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
}

func main() {
	raiseDescriptorLimit()
	items := map[string]func(arguments){
		"flood": flood, "feed": feed, "fanout": fanout, "echo": echo,
		"agent": agent, "spawn": spawn, "idle": idle,
	}
	if len(os.Args) < 2 || items[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "no such item")
		os.Exit(2)
	}
	items[os.Args[1]](arguments{os.Args[2:]})
}
