#!/usr/bin/python3
"""Makes Gajim's settings with one account, so that no assistant opens.

usage: gajim_account.py FOLDER JID PASSWORD HOST PORT
"""
import json
import os
import sqlite3
import sys

from gajim.common.settings import APP_SETTINGS, CREATE_SQL

APP = {
    'use_keyring': False, 'check_for_update': False, 'show_notifications': False,
    'sounds_on': False, 'show_main_window': 'always', 'trayicon': 'never',
    'ask_online_status': False, 'use_speech': False, 'autodetect_browser_mailer': False,
    'quit_on_main_window_x_button': True,
}


def main(folder, jid, password, host, port):
    user, domain = jid.split('@')
    os.makedirs(folder, exist_ok=True)
    db = sqlite3.connect(os.path.join(folder, 'settings.sqlite'))
    db.executescript(CREATE_SQL)
    account = {
        'name': user, 'hostname': domain, 'account_label': 'test', 'active': True,
        'autoconnect': True, 'savepass': True, 'password': password, 'resource': 'gajim.test',
        'use_custom_host': True, 'custom_host': host, 'custom_port': int(port),
        'custom_type': 'START TLS', 'last_status': 'online', 'restore_last_status': False,
    }
    db.execute('INSERT OR REPLACE INTO account_settings(account, settings) VALUES (?, ?)',
               ('test', json.dumps({'account': account, 'contact': {}, 'group_chat': {}})))
    app = {k: v for k, v in APP.items() if k in APP_SETTINGS}
    db.execute("INSERT OR REPLACE INTO settings(name, settings) VALUES ('app', ?)",
               (json.dumps(app),))
    db.commit()


if __name__ == '__main__':
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
