-- What is found by its text. A segment is some blocks and refusals of one minute
-- with all terms that are in any of them; segments are made after writing, when
-- there is time.
CREATE TABLE segments (
    number   INTEGER PRIMARY KEY,          -- minute * 65536 + n
    first_id TEXT    NOT NULL,             -- lowest and highest correlation id
    last_id  TEXT    NOT NULL,
    at_ns    INTEGER NOT NULL,             -- Unix time of the newest exchange
    members  BLOB    NOT NULL              -- varints: twice the seq of a block, or of a refusal and one more
) STRICT;

CREATE INDEX segments_by_time ON segments (at_ns);

-- The terms by the number of their segment. Only which segment has which is
-- kept, not the text. Merging is done in small steps of our own.
CREATE VIRTUAL TABLE segment_terms USING fts5(terms, content='', contentless_delete=1, detail=none, tokenize='ascii');
INSERT INTO segment_terms (segment_terms, rank) VALUES ('automerge', 0), ('usermerge', 8), ('crisismerge', 256), ('pgsz', 8000);

-- How far the segments have come: the highest seq in them.
CREATE TABLE indexed (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    block   INTEGER NOT NULL,
    refusal INTEGER NOT NULL
) STRICT;
INSERT INTO indexed (id, block, refusal) VALUES (1, 0, 0);
