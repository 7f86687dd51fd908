"""A component made of python3-slixmpp, which shares nothing with this project: it attaches, and answers what it is asked.

Usage: slixmpp-component.py JID SECRET PORT. Prints one JSON object a line for each thing that happens to it.
"""

import asyncio
import json
import logging
import sys

from slixmpp import ComponentXMPP
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

PUBSUB = "http://jabber.org/protocol/pubsub"
DATA = "jabber:x:data"
SUMMARY = "urn:xmpp:push:0"


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


class PushService(ComponentXMPP):
    def __init__(self, jid, secret, port):
        super().__init__(jid, secret, "127.0.0.1", port)
        for plugin in ("xep_0004", "xep_0030", "xep_0060", "xep_0092", "xep_0199"):
            self.register_plugin(plugin)
        self["xep_0030"].add_identity(category="pubsub", itype="push", name="slixmpp")
        self["xep_0030"].add_feature("urn:xmpp:push:0")
        self["xep_0092"].software_name = "slixmpp-component"
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("disconnected", lambda _: tell("disconnected"))
        self.add_event_handler("stream_error", lambda error: tell("stream-error", condition=error["condition"]))
        self.add_event_handler("message", self.heard)
        path = "{jabber:component:accept}iq/{%s}pubsub/{%s}publish" % (PUBSUB, PUBSUB)
        self.register_handler(Callback("publish", MatchXPath(path), self.published))

    async def started(self, _):
        tell("online")
        try:
            await self["xep_0199"].ping(self.server_domain(), ifrom=self.boundjid, timeout=20)
            tell("pinged")
        except IqError as error:
            tell("ping-refused", condition=error.condition)

    def server_domain(self):
        return str(self.boundjid).split(".", 1)[1]

    def heard(self, message):
        if message["type"] in ("chat", "normal"):
            tell("message", body=message["body"], **{"from": str(message["from"])})
            message.reply(message["body"]).send()

    def published(self, iq):
        publish = iq.xml.find("{%s}pubsub/{%s}publish" % (PUBSUB, PUBSUB))
        fields = {}
        for field in iq.xml.iter("{%s}field" % DATA):
            fields[field.get("var")] = [value.text for value in field.findall("{%s}value" % DATA)]
        tell("publish", node=publish.get("node"), fields=fields, id=iq["id"], **{"from": str(iq["from"])})
        if publish.get("node") == "dead":
            answer = iq.reply()
            answer.error()
            answer["error"]["type"] = "cancel"
            answer["error"]["condition"] = "item-not-found"
            answer.send()
        else:
            iq.reply(clear=True).send()


async def main():
    jid, secret, port = sys.argv[1:4]
    service = PushService(jid, secret, int(port))
    service.connect()
    await service.disconnected


logging.basicConfig(level=logging.ERROR)
asyncio.get_event_loop().run_until_complete(main())
