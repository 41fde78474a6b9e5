// Package records turns the bytes of one stored object into records: the lines or JSON objects that a log service
// wrote, taken out of everything that AWS and its tools wrap around them on the way.
//
// Wrappers are found by content, never by name, and wherever they nest:
//
//   - gzip (any number of members, white space between them or none), zstd, and one inside the other;
//   - UTF-16 with a byte order mark, and without one where its first characters are plain ASCII;
//   - CloudWatch Logs exports to S3: lines with the event's time in front;
//   - the output of aws logs filter-log-events and get-log-events, of any size, one document after another;
//   - CloudWatch events as JSON lines, also with nothing but a message, as Firehose leaves them;
//   - subscription envelopes, also joined without a newline; control messages are records of Kind [Control];
//   - Firehose ({"records":[{"data":…}]}), Kinesis ({"Records":[{"kinesis":…}]}) and Lambda ({"awslogs":…}) events,
//     whose base64 data is an object of its own, wrapped again or not;
//   - JSON arrays of any of these, or of lines as strings;
//   - Logs Insights results: JSON rows that have @message, and the output of aws logs get-query-results;
//   - one line in each JSON object, as shippers write it (logstash, the Beats, Vector, Fluentd, Fluent Bit and others), also
//     where the line is an object itself, and inside a document of OpenSearch ({"_source":…});
//   - lists of records: CloudTrail's {"Records":[…]}, and the output of aws cloudtrail lookup-events;
//   - what Firehose could not process ({"rawData":…});
//   - CSV and drawn tables with a column message: the console's log events, Logs Insights results, PowerShell's Export-Csv;
//   - what commands print: aws logs tail in its three formats, awslogs get, aws logs with --output text, yaml and yaml-stream,
//     also of a --query for messages or times and messages; the files of Fluentd and Fluent Bit;
//   - lines that run together, where it is certain how they come apart: JSON objects, flow logs from the version to the
//     status, zone logs.
//
// Forms of text are found by their first lines and only where these are certain; see forms.go. What is left is a record: a
// line of text; a JSON object, on one line or pretty-printed over many; or the message of an event, which may hold newlines.
// Where no wrapper is known, a JSON object is a record as it stands.
//
// Rules:
//   - Every line, element and event ends in exactly one Record, counted from 1: data, blank, control or broken.
//     A list of events without any, a table's header and what a command prints beside events are [Control] records. Nothing
//     is dropped, repaired or guessed.
//   - A broken record ends where the next one can begin: at the end of its line; for a pretty-printed object, at the
//     next line that is not indented deeper; for an element of a list, at the next element or document.
//   - A JSON object on one line is handed on when its brackets balance; its grammar is left to the decoder, which
//     reads it anyway. All that is unwrapped, and all that spans lines, is checked first.
//   - Blanks between a printed stream name, or a drawn cell's bar, and the message are padding. A printed message goes on over
//     the lines that do not begin another, up to the last that is not blank.
//   - A time without a zone is in UTC where the form writes it so: aws logs tail, Logs Insights. Elsewhere it is no time.
//   - A message is unescaped exactly. Bytes that are not UTF-8 stay as they are, and half of a surrogate pair, which has
//     no UTF-8, becomes the three bytes of its code point (\ud800: ED A0 80): both are invalid UTF-8 that whoever stores
//     text must escape, and neither is lost. Control characters inside a string are tolerated, but for a newline.
//   - An envelope that has a key twice, with different values, is broken: readers differ in which value they believe.
//   - A list is read as a stream when its document is longer than Options.MaxRecord or broken somewhere: what is good of it
//     is delivered, so a key that comes twice, or a log group's name, is then of use only where it stands before the list.
//   - An object {"message": …} is an application's own record and stays whole, unless it has no keys but CloudWatch's, names a
//     log group or stream, or has no keys but those with which shippers say how a line came: see shipper.go. Inside a list of
//     events unknown keys are allowed: AWS adds some.
//   - A shipper's time is the event's only where it names a log group or stream: else it is when the line was read.
//   - After a JSON object on its line there may be blanks and "|", as in a line cut from a Markdown table; they are
//     not part of the record. Anything else there makes a broken record.
//   - JSON deeper than [MaxDepth], and wrappers nested deeper than [MaxWrappers], are broken records.
//   - A record longer than Options.MaxRecord is broken, and the first Options.MaxKept bytes of it are kept here. All of
//     it is in the raw store.
//   - An object that is cut or corrupt gives every record before the damage, then a [*DamageError]. A gzip file that was
//     cut exactly between two members cannot be told from a whole one; only its size or digest can say.
//   - What decodes to more than Options.MaxDecoded, or grows beyond Options.MaxRatio, is stopped with a [*DamageError].
//   - Memory is bounded by a few times Options.MaxRecord, whatever the input. (zstd may take 128 MiB for its window.)
//
// A stored object is opened by [Open], which reads Parquet too: its rows become JSON objects. [Find] reads one record again.
//
// The package refuses what is not text: archives, other compressions, UTF-32, binary, lines that run together
// and do not tell where they end, and nothing at all.
package records
