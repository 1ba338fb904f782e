SELECT
    cases.id, miners.address, pools.address, pools.port, protocol, transport, encrypted, life, verdict, stage,
    confidence, coin, algorithm, cases.first_seen, cases.last_seen, records, returns, jobs, submitted, accepted,
    rejected, state, details.body, bytes, connections, parallel,
    miner_port, evidence.body, workers
FROM cases
JOIN miners ON miners.id = cases.miner
JOIN pools ON pools.id = cases.pool
JOIN details ON details."case" = cases.id
JOIN evidence ON evidence."case" = cases.id
