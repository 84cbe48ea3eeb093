#!/usr/bin/python3
"""Two slixmpp clients: alice and bob of quickstart talk to each other.

Reads the environment that interop/run sets; prints PASS or FAIL for each step.
"""
import asyncio
import os
import sys

import slixmpp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

sys.path.insert(0, os.path.dirname(__file__))
from steps import Steps  # noqa: E402

ENV = os.environ
ADDRESS = (ENV['HOST'], int(ENV['PORT']))
ADDRESS_TLS = (ENV['HOST'], int(ENV['PORT_TLS']))
DELAY = '{urn:xmpp:delay}delay'


class User(slixmpp.ClientXMPP):
    """A client that keeps all that comes in one list, to be waited for."""

    def __init__(self, jid, password):
        super().__init__(jid, password)
        self.ca_certs = ENV['CERT']
        self.auto_authorize, self.auto_subscribe = None, False
        for p in ('xep_0030', 'xep_0077', 'xep_0092', 'xep_0191', 'xep_0199', 'xep_0203'):
            self.register_plugin(p)
        self.came, self.news = [], asyncio.Event()
        for kind in ('message', 'presence'):
            self.register_handler(Callback('every ' + kind, MatchXPath('{jabber:client}' + kind),
                                           self.take))
        for name in ('session_start', 'session_resumed', 'failed_all_auth', 'disconnected'):
            self.add_event_handler(name, lambda _, n=name: self.take(n))

    def take(self, item):
        self.came.append(item)
        self.news.set()

    async def until(self, what):
        """Takes the first item that what(item) holds for, waiting for it if need be."""
        while True:
            for item in self.came:
                if what(item):
                    self.came.remove(item)
                    return item
            self.news.clear()
            await self.news.wait()

    async def login(self, direct=False):
        self.connect(ADDRESS_TLS if direct else ADDRESS, use_ssl=direct)
        item = await self.until(lambda i: i in ('session_start', 'failed_all_auth', 'disconnected'))
        if item != 'session_start':
            raise PermissionError(item)
        await self.get_roster(timeout=20)
        self.send_presence()
        await self.presence('available', self.boundjid.full)
        return self

    async def message(self, text):
        return await self.until(lambda i: not isinstance(i, str) and i.name == 'message'
                                and i['body'] == text)

    async def presence(self, kind, sender):
        return await self.until(lambda i: not isinstance(i, str) and i.name == 'presence'
                                and i['type'] == kind and i['from'] == sender)

    async def leave(self):
        await self.disconnect()


async def leave(two, one):
    """two leaves, and one sees it: what one sends from now on is for nobody who is there."""
    full = two.boundjid.full
    await two.leave()
    return await one.presence('unavailable', full)


async def server(command):
    p = await asyncio.create_subprocess_exec(
        os.path.join(os.path.dirname(__file__), '..', 'server'), command)
    if await p.wait() != 0:
        raise RuntimeError('interop/server ' + command)


async def refused(jid, password):
    user = User(jid, password)
    try:
        await user.login()
    except PermissionError:
        return
    finally:
        user.abort()
    raise AssertionError('logged in with ' + password)


async def both_ways(one, two):
    """Each subscribes to the other; the rosters of both say so in the end."""
    for a, b in ((one, two), (two, one)):
        a.send_presence(pto=b.boundjid.bare, ptype='subscribe')
        await b.presence('subscribe', a.boundjid.bare)
        b.send_presence(pto=a.boundjid.bare, ptype='subscribed')
        await a.presence('available', b.boundjid.full)
    for a, b in ((one, two), (two, one)):
        # With roster versioning the answer may be empty: slixmpp knows already.
        await a.get_roster(timeout=20)
        item = a.client_roster[b.boundjid.bare]
        assert item['subscription'] == 'both', item


async def chat(one, two):
    for a, b in ((one, two), (two, one)):
        for text in ('hello', 'grüße, привет & <tags>', 'x' * 20000):
            a.send_message(mto=b.boundjid.bare, mbody=text, mtype='chat')
            got = await b.message(text)
            assert got['from'] == a.boundjid.full, got['from']


async def offline(one, two_login, command=None):
    """Messages to someone who is away come in order, with a delay, and once."""
    texts = ['away %s %d' % (command, n) for n in range(5)]
    for text in texts:
        one.send_message(mto=ENV['BOB'], mbody=text, mtype='chat')
    await one['xep_0199'].ping(jid=slixmpp.JID(ENV['DOMAIN']), timeout=20)
    if command:
        await asyncio.sleep(1.5)  # what was taken is written down within a second
        await server(command)
        await one.until(lambda i: i == 'disconnected')
        one = await User(ENV['ALICE'], ENV['ALICE_PASSWORD']).login()
    two = await two_login()
    for text in texts:
        got = await two.until(lambda i: not isinstance(i, str) and i.name == 'message')
        assert got['body'] == text and got.xml.find(DELAY) is not None, got
    await two.leave()
    two = await two_login()
    one.send_message(mto=ENV['BOB'], mbody='only this', mtype='chat')
    got = await two.until(lambda i: not isinstance(i, str) and i.name == 'message')
    assert got['body'] == 'only this', got
    await two['xep_0199'].ping(jid=slixmpp.JID(ENV['DOMAIN']), timeout=20)
    again = [i['body'] for i in two.came if not isinstance(i, str) and i.name == 'message']
    assert not again, again
    return one, two


async def resumed(one, three):
    """three comes back to its session after its connection was cut; one sees nothing of it."""
    three.register_plugin('xep_0198')
    await three.login()
    await one.presence('available', three.boundjid.full)
    for text in ('before', 'meanwhile'):
        one.send_message(mto=three.boundjid.full, mbody=text, mtype='chat')
        if text == 'before':
            await three.message(text)
            await cut(three)
    await back(three)
    await three.message('meanwhile')
    three.send_message(mto=one.boundjid.full, mbody='back', mtype='chat')
    got = await one.message('back')
    assert got['from'] == three.boundjid.full, got['from']
    again = [i for i in one.came + three.came if not isinstance(i, str)
             and (i['from'] == three.boundjid.full and i['type'] == 'unavailable'
                  or i.name == 'message' and i['body'] == 'before')]
    assert not again, again
    return three


async def cut(user):
    user.came = [i for i in user.came if i != 'disconnected']
    user.transport.abort()
    await user.until(lambda i: i == 'disconnected')


async def back(user):
    user.connect(ADDRESS)
    item = await user.until(lambda i: i in ('session_start', 'session_resumed'))
    assert item == 'session_resumed', item


async def restarted(three):
    """The session of three outlives a planned restart."""
    await server('restart')
    await three.until(lambda i: i == 'disconnected')
    await back(three)
    await three['xep_0199'].ping(jid=slixmpp.JID(ENV['DOMAIN']), timeout=20)
    await three.leave()
    return True


async def small_requests(one):
    domain = slixmpp.JID(ENV['DOMAIN'])
    info = await one['xep_0030'].get_info(jid=domain, timeout=20)
    features = info['disco_info']['features']
    for feature in ('urn:xmpp:ping', 'urn:xmpp:blocking', 'jabber:iq:version', 'msgoffline'):
        assert feature in features, features
    version = await one['xep_0092'].get_version(domain, timeout=20)
    assert version['software_version']['name'] == 'Parley', version


async def blocking(one, two):
    await one['xep_0191'].block(two.boundjid.bare, timeout=20)
    await two.presence('unavailable', one.boundjid.full)
    two.send_message(mto=one.boundjid.bare, mbody='blocked', mtype='chat')
    error = await two.until(lambda i: not isinstance(i, str) and i['type'] == 'error')
    assert error['error']['condition'] == 'service-unavailable', error
    await one['xep_0191'].unblock(two.boundjid.bare, timeout=20)
    await two.presence('available', one.boundjid.full)


async def main(steps):
    alice, bob = (ENV['ALICE'], ENV['ALICE_PASSWORD']), (ENV['BOB'], ENV['BOB_PASSWORD'])
    await steps.do('a wrong password is refused', refused(alice[0], 'not-it'))
    await steps.do('an unknown account is refused', refused('nobody@' + ENV['DOMAIN'], alice[1]))
    one = await steps.need('logs in by STARTTLS', User(*alice).login())
    two = await steps.need('logs in by direct TLS', User(*bob).login(direct=True))
    await steps.do('service discovery and version', small_requests(one))
    await steps.do('add each other', both_ways(one, two))
    await steps.do('chat both ways', chat(one, two))
    await steps.do('blocking', blocking(one, two))
    await steps.need('leaving is seen', leave(two, one))
    again = lambda: User(*bob).login()  # noqa: E731
    one, two = await steps.need('messages while away', offline(one, again))
    for command in ('restart', 'kill'):
        await steps.need('leaving is seen', leave(two, one))
        one, two = await steps.need('messages while away, server: ' + command,
                                    offline(one, again, command))
    await one.until(lambda i: not isinstance(i, str) and i['type'] == 'available'
                    and i['from'] == two.boundjid.full)
    two.abort()
    await steps.do('a cut connection is seen', one.presence('unavailable', two.boundjid.full))
    three = await steps.need('resumes its session', resumed(one, User(*bob)))
    await steps.do('resumes it after a restart', restarted(three))
    one = await steps.need('logs in again', User(*alice).login())
    await password(steps, one, alice)


async def password(steps, one, alice):
    await steps.do('changes its password', one['xep_0077'].change_password('changed', timeout=20))
    await steps.do('the old password is refused', refused(*alice))
    one = await steps.need('logs in with the new one', User(alice[0], 'changed').login())
    await steps.do('changes it back', one['xep_0077'].change_password(alice[1], timeout=20))


if __name__ == '__main__':
    Steps('slixmpp').run(main)
