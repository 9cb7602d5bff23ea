"""A mail server for tests: aiosmtpd on a free port of this machine.

usage: smtp_sink.py '{"tls": "none|starttls|tls", "cert": …, "key": …, "auth": ["user", "password"],
                      "refuse": {"address": "550 words"}, "answer": "451 words", "hang": "greeting|data"}'

Prints one JSON object a line: first {"port": …}, then each mail as Python's email package reads it.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(value):
    print(json.dumps(value), flush=True)


class Sink:
    def __init__(self, settings):
        self.settings = settings

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusal = self.settings.get("refuse", {}).get(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.settings.get("hang") == "data":
            await asyncio.sleep(3600)
        answer = self.settings.get("answer")
        if answer:
            return answer
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say({
            "raw_is_ascii": envelope.content.isascii(),
            "lines_are_short": all(len(line) <= 998 for line in envelope.content.split(b"\r\n")),
            "envelope_from": envelope.mail_from,
            "envelope_to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data,
            "hello": session.host_name,
            "from": mail["from"],
            "to": mail["to"],
            "subject": mail["subject"],
            "date": mail["date"],
            "message_id": mail["message-id"],
            "automatic": mail["auto-submitted"],
            "type": mail.get_content_type(),
            "body": mail.get_content().replace("\r\n", "\n"),
        })
        return "250 taken"


def authenticator(user, password):
    def authenticate(server, session, envelope, mechanism, data):
        is_right = (data.login.decode(), data.password.decode()) == (user, password)
        return AuthResult(success=is_right, handled=False, auth_data=user if is_right else None)

    return authenticate


async def serve(settings):
    loop = asyncio.get_running_loop()
    tls = settings.get("tls", "none")
    context = None
    if tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings["cert"], settings["key"])
    options = {"hostname": "sink.test"}
    if tls == "starttls":
        options.update(tls_context=context, require_starttls=True)
    if "auth" in settings:
        options.update(
            authenticator=authenticator(*settings["auth"]), auth_required=True, auth_require_tls=tls == "starttls"
        )
    if settings.get("hang") == "greeting":
        class Silent(asyncio.Protocol):
            pass
        server = await loop.create_server(Silent, "127.0.0.1", 0)
    else:
        server = await loop.create_server(
            lambda: SMTP(Sink(settings), **options), "127.0.0.1", 0, ssl=context if tls == "tls" else None
        )
    say({"port": server.sockets[0].getsockname()[1]})
    await server.serve_forever()


asyncio.run(serve(json.loads(sys.argv[1])))
