/** One message's way to one device, put together from what was seen; and the words for where it came to an end. */
import { type LogEntry } from './simulate-log'
import { type Device, type Received, type Sighting, type Stanza } from './simulate-stage'
import { verdictOf } from './simulate-shown'

/** Something that was seen, and how many milliseconds after the message was sent. */
export interface Seen {
  readonly after: number
  readonly sighting: Sighting
}

export interface Passage {
  readonly device: Device
  readonly publish?: Stanza
  /** The service's answer to the publish. */
  readonly answer?: Stanza
  /** The request that the push service took. */
  readonly push?: { readonly request: Received; readonly after: number }
  /** The last request that it did not take. */
  readonly refused?: Received
  readonly settled?: LogEntry
}

export const vendorName = { apns: 'Apple', fcm: 'Google', webpush: 'Web Push', oauth: 'Google' } as const

function stanzasBy(who: 'server' | 'component', seen: readonly Seen[]): readonly Stanza[] {
  return seen.flatMap(({ sighting }) => (sighting.is === 'stanza' && sighting.by === who ? [sighting.stanza] : []))
}

/** Reads the passage to a device, to whose node the server publishes, from all that was seen since the message. */
export function passageOf(device: Device, node: string, seen: readonly Seen[], log: readonly LogEntry[]): Passage {
  const publish = stanzasBy('server', seen).find(
    (stanza) => stanza.child('pubsub')?.child('publish')?.attrs['node'] === node,
  )
  const answer = stanzasBy('component', seen).find(
    ({ attrs }) => publish !== undefined && attrs['id'] === publish.attrs['id'],
  )
  const requests = seen.flatMap(({ sighting, after }) =>
    sighting.is === 'request' && sighting.request.by === device.vendor ? [{ request: sighting.request, after }] : [],
  )
  const own = requests.filter(
    ({ request: { token, path, body } }) => token === device.token || `${path} ${body}`.includes(device.token),
  )
  const push = own.find(({ request }) => isTaken(request))
  const refused = own.findLast(({ request }) => !isTaken(request))?.request
  const settled = log.find(({ event }) => event.at === 'settled' && event.app === device.app && event.end !== undefined)
  return {
    device,
    ...(publish === undefined ? {} : { publish }),
    ...(answer === undefined ? {} : { answer }),
    ...(push === undefined ? {} : { push }),
    ...(refused === undefined ? {} : { refused }),
    ...(settled === undefined ? {} : { settled }),
  }
}

/** RFC 9110 §15.3: 200 of Apple and Google, 201 of Web Push. */
function isTaken({ status = 0 }: Received): boolean {
  return status >= 200 && status < 300
}

/** True when nothing more will come: the publish was refused, or it was answered and its delivery has come to an end. */
export function isThrough({ answer, settled }: Passage): boolean {
  return answer !== undefined && (answer.attrs['type'] !== 'result' || settled !== undefined)
}

/** What is missing for the push to have arrived, in one plain sentence; undefined where it has. */
export function missingIn({ device, publish, answer, push, refused }: Passage): string | undefined {
  if (push !== undefined) return undefined
  const vendor = vendorName[device.vendor]
  if (publish === undefined) return `The XMPP server published nothing for ${device.name}.`
  if (answer === undefined) return `The service did not answer the server's publish for ${device.name}.`
  if (answer.attrs['type'] !== 'result') {
    const condition = answer.child('error')?.elements()[0]?.name ?? 'an error'
    return `The service answered the publish for ${device.name} with ${condition}.`
  }
  if (refused !== undefined) return `${vendor} did not take the push for ${device.name}: ${verdictOf(refused)}.`
  return `The service accepted the publish for ${device.name}, but no push for it reached ${vendor}.`
}

/** The requests in which something of a message is found: its text, as it is or in base64, a longer word of it, or who wrote it. */
export function leaks(requests: readonly Received[], text: string, writer: string): readonly Received[] {
  const words = text.split(/[^\p{L}]+/u).filter((word) => word.length > 4)
  const encoded = Buffer.from(text).toString('base64').replace(/=+$/, '')
  const telling = [writer, encoded, ...words].map((needle) => needle.toLowerCase())
  return requests.filter(({ path, headers, body }) => {
    const all = [path, ...Object.values(headers), body].join('\n').toLowerCase()
    return telling.some((needle) => all.includes(needle))
  })
}
