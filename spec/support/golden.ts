/** What a profile makes of a publish, followed from the publish to the request that its push service would get, as text. */
import { bindKinds, type AppProfile } from '../../lib/config/kinds'
import { type DoorApp } from '../../lib/intake/app'
import { deliveryOf } from '../../lib/intake/made'
import * as kinds from '../../lib/kinds'
import { type Speech } from '../../lib/model/content'
import { Opaque } from '../../lib/model/opaque'
import { type Registration } from '../../lib/model/registration'
import { type Summary } from '../../lib/model/request'
import { requestFor as apnsRequest } from '../../lib/providers/apns-request'
import { requestFor as fcmRequest } from '../../lib/providers/fcm-request'
import { makeWords } from '../../lib/config/words'

const NOW = Date.UTC(2030, 0, 1)
const ID = '11111111-2222-4333-8444-555555555555'

/** Someone's device, known to every dialect's liking. */
export const registration: Registration = {
  id: 'r1',
  service: 'push.example.com',
  node: 'n1',
  owner: 'romeo@example.com',
  dialect: 'any',
  device: 'd1',
  app: 'org.example.app',
  address: new Opaque('ADDRESS'),
  callAddress: new Opaque('CALL-ADDRESS'),
  hints: {},
  registeredAt: 0,
  seenAt: 0,
}

const encrypted = { iv: 'aXY=', data: 'Y2lwaGVydGV4dA==' }

/** One publish for each class, as full of what is private as a server could make it. */
export const cells: Readonly<Record<string, Summary>> = {
  message: {
    accountRemoved: false,
    count: 3,
    sender: 'juliet@example.net/balcony',
    body: 'Art thou not Romeo?',
    nickname: 'Jule',
  },
  'message, encrypted': { accountRemoved: false, encrypted: { ...encrypted, voip: false } },
  call: {
    accountRemoved: false,
    encrypted: { ...encrypted, voip: true },
    call: { action: 'propose', sid: 'sid-1', media: ['audio'] },
  },
  dismiss: { accountRemoved: false, count: 0 },
  quiet: { accountRemoved: false, count: 1, sender: 'juliet@example.net/balcony' },
}

const { profiles } = bindKinds(kinds, makeWords({ folder: '/', env: {} }))

/** Every pair of a profile and a family of push services that it can write for. */
export const pairs: readonly (readonly [string, Speech])[] = [...profiles].flatMap(([name, { writesFor }]) =>
  writesFor.map((speaks) => [name, speaks] as const),
)

/** The profile with these options. */
export function profileWith(name: string, speaks: Speech, options: object = {}): AppProfile {
  const profile = profiles.get(name)?.read(options, [], [], speaks)
  if (profile === undefined) throw new Error(`${name} with ${JSON.stringify(options)} can't write for ${speaks}`)
  return profile
}

/** The request for one publish: its headers, or what stands in their place, and its body. */
export function requestText(profile: AppProfile, speaks: Speech, summary: Summary, of = registration): string {
  const door: DoorApp = {
    name: of.app,
    speaks,
    offers: {},
    passesEncrypted: profile.passesEncrypted,
    maxEncryptedSize: 3000,
    keeps: { ...profile.keeps, encrypted: profile.passesEncrypted },
    address: (raw) => raw,
    rings: (content, hasCallAddress) => profile.rings(content, hasCallAddress),
    collapseKey: (notification) => profile.collapseKey(notification),
  }
  const { notification } = deliveryOf(of, door, summary, NOW)
  const written = profile.write({ id: ID, notification, registration: of })
  if (written.is === 'silence') return `silence: ${written.why}\n`
  const { content, slot } = written
  const address = of[slot] ?? new Opaque('(none)')
  const { expiresAt } = notification
  switch (content.speaks) {
    case 'apns': {
      const request = apnsRequest({ id: ID, address, content, expiresAt }, content, 'org.example.app', undefined)
      return textOf(request.path, request.headers, request.body)
    }
    case 'fcm': {
      const request = fcmRequest({ address, content, expiresAt }, { project: 'project', bearer: '' }, NOW)
      return textOf(request.path, {}, request.body)
    }
    case 'webpush': {
      // The provider encrypts the payload: this is what the device reads.
      const { urgency, topic } = content
      const ttl = String((expiresAt - NOW) / 1000)
      return textOf(address.reveal(), { urgency, ttl, ...(topic === undefined ? {} : { topic }) }, content.payload)
    }
    case 'relay':
      return textOf('/api/v1/send_push', {}, JSON.stringify(content.body))
  }
}

function textOf(path: string, headers: Readonly<Record<string, string>>, body: string | Buffer | undefined): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`POST ${path}`, ...lines, JSON.stringify(JSON.parse(String(body)), undefined, 2), ''].join('\n')
}

/** All cells of one profile and family, as its golden file holds them. */
export function goldenText(name: string, speaks: Speech): string {
  const profile = profileWith(name, speaks)
  return Object.entries(cells)
    .map(([cell, summary]) => `# ${cell}\n${requestText(profile, speaks, summary)}`)
    .join('\n')
}
