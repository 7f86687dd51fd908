/** Rounds of key derivation in files as OpenSSL writes them. */
import { execFileSync } from 'node:child_process'
import { roundsOf } from '../../lib/providers/apns-p12-rounds'
import { checkHandedIn } from '../../lib/providers/apns-handed-in'
import { processAuthority } from '../../lib/sim/certificates'
import { credential, TOPIC } from '../support/apns-app'
import { realDescribe } from '../support/available'
import { makeFolder } from '../support/folder'

const folder = makeFolder()
const certificate = processAuthority().issueClient({ bundleId: TOPIC })
const cert = folder.write('cert.pem', certificate.certPem)
const key = folder.write('key.pem', certificate.keyPem)

/** As OpenSSL writes it. */
function exported(rounds: number): Buffer {
  return execFileSync('openssl', [
    ...['pkcs12', '-export', '-in', cert, '-inkey', key, '-passout', 'pass:word', '-iter', String(rounds)],
  ])
}

realDescribe('openssl', 'lib/providers/apns-p12-rounds', () => {
  it.each([1, 2048, 70_000])('finds the %d rounds that OpenSSL was told to write', (rounds) => {
    expect(roundsOf(exported(rounds))).toBe(rounds)
  })

  it('finds none in what is no such file', () => {
    for (const bytes of [Buffer.from('no certificate'), Buffer.alloc(0), Buffer.alloc(4000, 0x30)]) {
      expect(roundsOf(bytes)).toBe(0)
    }
  })

  it('lets a file of the usual rounds be handed in, and refuses one that would hold up everything', () => {
    const check = (rounds: number) =>
      checkHandedIn(
        { topic: TOPIC },
        { certificate: credential(exported(rounds), 'handed in'), passphrase: credential('word') },
        Date.now(),
      ).filter(({ is }) => is === 'fault')
    expect(check(2048)).toEqual([])
    expect(check(70_000)).toEqual([
      {
        is: 'fault',
        text: 'the .p12 takes 70000 rounds to open, and 50000 is the most here',
        mend: 'Export it anew: `openssl pkcs12 -export -iter 2048 …`',
      },
    ])
  })
})
