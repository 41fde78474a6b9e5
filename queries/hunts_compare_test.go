package queries

func init() {
	special["places-in-capture"] = map[string]string{"capture": "incident", "places": "203.0.113.66\n198.51.100.0/24\n192.0.2.1\nevil.example\nC2.evil.example.\nnowhere.example\n2001:db8:ffff::1"}
}
