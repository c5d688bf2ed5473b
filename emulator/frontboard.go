package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hilphone/db/limit"
	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/gpiochip"
	"hilphone/hal/rpi"
)

// Boards by name; everything else is a board file.
const (
	autoBoard    = "auto"
	virtualBoard = "virtual"
)

// storedBoard is the file of the data directory that holds the board set on the pages: a board file, or one of the words.
const storedBoard = "board.yaml"

// frontBoard is the board that a phone has been started with.
type frontBoard struct {
	real  *rpi.Board // nil without real keys
	given string     // by --board, or empty
	file  string     // that it was read from, empty for a word
	text  string     // a word, or that file
	fault error      // why the stored board is not used: whoever set it mends it on the pages
}

// board is what --board gives, empty if it is not there.
func (c *runFlags) board() string {
	if c.Board == nil {
		return ""
	}
	return *c.Board
}

// checkBoard refuses a --board that cannot be meant, before anything is touched.
func checkBoard(given string) error {
	switch {
	case given == "":
		return usage("--board: auto, virtual, or a board file")
	case isWord(given):
		return nil
	}
	if _, err := board.Load(given); err != nil {
		return usage("--board: %s", oneLine(err))
	}
	return nil
}

// openBoard opens the board that is asked for: by --board, else that of the data directory, else auto. Its pins are open, or it has a fault
// that Run tells and waits for the end of. dir is empty where there is no data directory yet.
func openBoard(given, dir string, log *slog.Logger) (frontBoard, error) {
	f := frontBoard{given: given, text: autoBoard}
	switch given {
	case autoBoard, virtualBoard:
		f.text = given
	case "":
		text, err := readStored(dir)
		if err != nil {
			return f, err
		}
		if text != "" {
			f.text = text
		}
		if !isWord(f.text) {
			f.file = filepath.Join(dir, storedBoard)
		}
	default:
		f.file = given
		text, err := limit.ReadFile(given, limit.FileSize)
		if err != nil {
			return f, usage("--board: %s", err)
		}
		f.text = string(text)
	}
	err := f.open(log)
	switch {
	case err == nil:
	case given != "" || dir == "":
		return f, usage("--board: %s", oneLine(err))
	default:
		f.fault = fmt.Errorf("the board set on the pages cannot be used: %s", oneLine(err))
		log.Error("board", "err", f.fault)
	}
	return f, nil
}

// open opens the board; an error is one that no time heals.
func (f *frontBoard) open(log *slog.Logger) error {
	config, err := boardConfig(f.file, f.text)
	if err != nil || config == nil {
		return err
	}
	b, err := rpi.New(config, log)
	if err != nil {
		return err
	}
	if err := b.Open(); rpi.Misfit(err) {
		return err
	}
	f.real = b // another fault is told by Run
	return nil
}

// boardConfig is what a word or a board file stands for: nothing for a board without pins.
func boardConfig(file, text string) (*board.Board, error) {
	switch {
	case file != "" || !isWord(text):
		return board.Parse(file, []byte(text))
	case text == virtualBoard || !gpiochip.OnRaspberryPi():
		return nil, nil
	}
	return board.Default(), nil
}

func isWord(text string) bool { return text == autoBoard || text == virtualBoard }

// plainText is a board as it is stored: a word, or a file with the ends of lines that files here have.
func plainText(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if word := strings.TrimSpace(text); isWord(word) {
		return word
	}
	return text
}

// readStored reads the board of a data directory, empty if none is stored.
func readStored(dir string) (string, error) {
	if dir == "" {
		return "", nil
	}
	text, err := limit.ReadFile(filepath.Join(dir, storedBoard), limit.FileSize)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("--data: %w", err)
	}
	return plainText(string(text)), nil
}

// store keeps a board in a data directory: all of it or, whatever happens, the one before.
func store(dir, text string) (err error) {
	f, err := os.CreateTemp(dir, storedBoard+"-")
	if err != nil {
		return fmt.Errorf("storing the board: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("storing the board: %w", errors.Join(err, os.Remove(f.Name())))
		}
	}()
	if !bytes.HasSuffix([]byte(text), []byte("\n")) {
		text += "\n"
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, storedBoard))
}

// close gives the pins back when the phone did not come to run; that of a phone that ran has done it.
func (f frontBoard) close() error {
	if f.real == nil {
		return nil
	}
	return f.real.Close()
}

// all is everything that moves the phone: the hands of the pages, and the real board.
func (f frontBoard) all(page hal.Board) hal.Board {
	switch {
	case f.real != nil:
		return hal.Join(page, f.real)
	case f.fault != nil:
		return hal.Join(page, brokenBoard{f.fault})
	}
	return page
}

// brokenBoard is a board of which nothing is known but why it is not there.
type brokenBoard struct{ err error }

func (brokenBoard) Kind() string                  { return "none" }
func (brokenBoard) SetLamp(hal.Lamp, hal.Pattern) {}
func (brokenBoard) Ring(hal.Cadence)              {}
func (b brokenBoard) Run(ctx context.Context, report func(hal.Event)) error {
	report(hal.Event{At: time.Now(), Kind: hal.FaultRaised, Fault: hal.Fault{Device: "board", Message: b.err.Error()}, Source: hal.FromBoard})
	<-ctx.Done()
	return nil
}
