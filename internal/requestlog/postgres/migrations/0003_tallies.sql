-- readable-from: 1
-- What was counted of the exchanges that began in five minutes, of one merchant or
-- of all, by one process from one start on. Several rows of the same five minutes
-- add up.
CREATE TABLE requestlog_tallies (
    everybody   boolean NOT NULL, -- of all merchants
    merchant_id text COLLATE "C" NOT NULL,
    start_s     bigint NOT NULL,  -- Unix time
    id          text COLLATE "C" NOT NULL,
    data        bytea NOT NULL,
    PRIMARY KEY (everybody, merchant_id, start_s, id)
);
CREATE INDEX requestlog_tallies_by_time ON requestlog_tallies (start_s);
