package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// peer is the Python process. Documents go to it and verdicts come back in the
// same order.
type peer struct {
	cmd      *exec.Cmd
	in       io.WriteCloser
	out      *bufio.Writer
	asked    chan question
	findings chan int
	failed   error // of writing
	sent     int
}

// question is a document that has been sent.
type question struct {
	what, doc string
	want      string // canonical form of what is in it, "" if that does not matter
}

// start starts the process.
func start(python, script string) (*peer, error) {
	cmd := exec.Command(python, script)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &peer{cmd: cmd, in: in, out: bufio.NewWriter(in),
		asked: make(chan question, 1<<16), findings: make(chan int, 1)}
	go func() { p.findings <- compare(bufio.NewReader(out), p.asked) }()
	return p, nil
}

// ask sends a document.
func (p *peer) ask(what, doc, want string) {
	if p.failed != nil {
		return
	}
	p.asked <- question{what, doc, want}
	p.sent++
	p.failed = writeFrame(p.out, doc)
}

// finish waits for all verdicts.
func (p *peer) finish() (findings int, err error) {
	if err = p.out.Flush(); err != nil && p.failed == nil {
		p.failed = err
	}
	close(p.asked)
	if err := p.in.Close(); err != nil && p.failed == nil {
		p.failed = err
	}
	findings = <-p.findings
	if err := p.cmd.Wait(); err != nil {
		return findings, fmt.Errorf("expat: %w", err)
	}
	return findings, p.failed
}

// compare reads the verdicts: "+" and the canonical form, or "-" and the error.
func compare(out io.Reader, asked <-chan question) (findings int) {
	const shown = 20
	for q := range asked {
		verdict, err := readFrame(out)
		if err != nil {
			verdict = "-no verdict: " + err.Error()
		}
		if verdict[:1] == "+" && (q.want == "" || verdict[1:] == q.want) {
			continue
		}
		if findings++; findings <= shown {
			fmt.Printf("%s: %q\n  expat: %q\n  ours:  %q\n", q.what, q.doc, verdict, q.want)
		}
	}
	return findings
}

func writeFrame(w io.Writer, s string) error {
	if err := binary.Write(w, binary.BigEndian, uint32(len(s))); err != nil {
		return err
	}
	_, err := io.WriteString(w, s)
	return err
}

func readFrame(r io.Reader) (string, error) {
	var n uint32
	if err := binary.Read(r, binary.BigEndian, &n); err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return string(b), err
}
