/** What `send --preview` shows of a push to a Web Push subscription: the request as it would be sent, and no secret. */
import { createECDH, randomBytes } from 'node:crypto'
import { type VendorContent } from '../../lib/model/content'
import { Credential, Opaque } from '../../lib/model/opaque'
import { type Preview } from '../../lib/providers/provider'
import { webpush } from '../../lib/providers/webpush'
import { LARGEST_PLAINTEXT } from '../../lib/providers/webpush-encrypt'
import { makeProviderKey } from '../../lib/sim/certificates'
import { handClock } from '../support/hand-clock'

const ENDPOINT = 'https://updates.push.services.mozilla.com/wpush/v2/gAAAAABkept-secret-9f3e'
const HOUR = 3600_000
const content = { speaks: 'webpush', payload: '{"v":1}', urgency: 'high' } as const

describe('lib/providers/webpush-preview', () => {
  const clock = handClock()
  const keys = {
    p256dh: createECDH('prime256v1').generateKeys('base64url'),
    auth: randomBytes(16).toString('base64url'),
  }
  const privateKey = new Credential(Buffer.from(makeProviderKey().privatePem), 'file vapid.pem')
  const vapid = { subject: 'mailto:push@example.com', privateKey }

  async function shown(
    said: VendorContent,
    { hasKey = true, address = JSON.stringify({ endpoint: ENDPOINT, ...keys }) } = {},
  ): Promise<Preview | undefined> {
    const keep = { get: async () => undefined, put: async () => undefined }
    const provider = webpush.open(hasKey ? { vapid } : {}, { app: 'web', clock, keep, notice: () => undefined })
    const preview = provider.preview?.({
      ...{ id: '', address: new Opaque(address), content: said },
      expiresAt: clock.now() + HOUR,
    })
    const closed = provider.close()
    await clock.advance(15_000)
    await closed
    for (const secret of ['/wpush/', 'kept-secret', keys.auth, keys.p256dh]) {
      expect(JSON.stringify(preview ?? '')).not.toContain(secret)
    }
    return preview
  }

  it('shows no authorization where the app has no VAPID key', async () => {
    expect((await shown(content))?.headers['authorization']).toMatch(/^vapid t=…, k=….{4}$/)
    const bare = await shown(content, { hasKey: false })
    expect(bare?.headers).toEqual({
      ...{ ttl: '3600', urgency: 'high', 'content-type': 'application/octet-stream' },
      ...{ 'content-encoding': 'aes128gcm', 'content-length': expect.stringMatching(/^\d+$/) as unknown },
    })
    expect(bare?.url).toBe('https://updates.push.services.mozilla.com/…9f3e')
  })

  it('shows the largest payload that is sent, and that a larger one is left out', async () => {
    const largest = 'x'.repeat(LARGEST_PLAINTEXT)
    expect((await shown({ ...content, payload: largest }))?.body).toMatch(
      new RegExp(`^x+\\n\\(${LARGEST_PLAINTEXT} bytes; \\d+ bytes encrypted\\)$`),
    )
    const tooLarge = await shown({ ...content, payload: `${largest}x` })
    expect(tooLarge?.body).toMatch(/^\n\(0 bytes; \d+ bytes encrypted\)$/)
    expect(tooLarge?.body).toContain(` ${tooLarge?.headers['content-length'] ?? '?'} bytes encrypted`)
  })

  describe('of what its publisher encrypted', () => {
    const body = Buffer.from('sealed by whoever wrote it')
    const sealed = { body: body.toString('base64'), authorization: 'vapid t=their.own.token, k=their-own-key' }

    it('shows how much that is, and neither it nor its authorization', async () => {
      const preview = await shown({ ...content, payload: '', sealed })
      expect(preview).toMatchObject({
        headers: { authorization: '…', 'content-length': String(body.length), ttl: '3600' },
        body: `(${body.length} bytes encrypted by its publisher)`,
      })
      for (const secret of ['their', sealed.body, body.toString()]) {
        expect(JSON.stringify(preview)).not.toContain(secret)
      }
    })

    it('shows no authorization where it brought none, whatever key the app has', async () => {
      const preview = await shown({ ...content, payload: '', sealed: { body: sealed.body } })
      expect(preview?.headers).not.toHaveProperty('authorization')
    })

    it('needs no keys of the subscription', async () => {
      const address = `sealed ${ENDPOINT}`
      expect(await shown({ ...content, payload: '', sealed }, { address })).toBeDefined()
      expect(await shown(content, { address })).toBeUndefined()
    })
  })

  it('shows nothing for an address that is none, nor for what was written for another push service', async () => {
    expect(await shown(content, { address: 'a token' })).toBeUndefined()
    expect(await shown({ speaks: 'fcm', data: {}, priority: 'HIGH' })).toBeUndefined()
  })
})
