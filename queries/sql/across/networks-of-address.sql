-- Whose an address is: country, AS and AWS service
--
-- Every network that holds the address, of every file that case53 load --mmdb and --ip-ranges have
-- added, the file that was made last first.
--
-- cannot: Who used the address at the time of the incident, and where that person was: a file says what
-- its maker believed on the day it was made. Without such a file there is no row.
--
-- needs:  network
-- param:  ip  ip  required  the address
-- column: country        text
-- column: subdivision    text
-- column: city           text
-- column: as_org         text
-- column: aws_service    text
-- column: aws_region     text
-- column: file           text
-- column: database_type  text
-- column: current        flag
-- pivot:  Whose this address is (country, AS, AWS service)
-- page:   whose Which network it is in
SELECT country, subdivision, city, asn, as_org, aws_service, aws_region,
  first_address, last_address, database_type, built_at, file, current
FROM network
WHERE first_n <= ip($ip) AND last_n >= ip($ip)
ORDER BY current DESC, built_at DESC, file_id DESC
