-- readable-from: 1
-- What retention walks along: every session once, and the rows that close the
-- places of deleted ones. Both indexes are written when a session begins and
-- ends, not when it changes. Without them the same queries read more.
CREATE INDEX revisions_first ON revisions (session_id) WHERE revision = 1;

CREATE INDEX revisions_deleted ON revisions (at) WHERE kind = 'deleted';
