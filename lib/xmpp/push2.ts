/**
 * Push 2.0 (`urn:xmpp:push2:0`, as Prosody's mod_push2 and Snikket's SDK have it): a notification in a message instead of a publish. It is
 * decided like a publish; what goes wrong is told by an error message, what goes right by nothing.
 */
import { type Element } from 'ltx'
import { parseJid } from '../model/jid'
import { PUSH2 } from '../model/push2'
import { type PublishRequest } from '../model/request'
import { type Observe } from '../observe'
import { badRequest, headOf, stanzaOf, toPublish, type Answer } from './answers'
import { attribute } from './element'
import { type Publish } from './publishing'

const NAMESPACE = 'urn:xmpp:push2:0'
const ENCRYPTED = 'urn:xmpp:sce:rfc8291:0'
const LONGEST_CLIENT = 4096
/** RFC 8188: a record is 4096 bytes as a rule; of base64 four for three. */
const LONGEST_PAYLOAD = 8192

export interface Push2Options {
  readonly domain: string
  readonly publish: Publish
  readonly send: (stanza: Element) => void
  readonly observe: Observe
}

function notificationIn(stanza: Element): Element | undefined {
  if (stanza.getName() !== 'message' || attribute(stanza, 'type') === 'error') return undefined
  return stanza.getChildElements().find((child) => child.getName() === 'notification' && child.getNS() === NAMESPACE)
}

function requestOf(stanza: Element, notification: Element, domain: string): PublishRequest | Answer | undefined {
  const publisher = parseJid(attribute(stanza, 'from') ?? '')
  const to = parseJid(attribute(stanza, 'to') ?? '')
  if (publisher === undefined || to?.domain !== domain) return undefined
  const client = notification.getChildText('client')?.trim() ?? ''
  if (!URL.canParse(client) || client.length > LONGEST_CLIENT)
    return badRequest('The notification names no <client/> that is a URL.')
  const payload = notification.getChild('encrypted', ENCRYPTED)?.getChildText('payload')?.replace(/\s+/g, '') ?? ''
  if (payload.length > LONGEST_PAYLOAD || !/^[\w+/=-]*$/.test(payload)) {
    return badRequest(`The payload is no base64, or longer than ${LONGEST_PAYLOAD} characters.`)
  }
  const voip = notification.getChild('voip') !== undefined
  const jwt = notification.getChild('jwt')
  const [token = '', key = ''] = jwt === undefined ? [] : [jwt.getText().trim(), attribute(jwt, 'key')]
  if (!/^[\w.-]{0,4096}$/.test(token) || !/^[\w=-]{0,512}$/.test(key))
    return badRequest('The <jwt/> is no token with its key.')
  const priority = notification.getChildText('priority')?.trim()
  return {
    ...{ service: domain, publisher, node: client, secrets: [] },
    options: new Map([
      [PUSH2.client, [client]],
      [PUSH2.payload, [payload]],
      ...(voip ? [[PUSH2.voip, ['true']] as const] : []),
      ...(token === '' || key === '' ? [] : [[PUSH2.jwt, [token]] as const, [PUSH2.key, [key]] as const]),
    ]),
    notification: {
      ...(priority === 'high' || priority === 'low' ? { priority } : {}),
      ...(payload === '' ? {} : { encrypted: { iv: '', data: payload, voip } }),
      accountRemoved: false,
    },
  }
}

/** Takes the message if it is one of Push 2.0; undefined: it is none. Resolves when it is decided, and never rejects. */
export function makePush2({
  domain,
  publish,
  send,
  observe,
}: Push2Options): (stanza: Element) => Promise<void> | undefined {
  return (stanza) => {
    const notification = notificationIn(stanza)
    const request = notification === undefined ? undefined : requestOf(stanza, notification, domain)
    if (request === undefined) return undefined
    const decided: Promise<Answer> = 'is' in request ? Promise.resolve(request) : publish(request).then(toPublish)
    const head = headOf(stanza)
    return decided
      .then((answer) => (answer.is === 'error' ? send(stanzaOf(head, answer)) : undefined))
      .catch((error: unknown) =>
        observe({ at: 'trouble', about: `component ${domain}`, text: `an answer was lost: ${String(error)}` }),
      )
  }
}
