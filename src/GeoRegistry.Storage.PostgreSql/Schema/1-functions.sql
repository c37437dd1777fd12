-- What is decided row by row runs in the database: one round trip each.

-- Ends the transaction where another writer came between what was read and what is written; GR001 tells the store to read again.
CREATE FUNCTION must_be(actual bigint, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF actual <> expected THEN
        RAISE EXCEPTION 'another writer changed a row meanwhile' USING ERRCODE = 'GR001';
    END IF;
END $$;

-- Adds an announcement, instead of an earlier one of the same blob: that its home hears of the later upload is enough. Its id is by the
-- clock (in microseconds), so that it is none of the ids that homes remember of data that was lost here; and above all that are not lost,
-- though the clock was set back.
CREATE FUNCTION announce(self text, of_ledger bigint, of_digest bytea, of_size bigint, now bigint,
    OUT given bigint, OUT first bigint) LANGUAGE plpgsql AS $$
DECLARE last bigint;
BEGIN
    INSERT INTO announcements_done AS done (region, before) VALUES (self, 0)
        ON CONFLICT (region) DO UPDATE SET before = done.before RETURNING before INTO last; -- Locks the row.
    given := greatest(last + 1, (SELECT max(id) FROM announcements) + 1, now);
    UPDATE announcements_done SET before = given WHERE region = self;
    DELETE FROM announcements WHERE ledger = of_ledger AND digest = of_digest;
    INSERT INTO announcements (id, ledger, digest, size) VALUES (given, of_ledger, of_digest, of_size);
    first := (SELECT min(id) FROM announcements);
END $$;

-- Records that the home has linked an upload while its ledger's head had a number; null where this region has become the home itself. A
-- deletion or snapshot that left the link meanwhile removes it now, if it is later.
CREATE FUNCTION confirm_announcement(of_id bigint, home_number bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE told announcements%ROWTYPE;
BEGIN
    DELETE FROM announcements WHERE id = of_id RETURNING * INTO told;
    IF NOT FOUND THEN RETURN; END IF;
    DELETE FROM blob_links WHERE digest = told.digest AND ledger = told.ledger AND home_number < told.deleted_by
        AND NOT committed AND (uploaded IS NULL OR uploaded < told.deleted_by);
    UPDATE blob_links SET uploaded = home_number WHERE digest = told.digest AND ledger = told.ledger
        AND (uploaded IS NULL OR uploaded < home_number);
END $$;

-- The number of the ledger's head when an announcement of another region was taken; 0 where that is forgotten, as its region has the
-- answer or announced the blob anew; null where it was not taken.
CREATE FUNCTION taken_announcement(of_region text, of_id bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce(
        (SELECT number FROM announcements_taken WHERE region = of_region AND id = of_id),
        (SELECT 0 FROM announcements_done WHERE region = of_region AND before > of_id));
$$;

-- Links a blob that another region announces, but not where that was done before.
CREATE FUNCTION take_announcement(of_region text, of_id bigint, first_id bigint, repository text, of_digest bytea, of_size bigint)
    RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
    known record;
BEGIN
    INSERT INTO announcements_done (region, before) VALUES (of_region, 0)
        ON CONFLICT (region) DO UPDATE SET before = announcements_done.before; -- Locks the row.
    first := taken_announcement(of_region, of_id);
    IF first IS NOT NULL THEN RETURN first; END IF;
    INSERT INTO ledgers (kind, name) SELECT 1, repository
        WHERE NOT EXISTS (SELECT 1 FROM ledgers WHERE kind = 1 AND name = repository) ON CONFLICT DO NOTHING;
    SELECT id, number INTO known FROM ledgers WHERE kind = 1 AND name = repository FOR UPDATE;
    INSERT INTO blob_links (digest, ledger, size, committed, uploaded) VALUES (of_digest, known.id, of_size, false, known.number)
        ON CONFLICT (digest, ledger) DO UPDATE SET uploaded = excluded.uploaded
        WHERE blob_links.uploaded IS NULL OR blob_links.uploaded < excluded.uploaded;
    UPDATE announcements_done SET before = greatest(before, first_id) WHERE region = of_region;
    DELETE FROM announcements_taken WHERE region = of_region AND id < first_id;
    INSERT INTO announcements_taken (region, id, number) VALUES (of_region, of_id, known.number);
    RETURN known.number;
END $$;

-- Deletes commits after what is pruned already, of which at most so many are looked at. Returns how many were looked at.
CREATE FUNCTION prune_feed(of_region text, keep bigint, keep_bytes bigint, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    feed feeds%ROWTYPE;
    excess bigint;
    last bigint;
    looked integer := 0;
    seen integer := 0;
    dropped bigint;
    entry record;
BEGIN
    SELECT * INTO feed FROM feeds WHERE region = of_region;
    IF feed IS NULL THEN RETURN 0; END IF;
    excess := feed.bytes - keep_bytes;
    IF feed.head - keep <= feed.pruned AND excess <= 0 THEN RETURN 0; END IF;
    last := feed.pruned;
    FOR entry IN SELECT position, octet_length(encoded) AS size FROM commits
        WHERE region = of_region AND position > feed.pruned ORDER BY position LIMIT most
    LOOP
        seen := seen + 1;
        CONTINUE WHEN seen > looked + 1; -- One that stays ends it.
        CONTINUE WHEN entry.position > feed.head - keep AND excess <= 0;
        last := greatest(last, entry.position);
        excess := excess - entry.size;
        looked := looked + 1;
    END LOOP;
    IF seen < most THEN last := greatest(last, feed.head - keep); END IF;
    IF last <= feed.pruned THEN RETURN 0; END IF;
    WITH gone AS (
        DELETE FROM commits WHERE region = of_region AND position > feed.pruned AND position <= last
            AND number < (SELECT ledgers.number FROM ledgers WHERE ledgers.id = commits.ledger)
        RETURNING octet_length(encoded) AS size)
    SELECT coalesce(sum(size), 0) INTO dropped FROM gone;
    UPDATE feeds SET pruned = greatest(pruned, last), bytes = bytes - dropped WHERE region = of_region;
    RETURN looked;
END $$;

-- Changes the count of dead letters in each region that awaits a blob. Goes from source to source: a blob may have millions of rows, but
-- only of a few regions.
CREATE FUNCTION hydration_add_dead(of_blob bigint, change bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE next text := '';
BEGIN
    IF change = 0 THEN RETURN; END IF;
    LOOP
        next := (SELECT source FROM hydration_waits WHERE blob = of_blob AND source > next ORDER BY source LIMIT 1);
        EXIT WHEN next IS NULL;
        UPDATE hydration_regions SET dead = dead + change WHERE source = next;
    END LOOP;
END $$;

-- Lets a blob be fetched as if it had never failed.
CREATE FUNCTION hydration_requeue(of_blob bigint, was_dead bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hydration_add_dead(of_blob, -was_dead);
    UPDATE hydration SET attempts = 0, error = NULL, not_before = 0, dead = 0 WHERE id = of_blob;
END $$;

-- Queues blobs for a commit that awaits them.
CREATE FUNCTION hydration_queue(of_source text, of_position bigint, of_ledger bigint, made_at bigint,
    digests bytea[], sizes bigint[], origins text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    known hydration%ROWTYPE;
    awaited bigint := 0;
    commit_is_new bigint := 0;
    source_blobs bigint := 0; source_bytes bigint := 0;
    ledger_blobs bigint := 0; ledger_bytes bigint := 0;
    new_to_source boolean; new_to_ledger boolean;
BEGIN
    FOR i IN 1 .. coalesce(array_length(digests, 1), 0) LOOP
        SELECT * INTO known FROM hydration WHERE digest = digests[i] FOR UPDATE;
        IF FOUND THEN
            -- Whoever names it now has it.
            UPDATE hydration SET since = least(since, made_at), attempts = 0
                WHERE id = known.id AND (since > made_at OR attempts > 0);
            IF known.dead = 1 THEN PERFORM hydration_requeue(known.id, 1); END IF;
        ELSE
            INSERT INTO hydration (digest, size, origin, ledger, since)
                VALUES (digests[i], sizes[i], origins[i], of_ledger, made_at) RETURNING * INTO known;
        END IF;
        new_to_source := NOT EXISTS (SELECT 1 FROM hydration_waits WHERE blob = known.id AND source = of_source);
        new_to_ledger := NOT EXISTS (SELECT 1 FROM hydration_waits WHERE blob = known.id AND ledger = of_ledger);
        INSERT INTO hydration_waits (blob, source, position, ledger) VALUES (known.id, of_source, of_position, of_ledger)
            ON CONFLICT DO NOTHING;
        CONTINUE WHEN NOT FOUND;
        awaited := awaited + 1;
        IF new_to_source THEN source_blobs := source_blobs + 1; source_bytes := source_bytes + known.size; END IF;
        IF new_to_ledger THEN ledger_blobs := ledger_blobs + 1; ledger_bytes := ledger_bytes + known.size; END IF;
    END LOOP;
    IF awaited = 0 THEN RETURN; END IF;
    UPDATE hydration_commits SET blobs = blobs + awaited, at = least(at, made_at)
        WHERE source = of_source AND position = of_position AND ledger = of_ledger;
    IF NOT FOUND THEN
        INSERT INTO hydration_commits (source, position, ledger, at, blobs)
            VALUES (of_source, of_position, of_ledger, made_at, awaited);
        commit_is_new := 1;
    END IF;
    INSERT INTO hydration_regions AS known_region (source, commits, blobs, bytes, dead)
        VALUES (of_source, commit_is_new, source_blobs, source_bytes, 0)
        ON CONFLICT (source) DO UPDATE SET commits = known_region.commits + excluded.commits,
            blobs = known_region.blobs + excluded.blobs, bytes = known_region.bytes + excluded.bytes;
    INSERT INTO hydration_ledgers AS known_ledger (ledger, commits, blobs, bytes, oldest)
        VALUES (of_ledger, commit_is_new, ledger_blobs, ledger_bytes, made_at)
        ON CONFLICT (ledger) DO UPDATE SET commits = known_ledger.commits + excluded.commits,
            blobs = known_ledger.blobs + excluded.blobs, bytes = known_ledger.bytes + excluded.bytes,
            oldest = least(known_ledger.oldest, excluded.oldest);
END $$;

-- Takes a blob out of the queue. Returns the commits that awaited nothing else.
CREATE FUNCTION hydration_take_out(of_blob bigint) RETURNS TABLE (source text, "position" bigint, at bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    gone hydration%ROWTYPE;
    sources text[]; positions bigint[]; ledgers bigint[];
    ended_sources text[]; ended_positions bigint[]; ended_ledgers bigint[]; ended_at bigint[];
BEGIN
    DELETE FROM hydration WHERE id = of_blob RETURNING * INTO gone;
    IF NOT FOUND THEN RETURN; END IF;
    WITH waits AS (DELETE FROM hydration_waits WHERE blob = of_blob RETURNING source, position, ledger)
    SELECT array_agg(source), array_agg(position), array_agg(ledger) INTO sources, positions, ledgers FROM waits;
    UPDATE hydration_commits AS waiting SET blobs = waiting.blobs - 1
        FROM unnest(sources, positions, ledgers) AS wait (source, position, ledger)
        WHERE waiting.source = wait.source AND waiting.position = wait.position AND waiting.ledger = wait.ledger;
    WITH ended AS (
        DELETE FROM hydration_commits AS waiting USING unnest(sources, positions, ledgers) AS wait (source, position, ledger)
        WHERE waiting.source = wait.source AND waiting.position = wait.position AND waiting.ledger = wait.ledger
            AND waiting.blobs = 0
        RETURNING waiting.source, waiting.position, waiting.ledger, waiting.at)
    SELECT array_agg(source), array_agg(position), array_agg(ledger), array_agg(at)
        INTO ended_sources, ended_positions, ended_ledgers, ended_at FROM ended;
    UPDATE hydration_regions AS sums SET commits = sums.commits - (
            SELECT count(*) FROM unnest(ended_sources) AS ended (source) WHERE ended.source = sums.source),
        blobs = sums.blobs - 1, bytes = sums.bytes - gone.size, dead = sums.dead - gone.dead
        WHERE sums.source = ANY (sources);
    DELETE FROM hydration_regions AS sums WHERE sums.source = ANY (ended_sources) AND sums.commits = 0;
    UPDATE hydration_ledgers AS sums SET commits = sums.commits - (
            SELECT count(*) FROM unnest(ended_ledgers) AS ended (ledger) WHERE ended.ledger = sums.ledger),
        blobs = sums.blobs - 1, bytes = sums.bytes - gone.size,
        oldest = coalesce((SELECT min(waiting.at) FROM hydration_commits AS waiting WHERE waiting.ledger = sums.ledger), sums.oldest)
        WHERE sums.ledger = ANY (ledgers);
    DELETE FROM hydration_ledgers AS sums WHERE sums.ledger = ANY (ended_ledgers) AND sums.commits = 0;
    RETURN QUERY SELECT ended.source, ended.position, ended.at
        FROM unnest(ended_sources, ended_positions, ended_at) AS ended (source, position, at)
        WHERE NOT EXISTS (SELECT 1 FROM hydration_commits AS waiting
            WHERE waiting.source = ended.source AND waiting.position = ended.position)
        ORDER BY ended.source, ended.position;
END $$;

CREATE FUNCTION hydration_complete(of_digest bytea) RETURNS TABLE (source text, "position" bigint, at bigint) LANGUAGE sql AS $$
    SELECT done.source, done.position, done.at
    FROM hydration, LATERAL hydration_take_out(hydration.id) AS done WHERE hydration.digest = of_digest;
$$;

-- Notes a failure of a blob, if it is queued; without a time it becomes a dead letter.
CREATE FUNCTION hydration_defer(of_digest bytea, why text, until bigint, counted integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    known hydration%ROWTYPE;
    is_dead smallint := CASE WHEN until IS NULL THEN 1 ELSE 0 END;
BEGIN
    SELECT * INTO known FROM hydration WHERE digest = of_digest FOR UPDATE;
    IF NOT FOUND THEN RETURN; END IF;
    UPDATE hydration SET attempts = attempts + counted, error = why, not_before = greatest(coalesce(until, 1), 1), dead = is_dead
        WHERE id = known.id;
    PERFORM hydration_add_dead(known.id, is_dead - known.dead);
END $$;

-- Forgets the failures of a blob; with no digest, of some dead letters, then of some blobs that were deferred. Returns how many.
CREATE FUNCTION hydration_retry(of_digest bytea, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    known record;
    retried integer := 0;
BEGIN
    FOR known IN
        (SELECT id, dead FROM hydration WHERE digest = of_digest)
        UNION ALL (SELECT id, dead FROM hydration WHERE of_digest IS NULL AND dead = 1 LIMIT most)
        UNION ALL (SELECT id, dead FROM hydration WHERE of_digest IS NULL AND dead = 0 AND not_before > 0 LIMIT most)
        LIMIT most
    LOOP
        PERFORM hydration_requeue(known.id, known.dead);
        retried := retried + 1;
    END LOOP;
    RETURN retried;
END $$;
