-- Bodies are compressed where the server was built with lz4: less to write costs less than compressing.
DO $$ BEGIN
  ALTER TABLE message ALTER COLUMN body SET STORAGE EXTENDED;
  ALTER TABLE message ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN
  NULL;
END $$;
