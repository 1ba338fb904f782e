-- Version 1. Times are milliseconds since the epoch, addresses 16 bytes (IPv4 is stored v4-mapped), days and hours are
-- those of UTC since the epoch. `id` of a case is the number that records give in hexadecimal, as a signed integer.

CREATE TABLE miners (
    id INTEGER PRIMARY KEY,
    address BLOB NOT NULL UNIQUE,
    first_seen INTEGER NOT NULL,
    network_type TEXT NOT NULL,
    type_source TEXT,
    type_confidence REAL,
    asn INTEGER,
    as_org TEXT,
    country TEXT,
    region TEXT,
    city TEXT,
    latitude REAL,
    longitude REAL,
    prefix TEXT,
    site TEXT,
    owner TEXT,
    contact TEXT
) STRICT;

CREATE TABLE pools (
    id INTEGER PRIMARY KEY,
    address BLOB NOT NULL,
    port INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    name TEXT,                  -- as a miner addressed it
    listed TEXT,                -- as the operator's list of pools has it
    asn INTEGER,
    as_org TEXT,
    country TEXT,
    UNIQUE (address, port)
) STRICT;

CREATE TABLE cases (
    id INTEGER PRIMARY KEY,
    miner INTEGER NOT NULL REFERENCES miners (id),
    pool INTEGER NOT NULL REFERENCES pools (id),
    miner_port INTEGER NOT NULL, -- of the latest connection
    protocol TEXT NOT NULL,
    transport TEXT NOT NULL,
    encrypted INTEGER NOT NULL,
    life TEXT NOT NULL,         -- open, quiet, closed
    hidden TEXT,                -- the reason of the exclusion that hides it
    verdict TEXT NOT NULL,
    stage TEXT NOT NULL,
    confidence REAL NOT NULL,
    coin TEXT,
    algorithm TEXT,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    records INTEGER NOT NULL,   -- how many were written
    returns INTEGER NOT NULL,   -- how often it came back after it had been quiet
    connections INTEGER NOT NULL,
    connections_per_hour REAL,
    parallel INTEGER NOT NULL,  -- the most connections at the same time
    workers INTEGER NOT NULL,   -- different names of machines, at least
    jobs INTEGER NOT NULL,
    submitted INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    rate REAL,                  -- hashes a second, or what `rate_unit` says
    rate_low REAL,
    rate_high REAL,
    rate_unit TEXT,
    power REAL,                 -- watts
    power_low REAL,
    power_high REAL,
    state BLOB NOT NULL         -- what the agent needs to go on with it
) STRICT;

CREATE INDEX cases_of_miner ON cases (miner);
CREATE INDEX cases_of_pool ON cases (pool);

-- What changes seldom: a JSON object (`Details`).
CREATE TABLE details (
    "case" INTEGER PRIMARY KEY REFERENCES cases (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;

-- The reasons for the verdict with the beginnings of the messages behind them: a JSON array, compressed with zlib
-- (RFC 1950).
CREATE TABLE evidence (
    "case" INTEGER PRIMARY KEY REFERENCES cases (id) ON DELETE CASCADE,
    body BLOB NOT NULL
) STRICT;

-- Who is paid, in the clear or as a hash.
CREATE INDEX details_of_wallet ON details (
    coalesce(json_extract(body, '$.wallet'), json_extract(body, '$.wallet_sha256')));
CREATE INDEX details_of_worker ON details (
    coalesce(json_extract(body, '$.worker'), json_extract(body, '$.worker_sha256')));

-- What the operator says of a case; the latest counts.
CREATE TABLE remarks (
    id INTEGER PRIMARY KEY,
    "case" INTEGER NOT NULL,
    at INTEGER NOT NULL,
    author TEXT NOT NULL,
    state TEXT NOT NULL,        -- new, notified, blocked, fixed, false-alarm
    note TEXT
) STRICT;

CREATE INDEX remarks_of_case ON remarks ("case");

-- Each record of a case that was written.
CREATE TABLE history (
    "case" INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    verdict TEXT NOT NULL,
    stage TEXT NOT NULL,
    PRIMARY KEY ("case", number)
) STRICT, WITHOUT ROWID;

-- A case on one day.
CREATE TABLE days (
    day INTEGER NOT NULL,
    "case" INTEGER NOT NULL,
    active INTEGER NOT NULL,    -- bit n: something happened in hour n
    connections BLOB NOT NULL,  -- of each hour, 24 numbers of 16 bits, little-endian
    rate REAL,
    power REAL,
    power_low REAL,
    power_high REAL,
    PRIMARY KEY (day, "case")
) STRICT, WITHOUT ROWID;

-- The same in brief, for what looks at many days: a case in the 32 days from day 32 * period on. What is of a day before the
-- first in `days` is out of date.
CREATE TABLE activity (
    period INTEGER NOT NULL,
    "case" INTEGER NOT NULL,
    days BLOB NOT NULL,         -- of each day, in 6 bytes: `active` and all connections, 24 bits each, little-endian
    PRIMARY KEY (period, "case")
) STRICT, WITHOUT ROWID;

-- Records on their way to outputs.
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY,
    line TEXT NOT NULL
) STRICT;

-- The number that the latest record on its way to outputs has.
CREATE TABLE progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL
) STRICT;

INSERT INTO progress VALUES (1, 0);

-- How far each output has come.
CREATE TABLE outputs (
    name TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
