// Package s3server tests package s3 against a real S3 server, versitygw, which runs in the test's process. It is a
// module of its own: the server's many dependencies stay out of the program's go.sum.
//
//	cd loader/source/s3/s3server && go test .
//	go test -run '^$' -bench Pull -benchtime 1x .     how fast a pull is, against load from disk
package s3server
