#!/usr/bin/python3
"""Two slixmpp clients in rooms: alice's room is entered, spoken in, configured,
its occupant is kicked and banned, and it is destroyed.

Reads the environment that interop/run sets; prints PASS or FAIL for each step.
"""
import importlib
import os
import sys

import slixmpp

sys.path.insert(0, os.path.dirname(__file__))
from steps import Steps  # noqa: E402

User = importlib.import_module('10-slixmpp').User
ENV = os.environ
ROOM = 'coven@conference.' + ENV['DOMAIN']


def stanza(item, name):
    return not isinstance(item, str) and item.name == name


async def logs_in(jid, password):
    user = User(jid, password)
    for p in ('xep_0045', 'xep_0004', 'xep_0249'):
        user.register_plugin(p)
    return await user.login()


def codes(presence):
    return {int(e.get('code')) for e in presence.xml.iter(
        '{http://jabber.org/protocol/muc#user}status')}


async def seen(user, kind, nick, code=None):
    """Presence of an occupant, as a user sees it."""
    return await user.until(lambda i: stanza(i, 'presence') and i['type'] == kind
                            and i['from'] == '%s/%s' % (ROOM, nick)
                            and (code is None or code in codes(i)))


async def enters(user, nick, others=()):
    user['xep_0045'].join_muc(ROOM, nick)
    for other in others:
        await seen(user, 'available', other)
    own = await seen(user, 'available', nick, 110)
    await user.until(lambda i: stanza(i, 'message') and i['type'] == 'groupchat'
                     and i.xml.find('{jabber:client}subject') is not None)
    return own


async def creates(one):
    assert 201 in codes(await enters(one, 'crone')), 'no status 201'


async def both(one, two):
    await enters(two, 'hag', ['crone'])
    await seen(one, 'available', 'hag')


async def speak(one, two):
    for user, nick in ((one, 'crone'), (two, 'hag')):
        text = 'Grüße von %s & <allen>' % nick
        user.send_message(mto=ROOM, mbody=text, mtype='groupchat')
        for hearer in (one, two):
            got = await hearer.message(text)
            assert got['from'] == '%s/%s' % (ROOM, nick), got['from']


async def whispers(one, two):
    one.send_message(mto=ROOM + '/hag', mbody='psst', mtype='chat')
    assert (await two.message('psst'))['from'] == ROOM + '/crone'


async def subject(one, two):
    one.send_message(mto=ROOM, msubject='Fire burn', mtype='groupchat')
    for user in (one, two):
        await user.until(lambda i: stanza(i, 'message') and i['subject'] == 'Fire burn')


async def configures(one, two):
    form = await one['xep_0045'].get_room_config(ROOM, timeout=20)
    values = form.get_values()
    assert 'muc#roomconfig_roomname' in values, values
    form['type'] = 'submit'
    form.set_values({'muc#roomconfig_roomname': 'A dark cave',
                     'muc#roomconfig_moderatedroom': True})
    await one['xep_0045'].set_room_config(ROOM, form, timeout=20)
    await two.until(lambda i: stanza(i, 'message') and 104 in codes(i))
    info = await two['xep_0030'].get_info(jid=ROOM, timeout=20)
    assert 'muc_moderated' in info['disco_info']['features'], info
    names = [i[3] for i in info['disco_info']['identities']]
    assert names == ['A dark cave'], names


async def voice(one, two):
    await one['xep_0045'].set_role(ROOM, 'hag', 'visitor')
    got = await seen(two, 'available', 'hag')
    assert got['muc']['role'] == 'visitor', got
    two.send_message(mto=ROOM, mbody='mute', mtype='groupchat')
    error = await two.until(lambda i: stanza(i, 'message') and i['type'] == 'error')
    assert error['error']['condition'] == 'forbidden', error
    await one['xep_0045'].set_role(ROOM, 'hag', 'participant')
    got = await seen(two, 'available', 'hag')
    assert got['muc']['role'] == 'participant', got


async def kicked(one, two):
    await one['xep_0045'].set_role(ROOM, 'hag', 'none', reason='Avaunt!')
    got = await seen(two, 'unavailable', 'hag', 307)
    assert 'Avaunt!' in str(got), got
    await seen(one, 'unavailable', 'hag', 307)
    await enters(two, 'hag', ['crone'])


async def banned(one, two):
    await one['xep_0045'].set_affiliation(ROOM, 'outcast', jid=two.boundjid.bare)
    await seen(two, 'unavailable', 'hag', 301)
    two['xep_0045'].join_muc(ROOM, 'hag')
    error = await seen(two, 'error', 'hag')
    assert error['error']['condition'] == 'forbidden', error
    assert two.boundjid.bare in await one['xep_0045'].get_affiliation_list(ROOM, 'outcast')
    await one['xep_0045'].set_affiliation(ROOM, 'none', jid=two.boundjid.bare)
    await enters(two, 'hag', ['crone'])


async def invited(one, two):
    await leaves(two, one)
    one['xep_0045'].invite(ROOM, two.boundjid.bare, reason='Come!')
    got = await two.until(lambda i: stanza(i, 'message') and 'invite' in str(i))
    assert got['from'] == ROOM and 'Come!' in str(got), got
    await both(one, two)


async def leaves(two, one):
    two['xep_0045'].leave_muc(ROOM, 'hag')
    await seen(two, 'unavailable', 'hag', 110)
    await seen(one, 'unavailable', 'hag')


async def destroyed(one, two):
    await one['xep_0045'].destroy(ROOM, 'Macbeth doth come.', timeout=20)
    got = await seen(two, 'unavailable', 'hag')
    assert 'Macbeth doth come.' in str(got), got
    try:
        await two['xep_0030'].get_info(jid=ROOM, timeout=20)
    except slixmpp.exceptions.IqError as e:
        assert e.condition == 'item-not-found', e
    else:
        raise AssertionError('the room is still there')


async def main(steps):
    one = await steps.need('alice logs in', logs_in(ENV['ALICE'], ENV['ALICE_PASSWORD']))
    two = await steps.need('bob logs in', logs_in(ENV['BOB'], ENV['BOB_PASSWORD']))
    await steps.do('alice makes a room', creates(one))
    for name, what in (('bob enters', both), ('both speak', speak), ('a private message', whispers),
                       ('the subject', subject), ('the configuration', configures),
                       ('voice is taken and given', voice), ('bob is kicked', kicked),
                       ('bob is banned', banned), ('bob is invited', invited)):
        await steps.do(name, what(one, two))
    await steps.do('bob leaves', leaves(two, one))
    await steps.do('bob enters again', both(one, two))
    await steps.do('the room is destroyed', destroyed(one, two))


if __name__ == '__main__':
    Steps('slixmpp-rooms').run(main)
