"""A client made of python3-slixmpp, which shares nothing with this project: it lists ad-hoc commands and runs them.

Usage: slixmpp-administrator.py JID PASSWORD HOST PORT SERVICE RUNS. RUNS is JSON: a list of [node, step, step, …], a step
being what is filled in, by field; "*" chooses every option. Prints one JSON object a line for what comes of each.
"""

import asyncio
import json
import logging
import sys

from slixmpp import ClientXMPP


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def values(field):
    value = field.get_value()
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


class Administrator(ClientXMPP):
    def __init__(self, jid, password, service, runs):
        super().__init__(jid, password)
        self.service, self.runs = service, runs
        for plugin in ("xep_0004", "xep_0030", "xep_0050"):
            self.register_plugin(plugin)
        self["feature_mechanisms"].unencrypted_plain = True
        self.add_event_handler("session_start", self.started)

    async def started(self, _):
        items = await self["xep_0050"].get_commands(self.service, timeout=20)
        tell("commands", nodes=[item[1] for item in items["disco_items"]["items"]])
        for number, (node, *steps) in enumerate(self.runs):
            done = asyncio.get_event_loop().create_future()
            session = {"next": self.step, "error": self.refused, "steps": list(steps), "forms": [], "done": done}
            self["xep_0050"].start_command(self.service, node, session)
            outcome = await asyncio.wait_for(done, 30)
            tell(f"run {number}", node=node, forms=session["forms"], **outcome)
        tell("done")
        self.disconnect()

    def refused(self, iq, session):
        error = iq["error"]
        session["done"].set_result({"refused": error["condition"], "text": error["text"]})
        self["xep_0050"].terminate_command(session)

    def step(self, iq, session):
        form = iq["command"]["form"]
        fields = {name: field for name, field in form.get_fields().items()}
        if iq["command"]["status"] == "completed":
            result = {name: values(field) for name, field in fields.items()}
            items = [dict(item) for item in form["items"]]
            session["done"].set_result({"result": result, "reported": list(form["reported"].keys()), "items": items})
            return
        actions = iq["command"]["actions"]
        session["forms"].append({name: field["type"] for name, field in fields.items()})
        answers = session["steps"].pop(0)
        reply = self["xep_0004"].make_form(ftype="submit")
        for name, field in fields.items():
            given = values(field)
            if name in answers:
                wanted = answers[name]
                given = [each["value"] for each in field["options"]] if wanted == "*" else [wanted]
            if given and field["type"] != "fixed":
                reply.add_field(var=name, value=given if len(given) > 1 else given[0])
        session["payload"] = [reply]
        if "complete" in actions:
            self["xep_0050"].complete_command(session)
        else:
            self["xep_0050"].continue_command(session)


async def main():
    jid, password, host, port, service, runs = sys.argv[1:7]
    client = Administrator(jid, password, service, json.loads(runs))
    client.connect((host, int(port)), disable_starttls=True)
    await client.disconnected


logging.basicConfig(level=logging.ERROR)
asyncio.get_event_loop().run_until_complete(main())
