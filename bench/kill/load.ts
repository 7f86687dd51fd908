/** What the XMPP server asks of the program while it is being killed: publishes and registrations, and what was answered. */
import { formValues, type XmlElement } from '../../lib/sim/xmpp-server'
import { type Chance } from './chance'
import { ANDROID, DOMAIN, type Device, type Stage } from './stage'

export interface Publish {
  readonly kind: 'wake-up' | 'content' | 'call'
  readonly device: Device
  /** Of content and calls, each its own. */
  readonly ciphertext: string | undefined
  /** Milliseconds since 1970. */
  readonly sentAt: number
  /** `bounced`: the server had nobody to give it to. `unanswered`: the connection was lost first. */
  answer: 'none yet' | 'result' | 'refused' | 'bounced' | 'unanswered'
  /** When it was answered or given up. */
  endedAt: number
  /** The error's condition. */
  why?: string
}

export interface Load {
  readonly publishes: readonly Publish[]
  /** The node of each device that was registered. */
  readonly nodes: ReadonlyMap<Device, string>
  /** What must not happen: a node that changed, a registration refused. */
  readonly faults: readonly string[]
  /** Publishes that the component was handed. */
  handed(): number
  /** Registers; false if no answer came. */
  register(device: Device): Promise<boolean>
  /** Publishes so many at random, to devices that are registered. */
  publish(count: number, mayBeBusy: boolean): void
  /** Resolves when nothing is unanswered. */
  quiet(): Promise<void>
}

const registration = ({ app, token, callToken }: Device): string => {
  const field = (name: string, value: string): string => `<field var='${name}'><value>${value}</value></field>`
  const fields = [
    field('provider', app),
    field('device-token', token),
    ...(callToken === undefined ? [] : [field('device-second-token', callToken)]),
  ]
  return (
    `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='register-device'>` +
    `<x xmlns='jabber:x:data' type='submit'>${fields.join('')}</x></command></iq>`
  )
}

function publication(kind: Publish['kind'], node: string, ciphertext: string | undefined): string {
  const encrypted =
    ciphertext === undefined
      ? ''
      : `<encrypted xmlns='tigase:push:encrypt:0' iv='AAAAAAAAAAAAAAAA' alg='aes-128-gcm'${kind === 'call' ? " type='voip'" : ''}>${ciphertext}</encrypted>`
  const body = kind === 'wake-up' ? `<field var='last-message-body'><value>New Message!</value></field>` : ''
  return (
    `<iq type='set' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'><item>` +
    `<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='submit'>` +
    `<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:push:summary</value></field>${body}</x>${encrypted}` +
    `</notification></item></publish></pubsub></iq>`
  )
}

const conditionOf = (stanza: XmlElement): string =>
  stanza.child('error')?.elements(undefined, 'urn:ietf:params:xml:ns:xmpp-stanzas')[0]?.name ?? 'no condition'

/** The server's own answer while the component is away, as Prosody words it. */
const BOUNCE = 'remote-server-timeout'

export function makeLoad({ server }: Pick<Stage, 'server'>, chance: Chance): Load {
  const publishes: Publish[] = []
  const nodes = new Map<Device, string>()
  const faults: string[] = []
  const open = new Set<Promise<void>>()

  /** A few devices get much, so that wake-ups meet others that wait or are out. */
  const pick = (devices: readonly Device[]): Device | undefined =>
    devices[chance.whole(chance.unit() < 0.3 ? Math.min(8, devices.length) : devices.length)]

  async function follow(publish: Publish, xml: string): Promise<void> {
    try {
      const answer = await server.request(xml)
      publish.answer = answer.attrs['type'] === 'result' ? 'result' : 'refused'
      if (publish.answer === 'refused') {
        publish.why = conditionOf(answer)
        if (publish.why === BOUNCE) publish.answer = 'bounced'
      }
    } catch {
      publish.answer = 'unanswered'
    }
    publish.endedAt = Date.now()
  }

  function one(mayBeBusy: boolean): void {
    const registered = [...nodes.keys()]
    const kindOf = chance.unit()
    const isAndroid = kindOf < 0.4
    const kind = kindOf < 0.55 ? 'wake-up' : kindOf < 0.85 ? 'content' : 'call'
    const fit = registered.filter(
      ({ app, isBusy }) => (app === ANDROID) === isAndroid && (mayBeBusy || kind !== 'call' || !isBusy),
    )
    const device = pick(fit)
    const node = device === undefined ? undefined : nodes.get(device)
    if (device === undefined || node === undefined) return
    const ciphertext = kind === 'wake-up' ? undefined : Buffer.from(`${kind} ${publishes.length}`).toString('base64')
    const publish: Publish = { kind, device, ciphertext, sentAt: Date.now(), answer: 'none yet', endedAt: 0 }
    publishes.push(publish)
    const followed = follow(publish, publication(kind, node, ciphertext))
    open.add(followed)
    void followed.finally(() => open.delete(followed))
  }

  return {
    publishes,
    nodes,
    faults,
    handed: () => publishes.filter(({ answer }) => answer !== 'bounced').length,
    async register(device) {
      let answer: XmlElement
      try {
        answer = await server.client(`${device.owner}/phone`).iq(registration(device))
      } catch {
        return false
      }
      const command = answer.child('command')
      const node = command === undefined ? undefined : formValues(command, 'node')?.[0]
      if (answer.attrs['type'] !== 'result' || node === undefined) {
        if (conditionOf(answer) !== BOUNCE) faults.push(`${device.owner} could not register: ${answer.toString()}`)
        return false
      }
      const before = nodes.get(device)
      if (before !== undefined && before !== node) faults.push(`${device.owner} got another node than before`)
      nodes.set(device, node)
      return true
    },
    publish(count, mayBeBusy) {
      for (let made = 0; made < count; made++) one(mayBeBusy)
    },
    async quiet() {
      while (open.size > 0) await Promise.all(open)
    },
  }
}
