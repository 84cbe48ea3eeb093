package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ejabberdConfig is ejabberd's. Without mod_s2s_dialback, a server that shows no
// valid certificate is refused.
func ejabberdConfig(s *server, cert pair) string {
	more, level := "  mod_s2s_dialback: {}\n", "info"
	if s.policy == "certificate" {
		more = ""
	}
	if s.debug {
		level = "debug"
	}
	return fmt.Sprintf(`hosts: [%[1]s]
loglevel: %[2]s
log_rotate_count: 0
certfiles: [%[3]q]
ca_file: %[4]q
s2s_use_starttls: required
s2s_max_retry_delay: 1
auth_password_format: scram
registration_timeout: infinity
listen:
  - {port: %[5]d, ip: %[6]q, module: ejabberd_c2s, max_stanza_size: 1048576,
     shaper: none, access: all, tls: true}
  - {port: %[7]d, ip: %[6]q, module: ejabberd_s2s_in, max_stanza_size: %[14]d}
  - {port: %[8]d, ip: %[6]q, module: ejabberd_s2s_in, max_stanza_size: %[14]d, tls: true}
  - {port: %[9]d, ip: %[6]q, module: ejabberd_service, access: all,
     hosts: {%[10]s: {password: %[11]s}}}
modules:
  mod_disco: {}
  mod_mam: {default: never}
  mod_muc: {host: %[12]s, default_room_options: {mam: true}}
  mod_offline: {}
  mod_ping: {}
  mod_register: {ip_access: all}
  mod_roster: {}
  mod_stream_mgmt: {max_ack_queue: infinity}
  mod_time: {}
  mod_version: {}
%[13]sshaper_rules: {max_user_offline_messages: 20000}
`, s.domain, level, cert.both, s.lab.ca.root(), s.c2s, s.ip, s.s2s, s.s2sTLS, s.component,
		"component."+s.domain, secret, "conference."+s.domain, more, peerLimit)
}

// inetrc makes Erlang ask the lab's DNS server.
func inetrc(s *server) string {
	host, port, _ := net.SplitHostPort(s.lab.dns.plain.Addr()) // an address that listens
	return fmt.Sprintf("{lookup,[dns]}.\n{resolv_conf,\"/dev/null\"}.\n{hosts_file,\"\"}.\n"+
		"clear_ns.\n{nameserver,{%s},%s}.\n", strings.ReplaceAll(host, ".", ","), port)
}

// atPort is an address as libunbound wants it.
func atPort(addr string) string { return strings.Replace(addr, ":", "@", 1) }

func ejabberdCommand(s *server) *exec.Cmd {
	cmd := exec.Command("erl", "+sbwt", "none", "-mnesia", "dir", fmt.Sprintf("%q", s.file("data")),
		"-noinput", "-s", "ejabberd")
	libs, _ := filepath.Glob("/usr/lib/*/ejabberd-*")
	cmd.Env = append(os.Environ(), "ERL_LIBS="+libsOf(libs), "ERL_CRASH_DUMP=/dev/null",
		"HOME="+s.dir, "ERL_INETRC="+s.file("inetrc"),
		"EJABBERD_CONFIG_PATH="+s.file("ejabberd.yml"), "EJABBERD_LOG_PATH="+s.file("ejabberd.log"))
	return cmd
}

// libsOf is the folder that Debian's ejabberd lies in.
func libsOf(found []string) string {
	if len(found) == 0 {
		return "/usr/lib"
	}
	return filepath.Dir(found[0])
}
