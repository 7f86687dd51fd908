/**
 * Certificates that administrators hand in over XMPP, as Tigase's "Set APNS certificate" does: kept in the store, encrypted at rest, in place
 * of what the configuration names. Knows no stanza and no kind of certificate.
 */
import { type Clock } from '../clock'
import { certificateName } from '../model/kept'
import { Credential } from '../model/opaque'
import { type Observe } from '../observe'
import { type HandedIn, type Keep } from '../providers/provider'

/** One that is kept. */
export interface KeptCertificate extends HandedIn {
  /** When it was handed in (ms since 1970), and by whom (bare JID). */
  readonly at: number
  readonly by: string
}

export interface HandingIn {
  readonly certificate: Buffer
  readonly password: string
  readonly by: string
}

export interface Certificates {
  /** What is kept for these apps, by app. What can't be read is told, and is as it was when it was read last. */
  all(apps: readonly string[]): Promise<ReadonlyMap<string, KeptCertificate>>
  /** Of the last reading. */
  kept(): ReadonlyMap<string, KeptCertificate>
  /** Durable when it resolves; in force with the next reading. */
  put(app: string, handedIn: HandingIn): Promise<void>
  /** What the configuration names counts again. */
  drop(app: string): Promise<void>
}

function read(value: string, at: number): KeptCertificate | undefined {
  if (value === '') return undefined
  const { certificate, password, by } = JSON.parse(value) as Readonly<Record<'certificate' | 'password' | 'by', string>>
  const where = `handed in by ${by} on ${new Date(at).toISOString().slice(0, 10)}`
  return {
    certificate: new Credential(Buffer.from(certificate, 'base64'), where),
    passphrase: new Credential(Buffer.from(password), where),
    at,
    by,
  }
}

export function makeCertificates({
  keep,
  clock,
  observe,
}: {
  readonly keep: Keep
  readonly clock: Clock
  readonly observe: Observe
}): Certificates {
  const known = new Map<string, KeptCertificate>()

  async function look(app: string): Promise<void> {
    try {
      const found = await keep.get(certificateName(app))
      const kept = found === undefined ? undefined : read(found.value, found.at)
      if (kept === undefined) known.delete(app)
      else known.set(app, kept)
    } catch (error) {
      const text = `what was handed in for it can't be read: ${error instanceof Error ? error.message : String(error)}`
      observe({ at: 'trouble', about: `app ${app}`, text })
    }
  }

  return Object.freeze({
    async all(apps: readonly string[]) {
      await Promise.all(apps.map(look))
      return new Map(known)
    },
    kept: () => known,
    async put(app: string, { certificate, password, by }: HandingIn) {
      const value = JSON.stringify({ certificate: certificate.toString('base64'), password, by })
      // Another one of the same moment is another one.
      await keep.put(certificateName(app), value, Math.max(clock.now(), (known.get(app)?.at ?? 0) + 1))
    },
    drop: (app: string) => keep.put(certificateName(app), '', clock.now()),
  })
}
