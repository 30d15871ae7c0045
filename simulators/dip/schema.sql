CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  transaction_id TEXT NOT NULL UNIQUE,
  sender TEXT NOT NULL,
  reference TEXT NOT NULL,
  role TEXT NOT NULL,
  provider TEXT,
  interface TEXT NOT NULL,
  event TEXT NOT NULL,
  correlation TEXT,
  mpan TEXT,
  tag TEXT,
  accepted_at TEXT NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (sender, reference)
);
CREATE INDEX message_tag ON message (tag) WHERE tag IS NOT NULL;
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL REFERENCES message (id),
  recipient TEXT NOT NULL,
  role TEXT NOT NULL,
  tier TEXT NOT NULL,
  status TEXT NOT NULL,
  http_status INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX delivery_message ON delivery (message);
CREATE INDEX delivery_open ON delivery (recipient, id) WHERE status IN ('Pending', 'Retrying');
CREATE INDEX delivery_paused ON delivery (recipient) WHERE status = 'Paused';
CREATE TABLE journal (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL REFERENCES message (id),
  at TEXT NOT NULL,
  stage TEXT NOT NULL,
  status TEXT NOT NULL,
  recipient TEXT,
  detail TEXT
);
CREATE INDEX journal_message ON journal (message);
CREATE TABLE webhook (
  recipient TEXT NOT NULL,
  channel TEXT NOT NULL,
  url TEXT NOT NULL,
  PRIMARY KEY (recipient, channel)
);
CREATE TABLE address (
  mpan TEXT NOT NULL,
  role TEXT NOT NULL,
  dip_id TEXT NOT NULL,
  valid_from TEXT,
  valid_to TEXT
);
CREATE INDEX address_mpan ON address (mpan, role);
CREATE TABLE heard (
  id INTEGER PRIMARY KEY,
  mpan TEXT NOT NULL,
  kind TEXT NOT NULL,
  service TEXT NOT NULL,
  dip_id TEXT NOT NULL,
  at TEXT NOT NULL
);
CREATE INDEX heard_mpan ON heard (mpan);
PRAGMA user_version = 1;
