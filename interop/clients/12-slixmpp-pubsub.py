#!/usr/bin/python3
"""Two slixmpp clients publish: avatars, moods, keys and bookmarks on their
accounts, and nodes at the pubsub service.

Reads the environment that interop/run sets; prints PASS or FAIL for each step.
"""
import hashlib
import importlib
import os
import sys

from slixmpp.exceptions import IqError
from slixmpp.plugins.xep_0048.stanza import Bookmarks
from slixmpp.xmlstream import ET

sys.path.insert(0, os.path.dirname(__file__))
from steps import Steps  # noqa: E402

chat = importlib.import_module('10-slixmpp')
ENV = os.environ

PUBSUB = 'http://jabber.org/protocol/pubsub'
OPTIONS = PUBSUB + '#publish-options'
LIST = 'eu.siacs.conversations.axolotl.devicelist'
ENTRY = "<entry xmlns='http://www.w3.org/2005/Atom'/>"
SERVICE = 'pubsub.' + ENV['DOMAIN']
PLUGINS = ('xep_0004', 'xep_0030', 'xep_0048', 'xep_0049', 'xep_0054', 'xep_0059', 'xep_0060', 'xep_0084',
           'xep_0107', 'xep_0115', 'xep_0153', 'xep_0163', 'xep_0199', 'xep_0223')


def element(xml):
    return ET.fromstring(xml)


def event(user, node):
    """The payload of the next event at a node."""
    def what(i):
        if isinstance(i, str) or i.name != 'message':
            return False
        items = i.xml.find('{%s#event}event/{%s#event}items' % (PUBSUB, PUBSUB))
        return items is not None and items.get('node') == node
    return user.until(what)


async def friends(one, two):
    """Both subscriptions, unless another client has made them."""
    if one.client_roster[two.boundjid.bare]['subscription'] != 'both':
        await chat.both_ways(one, two)


async def features(one):
    info = await one['xep_0030'].get_info(jid=one.boundjid.bare, timeout=20)
    got = info['disco_info']['features']
    assert ('pubsub', 'pep', None, None) in info['disco_info']['identities'], info
    for f in ('publish', 'auto-create', 'publish-options', 'persistent-items', 'multi-items', 'access-presence',
              'filtered-notifications', 'auto-subscribe', 'last-published', 'config-node-max'):
        assert PUBSUB + '#' + f in got, f
    for f in ('urn:xmpp:pep-vcard-conversion:0', 'urn:xmpp:bookmarks:1#compat',
              'urn:xmpp:bookmarks:1#compat-pep', 'urn:xmpp:bookmarks-conversion:0'):
        assert f in got, f


async def mood(one, two):
    """What one publishes comes to two, because its capabilities ask for it."""
    await one['xep_0107'].publish_mood('happy', 'at last')
    got = await event(two, 'http://jabber.org/protocol/mood')
    assert got['from'] == one.boundjid.bare and 'happy' in str(got), got
    return True


async def last(one, two):
    """Who comes later gets it too."""
    full = two.boundjid.full
    await two.leave()
    await one.presence('unavailable', full)
    two = await client(ENV['BOB'], ENV['BOB_PASSWORD'])
    got = await event(two, 'http://jabber.org/protocol/mood')
    assert 'happy' in str(got) and got.xml.find('{urn:xmpp:delay}delay') is not None, got
    return two


def options(one, **fields):
    form = one['xep_0004'].make_form('submit')
    form.add_field('FORM_TYPE', 'hidden', value=OPTIONS)
    for name, value in fields.items():
        form.add_field('pubsub#' + name, value=value)
    return form


async def keys(one, two):
    """A device list as OMEMO clients publish it, and its access model changed."""
    devices = "<list xmlns='eu.siacs.conversations.axolotl'><device id='1'/></list>"
    await one['xep_0060'].publish(None, LIST, id='current', payload=element(devices),
                                  options=options(one, persist_items='true', access_model='presence'))
    try:
        await one['xep_0060'].publish(None, LIST, id='current', payload=element(devices),
                                      options=options(one, persist_items='true', access_model='open'))
        raise AssertionError('published at a node with another access model')
    except IqError as e:
        assert e.condition == 'conflict', e
        assert e.iq.xml.find('.//{%s#errors}precondition-not-met' % PUBSUB) is not None, e.iq
    config = (await one['xep_0060'].get_node_config(None, LIST))['pubsub_owner']['configure']['form']
    assert config.get_fields()['pubsub#access_model']['value'] == 'presence', config
    new = one['xep_0004'].make_form('submit')
    new.add_field('FORM_TYPE', 'hidden', value=PUBSUB + '#node_config')
    new.add_field('pubsub#access_model', value='open')
    await one['xep_0060'].set_node_config(None, LIST, new)
    await one['xep_0060'].publish(None, LIST, id='current', payload=element(devices),
                                  options=options(one, persist_items='true', access_model='open'))
    got = await two['xep_0060'].get_items(one.boundjid.bare, LIST)
    items = got['pubsub']['items']['substanzas']
    assert len(items) == 1 and items[0]['id'] == 'current', got


async def avatar(one, two):
    """An avatar comes to a contact, and is the photo of the vCard."""
    image = b'\x89PNG not really'
    sha1 = hashlib.sha1(image).hexdigest()
    await one['xep_0084'].publish_avatar(image)
    await one['xep_0084'].publish_avatar_metadata({'id': sha1, 'type': 'image/png', 'bytes': str(len(image))})
    got = await event(two, 'urn:xmpp:avatar:metadata')
    assert sha1 in str(got), got
    data = await two['xep_0084'].retrieve_avatar(one.boundjid.bare, sha1)
    assert data['pubsub']['items']['item']['avatar_data']['value'] == image, data
    card = await two['xep_0054'].get_vcard(one.boundjid.bare, cached=False)
    assert card['vcard_temp']['PHOTO']['BINVAL'] == image, card


async def bookmarks(one):
    """Bookmarks set as private XML are nodes, and the other way round."""
    marks = Bookmarks()
    marks.add_conference('coven@conference.' + ENV['DOMAIN'], 'hag', autojoin=True, name='The coven')
    await one['xep_0048'].set_bookmarks(marks, method='xep_0049')
    got = await one['xep_0060'].get_items(None, 'urn:xmpp:bookmarks:1')
    assert 'The coven' in str(got) and 'hag' in str(got), got
    conference = "<conference xmlns='urn:xmpp:bookmarks:1' name='Another'/>"
    await one['xep_0060'].publish(None, 'urn:xmpp:bookmarks:1', id='other@conference.' + ENV['DOMAIN'],
                                  payload=element(conference))
    for method in ('xep_0049', 'xep_0223'):
        got = await one['xep_0048'].get_bookmarks(method=method)
        assert 'Another' in str(got) and 'The coven' in str(got), got


async def service(one, two):
    """A node at the service: made, found, subscribed to, published at, deleted."""
    node = 'musings'
    await one['xep_0060'].create_node(SERVICE, node)
    found = await two['xep_0060'].get_nodes(SERVICE)
    assert node in str(found), found
    answer = await two['xep_0060'].subscribe(SERVICE, node)
    assert answer['pubsub']['subscription']['subscription'] == 'subscribed', answer
    for n in range(3):
        await one['xep_0060'].publish(SERVICE, node, id='item%d' % n,
                                      payload=element(ENTRY))
        got = await event(two, node)
        assert 'item%d' % n in str(got) and got['from'] == SERVICE, got
    got = await two['xep_0060'].get_items(SERVICE, node, max_items=2)
    assert [i['id'] for i in got['pubsub']['items']['substanzas']] == ['item1', 'item2'], got
    # get_item_ids of slixmpp 1.8 returns nothing
    ids = await two['xep_0030'].get_items(jid=SERVICE, node=node, timeout=20)
    assert len(ids['disco_items']['items']) == 3, ids
    await one['xep_0060'].retract(SERVICE, node, 'item1', notify=True)
    assert 'retract' in str(await event(two, node))
    await one['xep_0060'].modify_affiliations(SERVICE, node, [(ENV['BOB'], 'publisher')])
    await two['xep_0060'].publish(SERVICE, node, id='bobs', payload=element(ENTRY))
    await event(two, node)
    await one['xep_0060'].purge(SERVICE, node)
    await one['xep_0060'].delete_node(SERVICE, node)
    await two.until(lambda i: not isinstance(i, str) and i.name == 'message' and '<delete' in str(i))


async def client(jid, password):
    user = chat.User(jid, password)
    for p in PLUGINS:
        user.register_plugin(p)
    user['xep_0163'].add_interest(['http://jabber.org/protocol/mood', 'urn:xmpp:avatar:metadata'])
    return await user.login()


async def main(steps):
    one = await steps.need('alice logs in', client(ENV['ALICE'], ENV['ALICE_PASSWORD']))
    two = await steps.need('bob logs in', client(ENV['BOB'], ENV['BOB_PASSWORD']))
    await steps.do('they subscribe to each other', friends(one, two))
    await steps.do('the account says that it publishes', features(one))
    if await steps.do('a mood comes to a contact that asks for it', mood(one, two)):
        two = await steps.need('who comes later gets the last', last(one, two))
    await steps.do('a device list, and preconditions', keys(one, two))
    await steps.do('an avatar in every form', avatar(one, two))
    await steps.do('bookmarks in every form', bookmarks(one))
    await steps.do('a node at the service', service(one, two))


Steps('slixmpp-pubsub').run(main)
