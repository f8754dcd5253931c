-- readable-from: 1
-- Finds the rows that close the places of deleted sessions when their time has
-- come: 0.04 ms instead of 85 ms beside 200,000 revisions. It is written when a
-- session is deleted, not when one changes. Without it the same query reads the
-- table. (An index of first revisions was tried for the walk along the sessions:
-- 9 ms for a thousand of them, and 8 ms without.)
CREATE INDEX revisions_deleted ON revisions (at) WHERE kind = 'deleted';
