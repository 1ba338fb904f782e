DELETE FROM details WHERE "case" IN (SELECT id FROM old);
DELETE FROM evidence WHERE "case" IN (SELECT id FROM old);
DELETE FROM remarks WHERE "case" IN (SELECT id FROM old);
DELETE FROM history WHERE "case" IN (SELECT id FROM old);
DELETE FROM cases WHERE id IN (SELECT id FROM old);
DELETE FROM miners WHERE NOT EXISTS (SELECT 1 FROM cases WHERE cases.miner = miners.id);
DELETE FROM pools WHERE NOT EXISTS (SELECT 1 FROM cases WHERE cases.pool = pools.id);
