import { appserver } from '../../lib/dialects/appserver'
import { type OfferedApp } from '../../lib/dialects/dialect'
import { dialectContract, type Registering } from '../contracts/dialect'

const tokens = {
  fcm: { first: 'fcm:first-of-the-device', renewed: 'fcm:second-of-the-device' },
  apns: { first: 'a1'.repeat(32), renewed: 'b2'.repeat(32) },
}

const registering = (type: 'fcm' | 'apns'): Registering => ({
  register: 'v1-register-push',
  unregister: 'v1-unregister-push',
  submit: (node, token) => ({ type, node, token: tokens[type][token] }),
  remove: (node) => ({ type, node }),
  required: ['type', 'node', 'token'],
  result: { jid: 'jid-single', node: 'text-single', secret: 'text-single' },
  knowsDeviceByName: true,
})

describe('lib/dialects/appserver', () => {
  dialectContract({ dialect: appserver, registering: [registering('fcm'), registering('apns')] })

  describe('reading', () => {
    const app: OfferedApp = { name: 'ios', speaks: 'apns', offers: {}, passesEncrypted: false, maxEncryptedSize: 0 }
    const read = (at: 0 | 1, values: Readonly<Record<string, string>>) =>
      appserver.commands[at]?.read(
        new Map(Object.entries(values).map(([name, value]) => [name, [value]])),
        { bare: 'romeo@example.com', resource: 'phone' },
        [app],
      )

    it('keeps the node that the client chose', () => {
      expect(read(0, { type: 'apns', node: 'mine', token: 't' })).toMatchObject({ node: 'mine', device: 'mine' })
    })

    it('says which push services there are, and that there is no app for one', () => {
      expect(read(0, { type: 'wns', node: 'n', token: 't' })).toEqual({
        wants: 'nothing',
        wrong: '"type" must be fcm or apns, not "wns".',
      })
      expect(read(0, { type: 'fcm', node: 'n', token: 't' })).toEqual({
        wants: 'nothing',
        wrong: 'There is no app for this command.',
      })
    })

    it('unregisters a node whatever is said of its push service', () => {
      for (const form of [{ node: 'n' }, { node: 'n', type: 'wns' }]) {
        expect(read(1, form)).toMatchObject({ wants: 'unregister', device: 'n' })
        expect(read(1, form)).not.toHaveProperty('app')
      }
    })

    it('says by what a device is known that mod_push_appserver knew: its node, and for registering its token, too', () => {
      const owner = ':d1854cae891ec7b29161ccaf79a24b00c274bdaa@*'
      const formerly = { owner, device: 'n' }
      const form = { type: 'apns', node: 'n', token: 't' }
      expect(read(0, form)).toMatchObject({ formerly: { ...formerly, byAddress: true } })
      expect(read(1, { node: 'n' })).toMatchObject({ formerly: { ...formerly, byAddress: false } })
    })

    it('bounds the node', () => {
      expect(read(0, { type: 'apns', node: 'n'.repeat(513), token: 't' })).toEqual({
        wants: 'nothing',
        wrong: '"node" is longer than 512 characters.',
      })
    })
  })
})
