"""Steps of a client written in Python: PASS or FAIL for each, and the sum."""
import asyncio
import os
import sys
import traceback

LIMIT = float(os.environ.get('LIMIT', 40))


class Stop(Exception):
    """A step failed that the others need."""


class Steps:
    def __init__(self, client):
        self.client, self.passed, self.failed = client, 0, 0

    def result(self, name, error=None):
        if error is None:
            self.passed += 1
            print('PASS %s: %s' % (self.client, name), flush=True)
            return
        self.failed += 1
        print('FAIL %s: %s' % (self.client, name), flush=True)
        for line in traceback.format_exception(error)[-3:]:
            print('     | ' + line.rstrip().replace('\n', '\n     | '), flush=True)

    async def do(self, name, coroutine):
        """Waits for a step, LIMIT seconds at most; returns its result, None if it failed."""
        try:
            value = await asyncio.wait_for(coroutine, LIMIT)
        except Exception as e:
            self.result(name, e)
            return None
        self.result(name)
        return value

    async def need(self, name, coroutine):
        """A step without which there is no point in going on; its result is not None."""
        value = await self.do(name, coroutine)
        if value is None:
            raise Stop(name)
        return value

    def run(self, main):
        try:
            asyncio.get_event_loop().run_until_complete(main(self))
        except Stop:
            pass
        except Exception as e:
            self.result('the rest', e)
        self.end()

    def end(self):
        print('%d passed, %d failed' % (self.passed, self.failed), flush=True)
        sys.stdout.flush()
        os._exit(1 if self.failed else 0)  # slixmpp's connections would keep the loop
