package queries

import (
	"fmt"
	"strings"
)

// What goes on during the ordinary day, a function a kind of doing.

// service is what the machines are there for: customers at two balancers, behind them web, application and database.
func (o *ordinary) service(g map[string][]string) {
	customers := make([]string, 1500)
	for i := range customers {
		customers[i] = address("customer", i)
	}
	for i := range 9000 {
		at, who := o.awake(), customers[int(o.some(300))%len(customers)]
		door, web, app := g["balancer"][i%2], g["web"][o.rng.IntN(6)], g["app"][o.rng.IntN(10)]
		port := 443
		if o.rng.IntN(9) == 0 {
			port = 80
		}
		o.make(call{client: who, server: door, port: port, at: at, seconds: o.some(20), sent: int64(o.some(3000)), received: int64(o.some(60000))})
		o.make(call{client: door, server: web, port: 8080, at: at, seconds: 1, sent: int64(o.some(3000)), received: int64(o.some(60000))})
		if i%3 == 0 {
			o.make(call{client: web, server: app, port: 9000, at: at, seconds: 1, sent: int64(o.some(2000)), received: int64(o.some(20000))})
		}
	}
	for i, app := range g["app"] { // a pool that is kept open, and made anew now and then
		for at := o.some(600); at < daySeconds; {
			lasts := o.some(20000)
			o.make(call{client: app, server: g["database"][i%3], port: 5432, at: at, seconds: lasts, sent: int64(lasts * 300), received: int64(lasts * 900)})
			at += lasts + o.some(60)
		}
	}
	for _, door := range g["balancer"] { // health checks
		for _, web := range g["web"] {
			for at := o.rng.Float64() * 60; at < daySeconds; at += 60 + o.rng.Float64()*0.2 {
				o.make(call{client: door, server: web, port: 8080, at: at, sent: 400, received: 300})
			}
		}
	}
	for probe := range 5 { // a monitoring service outside calls the public door
		for at := o.rng.Float64() * 300; at < daySeconds; at += 300 + o.rng.Float64()*4 {
			o.make(call{client: address("uptime", probe), server: g["balancer"][0], port: 443, at: at, seconds: 1, sent: 900, received: 5200})
		}
	}
}

// agents are what every machine runs: AWS's own, time, updates, a vendor's telemetry.
func (o *ordinary) agents(all []string, monitor string) {
	for i, host := range all {
		for at := o.rng.Float64() * 120; at < daySeconds; at += 120 + o.rng.Float64()*10 {
			name := "monitoring.eu-central-1.amazonaws.com"
			o.ask(host, name, "A", at, 60, "NOERROR", address(name, i%3))
			o.make(
				call{
					client:   host,
					server:   address(name, i%3),
					port:     443,
					at:       at + 0.1,
					seconds:  1,
					sent:     int64(o.some(2500)),
					received: 4100,
					service:  "AMAZON",
				},
			)
		}
		name := "ssmmessages.eu-central-1.amazonaws.com"
		o.ask(host, name, "A", 1, 60, "NOERROR", address(name, 0))
		o.make(call{client: host, server: address(name, 0), port: 443, at: 2, seconds: daySeconds - 5, sent: 700_000, received: 900_000, service: "AMAZON"})
		for at := o.rng.Float64() * 1024; at < daySeconds; at += 1024 + o.rng.Float64()*8 {
			o.ask(host, "2.pool.ntp.example", "A", at, 150, "NOERROR", address("ntp", i%4))
			o.make(call{client: host, server: address("ntp", i%4), port: 123, protocol: 17, at: at + 0.1, clientPort: 123, sent: 76, received: 76})
		}
		for at := o.rng.Float64() * 3600; at < daySeconds; at += 3600 + o.rng.Float64()*60 { // telemetry of a vendor
			o.ask(host, "intake.watchvendor.example", "A", at, 60, "NOERROR", address("watch", int(at)%6))
			o.make(call{client: host, server: address("watch", int(at)%6), port: 443, at: at + 0.1, seconds: 3, sent: int64(o.some(30000)), received: 5000})
		}
		for range 2 { // updates
			at := o.rng.Float64() * daySeconds
			o.ask(host, "archive.osvendor.example", "A", at, 300, "NOERROR", address("os", i%5))
			o.make(call{client: host, server: address("os", i%5), port: 80, at: at + 0.1, seconds: o.some(30), sent: 40000, received: int64(o.some(9e6))})
		}
		if host != monitor { // the inside monitoring looks at every machine
			for at := o.rng.Float64() * 600; at < daySeconds; at += 600 {
				o.make(call{client: monitor, server: host, port: 9100, at: at, seconds: 1, sent: 600, received: int64(o.some(40000))})
			}
		}
	}
}

// people browse: a page is many names asked within seconds, some of them with ids of content networks and of telemetry.
func (o *ordinary) people(desks []string) {
	for d, desk := range desks {
		for range 90 {
			at, site := o.awake(), fmt.Sprintf("site%d.example", int(o.some(120)))
			for part := range 4 + o.rng.IntN(8) {
				name, ttl := "www."+site, 300
				switch part % 6 {
				case 1:
					name, ttl = "static."+site, 600
				case 2:
					name = fmt.Sprintf("d%s.contentfront.example", o.id(13))
				case 3:
					name, ttl = fmt.Sprintf("ads%d.adnet%d.example", o.rng.IntN(9), o.rng.IntN(30)), 60
				case 4:
					name = fmt.Sprintf("%s.rum.metricsvendor.example", o.id(24))
				case 5:
					name = fmt.Sprintf("fonts%d.bigweb.example", o.rng.IntN(3))
				}
				to := address(name, 0)
				o.ask(desk, name, "A", at, ttl, "NOERROR", name+".edge.cdnhost.example", to)
				if part%2 == 0 {
					o.ask(desk, name, "TYPE65", at, ttl, "NOERROR")
				}
				o.make(call{client: desk, server: to, port: 443, at: at + 0.2, seconds: o.some(25), sent: int64(o.some(4000)), received: int64(o.some(90000))})
				at += o.rng.Float64() * 2
			}
		}
		for range 3 { // what a browser probes with, and what people mistype
			at := o.awake()
			o.ask(desk, o.id(10)+".eu-central-1.compute.internal", "A", at, 1, "NXDOMAIN")
			o.ask(desk, fmt.Sprintf("wwww.sight%d.example", o.rng.IntN(900)), "A", at, 1, "NXDOMAIN")
		}
		for range 2 { // mail and chat, kept open
			at, name := 25000+o.some(9000), fmt.Sprintf("push%d.chatvendor.example", d%4)
			o.ask(desk, name, "A", at, 300, "NOERROR", address(name, 0))
			o.make(call{client: desk, server: address(name, 0), port: 443, at: at + 0.2, seconds: o.some(14000), sent: 300_000, received: 900_000})
		}
		if d%5 == 0 { // a film, a video conference, a file sent to a customer
			at := 30000 + o.rng.Float64()*20000
			o.ask(desk, "meet.callvendor.example", "A", at, 60, "NOERROR", address("meet", d))
			o.make(
				call{client: desk, server: address("meet", d), port: 3478, protocol: 17, at: at + 1, seconds: 3000, sent: 400_000_000, received: 700_000_000},
			)
			o.ask(desk, "send.bigfiles.example", "A", at+4000, 60, "NOERROR", address("send", d))
			o.make(call{client: desk, server: address("send", d), port: 443, at: at + 4001, seconds: 100, sent: int64(o.some(60e6)), received: 400_000})
		}
	}
}

// lookups are the queries that are made like those of a channel in names: hashes of files and addresses, and records of text.
func (o *ordinary) lookups(g map[string][]string) {
	for _, desk := range g["desk"] { // a virus scanner asks for the hash of what it has not seen
		for range 40 {
			at := o.awake()
			o.ask(desk, o.id(32)+".hash.scanvendor.example", []string{"A", "TXT"}[o.rng.IntN(2)], at, 3600, "NOERROR", "127.0.0.4")
		}
		for range 12 {
			o.ask(desk, fmt.Sprintf("_ldap._tcp.site%d._sites.dc._msdcs.corp.example", o.rng.IntN(4)), "SRV", o.awake(), 600, "NXDOMAIN")
		}
	}
	mail := g["mail"][0]
	for i := range 1500 { // mail: who sends, is it known, may it
		at := o.rng.Float64() * daySeconds
		from, domain := address("sender", i%700), fmt.Sprintf("company%d.example", int(o.some(200)))
		parts := strings.Split(from, ".")
		reverse := parts[3] + "." + parts[2] + "." + parts[1] + "." + parts[0]
		o.ask(mail, reverse+".in-addr.arpa", "PTR", at, 3600, "NOERROR")
		o.ask(mail, reverse+".zen.blocklist.example", "A", at, 900, []string{"NXDOMAIN", "NOERROR"}[i%9/8], "127.0.0.2")
		o.ask(mail, domain, "TXT", at, 3600, "NOERROR", "v=spf1 -all")
		o.ask(mail, fmt.Sprintf("s%d._domainkey.%s", 1+i%2, domain), "TXT", at, 3600, "NOERROR", "v=DKIM1; k=rsa")
		o.ask(mail, "_dmarc."+domain, "TXT", at, 3600, "NXDOMAIN")
		o.make(call{client: from, server: mail, port: 25, at: at + 0.5, seconds: o.some(4), sent: int64(o.some(40000)), received: 2000})
	}
	for i := range 60 { // certificates are renewed: a proof in a record of text
		o.ask(g["build"][0], fmt.Sprintf("_acme-challenge.shop%d.example", i), "TXT", 10000+float64(5*i), 60, "NOERROR", o.id(32)+" "+o.id(11))
	}
}

// machines are jobs: a build that fetches, a backup at night, logs that are shipped all day, a link checker.
func (o *ordinary) machines(g map[string][]string) {
	for _, build := range g["build"] {
		for range 25 {
			at := o.awake()
			for n := range 12 {
				name := fmt.Sprintf("registry%d.packages.example", n%4)
				o.ask(build, name, "A", at, 60, "NOERROR", address(name, 0))
				o.make(
					call{
						client:   build,
						server:   address(name, 0),
						port:     443,
						at:       at + float64(n),
						seconds:  o.some(8),
						sent:     9000,
						received: int64(o.some(4e6)),
					},
				)
			}
		}
	}
	files, bucket := g["files"][0], "company-backup.s3.eu-central-1.amazonaws.com"
	for n := range 40 {
		at := 7200 + float64(90*n)
		o.ask(files, bucket, "A", at, 5, "NOERROR", address(bucket, n%4))
		o.make(
			call{
				client:   files,
				server:   address(bucket, n%4),
				port:     443,
				at:       at + 1,
				seconds:  80,
				sent:     int64(o.some(300e6)),
				received: 900_000,
				service:  "S3",
			},
		)
	}
	for _, app := range g["app"] { // logs go to a vendor, a connection every five minutes
		for at := o.rng.Float64() * 300; at < daySeconds; at += 300 + o.some(20) {
			o.ask(app, "http-intake.logvendor.example", "A", at, 30, "NOERROR", address("intake", int(at)%5))
			o.make(call{client: app, server: address("intake", int(at)%5), port: 443, at: at + 0.3, seconds: 4, sent: int64(o.some(200000)), received: 6000})
		}
	}
	for i := range 260 { // a link checker finds pages of companies that are gone
		rcode := []string{"NXDOMAIN", "NOERROR", "NOERROR", "NOERROR"}[i%4]
		name := fmt.Sprintf("www.partner%d.example", i)
		o.ask(g["app"][1], name, "A", 40000+float64(3*i), 300, rcode, address(name, 0))
	}
	for i := range 30 { // a partner's private name that points inside, and one that block lists make point to nothing
		o.ask(g["web"][i%6], "reports.partnerlink.example", "A", float64(2800*i), 300, "NOERROR", "10.77.0.9")
		o.ask(g["desk"][i%20], fmt.Sprintf("ads%d.tracker.example", i), "A", o.awake(), 300, "NOERROR", "0.0.0.0")
		o.ask(g["desk"][i%20], "split.saasvendor.example", "A", o.awake(), 300, "NOERROR", "10.4.0.7", address("split", 0))
	}
}

// internet is what comes to every public address: a knock here and there, from everywhere, nearly all of it refused.
func (o *ordinary) internet(all []string) {
	doors := []int{22, 23, 445, 3389, 8080, 5060, 6379, 2323, 1433, 5555}
	for i := range 9000 {
		port := doors[o.rng.IntN(len(doors))]
		if i%4 == 0 {
			port = 1 + o.rng.IntN(65000)
		}
		o.make(
			call{
				client: address("stranger", int(o.some(2000))),
				server: all[o.rng.IntN(2)],
				port:   port,
				at:     o.rng.Float64() * daySeconds,
				sent:   40,
				action: "REJECT",
				silent: true,
			},
		)
	}
	for i := range 400 { // resets from the doors that the rules let through
		o.make(call{client: address("crawler", i%60), server: all[i%2], port: 80, at: o.rng.Float64() * daySeconds, sent: 44, refused: true})
	}
}

// zoneQueries are those for our public names: most for few, some for what is gone.
func (o *ordinary) zoneQueries() {
	real := []string{"www", "api", "mail", "shop", "static", "login"}
	for range 9000 {
		resolver := int(o.some(90))
		subnet := "-"
		if resolver%3 == 0 {
			subnet = fmt.Sprintf("%s/24", strings.Join(strings.Split(address("subnet", resolver*7+o.rng.IntN(3)), ".")[:3], ".")+".0")
		}
		o.asked(
			address("resolver", resolver),
			subnet,
			real[int(o.some(1.2))%6]+".ordinary.example",
			[]string{"A", "AAAA"}[o.rng.IntN(2)],
			"NOERROR",
			o.rng.Float64()*daySeconds,
		)
	}
	for i := range 700 { // a crawler follows old links: the same seventy names, again and again
		o.asked(address("crawlresolver", 0), "-", fmt.Sprintf("old%d.ordinary.example", i%70), "A", "NXDOMAIN", 20000+float64(40*i))
	}
	for i := range 300 { // mail systems ask for what is not there
		o.asked(
			address("resolver", i%40),
			"-",
			[]string{"_dmarc", "_mta-sts", "autodiscover", "default._domainkey"}[i%4]+".ordinary.example",
			"TXT",
			"NXDOMAIN",
			o.rng.Float64()*daySeconds,
		)
	}
}
