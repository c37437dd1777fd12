-- The server and timeline that the region's own feed is written in (DatabaseContinuity); empty for the feeds of others. A standby that was
-- promoted has another timeline, and a copy that was read into another server another system.
ALTER TABLE feeds ADD COLUMN database text COLLATE "C" NOT NULL DEFAULT '';
