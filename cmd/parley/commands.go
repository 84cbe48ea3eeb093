package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

// command is one subcommand. run declares its flags, calls inv.parse and works.
type command struct {
	name string // "user add"
	args string // for the usage line
	help string // one sentence
	run  func(ctx context.Context, inv *invocation) error
}

// commands lists the subcommands in the order of the help text.
func commands() []command {
	return []command{
		{"quickstart", "[domain [admin-jid]]", "set up a server here and serve", quickstart},
		{"serve", "", "serve until SIGTERM or Ctrl-C", serve},
		{"check", "", "say what is wrong and what mends it; exit status 1 if anything is", check},
		{"check s2s", "domain", "connect to another domain's server and tell each step", checkServer},
		{"status", "", "how the running server is doing", status},
		{"reload", "", "apply the changed configuration and certificates", reload},
		{"sessions", "[account]", "who is logged in; --kick JID ends sessions", sessions},
		{"s2s", "[domain]", "the streams to other servers, and why some cannot be reached", servers},
		{"rooms", "[service]", "the rooms; --destroy JID removes one", rooms},
		{"user add", "jid", "make an account", userAdd},
		{"user list", "[domain]", "list the accounts", userList},
		{"user passwd", "jid", "set a new password", userPasswd},
		{"user delete", "jid", "delete an account and everything of it", userDelete},
		{"user disable", "jid", "keep an account but refuse its logins", userDisable},
		{"user enable", "jid", "let a disabled account log in again", userEnable},
		{"config describe", "", "print the reference of all keys", configDescribe},
		{"config example", "[domain...]", "print a commented parley.toml", configExample},
		{"config systemd", "", "print a unit file for systemd", configSystemd},
		{"pipeline", "", "print which module acts at which stage", pipeline},
		{"version", "", "print the version", version},
	}
}

// errUsage says that the command line was wrong; what is told already.
var errUsage = errors.New("usage")

// errRed says that a check found something wrong; what is told already.
var errRed = errors.New("red")

// run runs the subcommand that args name and returns the exit status: 0, 1
// for an error, 2 for a wrong command line.
func run(ctx context.Context, sys surroundings, args []string) int {
	cmd, rest, ok := find(args)
	if !ok {
		return help(sys, args)
	}
	err := cmd.run(ctx, newInvocation(sys, cmd, rest))
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	case !errors.Is(err, errRed):
		fmt.Fprintf(sys.stderr, "parley: %v\n", err)
	}
	return 1
}

// find looks the subcommand up by its one or two words; two are looked for first.
func find(args []string) (cmd command, rest []string, ok bool) {
	for n := min(2, len(args)); n > 0; n-- {
		for _, c := range commands() {
			if strings.Join(args[:n], " ") == c.name {
				return c, args[n:], true
			}
		}
	}
	return command{}, nil, false
}

// help prints the subcommands; asked for, it is no error.
func help(sys surroundings, args []string) int {
	asked := len(args) > 0 && (args[0] == "help" || strings.TrimLeft(args[0], "-") == "help" ||
		args[0] == "-h")
	out, code := sys.stderr, 2
	if asked {
		out, code = sys.stdout, 0
	} else if len(args) > 0 {
		fmt.Fprintf(out, "parley: unknown command %q\n\n", strings.Join(args, " "))
	}
	usage(out)
	return code
}

// usage prints the table of subcommands.
func usage(w io.Writer) {
	fmt.Fprint(w, "Parley is an XMPP server. To try it: parley quickstart\n\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(table, "  parley %s\t%s\n", strings.TrimSpace(c.name+" "+c.args), c.help)
	}
	_ = table.Flush() // to a terminal: nothing to be done about an error
	fmt.Fprint(w, "\nEach takes --config FILE (default ./parley.toml, else "+systemConfig+").\n")
}

// invocation is one use of a subcommand.
type invocation struct {
	surroundings
	cmd   command
	flags *flag.FlagSet
	rest  []string // what parse has not read yet

	configFlag string
}

// newInvocation prepares the flags that all subcommands have.
func newInvocation(sys surroundings, cmd command, rest []string) *invocation {
	inv := &invocation{surroundings: sys, cmd: cmd, rest: rest}
	inv.flags = flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	inv.flags.SetOutput(sys.stderr)
	inv.flags.StringVar(&inv.configFlag, "config", "", "configuration `file`")
	inv.flags.Usage = func() {
		fmt.Fprintf(sys.stderr, "usage: parley %s [flags] %s\n%s\n\n", cmd.name, cmd.args, cmd.help)
		inv.flags.PrintDefaults()
	}
	return inv
}

// parse reads flags and arguments in any order and holds that there are from
// least to most arguments.
func (inv *invocation) parse(least, most int) ([]string, error) {
	var args []string
	for rest := inv.rest; ; {
		if err := inv.flags.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, errUsage
		}
		rest = inv.flags.Args()
		if len(rest) == 0 {
			break
		}
		args, rest = append(args, rest[0]), rest[1:]
	}
	if len(args) < least || len(args) > most {
		inv.flags.Usage()
		return nil, errUsage
	}
	return args, nil
}

// say prints to standard output.
func (inv *invocation) say(format string, args ...any) {
	// A terminal or pipe that is gone gets nothing more: there is no one to tell.
	_, _ = fmt.Fprintf(inv.stdout, format, args...)
}

// configFile is the file that --config names, or the first of the usual ones
// that is there.
func (inv *invocation) configFile() string {
	if inv.configFlag != "" {
		return inv.configFlag
	}
	if _, err := os.Stat(localConfig); err != nil {
		if _, err := os.Stat(systemConfig); err == nil {
			return systemConfig
		}
	}
	return localConfig
}
