package worker

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

// lastPID lets root on Linux say which number the next process gets.
const lastPID = "/proc/sys/kernel/ns_last_pid"

// TestKillIsOfTheWorker: a worker that has ended is not killed once more when its number is another process's.
func TestKillIsOfTheWorker(t *testing.T) {
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Skip(err)
	}
	number := ended.Process.Pid
	for range 200 {
		if err := os.WriteFile(lastPID, []byte(strconv.Itoa(number-1)), 0); err != nil {
			t.Skip(err)
		}
		other := exec.Command("sleep", "600")
		other.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		got := other.Process.Pid == number
		if got {
			(&Process{cmd: ended}).kill("the case was closed")
		}
		if err := other.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		var exit *exec.ExitError
		if err := other.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
			t.Errorf("another process with the number of the worker: %v", err)
		}
		if got {
			return
		}
	}
	t.Skip("no process got the number of one that has ended")
}
