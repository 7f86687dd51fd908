/**
 * p2's table `target` (0.3 on): of each device a hash of account and device id, the domain, token, node and secret. p2 keeps no account, so
 * a stand-in owns it until the app registers again.
 */
import { parseJid } from '../model/jid'
import { Opaque } from '../model/opaque'
import { standIn } from '../model/stand-in'
import { type DeviceSource, type Entry } from './import'
import { rowsOf, type Row } from './sql-dump'

const services: Readonly<Record<string, 'apns' | 'fcm'>> = { FCM: 'fcm', APNS: 'apns' }
const HASH = /^[0-9a-f]{40}$/

const AGAIN = 'Nothing needs to be done: the app registers again the next time it connects'

function entryOf({ number, values }: Row): Entry {
  const where = `row ${number}`
  const left = (why: string): Entry => ({ is: 'left', left: { where, why, mend: AGAIN } })
  const [service, device, domain, token, node, secret] = [
    ...['service', 'device', 'domain', 'token', 'node', 'secret'].map((name) => values.get(name)?.trim() ?? ''),
  ] as [string, string, string, string, string, string]
  const channel = values.get('channel')?.trim() ?? ''
  const speaks = services[service.toUpperCase()]
  if (speaks === undefined) return left(`names no push service that p2 knows: "${service}"`)
  if (!HASH.test(device) || (channel !== '' && !HASH.test(channel))) return left('its device is no hash as p2 makes it')
  const host = parseJid(domain)
  if (host === undefined || host.local !== undefined || host.resource !== undefined)
    return left(`"${domain}" is no domain`)
  if (token === '') return left('has no token')
  if (node === '' || secret === '') return left('has no node or no secret, so no server can publish to it')
  return {
    is: 'device',
    device: {
      where,
      dialect: 'conversations',
      owner: standIn(device, host.domain),
      device: channel === '' ? device : `${device} ${channel}`,
      node,
      secret: new Opaque(secret),
      speaks,
      address: new Opaque(token),
      hints: { account: device, ...(channel === '' ? {} : { channel }) },
      registeredAt: 0,
    },
  }
}

async function* read(path: string): AsyncGenerator<Entry> {
  for await (const row of rowsOf(path, 'target')) yield entryOf(row)
}

export const p2: DeviceSource = Object.freeze({ name: 'p2', read })
