-- readable-from: 1
-- The index of terms keeps no list of what waits for its place: every search
-- would read it, on each day. Statistics of terms take minutes to gather and change no plan.
DO $$
DECLARE
    segments text;
BEGIN
    FOR segments IN SELECT 'requestlog_segments_' || day FROM requestlog_days
        WHERE to_regclass('requestlog_segments_' || day) IS NOT NULL LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN terms SET STATISTICS 0', segments);
        EXECUTE format('ALTER INDEX %I SET (fastupdate = off)', segments || '_by_term');
        PERFORM gin_clean_pending_list(to_regclass(segments || '_by_term'));
    END LOOP;
END
$$;
