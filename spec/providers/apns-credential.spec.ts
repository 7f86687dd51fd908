import { generateKeyPairSync } from 'node:crypto'
import { type Credential } from '../../lib/model/opaque'
import { apns, type ApnsOptions } from '../../lib/providers/apns'
import { type Finding } from '../../lib/providers/provider'
import { answers } from '../../lib/sim/apns-answers'
import { makeAuthority, makeProviderKey } from '../../lib/sim/certificates'
import { byToken, credential, KEY, PHONE, schemaOf, startApp, TOPIC, type AppUnderTest } from '../support/apns-app'
import { handClock } from '../support/hand-clock'

const NOW = Date.UTC(2026, 5, 1)
const check = (options: ApnsOptions): Promise<readonly Finding[]> => apns.check(options, NOW)
const faultsOf = async (options: ApnsOptions): Promise<readonly Finding[]> =>
  (await check(options)).filter(({ is }) => is === 'fault')

const valid = { validFrom: new Date(NOW - 1e9), validUntil: new Date(NOW + 200 * 24 * 3600_000) }
const authority = makeAuthority()
const issued = authority.issueClient({ bundleId: TOPIC, ...valid })
const byCertificate = (certificate: Credential, more: Partial<ApnsOptions> = {}): ApnsOptions => ({
  topic: TOPIC,
  certificate,
  ...more,
})

describe('providers/apns-credential', () => {
  describe('of a key in order', () => {
    it('tells team, key, topic and environment, and no fault', async () => {
      const findings = await check({ ...byToken, environment: 'sandbox' })
      expect(findings.map(({ is }) => is)).toEqual(['fact', 'fact', 'fact'])
      expect(findings.map(({ text }) => text).join('\n')).toMatch(
        /ios.*sandbox.*sandbox\.push\.apple\.com.*TEAM123456.*KEY1234567/s,
      )
    })

    it('tells of both environments where the app has two', async () => {
      const text = (await check({ ...byToken, environments: { production: {}, sandbox: {} } })).map((one) => one.text)
      expect(text.join('\n')).toMatch(/api\.push\.apple\.com.*api\.sandbox\.push\.apple\.com/s)
    })

    it('never prints the key', async () => {
      expect(JSON.stringify(await check(byToken))).not.toContain(KEY.privatePem.split('\n')[1])
    })
  })

  it.each<[string, ApnsOptions, RegExp, RegExp]>([
    ['no way of authenticating', { topic: TOPIC }, /no way of authenticating/, /key.*or certificate/],
    [
      'two ways of authenticating',
      { ...byToken, certificate: credential(issued.certPem) },
      /two ways/,
      /either key.*or certificate/,
    ],
    ['a key without keyId', { topic: TOPIC, key: byToken.key, teamId: 'TEAM123456' }, /keyId is missing/, /teamId/],
    ['a keyId of 9 characters', { ...byToken, keyId: 'KEY123456' }, /"KEY123456" is not 10/, /Key ID/],
    ['a teamId in small letters', { ...byToken, teamId: 'team123456' }, /"team123456" is not 10/, /Team ID/],
    ['a key that is none', { ...byToken, key: credential('hello') }, /no readable private key/, /AuthKey_/],
    ['a certificate as key', { ...byToken, key: credential(issued.certPem) }, /is a certificate/, /AuthKey_/],
    ['an RSA key', { ...byToken, key: credential(issued.keyPem) }, /is rsa, not ECDSA P-256/, /AuthKey_/],
    [
      'a key on another curve',
      {
        ...byToken,
        key: credential(
          generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
        ),
      },
      /secp384r1/,
      /AuthKey_/,
    ],
    [
      'an environment that environments lacks',
      { ...byToken, environment: 'production', environments: { sandbox: {} } },
      /environment is production/,
      /Add production/,
    ],
    ['an unreadable ca', { ...byToken, ca: credential('x') }, /ca .* no readable certificate/, /PEM/],
    ['a certificateKey alone', { topic: TOPIC, certificateKey: credential(issued.keyPem) }, /no certificate/, /\.p12/],
    ['a certificate without a key', byCertificate(credential(issued.certPem)), /no private key/, /certificateKey/],
    ['a key without a certificate', byCertificate(credential(issued.keyPem)), /no certificate in/, /Export/],
    [
      'a key of another certificate',
      byCertificate(credential(issued.certPem), { certificateKey: credential(makeProviderKey().privatePem) }),
      /does not belong/,
      /\.p12/,
    ],
    [
      'a certificate of another app',
      byCertificate(credential(issued.certPem + issued.keyPem), { topic: 'org.example.other' }),
      /org\.example\.other is not among.*org\.example\.ios/,
      /org\.example\.other/,
    ],
    ['something else as certificate', byCertificate(credential('hello')), /neither PEM nor a \.p12/, /-legacy/],
    [
      'a PEM file that is cut',
      byCertificate(credential('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----')),
      /can't be read/,
      /openssl/,
    ],
  ])('names as fault %s, and the mend', async (_what, options, text, mend) => {
    const faults = await faultsOf(options)
    expect(faults).toHaveLength(1)
    expect(faults[0]?.text).toMatch(text)
    expect(faults[0]?.mend).toMatch(mend)
    const surroundings = { app: 'ios', clock: handClock(NOW), notice: () => undefined }
    const keep = { get: async () => undefined, put: async () => undefined }
    expect(() => apns.open(options, { ...surroundings, keep })).toThrow(text)
  })

  it('warns of a key file whose name has another key id', async () => {
    const findings = await check({ ...byToken, keyId: 'OTHER12345' })
    expect(findings.filter(({ is }) => is !== 'fact')).toEqual([
      {
        is: 'warning',
        text: expect.stringContaining('AuthKey_KEY1234567.p8') as string,
        mend: expect.any(String) as string,
      },
    ])
  })

  it('warns of a topic that names PushKit’s suffix', async () => {
    expect(await check({ ...byToken, topic: `${TOPIC}.voip` })).toContainEqual(
      expect.objectContaining({ is: 'warning', mend: expect.stringContaining('.voip is added') as string }),
    )
  })

  describe('of a certificate', () => {
    const pem = (options: Parameters<typeof authority.issueClient>[0]): Credential => {
      const { certPem, keyPem } = authority.issueClient({ ...valid, ...options })
      return credential(certPem + keyPem)
    }

    it('tells subject, topics and expiry', async () => {
      const text = (await check(byCertificate(pem({ bundleId: TOPIC })))).map((one) => one.text).join('\n')
      expect(text).toMatch(/Apple Push Services: org\.example\.ios, valid until 2026-12-18/)
      expect(text).toContain(`${TOPIC}, ${TOPIC}.voip, ${TOPIC}.complication`)
    })

    it('takes the topic from the UID where no extension names topics', async () => {
      const old = pem({ bundleId: TOPIC, topics: 'none' })
      expect(await faultsOf(byCertificate(old))).toEqual([])
      expect(await faultsOf(byCertificate(old, { topic: 'org.example.other' }))).toHaveLength(1)
    })

    it('names expiry as a fault, and warns 30 days before', async () => {
      const until = (days: number) => pem({ bundleId: TOPIC, validUntil: new Date(NOW + days * 24 * 3600_000) })
      expect(await check(byCertificate(until(0)))).toContainEqual(
        expect.objectContaining({ is: 'fault', text: expect.stringContaining('expired on 2026-06-01') as string }),
      )
      expect(await check(byCertificate(until(29)))).toContainEqual(expect.objectContaining({ is: 'warning' }))
      expect((await check(byCertificate(until(31)))).every(({ is }) => is === 'fact')).toBe(true)
    })

    it('names the wrong environment as a fault', async () => {
      const sandbox = pem({ bundleId: TOPIC, environments: ['sandbox'] })
      expect((await faultsOf(byCertificate(sandbox)))[0]?.text).toMatch(/production.*only for sandbox/)
      expect(await faultsOf(byCertificate(sandbox, { environment: 'sandbox' }))).toEqual([])
    })

    it('says that a passphrase is wrong, or how to convert the file', async () => {
      const options = byCertificate(credential(issued.p12('right', 'old')), { passphrase: credential('wrong') })
      const [fault] = await faultsOf(options)
      expect(fault?.mend).toContain('openssl pkcs12 -in push.p12 -out push.pem -nodes -legacy')
      expect(JSON.stringify(fault)).not.toContain('wrong')
    })

    describe('against APNs', () => {
      let app: AppUnderTest
      const today = authority.issueClient({ bundleId: TOPIC })
      beforeEach(async () => (app = await startApp({ clientCa: authority.clientCaPem() })))
      afterEach(() => app.close())
      const withoutKey = { key: undefined, keyId: undefined, teamId: undefined }

      it.each<[string, Partial<ApnsOptions>]>([
        ['PEM with its key', { certificate: credential(today.certPem + today.keyPem) }],
        ['PEM and a key file', { certificate: credential(today.certPem), certificateKey: credential(today.keyPem) }],
        ['a .p12 without a password', { certificate: credential(today.p12('', 'old')) }],
        [
          'a .p12 of Keychain with the password «Schlüssel€»',
          { certificate: credential(today.p12('Schlüssel€', 'old')), passphrase: credential('Schlüssel€\n') },
        ],
        [
          'a .p12 of OpenSSL 3 with the password «Schlüssel€», as base64',
          {
            certificate: credential(today.p12('Schlüssel€', 'new').toString('base64')),
            passphrase: credential('Schlüssel€'),
          },
        ],
      ])('speaks for the app as %s', async (_form, options) => {
        const { sim, open, push } = app
        expect(await push(open({ ...withoutKey, ...options }))).toEqual({ is: 'delivered' })
        expect(sim.journal.entries[0]?.client).toEqual({ kind: 'certificate', bundleId: TOPIC })
        expect(sim.journal.entries[0]?.headers).not.toHaveProperty('authorization')
        expect(sim.violations).toEqual([])
      })

      it('is not opened if Apple wrote no environment into it', () => {
        const none = authority.issueClient({ bundleId: TOPIC, environments: [] })
        const certificate = credential(none.certPem + none.keyPem)
        expect(() => app.open({ ...withoutKey, certificate })).toThrow('is no push certificate')
      })

      it('is misconfigured if Apple says that it is of the other environment', async () => {
        const both = authority.issueClient({ bundleId: TOPIC })
        const certificate = credential(both.certPem + both.keyPem)
        app.sim.script({ answer: answers.refuse('BadCertificateEnvironment'), times: 1 })
        expect(await app.push(app.open({ ...withoutKey, certificate }))).toMatchObject({
          is: 'misconfigured',
          why: expect.stringContaining('BadCertificateEnvironment') as string,
        })
      })
    })
  })

  describe('options', () => {
    const schema = schemaOf()
    it('take an app as in the example', () => {
      expect(schema.safeParse({ ...byToken, environment: 'production' }).success).toBe(true)
    })
    it.each([
      { topic: TOPIC, keyID: 'KEY1234567' },
      { topic: 'org.example ios' },
      { topic: '' },
      { ...byToken, environment: 'development' },
      { ...byToken, environments: { test: {} } },
      { ...byToken, connections: 0 },
    ])('refuse %j', (options) => {
      expect(schema.safeParse(options).success).toBe(false)
    })
  })

  describe('address', () => {
    it.each([
      [PHONE, PHONE],
      ['AB'.repeat(32), 'ab'.repeat(32)],
      ['0f'.repeat(100), '0f'.repeat(100)],
    ])('of %s is %s', (raw, address) => {
      expect(apns.address(raw)).toBe(address)
    })
    it.each([
      '',
      'ab'.repeat(31),
      `${'ab'.repeat(32)}c`,
      'ab'.repeat(101),
      'xy'.repeat(32),
      `../${PHONE}`,
      `${PHONE}\n`,
    ])('of %j is none', (raw) => {
      expect(apns.address(raw)).toBeUndefined()
    })
  })
})
