package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"hilphone/db"
	"hilphone/db/audit"
	"hilphone/sip/line"
	"hilphone/webui"
)

// tokenCommands make and revoke API tokens, whether or not the phone runs.
type tokenCommands struct {
	New    tokenNew    `cmd:"" help:"Makes a token and prints it, once."`
	List   tokenList   `cmd:"" help:"Lists the tokens."`
	Revoke tokenRevoke `cmd:"" help:"Ends a token."`
}

type tokenNew struct {
	dataFlag
	Name  string `arg:"" help:"What the token is for."`
	Scope string `enum:"read,control,admin" default:"${scope}" help:"What it may do: ${scopes} Without it ${scope}."`
}

// scopeWords are the words about scopes in the help of tokenNew.
func scopeWords() kong.Vars {
	text := ""
	for _, s := range webui.Scopes() {
		text += string(s.Scope) + ": " + s.Text + ". "
	}
	return kong.Vars{"scopes": strings.TrimSpace(text), "scope": string(webui.DefaultScope)}
}

func (c *tokenNew) Run(env environment) error {
	return c.withStore(env, func(store *db.DB) error {
		secret, err := store.NewToken(env, c.Name, c.Scope)
		if err != nil {
			return asUsage(err)
		}
		err = recordCommand(env, store, audit.TokenMade, map[string]any{"token": c.Name, "scope": c.Scope})
		_, written := fmt.Fprintln(env.Stdout, secret) // the token is there, recorded or not
		return errors.Join(err, written)
	})
}

type tokenList struct{ dataFlag }

func (c *tokenList) Run(env environment) error {
	return c.withStore(env, func(store *db.DB) error {
		all, err := store.Tokens(env)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tSCOPE\tCREATED\tLAST USED")
		for _, t := range all {
			used := "never"
			if !t.LastUsed.IsZero() {
				used = t.LastUsed.Format("2006-01-02 15:04")
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.Name, t.Scope, t.Created.Format("2006-01-02 15:04"), used)
		}
		return w.Flush()
	})
}

type tokenRevoke struct {
	dataFlag
	Name string `arg:"" help:"The token's name."`
}

func (c *tokenRevoke) Run(env environment) error {
	return c.withStore(env, func(store *db.DB) error {
		if err := store.RevokeToken(env, c.Name); err != nil {
			return err
		}
		return recordCommand(env, store, audit.TokenRevoked, map[string]any{"token": c.Name})
	})
}

// withStore opens the data directory beside a phone that may be running on it.
func (d dataFlag) withStore(env environment, f func(*db.DB) error) error {
	dir, err := d.dir()
	if err != nil {
		return err
	}
	store, err := db.OpenShared(dir, logFlags{LogLevel: "warn"}.logger(env.Stderr))
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	return errors.Join(f(store), store.Close())
}

type passwordCommand struct {
	dataFlag
	User string `enum:"admin,user" default:"admin" help:"The account: admin or user."`
}

func (c *passwordCommand) Run(env environment) error {
	password, err := readPassword(env)
	if err != nil {
		return err
	}
	return c.withStore(env, func(store *db.DB) error {
		if err := store.SetPassword(env, c.User, password); err != nil {
			return asUsage(err)
		}
		if err := recordCommand(env, store, audit.Password, map[string]any{"account": c.User}); err != nil {
			return err
		}
		_, err := fmt.Fprintf(env.Stderr, "The password of %s is set.\n", c.User)
		return err
	})
}

// asUsage makes what the store cannot take a fault of the command line.
func asUsage(err error) error {
	var field *line.FieldError
	if errors.As(err, &field) {
		return usage("%s %s", field.Name, field.Message)
	}
	return err
}

// readPassword asks twice on a terminal, where nothing is shown; otherwise it takes the first line of standard input.
func readPassword(env environment) (string, error) {
	f, ok := env.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		text, err := bufio.NewReader(env.Stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		return strings.TrimRight(text, "\r\n"), nil
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(env.Stderr, prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(env.Stderr)
		return string(b), err
	}
	first, err := ask("New password: ")
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	again, err := ask("Once more: ")
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	if first != again {
		return "", usage("the two passwords differ")
	}
	return first, nil
}
