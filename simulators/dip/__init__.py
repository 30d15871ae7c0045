"""The simulated DIP.

A send goes one way through it, each stage in a file of its own, pure between the two ends::

    hub (ASGI) -> Sending.send
        authenticate   TLS certificate, API key, signature  -> Caller or Refusal
        validate       L1 of the whole batch, with business  -> Drafts or Faults
        address        primary, secondary by MPAN, always    -> Addressing
        accept         D0, A0, the bytes that stay           -> Accepted
        store          on the disk (writer: group commit), then 201 (respond)
    outbox per recipient -> carrier -> courier (sign, deliver) -> outcome -> store

`up` starts it with the simulated parties and the admin API in one process.
"""
