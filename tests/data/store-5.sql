-- What version 4 wrote. It never changes: whoever has such a file opens it with a newer version.
PRAGMA journal_mode = WAL;
PRAGMA application_id = 0x44576368;
CREATE TABLE stages (
  stage INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  place INTEGER NOT NULL,
  name TEXT,
  urls TEXT NOT NULL,
  dialect TEXT NOT NULL,
  own_name TEXT,
  secret INTEGER NOT NULL DEFAULT 0,
  local INTEGER NOT NULL DEFAULT 0,
  online INTEGER NOT NULL DEFAULT 1,
  muted INTEGER NOT NULL DEFAULT 0,
  echoes INTEGER NOT NULL DEFAULT 0,
  seen INTEGER NOT NULL DEFAULT 0,
  left_at INTEGER NOT NULL DEFAULT 0,
  draft TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE lines (
  line INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  time INTEGER NOT NULL,
  until INTEGER,
  text TEXT NOT NULL,
  sender TEXT,
  id TEXT,
  delivery INTEGER NOT NULL DEFAULT 0,
  went INTEGER NOT NULL DEFAULT 0,
  reason TEXT
) STRICT;

CREATE INDEX lines_waiting ON lines (line) WHERE delivery IN (1, 2, 4);

CREATE TABLE unindexed (line INTEGER NOT NULL) STRICT;

INSERT INTO unindexed VALUES (0);

CREATE VIRTUAL TABLE words USING fts5 (text, content = 'lines', content_rowid = 'line', columnsize = 0,
  tokenize = 'dynamowave');

CREATE TRIGGER lines_delete AFTER DELETE ON lines
  WHEN old.kind <= 1 AND old.line > (SELECT line FROM unindexed) BEGIN
  INSERT INTO words (words, rowid, text) VALUES ('delete', old.line, old.text);
 END;

CREATE TRIGGER lines_leave AFTER UPDATE OF line ON lines
  WHEN old.kind <= 1 AND old.line > (SELECT line FROM unindexed) BEGIN
  INSERT INTO words (words, rowid, text) VALUES ('delete', old.line, old.text);
 END;

CREATE TRIGGER lines_arrive AFTER UPDATE OF line ON lines
  WHEN new.kind <= 1 AND new.line > (SELECT line FROM unindexed) BEGIN
  INSERT INTO words (rowid, text) VALUES (new.line, new.text);
 END;

INSERT INTO stages (stage, uuid, place, name, urls, dialect, own_name, echoes, seen)
  VALUES (1, '8a0f8f6e-5a0c-4f3b-9b7e-0a6f0f0c0001', 0, 'Team', 'wss://h.example/prod', 'dynamowave', 'Ada', 1, 2);
INSERT INTO lines (line, kind, time, text, sender, id, delivery, went) VALUES
  (1 << 40 | 1, 3, 1764064800000000, '', NULL, NULL, 0, 0),
  (1 << 40 | 2, 0, 1764064800000000, 'an old message', 'Eve', 'e-1', 0, 0),
  (1 << 40 | 3, 1, 1764064860000000, 'an old answer', 'Ada', 'a-1', 3, 2);
INSERT INTO words (rowid, text) SELECT line, text FROM lines WHERE kind <= 1;
CREATE TABLE home (file TEXT NOT NULL, mark TEXT NOT NULL) STRICT;
INSERT INTO home VALUES ('fe01 2a 1764064800.000000000', '8a0f8f6e-5a0c-4f3b-9b7e-0a6f0f0c0002');
ALTER TABLE stages ADD COLUMN snippets TEXT NOT NULL DEFAULT '';
UPDATE stages SET snippets = '[{"name":"Hello","text":"{}"}]';
PRAGMA user_version = 5;
