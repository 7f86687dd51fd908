/**
 * What an administrator hands in over XMPP in place of an app's configured certificate: looked at, kept, in force at once, and taken back. Knows
 * no form and no kind of certificate; the password goes into the store and nowhere else.
 */
import { type Clock } from '../clock'
import { Credential } from '../model/opaque'
import { type Observe } from '../observe'
import { type Finding, type HandedIn } from '../providers/provider'
import { type Certificates, type KeptCertificate } from './certificates'
import { type HandedInView, type Question, type Reply } from './questions'

/** What is to be said of a certificate that is handed in for one app. */
export type CheckHandedIn = (handedIn: HandedIn, now: number) => readonly Finding[]

export interface HandInOptions {
  readonly certificates: Certificates
  /** The apps that take a certificate, by name. */
  readonly takers: () => ReadonlyMap<string, CheckHandedIn>
  /** Brings into force what is kept; resolves once every push that follows goes out with it. */
  readonly renew: () => Promise<void>
  readonly clock: Clock
  readonly observe: Observe
}

export interface HandIn {
  set(question: Extract<Question, { ask: 'set-certificate' }>): Promise<Reply<'set-certificate'>>
  drop(question: Extract<Question, { ask: 'drop-certificate' }>): Promise<Reply<'drop-certificate'>>
}

/** Of what is kept, the part that may be shown, by app. */
export function viewsOf(
  kept: ReadonlyMap<string, KeptCertificate>,
  takers: ReadonlyMap<string, CheckHandedIn>,
  now: number,
): ReadonlyMap<string, HandedInView> {
  return new Map(
    [...kept].flatMap(([app, certificate]): [string, HandedInView][] => {
      const check = takers.get(app)
      const { by, at } = certificate
      return check === undefined ? [] : [[app, { by, at, findings: check(certificate, now) }]]
    }),
  )
}

function failed(why: string): { readonly is: 'failed'; readonly why: string } {
  return { is: 'failed', why }
}

/** The bytes that a text in base64 stands for, its lines broken or not. */
function bytesOf(text: string): Buffer | undefined {
  const whole = text.replace(/\s+/g, '')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(whole) ? Buffer.from(whole, 'base64') : undefined
}

export function makeHandIn({ certificates, takers, renew, clock, observe }: HandInOptions): HandIn {
  function checkOf(app: string): CheckHandedIn | string {
    const all = takers()
    const names = [...all.keys()].join(', ')
    return (
      all.get(app) ?? `app ${app} takes no certificate; ${names === '' ? 'no app does' : `those that do: ${names}`}`
    )
  }

  return Object.freeze({
    async set({ app, certificate: text, password = '', by }: Extract<Question, { ask: 'set-certificate' }>) {
      const check = checkOf(app)
      if (typeof check === 'string') return failed(check)
      const certificate = bytesOf(text)
      if (certificate === undefined) {
        return failed('the certificate is not base64: `base64 -w 0 push.p12` prints what belongs there')
      }
      const where = 'handed in'
      const handedIn = {
        certificate: new Credential(certificate, where),
        passphrase: new Credential(Buffer.from(password), where),
      }
      const findings = check(handedIn, clock.now())
      const fault = findings.find(({ is }) => is === 'fault')
      if (fault !== undefined) return failed(`${fault.text}. ${fault.mend ?? ''}`)
      await certificates.put(app, { certificate, password, by })
      await renew()
      observe({ at: 'notice', about: `app ${app}`, text: `${by} handed in a certificate; it is in force` })
      return { is: 'answer', answer: { app, facts: findings.map(({ text: said }) => said) } } as const
    },
    async drop({ app, by }: Extract<Question, { ask: 'drop-certificate' }>) {
      const check = checkOf(app)
      if (typeof check === 'string') return failed(check)
      if (!certificates.kept().has(app)) return failed(`no certificate has been handed in for app ${app}`)
      await certificates.drop(app)
      await renew()
      const text = `${by} removed the certificate that had been handed in; what the configuration names counts again`
      observe({ at: 'notice', about: `app ${app}`, text })
      return { is: 'answer', answer: { app } } as const
    },
  })
}
