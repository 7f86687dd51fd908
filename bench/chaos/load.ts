/** What the XMPP server asks of the service in the midst of it all, and what it is answered. */
import { formValues, type XmlElement } from '../../lib/sim/xmpp-server'
import { type Chance } from '../kill/chance'
import { IOS, WEB, type Device } from './devices'
import { DOMAIN, type World } from './world'

export type Kind = 'wake-up' | 'content' | 'call'

export interface Publish {
  readonly kind: Kind
  readonly device: Device
  /** Of content and calls, each its own. */
  readonly ciphertext: string | undefined
  /** Milliseconds since 1970. */
  readonly sentAt: number
  /** The tokens that the device had registered last when this was published. */
  readonly wasAlive: boolean
  /** `bounced`: the server had nobody to give it to. `unanswered`: the connection was lost first. */
  answer: 'none yet' | 'result' | 'wait' | 'unknown' | 'refused' | 'bounced' | 'unanswered'
  endedAt: number
  why?: string
}

export interface Load {
  readonly publishes: readonly Publish[]
  /** What must not happen: a registration refused. */
  readonly faults: readonly string[]
  /** When a token's node was first answered to be unknown: its forgetting was durable by then. */
  readonly forgottenBy: ReadonlyMap<string, number>
  /** Registers; false if it was not taken. */
  register(device: Device): Promise<boolean>
  publish(): void
  /** Publishes calls to some iPhones at once. */
  ring(): void
  /** Publishes a wake-up to each of these. */
  wake(devices: readonly Device[]): void
  /** Resolves when nothing is unanswered. */
  quiet(): Promise<void>
}

const field = (name: string, value: string): string => `<field var='${name}'><value>${value}</value></field>`

function registration({ app, token, callToken, subscription }: Device): string {
  const [node, fields] =
    app === IOS
      ? [
          'register-device',
          [
            ['provider', app],
            ['device-token', token],
            ['device-second-token', callToken ?? ''],
          ],
        ]
      : app === WEB
        ? [
            'register-push-webpush',
            [
              ['app', app],
              ['endpoint', token],
              ['p256dh', subscription?.keys.p256dh ?? ''],
              ['auth', subscription?.keys.auth ?? ''],
              ['device-id', 'browser'],
            ],
          ]
        : [
            'register-device',
            [
              ['provider', app],
              ['device-token', token],
            ],
          ]
  return (
    `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='${node}'>` +
    `<x xmlns='jabber:x:data' type='submit'>${(fields as [string, string][]).map(([name, value]) => field(name, value)).join('')}` +
    `</x></command></iq>`
  )
}

function publication(kind: Kind, { node = '', secret }: Device, ciphertext: string | undefined): string {
  const encrypted =
    ciphertext === undefined
      ? ''
      : `<encrypted xmlns='tigase:push:encrypt:0' iv='AAAAAAAAAAAAAAAA' alg='aes-128-gcm'${kind === 'call' ? " type='voip'" : ''}>${ciphertext}</encrypted>`
  const type = (name: string): string => `<field var='FORM_TYPE' type='hidden'><value>${name}</value></field>`
  const options =
    secret === undefined
      ? ''
      : `<publish-options><x xmlns='jabber:x:data' type='submit'>${type('http://jabber.org/protocol/pubsub#publish-options')}${field('secret', secret)}</x></publish-options>`
  return (
    `<iq type='set' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'><item>` +
    `<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='submit'>${type('urn:xmpp:push:summary')}` +
    `${kind === 'wake-up' ? field('last-message-body', 'New Message!') : ''}</x>${encrypted}` +
    `</notification></item></publish>${options}</pubsub></iq>`
  )
}

const conditionOf = (stanza: XmlElement): string =>
  stanza.child('error')?.elements(undefined, 'urn:ietf:params:xml:ns:xmpp-stanzas')[0]?.name ?? 'no condition'

/** Calls that ring together. */
const AT_ONCE = 10

/** The server's own answers while the component is away, as Prosody and ejabberd word them. */
const BOUNCES = new Set(['remote-server-timeout', 'service-unavailable', 'remote-server-not-found'])

function read(answer: XmlElement): Pick<Publish, 'answer' | 'why'> {
  if (answer.attrs['type'] === 'result') return { answer: 'result' }
  const why = conditionOf(answer)
  if (BOUNCES.has(why)) return { answer: 'bounced', why }
  if (why === 'item-not-found') return { answer: 'unknown', why }
  return { answer: answer.child('error')?.attrs['type'] === 'wait' ? 'wait' : 'refused', why }
}

export function makeLoad({ server, devices }: Pick<World, 'server' | 'devices'>, chance: Chance): Load {
  const publishes: Publish[] = []
  const faults: string[] = []
  const forgottenBy = new Map<string, number>()
  const open = new Set<Promise<void>>()

  async function follow(publish: Publish, xml: string, tokens: readonly string[]): Promise<void> {
    try {
      Object.assign(publish, read(await server.request(xml)))
    } catch {
      publish.answer = 'unanswered'
    }
    publish.endedAt = Date.now()
    if (publish.answer !== 'unknown') return
    for (const token of tokens) if (!forgottenBy.has(token)) forgottenBy.set(token, publish.endedAt)
  }

  function publishOne(device: Device, kind: Kind): void {
    const ciphertext = kind === 'wake-up' ? undefined : Buffer.from(`${kind} ${publishes.length}`).toString('base64')
    const publish: Publish = {
      ...{ kind, device, ciphertext, sentAt: Date.now(), wasAlive: device.isAlive && device.isRegistered },
      ...{ answer: 'none yet', endedAt: 0 },
    }
    publishes.push(publish)
    // Of a device that is registering anew it is not known which token the answer is about.
    const tokens = device.isAlive ? [] : [device.token, device.callToken ?? device.token]
    const followed = follow(publish, publication(kind, device, ciphertext), tokens)
    open.add(followed)
    void followed.finally(() => open.delete(followed))
  }

  return {
    publishes,
    faults,
    forgottenBy,
    async register(device) {
      const { token } = device
      let answer: XmlElement
      try {
        answer = await server.client(`${device.owner}/${device.app}`).iq(registration(device))
      } catch {
        return false
      }
      const command = answer.child('command')
      const node = command === undefined ? undefined : formValues(command, 'node')?.[0]
      if (answer.attrs['type'] !== 'result' || node === undefined) {
        const why = conditionOf(answer)
        if (read(answer).answer === 'refused') faults.push(`${device.owner} could not register: ${why}`)
        return false
      }
      device.node = node
      if (command !== undefined) device.secret = formValues(command, 'secret')?.[0] ?? device.secret
      if (device.token === token) device.isRegistered = true
      return true
    },
    publish() {
      const fit = devices.all.filter(({ node }) => node !== undefined)
      // A few devices get much, so that wake-ups meet others that wait or are out.
      const device = chance.unit() < 0.3 ? fit[chance.whole(Math.min(9, fit.length))] : fit[chance.whole(fit.length)]
      if (device === undefined) return
      const unit = chance.unit()
      const kind = device.app !== IOS || unit < 0.2 ? 'wake-up' : unit < 0.75 ? 'content' : 'call'
      publishOne(device, kind)
    },
    ring() {
      const fit = devices.all.filter(({ node, app }) => node !== undefined && app === IOS)
      for (let left = AT_ONCE; left > 0; left--) {
        const device = fit[chance.whole(fit.length)]
        if (device !== undefined) publishOne(device, 'call')
      }
    },
    wake(those) {
      for (const device of those) if (device.node !== undefined) publishOne(device, 'wake-up')
    },
    async quiet() {
      while (open.size > 0) await Promise.all(open)
    },
  }
}
