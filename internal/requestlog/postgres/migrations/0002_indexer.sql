-- readable-from: 1
-- Which process makes the index at the moment. One is enough.
CREATE TABLE requestlog_indexer (
    id     integer PRIMARY KEY CHECK (id = 1),
    holder text NOT NULL,
    until  timestamptz NOT NULL
);
INSERT INTO requestlog_indexer (id, holder, until) VALUES (1, '', now());
