UPDATE cases SET life = 'closed'
WHERE life <> 'closed'
    AND id NOT IN (SELECT id FROM cases WHERE life <> 'closed' ORDER BY last_seen DESC LIMIT ?)
