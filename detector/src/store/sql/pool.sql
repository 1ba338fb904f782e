INSERT INTO pools (address, port, first_seen, name, listed, asn, as_org, country)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (address, port) DO UPDATE SET
    first_seen = min(first_seen, excluded.first_seen),
    name = coalesce(excluded.name, name),
    listed = excluded.listed,
    asn = excluded.asn,
    as_org = excluded.as_org,
    country = excluded.country
RETURNING id
