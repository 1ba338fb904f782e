INSERT INTO miners (
    address, first_seen, network_type, type_source, type_confidence, asn, as_org, country, region, city,
    latitude, longitude, prefix, site, owner, contact
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (address) DO UPDATE SET
    first_seen = min(first_seen, excluded.first_seen),
    network_type = excluded.network_type,
    type_source = excluded.type_source,
    type_confidence = excluded.type_confidence,
    asn = excluded.asn,
    as_org = excluded.as_org,
    country = excluded.country,
    region = excluded.region,
    city = excluded.city,
    latitude = excluded.latitude,
    longitude = excluded.longitude,
    prefix = excluded.prefix,
    site = excluded.site,
    owner = excluded.owner,
    contact = excluded.contact
RETURNING id
