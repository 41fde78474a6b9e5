package host

import (
	"bytes"
	"regexp"
	"strings"
)

// message is a kind of line that is known by its program and its words. A user's name is what somebody typed: it may hold spaces,
// and even " from 192.0.2.1 port 22". What the program wrote itself stands at the end, so expressions are anchored there.
type message struct {
	programs, action string
	in               *regexp.Regexp // groups user, ip, port; others go into extra by their names
}

// address is one in an expression.
const address = `(?P<ip>[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]+)`

var messages = []message{
	{"sshd", "accepted", regexp.MustCompile(`(?s)^Accepted (?P<method>\S+) for (?P<user>.*) from (?P<ip>\S+) port (?P<port>\d+)(?: ssh2)?(?:: (?P<key>.*))?$`)},
	{"sshd", "failed", regexp.MustCompile(`(?s)^Failed (?P<method>\S+) for (?:invalid user )?` +
		`(?P<user>.*) from (?P<ip>\S+) port (?P<port>\d+)(?: ssh2)?(?:: .*)?$`)},
	{"sshd", "invalid user", regexp.MustCompile(`(?s)^(?:Invalid|Illegal) user (?P<user>.*) from (?P<ip>\S+)(?: port (?P<port>\d+))?$`)},
	{"sshd", "failed", regexp.MustCompile(`(?s)^(?:error: )?maximum authentication attempts exceeded for ` +
		`(?:invalid user )?(?P<user>.*) from (?P<ip>\S+) port (?P<port>\d+)`)},
	{"sshd", "closed", regexp.MustCompile(`(?s)^Connection (?:closed|reset) by (?:(?:authenticating|invalid) user (?P<user>.*) )?` + address +
		`(?: port (?P<port>\d+))?(?: \[preauth\])?$`)},
	{"sshd", "disconnected", regexp.MustCompile(`(?s)^Disconnected from (?:(?:authenticating |invalid )?user (?P<user>.*) )?` + address +
		` port (?P<port>\d+)(?: \[preauth\])?$`)},
	{"sshd", "disconnected", regexp.MustCompile(`(?s)^Received disconnect from (?P<ip>[0-9A-Fa-f.:]+?)(?: port (?P<port>\d+))?: ?\d*: ?`)},
	{"sshd", "", regexp.MustCompile(`(?s)^(?:error: )?(?:Did not receive identification string|Unable to negotiate|Bad protocol version identification .*|` +
		`Connection|banner exchange: Connection) (?:from|with) (?P<ip>[0-9A-Fa-f.:]+?)(?: port (?P<port>\d+))?(?:[: ].*)?$`)},
	{"", "failed", regexp.MustCompile(`^pam_\w+\([\w-]+:auth\): authentication failure;.* ruser=\S* rhost=(?P<ip>\S*)(?:\s+user=(?P<user>\S+))?\s*$`)},
	{"", "session opened", regexp.MustCompile(`(?s)^pam_\w+\([\w-]+:session\): session opened for user (?P<user>\S+?)(?:\(uid=\d+\))? by `)},
	{"", "session closed", regexp.MustCompile(`(?s)^pam_\w+\([\w-]+:session\): session closed for user (?P<user>\S+)`)},
	{"sudo", "sudo refused", regexp.MustCompile(`(?s)^\s*(?P<user>\S+) : (?:.*NOT in sudoers|command not allowed|\d+ incorrect password attempts?) ;.* ` +
		`USER=(?P<run_as>\S+) ; COMMAND=(?P<command>.*)$`)},
	{"sudo", "sudo", regexp.MustCompile(`(?s)^\s*(?P<user>\S+) : (?:TTY=(?P<tty>\S+) ; )?PWD=(?P<directory>.*?) ; ` +
		`USER=(?P<run_as>\S+) ; (?:.*? ; )?COMMAND=(?P<command>.*)$`)},
	{"useradd", "user added", regexp.MustCompile(`^new user: name=(?P<user>[^,]+)`)},
	{"userdel", "user deleted", regexp.MustCompile(`^delete user '(?P<user>[^']+)'`)},
	{"passwd chpasswd", "password changed", regexp.MustCompile(`password changed for (?P<user>\S+)$`)},
	{"CRON cron crond", "cron", regexp.MustCompile(`(?s)^\((?P<user>[^)]+)\) CMD \(?(?P<command>.*?)\)?$`)},
	{"systemd", "stopped", regexp.MustCompile(`^(?:Stopped|Stopping) (?P<unit>.+?)\.*$`)},
	{"systemd", "started", regexp.MustCompile(`^(?:Started|Starting) (?P<unit>.+?)\.*$`)},
	{"rsyslogd syslogd", "stopped", regexp.MustCompile(`exiting on signal`)},
}

// known looks for what a line of a program that is known says.
func (r *record) known() {
	program := string(r.program)
	if strings.HasPrefix(program, "sshd-") { // OpenSSH 9.8 and later: sshd-session
		program = "sshd"
	}
	for i := range messages {
		m := &messages[i]
		if m.programs != "" && !word(m.programs, program) {
			continue
		}
		at := m.in.FindSubmatchIndex(r.message)
		if at == nil {
			continue
		}
		r.action = m.action
		for n, name := range m.in.SubexpNames() {
			if name == "" || at[2*n] < 0 {
				continue
			}
			r.part(name, r.message[at[2*n]:at[2*n+1]])
		}
		return
	}
}

// part takes what an expression found.
func (r *record) part(name string, text []byte) {
	switch name {
	case "user":
		r.user = some(text)
	case "ip":
		r.setClient(text)
	case "port":
		r.setPort(text)
	default:
		r.put(name, text)
	}
}

func word(list, w string) bool {
	for of := range strings.FieldsSeq(list) {
		if of == w {
			return true
		}
	}
	return false
}

var (
	instance = regexp.MustCompile(`\bi-[0-9a-f]{8,17}\b`)
	hostname = regexp.MustCompile(`\bip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?:\.[\w.-]+)?|\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)
)

// whose tells the instance and the host by the names of log group and stream.
func whose(group, stream string) (id, host []byte) {
	for _, name := range []string{stream, group} {
		if id == nil {
			id = instance.Find([]byte(name))
		}
		if host == nil {
			host = hostname.Find([]byte(name))
		}
	}
	return id, bytes.TrimSpace(host)
}
