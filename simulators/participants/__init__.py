"""The simulated parties of a network: they receive, judge, answer and, where switched on, act.

What the hub's process needs is one class, `simulators.participants.service.Participants` (imported from
there, so that this package stays free of import circles)::

    participants = Participants(network, releases, clock, ca=..., crls=(), environment="SIT", on_change=None)
    participants.app                     ASGI 3 app behind mutual TLS
    participants.path(release, dip_id)   path of a party's webhook in it
    participants.connect(hub_url)        where the parties send to, without the release
    await participants.send(dip_id, release, interface, payload)    one message, signed, over mutual TLS
    participants.receipts(tag)           what arrived with S1.subText == tag, JSON-ready
    participants.set_behaviours(tag, {dip_id: {"name": ..., **options}})
    participants.is_idle(tag), await participants.wait_idle(tag), on_change(tag)
    participants.problems(tag)           messages of a behaviour that the hub did not accept
    participants.tell(tag, dip_id, told)  beside the hub
    participants.seeded(tag)             what seeded faults changed
    participants.register(dip_id, mpan)  what a party knows of a metering point
    participants.clock_moved()           behaviours act on what has become due
    await participants.close()

A call to a webhook goes ``bytes -> caller's identity -> signature -> JSON -> judge each publication ->
record -> answer -> behaviours``; `judging` and the behaviours are pure, `reception` and `runner` hold the
I/O.

A role family's file holds two tables for `playing`: what it answers, and what it can be told. It learns by
the table in `lessons` into `record`; `policy` says how it answers; `seeded` spoils it, by `flaws`.
"""
