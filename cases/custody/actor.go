package custody

import (
	"os"
	"os/user"
	"strconv"
)

// Actor is who runs the program, as far as this machine knows.
func Actor() string {
	host, _ := os.Hostname()
	if u, err := user.Current(); err == nil {
		return u.Username + "@" + host
	}
	return strconv.Itoa(os.Getuid()) + "@" + host
}
