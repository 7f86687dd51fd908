import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { makeWords } from '../../lib/config/words'
import { mattermost } from '../../lib/http/mattermost'

const pemOf = (key: KeyObject): string => String(key.export({ type: 'spki', format: 'pem' }))
const read = (key: string) =>
  mattermost.settings(makeWords({ folder: '.', env: {} })).safeParse({ signers: { verona: key } })

describe('http/mattermost, signers', () => {
  it('takes the public key of a server', () => {
    expect(read(pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)).success).toBe(true)
  })

  it.each([
    ['what is no PEM', 'not a key'],
    ['a key of another curve', pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
    ['a key of another kind', pemOf(generateKeyPairSync('ed25519').publicKey)],
  ])('refuses %s when the configuration is read, with its place and the mend', (_, key) => {
    const { error } = read(key)
    expect(error?.issues).toMatchObject([
      {
        ...{ path: ['signers', 'verona'], message: 'is no public key for ES256' },
        params: { mend: expect.stringContaining('P-256') as string },
      },
    ])
  })
})
