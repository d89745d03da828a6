"""ejabberd with PostgreSQL: `mod_mam` always on, `synchronous_commit=on`, a fresh database each run."""

import asyncio
import base64
import os
import pwd
import re
import socket
import subprocess
from pathlib import Path

from bench.peers.base import Link, Peer, free_port, until_listening

TEXT = "x" * 300
CONFIG = """
hosts: [localhost]
loglevel: error
listen:
  - {{port: {port}, ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: 262144, shaper: none, access: all, starttls: false}}
auth_method: sql
auth_password_format: plain
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: {pg}
sql_database: ejabberd
sql_username: postgres
sql_password: ""
sql_pool_size: 10
default_db: sql
new_sql_schema: false
max_fsm_queue: 100000
acl: {{local: {{user_regexp: ""}}}}
access_rules: {{local: {{allow: local}}}}
shaper_rules: {{max_user_sessions: 10, max_user_offline_messages: 1000}}
modules:
  mod_mam: {{default: always, db_type: sql, request_activates_archiving: false}}
  mod_muc: {{access: all, access_create: all, default_room_options: {{mam: true, persistent: true, max_users: 200}}, max_users: 200, max_user_conferences: 100, min_message_interval: 0}}
  mod_ping: {{}}
  mod_disco: {{}}
"""


class Xmpp(asyncio.Protocol, Link):
    """A minimal XMPP client: PLAIN, bind, messages. A message is counted by its closing tag."""

    def __init__(self, user: str, target: str = "", kind: str = "chat") -> None:
        self.user, self.target, self.kind = user, target, kind
        self.buffer = b""
        self.step = "features"
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open()

    def _open(self) -> None:
        self.write(
            "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
        )

    def write(self, text: str) -> None:
        self.transport.write(text.encode())

    def data_received(self, data: bytes) -> None:
        if self.step == "open":
            data = self.buffer + data
            count = data.count(b"</body>")
            # What follows the last closing tag may hold the beginning of the next one.
            self.buffer = data[data.rfind(b"</body>") + 7 :][-8:] if count else data[-8:]
            for _ in range(count):
                self.received()
            return
        self.buffer += data
        if self.step == "features" and b"</stream:features>" in self.buffer:
            plain = base64.b64encode(f"\0{self.user}\0pw".encode()).decode()
            self._next("success")
            self.write(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>")
        elif self.step == "success" and b"<success" in self.buffer:
            self._next("features2")
            self._open()
        elif self.step == "features2" and b"</stream:features>" in self.buffer:
            self._next("bound")
            self.write(
                "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>"
            )
        elif self.step == "bound" and b"</iq>" in self.buffer:
            self._next("open")
            self.write("<presence/>")
            self.ready.set_result(None)
        elif b"<failure" in self.buffer:
            self.ready.set_exception(RuntimeError(self.buffer.decode()))

    def _next(self, step: str) -> None:
        self.buffer, self.step = b"", step

    def send(self, number: int) -> None:
        self.write(f"<message to='{self.target}' type='{self.kind}' id='{number}'><body>{TEXT}</body></message>")

    def close(self) -> None:
        self.transport.close()


class Ejabberd(Peer):
    """See the module."""

    name = "ejabberd+PostgreSQL"
    ack = "receipt by the other side (the archive row is committed before or beside it)"

    async def start(self) -> None:
        self.port, pg = free_port(), free_port()
        await self._postgres(pg)
        home = self.folder / "ejabberd"
        home.mkdir()
        owner = pwd.getpwnam("ejabberd")
        (home / "ejabberd.yml").write_text(CONFIG.format(port=self.port, pg=pg))
        (home / "ctl.cfg").write_text("ERL_MAX_PORTS=20000\nERL_PROCESSES=500000\nINET_DIST_INTERFACE=127.0.0.1\n")
        for path in (home, *home.iterdir()):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        # `ejabberdctl` as root would change the user through PAM, which takes the limit of open files back to 1,024.
        become = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        self.spawn(
            *become, "env", f"HOME={home}", "ejabberdctl", "--config", str(home / "ejabberd.yml"), "--ctl-config", str(home / "ctl.cfg"),
            "--logs", str(home), "--spool", str(home / "spool"), "--node", f"bench{self.port}@localhost", "foreground",
            cwd=str(home),
        )  # fmt: skip
        await until_listening(self.port, 90)

    async def _postgres(self, port: int) -> None:
        binaries = max(Path("/usr/lib/postgresql").iterdir()) / "bin"
        folder = self.folder / "pg"
        folder.mkdir()
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        run = ["runuser", "-u", "postgres", "--"]
        subprocess.run(
            [*run, str(binaries / "initdb"), "-D", str(folder), "-A", "trust", "-U", "postgres"],
            check=True,
            capture_output=True,
        )
        self.spawn(
            *run, str(binaries / "postgres"), "-D", str(folder), "-p", str(port), "-k", str(folder),
            "-c", "listen_addresses=127.0.0.1", "-c", "synchronous_commit=on", "-c", "max_connections=60",
        )  # fmt: skip
        await until_listening(port)
        psql = ["psql", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-q"]
        for _ in range(100):
            if (
                subprocess.run([*psql, "-c", "CREATE DATABASE ejabberd"], capture_output=True, check=False).returncode
                == 0
            ):
                break
            await asyncio.sleep(0.1)
        schema = next(
            p for p in (Path("/usr/share/ejabberd/sql/pg.sql"), *Path("/usr/lib").glob("**/sql/pg.sql")) if p.exists()
        )
        subprocess.run([*psql, "-d", "ejabberd", "-f", str(schema)], check=True, capture_output=True)
        rows = ",".join(
            f"('{n}','pw')"
            for n in (*(f"s{i}" for i in range(200)), *(f"r{i}" for i in range(200)), *(f"i{i}" for i in range(6000)))
        )
        subprocess.run(
            [*psql, "-d", "ejabberd"],
            input=f"INSERT INTO users(username,password) VALUES {rows};".encode(),
            check=True,
            capture_output=True,
        )

    async def _link(self, user: str, target: str = "", kind: str = "chat") -> Xmpp:
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(lambda: Xmpp(user, target, kind), "127.0.0.1", self.port)
        async with asyncio.timeout(60):
            await link.ready
        return link

    async def pairs(self, pairs: int, messages: int) -> list[tuple[Link, Link]]:
        return [(await self._link(f"s{i}", f"r{i}@localhost"), await self._link(f"r{i}")) for i in range(pairs)]

    async def room(self, members: int, messages: int) -> tuple[Link, list[Link]]:
        links = [await self._link(f"r{i}", "room@conference.localhost", "groupchat") for i in range(members)]
        for i, link in enumerate(links):
            link.write(
                f"<presence to='room@conference.localhost/n{i}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>"
            )
            if i == 0:
                await asyncio.sleep(1)
                link.write(
                    "<iq type='set' id='c' to='room@conference.localhost'><query xmlns='http://jabber.org/protocol/muc#owner'>"
                    "<x xmlns='jabber:x:data' type='submit'/></query></iq>"
                )
        await asyncio.sleep(4)
        return links[0], list(links[1:])

    async def idle(self, count: int) -> list[Link]:
        return [await self._link(f"i{i}") for i in range(count)]


def version() -> str:
    """The installed version."""
    text = subprocess.run(["dpkg-query", "-W", "ejabberd"], capture_output=True, text=True, check=False).stdout
    return re.sub(r"\s+", " ", text).strip()
