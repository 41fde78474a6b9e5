package queries

import "fmt"

// AskError says that what was asked for cannot be: there is no such parameter, name or capture, or a value does not fit.
// It is for the asker to mend.
type AskError struct{ Err error }

func (e *AskError) Error() string { return e.Err.Error() }
func (e *AskError) Unwrap() error { return e.Err }

// Ask makes an AskError.
func Ask(format string, args ...any) error { return &AskError{fmt.Errorf(format, args...)} }
