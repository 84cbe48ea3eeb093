#!/usr/bin/python3
"""A second user who is told what to do, for clients driven through a terminal.

usage: contact.py HOST PORT CERTIFICATE JID PASSWORD LOG

Reads commands from standard input, one a line, and writes what happens to LOG,
one event a line. It does nothing on its own: a subscription is approved only
when it is told to, so that each step of a test is seen.

commands                     events
  online                       online JID | refused
  offline                      offline
  say JID TEXT                 message FROM [delayed] TEXT
  subscribe JID                presence FROM TYPE
  approve JID                  roster JID SUBSCRIPTION
  roster                       roster JID SUBSCRIPTION ..., roster end
  enter ROOM/NICK              presence FROM TYPE CODE ...
  leave ROOM/NICK              presence FROM TYPE CODE ...
  speak ROOM TEXT              message FROM [delayed] TEXT
  item ROOM ATTRIBUTE=VALUE .. done | error FROM CONDITION
"""
import asyncio
import os
import sys
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

MUC = 'http://jabber.org/protocol/muc'


def status(stanza):
    """The codes by which a room says what has happened."""
    return [e.get('code') for e in stanza.xml.iter('{%s#user}status' % MUC)]


class Contact:
    def __init__(self, host, port, certificate, jid, password, log):
        self.address = (host, int(port))
        self.certificate, self.jid, self.password = certificate, jid, password
        self.log = open(log, 'a', buffering=1, encoding='utf-8')
        self.client = None

    def event(self, *words):
        self.log.write(' '.join(str(w) for w in words).replace('\n', ' ') + '\n')

    def online(self):
        c = self.client = slixmpp.ClientXMPP(self.jid, self.password)
        c.ca_certs = self.certificate
        c.auto_authorize, c.auto_subscribe = None, False
        for plugin in ('xep_0030', 'xep_0199', 'xep_0203'):
            c.register_plugin(plugin)
        c.add_event_handler('session_start', self.started)
        c.add_event_handler('roster_update', self.roster_update)
        c.add_event_handler('failed_all_auth', lambda _: self.event('refused'))
        c.add_event_handler('disconnected', lambda _: self.event('offline'))
        for kind, take in (('message', self.message), ('presence', self.presence)):
            c.register_handler(Callback('every ' + kind, MatchXPath('{jabber:client}' + kind), take))
        c.connect(self.address)

    async def started(self, _):
        await self.client.get_roster()
        self.client.send_presence()
        self.event('online', self.client.boundjid.full)

    def message(self, m):
        if m['type'] == 'error':
            self.event('error', m['from'], m['error']['condition'])
        elif m['body']:
            delayed = ['delayed'] if m.xml.find('{urn:xmpp:delay}delay') is not None else []
            self.event('message', m['from'], *delayed, m['body'])
        elif m['subject']:
            self.event('message', m['from'], 'subject', m['subject'])
        elif status(m):
            self.event('message', m['from'], *status(m))

    def presence(self, p):
        condition = [p['error']['condition']] if p['type'] == 'error' else []
        self.event('presence', p['from'], p['type'], *condition, *status(p))

    def enter(self, seat):
        p = self.client.make_presence(pto=seat)
        p.append(ET.Element('{%s}x' % MUC))
        p.send()

    async def item(self, room, attributes):
        """Changes roles and affiliations (XEP-0045 sections 8.2 and 9.1)."""
        query = ET.Element('{%s#admin}query' % MUC)
        ET.SubElement(query, '{%s#admin}item' % MUC, dict(a.split('=') for a in attributes.split()))
        iq = self.client.make_iq_set(sub=query, ito=room)
        try:
            await iq.send(timeout=10)
        except IqError as e:
            self.event('error', room, e.condition)
        else:
            self.event('done')

    def roster_update(self, iq):
        for jid, item in iq['roster']['items'].items():
            self.event('roster', jid, item['subscription'])

    async def roster(self):
        # With roster versioning the answer may be empty: slixmpp knows already.
        await self.client.get_roster(timeout=10)
        for jid in self.client.client_roster:
            self.event('roster', jid, self.client.client_roster[jid]['subscription'])
        self.event('roster', 'end')

    async def do(self, line):
        command, *args = line.split(' ', 2)
        if command == 'online':
            self.online()
        elif command == 'offline':
            await self.client.disconnect()
        elif command == 'say':
            self.client.send_message(mto=args[0], mbody=args[1], mtype='chat')
        elif command == 'subscribe':
            self.client.send_presence(pto=args[0], ptype='subscribe')
        elif command == 'approve':
            self.client.send_presence(pto=args[0], ptype='subscribed')
        elif command == 'roster':
            await self.roster()
        elif command == 'enter':
            self.enter(args[0])
        elif command == 'leave':
            self.client.send_presence(pto=args[0], ptype='unavailable')
        elif command == 'speak':
            self.client.send_message(mto=args[0], mbody=args[1], mtype='groupchat')
        elif command == 'item':
            await self.item(*args)
        else:
            self.event('unknown command', line)

    async def run(self):
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            try:
                await self.do(line.rstrip('\n'))
            except Exception as e:  # a step that waits for the event fails
                self.event('failed', line.strip(), repr(e))


if __name__ == '__main__':
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    asyncio.get_event_loop().run_until_complete(Contact(*sys.argv[1:]).run())
    os._exit(0)  # slixmpp's connection attempts would keep the loop
