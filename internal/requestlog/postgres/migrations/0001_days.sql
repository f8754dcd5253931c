-- readable-from: 1
-- The days that have tables. The tables themselves are made when the first
-- exchange of a day is written.
CREATE TABLE IF NOT EXISTS requestlog_days (
    day text COLLATE "C" PRIMARY KEY -- 20261125, in UTC
);
