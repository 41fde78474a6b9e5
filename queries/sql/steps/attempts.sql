-- Connections, and what became of each
--
-- A row of attempt is a connection, once, as the interface nearest to its client saw it. answer says what
-- came back: refused (the rules let nothing through), silent (nothing), reset, or answered. A reset is no answer. It is told
-- by the TCP flags where the log has them, a SYN and a reset without SYN-ACK, and else by its size: nothing but headers, 40
-- bytes a packet (IPv6 60), while a SYN-ACK carries options. Takes $capture, $from and $to, and reads connection_keys.
WITH attempt AS NOT MATERIALIZED (
  SELECT capture, interface_no, interface_id, instance_id, direction, client_key, server_key, server_port, protocol,
    name_no, start, "end", seconds, records, refused_records, bytes_out, bytes_in,
    CASE
      WHEN refused THEN 'refused'
      WHEN coalesce(packets_in, 0) = 0 THEN 'silent'
      WHEN protocol <> 6 OR tcp_flags & 16 = 16 THEN 'answered'
      WHEN tcp_flags & 6 = 6 THEN 'reset'
      WHEN bytes_in > CASE WHEN server_key < 4294967296 THEN 40 ELSE 60 END::HUGEINT * packets_in THEN 'answered'
      ELSE 'reset'
    END AS answer
  FROM connection_keys
  WHERE protocol IN (6, 17) AND of(capture, $capture) AND within(start, $from, $to)
)
