import { createHash } from 'node:crypto'
import { conversations } from '../../lib/dialects/conversations'
import { type OfferedApp } from '../../lib/dialects/dialect'
import { dialectContract, type Registering } from '../contracts/dialect'

const tokens = { first: 'fcm:first-of-the-device', renewed: 'fcm:second-of-the-device' }
const hex = { first: 'a1'.repeat(32), renewed: 'b2'.repeat(32) }
const result = { jid: 'jid-single', node: 'text-single', secret: 'text-single' }

const fcm = (name: 'fcm' | 'gcm'): Registering => ({
  register: `register-push-${name}`,
  unregister: `unregister-push-${name}`,
  submit: (device, token) => ({ token: tokens[token], 'android-id': device }),
  remove: (device) => ({ 'android-id': device }),
  required: ['token'],
  result,
  knowsDeviceByName: true,
})

describe('lib/dialects/conversations', () => {
  dialectContract({
    dialect: conversations,
    registering: [
      fcm('fcm'),
      fcm('gcm'),
      {
        register: 'register-push-apns',
        unregister: 'unregister-push-apns',
        submit: (device, token) => ({ token: hex[token], 'device-id': device }),
        remove: (device) => ({ 'device-id': device }),
        required: ['token'],
        result,
        knowsDeviceByName: true,
      },
    ],
  })

  describe('reading', () => {
    const app: OfferedApp = { name: 'ios', speaks: 'apns', offers: {}, passesEncrypted: false, maxEncryptedSize: 0 }
    const requester = { bare: 'romeo@example.com' }
    const read = (node: string, values: Readonly<Record<string, string>>, resource?: string) =>
      conversations.commands
        .find((command) => command.node === node)
        ?.read(
          new Map(Object.entries(values).map(([name, value]) => [name, [value]])),
          { ...requester, ...(resource === undefined ? {} : { resource }) },
          [app, { ...app, name: 'android', speaks: 'fcm' }],
        )

    it('says by what a device is known that p2 knew: the hash of account and id, and of the room', () => {
      const hash = (text: string): string => createHash('sha1').update(text).digest('hex')
      const phone = hash('romeo@example.com\0d1')
      const owner = `:${phone}@example.com`
      const form = { token: 't', 'android-id': 'd1' }
      expect(read('register-push-fcm', form)).toMatchObject({ formerly: { owner, device: phone, byAddress: false } })
      expect(read('unregister-push-fcm', form)).toMatchObject({ formerly: { owner, device: phone } })
      const room = hash('room@rooms.example.com\0d1')
      expect(read('register-push-fcm', { ...form, muc: 'room@rooms.example.com' })).toMatchObject({
        formerly: { owner, device: `${phone} ${room}` },
      })
    })

    it('looks for nothing of p2 where an administrator asks for another account', () => {
      const form = { token: 't', 'android-id': 'd1', account: 'juliet@example.com' }
      expect(read('register-push-fcm', form)).not.toHaveProperty('formerly')
    })

    it.each([
      ['hex', 'AB'.repeat(32), 'AB'.repeat(32)],
      ['hex as iOS describes it', `<${'abababab '.repeat(8).trim()}>`, 'ab'.repeat(32)],
      ['base64', Buffer.from('ab'.repeat(32), 'hex').toString('base64'), 'ab'.repeat(32)],
      ['base64url', Buffer.from('fb'.repeat(32), 'hex').toString('base64url'), 'fb'.repeat(32)],
      ['base64 of more than 32 bytes', Buffer.from('0c'.repeat(48), 'hex').toString('base64'), '0c'.repeat(48)],
      ['digits that would be base64, too', '0123'.repeat(16), '0123'.repeat(16)],
      ['base64 of too few bytes, which is left for the app to refuse', 'q83vEg==', 'q83vEg=='],
      ['what is neither', 'not a token!', 'not a token!'],
    ])('takes a token of Apple in %s', (_name, token, address) => {
      expect(read('register-push-apns', { token, 'device-id': 'd1' })).toMatchObject({ wants: 'register', address })
    })

    it('leaves a token of Google as it is', () => {
      const token = Buffer.from('ab'.repeat(32), 'hex').toString('base64')
      expect(read('register-push-fcm', { token, 'device-id': 'd1' })).toMatchObject({ app: 'android', address: token })
    })

    it('names the device by device-id, android-id, or the resource', () => {
      const device = (values: Readonly<Record<string, string>>, resource?: string) =>
        read('register-push-fcm', { token: 't', ...values }, resource)
      expect(device({ 'device-id': 'a', 'android-id': 'b' }, 'r')).toMatchObject({ device: 'a' })
      expect(device({ 'android-id': 'b' }, 'r')).toMatchObject({ device: 'b', hints: { androidId: 'b' } })
      expect(device({}, 'r')).toMatchObject({ device: 'resource r' })
      expect(device({})).toEqual({ wants: 'nothing', wrong: 'The form lacks "device-id".' })
      // An administrator's own resource is no device of the account that is acted for.
      expect(device({ account: 'juliet@example.com' }, 'r')).toMatchObject({ wants: 'nothing' })
    })

    it('finds a room by its address or by its hash, and never the account by either', () => {
      const named = { token: 't', 'android-id': 'a', muc: 'Garden@rooms.example.com' }
      const room = read('register-push-fcm', named)
      // SHA-1 of "garden@rooms.example.com", NUL, "a", computed with sha1sum
      const channel = '5db14761c5632e8ebaf87756fb6527f569815870'
      expect(room).toMatchObject({ device: `a ${channel}`, hints: { androidId: 'a', channel } })
      expect(read('unregister-push-fcm', { 'android-id': 'a', channel })).toMatchObject({ device: `a ${channel}` })
      expect(read('unregister-push-fcm', { 'android-id': 'a', muc: named.muc })).toMatchObject({
        device: `a ${channel}`,
      })
      expect(read('unregister-push-fcm', { 'android-id': 'a' })).toMatchObject({ device: 'a' })
    })

    it('bounds what names a device', () => {
      expect(read('register-push-fcm', { token: 't', 'device-id': 'd'.repeat(513) })).toEqual({
        wants: 'nothing',
        wrong: '"device-id" is longer than 512 characters.',
      })
      expect(read('register-push-fcm', { token: 't', 'device-id': 'd'.repeat(512) })).toMatchObject({
        wants: 'register',
      })
    })
  })
})
