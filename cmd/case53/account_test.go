package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"case53/loader/source/cwlogs/cwfake"
)

func TestDryRunAndSources(t *testing.T) {
	fake := &cwfake.Server{}
	fillFlows(fake, 2_000)
	fake.Add("/app", cwfake.Event{ID: "1", Timestamp: testDay.UnixMilli(), Message: "GET / 200"})
	fake.Add("/dns/zone", cwfake.Event{
		ID:        "2",
		Timestamp: testDay.UnixMilli(),
		Message:   "1.0 2026-11-01T00:00:00Z Z123412341234 www.example.com A NOERROR UDP FRA2 192.0.2.1 -",
	})
	fake.Add("/empty")
	c := newTestCloud(t, fake)
	out, errs, code := c.case53(pullArgs("--dry-run")...)
	if code != 0 || !strings.Contains(out, "requests, about") || !strings.Contains(out, "nothing was fetched") {
		t.Errorf("exit %d: %s %s", code, out, errs)
	}
	if _, err := os.Stat(filepath.Join(c.dir, "x.case")); err == nil || fake.Calls("FilterLogEvents") > 0 {
		t.Error("a dry run made a case, or read events")
	}
	out, errs, code = c.case53("sources", "--from", "2026-11-01", "--to", "2026-11-02")
	want := "flow  arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vpc/flow  2026-11-01 00:00:00 … 2026-11-01 05:58:12"
	if code != 0 || !strings.Contains(out, want) ||
		!strings.Contains(out, "zone  arn:aws:logs:eu-central-1:123456789012:log-group:/dns/zone") || strings.Contains(out, "/app") {
		t.Errorf("exit %d: %s %s", code, out, errs)
	}
	out, _, _ = c.case53("sources", "--json", "--all", "--log-groups", "/app")
	var found []struct{ Source, LogType string }
	if err := json.Unmarshal([]byte(out), &found); err != nil || len(found) != 1 {
		t.Errorf("%v %s", err, out)
	}
}

// TestSourcesLooksBeforeAGroupWasMade: a group of an hour ago that was filled with events of ten days ago is not empty.
func TestSourcesLooksBeforeAGroupWasMade(t *testing.T) {
	fake, then := &cwfake.Server{}, time.Now().AddDate(0, 0, -10).UTC()
	fake.Add("/dns/moved", cwfake.Event{ID: "1", Timestamp: then.UnixMilli(),
		Message: then.Format("1.0 2006-01-02T15:04:05Z") + " Z123412341234 www.example.com A NOERROR UDP FRA2 192.0.2.1 -"})
	fake.Add("/dns/moved").Created = time.Now().Add(-time.Hour)
	c := newTestCloud(t, fake)
	out, errs, code := c.case53("sources")
	if want := "/dns/moved  " + then.Format("2006-01-02 15:04"); code != 0 || !strings.Contains(out, want) {
		t.Errorf("exit %d: %s %s", code, out, errs)
	}
	// What retention has ended is not asked for.
	fake.Add("/dns/moved").Retention = 7
	if out, errs, code = c.case53("sources"); code != 0 || strings.Contains(out, "/dns/moved") {
		t.Errorf("kept for a week: exit %d: %s %s", code, out, errs)
	}
}

func TestIAMPolicy(t *testing.T) {
	c := newTestCloud(t, &cwfake.Server{})
	out, errs, code := c.case53("iam-policy", "--log-group", testGroup, "--region", testRegion, "--account-id", testAccount,
		"--s3", "s3://logs/AWSLogs/", "--all-versions", "--kms-key", "arn:aws:kms:eu-central-1:1:key/x")
	if code != 0 {
		t.Fatal(errs)
	}
	for _, want := range []string{
		`"logs:FilterLogEvents"`,
		`"arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vpc/flow:*"`,
		`"s3:ListBucketVersions"`,
		`"arn:aws:s3:::logs/AWSLogs/*"`,
		`"AWSLogs/*"`,
		`"kms:Decrypt"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in %s", want, out)
		}
	}
	for _, never := range []string{"Put", "Delete", "Create", "StartQuery", "Unmask", "Restore"} {
		if strings.Contains(out, never) {
			t.Errorf("%s in %s", never, out)
		}
	}
}

// What aws ec2 describe-flow-logs and describe-network-interfaces print.
const (
	describedFlowLogs = `{"FlowLogs":[{"CreationTime":"2026-01-01T00:00:00.000Z","FlowLogId":"fl-1","FlowLogStatus":"ACTIVE",
		"DeliverLogsStatus":"FAILED","DeliverLogsErrorMessage":"Access error",
		"LogGroupName":"/aws/vpc/flow","ResourceId":"vpc-1","TrafficType":"REJECT","LogDestinationType":"cloud-watch-logs",
		"LogFormat":"${srcaddr} ${dstaddr} ${start} ${end} ${packets} ${bytes}","MaxAggregationInterval":60}]}`
	describedInterfaces = `{"NetworkInterfaces":[{"NetworkInterfaceId":"eni-1","OwnerId":"123456789012","VpcId":"vpc-1",
		"SubnetId":"subnet-1","Status":"in-use","MacAddress":"02:00:00:00:00:01",
		"Attachment":{"InstanceId":"i-1","AttachTime":"2026-01-02T00:00:00.000Z"},
		"Groups":[{"GroupName":"web","GroupId":"sg-1"}],"TagSet":[{"Key":"Name","Value":"web-1"}],
		"PrivateIpAddresses":[{"PrivateIpAddress":"10.0.0.1","PrivateDnsName":"ip-10-0-0-1","Primary":true,
			"Association":{"PublicIp":"203.0.113.9"}},{"PrivateIpAddress":"10.0.0.2","Primary":false}],
		"Ipv6Addresses":[{"Ipv6Address":"2001:db8::1"}]}]}`
)

func TestDescribedAccount(t *testing.T) {
	fake := &cwfake.Server{}
	at := testDay.Add(time.Hour).UnixMilli()
	// A field order that nothing could be inferred from: it is known from describe-flow-logs alone.
	for i := range 20 {
		fake.Add(testGroup, cwfake.Event{
			ID:        fmt.Sprint(i),
			Stream:    "eni-1-all",
			Timestamp: at,
			Message:   fmt.Sprintf("10.0.0.%d 198.51.100.7 %d %d 1 40", i, at/1000, at/1000+60),
		})
	}
	c := newTestCloud(t, fake)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("flowlogs.json", describedFlowLogs)
	write("interfaces.json", describedInterfaces)
	args := pullArgs("--describe-flow-logs", "flowlogs.json", "--describe-network-interfaces", "interfaces.json")
	for range 2 {
		out, errs, code := c.case53(args...)
		if code != 0 || !strings.Contains(errs, "delivery has failed (Access error)") || !strings.Contains(errs, "REJECT traffic only") {
			t.Fatalf("exit %d: %s %s", code, out, errs)
		}
	}
	c.checkEvents("x.case", 20)
	got := c.rows("x.case", "SELECT string_agg(address, ' ' ORDER BY address) AS addresses, max(public_address) AS public, "+
		"max(instance_id) AS instance, max(name) AS name, (SELECT count(*) FROM flow_log) AS flow_logs FROM asset")[0]
	if fmt.Sprint(got) != "map[addresses:10.0.0.1 10.0.0.2 2001:db8::1 flow_logs:1 instance:i-1 name:web-1 public:203.0.113.9]" {
		t.Error(got)
	}
	if _, errs, code := c.case53("pull", "y.case", "--describe-flow-logs", "interfaces.json"); code != 1 || !strings.Contains(errs, "it has no FlowLogs") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestPullAssumesARole(t *testing.T) {
	fake := &cwfake.Server{ExternalID: "ticket-53"}
	fillFlows(fake, 200)
	c := newTestCloud(t, fake)
	role := []string{"--role-arn", "arn:aws:iam::123456789012:role/reader"}
	if _, errs, code := c.case53(pullArgs(role...)...); code != 1 || !strings.Contains(errs, "sts:AssumeRole") {
		t.Errorf("without its external id: exit %d: %s", code, errs)
	}
	if _, errs, code := c.case53(pullArgs(append(role, "--external-id", "ticket-53")...)...); code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	c.checkEvents("x.case", 200)
	c.checkCase("x.case")
	who := c.rows("x.case", "SELECT provenance->'caller'->>'arn' AS who FROM pull")[0]["who"]
	if who != "arn:aws:sts::123456789012:assumed-role/reader/case53" {
		t.Errorf("pulled by %v", who)
	}
}

func TestPullWithoutCredentials(t *testing.T) {
	c := newTestCloud(t, &cwfake.Server{})
	c.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "AWS_REGION=" + testRegion, "AWS_ENDPOINT_URL=" + c.url}
	if _, errs, code := c.case53(pullArgs()...); code != 1 || !strings.Contains(errs, "no AWS credentials were found") {
		t.Errorf("exit %d: %s", code, errs)
	}
	c.env = c.env[:2]
	if _, errs, code := c.case53(pullArgs()...); code != 2 || !strings.Contains(errs, "no region") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if _, err := os.Stat(filepath.Join(c.dir, "x.case")); err == nil {
		t.Error("a case was made")
	}
}
