#!/usr/bin/python3
"""nbxmpp, the library of Gajim (GLib's TLS): an account of its own and the contact bob.

Reads the environment that interop/run sets; prints PASS or FAIL for each step.
"""
import os
import subprocess
import sys

from gi.repository import Gio, GLib
from nbxmpp.client import Client
from nbxmpp.const import ConnectionProtocol, ConnectionType
from nbxmpp.modules.vcard_temp import VCard
from nbxmpp.namespaces import Namespace
from nbxmpp.protocol import JID, Message, Presence
from nbxmpp.structs import StanzaHandler

sys.path.insert(0, os.path.dirname(__file__))
from steps import LIMIT, Steps  # noqa: E402

ENV = os.environ
CERTIFICATE = Gio.TlsCertificate.new_from_file(ENV['CERT'])
ENDED = ('disconnected', 'connection-failed')


def wait(condition, what):
    """Runs GLib's loop until condition() holds, LIMIT seconds at most."""
    end = GLib.get_monotonic_time() + LIMIT * 1000000
    while not condition():
        if GLib.get_monotonic_time() > end:
            raise TimeoutError(what)
        if not GLib.MainContext.default().iteration(False):
            GLib.usleep(2000)


class User:
    def __init__(self, jid, password, resource, direct=False):
        jid = JID.from_string(jid)
        self.bare, self.state, self.messages, self.presences = str(jid), '', [], []
        self.client = c = Client(log_context=resource)
        c.set_domain(jid.domain)
        c.set_username(jid.localpart)
        c.set_password(password)
        c.set_resource(resource)
        kind = ConnectionType.DIRECT_TLS if direct else ConnectionType.START_TLS
        port = ENV['PORT_TLS'] if direct else ENV['PORT']
        c.set_custom_host('%s:%s' % (ENV['HOST'], port), ConnectionProtocol.TCP, kind)
        c.set_connection_types([kind])
        c.set_accepted_certificates([CERTIFICATE])
        self.kept = []  # nbxmpp holds callbacks weakly
        for name in ('connected', 'resume-successful') + ENDED:
            self.keep(lambda *_, n=name: setattr(self, 'state', n), c.subscribe, name)
        for name, found in (('message', self.messages), ('presence', self.presences)):
            def handler(_client, stanza, _properties, found=found):
                found.append(stanza)
            self.kept.append(handler)
            c.register_handler(StanzaHandler(name, handler, priority=10))

    def keep(self, callback, subscribe, name):
        self.kept.append(callback)
        subscribe(name, callback)

    def login(self):
        self.client.connect()
        wait(lambda: self.state, 'login')
        if self.state != 'connected':
            raise PermissionError('%s: %s' % (self.state, self.client.get_error()))
        self.request('Roster', 'request_roster')
        self.client.send_stanza(Presence())
        self.presence(None, self.full)
        return self

    @property
    def full(self):
        return str(self.client.get_bound_jid())

    def leave(self):
        self.client.disconnect()
        wait(lambda: self.state in ENDED, 'end of the stream')

    def request(self, module, method, *args):
        results = []

        def done(task):
            try:
                results.append((task.finish(), None))
            except Exception as e:
                results.append((None, e))
        self.kept.append(done)
        getattr(self.client.get_module(module), method)(*args, callback=done)
        wait(lambda: results, module + '.' + method)
        result, error = results[0]
        if error:
            raise error
        return result

    def say(self, to, text):
        self.client.send_stanza(Message(to=JID.from_string(to), typ='chat', body=text))

    def message(self, text):
        wait(lambda: any(m.getBody() == text for m in self.messages), 'message ' + text)
        return next(m for m in self.messages if m.getBody() == text)

    def presence(self, kind, sender):
        wait(lambda: any(p.getType() in ((None, 'available') if kind is None else (kind,))
                         and str(p.getFrom()) == sender for p in self.presences),
             'presence %s from %s' % (kind, sender))

    def send_presence(self, to, kind):
        self.client.send_stanza(Presence(to=JID.from_string(to), typ=kind))


def refused(jid, password):
    try:
        User(jid, password, 'wrong').login()
    except PermissionError:
        return
    raise AssertionError('logged in')


def add_each_other(one, two):
    for a, b in ((one, two), (two, one)):
        a.send_presence(b.bare, 'subscribe')
        b.presence('subscribe', a.bare)
        b.send_presence(a.bare, 'subscribed')
        a.presence('subscribed', b.bare)
        a.presence(None, b.full)
    items = one.request('Roster', 'request_roster').items
    assert [i.subscription for i in items if str(i.jid) == two.bare] == ['both'], items


def chat(one, two):
    for a, b in ((one, two), (two, one)):
        a.say(b.bare, 'hello, привет from ' + a.bare)
        assert str(b.message('hello, привет from ' + a.bare).getFrom()) == a.full


def small_requests(one):
    domain = JID.from_string(ENV['DOMAIN'])
    info = one.request('Discovery', 'disco_info', domain)
    assert Namespace.BLOCKING in info.features, info.features
    one.request('Ping', 'ping', domain)
    assert one.request('SoftwareVersion', 'request_software_version', domain).name == 'Parley'
    one.request('VCardTemp', 'set_vcard', VCard({'FN': 'One'}))
    assert one.request('VCardTemp', 'request_vcard').data['FN'] == 'One'


def blocking(one):
    spam = JID.from_string('spam@example.test')
    one.request('Blocking', 'block', [spam])
    assert spam in one.request('Blocking', 'request_blocking_list')
    one.request('Blocking', 'unblock', [spam])
    assert not one.request('Blocking', 'request_blocking_list')


def resumes(one, two):
    """two comes back to its session after its connection was cut; one sees nothing of it."""
    wait(lambda: two.client.resumeable, 'stream management')
    full, before = two.full, len(one.presences)
    two.client.disconnect(immediate=True)
    wait(lambda: two.state in ENDED, 'end of the connection')
    one.say(full, 'while cut')
    one.request('Ping', 'ping', JID.from_string(ENV['DOMAIN']))
    two.state = ''
    two.client.connect()
    wait(lambda: two.state, 'resumption')
    assert two.state == 'resume-successful', two.state
    two.message('while cut')
    two.say(one.full, 'resumed')
    assert str(one.message('resumed').getFrom()) == full
    assert len(one.presences) == before, one.presences[before:]


def away(one, jid, password):
    one.say(jid, 'while away')
    one.request('Ping', 'ping', JID.from_string(ENV['DOMAIN']))
    two = User(jid, password, 'again').login()
    assert two.message('while away').getTag('delay', namespace=Namespace.DELAY2)
    return two


async def main(steps):
    def step(name, function, *args):
        try:
            value = function(*args)
        except Exception as e:
            steps.result(name, e)
            return None
        steps.result(name)
        return value

    jid = 'nbxmpp@' + ENV['DOMAIN']
    password = subprocess.check_output(
        [os.path.join(os.path.dirname(__file__), '..', 'server'), 'account', 'nbxmpp'],
        text=True).strip()
    step('a wrong password is refused', refused, jid, 'not-it')
    one = step('logs in by STARTTLS', User(ENV['ALICE'], ENV['ALICE_PASSWORD'], 'nb').login)
    two = step('logs in by direct TLS', User(jid, password, 'nb', direct=True).login)
    if not one or not two:
        return
    step('discovery, ping, version, vCard', small_requests, one)
    step('add each other', add_each_other, one, two)
    step('chat both ways', chat, one, two)
    step('blocking', blocking, two)
    step('resumes its session', resumes, one, two)
    two.leave()
    step('leaving is seen', one.presence, 'unavailable', two.full)
    two = step('a message while it is offline', away, one, jid, password)
    if two:
        step('changes its password', two.request, 'Register', 'change_password', 'changed')
        step('the old password is refused', refused, jid, password)
        step('logs in with the new one', User(jid, 'changed', 'new').login)


if __name__ == '__main__':
    Steps('nbxmpp').run(main)
