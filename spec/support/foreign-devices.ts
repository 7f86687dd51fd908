/** Devices as another app server would know them, made from numbers, and what a server publishes to them. */
import { createHash } from 'node:crypto'
import { DOMAIN, type House } from './house'

export const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex')

export interface P2Device {
  readonly service: 'FCM' | 'APNS'
  readonly account: string
  readonly id: string
  readonly device: string
  readonly channel: string
  readonly domain: string
  readonly token: string
  readonly node: string
  readonly secret: string
}

/** As p2 makes them: 12 and 24 characters of base64, a hash of account and id. `room`: it is for this one. */
export function p2Device(number: number, service: 'FCM' | 'APNS' = 'FCM', room?: string): P2Device {
  const account = `user${number}@example.com`
  const id = `android-${number}`
  const random = createHash('sha256').update(`p2 ${number}`).digest('base64')
  return {
    ...{ service, account, id, device: sha1(`${account}\0${id}`), domain: 'example.com' },
    channel: room === undefined ? '' : sha1(`${room}\0${id}`),
    token: service === 'FCM' ? `fcm:${number}-'"\\;--_x` : sha1(`apns ${number}`).padEnd(64, 'a'),
    node: random.slice(0, 12),
    secret: random.slice(12, 36),
  }
}

/** The table as p2 0.3 creates it. */
export const P2_TABLE =
  "create table if not exists target(service char(4), device CHAR(40) NOT NULL, channel CHAR(40) NOT NULL DEFAULT '', " +
  'domain varchar(253), token varchar(255), node char(12), secret char(24), primary key(device, channel), index nodeDomain (node,domain));'

const quoted = (text: string): string => `'${text.replace(/[\\']/g, (char) => `\\${char}`)}'`

export function p2Inserts(devices: readonly P2Device[]): string {
  const rows = devices.map(
    (each) =>
      `(${[each.service, each.device, each.channel, each.domain, each.token, each.node, each.secret].map(quoted).join(',')})`,
  )
  return `insert into target (service,device,channel,domain,token,node,secret) values ${rows.join(',\n')};`
}

/** Publishes a message to a node with its secret, as the server does; `result`, or the condition of the error. */
export async function publishWith(
  house: House,
  { node, secret }: { readonly node: string; readonly secret: string },
  from = 'example.com',
): Promise<string> {
  const answer = await house.server.request(
    `<iq type='set' id='p' from='${from}' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>` +
      `<publish node='${node}'><item><notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='form'>` +
      `<field var='last-message-body'><value>hello</value></field></x></notification></item></publish>` +
      `<publish-options><x xmlns='jabber:x:data' type='submit'><field var='secret'><value>${secret}</value></field></x>` +
      `</publish-options></pubsub></iq>`,
  )
  return answer.attrs['type'] === 'result' ? 'result' : (answer.child('error')?.elements()[0]?.name ?? 'error')
}

/** Runs a command of a form with one page as a client does; its fields by name, or the condition of the error. */
export async function command(
  house: House,
  from: string,
  node: string,
  values: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>> | string> {
  const fields = Object.entries(values).map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`)
  const answer = await house.server
    .client(from)
    .iq(
      `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='${node}' action='execute'>` +
        `<x xmlns='jabber:x:data' type='submit'>${fields.join('')}</x></command></iq>`,
    )
  if (answer.attrs['type'] !== 'result') return answer.child('error')?.elements()[0]?.name ?? 'error'
  const told = answer.child('command')?.child('x')?.elements('field') ?? []
  return Object.fromEntries(told.map((field) => [field.attrs['var'] ?? '', field.child('value')?.text() ?? '']))
}
