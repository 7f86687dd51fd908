/** A house with devices of several dialects, a dead one, and what a mutated stanza is filled in with; and the way back after some of them were mutated away. */
import { answers } from '../../lib/sim/apns-answers'
import { parseXml } from '../../lib/sim/xmpp-server-reader'
import { escapeXml, formValues, type XmlElement } from '../../lib/sim/xmpp-server-xml'
import { ANDROID, DOMAIN, IOS, type House, type HouseOptions } from './house'
import { type Device } from './publish-oracle'
import { UNIFIED, startWebPushHouse } from './webpush-house'

const COMMANDS = 'http://jabber.org/protocol/commands'

/** Accounts whose devices come and go by mutated commands. */
export const CHURN = ['mercutio@example.com', 'tybalt@example.com'] as const

/** How many stanzas the simulated server remembers. */
export const REMEMBERED = 500

export interface FuzzHouse {
  readonly house: House
  /** The devices that are registered for certain, once `restore` has resolved. */
  readonly devices: readonly Device[]
  /** A node whose token has died. */
  readonly dead: string
  /** Values for `${name}`. */
  readonly known: ReadonlyMap<string, readonly string[]>
  /** Tokens, endpoints and keys: nothing of these may be logged. */
  readonly secrets: () => readonly string[]
  /** Registers again the devices of these accounts. */
  readonly restore: (owners: ReadonlySet<string>) => Promise<void>
  /** Unregisters what the others have registered. */
  readonly sweep: () => Promise<void>
  /** Empties what the simulators and the log keep. */
  readonly forget: () => void
  readonly violations: () => readonly unknown[]
  readonly close: () => Promise<void>
}

function commandOf(node: string, fields: Readonly<Record<string, string | readonly string[]>>): string {
  const form = Object.entries(fields).map(([name, values]) => {
    const inside = [values].flat().map((value) => `<value>${escapeXml(value)}</value>`)
    return `<field var='${name}'>${inside.join('')}</field>`
  })
  const x = `<x xmlns='jabber:x:data' type='submit'>${form.join('')}</x>`
  return `<iq type='set' to='${DOMAIN}'><command xmlns='${COMMANDS}' node='${node}'>${x}</command></iq>`
}

const hex = (byte: string): string => byte.repeat(32)
const androidToken = (name: string): string => `fcm-token:APA91b-${name}-of-the-devices`

/** Starts it, all devices registered. */
export async function startFuzzHouse(options: HouseOptions = {}): Promise<FuzzHouse> {
  const { house, push, close } = await startWebPushHouse({ ...options, remembers: REMEMBERED })
  const tokens = { ios: hex('a1'), voip: hex('b2'), dead: hex('dd'), 'ios-2': hex('c3'), churn: hex('e4') }
  for (const token of Object.values(tokens)) {
    house.apns.addDevice({ token, topic: IOS })
  }
  const androids = ['first', 'second', 'third', 'churned'].map(androidToken)
  const guests = Array.from({ length: 20 }, (_none, index) => androidToken(`guest-${index}`))
  for (const token of [...androids, ...guests]) house.fcm.setDevice(token, 'live')
  const [first = '', second = '', third = '', churned = ''] = androids
  const subscriptions = [push.subscribe(), push.subscribe()]
  const [own, churning] = subscriptions
  const webPush = (of: typeof own): Record<string, string> => ({
    app: UNIFIED,
    endpoint: of?.endpoint ?? '',
    p256dh: of?.keys.p256dh ?? '',
    auth: of?.keys.auth ?? '',
  })
  const registering: readonly (readonly [string, string])[] = [
    ['romeo@example.com', commandOf('register-device', { provider: IOS, 'device-token': tokens.ios })],
    ['romeo@example.com', commandOf('register-device', { provider: ANDROID, 'device-token': first })],
    ['juliet@example.com', commandOf('register-push-fcm', { token: second, 'device-id': 'balcony' })],
    ['juliet@example.com', commandOf('v1-register-push', { type: 'fcm', node: 'd41d8cd9', token: second })],
    ['nurse@example.com', commandOf('v1-register-push', { type: 'fcm', node: 'd41d8cd9', token: third })],
    ['nurse@example.com', commandOf('register-push-apns', { token: tokens['ios-2'], provider: IOS, 'device-id': 'n' })],
    ['benvolio@example.com', commandOf('register-push-webpush', webPush(own))],
    ...guests.map((token, index): readonly [string, string] => [
      `guest${index}@example.com`,
      index % 2 === 0
        ? commandOf('register-device', { provider: ANDROID, 'device-token': token })
        : commandOf('register-push-fcm', { token, 'device-id': 'phone' }),
    ]),
  ]
  const devices = new Map<number, Device>()

  const ask = (jid: string, xml: string): Promise<XmlElement> => house.server.client(`${jid}/setup`).iq(xml)

  async function restore(owners: ReadonlySet<string>): Promise<void> {
    for (const [index, [owner, command]] of registering.entries()) {
      if (!owners.has(owner)) continue
      const answer = await ask(owner, command)
      const form = answer.child('command')
      const [node] = (form === undefined ? undefined : formValues(form, 'node')) ?? []
      if (form === undefined || node === undefined) throw new Error(`${owner} could not register: ${answer.toString()}`)
      const [secret] = formValues(form, 'secret') ?? []
      devices.set(index, { owner, node, ...(secret === undefined ? {} : { secret }) })
    }
  }

  async function sweep(): Promise<void> {
    for (const owner of CHURN) {
      const items = await ask(
        owner,
        `<iq type='get' to='${DOMAIN}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`,
      )
      const nodes = (items.child('query')?.elements('item') ?? []).flatMap(({ attrs }) => attrs['node'] ?? [])
      const own = nodes.filter((node) => node !== COMMANDS)
      for (let at = 0; at < own.length; at += 60) {
        await ask(owner, commandOf('unregister-push', { nodes: own.slice(at, at + 60) }))
      }
    }
  }

  async function bury(): Promise<string> {
    const answer = await ask(
      'rosaline@example.com',
      commandOf('register-device', { provider: IOS, 'device-token': tokens.dead }),
    )
    const form = answer.child('command')
    const [node = ''] = (form === undefined ? undefined : formValues(form, 'node')) ?? []
    house.apns.script({ answer: answers.refuse('Unregistered', { timestamp: house.clock.now() + 1000 }), times: 1 })
    await house.server.request(
      parseXml(
        `<iq type='set' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'><item>` +
          `<notification xmlns='urn:xmpp:push:0'/></item></publish></pubsub></iq>`,
      ),
    )
    await house.rest()
    house.apns.clearScripts()
    return node
  }

  await restore(new Set(registering.map(([owner]) => owner)))
  const dead = await bury()
  return {
    house,
    get devices() {
      return [...devices.values()]
    },
    dead,
    known: new Map([
      ['ios', [tokens.churn, hex('f5')]],
      ['android', [churned, 'fcm-token:unheard-of']],
      ['endpoint', [churning?.endpoint ?? '']],
      ['p256dh', [churning?.keys.p256dh ?? '']],
      ['auth', [churning?.keys.auth ?? '']],
    ]),
    secrets: () => [
      ...Object.values(tokens),
      ...androids,
      ...guests,
      ...subscriptions.flatMap(({ endpoint, keys }) => [new URL(endpoint).pathname, keys.auth, keys.p256dh]),
      ...[...devices.values()].flatMap(({ secret }) => secret ?? []),
      'component secret',
    ],
    restore,
    sweep,
    forget() {
      for (const kept of [
        house.log,
        house.apns.journal.entries,
        house.fcm.journal,
        house.oauth.journal,
        push.journal,
      ]) {
        ;(kept as unknown[]).splice(0)
      }
    },
    violations: () => [house.server.violations, house.apns.violations, house.fcm.violations, push.violations].flat(),
    close,
  }
}
