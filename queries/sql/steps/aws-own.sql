-- What is AWS's own, and no customer's
--
-- aws_address has the addresses that a record marks as a service which AWS runs itself: not EC2, S3, CloudFront and others
-- where anybody may rent a place. aws_name has the names of such services. A place is AWS's own where a name led there and
-- is one of these, or where no name did and the address is one of those: a stranger's name for an address of AWS is the
-- stranger's place. Reads service_address and answer_name.
WITH aws_address AS (
  SELECT server_key, service
  FROM service_address
  WHERE aws_own_service(nullif(service, ''))
), aws_name AS (
  SELECT name_no
  FROM answer_name
  WHERE aws_domain(name) AND NOT aws_customer_name(name) AND NOT aws_data_name(name)
)
