package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"parley/conf"
)

// stateFolder is the data folder that systemd makes for the unit.
const stateFolder = "/var/lib/parley"

// unit is the unit file. The service may write its data folder and nothing
// else.
const unit = `# Written by parley config systemd. To install it:
#   useradd --system --home-dir {{.Data}} --shell /usr/sbin/nologin parley
#   chgrp parley {{.Config}} && chmod 640 {{.Config}}
#   parley config systemd > /etc/systemd/system/parley.service
{{- if not .State}}
#   chown -R parley: {{.Data}}
{{- end}}
#   systemctl daemon-reload && systemctl enable --now parley
[Unit]
Description=Parley XMPP server
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={{.Binary}} serve --config {{.Config}}
ExecReload=/bin/kill -HUP $MAINPID
User=parley
Group=parley
{{- if .State}}
StateDirectory=parley
StateDirectoryMode=0700
{{- else}}
ReadWritePaths={{.Data}}
{{- end}}
UMask=0077
WatchdogSec=60
TimeoutStopSec=60
Restart=on-failure
RestartSec=2
LimitNOFILE=1048576
{{- if .LowPort}}
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
{{- else}}
CapabilityBoundingSet=
{{- end}}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome={{if .Home}}read-only{{else}}yes{{end}}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`

// unitFacts is what the unit file depends on.
type unitFacts struct {
	Binary, Config, Data string
	State                bool // systemd makes the data folder
	Home                 bool // the data folder lies in a home
	LowPort              bool // a port below 1024
}

// configSystemd prints the unit for the configuration, or for the usual places
// if there is none yet.
func configSystemd(_ context.Context, inv *invocation) error {
	if _, err := inv.parse(0, 0); err != nil {
		return err
	}
	facts := unitFacts{Binary: binary(), Config: systemConfig, Data: stateFolder}
	if _, err := os.Stat(inv.configFile()); err == nil {
		c, err := inv.load()
		if err != nil {
			return err
		}
		facts.Config, facts.Data, facts.LowPort = c.Path, c.Data, lowPort(c)
	}
	facts.State = facts.Data == stateFolder
	for _, home := range []string{"/home/", "/root/", "/run/user/"} {
		facts.Home = facts.Home || strings.HasPrefix(facts.Data, home) ||
			strings.HasPrefix(facts.Config, home)
	}
	t, err := template.New("unit").Parse(unit)
	if err != nil {
		return err
	}
	return t.Execute(inv.stdout, facts)
}

// executable is this program's file.
func executable() string {
	file, err := os.Executable()
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	return file
}

// binary is this program, or where it belongs if it was made by go run.
func binary() string {
	if file := executable(); file != "" && !strings.Contains(file, "go-build") {
		return file
	}
	return "/usr/local/bin/parley"
}

// lowPort says whether a listener needs the right to ports below 1024.
func lowPort(c *conf.Config) bool {
	for _, l := range listeners(c) {
		if p := portOf([]string{l.addr}); p > 0 && p < 1024 {
			return true
		}
	}
	return false
}
