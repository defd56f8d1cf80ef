"""A slixmpp client that is told what to do by JSON lines on stdin, and tells
what happens by JSON lines on stdout (client.go has the words)."""
import asyncio
import json
import sys
import xml.etree.ElementTree as ET

import slixmpp


def tell(event, **fields):
    fields["event"] = event
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


class Client(slixmpp.ClientXMPP):
    def __init__(self, cfg):
        super().__init__(cfg["jid"], cfg["password"], sasl_mech=cfg.get("mechanism"))
        self.ca_certs = cfg.get("ca") or None
        self.force_starttls = True
        self.auto_reconnect = False
        for plugin in ("xep_0030", "xep_0045", "xep_0092", "xep_0203"):
            self.register_plugin(plugin)
        self.register_plugin("xep_0199", {"keepalive": True, "frequency": 300})
        self.add_filter("in", self.on_stanza)
        self.add_event_handler("session_start", self.on_session)
        for name in ("failed_auth", "failed_all_auth", "connection_failed",
                     "stream_error", "disconnected", "ssl_invalid_cert"):
            self.add_event_handler(name, lambda e, name=name: tell(name, text=str(e)))

    async def on_session(self, _):
        self.send_presence()
        await self.get_roster()
        tell("session", to=str(self.boundjid))

    def on_stanza(self, stanza):
        x = stanza.xml
        fields = {"kind": x.tag.split("}")[-1], "xml": ET.tostring(x, encoding="unicode")}
        for name in ("from", "to", "type", "id"):
            fields[name] = x.get(name, "")
        for name in ("body", "subject", "show", "status"):
            el = x.find("{jabber:client}" + name)
            if el is not None:
                fields[name] = el.text or ""
        user = "{http://jabber.org/protocol/muc#user}"
        item = x.find(user + "x/" + user + "item")
        if item is not None:
            fields["item"] = dict(item.attrib)
        fields["codes"] = [s.get("code") for s in x.findall(user + "x/" + user + "status")]
        fields["delayed"] = x.find("{urn:xmpp:delay}delay") is not None
        error = x.find("{jabber:client}error")
        if error is not None and len(error):
            fields["error"] = error[0].tag.split("}")[-1]
        tell("stanza", **fields)
        return stanza

    def do(self, c):
        muc = self.plugin["xep_0045"]
        cmd = c["cmd"]
        if cmd == "join":
            muc.join_muc(c["room"], c["nick"], password=c.get("password") or None,
                         maxhistory=str(c["history"]) if c.get("history") is not None else None)
        elif cmd == "say":
            self.send_message(mto=c["room"], mbody=c["body"], mtype="groupchat")
        elif cmd == "chat":
            self.send_message(mto=c["to"], mbody=c["body"], mtype="chat")
        elif cmd == "presence":
            self.send_presence(pto=c.get("to") or None, pshow=c.get("show") or None,
                               pstatus=c.get("status") or None, ptype=c.get("type") or None)
        elif cmd == "leave":
            muc.leave_muc(c["room"], c["nick"])
        elif cmd == "subject":
            self.send_message(mto=c["room"], msubject=c["body"], mtype="groupchat")
        elif cmd == "raw":
            self.send_raw(c["xml"])
        elif cmd == "quit":
            self.disconnect()
        else:
            raise ValueError("no such command: " + cmd)


async def main():
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    cfg = json.loads(await reader.readline())
    client = Client(cfg)
    client.connect((cfg["host"], cfg["port"]), use_ssl=cfg["direct_tls"], force_starttls=not cfg["direct_tls"])
    while line := await reader.readline():
        command = json.loads(line)
        try:
            client.do(command)
            tell("done", n=command["n"])
        except Exception as e:  # told, not raised: the script goes on
            tell("failed", n=command["n"], text=repr(e))
    client.abort()


asyncio.run(main())
