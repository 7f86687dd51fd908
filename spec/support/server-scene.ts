/** A house at one kind of XMPP server, and users whose phones are registered, enabled and away. */
import { createDecipheriv, randomBytes } from 'node:crypto'
import { type EnableOptions, type Message, type Published, type SimulatedClient } from '../../lib/sim/xmpp-server'
import { type XmlElement } from '../../lib/sim/xmpp-server-xml'
import { DOMAIN, IOS, startHouse, type House, type HouseOptions } from './house'

/** A phone with its account. */
export interface Phone {
  readonly user: string
  readonly client: SimulatedClient
  readonly node: string
  readonly token: string
  readonly callToken: string
  /** The key of `<encrypt/>`. */
  readonly key: Buffer
}

/** How a phone enables push; in `wishes`, `${key}` is its key. */
export interface Enabling {
  readonly options?: EnableOptions
  readonly wishes?: string
}

/** A push as APNs got it. */
export interface Arrived {
  readonly type: string | undefined
  readonly priority: string | undefined
  readonly payload: Readonly<Record<string, unknown>> | undefined
  /** What is in its ciphertext. */
  readonly decrypted?: unknown
}

export interface Scene {
  readonly house: House
  /** Registers and enables the phone of a new user, and takes it offline. */
  phone(enabling?: Enabling): Promise<Phone>
  /** The same for a further phone of somebody who has one. */
  secondPhone(first: Phone, enabling?: Enabling): Promise<Phone>
  /** Enables once more what the phone enabled before. */
  enable(phone: Phone, enabling?: Enabling): void
  /** A message for the phone; by default one with a body. */
  message(phone: Phone, message?: Partial<Message>): readonly Published[]
  /** How each publish was answered: `result`, the type and condition of the error, or `lost` with the connection. */
  answers(published: readonly Published[]): Promise<readonly string[]>
  /** All that arrived for the phone, once nothing is in flight. */
  arrived(phone: Phone): Promise<readonly Arrived[]>
  /** True while the server still has what the phone enabled. */
  isEnabled(phone: Phone): boolean
}

export const DEFAULT_MESSAGE: Partial<Message> = { body: 'Art thou not Romeo, and a Montague?' }

/** The options with which most clients enable: Metronome fails without a form, MongooseIM takes one value a field. */
export const OPTIONS: EnableOptions = { secret: 'of another dialect' }

function submitted(provider: string, fields: Readonly<Record<string, string>>): string {
  const all = Object.entries({ provider, ...fields })
  const written = all.map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`)
  return (
    `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='register-device'>` +
    `<x xmlns='jabber:x:data' type='submit'>${written.join('')}</x></command></iq>`
  )
}

function spelt(answer: XmlElement): string {
  const error = answer.child('error')
  return error === undefined ? (answer.attrs['type'] ?? '') : `${error.attrs['type']} ${error.elements()[0]?.name}`
}

function decrypted(payload: Arrived['payload'], key: Buffer): { decrypted?: unknown } {
  const { iv, encrypted } = payload ?? {}
  if (typeof iv !== 'string' || typeof encrypted !== 'string') return {}
  const bytes = Buffer.from(encrypted, 'base64')
  const decipher = createDecipheriv('aes-128-gcm', key, Buffer.from(iv, 'base64'))
  decipher.setAuthTag(bytes.subarray(-16))
  const clear = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()])
  return { decrypted: JSON.parse(clear.toString()) as unknown }
}

export async function startScene(options: HouseOptions): Promise<Scene> {
  const house = await startHouse(options)
  let users = 0

  const filled = ({ options: form = OPTIONS, wishes = '' }: Enabling, key: Buffer): Enabling => ({
    options: form,
    wishes: wishes.replace('${key}', key.toString('base64')),
  })

  async function phoneOf(jid: string, enabling: Enabling): Promise<Phone> {
    const [token, callToken] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')]
    for (const each of [token, callToken]) house.apns.addDevice({ token: each, topic: IOS })
    house.apns.addDevice({ token: callToken, topic: `${IOS}.voip` })
    const client = house.server.client(jid)
    const answer = await client.iq(submitted(IOS, { 'device-token': token, 'device-second-token': callToken }))
    const node = answer.child('command')?.child('x')?.elements('field')[0]?.child('value')?.text()
    if (node === undefined) throw new Error(`no node in ${answer.toString()}`)
    const phone = { user: jid.replace(/\/.*$/, ''), client, node, token, callToken, key: randomBytes(16) }
    scene.enable(phone, enabling)
    client.goOffline()
    return phone
  }

  const scene: Scene = {
    house,
    phone: (enabling = {}) => phoneOf(`user${(users += 1)}@example.com/phone`, enabling),
    secondPhone: ({ user }, enabling = {}) => phoneOf(`${user}/second`, enabling),
    enable: ({ client, node, key }, enabling = {}) => client.enable({ jid: DOMAIN, node, ...filled(enabling, key) }),
    message: ({ user }, message = DEFAULT_MESSAGE) =>
      house.server.deliverMessage({ from: 'juliet@example.com/balcony', to: user, ...message }),
    answers: (published) =>
      Promise.all(
        published.map(({ answer }) =>
          answer.then(spelt, (error: unknown) =>
            String(error).includes('connection was lost') ? 'lost' : String(error),
          ),
        ),
      ),
    async arrived({ token, callToken, key }) {
      await house.rest()
      return [...house.apns.received(token), ...house.apns.received(callToken)].map(({ headers, payload }) => ({
        type: headers['apns-push-type'],
        priority: headers['apns-priority'],
        payload,
        ...decrypted(payload, key),
      }))
    },
    isEnabled: ({ user, node }) => house.server.registrations(user).some((row) => row.node === node),
  }
  return scene
}
