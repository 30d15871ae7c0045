CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL, -- milliseconds since 1970, when it was accepted
  took INTEGER NOT NULL, -- milliseconds from the call to the acceptance
  transaction_id TEXT NOT NULL, -- ends in the id, so that no index over it is needed
  sender TEXT NOT NULL,
  reference TEXT NOT NULL,
  role TEXT NOT NULL,
  provider TEXT,
  interface TEXT NOT NULL,
  event TEXT NOT NULL,
  correlation TEXT,
  mpan TEXT,
  tag TEXT,
  unresolved TEXT, -- roles that secondary routing could not resolve
  body BLOB NOT NULL,
  UNIQUE (reference, sender)
);
CREATE INDEX message_tag ON message (tag) WHERE tag IS NOT NULL;
CREATE TABLE message_mpan ( -- an index over messages; the latest may be missing
  mpan TEXT NOT NULL,
  interface TEXT NOT NULL,
  message INTEGER NOT NULL,
  PRIMARY KEY (mpan, interface, message)
) WITHOUT ROWID;
CREATE TABLE message_mpan_reached (message INTEGER NOT NULL);
INSERT INTO message_mpan_reached VALUES (0);
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY, -- the message's id times 65536, plus the recipient's place: a message's deliveries lie together
  message INTEGER GENERATED ALWAYS AS (id >> 16) VIRTUAL REFERENCES message (id),
  recipient TEXT NOT NULL,
  role TEXT NOT NULL,
  tier TEXT NOT NULL,
  channel TEXT NOT NULL,
  at INTEGER NOT NULL, -- seconds since 1970, when the message was accepted
  status TEXT NOT NULL,
  http_status INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX delivery_open ON delivery (recipient, id) WHERE status IN ('Pending', 'Retrying');
CREATE INDEX delivery_paused ON delivery (recipient) WHERE status = 'Paused';
CREATE INDEX delivery_history ON delivery (recipient, channel, at);
CREATE TABLE status_message (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL REFERENCES message (id),
  recipient TEXT NOT NULL, -- the message's sender
  origin TEXT NOT NULL, -- who says it: the hub or a recipient of the message
  level TEXT NOT NULL, -- L2, L3 or L4
  at INTEGER NOT NULL, -- seconds since 1970
  text TEXT NOT NULL,
  help TEXT,
  sent TEXT, -- the moment and the ticket that the origin stated
  ticket TEXT,
  status TEXT NOT NULL,
  http_status INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX status_message_open ON status_message (recipient, id) WHERE status IN ('Pending', 'Retrying');
CREATE INDEX status_message_paused ON status_message (recipient) WHERE status = 'Paused';
CREATE INDEX status_message_history ON status_message (recipient, at);
CREATE TABLE requeue (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  recipient TEXT NOT NULL,
  channel TEXT NOT NULL,
  total INTEGER NOT NULL,
  processed INTEGER, -- null while it is told from its items
  status TEXT
);
CREATE INDEX requeue_recipient ON requeue (recipient, channel);
CREATE TABLE requeue_item (
  requeue INTEGER NOT NULL REFERENCES requeue (number),
  item INTEGER NOT NULL,
  PRIMARY KEY (requeue, item)
) WITHOUT ROWID;
CREATE TABLE journal ( -- what the rows of message and delivery don't tell
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL REFERENCES message (id),
  at INTEGER NOT NULL, -- milliseconds since 1970
  stage TEXT NOT NULL,
  status TEXT NOT NULL,
  recipient TEXT,
  detail TEXT,
  http_status INTEGER,
  duration INTEGER NOT NULL DEFAULT 0 -- milliseconds
);
CREATE INDEX journal_message ON journal (message);
CREATE TABLE history_request ( -- messages that the hub has not answered yet
  message INTEGER PRIMARY KEY REFERENCES message (id)
);
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
PRAGMA user_version = 5;
